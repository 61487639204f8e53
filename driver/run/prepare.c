/* From a command to the files in the container's directory and the supervisor's record. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "host/proc.h"
#include "run/hooks.h"
#include "run/listener.h"
#include "run/notify.h"
#include "run/restore.h"
#include "spec/readers.h"

#define ID_CGROUP_MAX 240         /* the longest id that a cgroup is called after as it is */
#define ID_LXC_MAX (NAME_MAX - 1) /* LXC's lock is a file ".ID" */
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *template_path(void *opaque, const char *name)
{
    return driver_template(opaque, name);
}

/* The environment but for HOME, which only the shim can know. */
static int make_env(struct launch *l, struct lxcdriver_error **err)
{
    const struct process_spec *p = &l->cmd->process;

    if (strv_copy(&l->env, &p->env) < 0)
        return err_nomem(err);
    if (l->cmd->engine)
        return 0; /* a bundle says all of it */
    if (!env_get(&l->env, "PATH") && strv_add(&l->env, DEFAULT_PATH) < 0)
        return err_nomem(err);
    if (p->terminal && !env_get(&l->env, "TERM") && strv_add(&l->env, "TERM=xterm") < 0)
        return err_nomem(err);
    return env_set(&l->env, "container=lxc", err);
}

/* The environment file, as a mount like any other: it goes through the same walk of a root that may
 * be hostile. */
static int add_dockerenv(struct launch *l, struct lxcdriver_error **err)
{
    struct mount_spec *m = ARRAY_GROW(&l->cmd->mounts, &l->cmd->n_mounts);

    if (!m)
        return err_nomem(err);
    m->flags = MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    m->propagation = MS_PRIVATE;
    m->type = strdup("bind");
    m->destination = strdup("/.dockerenv");
    m->source = str_printf("%s/config.env", l->dir);
    return m->type && m->destination && m->source ? 0 : err_nomem(err);
}

/*
 * What its cgroups are named after: the id, where a word of ours has room in front of it. Engines
 * use the same id under other roots as well.
 */
static char *cgroup_name(const struct launch *l)
{
    return l->cmd->engine || strlen(l->cmd->id) > ID_CGROUP_MAX
               ? driver_short_name(l->drv, l->cmd->id)
               : strdup(l->cmd->id);
}

/* An engine may have made the directory; what is in use is not taken. */
static int take_existing(const struct cgroup_dir *dir, struct lxcdriver_error **err)
{
    if (access(dir->path, F_OK) < 0 || rmdir(dir->path) == 0)
        return 0;
    return err_set(err, "cgroup %s exists already and is in use", dir->path);
}

static int cgroup_paths(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;
    cleanup_free char *name = cgroup_name(l);

    if (!name)
        return err_nomem(err);
    if (cmd->systemd_cgroup) {
        if (launch_unit(l, look_only, err) < 0)
            return -1;
    } else if (cmd->cgroups_path)
        l->cgroup_container = strdup(cmd->cgroups_path + strspn(cmd->cgroups_path, "/"));
    else if (cmd->cgroup_parent)
        l->cgroup_container =
            str_printf("%s/%s", cmd->cgroup_parent + strspn(cmd->cgroup_parent, "/"), cmd->id);
    else
        l->cgroup_container = str_printf("runlxc.payload.%s", name);
    l->cgroup_monitor = str_printf("runlxc.monitor.%s", name);
    l->cgroup_pivot = str_printf("runlxc.pivot.%s", name);
    if (!l->cgroup_container || !l->cgroup_monitor || !l->cgroup_pivot)
        return err_nomem(err);
    if (cgroup_dirs_of(&l->layout, l->cgroup_container, &l->payload, err) < 0 ||
        cgroup_dirs_of(&l->layout, l->cgroup_monitor, &l->monitor, err) < 0)
        return -1;
    for (size_t i = 0; i < l->payload.n; i++)
        if (take_existing(&l->payload.dirs[i], err) < 0)
            return -1;
    return 0;
}

/*
 * What a container sees of the hierarchies that has no cgroup namespace of its own: on v1 each of
 * its own directories, where the host has the hierarchy. On v2 there is one mount only, of the
 * whole. LXC knows no hierarchy that is mounted elsewhere, and makes no directory there.
 */
