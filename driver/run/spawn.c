/* The supervisor: started, and given what it needs. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "shared/packet.h"
#include "shared/warm.h"

extern char **environ;

/* No signal blocked, none ignored: what we were started with must not be what a container starts
 * with. */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawnattr_setsigmask(attr, &none) != 0 ||
        posix_spawnattr_setsigdefault(attr, &all) != 0)
        return -1;
    return posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0 ? 0
                                                                                               : -1;
}

/* What the clean-up command finds a user's directories by; nothing else of the caller's is passed
 * on, nor anything to lxc-start. */
static void user_environment(char **env, size_t size)
{
    static const char *const names[] = {"XDG_RUNTIME_DIR=", "XDG_DATA_HOME=", "HOME="};
    size_t n = 0;

    for (char **at = environ; rootless() && *at && n + 1 < size; at++)
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            if (str_starts(*at, names[i]) && n + 1 < size)
                env[n++] = *at;
    env[n] = NULL;
}

/* Start `path` with `sock` as descriptor 3. 0 or an errno. */
int spawn_with_socket(const char *path, char *const *argv, int sock, pid_t *pid)
{
    char *env[4];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int code;

    user_environment(env, ARRAY_SIZE(env));
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attr) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    code =
        set_signals(&attr) < 0 ? ENOMEM : posix_spawn_file_actions_adddup2(&actions, sock, SUP_FD);
    if (code == 0)
        code = posix_spawn(pid, path, &actions, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

static int claim_error(const struct launch *l, int code, struct lxcdriver_error **err)
{
    if (code == EEXIST) {
        err_set(err, "container \"%s\" exists already in %s", l->cmd->id, l->drv->root);
        if (err && *err)
            (*err)->errno_code = EEXIST;
        return -1;
    }
    return err_sys(err, code, "make %s", l->dir);
}

int launch_claim(struct launch *l, struct lxcdriver_error **err)
{
    struct sup_msg msg;
    int got = packet_recv(l->sock, &msg, sizeof(msg), NULL, 0, NULL, NULL);

    if (got <= 0 || msg.type != SUP_CLAIMED)
        return err_set(err, "the supervisor %s did not start", l->drv->helper_dir);
    if (msg.errnum)
        return claim_error(l, msg.errnum, err);
    l->claimed = true;
    l->dir_fd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return l->dir_fd < 0 ? err_sys(err, errno, "open %s", l->dir) : 0;
}

int launch_spawn(struct launch *l, struct lxcdriver_error **err)
{
    cleanup_free char *helper = driver_helper(l->drv, "runlxc-supervise");
    char *argv[] = {helper,
                    l->drv->root,
                    l->cmd->id,
                    (char *)(warm_begun() ? SUP_WARM : SUP_COLD),
                    l->drv->cleanup,
                    (char *)"--root",
                    l->drv->root,
                    (char *)"delete",
                    (char *)"--force",
                    l->cmd->id,
                    NULL};
    cleanup_close int mine = -1, theirs = -1;
    int pair[2], code;

    if (!helper)
        return err_nomem(err);
    if (fs_mkdir_p(l->drv->root, 0711) < 0)
        return err_sys(err, errno, "make the root directory %s", l->drv->root);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_sys(err, errno, "make a socket");
    mine = pair[0];
    theirs = pair[1];
    code = spawn_with_socket(helper, argv, theirs, &l->supervisor);
    if (code)
        return err_sys(err, code, "start %s", helper);
    l->sock = steal_fd(&mine);
    close(steal_fd(&theirs));
    return 0;
}

/* A sealed copy in memory, where the kernel cannot make a read-only mount of the file. */
static int copy_shim(const char *path)
{
    cleanup_free char *data = NULL;
    cleanup_close int fd = memfd_create("runlxc-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t len = 0;

    if (fd < 0 || fs_read_at(AT_FDCWD, path, 16 << 20, &data, &len) < 0 ||
        fs_write_all(fd, data, len) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return -1;
    return steal_fd(&fd);
}

/*
 * The kernel shows the running executable as /proc/PID/exe, and a process in the container may open
 * that and write to it once it is no longer running (CVE-2019-5736). Through a detached read-only
 * mount of the file it cannot be written.
 */
int open_shim(const struct lxcdriver *drv, struct lxcdriver_error **err)
{
    cleanup_free char *path = driver_helper(drv, "runlxc-init");
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    cleanup_close int tree = -1;
    int fd = -1;

    if (!path)
        return err_nomem(err);
    tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree >= 0 && syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
        fd = steal_fd(&tree);
    else
        fd = copy_shim(path);
    if (fd < 0)
        err_sys(err, errno, "open %s", path);
    return fd;
}

int launch_hand_over(struct launch *l, struct lxcdriver_error **err)
{
    cleanup_close int record = openat(l->dir_fd, "supervise", O_RDONLY | O_CLOEXEC);
    cleanup_close int bootstrap = openat(l->dir_fd, "bootstrap", O_RDONLY | O_CLOEXEC);
    cleanup_close int exe = open_shim(l->drv, err);
    struct sup_msg msg = {.type = SUP_RECORD};
    int fds[SUP_OWN_MAX + SUP_SHIM_MAX + 1];
    size_t n = 0;

    if (exe < 0)
        return -1;
    if (record < 0 || bootstrap < 0)
        return err_sys(err, errno, "open the records in %s", l->dir);
    fds[n++] = record;
    fds[n++] = bootstrap;
    fds[n++] = exe;
    if (l->flags & SF_ROOTFS)
        fds[n++] = l->rootfs.mount_fd;
    if (l->flags & SF_LOG) {
        fds[n++] = l->log_fd;
        if (!(l->flags & SF_TERMINAL))
            fds[n++] = l->drain_fd;
    }
    if (l->flags & SF_STDIO)
        for (int i = 0; i < 3; i++)
            fds[n++] = l->stdio[i];
    if (l->flags & SF_NOTIFY) {
        fds[n++] = l->notify.sock;
        fds[n++] = l->notify.host;
    }
    for (size_t i = 0; i < l->n_attach; i++)
        fds[n++] = l->attach[i];
    if (l->cgroup_ns >= 0)
        fds[n++] = l->cgroup_ns;
    for (size_t i = 0; i < l->options->n_preserve; i++) {
        if (n == SUP_OWN_MAX + SUP_SHIM_MAX)
            return err_set(err, "more than %d descriptors to pass on", SUP_SHIM_MAX);
        fds[n++] = l->options->preserve[i];
    }
    if (packet_send(l->sock, &msg, sizeof(msg), fds, n) < 0)
        return err_sys(err, errno, "hand the container over to its supervisor");
    return 0;
}
