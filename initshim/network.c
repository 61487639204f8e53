#include "network.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"

#define ACK_TRIES 16

/* One request: a header, a fixed body, attributes. It always fits: there are at most four short
 * attributes. */
struct request {
    _Alignas(struct nlmsghdr) unsigned char data[256];
    size_t len;
};

static void request_init(struct request *q, uint16_t type, uint16_t flags, const void *body,
                         size_t len)
{
    struct nlmsghdr header = {.nlmsg_type = type,
                              .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)};

    memset(q, 0, sizeof(*q));
    memcpy(q->data, &header, sizeof(header));
    memcpy(q->data + NLMSG_HDRLEN, body, len);
    q->len = NLMSG_SPACE(len);
}

static void request_attr(struct request *q, uint16_t type, const void *data, size_t len)
{
    struct rtattr attr = {.rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(len)};

    memcpy(q->data + q->len, &attr, sizeof(attr));
    memcpy(q->data + q->len + RTA_LENGTH(0), data, len);
    q->len += RTA_SPACE(len);
}

/* Wait for the kernel's answer. 0, or -1 with errno. */
static int receive_ack(int nl)
{
    _Alignas(struct nlmsghdr) unsigned char data[1024];

    for (int i = 0; i < ACK_TRIES; i++) {
        struct sockaddr_nl from = {0};
        socklen_t from_len = sizeof(from);
        ssize_t n = recvfrom(nl, data, sizeof(data), 0, (struct sockaddr *)&from, &from_len);
        struct nlmsghdr header;
        struct nlmsgerr error;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        /* Any process of the namespace can send to our port; only the kernel's is 0. */
        if (from.nl_pid != 0 || (size_t)n < NLMSG_SPACE(sizeof(error.error)))
            continue;
        memcpy(&header, data, sizeof(header));
        if (header.nlmsg_type != NLMSG_ERROR)
            continue;
        memcpy(&error.error, data + NLMSG_HDRLEN, sizeof(error.error));
        errno = -error.error;
        return error.error ? -1 : 0;
    }
    errno = EPROTO;
    return -1;
}

