/*
 * The first write to a cgroup.procs file after a quiet time waits for an RCU grace period, some
 * milliseconds, since it takes a system-wide lock that is cheap for readers only
 * (cgroup_threadgroup_rwsem, kernel/cgroup/cgroup.c); those that follow soon do not. LXC makes
 * twenty of them at a start. So a process of ours moves itself to where it is already, while the
 * driver is still at work: what is waited for then passes meanwhile.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define CGROUPS "/sys/fs/cgroup"

/* One line of /proc/self/cgroup, "ID:CONTROLLERS:PATH", as a file to write to; -1 when it is not
 * mounted where it usually is. */
static int open_procs(const char *line)
{
    const char *controllers = strchr(line, ':');
    const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    char file[4200];
    int len, fd;

    if (!path)
        return -1;
    controllers++;
    len = (int)(path - controllers);
    if (strncmp(controllers, "name=", 5) == 0) {
        controllers += 5;
        len -= 5;
    }
    snprintf(file, sizeof(file), CGROUPS "/%.*s%s/cgroup.procs", len, controllers, path + 1);
    fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 || len)
        return fd;
    snprintf(file, sizeof(file), CGROUPS "/unified%s/cgroup.procs", path + 1);
    return open(file, O_WRONLY | O_CLOEXEC);
}

static void move_to_own_place(void)
{
    char text[8192], *save = NULL;
    int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (got <= 0)
        return;
    text[got] = '\0';
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        fd = open_procs(line);
        if (fd < 0)
            continue;
        if (write(fd, "0", 1) == 1)
            return;
        close(fd);
    }
}

void sup_warm(void)
{
    pid_t parent = getpid();

    /* Whoever reaps children here reaps this one too. */
    if (fork() != 0)
        return;
    prctl(PR_SET_NAME, "runlxc-warm", 0, 0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent)
        move_to_own_place();
    _exit(0);
}
