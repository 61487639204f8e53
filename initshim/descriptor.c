#include "descriptor.h"

#include <fcntl.h>
#include <linux/close_range.h>

#define FIRST_KEPT 3

int descriptors_isolate(int sock)
{
    if (fcntl(sock, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    for (int fd = 0; fd < FIRST_KEPT; fd++)
        if (dup3(sock, fd, O_CLOEXEC) < 0)
            return -1;
    return close_range((unsigned)sock + 1, ~0U, 0);
}

/* Copy *fd to the lowest free number that is not below `floor`, when it is below. */
static int move_up(int *fd, int floor)
{
    int copy;

    if (*fd < 0 || *fd >= floor)
        return 0;
    copy = fcntl(*fd, F_DUPFD_CLOEXEC, floor);
    if (copy < 0)
        return -1;
    close(*fd);
    *fd = copy;
    return 0;
}

int descriptors_lift(int *fds, size_t n, size_t kept)
{
    for (size_t i = 0; i < n; i++)
        if (move_up(&fds[i], FIRST_KEPT + (int)kept) < 0)
            return -1;
    return 0;
}

int descriptors_place(const int *stdio, int *kept, size_t n, int *sock, int *extra)
{
    int floor = FIRST_KEPT + (int)n;

    for (int i = 0; stdio && i < FIRST_KEPT; i++) {
        if (dup2(stdio[i], i) < 0)
            return -1;
        close(stdio[i]);
    }
    if (move_up(sock, floor) < 0 || move_up(extra, floor) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (move_up(&kept[i], floor) < 0)
            return -1;
    for (size_t i = 0; i < n; i++) {
        if (dup3(kept[i], FIRST_KEPT + (int)i, O_CLOEXEC) < 0)
            return -1;
        close(kept[i]);
        kept[i] = FIRST_KEPT + (int)i;
    }
    return 0;
}

int descriptors_seal(size_t n)
{
    return close_range(FIRST_KEPT + (unsigned)n, ~0U, CLOSE_RANGE_CLOEXEC);
}

int descriptors_release(size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fcntl(FIRST_KEPT + (int)i, F_SETFD, 0) < 0)
            return -1;
    return 0;
}
