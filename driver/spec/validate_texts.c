/* Namespaces and what is said about them, and the texts that go into files as they are. */
#include "spec/validate.h"

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/words.h"

/* A bundle says its members in "linux". */
static const char *within(const struct command *cmd)
{
    return cmd->engine ? "linux." : "";
}

static int check_paths(const struct command *cmd, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < NS_KINDS; i++) {
        const struct namespace_spec *ns = &cmd->ns[i];

        if (ns->mode != NS_PATH)
            continue;
        if (str_empty(ns->path))
            return err_set(err, "%snamespaces.%s: the path is missing", within(cmd),
                           ns_type_word((enum ns_kind)i));
        if (check_absolute(ns->path, err) < 0 || check_text(ns->path, err) < 0)
            return err_wrap(err, "%snamespaces.%s", within(cmd), ns_type_word((enum ns_kind)i));
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

/* The kernel takes any bytes, and an engine has its own idea of a name; a person at a shell has
 * mistyped it. */
static int check_node_name(const struct command *cmd, const char *name,
                           struct lxcdriver_error **err)
{
    if (!cmd->engine)
        return check_hostname(name, err);
    if (strlen(name) > HOSTNAME_MAX)
        return err_set(err, "\"%s\" is longer than %d bytes", name, HOSTNAME_MAX);
    return check_text(name, err);
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
    if (cmd->hostname && check_node_name(cmd, cmd->hostname, err) < 0)
        return err_wrap(err, "hostname");
    if (cmd->domainname && check_node_name(cmd, cmd->domainname, err) < 0)
        return err_wrap(err, "domainname");
    return 0;
}

static const char *id_map_member(const struct command *cmd, bool of_groups)
{
    if (cmd->engine)
        return of_groups ? "linux.gidMappings" : "linux.uidMappings";
    return of_groups ? "gidmapping" : "uidmapping";
}

static int check_users(const struct command *cmd, struct lxcdriver_error **err)
{
    bool maps = cmd->n_uid_maps || cmd->n_gid_maps;

    if (cmd->ns[NS_USER].mode == NS_HOST && maps)
        return err_set(err, "%s: cannot be used without a user namespace",
                       id_map_member(cmd, !cmd->n_uid_maps));
    if (!cmd->n_uid_maps != !cmd->n_gid_maps)
        return err_set(err, "%s: is missing", id_map_member(cmd, cmd->n_uid_maps));
    if (cmd->has_time_offsets && cmd->ns[NS_TIME].mode != NS_NEW)
        return err_set(err, "%stimeOffsets: cannot be used without a new time namespace",
                       within(cmd));
    if (cmd->boottime_ns > 999999999 || cmd->monotonic_ns > 999999999)
        return err_set(err, "%stimeOffsets: the nanoseconds are more than a second", within(cmd));
    return 0;
}

enum ns_kind sysctl_namespace(const char *key)
{
    if (strncmp(key, "net", 3) == 0)
        return NS_NET;
    return str_ends(key, "domainname") ? NS_UTS : NS_IPC;
}

/* A key's namespace has to be the container's own, or the host's value would change. */
static int check_sysctl(const struct command *cmd, const struct string_pair *pair,
                        struct lxcdriver_error **err)
{
    enum ns_kind kind = sysctl_namespace(pair->key);

    if (check_sysctl_key(pair->key, err) < 0)
        return -1;
    if (check_text(pair->value, err) < 0)
        return err_wrap(err, "%s", pair->key);
    if (cmd->ns[kind].mode == NS_HOST || (kind == NS_NET && cmd->net.mode == NET_HOST))
        return err_set(err, "\"%s\" cannot be set in the host's %s namespace", pair->key,
                       ns_type_word(kind));
    return 0;
}

int validate_namespaces(const struct command *cmd, struct lxcdriver_error **err)
{
    if (check_paths(cmd, err) < 0 || check_names(cmd, err) < 0 || check_users(cmd, err) < 0)
        return -1;
    for (size_t i = 0; i < cmd->n_sysctls; i++)
        if (check_sysctl(cmd, &cmd->sysctls[i], err) < 0)
            return err_wrap(err, "%ssysctl", within(cmd));
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
        if (len > NAME_MAX)
            return err_set(err, "%s: \"%.32s...\" is longer than %d bytes", member, p, NAME_MAX);
        p += len;
    }
    return 0;
}

