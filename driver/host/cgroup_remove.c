#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"
#include "host/proc.h"

#define PROCS_MAX ((size_t)64 << 20)
#define STATUS_MAX 16384
#define WAIT_LIMIT_MS 5000
#define WAIT_STEP_MS 100
#define FIRST_PAUSE_NS 50000
#define LONGEST_PAUSE_NS 5000000

/* What an EBUSY is for. */
struct occupants {
    pid_t alive;   /* a process that lives, or 0 */
    pid_t leaving; /* one that is ending, or 0 */
};

static bool sigkill_pending(const char *status, const char *field)
{
    const char *at = strstr(status, field);

    /* Signal n is bit n - 1: proc_pid_status(5). */
    return at && strtoull(at + strlen(field), NULL, 16) & UINT64_C(1) << 8;
}

/* Whether a process is on its way out: dead but for its threads, exiting, or with a SIGKILL that it
 * has yet to see. */
static bool is_leaving(pid_t pid)
{
    struct proc_stat stat;
    cleanup_free char *status = NULL;
    char file[64];

    if (proc_stat_read(pid, &stat) < 0 || stat.state == 'Z' || stat.state == 'X' || stat.exiting)
        return true;
    snprintf(file, sizeof(file), "/proc/%d/status", (int)pid);
    if (fs_read_at(AT_FDCWD, file, STATUS_MAX, &status, NULL) < 0)
        return true;
    return sigkill_pending(status, "\nSigPnd:") || sigkill_pending(status, "\nShdPnd:");
}

static struct occupants find_occupants(int fd)
{
    struct occupants found = {0};
    cleanup_free char *text = NULL;
    char *at, *end;

    if (fs_read_at(fd, "cgroup.procs", PROCS_MAX, &text, NULL) < 0)
        return found;
    for (at = text; *at && !found.alive; at = *end ? end + 1 : end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);

        if (end == at)
            break;
        if (pid > 0 && is_leaving(pid))
            found.leaving = pid;
        else if (pid > 0)
            found.alive = pid;
    }
    return found;
}

/* Let the kernel get on. v2 says when the last process has left. v1 says nothing: the end of a
 * process that is leaving is waited for, and between its end and the moment at which the cgroup may
 * be removed there is nothing to wait for but time. */
static void wait_a_bit(int fd, pid_t leaving, struct timespec *pause)
{
    cleanup_close int pidfd = -1;

    if (cgroup_events_wait(fd, "populated ", false, WAIT_STEP_MS) == 0 || errno == ETIMEDOUT)
        leaving = 0;
    if (leaving)
        pidfd = (int)syscall(SYS_pidfd_open, leaving, 0);
    if (pidfd >= 0) {
        struct pollfd end = {.fd = pidfd, .events = POLLIN};

        poll(&end, 1, WAIT_STEP_MS);
    }
    nanosleep(pause, NULL);
    if (pause->tv_nsec * 2 <= LONGEST_PAUSE_NS)
        pause->tv_nsec *= 2;
}

/* rmdir, waiting for processes that are leaving. 0, 1 when it is busy at once for another reason
 * (cgroups below it), or -1. */
static int remove_one(int parent_fd, const char *name, const char *path,
                      struct lxcdriver_error **err)
{
    int64_t deadline = cgroup_now_ms() + WAIT_LIMIT_MS;
    struct timespec pause = {.tv_nsec = FIRST_PAUSE_NS};

    while (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0) {
        cleanup_close int fd = -1;
        struct occupants found;

        if (errno == ENOENT)
            return 0;
        if (errno != EBUSY)
            return err_sys(err, errno, "remove %s", path);
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return errno == ENOENT ? 0 : err_sys(err, errno, "remove %s", path);
        found = find_occupants(fd);
        if (found.alive)
            return err_sys(err, EBUSY, "remove %s: process %d is in it", path, (int)found.alive);
        if (cgroup_now_ms() >= deadline)
            return found.leaving ? err_sys(err, EBUSY, "remove %s: process %d does not end", path,
                                           (int)found.leaving)
                                 : err_sys(err, EBUSY, "remove %s", path);
        wait_a_bit(fd, found.leaving, &pause);
    }
    return 0;
}

static int leave(void *opaque, int parent_fd, const char *name, const char *path)
{
    return remove_one(parent_fd, name, path, opaque);
}

static int remove_dir(const char *path, struct lxcdriver_error **err)
{
    struct lxcdriver_error *cause = NULL;
    struct cgroup_visitor visitor = {.leave = leave, .opaque = &cause};

    /* Most containers made no cgroup of their own. */
    if (rmdir(path) == 0 || errno == ENOENT)
        return 0;
    if (errno != EBUSY)
        return err_sys(err, errno, "remove %s", path);
    if (cgroup_walk(path, &visitor) < 0) {
        int code = errno;

        if (!cause)
            return err_sys(err, code, "remove what is below %s", path);
        err_free(err);
        if (err)
            *err = cause;
        else
            err_free(&cause);
        return -1;
    }
    return remove_one(AT_FDCWD, path, path, err);
}

/* Up to `levels` directories above a removed one, as long as they are empty. The mount point itself
 * never is: EBUSY. */
static int remove_parents(const char *path, int levels, struct lxcdriver_error **err)
{
    cleanup_free char *up = strdup(path);

    if (!up)
        return err_nomem(err);
    for (; levels > 0; levels--) {
        char *slash = strrchr(up, '/');

        if (!slash || slash == up)
            return 0;
        *slash = '\0';
        if (cgroup_path_is_root(up))
            return 0;
        if (rmdir(up) == 0 || errno == ENOENT)
            continue;
        return errno == EBUSY || errno == ENOTEMPTY ? 0 : err_sys(err, errno, "remove %s", up);
    }
    return 0;
}

int cgroup_remove(const struct cgroup_dirs *dirs, int parents, struct lxcdriver_error **err)
{
    size_t roots = 0;
    int rc = 0;

    for (size_t i = 0; i < dirs->n; i++) {
        struct lxcdriver_error *failed = NULL;

        if (cgroup_path_is_root(dirs->dirs[i].path)) {
            roots++;
            continue;
        }
        if (remove_dir(dirs->dirs[i].path, &failed) == 0 &&
            remove_parents(dirs->dirs[i].path, parents, &failed) == 0)
            continue;
        /* The first failure is told; what can go goes nevertheless. */
        if (rc == 0 && err) {
            err_free(err);
            *err = failed;
        } else {
            err_free(&failed);
        }
        rc = -1;
    }
    if (roots > 0 && roots == dirs->n)
        return err_set(err, "%s is the root of its hierarchy, not a container's cgroup",
                       dirs->dirs[0].path);
    return rc;
}
