/*
 * Into the container: an engine is given our pid, and whatever it derives from that (namespaces,
 * cgroup statistics, OOM events, root directory) is to be the container's. The pid namespace cannot
 * be joined by a process that exists already; the user namespace is not, since we would lose what
 * is needed at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervise/supervisor.h"

/* Be the last that the OOM killer takes; where CAP_SYS_RESOURCE is missing, the size alone decides,
 * and ours is small. */
static void shun_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "-1000", 5) < 0)
        errno = 0;
    close(fd);
}

static int enter_cgroups(const struct supervisor *s)
{
    for (size_t i = 0; i < s->rec.n_payload; i++) {
        int dir = open(s->rec.payload[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = dir < 0 ? -1 : openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        ssize_t put = fd < 0 ? -1 : write(fd, "0", 1);
        int code = errno;

        if (fd >= 0)
            close(fd);
        if (dir >= 0)
            close(dir);
        errno = code;
        /* A hierarchy that LXC leaves alone has no directory of ours. */
        if (put < 0 && code != ENOENT)
            return -1;
    }
    return 0;
}

/* The whole set at once, by the init's pidfd: setns(2). */
static int join_namespaces(const struct supervisor *s)
{
    static const int kinds[] = {CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP,
                                CLONE_NEWNS};
    int all = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        all |= kinds[i];
    return (int)syscall(SYS_setns, s->init_pidfd, all);
}

int sup_go_inside(struct supervisor *s, const char **what)
{
    *what = "open its own mount namespace";
    s->own_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (s->own_mounts < 0)
        return -1;
    shun_oom();
    *what = "enter the container's cgroups";
    if ((s->rec.flags & SF_JOIN_CGROUPS) && enter_cgroups(s) < 0)
        return -1;
    *what = "join the container's namespaces";
    if (join_namespaces(s) < 0)
        return -1;
    s->inside = true;
    return 0;
}

void sup_come_back(struct supervisor *s)
{
    if (s->own_mounts < 0)
        return;
    if (syscall(SYS_setns, s->own_mounts, CLONE_NEWNS) < 0)
        errno = 0; /* then nothing is found by its path; `delete` does what is left */
    close(s->own_mounts);
    s->own_mounts = -1;
}
