/* Units of systemd's: names, and lists of properties. */
#include "config/unit.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define SLICE ".slice"
#define NAME_LIMIT 255 /* systemd's, for any unit */

/* ---- names ---- */

void unit_name_clear(struct unit_name *name)
{
    free(name->slice);
    free(name->unit);
    *name = (struct unit_name){0};
}

/* What systemd takes for the name of a unit: unit_name_is_valid() of its own, in the words of
 * systemd.unit(5). */
static int check_name(const char *unit, struct lxcdriver_error **err)
{
    static const char valid[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                ":-_.\\";
    size_t ok = strspn(unit, valid);

    if (unit[ok])
        return err_set(err, "'%c' cannot be in the name of a unit, \"%s\"", unit[ok], unit);
    if (strlen(unit) > NAME_LIMIT)
        return err_set(err, "the unit \"%.32s...\" has a name longer than %d bytes", unit,
                       NAME_LIMIT);
    return 0;
}

/* The slice in which a slice lies is a part of its name: "a-b.slice" is in "a.slice". */
static char *slice_above(const char *slice)
{
    size_t body = strlen(slice) - strlen(SLICE);
    const char *dash = memrchr(slice, '-', body);

    return dash && dash != slice ? str_printf("%.*s" SLICE, (int)(dash - slice), slice)
                                 : strdup("-" SLICE);
}

static int take_parts(const struct command *cmd, struct unit_name *out)
{
    const char *path = cmd->cgroups_path;
    const char *prefix, *name;

    if (!path) {
        out->slice = cmd->cgroup_parent ? strdup(cmd->cgroup_parent) : NULL;
        out->unit = str_printf("runlxc-%s.scope", cmd->id);
        return out->unit && (out->slice || !cmd->cgroup_parent) ? 0 : -1;
    }
    prefix = path + strcspn(path, ":") + 1;
    name = prefix + strcspn(prefix, ":") + 1;
    out->is_slice = str_ends(name, SLICE) && strlen(name) > strlen(SLICE);
    if (out->is_slice) {
        out->unit = strdup(name);
        out->slice = slice_above(name);
        return out->unit && out->slice ? 0 : -1;
    }
    if (*path != ':')
        out->slice = strndup(path, strcspn(path, ":"));
    out->unit = str_printf("%.*s%s%s.scope", (int)(name - 1 - prefix), prefix,
                           name - 1 > prefix ? "-" : "", name);
    return out->unit && (out->slice || *path == ':') ? 0 : -1;
}

int unit_name_make(const struct command *cmd, bool user, struct unit_name *out,
                   struct lxcdriver_error **err)
{
    *out = (struct unit_name){0};
    if (take_parts(cmd, out) < 0)
        return err_nomem(err);
    if (!out->slice) {
        out->slice = strdup(user ? "user" SLICE : "system" SLICE);
        if (!out->slice)
            return err_nomem(err);
    }
    return check_name(out->unit, err) < 0 || check_name(out->slice, err) < 0 ? -1 : 0;
}

/* "a-b.slice" is "a.slice/a-b.slice"; "-.slice" is the root, and in every path without a word. */
static void put_slice(struct buf *out, const char *slice)
{
    size_t body = strlen(slice) - strlen(SLICE);

    if (body == 1 && *slice == '-')
        return;
    for (size_t i = 1; i < body; i++)
        if (slice[i] == '-')
            buf_printf(out, "%.*s" SLICE "/", (int)i, slice);
    buf_printf(out, "%s/", slice);
}

char *unit_cgroup(const struct unit_name *name)
{
    cleanup_buf struct buf path = {0};

    put_slice(&path, name->slice);
    buf_puts(&path, name->unit);
    return buf_take(&path);
}

/* ---- properties ---- */

static void property_clear(struct unit_property *prop)
{
    for (size_t i = 0; i < prop->n; i++)
        free(prop->steps[i].text);
    free(prop->steps);
    free(prop->name);
    free(prop->signature);
}

void unit_properties_clear(struct unit_properties *props)
{
    for (size_t i = 0; i < props->n; i++)
        property_clear(&props->items[i]);
    free(props->items);
    *props = (struct unit_properties){0};
}

struct unit_property *unit_property_add(struct unit_properties *props, const char *name,
                                        const char *signature)
{
    struct unit_property *prop = ARRAY_GROW(&props->items, &props->n);

    if (!prop)
        return NULL;
    prop->name = strdup(name);
    prop->signature = strdup(signature);
    return prop->name && prop->signature ? prop : NULL;
}

int unit_step_add(struct unit_property *prop, char kind, const char *text, uint64_t number)
{
    struct unit_step *step = ARRAY_GROW(&prop->steps, &prop->n);

    if (!step)
        return -1;
    *step = (struct unit_step){.kind = kind, .number = number};
    return text ? str_set(&step->text, text) : 0;
}

static int add_basic(struct unit_properties *props, const char *name, char type, const char *text,
                     uint64_t number)
{
    struct unit_property *prop = unit_property_add(props, name, (char[]){type, '\0'});

    return prop ? unit_step_add(prop, type, text, number) : -1;
}

int unit_add_string(struct unit_properties *props, const char *name, const char *value)
{
    return add_basic(props, name, 's', value, 0);
}

int unit_add_bool(struct unit_properties *props, const char *name, bool value)
{
    return add_basic(props, name, 'b', NULL, value);
}

int unit_add_u64(struct unit_properties *props, const char *name, uint64_t value)
{
    return add_basic(props, name, 't', NULL, value);
}

/* An array of one element, a string or a number. */
static int add_single(struct unit_properties *props, const char *name, char type, const char *text,
                      uint64_t number)
{
    struct unit_property *prop = unit_property_add(props, name, (char[]){'a', type, '\0'});

    return prop && unit_step_add(prop, 'a', (char[]){type, '\0'}, 0) == 0 &&
                   unit_step_add(prop, type, text, number) == 0 &&
                   unit_step_add(prop, ')', NULL, 0) == 0
               ? 0
               : -1;
}

int unit_add_pid(struct unit_properties *props, pid_t pid)
{
    return add_single(props, "PIDs", 'u', NULL, (uint64_t)pid);
}

/* ---- all of a unit's ---- */

/* A slice lies where its name says, and is to have the one above it; a scope is put into its slice,
 * is ours to divide, and is forgotten by systemd when nothing is left in it, however it ended. */
static int add_place(const struct unit_name *name, struct unit_properties *out)
{
    if (name->is_slice)
        return add_single(out, "Wants", 's', name->slice, 0);
    return unit_add_string(out, "Slice", name->slice) < 0 ||
                   unit_add_bool(out, "Delegate", true) < 0 ||
                   unit_add_string(out, "CollectMode", "inactive-or-failed") < 0
               ? -1
               : 0;
}

/* Counting is on from the start: what a cgroup did not count before it cannot count later. */
static int add_accounting(bool v2, struct unit_properties *out)
{
    return unit_add_bool(out, "MemoryAccounting", true) < 0 ||
                   unit_add_bool(out, "CPUAccounting", true) < 0 ||
                   unit_add_bool(out, v2 ? "IOAccounting" : "BlockIOAccounting", true) < 0 ||
                   unit_add_bool(out, "TasksAccounting", true) < 0
               ? -1
               : 0;
}

static bool is_allowed(const char *name, const struct strv *patterns)
{
    for (size_t i = 0; i < patterns->n; i++)
        if (fnmatch(patterns->items[i], name, 0) == 0)
            return true;
    return false;
}

static int add_annotations(const struct command *cmd, const struct strv *allowed,
                           struct unit_properties *out, struct lxcdriver_error **err)
{
    static const char *const ours[] = {"PIDs", "Slice", "Delegate"};

    for (size_t i = 0; i < cmd->n_annotations; i++) {
        const struct string_pair *pair = &cmd->annotations[i];
        const char *name = pair->key + strlen(UNIT_ANNOTATION);

        if (!str_starts(pair->key, UNIT_ANNOTATION))
            continue;
        for (size_t k = 0; k < ARRAY_SIZE(ours); k++)
            if (str_eq(name, ours[k]))
                return err_set(err, "annotations.%s: is the runtime's to set", pair->key);
        if (!is_allowed(name, allowed))
            return err_set(err,
                           "annotations.%s: the property is not one that "
                           "annotation_systemd_properties of runlxc.conf allows",
                           pair->key);
        if (unit_add_text(out, name, pair->value, err) < 0)
            return err_wrap(err, "annotations.%s", pair->key);
    }
    return 0;
}

int unit_properties_make(const struct command *cmd, const struct unit_name *name,
                         const struct cgroup_values *values, const struct unit_facts *facts,
                         struct unit_properties *out, struct lxcdriver_error **err)
{
    cleanup_free char *description = str_printf("runlxc container %s", cmd->id);

    if (!description || unit_add_string(out, "Description", description) < 0 ||
        add_place(name, out) < 0 || unit_add_bool(out, "DefaultDependencies", false) < 0 ||
        add_accounting(facts->v2, out) < 0)
        return err_nomem(err);
    if (unit_resources(values, cmd->supervisor_inside, facts, out, err) < 0 ||
        unit_devices(cmd, facts, out, err) < 0)
        return -1;
    return add_annotations(cmd, facts->allowed, out, err);
}
