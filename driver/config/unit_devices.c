/*
 * Device rules as systemd has them: a list of what is allowed. It holds for all that is in the
 * unit, beside the rules of the container's own cgroup, which are exact; so what systemd cannot
 * say is said more widely, and its list never takes away what a rule gives.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/unit.h"

struct allowed {
    struct device_rule *items;
    size_t n;
    bool everything; /* but for what is denied */
};

static void allowed_clear(struct allowed *list)
{
    free(list->items);
    *list = (struct allowed){0};
}

static bool is_everything(const struct device_rule *r)
{
    return r->type == 'a' && r->major < 0 && r->minor < 0;
}

static int allow(struct allowed *list, const struct device_rule *rule, char type)
{
    struct device_rule *slot;

    for (size_t i = 0; i < list->n; i++) {
        slot = &list->items[i];
        if (slot->type != type || slot->major != rule->major || slot->minor != rule->minor)
            continue;
        slot->read |= rule->read;
        slot->write |= rule->write;
        slot->mknod |= rule->mknod;
        return 0;
    }
    slot = ARRAY_GROW(&list->items, &list->n);
    if (!slot)
        return -1;
    *slot = *rule;
    slot->type = type;
    return 0;
}

/* Only what the rule takes as a whole goes: a part of a wider one cannot be left out. */
static void deny(struct allowed *list, const struct device_rule *rule)
{
    for (size_t i = 0; i < list->n; i++) {
        struct device_rule *r = &list->items[i];

        if ((rule->type != 'a' && rule->type != r->type) ||
            (rule->major >= 0 && rule->major != r->major) ||
            (rule->minor >= 0 && rule->minor != r->minor))
            continue;
        r->read &= !rule->read;
        r->write &= !rule->write;
        r->mknod &= !rule->mknod;
    }
}

static int take(struct allowed *list, const struct device_rule *rule)
{
    if (is_everything(rule) && rule->read && rule->write && rule->mknod) {
        allowed_clear(list);
        list->everything = rule->allow;
        return 0;
    }
    if (!rule->allow) {
        deny(list, rule);
        return 0;
    }
    if (rule->type != 'a')
        return allow(list, rule, rule->type);
    return allow(list, rule, 'c') < 0 ? -1 : allow(list, rule, 'b');
}

/* The name of a major number: a line "  1 mem" below the heading of its type. Heap, NULL when there
 * is none or memory ran out. */
static char *group_of(const char *text, char type, int64_t major)
{
    const char *heading = type == 'b' ? "Block devices:\n" : "Character devices:\n";
    const char *line = text ? strstr(text, heading) : NULL;

    for (line = line ? line + strlen(heading) : NULL; line && *line && *line != '\n';) {
        size_t len = strcspn(line, "\n");
        char *end;
        int64_t number = strtoll(line, &end, 10);

        if (number == major && *end == ' ')
            return str_printf("%s-%.*s", type == 'b' ? "block" : "char",
                              (int)(line + len - end - 1), end + 1);
        line += len + (line[len] == '\n');
    }
    return NULL;
}

/* A node by its numbers, or all of a driver's by the driver's name; what has neither, any minor
 * number under whatever major, is in all of the type. */
static char *node_of(const struct device_rule *rule, const char *proc_devices)
{
    const char *word = rule->type == 'b' ? "block" : "char";
    char *group;

    if (rule->major >= 0 && rule->minor >= 0)
        return str_printf("/dev/%s/%" PRId64 ":%" PRId64, word, rule->major, rule->minor);
    group = rule->major >= 0 ? group_of(proc_devices, rule->type, rule->major) : NULL;
    return group ? group : str_printf("%s-*", word);
}

struct node {
    char *name;
    bool read, write, mknod;
};

struct nodes {
    struct node *items;
    size_t n;
};

static void nodes_clear(struct nodes *nodes)
{
    for (size_t i = 0; i < nodes->n; i++)
        free(nodes->items[i].name);
    free(nodes->items);
}

/* Rules can come to the same name, of which systemd keeps only what is said last. */
static int name_rule(struct nodes *nodes, const struct device_rule *rule, const char *proc_devices)
{
    cleanup_free char *name = node_of(rule, proc_devices);
    struct node *node = NULL;

    if (!name)
        return -1;
    for (size_t i = 0; i < nodes->n; i++)
        if (strcmp(nodes->items[i].name, name) == 0)
            node = &nodes->items[i];
    if (!node) {
        node = ARRAY_GROW(&nodes->items, &nodes->n);
        if (!node)
            return -1;
        node->name = steal_ptr(&name);
    }
    node->read |= rule->read;
    node->write |= rule->write;
    node->mknod |= rule->mknod;
    return 0;
}

static int put_node(struct unit_property *prop, const struct node *node)
{
    char access[4] = "", *end = access;

    if (node->read)
        *end++ = 'r';
    if (node->write)
        *end++ = 'w';
    if (node->mknod)
        *end++ = 'm';
    if (end == access)
        return 0;
    return unit_step_add(prop, '(', "ss", 0) == 0 && unit_step_add(prop, 's', node->name, 0) == 0 &&
                   unit_step_add(prop, 's', access, 0) == 0 &&
                   unit_step_add(prop, ')', NULL, 0) == 0
               ? 0
               : -1;
}

static int put_list(struct unit_properties *out, const struct nodes *nodes)
{
    struct unit_property *prop = unit_property_add(out, "DeviceAllow", "a(ss)");

    if (!prop || unit_step_add(prop, 'a', "(ss)", 0) < 0)
        return -1;
    for (size_t i = 0; nodes && i < nodes->n; i++)
        if (put_node(prop, &nodes->items[i]) < 0)
            return -1;
    return unit_step_add(prop, ')', NULL, 0);
}

/* The empty list first: it takes away what was allowed before. */
static int put_strict(struct unit_properties *out, const struct allowed *list,
                      const char *proc_devices)
{
    __attribute__((cleanup(nodes_clear))) struct nodes nodes = {0};

    for (size_t i = 0; i < list->n; i++)
        if (name_rule(&nodes, &list->items[i], proc_devices) < 0)
            return -1;
    return unit_add_string(out, "DevicePolicy", "strict") == 0 && put_list(out, NULL) == 0
               ? put_list(out, &nodes)
               : -1;
}

int unit_devices(const struct command *cmd, const struct unit_facts *facts,
                 struct unit_properties *out, struct lxcdriver_error **err)
{
    static const struct device_rule nodes[] = {
        {.allow = true, .type = 'c', .major = -1, .minor = -1, .mknod = true},
        {.allow = true, .type = 'b', .major = -1, .minor = -1, .mknod = true},
    };
    __attribute__((cleanup(allowed_clear))) struct allowed list = {
        .everything = cmd->privileged || cmd->res.n_devices == 0};

    for (size_t i = 0; !cmd->privileged && i < cmd->res.n_devices; i++)
        if (take(&list, &cmd->res.devices[i]) < 0)
            return err_nomem(err);
    if (list.everything)
        return unit_add_string(out, "DevicePolicy", "auto") < 0 || put_list(out, NULL) < 0
                   ? err_nomem(err)
                   : 0;
    return take(&list, &nodes[0]) < 0 || take(&list, &nodes[1]) < 0 ||
                   put_strict(out, &list, facts->proc_devices) < 0
               ? err_nomem(err)
               : 0;
}
