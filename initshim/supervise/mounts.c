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

/* The directory once more: s->dir_fd is of the namespace that we left, and mounts are made only in
 * one's own. */
static int open_dir(const struct supervisor *s)
{
    int root = open(s->root, O_PATH | O_DIRECTORY | O_CLOEXEC), dir;

    if (root < 0)
        return -1;
    dir = openat(root, s->id, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    close(root);
    return dir;
}

/* Bind <dir>/lxc over /run/lxc. */
static int bind_run_lxc(int dir)
{
    int source = (int)syscall(SYS_open_tree, dir, "lxc",
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

static int place_rootfs(struct supervisor *s, int dir)
{
    if (!(s->rec.flags & SF_ROOTFS))
        return 0;
    if (move_mount_at(s->rootfs, dir, "rootfs") < 0)
        return -1;
    close(s->rootfs);
    s->rootfs = -1;
    return 0;
}

int sup_mounts(struct supervisor *s, const char **what)
{
    int dir, result;

    *what = "make a mount namespace";
    if (unshare(CLONE_NEWNS) < 0)
        return -1;
    /* Mounts made here must not reach the host, those made on the host later may still come in. A
     * root that is not shared is left as it is: every propagation call walks all mounts. */
    *what = "make / rslave";
    if ((s->rec.flags & SF_RSLAVE) && mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return -1;
    *what = "open the container's directory";
    dir = open_dir(s);
    if (dir < 0)
        return -1;
    *what = "bind " LXC_RUN;
    result = bind_run_lxc(dir);
    if (result == 0) {
        *what = "mount the root filesystem";
        result = place_rootfs(s, dir);
    }
    close(dir);
    return result;
}
