/*
 * A start by who is root of a user namespace only: an ordinary user, or an engine that one runs.
 * LXC has no cgroup then that it would use, so the container's are made here, where some are
 * delegated; lxc-start is born in them, and what it starts (base/supervise.h, SF_OWN_CGROUPS).
 */
#include "base/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/run.h"

#define CGROUP_PLACE "/sys/fs/cgroup"
#define SCORE_MAX 64
#define TTY_GROUP 5

/* Things that only the host's root can give. */
static int check_network(const struct launch *l, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;

    if (cmd->net.mode == NET_BRIDGE)
        return err_set(err, "network: user %u cannot attach a container to a bridge of the host",
                       (unsigned)rootless_user());
    if (cmd->n_net_devices)
        return err_set(err, "linux.netDevices.%s: user %u cannot move an interface of the host",
                       cmd->net_devices[0].host_name, (unsigned)rootless_user());
    return 0;
}

/* The ids of a bundle are as the user knows them; those of a range that LXC maps are ours. */
static int take_ids(struct id_map *maps, size_t n, bool of_groups, struct lxcdriver_error **err)
{
    const char *member = of_groups ? "gidMappings" : "uidMappings";

    for (size_t i = 0; i < n; i++)
        if (!rootless_inner(of_groups, maps[i].host_id, maps[i].size, &maps[i].host_id))
            return err_set(err, "linux.%s[%zu]: not all %u ids from %u on are user %u's, by %s",
                           member, i, (unsigned)maps[i].size, (unsigned)maps[i].host_id,
                           (unsigned)rootless_user(), of_groups ? "/etc/subgid" : "/etc/subuid");
    return 0;
}

/* mount_setattr(2): only who mounted a file system may shift its ids. */
static int check_ids(const struct launch *l, struct lxcdriver_error **err)
{
    struct command *cmd = l->cmd;

    if (cmd->auto_userns || cmd->root.idmap)
        return err_set(err,
                       "userns: user %u has no ids for a further user namespace: the container is "
                       "in one of his already",
                       (unsigned)rootless_user());
    return take_ids(cmd->uid_maps, cmd->n_uid_maps, false, err) < 0
               ? -1
               : take_ids(cmd->gid_maps, cmd->n_gid_maps, true, err);
}

/* proc(5): without CAP_SYS_RESOURCE on the host a score is raised only. As for runc, a lower one is
 * a wish. */
static void raise_oom_score(struct process_spec *p)
{
    cleanup_free char *text = NULL;
    long own;

    if (!p->has_oom_score_adj ||
        fs_read_at(AT_FDCWD, "/proc/self/oom_score_adj", SCORE_MAX, &text, NULL) < 0)
        return;
    own = strtol(text, NULL, 10);
    if (p->oom_score_adj < own)
        p->oom_score_adj = (int)own;
}

static bool is_cgroups(const struct mount_spec *m)
{
    return str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2");
}

static int add_cgroup_mount(struct command *cmd, struct lxcdriver_error **err)
{
    struct mount_spec *m;

    for (size_t i = 0; i < cmd->n_mounts; i++)
        if (is_cgroups(&cmd->mounts[i]))
            return 0;
    m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);
    if (!m || str_set(&m->destination, CGROUP_PLACE) < 0 || str_set(&m->type, "cgroup") < 0)
        return err_nomem(err);
    m->flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (cmd->privileged ? 0 : MS_RDONLY);
    return 0;
}

/* Without a view of its own it is what the maker sees, which cannot be written. */
static int bind_cgroups(struct mount_spec *m, struct lxcdriver_error **err)
{
    m->flags = MS_BIND | MS_REC | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    m->rec_set = MOUNT_ATTR_RDONLY;
    m->clear = m->rec_clear = 0;
    return str_set(&m->type, "bind") < 0 || str_set(&m->source, CGROUP_PLACE) < 0 ? err_nomem(err)
                                                                                  : 0;
}

/* The kernel lets a new view of the v2 hierarchy be mounted by who owns the cgroup namespace that
 * it shows. A bundle may have more than one. */
static int plan_cgroup_mounts(struct launch *l, struct lxcdriver_error **err)
{
    struct command *cmd = l->cmd;
    bool view = l->layout.mode == CGROUP_V2 && cmd->ns[NS_CGROUP].mode == NS_NEW;

    if (cmd->default_mounts && add_cgroup_mount(cmd, err) < 0)
        return -1;
    for (size_t i = 0; i < cmd->n_mounts; i++) {
        struct mount_spec *m = &cmd->mounts[i];

        if (!is_cgroups(m))
            continue;
        strv_free(&m->data);
        if (view && str_set(&m->type, "cgroup2") < 0)
            return err_nomem(err);
        if (!view && bind_cgroups(m, err) < 0)
            return -1;
    }
    return 0;
}

/* A process without further groups to take, or ids to change to, has no use for the capability. */
static void give_up_setgid(struct process_spec *p)
{
    uint64_t *const sets[] = {&p->caps.bounding, &p->caps.effective, &p->caps.inheritable,
                              &p->caps.permitted, &p->caps.ambient};

    for (size_t i = 0; rootless_denies_groups() && i < ARRAY_SIZE(sets); i++)
        *sets[i] &= ~(UINT64_C(1) << CAP_SETGID);
}

/* LXC's own devpts is of group 5, "tty". */
static int plan_devpts(struct command *cmd, struct lxcdriver_error **err)
{
    static const char *const words[] = {"newinstance", "ptmxmode=0666", "mode=0620"};
    struct mount_spec *m;

    if (!cmd->default_mounts || rootless_has(true, TTY_GROUP))
        return 0;
    for (size_t i = 0; i < cmd->n_mounts; i++)
        if (str_starts(cmd->mounts[i].destination, "/dev"))
            return 0; /* what is mounted there is the command's own affair */
    m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);
    if (!m || str_set(&m->destination, "/dev/pts") < 0 || str_set(&m->type, "devpts") < 0)
        return err_nomem(err);
    m->flags = MS_NOSUID | MS_NOEXEC;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strv_add(&m->data, words[i]) < 0)
            return err_nomem(err);
    return 0;
}

int launch_rootless(struct launch *l, struct lxcdriver_error **err)
{
    if (!l->cmd->rootless)
        return 0;
    l->cmd->own_cgroups = l->layout.own;
    raise_oom_score(&l->cmd->process);
    give_up_setgid(&l->cmd->process);
    if (check_network(l, err) < 0 || check_ids(l, err) < 0 || plan_devpts(l->cmd, err) < 0)
        return -1;
    return l->cmd->own_cgroups ? plan_cgroup_mounts(l, err) : 0;
}

int launch_own_cgroups(struct launch *l, struct lxcdriver_error **err)
{
    cleanup_cgroup_values struct cgroup_values values = {0};
    const struct config_facts facts = {.cgroup_mode = l->layout.mode,
                                       .v1_controllers = &l->layout.v1_controllers,
                                       .v2_controllers = &l->layout.v2_controllers};

    if (!l->cmd->own_cgroups || l->layout.n == 0)
        return 0;
    if (cgroup_values_make(l->cmd, &facts, &values, err) < 0 ||
        cgroup_dirs_make(&l->layout, &l->payload, err) < 0)
        return -1;
    return cgroup_write(&l->payload, &values, err);
}