static int visible_hierarchies(struct launch *l, struct lxcdriver_error **err)
{
    static const char place[] = "/sys/fs/cgroup/";

    if (l->layout.mode == CGROUP_V2 || l->cmd->ns[NS_CGROUP].mode == NS_NEW || l->cmd->own_cgroups)
        return 0;
    for (size_t i = 0; i < l->layout.n; i++) {
        const char *mount = l->layout.hierarchies[i].mount;
        struct config_hierarchy *h;

        if (!str_starts(mount, place) || strchr(mount + strlen(place), '/'))
            continue;
        h = ARRAY_GROW(&l->hierarchies, &l->n_hierarchies);
        if (!h)
            return err_nomem(err);
        *h = (struct config_hierarchy){.name = mount + strlen(place),
                                       .source = l->payload.dirs[i].path};
    }
    return 0;
}

static int write_config(struct launch *l, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;
    struct config_facts facts = {
        .state_dir = l->dir,
        .rootfs_path = l->rootfs.path,
        .cgroup_mode = l->layout.mode,
        .v1_controllers = &l->layout.v1_controllers,
        .v2_controllers = &l->layout.v2_controllers,
        .template_path = template_path,
        .opaque = l->drv,
        .targets = l->targets.targets,
        .host_if = l->host_if,
        .bridge = l->net.bridge,
        .mtu = l->mtu,
        .mac = l->mac,
        .cgroup_container = l->cgroup_container,
        .cgroup_monitor = l->cgroup_monitor,
        .cgroup_pivot = l->cgroup_pivot,
        .hierarchies = l->hierarchies,
        .n_hierarchies = l->n_hierarchies,
        .inherit_keyring = cmd->no_new_keyring,
        .keep_apparmor = l->apparmor.confined,
        .idmap_root = cmd->root.idmap && cmd->root.layers.n == 0,
    };

    for (int i = 0; i < NS_KINDS; i++)
        facts.ns_path[i] = l->ns_path[i];
    return config_write(cmd, &facts, &l->config, err);
}

static int write_bootstrap(struct launch *l, struct lxcdriver_error **err)
{
    struct bootstrap_facts facts = {
        .flags = (l->drain_fd >= 0 || l->options->use_stdio ? WF_CHOWN_STDIO : 0) |
                 (l->cgroup_ns >= 0 ? WF_CGROUP_NS : 0) | (l->flags & SF_NOTIFY ? WF_NOTIFY : 0),
        .env = &l->env,
        .seccomp = l->seccomp.insns,
        .seccomp_len = l->seccomp.n * sizeof(*l->seccomp.insns),
        .seccomp_flags = l->seccomp.flags,
        .interface = l->net.host_if ? l->net.name : NULL,
        .mtu = l->mtu,
        .addresses = l->net.addresses,
        .n_addresses = l->net.n_addresses,
        .gateways = l->net.gateways,
        .n_gateways = l->net.n_gateways,
        .targets = l->targets.targets,
        .kcore = access("/proc/kcore", F_OK) == 0,
        .hierarchies = l->hierarchies,
        .n_hierarchies = l->n_hierarchies,
    };

    return bootstrap_write(l->cmd, &facts, &l->bootstrap, err);
}

static bool maps_ids(const struct command *cmd)
{
    for (size_t i = 0; i < cmd->n_lxc_conf; i++)
        if (str_starts(cmd->lxc_conf[i].key, "lxc.idmap"))
            return true;
    return cmd->n_uid_maps > 0;
}