/* "a-b.slice", or "-.slice": what systemd.slice(5) has for a name. */
static bool is_slice(const char *name, size_t len)
{
    static const char ending[] = ".slice";
    size_t body = len < sizeof(ending) ? 0 : len - (sizeof(ending) - 1);

    if (!body || strncmp(name + body, ending, sizeof(ending) - 1) != 0 || memchr(name, '/', len))
        return false;
    if (body == 1 && *name == '-')
        return true;
    for (size_t i = 0; i < body; i++)
        if (name[i] == '-' && (i == 0 || i + 1 == body || name[i + 1] == '-'))
            return false;
    return true;
}

/* slice:prefix:name. Without a slice the runtime chooses. */
static int check_systemd(const char *path, const char *member, struct lxcdriver_error **err)
{
    size_t slice = strcspn(path, ":");
    const char *prefix = path[slice] ? path + slice + 1 : "";
    const char *name = strchr(prefix, ':');

    if (!name || strchr(name + 1, ':') || strchr(path, '/') || !name[1])
        return err_set(err, "%s: \"%s\" is not slice:prefix:name, as systemd has it", member, path);
    if (slice && !is_slice(path, slice))
        return err_set(err, "%s: \"%.*s\" of \"%s\" is not the name of a slice", member, (int)slice,
                       path, path);
    return 0;
}

static int check_cgroups(const struct command *cmd, struct lxcdriver_error **err)
{
    const char *member = cmd->engine ? "linux.cgroupsPath" : "cgroupsPath";

    if (check_cgroup(cmd->cgroups_path, member, err) < 0)
        return -1;
    if (cmd->cgroups_path && cmd->systemd_cgroup)
        return check_systemd(cmd->cgroups_path, member, err);
    if (cmd->cgroup_parent && cmd->systemd_cgroup &&
        !is_slice(cmd->cgroup_parent, strlen(cmd->cgroup_parent)))
        return err_set(err, "cgroup_parent: \"%s\" is not the name of a slice, as systemd has it",
                       cmd->cgroup_parent);
    return check_cgroup(cmd->cgroup_parent, "cgroup_parent", err);
}

static int check_hooks(const struct command *cmd, struct lxcdriver_error **err)
{
    for (size_t point = 0; point < HOOK_POINTS; point++)
        for (size_t i = 0; i < cmd->n_hooks[point]; i++) {
            const struct hook *hook = &cmd->hooks[point][i];

            if (!hook->path || check_absolute(hook->path, err) < 0)
                return hook->path ? err_wrap(err, "hooks.%s[%zu].path",
                                             hook_point_word((enum hook_point)point), i)
                                  : err_set(err, "hooks.%s[%zu].path: is missing",
                                            hook_point_word((enum hook_point)point), i);
            if (hook->timeout_s != RES_UNSET && hook->timeout_s < 1)
                return err_set(err, "hooks.%s[%zu].timeout: %lld is not above 0",
                               hook_point_word((enum hook_point)point), i,
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
    const char *in = within(cmd);

    if (check_cgroups(cmd, err) < 0 || check_hooks(cmd, err) < 0 || check_pairs(cmd, err) < 0)
        return -1;
    if (check_list(&cmd->masked_paths, "maskedPaths", err) < 0 ||
        check_list(&cmd->readonly_paths, "readonlyPaths", err) < 0)
        return err_within(err, "%s", in);
    if (cmd->mount_label && check_text(cmd->mount_label, err) < 0)
        return err_wrap(err, "%s", cmd->engine ? "linux.mountLabel" : "mount_label");
    if (cmd->personality && strcmp(cmd->personality, "LINUX") &&
        strcmp(cmd->personality, "LINUX32"))
        return err_set(err, "%spersonality.domain: \"%s\" is neither LINUX nor LINUX32", in,
                       cmd->personality);
    return 0;
}
