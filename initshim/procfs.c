#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "descriptor.h"
#include "rootdir.h"

#define PROC_ROOT_INO 1 /* include/linux/proc_fs.h */

bool procfs_is(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

bool procfs_is_root(int fd)
{
    struct stat st;

    return procfs_is(fd) && fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT_INO;
}

static int open_below(int proc_fd, const char *path, int flags)
{
    int fd;

    /* RESOLVE_NO_XDEV: a mount over any component is refused. /proc/self is a plain link and may be
     * followed. */
    fd = rootdir_resolve(proc_fd, path, flags, 0,
                         RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    if (fd >= 0 && !procfs_is(fd)) {
        close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

/* A procfs of our pid namespace, attached nowhere. */
static int fresh(void)
{
    cleanup_close int fs = fsopen("proc", FSOPEN_CLOEXEC);

    if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int procfs_open(int root_fd, const char *path, int flags)
{
    cleanup_close int ours = rootdir_openat(root_fd, "/proc", O_PATH | O_DIRECTORY);
    cleanup_close int private = -1;
    int fd, errnum = ENOENT;

    if (ours >= 0 && procfs_is_root(ours)) {
        fd = open_below(ours, path, flags);
        /* EXDEV: mounted over, be it by an attacker or by LXC's read-only /proc/sys. EROFS: mounted
         * read-only. */
        if (fd >= 0 || (errno != EXDEV && errno != EROFS))
            return fd;
        errnum = errno;
    }
    /* Not possible everywhere: a user namespace gets a procfs only where it can see all of one
     * already. */
    private = fresh();
    if (private < 0) {
        errno = errnum;
        return -1;
    }
    return open_below(private, path, flags);
}

int procfs_write(int root_fd, const char *path, const char *data, size_t len)
{
    cleanup_close int fd = procfs_open(root_fd, path, O_WRONLY);
    ssize_t n;

    if (fd < 0)
        return -1;
    do {
        n = write(fd, data, len);
    } while (n < 0 && errno == EINTR);
    if (n >= 0 && (size_t)n != len) {
        errno = EIO;
        return -1;
    }
    return n < 0 ? -1 : 0;
}
