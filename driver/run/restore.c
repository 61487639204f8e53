/* Bringing back what a checkpoint has written: a launch with another helper in lxc-start's place.
 */
#include "run/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/criu.h"

#define CONF_NAME "restore.conf"
#define LOG_NAME "restore.log"

static bool has_hooks_inside(const struct command *cmd)
{
    return cmd->n_hooks[HOOK_PRESTART] || cmd->n_hooks[HOOK_CREATE_RUNTIME] ||
           cmd->n_hooks[HOOK_CREATE_CONTAINER] || cmd->n_hooks[HOOK_START_CONTAINER];
}

/* What CRIU would make anew, or what the shim does and CRIU does not, is refused. */
static int check_command(const struct command *cmd, struct lxcdriver_error **err)
{
    static const struct {
        enum ns_kind kind;
        const char *name;
    } kinds[] = {{NS_PID, "pid"}, {NS_MNT, "mount"},     {NS_IPC, "ipc"},
                 {NS_UTS, "uts"}, {NS_CGROUP, "cgroup"}, {NS_TIME, "time"}};

    if (cmd->process.terminal)
        return err_set(err, "process.terminal: true: CRIU brings no terminal of a container back");
    if (cmd->n_uid_maps > 0 || cmd->ns[NS_USER].mode == NS_PATH)
        return err_set(err, "linux.namespaces: user: no container comes back into a user "
                            "namespace");
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (cmd->ns[kinds[i].kind].mode == NS_PATH)
            return err_set(err,
                           "linux.namespaces: %s: path \"%s\": a container comes back into a "
                           "network namespace that is there, but into no other",
                           kinds[i].name, cmd->ns[kinds[i].kind].path);
    if (has_hooks_inside(cmd))
        return err_set(err, "hooks: prestart, createRuntime, createContainer and startContainer "
                            "belong to a start, and there is none");
    return 0;
}

int restore_check(const struct launch *l, struct lxcdriver_error **err)
{
    const char *dir = l->options->restore->image_dir;
    cleanup_free char *criu = criu_find(err);
    cleanup_free char *inventory = str_printf("%s/inventory.img", dir);

    if (!criu)
        return -1;
    if (!inventory)
        return err_nomem(err);
    if (access(inventory, R_OK) < 0)
        return err_sys(err, errno, "%s is not what CRIU has written: %s", dir, inventory);
    return check_command(l->cmd, err);
}

/* What liblxc's restore leaves undone is done here for cgroup v2 alone. */
static int check_cgroups(const struct launch *l, struct lxcdriver_error **err)
{
    if (l->cmd->rootless)
        return err_set(err, "only root brings containers back, since liblxc asks for it");
    if (l->layout.mode != CGROUP_V2 || l->payload.n == 0)
        return err_set(err, "this host has cgroup v1, whose limits would not come back: restore "
                            "needs cgroup v2 alone");
    if (l->unit || l->cmd->systemd_cgroup)
        return err_set(err, "systemd's cgroup driver: no container comes back into a unit");
    if (l->cmd->system_container || l->cmd->own_cgroups)
        return err_set(err, "a system container, which has cgroups of its own, cannot come back");
    if (l->cmd->n_lxc_conf > 0)
        return err_set(err, "LXC's key %s: raw keys are for a start, and there is none",
                       l->cmd->lxc_conf[0].key);
    return 0;
}

static int write_conf(const struct launch *l, int images, struct lxcdriver_error **err)
{
    const struct lxcdriver_restore_options *o = l->options->restore;
    struct criu_streams streams cleanup_criu_streams = {{NULL}};
    cleanup_buf struct buf conf = {0};

    if (criu_streams_read(images, o->image_dir, &streams, err) < 0)
        return -1;
    for (int i = 0; i < RESTORE_STREAMS; i++)
        if (streams.names[i])
            buf_printf(&conf, "inherit-fd fd[%d]:%s\n", RESTORE_STREAM_FD + i, streams.names[i]);
    if (l->ns_path[NS_NET])
        buf_printf(&conf, "inherit-fd fd[%d]:" RESTORE_NET_NAME "\n", RESTORE_NET_FD);
    criu_conf_words(&conf, o->ext_unix_sk, o->shell_job, o->auto_dedup);
    return criu_conf_write(l->dir_fd, l->dir, CONF_NAME, &conf, err);
}

