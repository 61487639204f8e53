/*
 * Bytes from one descriptor to another, without waiting on either: splice(2) where the kernel can,
 * a buffer where it cannot. Driven by an epoll(7) descriptor that the caller waits on.
 */
#ifndef RUNLXC_RELAY_H
#define RUNLXC_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#define RELAY_BUFFER 65536

struct relay {
    int src, dst;                /* owned; -1 when closed */
    int epoll_fd;                /* where they are watched */
    bool done;                   /* both ends are closed */
    bool no_splice;              /* a pair that splice(2) refuses */
    bool src_polled, dst_polled; /* false: a regular file, always ready */
    bool waits_dst;
    /* When set: sees what is read before it goes on, may shorten it; -1 stops the relay. */
    int (*filter)(void *opaque, char *data, size_t *len);
    void *opaque;
    char *buffer; /* allocated when needed */
    size_t have, sent;
    int error; /* errno for which it ended before the end of the source; 0 */
};

/* Take both descriptors (on failure too) and register with epoll_fd. 0, or -1 with errno. */
int relay_open(struct relay *r, int epoll_fd, int src, int dst);
/* Move what can be moved now. */
void relay_pump(struct relay *r, int epoll_fd);
/* Move everything up to the end of the source, giving a silent source timeout_ms (-1: for ever),
 * the reader whatever he needs. */
void relay_finish(struct relay *r, int timeout_ms);
void relay_close(struct relay *r);

#endif
