/*
 * Mounts that the shim attaches: copies of what is mounted here, made before anything is unshared.
 * The copy of a shared mount is its peer wherever it is attached; one that is made in a mount
 * namespace behind a slave never is.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/mountinfo.h"

#define MOUNTINFO_MAX ((size_t)64 << 20)

/* The mount that a file was reached through, in *text. Returns false when it is not of our mount
 * namespace. */
static bool find_mount(int fd, char *text, struct mountinfo *out)
{
    struct statx st;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
        return false;
    while (mountinfo_next(&text, out))
        if (out->id == st.stx_mnt_id)
            return true;
    return false;
}

/* A bundle may ask for what cannot be: its engine has looked at this, or wants it shared among the
 * container's processes. */
static int check_shared(const struct command *cmd, const struct mount_spec *m, int fd,
                        struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    struct mountinfo mount;

    if (cmd->oci_version || !(m->propagation & MS_SHARED))
        return 0;
    if (fs_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) < 0)
        return err_sys(err, errno, "read /proc/self/mountinfo");
    if (!find_mount(fd, text, &mount))
        return err_set(err, "mount %s: %s lies in no mount that is known here", m->destination,
                       m->source);
    if (mount.shared)
        return 0;
    return err_set(err,
                   "mount %s: %s cannot be shared with the host: it lies in the mount on %s, which "
                   "is not a shared mount",
                   m->destination, m->source, mount.target);
}

static int set_idmap(const struct command *cmd, const struct mount_spec *m, int mount,
                     struct lxcdriver_error **err)
{
    struct command own = {.uid_maps = m->uid_maps,
                          .n_uid_maps = m->n_uid_maps,
                          .gid_maps = m->gid_maps,
                          .n_gid_maps = m->n_gid_maps};
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
    cleanup_close int userns = -1;

    if (!m->idmap && !m->n_uid_maps)
        return 0;
    if (!m->n_uid_maps && !cmd->n_uid_maps)
        return err_set(err, "mount %s: idmap needs id maps, of the mount or of the container",
                       m->destination);
    userns = userns_open(m->n_uid_maps ? &own : cmd, err);
    if (userns < 0)
        return err_wrap(err, "mount %s", m->destination);
    attr.userns_fd = (uint64_t)userns;
    if (syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (m->idmap_rec ? AT_RECURSIVE : 0),
                &attr, sizeof(attr)) < 0)
        return err_sys(err, errno, "mount %s: shift the ids of %s", m->destination, m->source);
    return 0;
}

/* A detached copy, -1 on failure. What is not to be shared is no peer from the start, in none of
 * its parts. */
static int clone_source(const struct command *cmd, const struct mount_spec *m, int source,
                        struct lxcdriver_error **err)
{
    struct mount_attr slave = {.propagation = MS_SLAVE};
    unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    cleanup_close int mount = -1;

    mount = (int)syscall(SYS_open_tree, source, "",
                         flags | (m->flags & MS_REC ? (unsigned)AT_RECURSIVE : 0));
    if (mount < 0 || (!(m->propagation & MS_SHARED) &&
                      syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave,
                              sizeof(slave)) < 0))
        return err_sys(err, errno, "mount %s: source %s", m->destination, m->source);
    if (set_idmap(cmd, m, mount, err) < 0)
        return -1;
    return steal_fd(&mount);
}

static int add_clone(struct launch *l, const struct mount_spec *m, bool look_only,
                     struct lxcdriver_error **err)
{
    cleanup_close int source = open(m->source, O_PATH | O_CLOEXEC);
    int *mount;

    /* A start would make it, in a mount that nobody can know. */
    if (source < 0 && errno == ENOENT && look_only)
        return 0;
    if (source < 0)
        return err_sys(err, errno, "mount %s: source %s", m->destination, m->source);
    if (check_shared(l->cmd, m, source, err) < 0)
        return -1;
    if (look_only)
        return 0;
    mount = ARRAY_GROW(&l->attach, &l->n_attach);
    if (!mount)
        return err_nomem(err);
    *mount = m->detached_plus_one ? fcntl(m->detached_plus_one - 1, F_DUPFD_CLOEXEC, 10)
                                  : clone_source(l->cmd, m, source, err);
    return *mount < 0 ? -1 : 0;
}

int launch_clone_mounts(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    cleanup_free size_t *mounts = NULL;
    size_t n;

    if (config_attached(l->cmd, l->targets.targets, &mounts, &n, err) < 0)
        return -1;
    if (n > SUP_SHIM_MAX)
        return err_set(err, "mounts: %zu of them are shared or lie in others that are; %d can be",
                       n, SUP_SHIM_MAX);
    for (size_t i = 0; i < n; i++)
        if (add_clone(l, &l->cmd->mounts[mounts[i]], look_only, err) < 0)
            return -1;
    return 0;
}
