#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/section.h"

/* LXC's words, in lxc.namespace.clone and behind lxc.namespace.share. */
static const char *const words[NS_KINDS] = {
    [NS_PID] = "pid", [NS_NET] = "net",   [NS_MNT] = "mnt",       [NS_IPC] = "ipc",
    [NS_UTS] = "uts", [NS_USER] = "user", [NS_CGROUP] = "cgroup", [NS_TIME] = "time",
};

bool ns_has_user(const struct command *cmd)
{
    return cmd->n_uid_maps || cmd->n_gid_maps || cmd->ns[NS_USER].mode == NS_PATH;
}

bool ns_no_nodes(const struct command *cmd)
{
    return cmd->rootless || ns_has_user(cmd);
}

bool ns_is_host(const struct command *cmd, enum ns_kind k)
{
    if (k == NS_USER)
        return !ns_has_user(cmd);
    if (k == NS_TIME && cmd->ns[k].mode == NS_NEW)
        return !cmd->has_time_offsets; /* nothing would differ from the host's */
    return cmd->ns[k].mode == NS_HOST || (k == NS_NET && cmd->net.mode == NET_HOST);
}

bool ns_is_new(const struct command *cmd, enum ns_kind k, const char *joined)
{
    return !joined && cmd->ns[k].mode != NS_PATH && !ns_is_host(cmd, k);
}

/* Path of the namespace to join, or NULL. What another container's is (by id), only the caller can
 * know. */
static const char *joined(const struct section *s, enum ns_kind k)
{
    if (s->facts->ns_path[k])
        return s->facts->ns_path[k];
    if (s->cmd->ns[k].mode == NS_PATH)
        return s->cmd->ns[k].path;
    return k == NS_NET && s->cmd->net.mode == NET_PATH ? s->cmd->net.path : NULL;
}

static int check(struct section *s)
{
    const struct command *cmd = s->cmd;

    if (cmd->ns[NS_MNT].mode != NS_NEW || s->facts->ns_path[NS_MNT])
        return err_set(s->err,
                       "namespaces.mount: LXC gives every container a mount namespace of its own");
    for (enum ns_kind k = 0; k < NS_KINDS; k++)
        if (cmd->ns[k].mode == NS_PATH && !joined(s, k))
            return err_set(s->err, "namespaces.%s: the path of the namespace to join is missing",
                           words[k]);
    if (cmd->net.mode == NET_PATH && !joined(s, NS_NET))
        return err_set(s->err, "network.path: is missing");
    if (cmd->net.mode == NET_CONTAINER && !joined(s, NS_NET))
        return err_set(s->err, "network.container: the namespace of container %s is not known",
                       cmd->net.container ? cmd->net.container : "(none)");
    if (cmd->ipc_container && !joined(s, NS_IPC))
        return err_set(s->err, "ipc: the namespace of container %s is not known",
                       cmd->ipc_container);
    if (cmd->pid_container && !joined(s, NS_PID))
        return err_set(s->err, "pid: the namespace of container %s is not known",
                       cmd->pid_container);
    return 0;
}

/* LXC takes a namespace's offset in one unit: of "5s" and "20ns" for the same clock it would drop
 * the second. */
static int offset(struct section *s, const char *key, const char *field, int64_t seconds,
                  uint32_t ns)
{
    if (seconds && ns)
        return err_set(s->err, "%s: LXC cannot set %" PRId64 " s and %" PRIu32 " ns together",
                       field, seconds, ns);
    if (seconds)
        return section_set(s, key, field, "%" PRId64 "s", seconds);
    return ns ? section_set(s, key, field, "%" PRIu32 "ns", ns) : 0;
}

static int time_offsets(struct section *s)
{
    const struct command *cmd = s->cmd;

    if (!cmd->has_time_offsets)
        return 0;
    if (!ns_is_new(cmd, NS_TIME, joined(s, NS_TIME)))
        return err_set(s->err, "timeOffsets: need a time namespace of the container's own");
    if (offset(s, "lxc.time.offset.boot", "timeOffsets.boottime", cmd->boottime_s,
               cmd->boottime_ns) < 0)
        return -1;
    return offset(s, "lxc.time.offset.monotonic", "timeOffsets.monotonic", cmd->monotonic_s,
                  cmd->monotonic_ns);
}

/*
 * LXC can join no time namespace, and joins a cgroup namespace only to leave it for a new one: the
 * supervisor and the shim do it.
 */
static bool lxc_joins(enum ns_kind k)
{
    return k != NS_TIME && k != NS_CGROUP;
}

/* The new ones are listed (lxc.namespace.clone), not the kept ones: for lxc.namespace.keep LXC
 * makes everything that is not listed, a user namespace without id maps too. */
int config_namespaces(struct section *s)
{
    cleanup_buf struct buf list = {0};

    if (check(s) < 0)
        return -1;
    for (enum ns_kind k = 0; k < NS_KINDS; k++)
        if (ns_is_new(s->cmd, k, joined(s, k)))
            buf_printf(&list, "%s%s", list.len ? " " : "", words[k]);
    if (list.failed)
        return err_nomem(s->err);
    if (section_set(s, "lxc.namespace.clone", "namespaces", "%s", list.data) < 0)
        return -1;
    for (enum ns_kind k = 0; k < NS_KINDS; k++) {
        cleanup_free char *key = str_printf("lxc.namespace.share.%s", words[k]);
        cleanup_free char *field = str_printf("namespaces.%s.path", words[k]);

        if (!key || !field)
            return err_nomem(s->err);
        if (lxc_joins(k) && joined(s, k) && section_set(s, key, field, "%s", joined(s, k)) < 0)
            return -1;
    }
    if (s->facts->inherit_keyring && section_set(s, "lxc.keyring.session", NULL, "1") < 0)
        return -1;
    return time_offsets(s);
}
