#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "descriptor.h"
#include "message.h"
#include "rootdir.h"

#define PTMX_NUMBER makedev(5, 2)

static bool on_devpts(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC;
}

static bool is_char_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

/*
 * The master of a new pty. /dev/ptmx may be any node, link or FIFO of the image, and opening it
 * could already do harm; the ptmx inside a devpts can only be the real one.
 */
static int open_master(struct shim *s)
{
    cleanup_close int pts = rootdir_openat(s->root_fd, "/dev/pts", O_PATH | O_DIRECTORY);
    struct stat st;
    int master;

    if (pts < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "/dev/pts");
    if (!on_devpts(pts))
        return fail(&s->failure, STAGE_CONSOLE, ENODEV, "/dev/pts");
    master = rootdir_resolve(pts, "ptmx", O_RDWR | O_NOCTTY, 0,
                             RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (master < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "/dev/pts/ptmx");
    if (fstat(master, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != PTMX_NUMBER) {
        close(master);
        return fail(&s->failure, STAGE_CONSOLE, ENODEV, "/dev/pts/ptmx");
    }
    return master;
}

/* TIOCGPTPEER needs no path: nothing can be put in the slave's place between. */
static int open_slave(struct shim *s, int master)
{
    struct wire_winsize size;
    struct winsize ws = {0};
    int unlock = 0, slave;

    if (bootstrap_value(&s->boot, WT_CONSOLE_SIZE, &size, sizeof(size))) {
        ws.ws_row = size.rows;
        ws.ws_col = size.cols;
        if (ioctl(master, TIOCSWINSZ, &ws) < 0)
            return fail(&s->failure, STAGE_CONSOLE, errno, "window size");
    }
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "unlock");
    slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "slave");
    if (!on_devpts(slave) || !is_char_device(slave)) {
        close(slave);
        return fail(&s->failure, STAGE_CONSOLE, ENODEV, "slave");
    }
    /* The group stays what devpts was mounted with, tty as a rule: write(1) depends on it. */
    if (fchown(slave, s->user.uid, (gid_t)-1) < 0) {
        int errnum = errno;

        close(slave);
        return fail(&s->failure, STAGE_CONSOLE, errnum, "owner");
    }
    return slave;
}

/* The place to bind on: /dev/console itself, never what a link of that name points to
 * (CVE-2025-52565). */
static int open_console_place(int root_fd)
{
    cleanup_close int dev = rootdir_openat(root_fd, "/dev", O_PATH | O_DIRECTORY);
    cleanup_close int made = -1;
    struct stat st;
    int place;

    if (dev < 0)
        return -1;
    made = openat(dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made < 0 && errno != EEXIST)
        return -1;
    place = rootdir_resolve(dev, "console", O_PATH | O_NOFOLLOW, 0,
                            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (place < 0)
        return -1;
    if (fstat(place, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))) {
        close(place);
        errno = ELOOP;
        return -1;
    }
    return place;
}

static int bind_console(struct shim *s, int slave)
{
    cleanup_close int place = open_console_place(s->root_fd);
    cleanup_close int tree = -1;

    if (place < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "/dev/console");
    tree = open_tree(slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0 ||
        move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "/dev/console");
    return 0;
}

int console_open(struct shim *s)
{
    struct shim_msg msg = {.type = SHIM_CONSOLE};
    cleanup_close int master = -1;
    cleanup_close int slave = -1;

    if (!(s->boot.flags & WF_TERMINAL))
        return 0;
    master = open_master(s);
    if (master < 0)
        return -1;
    slave = open_slave(s, master);
    if (slave < 0)
        return -1;
    if (!s->exec && bind_console(s, slave) < 0)
        return -1;
    if (message_send(s->sock, &msg, master) < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "send");
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0)
            return fail(&s->failure, STAGE_CONSOLE, errno, "stdio");
    return 0;
}

int session_start(struct shim *s)
{
    /* EPERM: we lead a session already. */
    if (setsid() < 0 && errno != EPERM)
        return fail(&s->failure, STAGE_CONSOLE, errno, "session");
    if (s->boot.flags & WF_TERMINAL && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
        return fail(&s->failure, STAGE_CONSOLE, errno, "controlling terminal");
    return 0;
}