static uint64_t supervisor_flags(const struct launch *l)
{
    const struct command *cmd = l->cmd;
    uint64_t flags = l->flags;
    bool own_pids = cmd->ns[NS_PID].mode == NS_NEW && !cmd->pid_container;

    if (l->layout.root_shared)
        flags |= SF_RSLAVE;
    if (!own_pids)
        flags |= SF_KILL_CGROUP;
    if (cmd->n_lxc_conf > 0)
        flags |= SF_LXC_TEARDOWN;
    if (config_hooks_before_pivot(cmd))
        flags |= SF_HOOKS;
    if (maps_ids(cmd))
        flags |= SF_IDMAP;
    if (cmd->own_cgroups)
        flags |= SF_OWN_CGROUPS;
    if (cmd->rootless && rootless_denies_groups())
        flags |= SF_NO_SETGID;
    if (cmd->process.terminal)
        flags |= SF_TERMINAL;
    if (l->rootfs.mount_fd >= 0)
        flags |= SF_ROOTFS;
    if (flags & SF_ENGINE && cmd->supervisor_inside)
        flags |= SF_JOIN_CGROUPS;
    /* lxc-start has a profile of its own, from the package lxc, and keeps it but for these: what is
     * privileged may mount what that denies, and a hook that LXC runs for us is the host's own
     * program, which OCI gives all that its caller has. */
    if ((cmd->privileged || flags & SF_HOOKS) && l->apparmor.present && !l->apparmor.confined)
        flags |= SF_UNCONFINED;
    if (l->apparmor.present)
        flags |= SF_LEASH;
    if (l->options->restore)
        flags |= SF_RESTORE;
    return flags;
}

static void add_cgroups(struct launch *l, uint32_t tag, const struct cgroup_dirs *dirs)
{
    for (size_t i = 0; i < dirs->n; i++)
        record_add_string(&l->record, tag, dirs->dirs[i].path);
}

/* Where lxc-start goes: to the supervisor, which need not be where we are (unit_reach_start()).
 * LXC's own teardown leaves its pivot directories behind; ours makes none, but a start may fail
 * before we are in charge. */
static int add_others(struct launch *l, struct lxcdriver_error **err)
{
    struct cgroup_dirs dirs = {0};
    bool own = l->cmd->own_cgroups;
    pid_t home = l->supervisor ? l->supervisor : getpid();

    if ((own ? cgroup_dirs_of_pid(&l->layout, home, &dirs, err)
             : cgroup_dirs_of(&l->layout, l->cgroup_pivot, &dirs, err)) < 0)
        return -1;
    if (!own)
        add_cgroups(l, SUPT_MONITOR_CGROUP, &l->monitor);
    add_cgroups(l, own ? SUPT_HOME_CGROUP : SUPT_MONITOR_CGROUP, &dirs);
    cgroup_dirs_clear(&dirs);
    return 0;
}

static void add_oom_file(struct launch *l)
{
    const struct cgroup_dir *memory = cgroup_dir_find(&l->payload, "memory");
    cleanup_free char *path = NULL;

    if (!memory)
        return;
    path = str_printf("%s/%s", memory->path, memory->v2 ? "memory.events" : "memory.oom_control");
    if (path)
        record_add_string(&l->record, SUPT_OOM_FILE, path);
}

static const char *lxc_log_level(const char *level)
{
    return str_eq(level, "debug") || str_eq(level, "trace") ? "TRACE"
           : str_eq(level, "info")                          ? "INFO"
                                                            : "WARN";
}

static int add_lxc_name(struct launch *l, struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL, *config = NULL;

    if (strlen(l->cmd->id) <= ID_LXC_MAX)
        return 0;
    name = driver_short_name(l->drv, l->cmd->id);
    config = str_printf("%s/config", l->dir);
    if (!name || !config)
        return err_nomem(err);
    record_add_string(&l->record, SUPT_LXC_NAME, name);
    record_add_string(&l->record, SUPT_LXC_CONFIG, config);
    return 0;
}

/* How long CRIU takes depends on how much memory there is to fill. */
static int start_timeout(const struct launch *l)
{
    if (l->options->start_timeout_s > 0)
        return l->options->start_timeout_s;
    return l->options->restore ? 600 : (int)l->drv->conf.start_timeout_s;
}

