#include "spec/flags.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

/* The parts of HOST[:DST][:rwm]; the middle one may be the access when it looks like one, as docker
 * run has it. */
struct mapping {
    char *host, *destination;
    const char *access;
};

static void mapping_free(struct mapping *m)
{
    free(m->host);
    free(m->destination);
}

static int read_mapping(const char *text, struct mapping *m, struct lxcdriver_error **err)
{
    cleanup_free char *second = NULL;
    const char *rest = split_at(text, ':', &m->host);
    const char *third = rest ? split_at(rest, ':', &second) : NULL;
    bool is_access = second && *second && strspn(second, "rwm") == strlen(second);

    if (!m->host || (rest && !second))
        return err_nomem(err);
    if (third && strchr(third, ':'))
        return err_set(err, "\"%s\" is not HOST[:DST][:rwm]", text);
    m->access = third ? third : is_access ? strchr(text, ':') + 1 : "rwm";
    m->destination = path_normalise(second && (third || !is_access) ? second : m->host, err);
    return m->destination ? 0 : -1;
}

static int add_device(struct command *cmd, const char *text, struct lxcdriver_error **err)
{
    __attribute__((cleanup(mapping_free))) struct mapping m = {0};
    struct device_node *node;
    struct device_rule *rule;
    struct stat st;

    if (read_mapping(text, &m, err) < 0)
        return -1;
    if (stat(m.host, &st) < 0)
        return err_sys(err, errno, "\"%s\"", m.host);
    if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
        return err_set(err, "\"%s\" is not a device", m.host);
    rule = ARRAY_GROW(&cmd->res.devices, &cmd->res.n_devices);
    node = rule ? ARRAY_GROW(&cmd->devices, &cmd->n_devices) : NULL;
    if (!node)
        return err_nomem(err);
    node->type = S_ISCHR(st.st_mode) ? 'c' : 'b';
    node->path = steal_ptr(&m.destination);
    node->host_path = steal_ptr(&m.host);
    node->major = major(st.st_rdev);
    node->minor = minor(st.st_rdev);
    node->has_mode = node->has_uid = node->has_gid = true;
    node->mode = st.st_mode & 07777;
    node->uid = st.st_uid;
    node->gid = st.st_gid;
    *rule = (struct device_rule){
        .allow = true, .type = node->type, .major = node->major, .minor = node->minor};
    return device_rule_access(m.access, rule, err);
}

/* "42" or "*"; the rest of the text behind it, or NULL. */
static const char *rule_number(const char *text, char end, int64_t *out)
{
    size_t len = strcspn(text, end == ':' ? ":" : " ");
    char digits[12] = {0};

    if (text[len] != end || !len || len >= sizeof(digits))
        return NULL;
    memcpy(digits, text, len);
    if (strcmp(digits, "*") == 0)
        *out = -1;
    else if (*digits == '-' || !str_to_i64(digits, 0, UINT32_MAX, out))
        return NULL;
    return text + len + 1;
}

/* "c 42:* rwm", the kernel's syntax of devices.allow. */
static int add_rule(struct command *cmd, const char *text, struct lxcdriver_error **err)
{
    struct device_rule rule = {.allow = true, .type = text[0]};
    struct device_rule *slot;
    const char *rest = NULL;

    if (text[0] && strchr("abc", text[0]) && text[1] == ' ')
        rest = rule_number(text + 2, ':', &rule.major);
    if (rest)
        rest = rule_number(rest, ' ', &rule.minor);
    if (!rest)
        return err_set(err, "\"%s\" is not a rule such as \"c 42:* rwm\"", text);
    if (device_rule_access(rest, &rule, err) < 0)
        return err_wrap(err, "\"%s\"", text);
    slot = ARRAY_GROW(&cmd->res.devices, &cmd->res.n_devices);
    if (!slot)
        return err_nomem(err);
    *slot = rule;
    return 0;
}

int flags_finish_devices(struct flags_state *st, struct lxcdriver_error **err)
{
    struct command *cmd = st->cmd;

    if (cmd->privileged ? device_rules_all(&cmd->res, err) < 0
                        : device_rules_default(&cmd->res, err) < 0)
        return -1;
    for (size_t i = 0; i < st->devices.n; i++)
        if (add_device(cmd, st->devices.items[i], err) < 0)
            return err_wrap(err, "--device");
    for (size_t i = 0; i < st->device_rules.n; i++)
        if (add_rule(cmd, st->device_rules.items[i], err) < 0)
            return err_wrap(err, "--device-cgroup-rule");
    return 0;
}
