#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "descriptor.h"
#include "rootdir.h"

static bool same_device(int dir, const char *name, mode_t mode, dev_t number)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        (st.st_mode & S_IFMT) != (mode & S_IFMT))
        return false;
    return S_ISFIFO(mode) || st.st_rdev == number;
}

static int create(int root_fd, const struct wire_device *dev, const char *path)
{
    char name[ROOTDIR_NAME];
    cleanup_close int dir = rootdir_parent(root_fd, path, true, name);
    dev_t number = S_ISFIFO(dev->mode) ? 0 : makedev(dev->major, dev->minor);

    if (dir < 0)
        return -1;
    if (mknodat(dir, name, dev->mode, number) < 0) {
        if (errno != EEXIST)
            return -1;
        /* Mode and owner stay: where mknod is not allowed it is the host's own node, bound there by
         * LXC. */
        errno = EEXIST;
        return same_device(dir, name, dev->mode, number) ? 0 : -1;
    }
    return fchownat(dir, name, dev->uid, dev->gid, AT_SYMLINK_NOFOLLOW);
}

int devices_create(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_DEVICE, &pos, &r)) {
        const char *path = record_text(&r, sizeof(struct wire_device));
        struct wire_device dev;
        mode_t mask;
        int rc;

        memcpy(&dev, r.data, sizeof(dev));
        mask = umask(0);
        rc = create(s->root_fd, &dev, path);
        umask(mask);
        if (rc < 0)
            return fail(&s->failure, STAGE_DEVICE, errno, path);
    }
    return 0;
}
