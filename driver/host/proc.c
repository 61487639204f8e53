#include "host/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/apparmor.h"

#define STAT_MAX 4096
#define STATUS_MAX ((size_t)1 << 20)
#define PF_EXITING 0x4 /* include/linux/sched.h; field 9 shows it */

int proc_stat_parse(const char *text, struct proc_stat *out)
{
    /* The name is in parentheses and may have some itself; nothing behind it does. */
    const char *rest = strrchr(text, ')');
    unsigned int flags;
    int ppid;

    /* Fields 3, 4, 9 and 22. */
    if (!rest || sscanf(rest + 1,
                        " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d"
                        " %" SCNu64,
                        &out->state, &ppid, &flags, &out->start_time) != 4) {
        errno = EPROTO;
        return -1;
    }
    out->ppid = ppid;
    out->exiting = flags & PF_EXITING;
    return 0;
}

int proc_stat_read(pid_t pid, struct proc_stat *out)
{
    cleanup_free char *text = NULL;
    char file[64];

    if (pid <= 0) {
        errno = ESRCH;
        return -1;
    }
    snprintf(file, sizeof(file), "/proc/%d/stat", (int)pid);
    if (fs_read_at(AT_FDCWD, file, STAT_MAX, &text, NULL) < 0)
        return -1;
    return proc_stat_parse(text, out);
}

bool proc_alive(pid_t pid, uint64_t start_time)
{
    struct proc_stat stat;

    return proc_stat_read(pid, &stat) == 0 && stat.start_time == start_time && stat.state != 'Z' &&
           stat.state != 'X';
}

int proc_signal(int pidfd, int signum)
{
    if (syscall(SYS_pidfd_send_signal, pidfd, signum, NULL, 0) == 0)
        return 0;
    if (errno != EACCES)
        return -1;
    if (!apparmor_leave()) {
        errno = EACCES;
        return -1;
    }
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signum, NULL, 0);
}

void proc_end(pid_t pid, uint64_t start_time, int signum, int timeout_ms)
{
    cleanup_close int pidfd = pid > 1 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct pollfd fds = {pidfd, POLLIN, 0};

    /* Looked at after it was opened: the descriptor is then of the process that the start time
     * belongs to. */
    if (pidfd < 0 || pid == getpid() || !proc_alive(pid, start_time))
        return;
    if (proc_signal(pidfd, signum) == 0)
        while (poll(&fds, 1, timeout_ms) < 0 && errno == EINTR)
            ;
}

uint64_t proc_ns_inode(pid_t pid, const char *kind)
{
    char file[64];
    struct stat st;

    if (pid == 0)
        snprintf(file, sizeof(file), "/proc/self/ns/%s", kind);
    else
        snprintf(file, sizeof(file), "/proc/%d/ns/%s", (int)pid, kind);
    return stat(file, &st) == 0 ? st.st_ino : 0;
}

uint64_t proc_bounding_set(void)
{
    cleanup_free char *text = NULL;
    const char *at;
    uint64_t set;

    if (fs_read_at(AT_FDCWD, "/proc/self/status", STATUS_MAX, &text, NULL) < 0)
        return 0;
    at = strstr(text, "\nCapBnd:");
    return at && sscanf(at, "\nCapBnd: %" SCNx64, &set) == 1 ? set : 0;
}
