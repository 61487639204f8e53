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

#define RUN "/run"
#define LXC_RUN RUN "/lxc"

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

/* Where it is missing and /run is not ours to write in, as for an ordinary user, it is made in a
 * /run of our own. */
static int make_lxc_run(void)
{
    if (mkdir(LXC_RUN, 0755) == 0 || errno == EEXIST)
        return 0;
    if (sup_cover(RUN) < 0)
        return -1;
    return mkdir(LXC_RUN, 0755) < 0 && errno != EEXIST ? -1 : 0;
}

/* A tmpfs of the container's own over /run/lxc; s->run_lxc stays open for the FIFO. */
static int mount_run_lxc(struct supervisor *s)
{
    int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

    if (fs < 0)
        return -1;
    if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
        syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        s->run_lxc = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    close(fs);
    if (s->run_lxc < 0 || make_lxc_run() < 0)
        return -1;
    return move_mount_at(s->run_lxc, AT_FDCWD, LXC_RUN);
}

static int place_rootfs(struct supervisor *s)
{
    int dir, result;

    if (!(s->rec.flags & SF_ROOTFS))
        return 0;
    dir = open_dir(s);
    if (dir < 0)
        return -1;
    result = move_mount_at(s->rootfs, dir, "rootfs");
    close(dir);
    close(s->rootfs);
    s->rootfs = -1;
    return result;
}

/*
 * lxc-start by a read-only mount of itself, at its own place, for AppArmor knows it by its path.
 * Before it executes the shim it is a process in the container's pid namespace, which may be that
 * of another container: a process there that may trace others can hold on to its /proc/PID/exe, and
 * write to that once no lxc-start runs any longer (CVE-2019-5736).
 */
static int cover_lxc_start(const struct supervisor *s)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, s->rec.lxc_start,
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    long result = -1;

    if (tree < 0)
        return -1;
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
        result = syscall(SYS_move_mount, tree, "", AT_FDCWD, s->rec.lxc_start,
                         MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS);
    close(tree);
    return (int)result;
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
    *what = "cover lxc-start";
    if (cover_lxc_start(s) < 0)
        return -1;
    *what = "mount " LXC_RUN;
    if (mount_run_lxc(s) < 0)
        return -1;
    *what = "open the way to the container's directory";
    if ((s->rec.flags & SF_IDMAP) && sup_reach(s) < 0)
        return -1;
    *what = "mount the root filesystem";
    return place_rootfs(s);
}
