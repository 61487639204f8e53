#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/net.h"

#define ANSWER_LIMIT_S 5
#define ANSWER_SIZE 32768
/* A dump that addresses changed under is asked for again. */
#define DUMP_TRIES 8
#define MORE 1

/* ---- one question, its answers ---- */

struct query {
    struct nlmsghdr header;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
    };
    struct rtattr name_header;
    char name[IFNAMSIZ];
};

/* Called for every message of an answer. */
typedef void (*answer_fn)(const struct nlmsghdr *message, void *opaque);

static int open_route(void)
{
    struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
    cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0)
        return -1;
    /* Filtered dumps, since 4.20; without it there is more to pass over. */
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    return steal_fd(&fd);
}

/* One datagram: 0 when it ended the answer, MORE, or -1 with errno. */
static int read_datagram(int fd, struct nlmsghdr *buffer, uint32_t seq, answer_fn answer,
                         void *opaque)
{
    ssize_t n = recv(fd, buffer, ANSWER_SIZE, MSG_TRUNC);
    size_t left;

    if (n < 0)
        return errno == EINTR ? MORE : -1;
    if (n > ANSWER_SIZE) {
        errno = EMSGSIZE;
        return -1;
    }
    left = (size_t)n;
    for (struct nlmsghdr *m = buffer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
        if (m->nlmsg_seq != seq)
            continue;
        if (m->nlmsg_flags & NLM_F_DUMP_INTR) {
            errno = EAGAIN;
            return -1;
        }
        if (m->nlmsg_type == NLMSG_DONE)
            return 0;
        if (m->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *e = NLMSG_DATA(m);

            errno = -e->error;
            return e->error ? -1 : 0;
        }
        answer(m, opaque);
        if (!(m->nlmsg_flags & NLM_F_MULTI))
            return 0;
    }
    return MORE;
}

static void no_answer(const struct nlmsghdr *message, void *opaque)
{
    (void)message;
    (void)opaque;
}

/* Ask and hear the whole answer. 0, or -1 with errno: the kernel's, or EAGAIN for no answer in time
 * and for a torn dump. */
static int ask(const struct query *query, answer_fn answer, void *opaque)
{
    cleanup_close int fd = open_route();
    cleanup_free struct nlmsghdr *buffer = malloc(ANSWER_SIZE);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int rc;

    if (fd < 0 || !buffer)
        return -1;
    if (sendto(fd, query, query->header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) <
        0)
        return -1;
    do
        rc =
            read_datagram(fd, buffer, query->header.nlmsg_seq, answer ? answer : no_answer, opaque);
    while (rc == MORE);
    return rc;
}

static int link_query(struct query *query, const char *name, uint16_t type, uint16_t flags)
{
    size_t len = strlen(name);

    if (len == 0 || len >= IFNAMSIZ) {
        errno = ENODEV;
        return -1;
    }
    *query = (struct query){
        .header = {.nlmsg_len = sizeof(*query),
                   .nlmsg_type = type,
                   .nlmsg_flags = NLM_F_REQUEST | flags,
                   .nlmsg_seq = 1},
        .name_header = {.rta_type = IFLA_IFNAME, .rta_len = (uint16_t)RTA_LENGTH(len + 1)},
    };
    query->header.nlmsg_len =
        (uint32_t)(offsetof(struct query, name_header) + RTA_ALIGN(query->name_header.rta_len));
    memcpy(query->name, name, len + 1);
    return 0;
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
    struct query query;

    if (link_query(&query, name, RTM_DELLINK, NLM_F_ACK) == 0 && ask(&query, NULL, NULL) == 0)
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
    struct query query = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
                   .nlmsg_type = RTM_GETADDR,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = 1},
        .address = {.ifa_family = AF_UNSPEC, .ifa_index = (unsigned int)index},
    };

    for (int i = 0; i < DUMP_TRIES; i++) {
        struct bridge_info fresh = {.mtu = out->mtu};
        struct address_answer answer = {index, &fresh};

        if (ask(&query, read_address, &answer) == 0) {
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
    struct query query;

    *out = (struct bridge_info){0};
    if (link_query(&query, name, RTM_GETLINK, 0) < 0 || ask(&query, read_link, &link) < 0)
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
