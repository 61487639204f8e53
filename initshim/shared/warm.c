/* What the first move between cgroups waits for, begun early. */
#include "shared/warm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define NAP_NS 4000000 /* no grace period is shorter: it begins with a tick */
#define MOVES_MAX 250  /* one second */

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

/* The file that it was done with, or -1. */
static int move_to_own_place(void)
{
    char text[8192], *save = NULL;
    int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (got <= 0)
        return -1;
    text[got] = '\0';
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        fd = open_procs(line);
        if (fd < 0)
            continue;
        if (write(fd, "0", 1) == 1)
            return fd;
        close(fd);
    }
    return -1;
}

/* Every move holds off the way back, which takes a grace period as well: where a start takes
 * longer than that, on a busy machine, one move would have been for nothing. */
static void keep_moving(void)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    int fd = move_to_own_place();

    for (int i = 0; fd >= 0 && i < MOVES_MAX && write(fd, "0", 1) == 1; i++)
        nanosleep(&nap, NULL);
}

static bool begun;
static pid_t child;

void warm_begin(void)
{
    pid_t parent = getpid();

    begun = true;
    child = fork();
    if (child != 0)
        return;
    prctl(PR_SET_NAME, "runlxc-warm", 0, 0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent)
        keep_moving();
    _exit(0);
}

bool warm_begun(void)
{
    return begun;
}

void warm_end(bool reap)
{
    pid_t got;

    if (child <= 0)
        return;
    kill(child, SIGKILL); /* not reaped yet: the pid is still its own */
    do {
        got = waitpid(child, NULL, reap ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got != 0)
        child = 0;
}

void warm_reaped(pid_t pid)
{
    if (pid == child)
        child = 0;
}
