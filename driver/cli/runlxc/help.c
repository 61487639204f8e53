/* --help, out of the tables. */
#include <string.h>

#include "runlxc/verb.h"

#define TEXT_COLUMN 34

static void put_option(FILE *out, const struct option_def *def)
{
    int width = fprintf(out, "  ");

    if (def->short_name)
        width += fprintf(out, "-%c, ", def->short_name);
    else
        width += fprintf(out, "    ");
    width += fprintf(out, "--%s%s%s", def->name, def->arg ? " " : "", def->arg ? def->arg : "");
    fprintf(out, "%*s%s\n", width < TEXT_COLUMN ? TEXT_COLUMN - width : 1, "", def->help);
}

static void put_options(FILE *out, const struct option_def *defs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_option(out, &defs[i]);
}

void help_verb(FILE *out, const struct verb *verb)
{
    fprintf(out, "Usage: " PROGRAM " [GLOBAL OPTIONS] %s%s%s%s\n%s\n", verb->name,
            verb->n_options ? " [OPTIONS]" : "", *verb->usage ? " " : "", verb->usage,
            verb->summary);
    if (verb->n_options)
        fputs("\nOptions:\n", out);
    put_options(out, verb->options, verb->n_options);
}

void help_program(FILE *out, const struct verb *const *verbs, size_t n_verbs,
                  const struct option_def *globals, size_t n_globals)
{
    fputs("Usage: " PROGRAM " [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARG...]\n"
          "Acts on containers that LXC runs.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < n_verbs; i++)
        fprintf(out, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\nGlobal options:\n", out);
    put_options(out, globals, n_globals);
    fputs("\n" PROGRAM " COMMAND --help describes one command.\n", out);
}
