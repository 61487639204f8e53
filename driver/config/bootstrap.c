#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "config/section.h"
#include "config/wire.h"
#include "spec/readers.h"

/* What a container must not see: it tells about the host, or lets it be changed. */
static const char *const masked_paths[] = {
    "/proc/acpi",       "/proc/asound",        "/proc/interrupts",  "/proc/kcore",
    "/proc/keys",       "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
    "/proc/timer_list", "/proc/timer_stats",   "/sys/firmware",     "/sys/devices/virtual/powercap",
};

static const char *const readonly_paths[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static uint64_t container_flags(const struct command *cmd, const struct bootstrap_facts *facts,
                                const struct mount_survey *survey)
{
    uint64_t flags = facts->flags;

    if (cmd->init)
        flags |= WF_INIT;
    if (cmd->root.readonly)
        flags |= WF_ROOT_READONLY;
    if (!ns_is_host(cmd, NS_NET) && cmd->ns[NS_NET].mode == NS_NEW &&
        (cmd->net.mode == NET_NONE || cmd->net.mode == NET_BRIDGE))
        flags |= WF_LOOPBACK;
    if (!survey->proc)
        flags |= WF_UMOUNT_PROC;
    if (survey->dev_readonly)
        flags |= WF_DEV_READONLY;
    if (ns_no_nodes(cmd))
        flags |= WF_USERNS;
    return flags;
}

static void attr(struct buf *out, const struct wire_mount_attr *a, const char *destination)
{
    wire_struct(out, WT_MOUNT_ATTR, a, sizeof(*a), &destination, 1);
}

static int shim_mount(struct buf *out, const struct mount_spec *m, const struct mount_plan *plan,
                      const char *destination, struct lxcdriver_error **err)
{
    struct wire_mount wire = {
        .flags = m->flags & ~(uint64_t)MS_REC,
        .propagation = m->propagation,
        .create = plan->create == TARGET_CREATE_DIR,
    };
    cleanup_buf struct buf data = {0};

    for (size_t i = 0; i < m->data.n; i++)
        buf_printf(&data, "%s%s", i ? "," : "", m->data.items[i]);
    if (plan->mode)
        buf_printf(&data, "%s%s", data.len ? "," : "", plan->mode);
    buf_puts(&data, "");
    if (data.failed)
        return err_nomem(err);
    if (m->tmpcopyup)
        wire_string(out, WT_TMPCOPYUP, destination);
    wire_struct(
        out, WT_MOUNT, &wire, sizeof(wire),
        (const char *const[]){destination, m->type, m->source ? m->source : m->type, data.data}, 4);
    return 0;
}

static void attach(struct buf *out, const struct mount_spec *m, const struct mount_plan *plan,
                   const char *destination)
{
    struct wire_mount_attr plain, tree;
    bool later; /* no: what LXC would leave to do is set before the mount is attached */
    struct wire_attach wire = {
        .propagation = m->propagation,
        .create = plan->create == TARGET_CREATE_DIR    ? WIRE_CREATE_DIR
                  : plan->create == TARGET_CREATE_FILE ? WIRE_CREATE_FILE
                                                       : WIRE_CREATE_NOTHING,
    };

    mount_attr_plain(m, plan, &plain, &later);
    mount_attr_recursive(m, plan, &tree, &later);
    wire.set = plain.set;
    wire.clear = plain.clear;
    wire.tree_set = tree.set;
    wire.tree_clear = tree.clear;
    wire_struct(out, WT_ATTACH, &wire, sizeof(wire), &destination, 1);
}

/*
 * LXC makes all of its mounts shared at the end, and the shim makes them slaves again: then what
 * was private is so, but not what was to be shared or unbindable. A propagation of the root may be
 * one of all that is mounted in it: then every other has to be said again.
 */
static uint64_t propagation_again(const struct command *cmd, const struct mount_spec *m,
                                  const struct mount_plan *plan)
{
    bool lost = m->propagation & (MS_SHARED | MS_UNBINDABLE) || cmd->root.propagation & MS_REC;

    return plan->way == MOUNT_LXC && lost ? m->propagation : 0;
}

/* With `attributes` false what the shim mounts, with true what it changes: all mounts are there by
 * then. */
static int mounts(struct buf *out, const struct command *cmd, const struct bootstrap_facts *facts,
                  const struct mount_survey *survey, bool attributes, struct lxcdriver_error **err)
{
    cleanup_plans struct mount_plans plans = {0};

    if (mount_plans_make(cmd, facts->targets, &plans, err) < 0)
        return -1;
    for (size_t i = 0; i < plans.n; i++) {
        const struct mount_spec *m = &cmd->mounts[i];
        const struct mount_plan *plan = &plans.items[i];
        cleanup_free char *destination = str_printf("/%s", plan->path);
        struct wire_mount_attr plain, recursive;
        bool plain_needed, recursive_needed;

        if (!destination)
            return err_nomem(err);
        if (!attributes) {
            if (plan->way == MOUNT_ATTACH)
                attach(out, m, plan, destination);
            if (plan->way == MOUNT_SHIM && shim_mount(out, m, plan, destination, err) < 0)
                return -1;
            continue;
        }
        if (plan->way == MOUNT_CGROUP && survey->cgroup)
            bootstrap_cgroup_attr(out, facts, m->flags, plan->path);
        mount_attr_plain(m, plan, &plain, &plain_needed);
        mount_attr_recursive(m, plan, &recursive, &recursive_needed);
        plain.propagation = propagation_again(cmd, m, plan);
        if (plain_needed || plain.propagation)
            attr(out, &plain, destination);
        if (recursive_needed)
            attr(out, &recursive, destination);
    }
    return 0;
}

static int device(struct buf *out, const struct device_node *node, size_t i,
                  struct lxcdriver_error **err)
{
    struct wire_device wire = {
        .mode = (node->has_mode ? node->mode & 07777 : 0666),
        .uid = node->has_uid ? node->uid : 0,
        .gid = node->has_gid ? node->gid : 0,
        .major = (uint32_t)node->major,
        .minor = (uint32_t)node->minor,
    };
    const char *path = node->path;

    switch (node->type) {
    case 'b':
        wire.mode |= S_IFBLK;
        break;
    case 'c':
    case 'u':
        wire.mode |= S_IFCHR;
        break;
    case 'p':
        wire.mode |= S_IFIFO;
        break;
    default:
        return err_set(err, "devices[%zu].type: '%c' is not one of b, c, u and p", i, node->type);
    }
    wire_struct(out, WT_DEVICE, &wire, sizeof(wire), &path, 1);
    return 0;
}

/* In a user namespace devices are the host's, bound as mounts of the command's (devices.c); a FIFO
 * can be made there. */
static int devices(struct buf *out, const struct command *cmd, const struct mount_survey *survey,
                   struct lxcdriver_error **err)
{
    bool made = !ns_no_nodes(cmd), defaults = survey->own_dev || devices_in_root(cmd, survey);

    for (size_t i = 0; made && defaults && i < DEFAULT_DEVICES; i++) {
        const struct default_device *d = &default_devices[i];
        struct wire_device wire = {.mode = S_IFCHR | 0666, .major = d->major, .minor = d->minor};
        cleanup_free char *path = str_printf("/dev/%s", d->name);

        if (!path)
            return err_nomem(err);
        wire_struct(out, WT_DEVICE, &wire, sizeof(wire), (const char *const[]){path}, 1);
    }
    for (size_t i = 0; i < cmd->n_devices; i++)
        if ((made || cmd->devices[i].type == 'p') && device(out, &cmd->devices[i], i, err) < 0)
            return -1;
    return 0;
}

static void symlink_record(struct buf *out, const char *target, const char *path)
{
    wire_struct(out, WT_SYMLINK, "", 0, (const char *const[]){target, path}, 2);
}

/* LXC makes fd, stdin, stdout and stderr, and for ptmx a bind mount. */
static void links(struct buf *out, const struct bootstrap_facts *facts, const struct command *cmd,
                  const struct mount_survey *survey)
{
    bool in_root = devices_in_root(cmd, survey);

    if (!survey->own_dev && !in_root)
        return;
    if (facts->kcore)
        symlink_record(out, "/proc/kcore", "/dev/core");
    if (survey->pts || survey->given[DEFAULT_PTS] || in_root)
        symlink_record(out, "pts/ptmx", "/dev/ptmx");
}

static int sysctls(struct buf *out, const struct command *cmd, struct lxcdriver_error **err)
{
    if (cmd->hostname && cmd->ns[NS_UTS].mode == NS_PATH) {
        cleanup_free char *text = str_printf("kernel.hostname=%s", cmd->hostname);

        if (!text)
            return err_nomem(err);
        wire_string(out, WT_SYSCTL, text);
    }
    for (size_t i = 0; i < cmd->n_sysctls; i++) {
        cleanup_free char *text = str_printf("%s=%s", cmd->sysctls[i].key, cmd->sysctls[i].value);

        if (!text)
            return err_nomem(err);
        wire_string(out, WT_SYSCTL, text);
    }
    return 0;
}

static void masks(struct buf *out, const struct command *cmd)
{
    bool defaults = cmd->default_masks && !cmd->privileged;

    for (size_t i = 0; defaults && i < ARRAY_SIZE(masked_paths); i++)
        wire_string(out, WT_MASKED, masked_paths[i]);
    wire_strings(out, WT_MASKED, &cmd->masked_paths);
    for (size_t i = 0; defaults && i < ARRAY_SIZE(readonly_paths); i++)
        wire_string(out, WT_READONLY, readonly_paths[i]);
    wire_strings(out, WT_READONLY, &cmd->readonly_paths);
}

static void address(struct buf *out, enum wire_tag tag, const struct ip_address *a)
{
    struct wire_addr wire = {.family = (uint8_t)a->family, .prefix = (uint8_t)a->prefix};

    memcpy(wire.addr, a->addr, sizeof(wire.addr));
    wire_bytes(out, tag, &wire, sizeof(wire));
}

static void network(struct buf *out, const struct bootstrap_facts *facts)
{
    if (!facts->interface)
        return;
    wire_string(out, WT_NET_IF, facts->interface);
    if (facts->mtu)
        wire_u32(out, WT_NET_MTU, facts->mtu);
    for (size_t i = 0; i < facts->n_addresses; i++)
        address(out, WT_NET_ADDR, &facts->addresses[i]);
    for (size_t i = 0; i < facts->n_gateways; i++)
        address(out, WT_NET_GATEWAY, &facts->gateways[i]);
}

static int personality_record(struct buf *out, const char *name, struct lxcdriver_error **err)
{
    if (!name)
        return 0;
    if (!str_eq(name, "LINUX") && !str_eq(name, "LINUX32"))
        return err_set(err, "personality.domain: \"%s\" is neither LINUX nor LINUX32", name);
    wire_u64(out, WT_PERSONALITY, str_eq(name, "LINUX32") ? PER_LINUX32 : PER_LINUX);
    return 0;
}

int bootstrap_write(const struct command *cmd, const struct bootstrap_facts *facts, struct buf *out,
                    struct lxcdriver_error **err)
{
    struct mount_survey survey;

    if (mount_survey_make(cmd, facts->targets, &survey, err) < 0)
        return -1;
    wire_header(out);
    if (wire_process(out, &cmd->process, facts, container_flags(cmd, facts, &survey), err) < 0 ||
        wire_mempolicy(out, cmd, err) < 0 || personality_record(out, cmd->personality, err) < 0)
        return -1;
    wire_string(out, WT_DOMAINNAME, cmd->domainname);
    network(out, facts);
    if (mounts(out, cmd, facts, &survey, false, err) < 0 || devices(out, cmd, &survey, err) < 0)
        return -1;
    links(out, facts, cmd, &survey);
    if (survey.cgroup && bootstrap_cgroup_links(out, facts, CGROUP_PLACE, err) < 0)
        return -1;
    if (mount_default(cmd, &survey, DEFAULT_CGROUP))
        bootstrap_cgroup_attr(out, facts, cgroup_default_flags(cmd), CGROUP_PLACE);
    if (mounts(out, cmd, facts, &survey, true, err) < 0 || sysctls(out, cmd, err) < 0)
        return -1;
    masks(out, cmd);
    if (cmd->root.propagation)
        wire_u64(out, WT_ROOT_PROPAGATION, cmd->root.propagation);
    if (wire_hooks(out, cmd, err) < 0)
        return -1;
    return wire_check(out, err);
}

int bootstrap_write_exec(const struct process_spec *process, const struct bootstrap_facts *facts,
                         struct buf *out, struct lxcdriver_error **err)
{
    wire_header(out);
    if (wire_process(out, process, facts, facts->flags | WF_EXEC, err) < 0)
        return -1;
    if (facts->setns_flags)
        wire_u64(out, WT_SETNS, facts->setns_flags);
    wire_strings(out, WT_CGROUP, facts->cgroups);
    return wire_check(out, err);
}
