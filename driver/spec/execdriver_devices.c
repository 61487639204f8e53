/* allowed_devices, autocreated_devices, mounts. */
#include "spec/execdriver.h"

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/readers.h"
#include "spec/validate.h"

#define MAJOR_MAX 4095    /* 12 bits, linux/kdev_t.h */
#define MINOR_MAX 1048575 /* 20 bits */

/* Go writes a rune as its number: 99 is 'c'. */
static int read_type(const struct json_at *at, char *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "type");
    cleanup_free char *text = NULL;
    int64_t rune;

    if (json_is_integer(member.value)) {
        if (json_get_int(&member, 0, 127, &rune, err) < 0)
            return -1;
        *out = (char)rune;
    } else {
        if (json_get_string(&member, &text, err) < 0)
            return -1;
        *out = strlen(text) == 1 ? text[0] : '\0';
    }
    if (!*out || !strchr("acbup", *out))
        return json_error(&member, err, "expected a device's type, one of a, c, b, u, p");
    return 0;
}

/* Type, path and numbers, which a rule and a node share. */
static int read_common(const struct json_at *at, struct device_node *node,
                       struct lxcdriver_error **err)
{
    struct json_at major = json_member(at, "major"), minor = json_member(at, "minor");

    if (json_want_object(at, err) < 0 || read_type(at, &node->type, err) < 0)
        return -1;
    if (json_get_int(&major, -1, MAJOR_MAX, &node->major, err) < 0 ||
        json_get_int(&minor, -1, MINOR_MAX, &node->minor, err) < 0)
        return -1;
    return execdriver_text(at, "path", &node->path, err);
}

static void node_clear(struct device_node *node)
{
    free(node->path);
    free(node->host_path);
}

static int read_rule(const struct json_at *at, struct resources *res, struct lxcdriver_error **err)
{
    __attribute__((cleanup(node_clear))) struct device_node common = {0};
    struct json_at access = execdriver_either(at, "cgroup_permissions", "permissions");
    cleanup_free char *text = NULL;
    struct device_rule *rule;

    if (read_common(at, &common, err) < 0 || json_get_string(&access, &text, err) < 0)
        return -1;
    rule = ARRAY_GROW(&res->devices, &res->n_devices);
    if (!rule)
        return err_nomem(err);
    *rule = (struct device_rule){.allow = true,
                                 .type = common.type == 'u' ? 'c' : common.type,
                                 .major = common.major,
                                 .minor = common.minor};
    return device_rule_access(text, rule, err) < 0 ? err_wrap(err, "%s", access.path) : 0;
}

/* What default_mounts puts into every /dev; Docker lists them as well. */
static bool is_default_node(const struct device_node *node)
{
    static const struct {
        const char *path;
        int64_t major, minor;
    } defaults[] = {{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0}};

    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
        if (node->type == 'c' && str_eq(node->path, defaults[i].path) &&
            node->major == defaults[i].major && node->minor == defaults[i].minor)
            return true;
    return false;
}

static int read_owner(const struct json_at *at, struct device_node *node,
                      struct lxcdriver_error **err)
{
    int64_t mode = 0, uid = 0, gid = 0;

    if (json_opt_int(at, "file_mode", 0, UINT32_MAX, &mode, err) < 0 ||
        json_opt_int(at, "uid", 0, UINT32_MAX - 1, &uid, err) < 0 ||
        json_opt_int(at, "gid", 0, UINT32_MAX - 1, &gid, err) < 0)
        return -1;
    /* The daemon leaves the file type's bits in it. */
    node->has_mode = mode != 0;
    node->mode = (uint32_t)mode & 07777;
    node->has_uid = node->has_gid = true;
    node->uid = (uint32_t)uid;
    node->gid = (uint32_t)gid;
    return 0;
}

static int read_node(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    __attribute__((cleanup(node_clear))) struct device_node node = {0};
    struct json_at type = json_member(at, "type");
    struct device_node *slot;
    char *path;

    if (read_common(at, &node, err) < 0 || read_owner(at, &node, err) < 0)
        return -1;
    if (node.type == 'a')
        return json_error(&type, err, "a node cannot be of every type");
    if (!node.path)
        return err_set(err, "%s.path: is missing", at->path);
    if (node.major < 0 || node.minor < 0)
        return err_set(err, "%s: a node needs a major and a minor number, not -1", at->path);
    path = path_normalise(node.path, err);
    if (!path)
        return err_wrap(err, "%s.path", at->path);
    free(node.path);
    node.path = path;
    if (is_default_node(&node))
        return 0;
    slot = ARRAY_GROW(&cmd->devices, &cmd->n_devices);
    if (!slot)
        return err_nomem(err);
    *slot = node;
    node = (struct device_node){0};
    return 0;
}

/* What is not listed is denied. */
static int read_rules(struct json_list *list, struct resources *res, struct lxcdriver_error **err)
{
    struct device_rule *deny = ARRAY_GROW(&res->devices, &res->n_devices);
    struct json_at element;

    if (!deny)
        return err_nomem(err);
    *deny = (struct device_rule){false, 'a', -1, -1, true, true, true};
    while (json_list_next(list, &element))
        if (read_rule(&element, res, err) < 0)
            return -1;
    return 0;
}

int execdriver_devices(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_list allowed, created;
    struct json_at element;

    if (json_opt_list(at, "allowed_devices", &allowed, err) < 0 ||
        json_opt_list(at, "autocreated_devices", &created, err) < 0)
        return -1;
    if (json_present(&allowed.at)) {
        if (read_rules(&allowed, &cmd->res, err) < 0)
            return -1;
    } else if (device_rules_default(&cmd->res, err) < 0) {
        return -1;
    }
    /* The list is judged also where everything is allowed. */
    if (cmd->privileged) {
        cmd->res.n_devices = 0;
        if (device_rules_all(&cmd->res, err) < 0)
            return -1;
    }
    while (json_list_next(&created, &element))
        if (read_node(&element, cmd, err) < 0)
            return -1;
    return 0;
}

static int read_mount(const struct json_at *at, struct mount_spec *m, struct lxcdriver_error **err)
{
    struct json_at source = json_member(at, "source"), destination = json_member(at, "destination");
    cleanup_free char *path = NULL;
    bool writable = false, private = false, slave = false;

    if (json_want_object(at, err) < 0 || json_get_string(&source, &m->source, err) < 0 ||
        json_get_string(&destination, &path, err) < 0 ||
        json_opt_bool(at, "writable", &writable, err) < 0 ||
        json_opt_bool(at, "private", &private, err) < 0 ||
        json_opt_bool(at, "slave", &slave, err) < 0)
        return -1;
    if (check_absolute(m->source, err) < 0)
        return err_wrap(err, "%s", source.path);
    m->destination = path_normalise(path, err);
    if (!m->destination)
        return err_wrap(err, "%s", destination.path);
    if (private && slave)
        return err_set(err, "%s: private and slave contradict one another", at->path);
    if (str_set(&m->type, "bind") < 0)
        return err_nomem(err);
    m->flags = MS_BIND | MS_REC | (writable ? 0 : MS_RDONLY);
    if (private || slave)
        m->propagation = (private ? MS_PRIVATE : MS_SLAVE) | MS_REC;
    return 0;
}

int execdriver_mounts(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "mounts", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

        if (!m)
            return err_nomem(err);
        if (read_mount(&element, m, err) < 0)
            return -1;
    }
    return 0;
}
