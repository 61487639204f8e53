#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>

#include "descriptor.h"
#include "mask.h"
#include "rootdir.h"

#define PROPAGATION (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)

static int set_attr(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation)
{
    struct mount_attr attr = {
        .attr_set = set, .attr_clr = clear, .propagation = propagation & PROPAGATION};

    /* The access time modes are one field: the kernel takes a new one only together with clearing
     * all of it. */
    if (set & MOUNT_ATTR__ATIME)
        attr.attr_clr |= MOUNT_ATTR__ATIME;
    return mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                         sizeof(attr));
}

static int apply_attr(int root_fd, const struct wire_mount_attr *a, const char *path)
{
    cleanup_close int fd = rootdir_openat(root_fd, path, O_PATH);

    if (fd < 0)
        return -1;
    if ((a->set || a->clear) && set_attr(fd, a->recursive, a->set, a->clear, 0) < 0)
        return -1;
    /* MS_REC says by itself how deep the propagation goes, whatever the attributes do. */
    if (a->propagation && set_attr(fd, a->propagation & MS_REC, 0, 0, a->propagation) < 0)
        return -1;
    return 0;
}

/*
 * The last that LXC does to the mounts is to make each of them shared, in a group of its own: what
 * was to be private is not, and nothing that is attached to any of them stays private. As a slave
 * of nothing, or of what it was a slave of before, each is again what it was.
 */
int mounts_unshare(struct shim *s)
{
    uint64_t propagation = 0;

    if (set_attr(s->root_fd, true, 0, 0, MS_SLAVE) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, "/");
    if (bootstrap_value(&s->boot, WT_ROOT_PROPAGATION, &propagation, sizeof(propagation)) &&
        set_attr(s->root_fd, propagation & MS_REC, 0, 0, propagation) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, "/");
    return 0;
}

int mounts_change(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_MOUNT_ATTR, &pos, &r)) {
        const char *path = record_text(&r, sizeof(struct wire_mount_attr));
        struct wire_mount_attr attr;

        memcpy(&attr, r.data, sizeof(attr));
        if (apply_attr(s->root_fd, &attr, path) < 0)
            return fail(&s->failure, STAGE_MOUNT, errno, path);
    }
    return 0;
}

/* Make the mount at a path read-only; other flags stay, which in a user namespace may be locked. */
static int read_only(struct shim *s, const char *path)
{
    cleanup_close int fd = rootdir_openat(s->root_fd, path, O_PATH | O_DIRECTORY);

    if (fd < 0 || set_attr(fd, false, MOUNT_ATTR_RDONLY, 0, 0) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, path);
    return 0;
}

int mounts_restrict(struct shim *s)
{
    if (s->boot.flags & WF_SYS_READONLY && read_only(s, "/sys") < 0)
        return -1;
    if (s->boot.flags & WF_DEV_READONLY && read_only(s, "/dev") < 0)
        return -1;
    if (mask_apply(s) < 0)
        return -1;
    if (s->boot.flags & WF_ROOT_READONLY && read_only(s, "/") < 0)
        return -1;
    return 0;
}

int mounts_detach_proc(struct shim *s)
{
    if (s->boot.flags & WF_UMOUNT_PROC && umount2("/proc", MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, "/proc");
    return 0;
}
