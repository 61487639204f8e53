#include "spec/execdriver.h"

#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"
#include "spec/validate.h"

static void json_unref(json_t **value)
{
    json_decref(*value);
}

int execdriver_text(const struct json_at *at, const char *name, char **out,
                    struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;

    if (json_opt_string(at, name, &text, err) < 0)
        return -1;
    if (str_empty(text))
        return 0;
    free(*out);
    *out = steal_ptr(&text);
    return 0;
}

struct json_at execdriver_either(const struct json_at *at, const char *name, const char *other)
{
    struct json_at first = json_member(at, name), second = json_member(at, other);

    return !json_present(&first) && json_present(&second) ? second : first;
}

static int read_id(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "id");

    if (json_get_string(&member, &cmd->id, err) < 0)
        return -1;
    return command_check_id(cmd->id, err) < 0 ? err_wrap(err, "id") : 0;
}

static int read_root(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "rootfs");

    if (json_get_string(&member, &cmd->root.path, err) < 0)
        return -1;
    if (check_absolute(cmd->root.path, err) < 0 || check_text(cmd->root.path, err) < 0)
        return err_wrap(err, "rootfs");
    return json_opt_bool(at, "readonly_rootfs", &cmd->root.readonly, err);
}

/* One "key = value"; Docker's daemon cuts "lxc." off the key before it hands the line on. */
static int read_lxc_line(const char *line, struct command *cmd, struct lxcdriver_error **err)
{
    size_t len = strcspn(line, "=");
    cleanup_free char *key = NULL;
    const char *value = line + len + 1;

    if (!line[len])
        return err_set(err, "\"%s\" is not KEY = VALUE", line);
    while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        len--;
    key = str_printf("%s%.*s", str_starts(line, "lxc.") ? "" : "lxc.", (int)len, line);
    if (!key)
        return err_nomem(err);
    value += strspn(value, " \t");
    if (check_lxc_key(key, err) < 0 || check_text(value, err) < 0)
        return -1;
    return pair_add(&cmd->lxc_conf, &cmd->n_lxc_conf, key, value) < 0 ? err_nomem(err) : 0;
}

static int read_lxc_config(const struct json_at *at, struct command *cmd,
                           struct lxcdriver_error **err)
{
    cleanup_strv struct strv lines = {0};

    if (json_opt_strv(at, "lxc_config", &lines, err) < 0)
        return -1;
    for (size_t i = 0; i < lines.n; i++)
        if (read_lxc_line(lines.items[i], cmd, err) < 0)
            return err_wrap(err, "lxc_config[%zu]", i);
    return 0;
}

/* Texts that end up in a configuration file or in a file of /proc, on one line. */
static int read_labels(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    const struct {
        const char *name;
        char **out;
    } labels[] = {
        {"process_label", &cmd->process.selinux_label},
        {"mount_label", &cmd->mount_label},
        {"apparmor_profile", &cmd->process.apparmor_profile},
        {"cgroup_parent", &cmd->cgroup_parent},
    };
    cleanup_free char *ignored = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
        if (execdriver_text(at, labels[i].name, labels[i].out, err) < 0)
            return -1;
        if (*labels[i].out && check_text(*labels[i].out, err) < 0)
            return err_wrap(err, "%s", labels[i].name);
    }
    /* Docker's own init; ours takes its place. */
    return json_opt_string(at, "initpath", &ignored, err);
}

static int read_command(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    /* process_config first: whether the container is privileged decides about the devices. */
    static int (*const parts[])(const struct json_at *, struct command *,
                                struct lxcdriver_error **) = {
        read_id,
        read_root,
        execdriver_process,
        execdriver_namespaces,
        execdriver_network,
        execdriver_resources,
        execdriver_devices,
        execdriver_mounts,
        read_labels,
        read_lxc_config,
    };

    if (json_want_object(at, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (parts[i](at, cmd, err) < 0)
            return -1;
    cmd->default_mounts = true;
    cmd->default_masks = !cmd->privileged;
    return command_validate(cmd, err);
}

int execdriver_read(const char *text, size_t len, struct command **out,
                    struct lxcdriver_error **err)
{
    __attribute__((cleanup(json_unref))) json_t *value = json_parse(text, len, "command", err);
    cleanup_command struct command *cmd = command_new();
    struct json_at root = json_root(value);

    *out = NULL;
    if (!value)
        return -1;
    if (!cmd)
        return err_nomem(err);
    if (read_command(&root, cmd, err) < 0)
        return -1;
    *out = steal_ptr(&cmd);
    return 0;
}
