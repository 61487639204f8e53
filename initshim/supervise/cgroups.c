/* Removing cgroup directories; and the count of OOM kills. Kernel: cgroup-v1/memory.rst,
 * cgroup-v2.rst. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define TRIES 400      /* of a rmdir that finds the last task still leaving */
#define NAP_NS 2500000 /* between them: one second in all */
#define DEPTH_MAX 64   /* cgroups inside cgroups */

static int read_file(int dir, const char *name, char *text, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return -1;
    got = read(fd, text, size - 1);
    close(fd);
    if (got < 0)
        return -1;
    text[got] = '\0';
    return 0;
}

/* How many there were to kill. */
static int kill_members(int dir)
{
    char text[4096], *at = text, *end;
    int n = 0;

    if (read_file(dir, "cgroup.procs", text, sizeof(text)) < 0)
        return 0;
    for (;;) {
        long pid = strtol(at, &end, 10);

        /* A number that the buffer's end cut in two would be another's pid: only whole lines count.
         */
        if (end == at || *end != '\n')
            return n;
        if (pid > 1 && pid != getpid()) {
            kill((pid_t)pid, SIGKILL);
            n++;
        }
        at = end + 1;
    }
}

static void thaw(int dir)
{
    int fd = openat(dir, "freezer.state", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        if (write(fd, "THAWED", 6) < 0)
            errno = 0; /* nothing more can be done; the rmdir below tells */
        close(fd);
    }
}

static int remove_at(int parent, const char *name, bool kill_rest, int depth);

/* Children first. A directory that cannot be read is left to rmdir's verdict. */
static void remove_children(int parent, const char *name, bool kill_rest, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct dirent *entry;
    DIR *dir;

    if (fd < 0)
        return;
    if (kill_rest) {
        kill_members(fd);
        thaw(fd);
    }
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0)
            remove_at(dirfd(dir), entry->d_name, kill_rest, depth + 1);
    closedir(dir);
}

/* ENODEV: a removal by somebody else is under way. 0 when it is gone. */
static int remove_at(int parent, const char *name, bool kill_rest, int depth)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};

    if (depth > DEPTH_MAX)
        return -1;
    for (int i = 0; i < TRIES; i++) {
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV)
            return 0;
        if (errno != EBUSY && errno != ENOTEMPTY)
            return -1;
        remove_children(parent, name, kill_rest, depth);
        if (i > 0)
            nanosleep(&nap, NULL);
    }
    return -1;
}

/* Whether nothing was left to kill. */
static bool kill_at(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct dirent *entry;
    bool empty;
    DIR *dir;

    if (fd < 0 || depth > DEPTH_MAX)
        return true;
    empty = kill_members(fd) == 0;
    thaw(fd);
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return empty;
    }
    while ((entry = readdir(dir)))
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 && !kill_at(dirfd(dir), entry->d_name, depth + 1))
            empty = false;
    closedir(dir);
    return empty;
}

/* A process that forks faster than one round takes is met again in the next. */
void sup_cgroups_kill(const char *const *paths, size_t n)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};

    for (int i = 0; i < TRIES; i++) {
        bool empty = true;

        for (size_t k = 0; k < n; k++)
            if (!kill_at(AT_FDCWD, paths[k], 0))
                empty = false;
        if (empty)
            return;
        nanosleep(&nap, NULL);
    }
}

bool sup_cgroups_remove_empty(const char *const *paths, size_t n)
{
    bool gone = true;

    for (size_t i = 0; i < n; i++)
        if (unlinkat(AT_FDCWD, paths[i], AT_REMOVEDIR) < 0 && errno != ENOENT)
            gone = false;
    return gone;
}

bool sup_cgroups_remove(const char *const *paths, size_t n, bool kill_rest)
{
    bool gone = true;

    for (size_t i = 0; i < n; i++)
        if (remove_at(AT_FDCWD, paths[i], kill_rest, 0) < 0)
            gone = false;
    return gone;
}

void sup_cgroups_thaw(const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int dir = open(paths[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (dir < 0)
            continue;
        thaw(dir);
        close(dir);
    }
}

uint32_t sup_oom_kills(int fd)
{
    char text[1024], *at;
    ssize_t got;

    if (fd < 0)
        return 0;
    got = pread(fd, text, sizeof(text) - 1, 0);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    at = strstr(text, "oom_kill ");
    return at ? (uint32_t)strtoul(at + strlen("oom_kill "), NULL, 10) : 0;
}
