#include "run/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/rootless.h"
#include "shared/packet.h"

#define WHAT_MAX 512

/* A failure as it crosses from the child: a sentence and an errno. */
struct failure {
    int code;
    char what[WHAT_MAX];
};

static int fail(struct failure *f, const char *what, const char *detail)
{
    f->code = errno;
    snprintf(f->what, sizeof(f->what), "%s%s%s", what, detail ? " " : "", detail ? detail : "");
    return -1;
}

static int fs_config(int fs, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

/* What overlayfs itself says about a failure is in the context's message queue: "e overlay: ...".
 */
static int fail_overlay(struct failure *f, int fs, const char *what)
{
    char text[WHAT_MAX / 2], said[WHAT_MAX / 2];
    int code = errno;
    ssize_t got = read(fs, text, sizeof(text) - 1);

    errno = code;
    if (got <= 2 || text[0] != 'e')
        return fail(f, what, NULL);
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    snprintf(said, sizeof(said), "%s:", what);
    return fail(f, said, text + 2);
}

/* A layer by descriptor: no path needs overlayfs' escapes for ':' and ',', and the options stay
 * short. */
static int open_layer(const char *path, struct failure *f)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? fail(f, "layer", path) : fd;
}

static int mount_overlay(int fs, const char *lower, const char *upper, const char *work,
                         struct failure *f)
{
    if (fs_config(fs, "source", "runlxc") < 0 || fs_config(fs, "lowerdir", lower) < 0 ||
        fs_config(fs, "upperdir", upper) < 0 || fs_config(fs, "workdir", work) < 0)
        return fail_overlay(f, fs, "set up the overlay");
    /* The layer is thrown away: it need not be synced to the disk when it is unmounted. Old kernels
     * do not know the word. */
    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
    /* Its marks on files are "trusted." attributes, which are the host's root's. */
    if (rootless() && syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
        return fail_overlay(f, fs, "set up the overlay");
    if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return fail_overlay(f, fs, "mount the overlay");
    return 0;
}

static int make_mount(const int *lower_fds, size_t n, const char *upper, const char *work,
                      struct failure *f)
{
    cleanup_close int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
    cleanup_buf struct buf lower = {0};
    int fd;

    if (fs < 0)
        return fail(f, "the kernel has no overlay filesystem", NULL);
    for (size_t i = 0; i < n; i++)
        buf_printf(&lower, "%s/proc/self/fd/%d", i ? ":" : "", lower_fds[i]);
    if (lower.failed) {
        errno = ENOMEM;
        return fail(f, "set up the overlay", NULL);
    }
    if (mount_overlay(fs, lower.data, upper, work, f) < 0)
        return -1;
    fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
    return fd < 0 ? fail_overlay(f, fs, "mount the overlay") : fd;
}

/* ---- shifted layers ---- */

/*
 * A clone of a directory's mount, shifted, at a place in this (the child's own) mount namespace:
 * kernels before 6.13 take no detached mount for a layer. Each goes on top of the one before; the
 * descriptor stays on its own.
 */
static int shift(const char *path, int userns, const char *mount_at, struct failure *f)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree < 0)
        return fail(f, "layer", path);
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) {
        fail(f,
             errno == EINVAL ? "the filesystem cannot be mounted with shifted ids (as tmpfs before "
                               "Linux 6.3):"
                             : "shift the ownership of",
             path);
        close(tree);
        return -1;
    }
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, mount_at, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
        fail(f, "place", path);
        close(tree);
        return -1;
    }
    return tree;
}

static int mount_shifted(const struct strv *layers, const char *upper, const char *work, int userns,
                         const char *mount_at, struct failure *f)
{
    cleanup_free int *fds = calloc(layers->n + 1, sizeof(*fds));

    if (!fds) {
        errno = ENOMEM;
        return fail(f, "set up the overlay", NULL);
    }
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return fail(f, "make a mount namespace", NULL);
    for (size_t i = 0; i < layers->n; i++)
        if ((fds[i] = shift(layers->items[i], userns, mount_at, f)) < 0)
            return -1;
    return make_mount(fds, layers->n, upper, work, f);
}

/* In a child, whose mount namespace ends with it; the overlay holds its layers by itself. */
static int in_child(const struct strv *layers, const char *upper, const char *work, int userns,
                    const char *mount_at, struct failure *f)
{
    int pair[2], fd = -1;
    size_t n = 0;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail(f, "make a socket", NULL);
    pid = fork();
    if (pid == 0) {
        fd = mount_shifted(layers, upper, work, userns, mount_at, f);
        packet_send(pair[1], f, sizeof(*f), &fd, fd >= 0 ? 1 : 0);
        _exit(0);
    }
    close(pair[1]);
    if (pid < 0 || packet_recv(pair[0], f, sizeof(*f), &fd, 1, &n, NULL) <= 0)
        fail(f, "mount the overlay", NULL);
    close(pair[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return n == 1 ? fd : -1;
}

static int plain(const struct strv *layers, const char *upper, const char *work, struct failure *f)
{
    cleanup_free int *fds = calloc(layers->n + 1, sizeof(*fds));
    size_t opened = 0;
    int fd = -1;

    if (!fds) {
        errno = ENOMEM;
        return fail(f, "set up the overlay", NULL);
    }
    while (opened < layers->n && (fds[opened] = open_layer(layers->items[opened], f)) >= 0)
        opened++;
    if (opened == layers->n)
        fd = make_mount(fds, opened, upper, work, f);
    while (opened > 0)
        close(fds[--opened]);
    return fd;
}

int overlay_mount(const struct strv *layers, const char *upper, const char *work, int userns_fd,
                  const char *mount_at, struct lxcdriver_error **err)
{
    struct failure f = {0};
    int fd = userns_fd < 0 ? plain(layers, upper, work, &f)
                           : in_child(layers, upper, work, userns_fd, mount_at, &f);

    if (fd < 0)
        err_sys(err, f.code, "root filesystem: %s", f.what);
    return fd;
}
