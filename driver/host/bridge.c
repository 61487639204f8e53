#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/net.h"
#include "host/netlink.h"

/* A dump that addresses changed under is asked for again. */
#define DUMP_TRIES 8

/* One question about interface `name` and its answer, over a socket of its own. */
static int ask_link(const char *name, uint16_t type, uint16_t flags, netlink_answer answer,
                    void *opaque)
{
    struct ifinfomsg link = {0};
    struct netlink_query query;
    cleanup_close int fd = -1;
    size_t len = strlen(name);

    if (len == 0 || len >= IFNAMSIZ) {
        errno = ENODEV;
        return -1;
    }
    netlink_query_init(&query, type, flags, &link, sizeof(link));
    netlink_query_attr(&query, IFLA_IFNAME, name, len + 1);
    fd = netlink_open(-1);
    return fd < 0 ? -1 : netlink_ask(fd, &query, answer, opaque);
}

/* ---- links ---- */

struct link_answer {
    int index;
    uint32_t mtu;
    char kind[16]; /* "bridge", "" for a real device */
};

static void read_kind(const struct rtattr *info, struct link_answer *out)
{
    size_t left = RTA_PAYLOAD(info);

    for (const struct rtattr *a = RTA_DATA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == IFLA_INFO_KIND && RTA_PAYLOAD(a) > 0)
            snprintf(out->kind, sizeof(out->kind), "%.*s", (int)RTA_PAYLOAD(a),
                     (const char *)RTA_DATA(a));
}

static void read_link(const struct nlmsghdr *m, void *opaque)
{
    struct link_answer *out = opaque;
    const struct ifinfomsg *link = NLMSG_DATA(m);
    size_t left = IFLA_PAYLOAD(m);

    if (m->nlmsg_type != RTM_NEWLINK)
        return;
    out->index = link->ifi_index;
    for (const struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == IFLA_MTU && RTA_PAYLOAD(a) >= sizeof(out->mtu))
            memcpy(&out->mtu, RTA_DATA(a), sizeof(out->mtu));
        else if ((a->rta_type & NLA_TYPE_MASK) == IFLA_LINKINFO)
            read_kind(a, out);
    }
}

bool net_interface_exists(const char *name)
{
    return if_nametoindex(name) != 0;
}

int net_interface_delete(const char *name, struct lxcdriver_error **err)
{
    if (ask_link(name, RTM_DELLINK, NLM_F_ACK, NULL, NULL) == 0)
        return 0;
    return errno == ENODEV ? 0 : err_sys(err, errno, "delete network interface %s", name);
}

/* ---- addresses ---- */

struct address_answer {
    int index;
    struct bridge_info *info;
};

static void take_address(const struct ifaddrmsg *address, const struct rtattr *value, bool *has,
                         struct ip_address *out)
{
    size_t size = address->ifa_family == AF_INET ? 4 : 16;

    if (*has || RTA_PAYLOAD(value) < size)
        return;
    *out = (struct ip_address){.family = address->ifa_family, .prefix = address->ifa_prefixlen};
    memcpy(out->addr, RTA_DATA(value), size);
    *has = true;
}

static void read_address(const struct nlmsghdr *m, void *opaque)
{
    struct address_answer *out = opaque;
    const struct ifaddrmsg *address = NLMSG_DATA(m);
    const struct rtattr *value = NULL;
    size_t left = IFA_PAYLOAD(m);

    if (m->nlmsg_type != RTM_NEWADDR || (int)address->ifa_index != out->index ||
        address->ifa_scope != RT_SCOPE_UNIVERSE)
        return;
    for (const struct rtattr *a = IFA_RTA(address); RTA_OK(a, left); a = RTA_NEXT(a, left))
        /* With a peer IFA_ADDRESS is the peer's, and IFA_LOCAL ours; IPv6 has the first alone
         * otherwise. */
        if (a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && !value))
            value = a;
    if (value && address->ifa_family == AF_INET)
        take_address(address, value, &out->info->has_ip4, &out->info->ip4);
    else if (value && address->ifa_family == AF_INET6)
        take_address(address, value, &out->info->has_ip6, &out->info->ip6);
}

static int read_addresses(int index, struct bridge_info *out)
{
    struct ifaddrmsg of = {.ifa_family = AF_UNSPEC, .ifa_index = (unsigned int)index};
    cleanup_close int fd = netlink_open(-1);
    struct netlink_query query;

    if (fd < 0)
        return -1;
    netlink_query_init(&query, RTM_GETADDR, NLM_F_DUMP, &of, sizeof(of));
    for (int i = 0; i < DUMP_TRIES; i++) {
        struct bridge_info fresh = {.mtu = out->mtu};
        struct address_answer answer = {index, &fresh};

        if (netlink_ask(fd, &query, read_address, &answer) == 0) {
            *out = fresh;
            return 0;
        }
        if (errno != EAGAIN)
            return -1;
    }
    return -1;
}

int bridge_info_read(const char *name, struct bridge_info *out, struct lxcdriver_error **err)
{
    struct link_answer link = {0};

    *out = (struct bridge_info){0};
    if (ask_link(name, RTM_GETLINK, 0, read_link, &link) < 0)
        return errno == ENODEV ? err_sys(err, ENODEV, "bridge %s", name)
                               : err_sys(err, errno, "look at bridge %s", name);
    if (!str_eq(link.kind, "bridge"))
        return err_set(err, "network interface %s is no bridge%s%s", name,
                       *link.kind ? " but of kind " : "", link.kind);
    out->mtu = link.mtu;
    if (read_addresses(link.index, out) < 0)
        return err_sys(err, errno, "read the addresses of bridge %s", name);
    return 0;
}
