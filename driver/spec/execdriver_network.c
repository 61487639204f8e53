#include "spec/execdriver.h"

#include <sys/socket.h>

#include "base/cleanup.h"
#include "spec/readers.h"
#include "spec/validate.h"

/* An optional address; "" is none. */
static int read_address(const struct json_at *at, const char *name, int family,
                        struct ip_address *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);
    cleanup_free char *text = NULL;

    if (execdriver_text(at, name, &text, err) < 0)
        return -1;
    if (!text)
        return 0;
    if (address_read(text, out, err) < 0)
        return err_wrap(err, "%s", member.path);
    if (out->family != family || out->prefix)
        return json_error(&member, err, "expected an IPv%d address", family == AF_INET ? 4 : 6);
    return 0;
}

/* An address and, when there is one, the length of its prefix, which then is needed. */
static int read_with_prefix(const struct json_at *at, const char *name, const char *prefix_name,
                            int family, struct ip_address *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, prefix_name);
    int64_t prefix, bits = family == AF_INET ? 32 : 128;

    if (read_address(at, name, family, out, err) < 0)
        return -1;
    if (!out->family) {
        /* 0 beside "" is Go's way to say nothing. */
        return json_present(&member) ? json_get_int(&member, 0, bits, &prefix, err) : 0;
    }
    if (json_get_int(&member, 1, bits, &prefix, err) < 0)
        return -1;
    out->prefix = (uint32_t)prefix;
    return 0;
}

static int read_names(const struct json_at *at, struct network_spec *net,
                      struct lxcdriver_error **err)
{
    struct json_at mac = execdriver_either(at, "mac_address", "mac");

    if (execdriver_text(at, "bridge", &net->bridge, err) < 0)
        return -1;
    if (net->bridge && check_interface(net->bridge, err) < 0)
        return err_wrap(err, "%s.bridge", at->path);
    if (json_present(&mac) && json_get_string(&mac, &net->mac, err) < 0)
        return -1;
    if (net->mac && !*net->mac)
        return str_set(&net->mac, NULL);
    return net->mac && check_mac(net->mac, err) < 0 ? err_wrap(err, "%s", mac.path) : 0;
}

/* Docker up to 1.6 described the interface itself. */
static int read_interface(const struct json_at *at, struct network_spec *net,
                          struct lxcdriver_error **err)
{
    struct json_list secondary;

    net->mode = NET_BRIDGE;
    net->no_auto_address = true;
    if (read_names(at, net, err) < 0 || json_opt_list(at, "secondary_ips", &secondary, err) < 0)
        return -1;
    if (secondary.n > 0)
        return json_error(&secondary.at, err, "an interface has one address of each family here");
    if (read_with_prefix(at, "ip", "ip_prefix_len", AF_INET, &net->ip4, err) < 0 ||
        read_with_prefix(at, "global_ipv6", "global_ipv6_prefix_len", AF_INET6, &net->ip6, err) <
            0 ||
        read_address(at, "gateway", AF_INET, &net->gw4, err) < 0)
        return -1;
    return read_address(at, "ipv6_gateway", AF_INET6, &net->gw6, err);
}

/* Which network, when it is not an interface of its own. */
static int read_mode(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct network_spec *net = &cmd->net;
    struct json_at interface;
    bool present, host = false;

    if (json_opt_object(at, "interface", &interface, &present, err) < 0 ||
        json_opt_bool(at, "host_networking", &host, err) < 0 ||
        execdriver_text(at, "container_id", &net->container, err) < 0 ||
        execdriver_text(at, "namespace_path", &net->path, err) < 0)
        return -1;
    if (present + host + !!net->container + !!net->path > 1)
        return err_set(
            err,
            "%s: only one of interface, host_networking, container_id and namespace_path "
            "can be given",
            at->path);
    if (present)
        return read_interface(&interface, net, err);
    net->mode = host ? NET_HOST : net->container ? NET_CONTAINER : net->path ? NET_PATH : NET_NONE;
    if (host)
        cmd->ns[NS_NET].mode = NS_HOST;
    if (net->path) {
        cmd->ns[NS_NET].mode = NS_PATH;
        if (str_set(&cmd->ns[NS_NET].path, net->path) < 0)
            return err_nomem(err);
    }
    return 0;
}

int execdriver_network(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at network;
    bool present;
    int64_t mtu = 0;

    if (json_opt_object(at, "network", &network, &present, err) < 0)
        return -1;
    if (!present)
        return 0; /* NET_NONE: Docker's NetworkDisabled */
    if (read_mode(&network, cmd, err) < 0 || json_opt_int(&network, "mtu", 0, 65535, &mtu, err) < 0)
        return -1;
    if (mtu && mtu < 68)
        return err_set(err, "network.mtu: %lld is not between 68 and 65535", (long long)mtu);
    /* The daemon writes its own default beside every kind of network; it describes an interface or
     * nothing. */
    if (cmd->net.mode == NET_BRIDGE)
        cmd->net.mtu = (uint32_t)mtu;
    return 0;
}
