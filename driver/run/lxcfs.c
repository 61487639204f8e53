/*
 * lxcfs(1): a FUSE file system of the host's with files like those of /proc, which answer each
 * reader by the limits of the cgroups that it is in. Bound over the kernel's files in a container,
 * they make free, uptime and their like show its limits.
 */
#include "run/run.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define LXCFS_DIR "/var/lib/lxcfs"

/* Which of them there are depends on lxcfs' version. */
static const char *const files[] = {
    "/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
    "/proc/meminfo", "/proc/slabinfo",  "/proc/stat",
    "/proc/swaps",   "/proc/uptime",    "/sys/devices/system/cpu/online",
};

/* Whether something answers there: what a dead lxcfs leaves is a mount whose files are all
 * ENOTCONN.
 */
static int look_for_lxcfs(struct lxcdriver_error **err)
{
    struct statfs fs;

    if (statfs(LXCFS_DIR, &fs) < 0)
        return err_sys(err, errno, "lxcfs: " LXCFS_DIR);
    if ((unsigned long)fs.f_type != FUSE_SUPER_MAGIC)
        return err_set(err, "lxcfs: is not running: nothing is mounted on " LXCFS_DIR);
    if (access(LXCFS_DIR "/proc/meminfo", R_OK) < 0)
        return err_sys(err, errno, "lxcfs: " LXCFS_DIR "/proc/meminfo");
    return 0;
}

static const struct mount_spec *mount_on(const struct command *cmd, const char *destination)
{
    for (size_t i = cmd->n_mounts; i-- > 0;) {
        cleanup_free char *path = path_normalise(cmd->mounts[i].destination, NULL);

        if (str_eq(path, destination))
            return &cmd->mounts[i];
    }
    return NULL;
}

/* Whether a new procfs or sysfs is at `dir`: what else a command has there is its own affair. */
static bool kernel_is_on(const struct command *cmd, const char *dir, const char *type)
{
    const struct mount_spec *m = mount_on(cmd, dir);

    return m ? !(m->flags & MS_BIND) && str_eq(m->type, type) : cmd->default_mounts;
}

static int add_file(struct command *cmd, const char *path, struct lxcdriver_error **err)
{
    cleanup_free char *source = str_printf(LXCFS_DIR "%s", path);
    struct mount_spec *m;

    if (!source)
        return err_nomem(err);
    if (access(source, R_OK) < 0 || access(path, F_OK) < 0 || mount_on(cmd, path))
        return 0;
    m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);
    if (!m)
        return err_nomem(err);
    m->flags = MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    m->source = steal_ptr(&source);
    m->type = strdup("bind");
    m->destination = strdup(path);
    return m->type && m->destination ? 0 : err_nomem(err);
}

int lxcfs_prepare(struct command *cmd, struct lxcdriver_error **err)
{
    if (look_for_lxcfs(err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        bool proc = str_starts(files[i], "/proc/");

        if (kernel_is_on(cmd, proc ? "/proc" : "/sys", proc ? "proc" : "sysfs") &&
            add_file(cmd, files[i], err) < 0)
            return -1;
    }
    return 0;
}

int launch_prepare_lxcfs(struct launch *l, struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options *o = l->options;
    const struct command *cmd = l->cmd;
    bool said = pair_find(cmd->annotations, cmd->n_annotations, LXCFS_ANNOTATION);
    struct lxcdriver_error *warning cleanup_err = NULL;

    if (cmd->lxcfs)
        return lxcfs_prepare(l->cmd, err);
    if (said || !l->drv->conf.lxcfs)
        return 0;
    if (lxcfs_prepare(l->cmd, &warning) < 0 && o->on_warning)
        o->on_warning(o->opaque, err_message(warning));
    return 0;
}
