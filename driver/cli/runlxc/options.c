/* Reading options by their table. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"

struct reader {
    const struct option_def *defs;
    size_t n;
    char *values;
    char **next; /* what is still to be read */
    const char *where;
    bool help;
};

static const struct option_def *by_name(const struct reader *r, const char *name, size_t len)
{
    for (size_t i = 0; i < r->n; i++)
        if (strlen(r->defs[i].name) == len && strncmp(r->defs[i].name, name, len) == 0)
            return &r->defs[i];
    return NULL;
}

static const struct option_def *by_short(const struct reader *r, char c)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->defs[i].short_name == c)
            return &r->defs[i];
    return NULL;
}

static int unknown(const struct reader *r, const char *name, size_t len,
                   struct lxcdriver_error **err)
{
    const struct option_def *near = NULL;
    size_t best = STR_SLIPS(len);

    for (size_t i = 0; i < r->n; i++) {
        size_t d = str_distance(name, len, r->defs[i].name, strlen(r->defs[i].name));

        if (d < best || (!near && len > 2 && strncmp(r->defs[i].name, name, len) == 0)) {
            best = d < best ? d : best;
            near = &r->defs[i];
        }
    }
    if (near)
        return err_set(err, "unknown option \"--%.*s\"; did you mean \"--%s\"?", (int)len, name,
                       near->name);
    return err_set(err, "unknown option \"--%.*s\"; %s --help lists them", (int)len, name,
                   r->where);
}

static int set_switch(bool *out, const char *value, struct lxcdriver_error **err)
{
    *out = !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;
    if (*out || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
        return 0;
    return err_set(err, "\"%s\" is neither true nor false", value);
}

/* value NULL: a switch that stands alone. */
static int store(const struct reader *r, const struct option_def *def, const char *value,
                 struct lxcdriver_error **err)
{
    char *at = r->values + def->offset;

    switch (def->kind) {
    case OPTION_SWITCH:
        return set_switch((bool *)at, value, err);
    case OPTION_TEXT:
        *(const char **)at = value;
        return 0;
    case OPTION_LIST:
        return strv_add((struct strv *)at, value) < 0 ? err_nomem(err) : 0;
    case OPTION_NUMBER:
        if (str_to_i64(value, def->min, def->max, (int64_t *)at))
            return 0;
        return err_set(err, "\"%s\" is not a number between %lld and %lld", value,
                       (long long)def->min, (long long)def->max);
    }
    return 0;
}

/* value NULL: it stands in the next argument, if the option takes one. */
static int apply(struct reader *r, const struct option_def *def, const char *value,
                 struct lxcdriver_error **err)
{
    if (!value && def->arg) {
        if (!*r->next)
            return err_set(err, "--%s: needs a value (%s)", def->name, def->arg);
        value = *r->next++;
    }
    return store(r, def, value, err) < 0 ? err_wrap(err, "--%s", def->name) : 0;
}

static int read_long(struct reader *r, const char *text, struct lxcdriver_error **err)
{
    size_t len = strcspn(text, "=");
    const struct option_def *def = by_name(r, text, len);

    if (def)
        return apply(r, def, text[len] ? text + len + 1 : NULL, err);
    if (strcmp(text, "help") != 0)
        return unknown(r, text, len, err);
    r->help = true;
    return 0;
}

/* Switches, the last of which may be an option whose value is attached or the next argument. */
static int read_short(struct reader *r, const char *cluster, struct lxcdriver_error **err)
{
    for (const char *p = cluster; *p && !r->help; p++) {
        const struct option_def *def = by_short(r, *p);

        if (!def && *p == 'h')
            r->help = true;
        else if (!def)
            return err_set(err, "unknown option \"-%c\"; %s --help lists them", *p, r->where);
        else if (def->arg)
            return apply(r, def, !p[1] ? NULL : p + 1 + (p[1] == '='), err);
        else if (apply(r, def, NULL, err) < 0)
            return -1;
    }
    return 0;
}

int options_read(const struct option_def *defs, size_t n, void *values, char **argv, bool in_order,
                 const char *where, char ***args, bool *help, struct lxcdriver_error **err)
{
    struct reader r = {defs, n, values, argv, where, false};
    size_t count = 0, found = 0;

    for (size_t i = 0; i < n; i++)
        if (defs[i].kind == OPTION_NUMBER)
            *(int64_t *)(r.values + defs[i].offset) = defs[i].preset;
    while (argv[count])
        count++;
    *args = calloc(count + 1, sizeof(**args));
    if (!*args)
        return err_nomem(err);
    while (*r.next && !r.help) {
        char *text = *r.next++;

        if (text[0] == '-' && text[1] && strcmp(text, "--") != 0) {
            if (text[1] == '-' ? read_long(&r, text + 2, err) < 0
                               : read_short(&r, text + 1, err) < 0)
                return -1;
            continue;
        }
        if (strcmp(text, "--") != 0)
            (*args)[found++] = text;
        else
            in_order = true;
        while (in_order && *r.next)
            (*args)[found++] = *r.next++;
    }
    *help = r.help;
    return 0;
}

void options_clear(const struct option_def *defs, size_t n, void *values)
{
    for (size_t i = 0; i < n; i++)
        if (defs[i].kind == OPTION_LIST)
            strv_free((struct strv *)((char *)values + defs[i].offset));
}
