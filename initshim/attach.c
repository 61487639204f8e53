#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "descriptor.h"
#include "rootdir.h"

#define PROPAGATION (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)

static int set_attr(int mount, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation)
{
    struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

    if (!set && !clear && !propagation)
        return 0;
    return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                         sizeof(attr));
}

/* An empty file where there is nothing; a link that leads nowhere is not followed, and refused by
 * the look-up that comes next. */
static int make_file(int root_fd, const char *path)
{
    char name[ROOTDIR_NAME];
    cleanup_close int dir = rootdir_parent(root_fd, path, true, name);
    cleanup_close int file = -1;

    if (dir < 0)
        return -1;
    file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return file < 0 && errno != EEXIST ? -1 : 0;
}

static int open_target(int root_fd, const char *path, uint32_t create)
{
    if (create == WIRE_CREATE_DIR)
        return rootdir_make(root_fd, path, 0755);
    if (create == WIRE_CREATE_FILE && make_file(root_fd, path) < 0)
        return -1;
    return rootdir_openat(root_fd, path, O_PATH);
}

int mount_attach(struct shim *s, const struct record *r, int *fd)
{
    const char *path = record_text(r, sizeof(struct wire_attach));
    cleanup_close int mount = *fd;
    cleanup_close int target = -1;
    struct wire_attach a;

    *fd = -1;
    memcpy(&a, r->data, sizeof(a));
    target = open_target(s->root_fd, path, a.create);
    if (target < 0 || set_attr(mount, false, a.set, a.clear, 0) < 0 ||
        set_attr(mount, true, a.tree_set, a.tree_clear, 0) < 0 ||
        move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0 ||
        /* What is attached below a shared mount is shared by that, whatever it was. */
        set_attr(mount, a.propagation & MS_REC, 0, 0, a.propagation & PROPAGATION) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, path);
    return 0;
}