/* Until here what has come back is frozen: the helper has seen to that. */
int restore_finish(const struct launch *l, struct lxcdriver_error **err)
{
    cleanup_cgroup_values struct cgroup_values values = {0};
    const struct config_facts facts = {.cgroup_mode = l->layout.mode,
                                       .v1_controllers = &l->layout.v1_controllers,
                                       .v2_controllers = &l->layout.v2_controllers};

    if (criu_hierarchy_mend(l->cgroup_options, err) < 0 ||
        cgroup_values_make(l->cmd, &facts, &values, err) < 0 ||
        cgroup_write(&l->payload, &values, err) < 0)
        return -1;
    return cgroup_freeze(&l->payload, false, err);
}

static int write_fields(const struct launch *l, struct lxcdriver_error **err)
{
    const char *dir = l->options->restore->image_dir;
    const char *profile = l->cmd->process.apparmor_profile, *net = l->ns_path[NS_NET];
    cleanup_close int images = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *conf = str_printf("%s/" CONF_NAME, l->dir), *criu = criu_find(err);
    cleanup_free char *freeze = str_printf("%s/cgroup.freeze", l->payload.dirs[0].path);
    cleanup_buf struct buf fields = {0};

    if (!criu)
        return -1;
    if (images < 0)
        return err_sys(err, errno, "open %s", dir);
    /* One that lies there is of an earlier attempt, and would tell why that failed. */
    if (unlinkat(images, LOG_NAME, 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "remove %s/" LOG_NAME, dir);
    if (!conf || !freeze)
        return err_nomem(err);
    if (write_conf(l, images, err) < 0)
        return -1;
    for (size_t i = 0; i < RESTORE_FIELDS; i++) {
        const char *const values[RESTORE_FIELDS] = {
            [RESTORE_IMAGES] = dir,
            [RESTORE_CONF] = conf,
            [RESTORE_CRIU_DIR] = criu,
            [RESTORE_APPARMOR] = profile ? profile : "",
            [RESTORE_NET] = net ? net : "",
            [RESTORE_ROOT] = l->cmd->root.readonly ? l->rootfs.path : "",
            [RESTORE_FREEZE] = freeze,
            [RESTORE_NO_NEW_PRIVS] = l->cmd->process.no_new_privs ? "1" : "",
        };

        buf_append(&fields, values[i], strlen(values[i]) + 1);
    }
    if (fields.failed)
        return err_nomem(err);
    return fs_write_atomic(l->dir_fd, RESTORE_FILE, fields.data, fields.len, 0600) < 0
               ? err_sys(err, errno, "write %s/" RESTORE_FILE, l->dir)
               : 0;
}

int restore_prepare(struct launch *l, struct lxcdriver_error **err)
{
    if (check_cgroups(l, err) < 0)
        return -1;
    if (cgroup_dirs_make(&l->layout, &l->payload, err) < 0)
        return -1;
    /* LXC makes its directory itself; those above it give it their controllers now. */
    if (rmdir(l->payload.dirs[0].path) < 0)
        return err_sys(err, errno, "remove %s", l->payload.dirs[0].path);
    l->cgroup_options = criu_hierarchy_options();
    return l->cgroup_options ? write_fields(l, err) : err_nomem(err);
}

int restore_failure(const struct launch *l, struct lxcdriver_error **err)
{
    const char *dir = l->options->restore->image_dir;
    cleanup_free char *why = criu_reason(dir, LOG_NAME);

    if (!why)
        return -1;
    err_free(err);
    return err_set(err, "CRIU: %s (%s/" LOG_NAME ")", why, dir);
}

int lxcdriver_restore(struct lxcdriver *drv, struct lxcdriver_command *command,
                      const struct lxcdriver_restore_options *restore,
                      const struct lxcdriver_run_options *options, int *status,
                      struct lxcdriver_error **err)
{
    struct lxcdriver_run_options with = *options;

    with.restore = restore;
    with.notify_socket = NULL; /* what is in the images is connected to nothing of ours */
    return lxcdriver_run(drv, command, &with, status, err) < 0 ? err_wrap(err, "restore") : 0;
}