static int write_record(struct launch *l, struct lxcdriver_error **err)
{
    int timeout = start_timeout(l);
    cleanup_free char *log = str_printf("%s/lxc.log", l->dir);
    cleanup_free char *guard = driver_helper(l->drv, "runlxc-guard.so");
    cleanup_free char *helper = l->options->restore ? driver_helper(l->drv, RESTORE_HELPER) : NULL;

    if (!log || !guard || (l->options->restore && !helper))
        return err_nomem(err);
    l->flags = supervisor_flags(l);
    record_begin(&l->record);
    record_add_u64(&l->record, SUPT_FLAGS, l->flags);
    record_add_u64(&l->record, SUPT_TIMEOUT_MS, (uint64_t)timeout * 1000);
    record_add_string(&l->record, SUPT_LXC_START, helper ? helper : l->drv->conf.lxc_start);
    record_add_string(&l->record, SUPT_GUARD, guard);
    record_add_string(&l->record, SUPT_LOG_FILE, log);
    record_add_string(&l->record, SUPT_LOG_LEVEL, lxc_log_level(l->drv->conf.log_level));
    add_cgroups(l, SUPT_PAYLOAD_CGROUP, &l->payload);
    if (add_others(l, err) < 0 || add_lxc_name(l, err) < 0)
        return -1;
    add_oom_file(l);
    if (l->ns_path[NS_TIME])
        record_add_string(&l->record, SUPT_TIME_NS, l->ns_path[NS_TIME]);
    if (l->host_if)
        record_add_string(&l->record, SUPT_HOST_IF, l->host_if);
    if (l->unit)
        record_add_string(&l->record, SUPT_UNIT, l->unit);
    if (l->rootfs.upper)
        record_add_string(&l->record, SUPT_UPPER, l->rootfs.upper);
    for (size_t i = 0; i < l->targets.made.n; i++)
        record_add_string(&l->record, SUPT_MADE, l->targets.made.items[i]);
    if (listener_record(l, err) < 0)
        return -1;
    return l->record.failed ? err_nomem(err) : 0;
}

static int write_file(struct launch *l, const char *name, const struct buf *text,
                      struct lxcdriver_error **err)
{
    int fd;

    if (text->failed)
        return err_nomem(err);
    /* The directory is new and nobody reads before we say so: no need for a temporary name. */
    fd = openat(l->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fs_write_all(fd, text->data, text->len) < 0) {
        int code = errno;

        if (fd >= 0)
            close(fd);
        return err_sys(err, code, "write %s/%s", l->dir, name);
    }
    close(fd);
    return 0;
}

static int write_files(struct launch *l, struct lxcdriver_error **err)
{
    /* The record first: it is what a clean-up goes by. */
    if (write_file(l, "supervise", &l->record, err) < 0 ||
        write_file(l, "config", &l->config, err) < 0 ||
        write_file(l, "bootstrap", &l->bootstrap, err) < 0 ||
        hooks_save(l->dir_fd, l->cmd, err) < 0 ||
        (l->options->restore && restore_prepare(l, err) < 0))
        return -1;
    if (l->rootfs.mount_fd >= 0 && mkdirat(l->dir_fd, "rootfs", 0755) < 0)
        return err_sys(err, errno, "make %s/rootfs", l->dir);
    return 0;
}

/* Without a start nothing may be made: the layers stand for the overlay. */
static int look_at_root(struct launch *l, struct lxcdriver_error **err)
{
    const struct root_spec *root = &l->cmd->root;
    const char *path = root->layers.n ? root->layers.items[0] : root->path;

    l->rootfs = (struct rootfs){.fd = -1, .mount_fd = -1};
    l->rootfs.path = root->layers.n ? str_printf("%s/rootfs", l->dir) : strdup(path);
    if (!l->rootfs.path)
        return err_nomem(err);
    l->rootfs.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return l->rootfs.fd < 0 ? err_sys(err, errno, "root filesystem %s", path) : 0;
}

/*
 * In a user namespace LXC mounts as the container's root, who is nobody here: he has to get through
 * the directory to what is mounted from it, and to read his environment file. Everything else in it
 * stays 0600.
 */
