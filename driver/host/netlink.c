#include "host/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"

#define ANSWER_LIMIT_S 5
#define ANSWER_SIZE 32768
#define MORE 1

void netlink_query_init(struct netlink_query *query, uint16_t type, uint16_t flags,
                        const void *body, size_t len)
{
    struct nlmsghdr header = {
        .nlmsg_type = type,
        .nlmsg_flags = NLM_F_REQUEST | flags,
        .nlmsg_seq = 1,
    };

    *query = (struct netlink_query){.len = NLMSG_SPACE(len)};
    memcpy(query->data, &header, sizeof(header));
    memcpy(query->data + NLMSG_HDRLEN, body, len);
}

void netlink_query_attr(struct netlink_query *query, uint16_t type, const void *data, size_t len)
{
    struct rtattr attr = {.rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(len)};

    if (len > sizeof(query->data) || query->len + RTA_SPACE(len) > sizeof(query->data))
        return;
    memcpy(query->data + query->len, &attr, sizeof(attr));
    memcpy(query->data + query->len + RTA_LENGTH(0), data, len);
    query->len += RTA_SPACE(len);
}

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

int netlink_open(int ns_fd)
{
    cleanup_close int home = -1;
    cleanup_close int fd = -1;

    if (ns_fd < 0)
        return open_route();
    home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0 || setns(ns_fd, CLONE_NEWNET) < 0)
        return -1;
    fd = open_route();
    /* A thread that stayed in there would do the caller's work in the wrong network. */
    if (setns(home, CLONE_NEWNET) < 0)
        abort();
    return steal_fd(&fd);
}

/* One datagram: 0 when it ended the answer, MORE, or -1 with errno. */
static int read_datagram(int fd, struct nlmsghdr *buffer, uint32_t seq, netlink_answer answer,
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
        if (answer)
            answer(m, opaque);
        if (!(m->nlmsg_flags & NLM_F_MULTI))
            return 0;
    }
    return MORE;
}

int netlink_ask(int fd, const struct netlink_query *query, netlink_answer answer, void *opaque)
{
    cleanup_free struct nlmsghdr *buffer = malloc(ANSWER_SIZE);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct netlink_query q = *query;
    uint32_t len = (uint32_t)q.len;
    int rc;

    if (!buffer)
        return -1;
    memcpy(q.data + offsetof(struct nlmsghdr, nlmsg_len), &len, sizeof(len));
    if (sendto(fd, q.data, q.len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -1;
    do
        rc = read_datagram(fd, buffer, 1, answer, opaque);
    while (rc == MORE);
    return rc;
}
