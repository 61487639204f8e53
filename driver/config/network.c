#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/section.h"

/* Names are checked here because LXC cuts them off silently. */
static int interface(struct section *s, const char *key, const char *field, const char *name)
{
    if (!*name || strlen(name) >= IFNAMSIZ || strpbrk(name, "/: ") || str_eq(name, ".") ||
        str_eq(name, ".."))
        return err_set(s->err, "%s: \"%s\" is not a name that an interface can have", field, name);
    return section_set(s, key, field, "%s", name);
}

static bool is_mac(const char *text)
{
    for (int i = 0; i < 6; i++, text += 3)
        if (strspn(text, "0123456789abcdefABCDEF") < 2 || text[2] != (i == 5 ? '\0' : ':'))
            return false;
    return true;
}

static int bridge(struct section *s)
{
    const struct config_facts *facts = s->facts;
    const char *name = s->cmd->net.name;

    if (!facts->bridge || !facts->host_if)
        return err_set(s->err,
                       "network.bridge: no bridge or no name for the host's interface is known");
    if (section_include(s, "net-bridge.conf") < 0 ||
        interface(s, "lxc.net.0.link", "network.bridge", facts->bridge) < 0 ||
        interface(s, "lxc.net.0.veth.pair", "network.host_interface", facts->host_if) < 0 ||
        interface(s, "lxc.net.0.name", "network.name", name ? name : "eth0") < 0)
        return -1;
    if (facts->mtu && section_set(s, "lxc.net.0.mtu", "network.mtu", "%" PRIu32, facts->mtu) < 0)
        return -1;
    if (!facts->mac)
        return 0;
    if (!is_mac(facts->mac))
        return err_set(s->err, "network.mac_address: \"%s\" is not a MAC address", facts->mac);
    return section_set(s, "lxc.net.0.hwaddr", "network.mac_address", "%s", facts->mac);
}

/* Addresses and routes are set by the init shim; LXC makes the pair, enslaves its host side and
 * moves the other one in. Without a new network namespace there is nothing to say: LXC makes no
 * interface for one that is joined or the host's. */
int config_network(struct section *s)
{
    const char *joined = s->facts->ns_path[NS_NET];

    if (!joined && s->cmd->net.mode == NET_PATH)
        joined = s->cmd->net.path;
    if (!ns_is_new(s->cmd, NS_NET, joined)) {
        if (s->cmd->net.mode == NET_BRIDGE)
            return err_set(s->err,
                           "network: a bridge needs a network namespace of the container's own");
        return 0;
    }
    return s->cmd->net.mode == NET_BRIDGE ? bridge(s) : section_include(s, "net-none.conf");
}
