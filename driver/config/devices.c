#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "config/section.h"
#include "spec/readers.h"

const struct default_device default_devices[DEFAULT_DEVICES] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static bool rules_are_v2(const struct section *s)
{
    return s->facts->cgroup_mode == CGROUP_V2;
}

static void number(char text[24], int64_t value)
{
    if (value < 0)
        strcpy(text, "*");
    else
        snprintf(text, 24, "%" PRId64, value);
}

static int write_rule(struct section *s, const struct device_rule *rule, char type)
{
    const char *key = rules_are_v2(s)
                          ? rule->allow ? "lxc.cgroup2.devices.allow" : "lxc.cgroup2.devices.deny"
                      : rule->allow ? "lxc.cgroup.devices.allow"
                                    : "lxc.cgroup.devices.deny";
    char major[24], minor[24];

    number(major, rule->major);
    number(minor, rule->minor);
    return section_set(s, key, "resources.devices", "%c %s:%s %s%s%s", type, major, minor,
                       rule->read ? "r" : "", rule->write ? "w" : "", rule->mknod ? "m" : "");
}

static bool is_everything(const struct device_rule *rule)
{
    return rule->type == 'a' && rule->major < 0 && rule->minor < 0 && rule->read && rule->write &&
           rule->mknod;
}

/* 'a' by itself means every access to every device, in both versions; the kernel ignores what
 * stands behind it. So a narrower rule for all types is said once for each type. */
static int rule(struct section *s, const struct device_rule *r)
{
    bool v2 = rules_are_v2(s);

    if (!r->read && !r->write && !r->mknod)
        return 0;
    if (is_everything(r))
        return section_set(s,
                           v2 ? r->allow ? "lxc.cgroup2.devices.allow" : "lxc.cgroup2.devices.deny"
                           : r->allow ? "lxc.cgroup.devices.allow"
                                      : "lxc.cgroup.devices.deny",
                           "resources.devices", "a");
    if (r->type != 'a')
        return write_rule(s, r, r->type);
    return write_rule(s, r, 'c') < 0 || write_rule(s, r, 'b') < 0 ? -1 : 0;
}

/* The shim makes the container's nodes from inside its cgroup. A node that is only there gives
 * nothing: to use it is another right. */
static int allow_mknod(struct section *s, char type)
{
    const struct resources *res = &s->cmd->res;
    const struct device_rule any = {
        .allow = true, .type = type, .major = -1, .minor = -1, .mknod = true};
    bool allowed = false;

    for (size_t i = 0; i < res->n_devices; i++) {
        const struct device_rule *r = &res->devices[i];

        if ((r->type == type || r->type == 'a') && r->major < 0 && r->minor < 0 && r->mknod)
            allowed = r->allow;
    }
    return allowed ? 0 : write_rule(s, &any, type);
}

/* On v2 it is an eBPF program, which needs no controller; LXC has it on pure v2 only, so that a
 * host with v1 hierarchies and without this one cannot hold anybody to a rule. */
static int need_controller(struct section *s)
{
    const struct resources *res = &s->cmd->res;
    bool everything = res->n_devices > 0;

    for (size_t i = 0; i < res->n_devices; i++)
        everything = everything && res->devices[i].allow && is_everything(&res->devices[i]);
    return everything || rules_are_v2(s) ? 0 : section_need_controller(s, "devices", "devices");
}

static bool same_rule(const struct device_rule *a, const struct device_rule *b)
{
    return a->allow == b->allow && a->type == b->type && a->major == b->major &&
           a->minor == b->minor && a->read == b->read && a->write == b->write &&
           a->mknod == b->mknod;
}

static bool number_meets(int64_t a, int64_t b)
{
    return a < 0 || b < 0 || a == b;
}

static bool meets(const struct device_rule *a, const struct device_rule *b)
{
    return (a->type == 'a' || b->type == 'a' || a->type == b->type) &&
           number_meets(a->major, b->major) && number_meets(a->minor, b->minor);
}

/* Allowed already, and nothing of it denied since; or denied with everything, and nothing of it
 * allowed since: engines say again what is so, and on v1 each rule is a write. */
static bool is_repeated(const struct resources *res, size_t i)
{
    const struct device_rule *now = &res->devices[i];

    for (size_t k = i; k-- > 0;) {
        const struct device_rule *before = &res->devices[k];

        if (same_rule(before, now) || (!before->allow && !now->allow && is_everything(before)))
            return true;
        if (before->allow != now->allow && meets(before, now))
            return false;
    }
    return false;
}

int config_devices(struct section *s)
{
    const struct resources *res = &s->cmd->res;

    if (s->cmd->privileged)
        return 0; /* what the parent cgroup allows */
    /* Neither v1's files nor a program can be had; there are no nodes but those that were bound. */
    if (s->cmd->rootless)
        return 0;
    if (need_controller(s) < 0)
        return -1;
    /* Every reader gives some; without any LXC would leave all devices to the container. */
    if (!res->n_devices)
        return err_set(s->err, "resources.devices: there is no rule");
    for (size_t i = 0; i < res->n_devices; i++)
        if (!is_repeated(res, i) && rule(s, &res->devices[i]) < 0)
            return -1;
    return allow_mknod(s, 'c') < 0 || allow_mknod(s, 'b') < 0 ? -1 : 0;
}

/* A bundle that mounts nothing at /dev gets its devices in the root filesystem's. */
bool devices_in_root(const struct command *cmd, const struct mount_survey *survey)
{
    return cmd->engine && !survey->given[DEFAULT_DEV];
}

int config_default_binds(struct section *s)
{
    struct mount_survey survey;

    if (!ns_no_nodes(s->cmd))
        return 0;
    if (mount_survey_make(s->cmd, s->facts->targets, &survey, s->err) < 0)
        return -1;
    return survey.own_dev ? section_include(s, "userns-dev.conf") : 0;
}

static int add_bind(struct command *cmd, const char *source, const char *path,
                    struct lxcdriver_error **err)
{
    struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

    if (!m)
        return err_nomem(err);
    *m = (struct mount_spec){.flags = MS_BIND};
    return str_set(&m->type, "bind") < 0 || str_set(&m->source, source) < 0 ||
                   str_set(&m->destination, path) < 0
               ? err_nomem(err)
               : 0;
}

int config_device_mounts(struct command *cmd, struct lxcdriver_error **err)
{
    struct mount_survey survey;

    if (!ns_no_nodes(cmd))
        return 0;
    if (mount_survey_make(cmd, NULL, &survey, err) < 0)
        return -1;
    for (size_t i = 0; devices_in_root(cmd, &survey) && i < DEFAULT_DEVICES; i++) {
        cleanup_free char *path = str_printf("/dev/%s", default_devices[i].name);

        if (!path)
            return err_nomem(err);
        if (add_bind(cmd, path, path, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < cmd->n_devices; i++) {
        const struct device_node *node = &cmd->devices[i];

        if (node->type != 'p' &&
            add_bind(cmd, node->host_path ? node->host_path : node->path, node->path, err) < 0)
            return -1;
    }
    return 0;
}
