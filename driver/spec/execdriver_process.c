/* process_config, capabilities, groups; namespaces and id maps. */
#include "spec/execdriver.h"

#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"
#include "spec/validate.h"

static int read_args(const struct json_at *config, struct command *cmd,
                     struct lxcdriver_error **err)
{
    struct json_at entrypoint = json_member(config, "entrypoint");
    cleanup_free char *program = NULL;

    if (json_get_string(&entrypoint, &program, err) < 0)
        return -1;
    if (!*program)
        return err_set(err, "%s: the program is empty", entrypoint.path);
    if (strv_take(&cmd->process.args, steal_ptr(&program)) < 0)
        return err_nomem(err);
    return json_opt_strv(config, "arguments", &cmd->process.args, err);
}

static int read_env(const struct json_at *config, struct command *cmd, struct lxcdriver_error **err)
{
    struct strv *env = &cmd->process.env;

    if (json_opt_strv(config, "env", env, err) < 0)
        return -1;
    for (size_t i = 0; i < env->n; i++)
        if (*env->items[i] == '=' || !strchr(env->items[i], '='))
            return err_set(err, "%s.env[%zu]: \"%s\" is not NAME=VALUE", config->path, i,
                           env->items[i]);
    return 0;
}

static int read_user(const struct json_at *at, const struct json_at *config, struct command *cmd,
                     struct lxcdriver_error **err)
{
    struct user_spec *user = &cmd->process.user;

    if (execdriver_text(config, "user", &user->name, err) < 0)
        return -1;
    if (user->name && check_user(user->name, err) < 0)
        return err_wrap(err, "%s.user", config->path);
    if (json_opt_strv(at, "group_add", &user->groups, err) < 0)
        return -1;
    for (size_t i = 0; i < user->groups.n; i++)
        if (check_group(user->groups.items[i], err) < 0)
            return err_wrap(err, "group_add[%zu]", i);
    return 0;
}

static int read_caps(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    cleanup_strv struct strv add = {0};
    cleanup_strv struct strv drop = {0};

    if (json_opt_strv(at, "cap_add", &add, err) < 0 ||
        json_opt_strv(at, "cap_drop", &drop, err) < 0)
        return -1;
    return caps_compute(&add, &drop, cmd->privileged, &cmd->process.caps, err);
}

/* The directory is the workload's own wish: it is made when the image lacks it. */
static int read_working_dir(const struct json_at *at, struct command *cmd,
                            struct lxcdriver_error **err)
{
    cleanup_free char *path = NULL;

    if (execdriver_text(at, "working_dir", &path, err) < 0)
        return -1;
    if (!path)
        return 0;
    cmd->process.create_cwd = true;
    cmd->process.cwd = path_normalise(path, err);
    return cmd->process.cwd ? 0 : err_wrap(err, "working_dir");
}

int execdriver_process(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at config = json_member(at, "process_config");

    cmd->has_process = true;
    if (json_want_object(&config, err) < 0 ||
        json_opt_bool(&config, "privileged", &cmd->privileged, err) < 0 ||
        json_opt_bool(&config, "tty", &cmd->process.terminal, err) < 0)
        return -1;
    if (read_args(&config, cmd, err) < 0 || read_env(&config, cmd, err) < 0 ||
        read_user(at, &config, cmd, err) < 0 || read_caps(at, cmd, err) < 0)
        return -1;
    return read_working_dir(at, cmd, err);
}

/* A boolean `name` of the object `object` that says: the host's namespace. */
static int read_host_flag(const struct json_at *at, const char *object, const char *name,
                          struct namespace_spec *ns, struct lxcdriver_error **err)
{
    struct json_at member;
    bool present, host = false;

    if (json_opt_object(at, object, &member, &present, err) < 0 ||
        (present && json_opt_bool(&member, name, &host, err) < 0))
        return -1;
    ns->mode = host ? NS_HOST : NS_NEW;
    return 0;
}

static int read_ipc_container(const struct json_at *at, struct command *cmd,
                              struct lxcdriver_error **err)
{
    struct json_at ipc = json_member(at, "ipc");

