#include "mask.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "descriptor.h"
#include "rootdir.h"

#define NULL_NUMBER makedev(1, 3)

/* What to cover paths with, opened when first needed. */
struct cover {
    int null; /* O_PATH of the real /dev/null */
    int dir;  /* the empty tmpfs, once it is mounted somewhere */
};

static int attach(int tree, int target)
{
    return move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int clone_of(int fd, unsigned flags)
{
    return open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static int read_only_path(int root_fd, const char *path)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    cleanup_close int target = rootdir_openat(root_fd, path, O_PATH);
    cleanup_close int tree = -1;

    if (target < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    tree = clone_of(target, AT_RECURSIVE);
    /* Setting one bit keeps nosuid, nodev and noexec of the original, as a remount by flags would
     * not. */
    if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
        return -1;
    return attach(tree, target);
}

static int empty_tmpfs(void)
{
    cleanup_close int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

    if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "size", "4k", 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1", 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        fsconfig(fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(fs, FSMOUNT_CLOEXEC,
                   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static int mask_directory(struct cover *c, int target)
{
    cleanup_close int copy = -1;

    /* One filesystem serves all: what is attached can be cloned, what is not yet attached cannot.
     */
    if (c->dir < 0) {
        c->dir = empty_tmpfs();
        return c->dir < 0 ? -1 : attach(c->dir, target);
    }
    copy = clone_of(c->dir, 0);
    return copy < 0 ? -1 : attach(copy, target);
}

/*
 * The node is checked after it is opened: an image whose /dev/null is a link or another file would
 * otherwise choose what the masked path shows, or have it bound writable (CVE-2025-31133).
 */
static int open_null(int root_fd)
{
    int fd = rootdir_openat(root_fd, "/dev/null", O_PATH | O_NOFOLLOW);
    struct stat st;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != NULL_NUMBER) {
        close(fd);
        errno = ENODEV;
        return -1;
    }
    return fd;
}

static int mask_file(struct cover *c, int target)
{
    cleanup_close int copy = clone_of(c->null, 0);

    return copy < 0 ? -1 : attach(copy, target);
}

static int mask_path(struct shim *s, struct cover *c, const char *path)
{
    cleanup_close int target = rootdir_openat(s->root_fd, path, O_PATH);
    struct stat st;
    int rc;

    if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (target < 0 || fstat(target, &st) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, path);
    if (S_ISDIR(st.st_mode)) {
        rc = mask_directory(c, target);
    } else {
        if (c->null < 0)
            c->null = open_null(s->root_fd);
        if (c->null < 0)
            return fail(&s->failure, STAGE_MOUNT, errno, "/dev/null");
        rc = mask_file(c, target);
    }
    return rc < 0 ? fail(&s->failure, STAGE_MOUNT, errno, path) : 0;
}

int mask_apply(struct shim *s)
{
    struct cover cover = {.null = -1, .dir = -1};
    struct record r;
    size_t pos = 0;
    int rc = 0;

    while (bootstrap_next_of(&s->boot, WT_READONLY, &pos, &r))
        if (read_only_path(s->root_fd, record_text(&r, 0)) < 0)
            return fail(&s->failure, STAGE_MOUNT, errno, record_text(&r, 0));
    pos = 0;
    while (rc == 0 && bootstrap_next_of(&s->boot, WT_MASKED, &pos, &r))
        rc = mask_path(s, &cover, record_text(&r, 0));
    descriptor_closep(&cover.null);
    descriptor_closep(&cover.dir);
    return rc;
}
