/* Namespaces and what is said about them, and the texts that go into files as they are. */
#include "spec/validate.h"

#include <string.h>

#include "base/cleanup.h"

static const char *const kind_names[NS_KINDS] = {"pid", "network", "mount",  "ipc",
                                                 "uts", "user",    "cgroup", "time"};

static int check_paths(const struct command *cmd, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < NS_KINDS; i++) {
        const struct namespace_spec *ns = &cmd->ns[i];

        if (ns->mode != NS_PATH)
            continue;
        if (str_empty(ns->path))
            return err_set(err, "namespaces.%s: the path is missing", kind_names[i]);
        if (check_absolute(ns->path, err) < 0 || check_text(ns->path, err) < 0)
            return err_wrap(err, "namespaces.%s", kind_names[i]);
    }
    if (cmd->ipc_container && command_check_id(cmd->ipc_container, err) < 0)
        return err_wrap(err, "ipc.container_id");
    if (cmd->pid_container && command_check_id(cmd->pid_container, err) < 0)
        return err_wrap(err, "pid.container_id");
    if (cmd->ipc_container && cmd->ns[NS_IPC].mode == NS_HOST)
        return err_set(err, "ipc.container_id: \"%s\" contradicts ipc.host_ipc",
                       cmd->ipc_container);
    if (cmd->pid_container && cmd->ns[NS_PID].mode == NS_HOST)
        return err_set(err, "pid.container_id: \"%s\" contradicts pid.host_pid",
                       cmd->pid_container);
    return 0;
}

static int check_names(const struct command *cmd, struct lxcdriver_error **err)
{
    bool host = cmd->ns[NS_UTS].mode == NS_HOST;

    if (cmd->hostname && host)
        return err_set(err, "hostname: \"%s\" cannot be set in the host's UTS namespace",
                       cmd->hostname);
    if (cmd->domainname && host)
        return err_set(err, "domainname: \"%s\" cannot be set in the host's UTS namespace",
                       cmd->domainname);
    if (cmd->hostname && check_hostname(cmd->hostname, err) < 0)
        return err_wrap(err, "hostname");
    if (cmd->domainname && check_hostname(cmd->domainname, err) < 0)
        return err_wrap(err, "domainname");
    return 0;
}

static int check_users(const struct command *cmd, struct lxcdriver_error **err)
{
    bool maps = cmd->n_uid_maps || cmd->n_gid_maps;

    if (cmd->ns[NS_USER].mode == NS_HOST && maps)
        return err_set(err, "uidmapping: cannot be used without a user namespace");
    if (!cmd->n_uid_maps != !cmd->n_gid_maps)
        return err_set(err, "%s: is missing", cmd->n_uid_maps ? "gidmapping" : "uidmapping");
    if (cmd->has_time_offsets && cmd->ns[NS_TIME].mode != NS_NEW)
        return err_set(err, "timeOffsets: cannot be used without a new time namespace");
    if (cmd->boottime_ns > 999999999 || cmd->monotonic_ns > 999999999)
        return err_set(err, "timeOffsets: the nanoseconds are more than a second");
    return 0;
}

/* A key's namespace has to be the container's own, or the host's value would change. */
static int check_sysctl(const struct command *cmd, const struct string_pair *pair,
                        struct lxcdriver_error **err)
{
    enum ns_kind kind = NS_IPC;

    if (check_sysctl_key(pair->key, err) < 0)
        return -1;
    if (check_text(pair->value, err) < 0)
        return err_wrap(err, "%s", pair->key);
    if (strncmp(pair->key, "net", 3) == 0)
        kind = NS_NET;
    else if (str_ends(pair->key, "domainname"))
        kind = NS_UTS;
    if (cmd->ns[kind].mode == NS_HOST || (kind == NS_NET && cmd->net.mode == NET_HOST))
        return err_set(err, "\"%s\" cannot be set in the host's %s namespace", pair->key,
                       kind_names[kind]);
    return 0;
}

int validate_namespaces(const struct command *cmd, struct lxcdriver_error **err)
{
    if (check_paths(cmd, err) < 0 || check_names(cmd, err) < 0 || check_users(cmd, err) < 0)
        return -1;
    for (size_t i = 0; i < cmd->n_sysctls; i++)
        if (check_sysctl(cmd, &cmd->sysctls[i], err) < 0)
            return err_wrap(err, "sysctl");
    return 0;
}

static int check_cgroup(const char *path, const char *member, struct lxcdriver_error **err)
{
    if (!path)
        return 0;
    if (!*path)
        return err_set(err, "%s: the path is empty", member);
    if (check_text(path, err) < 0)
        return err_wrap(err, "%s", member);
    for (const char *p = path; *p; p += strspn(p, "/")) {
        size_t len = strcspn(p, "/");

        if (len == 2 && p[0] == '.' && p[1] == '.')
            return err_set(err, "%s: \"%s\" leads upwards", member, path);
        p += len;
    }
    return 0;
}

static int check_hooks(const struct command *cmd, struct lxcdriver_error **err)
{
    static const char *const points[HOOK_POINTS] = {
        "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};

    for (size_t point = 0; point < HOOK_POINTS; point++)
        for (size_t i = 0; i < cmd->n_hooks[point]; i++) {
            const struct hook *hook = &cmd->hooks[point][i];

            if (!hook->path || check_absolute(hook->path, err) < 0)
                return hook->path
                           ? err_wrap(err, "hooks.%s[%zu].path", points[point], i)
                           : err_set(err, "hooks.%s[%zu].path: is missing", points[point], i);
            if (hook->timeout_s != RES_UNSET && hook->timeout_s < 1)
                return err_set(err, "hooks.%s[%zu].timeout: %lld is not above 0", points[point], i,
                               (long long)hook->timeout_s);
        }
    return 0;
}

static int check_pairs(const struct command *cmd, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_annotations; i++)
        if (str_empty(cmd->annotations[i].key))
            return err_set(err, "annotations: a key is empty (its value is \"%s\")",
                           cmd->annotations[i].value);
    for (size_t i = 0; i < cmd->n_lxc_conf; i++) {
        if (check_lxc_key(cmd->lxc_conf[i].key, err) < 0)
            return err_wrap(err, "lxc_config[%zu]", i);
        if (check_text(cmd->lxc_conf[i].value, err) < 0)
            return err_wrap(err, "lxc_config[%zu]: %s", i, cmd->lxc_conf[i].key);
    }
    return 0;
}

static int check_list(const struct strv *paths, const char *member, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < paths->n; i++)
        if (check_absolute(paths->items[i], err) < 0)
            return err_wrap(err, "%s[%zu]", member, i);
    return 0;
}

int validate_texts(const struct command *cmd, struct lxcdriver_error **err)
{
    if (check_cgroup(cmd->cgroups_path, "cgroupsPath", err) < 0 ||
        check_cgroup(cmd->cgroup_parent, "cgroup_parent", err) < 0 || check_hooks(cmd, err) < 0 ||
        check_pairs(cmd, err) < 0 || check_list(&cmd->masked_paths, "maskedPaths", err) < 0 ||
        check_list(&cmd->readonly_paths, "readonlyPaths", err) < 0)
        return -1;
    if (cmd->mount_label && check_text(cmd->mount_label, err) < 0)
        return err_wrap(err, "mount_label");
    if (cmd->personality && strcmp(cmd->personality, "LINUX") &&
        strcmp(cmd->personality, "LINUX32"))
        return err_set(err, "personality.domain: \"%s\" is neither LINUX nor LINUX32",
                       cmd->personality);
    return 0;
}
