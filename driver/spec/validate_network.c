#include "spec/validate.h"

#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define MTU_MIN 68 /* RFC 791 */
#define MTU_MAX 65535
#define SEARCH_MAX 253 /* a domain name, RFC 1035 */

static int check_address(const struct ip_address *addr, int family, const char *member,
                         struct lxcdriver_error **err)
{
    uint32_t bits = family == AF_INET ? 32 : 128;
    static const uint8_t none[16];

    if (!addr->family)
        return 0;
    if (addr->family != family)
        return err_set(err, "network.%s: not an IPv%d address", member, family == AF_INET ? 4 : 6);
    if (addr->prefix > bits)
        return err_set(err, "network.%s: prefix length %u is not between 1 and %u", member,
                       addr->prefix, bits);
    if (memcmp(addr->addr, none, bits / 8) == 0)
        return err_set(err, "network.%s: the unspecified address is no interface's", member);
    return 0;
}

/* What is said about an interface, in a network that gives none. */
static int check_conflicts(const struct network_spec *net, struct lxcdriver_error **err)
{
    const struct {
        const char *member;
        bool given;
    } members[] = {{"ip", net->ip4.family},      {"global_ipv6", net->ip6.family},
                   {"gateway", net->gw4.family}, {"ipv6_gateway", net->gw6.family},
                   {"mac_address", net->mac},    {"bridge", net->bridge},
                   {"mtu", net->mtu != 0}};

    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        if (members[i].given)
            return err_set(err, "network.%s: cannot be used without an interface on a bridge",
                           members[i].member);
    return 0;
}

static int check_names(const struct network_spec *net, struct lxcdriver_error **err)
{
    const struct {
        const char *member, *name;
    } names[] = {{"bridge", net->bridge}, {"host_if", net->host_if}, {"name", net->name}};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].name && check_interface(names[i].name, err) < 0)
            return err_wrap(err, "network.%s", names[i].member);
    return 0;
}

static int check_network(const struct network_spec *net, struct lxcdriver_error **err)
{
    if (net->mode != NET_BRIDGE && check_conflicts(net, err) < 0)
        return -1;
    if (net->mode == NET_CONTAINER && command_check_id(net->container, err) < 0)
        return err_wrap(err, "network.container_id");
    if (net->mode == NET_PATH && (!net->path || check_absolute(net->path, err) < 0))
        return net->path ? err_wrap(err, "network.namespace_path")
                         : err_set(err, "network.namespace_path: is missing");
    if (net->mtu && (net->mtu < MTU_MIN || net->mtu > MTU_MAX))
        return err_set(err, "network.mtu: %u is not between %d and %d", net->mtu, MTU_MIN, MTU_MAX);
    if (net->mac && check_mac(net->mac, err) < 0)
        return err_wrap(err, "network.mac_address");
    if (check_names(net, err) < 0 || check_address(&net->ip4, AF_INET, "ip", err) < 0 ||
        check_address(&net->ip6, AF_INET6, "global_ipv6", err) < 0 ||
        check_address(&net->gw4, AF_INET, "gateway", err) < 0)
        return -1;
    return check_address(&net->gw6, AF_INET6, "ipv6_gateway", err);
}

static int check_words(const struct strv *words, const char *member, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->items[i];

        if (!*word || strlen(word) > SEARCH_MAX || strpbrk(word, " \t\n\r#;"))
            return err_set(err, "%s[%zu]: \"%s\" cannot stand in resolv.conf", member, i, word);
        if (check_text(word, err) < 0)
            return err_wrap(err, "%s[%zu]", member, i);
    }
    return 0;
}

static int check_resolver(const struct command *cmd, struct lxcdriver_error **err)
{
    struct ip_address addr;

    for (size_t i = 0; i < cmd->dns.n; i++) {
        if (address_read(cmd->dns.items[i], &addr, err) < 0)
            return err_wrap(err, "dns[%zu]", i);
        if (addr.prefix)
            return err_set(err, "dns[%zu]: \"%s\" is a network, not an address", i,
                           cmd->dns.items[i]);
    }
    for (size_t i = 0; i < cmd->extra_hosts.n; i++)
        if (check_extra_host(cmd->extra_hosts.items[i], err) < 0)
            return err_wrap(err, "extra_hosts[%zu]", i);
    return check_words(&cmd->dns_search, "dns_search", err) < 0 ||
                   check_words(&cmd->dns_options, "dns_options", err) < 0
               ? -1
               : 0;
}

int validate_network(const struct command *cmd, struct lxcdriver_error **err)
{
    if (cmd->n_net_devices && cmd->ns[NS_NET].mode == NS_HOST)
        return err_set(err, "linux.netDevices.%s: cannot move into the host's own network",
                       cmd->net_devices[0].host_name);
    for (size_t i = 0; i < cmd->n_net_devices; i++)
        if (check_interface(cmd->net_devices[i].host_name, err) < 0 ||
            (cmd->net_devices[i].name && check_interface(cmd->net_devices[i].name, err) < 0))
            return err_wrap(err, "linux.netDevices");
    return check_network(&cmd->net, err) < 0 || check_resolver(cmd, err) < 0 ? -1 : 0;
}