static int request_run(int nl, struct request *q)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    uint32_t len = (uint32_t)q->len;

    memcpy(q->data + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
    if (sendto(nl, q->data, q->len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -1;
    return receive_ack(nl);
}

static size_t address_bytes(const struct wire_addr *a)
{
    return a->family == AF_INET ? 4 : 16;
}

bool network_in_subnet(const struct wire_addr *addr, const struct wire_addr *gateway)
{
    size_t whole = addr->prefix / 8;
    unsigned rest = addr->prefix % 8;

    if (addr->family != gateway->family || memcmp(addr->addr, gateway->addr, whole) != 0)
        return false;
    return rest == 0 || (addr->addr[whole] ^ gateway->addr[whole]) >> (8 - rest) == 0;
}

/* 0 when there is no such interface. */
static int find_index(int nl, const char *name)
{
    struct ifreq req = {0};

    memcpy(req.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    return ioctl(nl, SIOCGIFINDEX, &req) < 0 ? 0 : req.ifr_ifindex;
}

static int link_up(int nl, int index, const uint32_t *mtu)
{
    struct ifinfomsg info = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct request q;

    request_init(&q, RTM_NEWLINK, 0, &info, sizeof(info));
    if (mtu)
        request_attr(&q, IFLA_MTU, mtu, sizeof(*mtu));
    return request_run(nl, &q);
}

static int add_address(int nl, int index, const struct wire_addr *a)
{
    struct ifaddrmsg info = {.ifa_family = a->family,
                             .ifa_prefixlen = a->prefix,
                             .ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0,
                             .ifa_index = (uint32_t)index};
    struct request q;

    request_init(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
    request_attr(&q, IFA_LOCAL, a->addr, address_bytes(a));
    request_attr(&q, IFA_ADDRESS, a->addr, address_bytes(a));
    /* /31 and /32 have no broadcast address. */
    if (a->family == AF_INET && a->prefix < 31) {
        uint8_t broadcast[4];

        for (unsigned i = 0; i < 4; i++) {
            unsigned host_bits = a->prefix >= 8 * (i + 1) ? 0 : 8 * (i + 1) - a->prefix;

            broadcast[i] = (uint8_t)(a->addr[i] | (host_bits >= 8 ? 0xff : (1u << host_bits) - 1));
        }
        request_attr(&q, IFA_BROADCAST, broadcast, sizeof(broadcast));
    }
    return request_run(nl, &q);
}

static int add_gateway(int nl, int index, const struct wire_addr *gw, bool on_link)
{
    struct rtmsg info = {.rtm_family = gw->family,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_scope = RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST,
                         .rtm_flags = on_link ? RTNH_F_ONLINK : 0};
    struct request q;

    request_init(&q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
    request_attr(&q, RTA_GATEWAY, gw->addr, address_bytes(gw));
    request_attr(&q, RTA_OIF, &index, sizeof(index));
    return request_run(nl, &q);
}

/* The next record of one interface: false at the next WT_NET_IF and at the end. */
static bool next_of_interface(const struct bootstrap *b, size_t *pos, struct record *r)
{
    while (bootstrap_next(b, pos, r)) {
        if (r->tag == WT_NET_IF)
            return false;
        if (r->tag == WT_NET_MTU || r->tag == WT_NET_ADDR || r->tag == WT_NET_GATEWAY)
            return true;
    }
    return false;
}

static bool gateway_on_link(const struct bootstrap *b, size_t pos, const struct wire_addr *gw)
{
    struct record r;

    while (next_of_interface(b, &pos, &r)) {
        struct wire_addr addr;

        if (r.tag != WT_NET_ADDR)
            continue;
        memcpy(&addr, r.data, sizeof(addr));
        if (network_in_subnet(&addr, gw))
            return false;
    }
    return true;
}

/* Records of `tag` of the interface whose records begin at `start`. */
static int apply_records(const struct shim *s, int nl, int index, size_t start, uint32_t tag)
{
    struct record r;
    size_t pos = start;

    while (next_of_interface(&s->boot, &pos, &r)) {
        struct wire_addr addr;
        int rc;

        if (r.tag != tag)
            continue;
        memcpy(&addr, r.data, sizeof(addr));
        rc = tag == WT_NET_ADDR
                 ? add_address(nl, index, &addr)
                 : add_gateway(nl, index, &addr, gateway_on_link(&s->boot, start, &addr));
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int setup_interface(struct shim *s, int nl, const char *name, size_t start)
{
    int index = find_index(nl, name);
    struct record r;
    size_t pos = start;
    uint32_t mtu = 0;

    if (!index)
        return fail_with(&s->failure, STAGE_NETWORK, ENODEV, name, "interface");
    while (next_of_interface(&s->boot, &pos, &r))
        if (r.tag == WT_NET_MTU)
            memcpy(&mtu, r.data, sizeof(mtu));
    if (link_up(nl, index, mtu ? &mtu : NULL) < 0)
        return fail_with(&s->failure, STAGE_NETWORK, errno, name, mtu ? "MTU, up" : "up");
    if (apply_records(s, nl, index, start, WT_NET_ADDR) < 0)
        return fail_with(&s->failure, STAGE_NETWORK, errno, name, "address");
    if (apply_records(s, nl, index, start, WT_NET_GATEWAY) < 0)
        return fail_with(&s->failure, STAGE_NETWORK, errno, name, "gateway");
    return 0;
}

int network_setup(struct shim *s)
{
    cleanup_close int nl = -1;
    struct record r;
    size_t pos = 0;
    int lo;

    if (!(s->boot.flags & WF_LOOPBACK) && !s->boot.count[WT_NET_IF])
        return 0;
    nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (nl < 0)
        return fail(&s->failure, STAGE_NETWORK, errno, "netlink");
    if (s->boot.flags & WF_LOOPBACK) {
        lo = find_index(nl, "lo");
        if (!lo || link_up(nl, lo, NULL) < 0)
            return fail_with(&s->failure, STAGE_NETWORK, lo ? errno : ENODEV, "lo", "up");
    }
    while (bootstrap_next_of(&s->boot, WT_NET_IF, &pos, &r))
        if (setup_interface(s, nl, record_text(&r, 0), pos) < 0)
            return -1;
    return 0;
}
