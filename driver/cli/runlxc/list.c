/* runlxc list */
#include <jansson.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"

#define COLUMNS 6
#define MIN_WIDTH 12 /* of a column, its gap included */
#define GAP 3

struct options {
    const char *format;
    bool quiet;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, format, "format", 'f', "FORMAT", "table (default) or json"),
    OPT_SWITCH(struct options, quiet, "quiet", 'q', "only the ids"),
};

/* Members of the state that the list shows, in its JSON under the same names. */
static const char *const members[] = {"ociVersion", "id",     "pid",     "status",
                                      "bundle",     "rootfs", "created", "annotations"};

json_t *container_owner(const struct context *ctx, const char *id)
{
    cleanup_free char *path = str_printf("%s/%s", ctx->root, id);
    const struct passwd *pw;
    struct stat st;

    if (!path || stat(path, &st) < 0)
        return json_string("");
    pw = getpwuid(st.st_uid);
    return pw ? json_string(pw->pw_name) : json_sprintf("#%u", st.st_uid);
}

/* One element of the list; NULL for a container that has gone meanwhile. */
static json_t *element(const struct context *ctx, const char *id)
{
    cleanup_free char *text = lxcdriver_state_json(ctx->drv, id, NULL);
    json_t *state = text ? json_loads(text, 0, NULL) : NULL, *out = state ? json_object() : NULL;

    for (size_t i = 0; out && i < ARRAY_SIZE(members); i++) {
        json_t *value = json_object_get(state, members[i]);

        if (value && !json_is_null(value))
            json_object_set(out, members[i], value);
    }
    if (out)
        json_object_set_new(out, "owner", container_owner(ctx, id));
    json_decref(state);
    return out;
}

static json_t *make_list(const struct context *ctx, char **ids)
{
    json_t *list = json_array();

    for (size_t i = 0; list && ids[i]; i++) {
        json_t *one = element(ctx, ids[i]);

        if (one)
            json_array_append_new(list, one);
    }
    return list;
}

static void cell(const json_t *container, size_t column, char *out, size_t size)
{
    static const char *const names[COLUMNS] = {"id", "pid", "status", "bundle", "created", "owner"};
    const json_t *value = json_object_get(container, names[column]);

    if (json_is_integer(value))
        snprintf(out, size, "%lld", (long long)json_integer_value(value));
    else
        snprintf(out, size, "%s", json_is_string(value) ? json_string_value(value) : "");
}

static void print_table(const json_t *list)
{
    static const char *const heads[COLUMNS] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
    int width[COLUMNS];
    char text[4096];
    json_t *one;
    size_t i;

    for (size_t c = 0; c < COLUMNS; c++) {
        width[c] = (int)strlen(heads[c]) + GAP;
        json_array_foreach(list, i, one)
        {
            cell(one, c, text, sizeof(text));
            if ((int)strlen(text) + GAP > width[c])
                width[c] = (int)strlen(text) + GAP;
        }
        if (width[c] < MIN_WIDTH)
            width[c] = MIN_WIDTH;
        printf("%-*s", c + 1 < COLUMNS ? width[c] : 0, heads[c]);
    }
    putchar('\n');
    json_array_foreach(list, i, one)
    {
        for (size_t c = 0; c < COLUMNS; c++) {
            cell(one, c, text, sizeof(text));
            printf("%-*s", c + 1 < COLUMNS ? width[c] : 0, text);
        }
        putchar('\n');
    }
}

static int print_list(const struct context *ctx, char **ids, bool as_json,
                      struct lxcdriver_error **err)
{
    json_t *list = make_list(ctx, ids);
    cleanup_free char *text = list && as_json ? json_dumps(list, JSON_COMPACT) : NULL;

    if (!list || (as_json && !text)) {
        json_decref(list);
        return err_nomem(err);
    }
    if (as_json)
        puts(text);
    else
        print_table(list);
    json_decref(list);
    return 0;
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    bool as_json = str_eq(o->format, "json");
    char **ids;
    int result = 0;

    (void)args;
    if (o->format && !as_json && strcmp(o->format, "table") != 0)
        return err_set(err, "--format: \"%s\" is neither table nor json", o->format);
    ids = lxcdriver_list(ctx->drv, err);
    if (!ids)
        return -1;
    if (o->quiet)
        for (size_t i = 0; ids[i]; i++)
            puts(ids[i]);
    else
        result = print_list(ctx, ids, as_json, err);
    lxcdriver_strings_free(ids);
    return result;
}

const struct verb verb_list = {
    .name = "list",
    .usage = "",
    .summary = "list the containers",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .act = act,
};
