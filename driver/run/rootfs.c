/*
 * The root filesystem: a directory as it is, or an overlay of read-only layers and a throw-away
 * upper one. The overlay is made as a detached mount, so it never shows on the host: the supervisor
 * puts it into its own mount namespace, and with that it goes away.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/sha256.h"
#include "run/overlay.h"

/*
 * Two roots may hold the same id, so the root's path counts as well: by a digest of both, for a
 * name out of both may be longer than a name can be. The id's beginning is for whoever looks there.
 */
char *rootfs_upper_path(const struct lxcdriver *drv, const char *id)
{
    cleanup_free char *key = str_printf("%s/%s", drv->root, id);
    char hex[SHA256_HEX + 1];

    if (!key)
        return NULL;
    sha256_hex(key, strlen(key), hex);
    return str_printf("%s/upper/%.64s-%.16s", drv->conf.image_dir, id, hex);
}

static int make_upper(const char *upper, char **upper_dir, char **work_dir,
                      struct lxcdriver_error **err)
{
    *upper_dir = str_printf("%s/upper", upper);
    *work_dir = str_printf("%s/work", upper);
    if (!*upper_dir || !*work_dir)
        return err_nomem(err);
    /* The id is ours alone by now. A layer of that name is one whose records are gone: /run does
     * not outlive a reboot. */
    if (fs_remove_tree(AT_FDCWD, upper) < 0)
        return err_sys(err, errno, "root filesystem: remove the old throw-away layer %s", upper);
    if (fs_mkdir_p(upper, 0700) < 0 || mkdir(*upper_dir, 0755) < 0 || mkdir(*work_dir, 0755) < 0)
        return err_sys(err, errno, "root filesystem: make the throw-away layer %s", upper);
    return 0;
}

static int mount_layers(struct lxcdriver *drv, const struct command *cmd, const char *dir,
                        struct rootfs *out, struct lxcdriver_error **err)
{
    cleanup_free char *upper_dir = NULL, *work_dir = NULL;
    cleanup_close int userns = -1;

    out->upper = rootfs_upper_path(drv, cmd->id);
    if (!out->upper)
        return err_nomem(err);
    if (make_upper(out->upper, &upper_dir, &work_dir, err) < 0)
        return -1;
    if (cmd->root.idmap) {
        /* The lower layers are shifted; what is written goes to the upper one with the ids that the
         * host sees. */
        if (chown(upper_dir, userns_root(cmd->uid_maps, cmd->n_uid_maps),
                  userns_root(cmd->gid_maps, cmd->n_gid_maps)) < 0)
            return err_sys(err, errno,
                           "root filesystem: give the throw-away layer to the container's root");
        userns = userns_open(cmd, err);
        if (userns < 0)
            return -1;
    }
    out->mount_fd = overlay_mount(&cmd->root.layers, upper_dir, work_dir, userns, dir, err);
    return out->mount_fd < 0 ? -1 : 0;
}

/* Whether a path can stand in lxc.rootfs.path as it is: LXC trims white space, unquotes, and takes
 * "word:" for a storage type. */
static bool plain_path(const char *path)
{
    size_t len = strlen(path);

    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return false;
    return path[len - 1] != ' ' && path[len - 1] != '"' && path[len - 1] != '\'';
}

int rootfs_prepare(struct lxcdriver *drv, const struct command *cmd, const char *dir,
                   struct rootfs *out, struct lxcdriver_error **err)
{
    *out = (struct rootfs){.fd = -1, .mount_fd = -1};
    if (cmd->root.layers.n > 0) {
        if (mount_layers(drv, cmd, dir, out, err) < 0)
            return -1;
    } else if (!plain_path(cmd->root.path)) {
        out->mount_fd = (int)syscall(SYS_open_tree, AT_FDCWD, cmd->root.path,
                                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (out->mount_fd < 0)
            return err_sys(err, errno, "root filesystem %s", cmd->root.path);
    }
    if (out->mount_fd >= 0) {
        out->fd = openat(out->mount_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        out->path = str_printf("%s/rootfs", dir);
    } else {
        out->fd = open(cmd->root.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        out->path = strdup(cmd->root.path);
    }
    if (!out->path)
        return err_nomem(err);
    if (out->fd < 0)
        return err_sys(err, errno, "root filesystem %s", cmd->root.path ? cmd->root.path : "");
    return 0;
}

void rootfs_clear(struct rootfs *root)
{
    close_fd(&root->fd);
    close_fd(&root->mount_fd);
    free(root->path);
    free(root->upper);
    *root = (struct rootfs){.fd = -1, .mount_fd = -1};
}
