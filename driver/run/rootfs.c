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

char *rootfs_upper_path(const struct lxcdriver *drv, const char *id)
{
    cleanup_free char *root = strdup(drv->root + 1);

    if (!root)
        return NULL;
    /* Two roots may hold the same id: the root's path is part of the name. '%' stands for '/',
     * doubled where it is meant. */
    for (char *c = root; *c; c++)
        if (*c == '/')
            *c = '%';
    return str_printf("%s/upper/%s%%%s", drv->conf.image_dir, root, id);
}

static int fs_config(int fs, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

/* What overlayfs itself says about a failure is in the context's message queue: "e overlay: ...".
 */
static int overlay_error(int fs, const char *what, struct lxcdriver_error **err)
{
    char text[512];
    int code = errno;
    ssize_t got = read(fs, text, sizeof(text) - 1);

    if (got > 2 && text[0] == 'e') {
        text[got] = '\0';
        text[strcspn(text, "\n")] = '\0';
        return err_sys(err, code, "root filesystem: %s: %s", what, text + 2);
    }
    return err_sys(err, code, "root filesystem: %s", what);
}

/* Layers by descriptor: no path needs overlayfs' escapes for ':' and ',', and the option stays
 * short. */
static char *lower_option(const struct strv *layers, int *fds, struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};
    char *option;

    for (size_t i = 0; i < layers->n; i++) {
        fds[i] = open(layers->items[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fds[i] < 0) {
            err_sys(err, errno, "root filesystem: layer %s", layers->items[i]);
            return NULL;
        }
        buf_printf(&text, "%s/proc/self/fd/%d", i ? ":" : "", fds[i]);
    }
    option = buf_take(&text);
    if (!option)
        err_nomem(err);
    return option;
}

static int make_upper(const char *upper, char **upper_dir, char **work_dir,
                      struct lxcdriver_error **err)
{
    *upper_dir = str_printf("%s/upper", upper);
    *work_dir = str_printf("%s/work", upper);
    if (!*upper_dir || !*work_dir)
        return err_nomem(err);
    if (fs_mkdir_p(upper, 0700) < 0 || mkdir(*upper_dir, 0755) < 0 || mkdir(*work_dir, 0755) < 0)
        return err_sys(err, errno, "root filesystem: make the throw-away layer %s", upper);
    return 0;
}

static int overlay_mount(int fs, const char *lower, const char *upper, const char *work,
                         struct lxcdriver_error **err)
{
    if (fs_config(fs, "source", "runlxc") < 0 || fs_config(fs, "lowerdir", lower) < 0 ||
        fs_config(fs, "upperdir", upper) < 0 || fs_config(fs, "workdir", work) < 0)
        return overlay_error(fs, "set up the overlay", err);
    /* The layer is thrown away: it need not be synced to the disk when it is unmounted. Old kernels
     * do not know the word. */
    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
    if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return overlay_error(fs, "mount the overlay", err);
    return 0;
}

static int mount_layers(struct lxcdriver *drv, const struct command *cmd, struct rootfs *out,
                        struct lxcdriver_error **err)
{
    const struct strv *layers = &cmd->root.layers;
    cleanup_free char *lower = NULL, *upper_dir = NULL, *work_dir = NULL;
    cleanup_free int *fds = malloc(layers->n * sizeof(*fds));
    cleanup_close int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
    int result = -1;

    if (!fds)
        return err_nomem(err);
    memset(fds, -1, layers->n * sizeof(*fds));
    if (fs < 0)
        return err_sys(err, errno, "root filesystem: the kernel has no overlay filesystem");
    out->upper = rootfs_upper_path(drv, cmd->id);
    if (!out->upper)
        return err_nomem(err);
    if (make_upper(out->upper, &upper_dir, &work_dir, err) == 0)
        lower = lower_option(layers, fds, err);
    if (lower)
        result = overlay_mount(fs, lower, upper_dir, work_dir, err);
    for (size_t i = 0; i < layers->n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (result < 0)
        return -1;
    out->mount_fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
    return out->mount_fd < 0 ? overlay_error(fs, "mount the overlay", err) : 0;
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
        if (mount_layers(drv, cmd, out, err) < 0)
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
    if (root->fd >= 0)
        close(root->fd);
    if (root->mount_fd >= 0)
        close(root->mount_fd);
    free(root->path);
    free(root->upper);
    *root = (struct rootfs){.fd = -1, .mount_fd = -1};
}
