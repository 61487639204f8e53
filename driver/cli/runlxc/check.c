/* runlxc check */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"

#define CANNOT_RUN 1
#define FAILED 2
#define GAP 2
#define WORD_WIDTH 7 /* "limited", "missing" */

struct options {
    const char *format;
    bool quiet;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, format, "format", 'f', "FORMAT", "table (default) or json"),
    OPT_SWITCH(struct options, quiet, "quiet", 'q', "print nothing: the exit code says it"),
};

static const struct {
    const char *word, *colour;
} colours[] = {{"ok", "32"}, {"limited", "33"}, {"off", "2"}, {"missing", "31"}};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* no-color.org: by being there, unless it is empty. */
static bool colourful(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && str_empty(getenv("NO_COLOR")) && !str_eq(term, "dumb");
}

static void put_word(const char *word, bool colour)
{
    int width = WORD_WIDTH - (int)strlen(word) + GAP;
    const char *code = "0";

    for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
        if (str_eq(colours[i].word, word))
            code = colours[i].colour;
    if (colour)
        printf("\033[%sm%s\033[0m%*s", code, word, width, "");
    else
        printf("%s%*s", word, width, "");
}

/* The widest name of all sections, so that their columns agree. */
static int name_width(const json_t *sections)
{
    const json_t *section, *item;
    size_t i, j, width = 0;

    json_array_foreach(sections, i, section)
    {
        json_array_foreach(json_object_get(section, "items"), j, item)
        {
            size_t len = strlen(text_of(item, "name"));

            if (len > width)
                width = len;
        }
    }
    return (int)width;
}

static void print_item(const json_t *item, int width, bool colour)
{
    const char *advice = text_of(item, "advice");

    printf("  %-*s", width + GAP, text_of(item, "name"));
    put_word(text_of(item, "status"), colour);
    printf("%s\n", text_of(item, "detail"));
    if (*advice)
        printf("  %-*s-> %s\n", width + GAP + WORD_WIDTH + GAP, "", advice);
}

/* What is missing of that which every container needs. */
static void print_verdict(const json_t *sections, bool can)
{
    const json_t *section, *item;
    const char *separator = " ";
    size_t i, j;

    printf("\n%s", can ? "Containers can run." : "Containers cannot run. Missing:");
    json_array_foreach(sections, i, section)
    {
        json_array_foreach(json_object_get(section, "items"), j, item)
        {
            if (!json_is_true(json_object_get(item, "required")) ||
                !str_eq(text_of(item, "status"), "missing"))
                continue;
            printf("%s%s", separator, text_of(item, "name"));
            separator = ", ";
        }
    }
    putchar('\n');
}

static void print_table(const json_t *all, bool can)
{
    const json_t *sections = json_object_get(all, "sections"), *section, *item;
    int width = name_width(sections);
    bool colour = colourful();
    size_t i, j;

    json_array_foreach(sections, i, section)
    {
        printf("%s%s%s%s\n", i ? "\n" : "", colour ? "\033[1m" : "", text_of(section, "title"),
               colour ? "\033[0m" : "");
        json_array_foreach(json_object_get(section, "items"), j, item)
            print_item(item, width, colour);
    }
    print_verdict(sections, can);
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    cleanup_free char *text = NULL;
    json_t *all;
    bool can;

    (void)args;
    if (o->format && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
        return err_set(err, "--format: \"%s\" is neither table nor json", o->format);
    text = lxcdriver_check_json(ctx->root, err);
    all = text ? json_loads(text, 0, NULL) : NULL;
    if (!all)
        return text ? err_nomem(err) : -1;
    can = json_is_true(json_object_get(all, "canRun"));
    if (!o->quiet && str_eq(o->format, "json"))
        puts(text);
    else if (!o->quiet)
        print_table(all, can);
    json_decref(all);
    return can ? 0 : CANNOT_RUN;
}

const struct verb verb_check = {
    .name = "check",
    .usage = "",
    .summary = "tell what this host can do, what is missing, and how to mend it",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .failure = FAILED,
    .misuse = FAILED,
    .without_driver = true,
    .act = act,
};
