#include "symlink.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "descriptor.h"
#include "rootdir.h"

#define STACKED_MAX 16 /* mounts on top of one another in a link's place */

static bool is_right(int dir, const char *name, const char *target)
{
    char now[PATH_MAX];
    ssize_t n = readlinkat(dir, name, now, sizeof(now));

    return n >= 0 && (size_t)n == strlen(target) && memcmp(now, target, (size_t)n) == 0;
}

/* umount2(2) takes no descriptor: relative to the directory it is at least not looked up again from
 * the root. */
static int unmount_at(int dir, const char *name, int root_fd)
{
    int rc = fchdir(dir);

    for (int i = 0; rc == 0 && i < STACKED_MAX; i++)
        rc = umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW);
    /* EINVAL: no mount, or none any more. */
    rc = rc < 0 && errno != EINVAL && errno != ENOENT ? -1 : 0;
    return fchdir(root_fd) < 0 ? -1 : rc;
}

static int create(int root_fd, const char *target, const char *path)
{
    char name[ROOTDIR_NAME];
    cleanup_close int dir = rootdir_parent(root_fd, path, true, name);

    if (dir < 0)
        return -1;
    if (is_right(dir, name, target))
        return 0;
    if (unmount_at(dir, name, root_fd) < 0 || (unlinkat(dir, name, 0) < 0 && errno != ENOENT))
        return -1;
    return symlinkat(target, dir, name);
}

int links_create(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_SYMLINK, &pos, &r)) {
        const char *path = record_text_at(&r, 0, 1);

        if (create(s->root_fd, record_text(&r, 0), path) < 0)
            return fail(&s->failure, STAGE_MOUNT, errno, path);
    }
    return 0;
}
