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
#include <sys/stat.h>
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

int sup_cgroups_enter(const char *const *paths, size_t n, pid_t pid)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d", (int)pid);

    for (size_t i = 0; i < n; i++) {
        int dir = open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = dir < 0 ? -1 : openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        ssize_t put = fd < 0 ? -1 : write(fd, text, (size_t)len);
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

static ino_t namespace_of(const char *process, const char *file)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, file);
    return stat(path, &st) < 0 ? 0 : st.st_ino;
}

/* The whole set at once, by the init's pidfd: setns(2). One that we are in is left out: the host's
 * cannot be joined by who is not root there. */
static int join_namespaces(const struct supervisor *s)
{
    static const struct {
        const char *file;
        int flag;
    } kinds[] = {{"net", CLONE_NEWNET},
                 {"ipc", CLONE_NEWIPC},
                 {"uts", CLONE_NEWUTS},
                 {"cgroup", CLONE_NEWCGROUP},
                 {"mnt", CLONE_NEWNS}};
    char init[16];
    int wanted = 0;

    snprintf(init, sizeof(init), "%d", (int)s->init);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ino_t theirs = namespace_of(init, kinds[i].file);

        if (theirs == 0 || theirs != namespace_of("self", kinds[i].file))
            wanted |= kinds[i].flag;
    }
    return (int)syscall(SYS_setns, s->init_pidfd, wanted);
}

int sup_go_inside(struct supervisor *s, const char **what)
{
    *what = "open its own mount namespace";
    s->own_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (s->own_mounts < 0)
        return -1;
    shun_oom();
    *what = "enter the container's cgroups";
    if ((s->rec.flags & SF_JOIN_CGROUPS) &&
        sup_cgroups_enter(s->rec.payload, s->rec.n_payload, 0) < 0)
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
