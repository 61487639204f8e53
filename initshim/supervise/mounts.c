/*
 * The mount namespace in which lxc-start runs. Two things are put there that the host never sees: a
 * private /run/lxc, so that LXC's monitor FIFO has us as its only reader and LXC's lock files go
 * away with the container, and the root filesystem where the driver made one of layers.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define LXC_RUN "/run/lxc"

static int move_mount_at(int from, int to_dir, const char *to)
{
    return (int)syscall(SYS_move_mount, from, "", to_dir, to, MOVE_MOUNT_F_EMPTY_PATH);
}

/* Bind <dir>/lxc over /run/lxc. By descriptors: the paths may be longer than a path may be. */
static int bind_run_lxc(struct supervisor *s)
{
    int source = (int)syscall(SYS_open_tree, s->dir_fd, "lxc",
                              OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    int result;

    if (source < 0)
        return -1;
    if (mkdir(LXC_RUN, 0755) < 0 && errno != EEXIST) {
        close(source);
        return -1;
    }
    result = move_mount_at(source, AT_FDCWD, LXC_RUN);
    close(source);
    return result;
}

int sup_mounts(struct supervisor *s, const char **what)
{
    *what = "make a mount namespace";
    if (unshare(CLONE_NEWNS) < 0)
        return -1;
    /* Mounts made here must not reach the host, those made on the host later may still come in. A
     * root that is not shared is left as it is: every propagation call walks all mounts. */
    *what = "make / rslave";
    if ((s->rec.flags & SF_RSLAVE) && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return -1;
    *what = "bind " LXC_RUN;
    if (bind_run_lxc(s) < 0)
        return -1;
    if (s->rec.flags & SF_ROOTFS) {
        *what = "mount the root filesystem";
        if (move_mount_at(s->rootfs, s->dir_fd, "rootfs") < 0)
            return -1;
        close(s->rootfs);
        s->rootfs = -1;
    }
    return 0;
}
