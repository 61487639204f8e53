#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "config/section.h"

#define SHM_SIZE (INT64_C(64) << 20)

/* A user namespace may mount these file systems only where it also owns the namespace that they
 * show. */
static bool owns(const struct section *s, enum ns_kind k)
{
    return !ns_no_nodes(s->cmd) || ns_is_new(s->cmd, k, s->facts->ns_path[k]);
}

/* With the host's IPC namespace, POSIX shared memory is the host's as well. */
static int default_shm(struct section *s)
{
    int64_t size = s->cmd->shm_size == RES_UNSET ? SHM_SIZE : s->cmd->shm_size;
    cleanup_free char *options = NULL;

    if (ns_is_host(s->cmd, NS_IPC) && !s->facts->ns_path[NS_IPC])
        return section_include(s, "mount-shm-host.conf");
    if (size == SHM_SIZE)
        return section_include(s, "mount-shm.conf");
    options = str_printf("nosuid,nodev,noexec,mode=1777,size=%" PRId64 ",create=dir", size);
    if (!options)
        return err_nomem(s->err);
    return config_mount_entry(s->out, "shm", "dev/shm", "tmpfs", options, "shm_size", s->err);
}

static int default_cgroup(struct section *s)
{
    const struct mount_spec m = {.flags = cgroup_default_flags(s->cmd)};

    return config_cgroup_mount(s, &m, CGROUP_PLACE, TARGET_EXISTS);
}

static int default_mounts(struct section *s, const struct mount_survey *survey)
{
    const struct command *cmd = s->cmd;

    if (mount_default(cmd, survey, DEFAULT_PROC) &&
        section_include(s, owns(s, NS_PID) ? "mount-proc.conf" : "mount-proc-host.conf") < 0)
        return -1;
    if (mount_default(cmd, survey, DEFAULT_SYS) &&
        section_include(s, !owns(s, NS_NET)  ? "mount-sys-host.conf"
                           : cmd->privileged ? "mount-sys-rw.conf"
                                             : "mount-sys.conf") < 0)
        return -1;
    if (mount_default(cmd, survey, DEFAULT_DEV) && section_include(s, "mount-dev.conf") < 0)
        return -1;
    if (mount_default(cmd, survey, DEFAULT_PTS) && section_include(s, "devpts.conf") < 0)
        return -1;
    if (mount_default(cmd, survey, DEFAULT_SHM) && default_shm(s) < 0)
        return -1;
    if (mount_default(cmd, survey, DEFAULT_MQUEUE) &&
        section_include(s, owns(s, NS_IPC) ? "mount-mqueue.conf" : "mount-mqueue-host.conf") < 0)
        return -1;
    return mount_default(cmd, survey, DEFAULT_CGROUP) ? default_cgroup(s) : 0;
}

const char *mount_create_word(int create)
{
    return create == TARGET_CREATE_DIR    ? ",create=dir"
           : create == TARGET_CREATE_FILE ? ",create=file"
                                          : "";
}

/* The driver's own files: resolv.conf, hosts, the environment. */
static int binds(struct section *s)
{
    for (size_t i = 0; i < s->facts->n_binds; i++) {
        const struct config_bind *b = &s->facts->binds[i];
        cleanup_free char *options = str_printf("bind%s%s", b->readonly ? ",ro" : "",
                                                mount_create_word((int)b->target.create));

        if (!options)
            return err_nomem(s->err);
        if (config_mount_entry(s->out, b->source, b->target.path, "none", options, b->target.path,
                               s->err) < 0)
            return -1;
    }
    return 0;
}

static int dockerenv(struct section *s)
{
    cleanup_free char *source = NULL;

    if (!s->facts->dockerenv)
        return 0;
    source = str_printf("%s/config.env", s->facts->state_dir);
    if (!source)
        return err_nomem(s->err);
    return config_mount_entry(s->out, source, ".dockerenv", "none", "bind,ro,create=file",
                              ".dockerenv", s->err);
}

static int lxc_mount(struct section *s, size_t i, const struct mount_plan *plan)
{
    const struct mount_spec *m = &s->cmd->mounts[i];
    cleanup_free char *field = str_printf("mounts[%zu]", i);
    cleanup_buf struct buf options = {0};
    const char *source = m->source ? m->source : m->type;

    if (!field)
        return err_nomem(s->err);
    if (mount_options(m, plan, field, &options, s->err) < 0)
        return -1;
    buf_puts(&options, mount_create_word(plan->create));
    if (options.failed)
        return err_nomem(s->err);
    return config_mount_entry(s->out, source, plan->path, plan->bind ? "none" : m->type,
                              options.data, field, s->err);
}

static int command_mounts(struct section *s)
{
    cleanup_plans struct mount_plans plans = {0};

    if (mount_plans_make(s->cmd, s->facts->targets, &plans, s->err) < 0)
        return -1;
    for (size_t i = 0; i < plans.n; i++) {
        int ret = 0;

        switch (plans.items[i].way) {
        case MOUNT_LXC:
            ret = lxc_mount(s, i, &plans.items[i]);
            break;
        case MOUNT_CGROUP:
            ret = config_cgroup_mount(s, &s->cmd->mounts[i], plans.items[i].path,
                                      plans.items[i].create);
            break;
        case MOUNT_DEVPTS:
            ret = section_include(s, "devpts.conf");
            break;
        case MOUNT_SHIM:
        case MOUNT_ATTACH:
            buf_printf(s->out, "# mounts[%zu]: by the init shim\n", i);
            break;
        case MOUNT_ATTR:
            break;
        }
        if (ret < 0)
            return -1;
    }
    return 0;
}

/* What LXC would otherwise destroy. It looks whether /proc/self is itself, and replaces a /proc
 * that says otherwise: a procfs on top pleases it, and serves its start of the shim, which takes it
 * away. When it makes no devpts it detaches what is topmost on /dev/pts: that had better not be the
 * user's. */
static int shields(struct section *s, const struct mount_survey *survey)
{
    bool host_dev = survey->given[DEFAULT_DEV] && !survey->own_dev;

    if (!survey->proc &&
        section_include(s, owns(s, NS_PID) ? "mount-proc.conf" : "mount-proc-host.conf") < 0)
        return -1;
    if (!survey->pts && (survey->pts_foreign || host_dev))
        return section_include(s, "devpts-shield.conf");
    return 0;
}

int config_mounts(struct section *s)
{
    struct mount_survey survey;

    if (mount_survey_make(s->cmd, s->facts->targets, &survey, s->err) < 0 ||
        default_mounts(s, &survey) < 0 || binds(s) < 0 || command_mounts(s) < 0 ||
        shields(s, &survey) < 0)
        return -1;
    return dockerenv(s);
}
