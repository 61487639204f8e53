/* Questions to rtnetlink(7) and their answers. Internal to driver/host. */
#ifndef RUNLXC_NETLINK_H
#define RUNLXC_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

/* One message: a header, a fixed body, attributes. */
struct netlink_query {
    _Alignas(struct nlmsghdr) unsigned char data[512];
    size_t len;
};

/* `flags` beside NLM_F_REQUEST. Body and attributes together are far below the message's size, as
 * all that is sent here is; what does not fit is left out, and the kernel refuses the rest. */
void netlink_query_init(struct netlink_query *query, uint16_t type, uint16_t flags,
                        const void *body, size_t len);
void netlink_query_attr(struct netlink_query *query, uint16_t type, const void *data, size_t len);

/* A socket in the network namespace of ns_fd, or in ours with -1. The calling thread is in the
 * other one meanwhile. Close-on-exec; or -1 with errno. */
int netlink_open(int ns_fd);

/* Called for every message of an answer. */
typedef void (*netlink_answer)(const struct nlmsghdr *message, void *opaque);

/* Ask and hear the whole answer; answer may be NULL. 0, or -1 with errno: the kernel's, or EAGAIN
 * for no answer in time and for a torn dump, which may be asked for again. */
int netlink_ask(int fd, const struct netlink_query *query, netlink_answer answer, void *opaque);

#endif
