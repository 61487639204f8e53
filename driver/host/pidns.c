#include "host/pidns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/proc.h"
#include "spec/command.h"

/* Whether a process is in the namespace with that inode, or in one below. What cannot be looked at
 * is not the container's. */
static bool is_member(pid_t pid, uint64_t inode)
{
    cleanup_free char *path = str_printf("/proc/%d/ns/pid", (int)pid);
    int ns = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool found = false;

    /* The kernel nests them 32 deep at most, and does not tell of what is above our own. */
    while (ns >= 0) {
        struct stat st;
        int parent = -1;

        found = fstat(ns, &st) == 0 && st.st_ino == inode;
        if (!found)
            parent = ioctl(ns, NS_GET_PARENT);
        close(ns);
        ns = parent;
    }
    return found;
}

static int compare(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

    return (x > y) - (x < y);
}

int pidns_members(pid_t init, pid_t **pids, size_t *n, struct lxcdriver_error **err)
{
    uint64_t inode = proc_ns_inode(init, "pid"), number;
    cleanup_closedir DIR *dir = opendir("/proc");
    struct dirent *entry;

    *pids = NULL;
    *n = 0;
    if (!dir)
        return err_sys(err, errno, "open /proc");
    if (inode == 0)
        return err_sys(err, ESRCH, "look at process %d", (int)init);
    if (inode == proc_ns_inode(0, "pid"))
        return err_set(err, "it has neither a cgroup nor a pid namespace of its own, by which its "
                            "processes could be told from others");
    while ((entry = readdir(dir))) {
        pid_t *next;

        if (!str_to_u64(entry->d_name, 1, INT32_MAX, &number) || !is_member((pid_t)number, inode))
            continue;
        next = ARRAY_GROW(pids, n);
        if (!next) {
            free(*pids);
            *pids = NULL;
            *n = 0;
            return err_nomem(err);
        }
        *next = (pid_t)number;
    }
    if (*n)
        qsort(*pids, *n, sizeof(**pids), compare);
    return 0;
}

int pidns_signal(pid_t init, int signum, struct lxcdriver_error **err)
{
    uint64_t inode = proc_ns_inode(init, "pid");
    cleanup_free pid_t *pids = NULL;
    size_t n;

    if (pidns_members(init, &pids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pids[i], 0);

        /* Held by the descriptor, it is looked at once more: the number may be another's by now. */
        if (pidfd >= 0 && is_member(pids[i], inode) &&
            syscall(SYS_pidfd_send_signal, pidfd, signum, NULL, 0) < 0 && errno != ESRCH)
            return err_sys(err, errno, "send signal %d to process %d", signum, (int)pids[i]);
    }
    return 0;
}