static int let_userns_in(struct launch *l, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;
    uid_t uid = userns_root(cmd->uid_maps, cmd->n_uid_maps);
    gid_t gid = userns_root(cmd->gid_maps, cmd->n_gid_maps);

    if (cmd->n_uid_maps == 0)
        return 0;
    userns_give_pipes(l->stdio, uid, gid);
    if (fchmod(l->dir_fd, 0711) < 0 ||
        fchownat(l->dir_fd, "config.env", uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "let the container's root into %s", l->dir);
    return 0;
}

static int write_env_file(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    if (make_env(l, err) < 0 || config_write_env(&l->env, &l->env_json, err) < 0)
        return -1;
    if (look_only)
        return 0;
    if (write_file(l, "config.env", &l->env_json, err) < 0)
        return -1;
    return let_userns_in(l, err);
}

static int prepare_files(struct launch *l, struct lxcdriver_error **err)
{
    return l->cmd->etc_files ? netfiles_prepare(l->cmd, l->dir_fd, l->dir, &l->net, err) : 0;
}

static int check_selinux(const char *field, const char *label, struct lxcdriver_error **err)
{
    if (str_empty(label) || access("/sys/fs/selinux/enforce", F_OK) == 0)
        return 0;
    return err_set(err, "%s: \"%s\": this host has no SELinux", field, label);
}

static int check_labels(const struct launch *l, struct lxcdriver_error **err)
{
    if (check_selinux("process_label", l->cmd->process.selinux_label, err) < 0 ||
        check_selinux("mount_label", l->cmd->mount_label, err) < 0)
        return -1;
    if (!str_empty(l->cmd->mount_label))
        return err_set(err, "mount_label: \"%s\": mounts are given no SELinux label",
                       l->cmd->mount_label);
    return 0;
}

/* A limit that this kernel takes and does nothing with is no error, since engines still give it,
 * but is said. */
static void warn_kernel_memory(const struct launch *l)
{
    if (l->cmd->res.memory_kernel > 0 && l->options->on_warning)
        l->options->on_warning(l->options->opaque,
                               "kernel memory: kernels since 5.16 have no limit of its own for it");
}

int launch_look(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    if ((l->cmd->systemd_cgroup ? cgroup_layout_read_units(&l->layout, err)
                                : cgroup_layout_read(&l->layout, err)) < 0 ||
        check_labels(l, err) < 0 || launch_choose_apparmor(l, look_only, err) < 0 ||
        launch_check_limits(l, err) < 0 || launch_compile_seccomp(l, look_only, err) < 0 ||
        (l->cmd->has_intel_rdt && resctrl_check(l->cmd, err) < 0))
        return -1;
    warn_kernel_memory(l);
    return 0;
}

int launch_prepare(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const char *user_root = l->cmd->root.layers.n ? NULL : l->cmd->root.path;

    if (launch_rootless(l, err) < 0 || system_container_prepare(l->cmd, &l->layout, err) < 0)
        return -1;
    /* A system container's init needs an empty root cgroup in v2. */
    l->cmd->supervisor_inside =
        l->flags & SF_ENGINE && !(l->cmd->system_container && l->layout.mode == CGROUP_V2);
    if (cgroup_paths(l, look_only, err) < 0 || launch_prepare_lxcfs(l, err) < 0 ||
        userns_resolve(l, look_only, err) < 0 || launch_resolve_namespaces(l, err) < 0 ||
        launch_resolve_network(l, look_only, err) < 0 ||
        (!look_only && launch_notify(l, err) < 0) || write_env_file(l, look_only, err) < 0 ||
        prepare_files(l, err) < 0 || (!l->cmd->engine && add_dockerenv(l, err) < 0) ||
        config_device_mounts(l->cmd, err) < 0)
        return -1;
    if ((look_only ? look_at_root(l, err)
                   : rootfs_prepare(l->drv, l->cmd, l->dir, &l->rootfs, err)) < 0)
        return -1;
    if (targets_resolve(l->cmd, l->rootfs.fd, user_root, l->dir, look_only, &l->targets, err) < 0 ||
        launch_clone_mounts(l, look_only, err) < 0 || visible_hierarchies(l, err) < 0 ||
        write_config(l, err) < 0 || write_bootstrap(l, err) < 0)
        return -1;
    if (look_only)
        return 0;
    /* Late, for a lock is held from here on. */
    if (cpuset_guard_take(&l->layout, l->cgroup_container, &l->cpuset, err) < 0)
        return -1;
    if (cgroup_inherit_cpuset(&l->payload, err) < 0)
        return -1;
    if (write_record(l, err) < 0 || write_files(l, err) < 0)
        return -1;
    return launch_load_apparmor(l, err);
}
