/* netDevices: interfaces that move into a container. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/net.h"
#include "host/netlink.h"

/* A dump that something changed under is asked for again. */
#define DUMP_TRIES 8
#define ADDRESSES_MAX 1024
/* As the kernel numbers names. */
#define NUMBERS 32768

/* What of an address can be given again; the rest is the kernel's own. */
#define KEPT_FLAGS                                                                                 \
    (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_MANAGETEMPADDR |                \
     IFA_F_MCAUTOJOIN)

struct address {
    struct ifaddrmsg head;
    uint32_t flags, metric;
    unsigned char value[3][16]; /* IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST */
    size_t len[3];
};

static const uint16_t value_types[3] = {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST};

struct addresses {
    unsigned index; /* of the interface */
    struct address *items;
    size_t n;
    bool failed;
};

/* ---- looking ---- */

static void read_index(const struct nlmsghdr *m, void *opaque)
{
    const struct ifinfomsg *link = NLMSG_DATA(m);

    if (m->nlmsg_type == RTM_NEWLINK)
        *(int *)opaque = link->ifi_index;
}

/* The index of an interface, 0 when there is none; -1 with errno. */
static int find_index(int fd, const char *name)
{
    struct ifinfomsg link = {0};
    struct netlink_query query;
    int index = 0;

    netlink_query_init(&query, RTM_GETLINK, 0, &link, sizeof(link));
    netlink_query_attr(&query, IFLA_IFNAME, name, strlen(name) + 1);
    if (netlink_ask(fd, &query, read_index, &index) < 0)
        return errno == ENODEV ? 0 : -1;
    return index;
}

static void take_attribute(struct address *out, const struct rtattr *a)
{
    if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= sizeof(out->flags))
        memcpy(&out->flags, RTA_DATA(a), sizeof(out->flags));
    if (a->rta_type == IFA_RT_PRIORITY && RTA_PAYLOAD(a) >= sizeof(out->metric))
        memcpy(&out->metric, RTA_DATA(a), sizeof(out->metric));
    for (size_t i = 0; i < ARRAY_SIZE(value_types); i++)
        if (a->rta_type == value_types[i] && RTA_PAYLOAD(a) <= sizeof(out->value[i])) {
            out->len[i] = RTA_PAYLOAD(a);
            memcpy(out->value[i], RTA_DATA(a), out->len[i]);
        }
}

static void read_address(const struct nlmsghdr *m, void *opaque)
{
    struct addresses *list = opaque;
    const struct ifaddrmsg *head = NLMSG_DATA(m);
    struct address found, *slot;
    size_t left = IFA_PAYLOAD(m);

    if (m->nlmsg_type != RTM_NEWADDR || head->ifa_index != list->index ||
        head->ifa_scope != RT_SCOPE_UNIVERSE || list->failed)
        return;
    found = (struct address){.head = *head, .flags = head->ifa_flags};
    for (const struct rtattr *a = IFA_RTA(head); RTA_OK(a, left); a = RTA_NEXT(a, left))
        take_attribute(&found, a);
    if (!(found.flags & IFA_F_PERMANENT))
        return;
    slot = list->n < ADDRESSES_MAX ? ARRAY_GROW(&list->items, &list->n) : NULL;
    list->failed = !slot;
    if (slot)
        *slot = found;
}

static void addresses_clear(struct addresses *list)
{
    free(list->items);
    *list = (struct addresses){.index = list->index};
}

/* 0, or -1 with errno. */
static int read_addresses(int fd, struct addresses *out)
{
    struct ifaddrmsg of = {.ifa_family = AF_UNSPEC, .ifa_index = out->index};
    struct netlink_query query;

    netlink_query_init(&query, RTM_GETADDR, NLM_F_DUMP, &of, sizeof(of));
    for (int i = 0; i < DUMP_TRIES; i++) {
        addresses_clear(out);
        if (netlink_ask(fd, &query, read_address, out) == 0) {
            errno = ENOBUFS;
            return out->failed ? -1 : 0;
        }
        if (errno != EAGAIN)
            return -1;
    }
    return -1;
}

/* ---- changing ---- */

/* Into the namespace of ns_fd, under its new name at once: with the index given the kernel renames
 * it in there, while it is down. */
