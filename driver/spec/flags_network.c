/* Networks and namespaces: options that only make sense together. */
#include "spec/flags.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "spec/validate.h"

int flag_mtu(struct flags_state *st, const struct flag *flag, const char *value,
             struct lxcdriver_error **err)
{
    int64_t mtu;

    if (!str_to_i64(value, flag->min, flag->max, &mtu))
        return err_set(err, "\"%s\" is not a number between %" PRId64 " and %" PRId64, value,
                       flag->min, flag->max);
    st->cmd->net.mtu = (uint32_t)mtu;
    return 0;
}

int flag_dns(struct flags_state *st, const struct flag *flag, const char *value,
             struct lxcdriver_error **err)
{
    struct ip_address addr;

    if (address_read(value, &addr, err) < 0)
        return -1;
    if (addr.prefix)
        return err_set(err, "\"%s\" is a network, not an address", value);
    return flag_list(st, flag, value, err);
}

/* NAME:ADDR, as Docker also with '=' between them and with an IPv6 address in brackets; kept as
 * "name:address". */
int flag_add_host(struct flags_state *st, const struct flag *flag, const char *value,
                  struct lxcdriver_error **err)
{
    size_t len = strcspn(value, ":=");
    const char *addr = value[len] ? value + len + 1 : "";
    size_t addr_len = strlen(addr);
    cleanup_free char *text = NULL;

    (void)flag;
    if (addr_len > 2 && addr[0] == '[' && addr[addr_len - 1] == ']') {
        addr++;
        addr_len -= 2;
    }
    text = str_printf("%.*s:%.*s", (int)len, value, (int)addr_len, addr);
    if (!text)
        return err_nomem(err);
    if (check_extra_host(text, err) < 0)
        return -1;
    return strv_take(&st->cmd->extra_hosts, steal_ptr(&text)) < 0 ? err_nomem(err) : 0;
}

static int other_container(const char *id, char **out, struct lxcdriver_error **err)
{
    if (command_check_id(id, err) < 0)
        return err_wrap(err, "container:");
    return str_set(out, id) < 0 ? err_nomem(err) : 0;
}

static int namespace_file(struct network_spec *net, const char *path, struct lxcdriver_error **err)
{
    net->mode = NET_PATH;
    net->path = path_normalise(path, err);
    return net->path ? 0 : -1;
}

static int read_net(struct network_spec *net, const char *text, struct lxcdriver_error **err)
{
    static const struct {
        const char *name;
        enum net_mode mode;
    } modes[] = {{"none", NET_NONE}, {"host", NET_HOST}, {"bridge", NET_BRIDGE}};

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
        if (strcmp(text, modes[i].name) == 0) {
            net->mode = modes[i].mode;
            return 0;
        }
    if (str_starts(text, "container:")) {
        net->mode = NET_CONTAINER;
        return other_container(text + strlen("container:"), &net->container, err);
    }
    if (str_starts(text, "ns:"))
        return namespace_file(net, text + strlen("ns:"), err);
    if (check_interface(text, err) < 0)
        return -1;
    net->mode = NET_BRIDGE;
    return str_set(&net->bridge, text) < 0 ? err_nomem(err) : 0;
}

static int read_bridge(struct flags_state *st, struct lxcdriver_error **err)
{
    struct network_spec *net = &st->cmd->net;

    if (!st->bridge)
        return 0;
    if (st->net && net->mode != NET_BRIDGE)
        return err_set(err, "--bridge \"%s\" cannot be used with --net %s", st->bridge, st->net);
    if (net->bridge && strcmp(net->bridge, st->bridge))
        return err_set(err, "--bridge \"%s\" contradicts --net %s", st->bridge, st->net);
    if (check_interface(st->bridge, err) < 0)
        return err_wrap(err, "--bridge");
    net->mode = NET_BRIDGE;
    return str_set(&net->bridge, st->bridge) < 0 ? err_nomem(err) : 0;
}

static int read_ip(const char *option, const char *text, int family, struct ip_address *out,
                   struct lxcdriver_error **err)
{
    if (!text)
        return 0;
    if (address_read(text, out, err) < 0)
        return err_wrap(err, "%s", option);
    if (out->family != family)
        return err_set(err, "%s: \"%s\" is not an IPv%d address", option, text,
                       family == AF_INET ? 4 : 6);
    return 0;
}

/* Options that describe an interface of the container's own need one. */
static int needs_interface(const struct flags_state *st, struct lxcdriver_error **err)
{
    const struct {
        const char *option;
        bool given;
    } options[] = {{"--ip", st->ip},
                   {"--ip6", st->ip6},
                   {"--mac-address", st->cmd->net.mac},
                   {"--mtu", st->cmd->net.mtu}};

    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].given && st->cmd->net.mode != NET_BRIDGE)
            return err_set(err, "%s cannot be used with --net %s: only a bridge gives an interface",
                           options[i].option, st->net ? st->net : "none");
    return 0;
}

int flags_finish_network(struct flags_state *st, struct lxcdriver_error **err)
{
    struct network_spec *net = &st->cmd->net;

    if (st->net && read_net(net, st->net, err) < 0)
        return err_wrap(err, "--net");
    if (read_bridge(st, err) < 0 || read_ip("--ip", st->ip, AF_INET, &net->ip4, err) < 0 ||
        read_ip("--ip6", st->ip6, AF_INET6, &net->ip6, err) < 0)
        return -1;
    if (net->mac && check_mac(net->mac, err) < 0)
        return err_wrap(err, "--mac-address");
    return needs_interface(st, err);
}

/* private, host, container:ID where `container` is not NULL. */
static int read_namespace(const char *option, const char *text, struct namespace_spec *ns,
                          char **container, struct lxcdriver_error **err)
{
    if (!text || strcmp(text, "private") == 0)
        return 0;
    if (strcmp(text, "host") == 0) {
        ns->mode = NS_HOST;
        return 0;
    }
    if (container && str_starts(text, "container:"))
        return other_container(text + strlen("container:"), container, err) < 0
                   ? err_wrap(err, "%s", option)
                   : 0;
    return err_set(err, "%s: \"%s\" is none of private, host%s", option, text,
                   container ? ", container:ID" : "");
}

int flags_finish_namespaces(struct flags_state *st, struct lxcdriver_error **err)
{
    struct command *cmd = st->cmd;
    const char *ipc = st->ipc && strcmp(st->ipc, "shareable") == 0 ? "private" : st->ipc;

    if (read_namespace("--pid", st->pid, &cmd->ns[NS_PID], &cmd->pid_container, err) < 0 ||
        read_namespace("--ipc", ipc, &cmd->ns[NS_IPC], &cmd->ipc_container, err) < 0 ||
        read_namespace("--uts", st->uts, &cmd->ns[NS_UTS], NULL, err) < 0)
        return -1;
    if (cmd->hostname && cmd->ns[NS_UTS].mode == NS_HOST)
        return err_set(err, "--hostname \"%s\" cannot be used with --uts host", cmd->hostname);
    if (cmd->hostname && check_hostname(cmd->hostname, err) < 0)
        return err_wrap(err, "--hostname");
    if (cmd->net.mode == NET_HOST)
        cmd->ns[NS_NET].mode = NS_HOST;
    if (cmd->net.mode == NET_PATH) {
        cmd->ns[NS_NET].mode = NS_PATH;
        if (str_set(&cmd->ns[NS_NET].path, cmd->net.path) < 0)
            return err_nomem(err);
    }
    return 0;
}