    if (!json_present(&ipc))
        return 0;
    if (execdriver_text(&ipc, "container_id", &cmd->ipc_container, err) < 0)
        return -1;
    return cmd->ipc_container && command_check_id(cmd->ipc_container, err) < 0
               ? err_wrap(err, "ipc.container_id")
               : 0;
}

static int read_map(const struct json_at *at, struct id_map *map, struct lxcdriver_error **err)
{
    const char *const names[] = {"container_id", "host_id", "size"};
    uint32_t *const members[] = {&map->container_id, &map->host_id, &map->size};

    if (json_want_object(at, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct json_at member = json_member(at, names[i]);
        int64_t number;

        if (json_get_int(&member, i == 2 ? 1 : 0, UINT32_MAX - 1, &number, err) < 0)
            return -1;
        *members[i] = (uint32_t)number;
    }
    return 0;
}

static int read_maps(const struct json_at *at, const char *name, struct id_map **maps,
                     size_t *n_maps, struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, name, &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct id_map *map = ARRAY_GROW(maps, n_maps);

        if (!map)
            return err_nomem(err);
        if (read_map(&element, map, err) < 0)
            return -1;
    }
    return 0;
}

static const struct id_map *map_of_root(const struct id_map *maps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!maps[i].container_id)
            return &maps[i];
    return NULL;
}

/* remap_root only repeats what the maps say of id 0; a document in which they differ is wrong
 * somewhere. */
static int check_remap(const struct json_at *remap, const char *name, const char *other,
                       const struct id_map *maps, size_t n, struct lxcdriver_error **err)
{
    struct json_at member = execdriver_either(remap, name, other);
    const struct id_map *root = map_of_root(maps, n);
    int64_t id = 0;

    if (json_present(&member) && json_get_int(&member, 0, UINT32_MAX - 1, &id, err) < 0)
        return -1;
    if (id && (!root || root->host_id != (uint64_t)id))
        return json_error(&member, err, "the id maps do not map root to it");
    return 0;
}

static int read_remap(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at remap;
    bool present;

    if (json_opt_object(at, "remap_root", &remap, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (check_remap(&remap, "root_uid", "uid", cmd->uid_maps, cmd->n_uid_maps, err) < 0)
        return -1;
    return check_remap(&remap, "root_gid", "gid", cmd->gid_maps, cmd->n_gid_maps, err);
}

/* Docker 1.9 names the container only by this variable; its "hostname" member is for Windows, but
 * says the same. */
static int read_hostname(const struct json_at *at, struct command *cmd,
                         struct lxcdriver_error **err)
{
    const char *name = env_get(&cmd->process.env, "HOSTNAME");

    if (execdriver_text(at, "hostname", &cmd->hostname, err) < 0)
        return -1;
    if (cmd->ns[NS_UTS].mode == NS_HOST) {
        /* The daemon sets the variable to the host's name here. */
        return str_set(&cmd->hostname, NULL);
    }
    if (!cmd->hostname && !str_empty(name) && str_set(&cmd->hostname, name) < 0)
        return err_nomem(err);
    return 0;
}

int execdriver_namespaces(const struct json_at *at, struct command *cmd,
                          struct lxcdriver_error **err)
{
    if (read_host_flag(at, "ipc", "host_ipc", &cmd->ns[NS_IPC], err) < 0 ||
        read_host_flag(at, "pid", "host_pid", &cmd->ns[NS_PID], err) < 0 ||
        read_host_flag(at, "uts", "host_uts", &cmd->ns[NS_UTS], err) < 0 ||
        read_ipc_container(at, cmd, err) < 0 || read_hostname(at, cmd, err) < 0)
        return -1;
    if (read_maps(at, "uidmapping", &cmd->uid_maps, &cmd->n_uid_maps, err) < 0 ||
        read_maps(at, "gidmapping", &cmd->gid_maps, &cmd->n_gid_maps, err) < 0)
        return -1;
    cmd->ns[NS_USER].mode = cmd->n_uid_maps || cmd->n_gid_maps ? NS_NEW : NS_HOST;
    cmd->ns[NS_TIME].mode = NS_HOST;
    return read_remap(at, cmd, err);
}