static int move(int fd, int index, int ns_fd, const char *name)
{
    struct ifinfomsg link = {.ifi_index = index};
    struct netlink_query query;

    netlink_query_init(&query, RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
    netlink_query_attr(&query, IFLA_NET_NS_FD, &ns_fd, sizeof(ns_fd));
    netlink_query_attr(&query, IFLA_IFNAME, name, strlen(name) + 1);
    return netlink_ask(fd, &query, NULL, NULL);
}

static int set_up(int fd, int index)
{
    struct ifinfomsg link = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct netlink_query query;

    netlink_query_init(&query, RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
    return netlink_ask(fd, &query, NULL, NULL);
}

static int add_address(int fd, int index, const struct address *a)
{
    struct ifaddrmsg head = a->head;
    uint32_t flags = a->flags & KEPT_FLAGS;
    struct netlink_query query;

    head.ifa_index = (unsigned)index;
    head.ifa_flags = (uint8_t)flags;
    netlink_query_init(&query, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &head,
                       sizeof(head));
    for (size_t i = 0; i < ARRAY_SIZE(value_types); i++)
        if (a->len[i])
            netlink_query_attr(&query, value_types[i], a->value[i], a->len[i]);
    netlink_query_attr(&query, IFA_FLAGS, &flags, sizeof(flags));
    if (a->metric)
        netlink_query_attr(&query, IFA_RT_PRIORITY, &a->metric, sizeof(a->metric));
    return netlink_ask(fd, &query, NULL, NULL);
}

/* ---- one device ---- */

/* The name that it gets there. The kernel would find a number for "%d" too, but not say which; it
 * is the same one, as nothing else runs in there yet. 0, or -1 with errno. */
static int choose_name(int fd, const char *wanted, char out[IFNAMSIZ])
{
    const char *percent = strstr(wanted, "%d");

    for (int i = 0; i < (percent ? NUMBERS : 1); i++) {
        int len = percent ? snprintf(out, IFNAMSIZ, "%.*s%d%s", (int)(percent - wanted), wanted, i,
                                     percent + 2)
                          : snprintf(out, IFNAMSIZ, "%s", wanted);
        int index;

        if (len >= IFNAMSIZ)
            break;
        index = find_index(fd, out);
        if (index <= 0)
            return index;
    }
    errno = EEXIST;
    return -1;
}

/* 0, or -1 with errno and what failed in *what. */
static int settle(int fd, const char *name, const struct addresses *kept, const char **what)
{
    int index = find_index(fd, name);

    *what = "find it in the container";
    if (index <= 0) {
        errno = index < 0 ? errno : ENODEV;
        return -1;
    }
    *what = "keep an address";
    for (size_t i = 0; i < kept->n; i++)
        if (add_address(fd, index, &kept->items[i]) < 0)
            return -1;
    *what = "bring it up in the container";
    return set_up(fd, index);
}

static int move_one(const struct net_device *dev, int host, int inside, int ns_fd,
                    struct lxcdriver_error **err)
{
    __attribute__((cleanup(addresses_clear))) struct addresses kept = {0};
    const char *wanted = dev->name ? dev->name : dev->host_name, *what = NULL;
    int index = find_index(host, dev->host_name);
    char name[IFNAMSIZ];

    if (index <= 0)
        return err_sys(err, index < 0 ? errno : ENODEV,
                       "linux.netDevices: network interface %s of the host", dev->host_name);
    if (choose_name(inside, wanted, name) < 0)
        return err_sys(err, errno, "linux.netDevices: %s cannot be named %s in the container",
                       dev->host_name, wanted);
    kept.index = (unsigned)index;
    if (read_addresses(host, &kept) < 0)
        return err_sys(err, errno, "linux.netDevices: read the addresses of %s", dev->host_name);
    if (move(host, index, ns_fd, name) < 0)
        return err_sys(err, errno, "linux.netDevices: move %s into the container as %s",
                       dev->host_name, name);
    if (settle(inside, name, &kept, &what) < 0)
        return err_sys(err, errno, "linux.netDevices: %s, now %s: %s", dev->host_name, name, what);
    return 0;
}

int netdev_move(const struct net_device *devs, size_t n, pid_t init, struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("/proc/%d/ns/net", (int)init);
    cleanup_close int ns_fd = -1;
    cleanup_close int host = -1;
    cleanup_close int inside = -1;

    if (n == 0)
        return 0;
    if (!path)
        return err_nomem(err);
    ns_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (ns_fd < 0)
        return err_sys(err, errno, "open %s", path);
    host = netlink_open(-1);
    inside = host < 0 ? -1 : netlink_open(ns_fd);
    if (inside < 0)
        return err_sys(err, errno, "linux.netDevices: speak to the kernel about interfaces");
    for (size_t i = 0; i < n; i++)
        if (move_one(&devs[i], host, inside, ns_fd, err) < 0)
            return -1;
    return 0;
}
