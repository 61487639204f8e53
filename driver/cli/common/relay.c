#include "common/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CHUNK (1 << 20) /* bytes a splice may move; the pipe's size is the real bound */
#define TTY_CHUNK                                                                                  \
    4096 /* a terminal takes little at a time, and a write to it cannot be made not to wait */

/* Watch the side that is waited for and only that: the other one may be ready all the time. */
static void watch(struct relay *r, int epoll_fd, bool dst)
{
    struct epoll_event on_src = {.events = dst ? 0 : EPOLLIN, .data.ptr = r};
    struct epoll_event on_dst = {.events = dst ? EPOLLOUT : 0, .data.ptr = r};

    if (r->src_polled)
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, r->src, &on_src);
    if (r->dst_polled)
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, r->dst, &on_dst);
    r->waits_dst = dst;
}

static bool ready(int fd, short events, int timeout_ms)
{
    struct pollfd pfd = {fd, events, 0};
    int n;

    do {
        n = poll(&pfd, 1, timeout_ms);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

static bool broken(int fd)
{
    struct pollfd pfd = {fd, 0, 0};

    return poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLERR);
}

int relay_open(struct relay *r, int epoll_fd, int src, int dst)
{
    struct epoll_event on_src = {.events = EPOLLIN, .data.ptr = r},
                       on_dst = {.events = 0, .data.ptr = r};

    r->epoll_fd = epoll_fd;
    r->src = src;
    r->dst = dst;
    if (src < 0 || dst < 0) {
        r->error = errno;
        relay_close(r);
        return -1;
    }
    r->src_polled = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, src, &on_src) == 0;
    if (!r->src_polled && errno != EPERM)
        return -1;
    r->dst_polled = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, dst, &on_dst) == 0;
    if (!r->dst_polled && errno != EPERM)
        return -1;
    r->no_splice = r->filter || isatty(src) || isatty(dst);
    /* A file that is always ready is paced by the other side. */
    if (!r->src_polled)
        watch(r, epoll_fd, true);
    return 0;
}

/* By hand: a descriptor that was duplicated stays watched when it is closed (epoll(7)), and one
 * that is hung up would be told of for ever. */
static void unwatch(const struct relay *r)
{
    if (r->src_polled)
        epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, r->src, NULL);
    if (r->dst_polled)
        epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, r->dst, NULL);
}

void relay_close(struct relay *r)
{
    unwatch(r);
    r->src_polled = r->dst_polled = false;
    close_fd(&r->src);
    close_fd(&r->dst);
    r->done = true;
    free(r->buffer);
    r->buffer = NULL;
}

enum moved { MOVED_SOME, MOVED_NOTHING, MOVED_END };

static enum moved by_splice(struct relay *r)
{
    ssize_t n = splice(r->src, NULL, r->dst, NULL, CHUNK, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

    if (n > 0)
        return MOVED_SOME;
    if (n == 0)
        return MOVED_END;
    if (errno == EINTR || errno == EAGAIN)
        return MOVED_NOTHING;
    /* Again the other way: a pair that it cannot do, or a failure that is then told as one of the
     * source's or of the destination's. */
    r->no_splice = true;
    return MOVED_SOME;
}

/* A reader or a terminal that has gone is an end like any other. */
static enum moved failed(struct relay *r)
{
    if (errno == EINTR || errno == EAGAIN)
        return MOVED_NOTHING;
    if (errno != EPIPE && !(errno == EIO && (isatty(r->src) || isatty(r->dst))))
        r->error = errno;
    return MOVED_END;
}

/* Send what was read before. */
static enum moved flush(struct relay *r)
{
    size_t len = r->have - r->sent;
    ssize_t n;

    if (r->dst_polled && !ready(r->dst, POLLOUT, 0))
        return MOVED_NOTHING;
    /* A pipe that is ready takes PIPE_BUF bytes without waiting, and no more is promised. */
    n = write(r->dst, r->buffer + r->sent, len < TTY_CHUNK || !r->dst_polled ? len : TTY_CHUNK);
    if (n < 0)
        return failed(r);
    r->sent += (size_t)n;
    return MOVED_SOME;
}

static enum moved by_buffer(struct relay *r)
{
    ssize_t n;

    if (r->sent < r->have)
        return flush(r);
    if (!r->buffer && !(r->buffer = malloc(RELAY_BUFFER)))
        return failed(r);
    if (r->src_polled && !ready(r->src, POLLIN, 0))
        return MOVED_NOTHING;
    n = read(r->src, r->buffer, RELAY_BUFFER);
    if (n < 0)
        return failed(r);
    if (n == 0)
        return MOVED_END;
    r->sent = 0;
    r->have = (size_t)n;
    if (r->filter && r->filter(r->opaque, r->buffer, &r->have) < 0)
        return MOVED_END;
    return MOVED_SOME;
}

static enum moved move_some(struct relay *r)
{
    return r->no_splice ? by_buffer(r) : by_splice(r);
}

/* Nothing moved: is it the destination that is not ready? */
static bool stuck_at_dst(const struct relay *r)
{
    if (r->sent < r->have || !r->src_polled)
        return true;
    return r->dst_polled && ready(r->src, POLLIN, 0) && !ready(r->dst, POLLOUT, 0);
}

void relay_pump(struct relay *r, int epoll_fd)
{
    enum moved moved = MOVED_SOME;

    /* Bounded, so that one stream cannot keep the others waiting. */
    for (int i = 0; i < 16 && moved == MOVED_SOME; i++)
        moved = move_some(r);
    if (moved == MOVED_END) {
        relay_close(r);
    } else if (moved == MOVED_NOTHING) {
        bool dst = stuck_at_dst(r);

        /* A pipe that nobody reads any more: epoll would say so for ever, while nothing comes to be
         * written. */
        if (r->dst_polled && broken(r->dst)) {
            relay_close(r);
            return;
        }
        if (dst != r->waits_dst)
            watch(r, epoll_fd, dst);
    }
}

void relay_finish(struct relay *r, int timeout_ms)
{
    while (!r->done) {
        enum moved moved = move_some(r);

        if (moved == MOVED_END)
            relay_close(r);
        if (moved != MOVED_NOTHING)
            continue;
        if (stuck_at_dst(r))
            ready(r->dst, POLLOUT, -1); /* a slow reader is waited for */
        else if (!ready(r->src, POLLIN, timeout_ms))
            relay_close(r);
    }
}
