/*
 * What a verb of the command line is: a row of the table in main.c, with a table of its options
 * from which reading, suggestions and --help are derived. One file a verb.
 */
#ifndef RUNLXC_CLI_VERB_H
#define RUNLXC_CLI_VERB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "lxcdriver.h"
#include "runlxc/log.h"

#define PROGRAM "runlxc"

enum option_kind {
    OPTION_SWITCH, /* bool; "=true" and "=false" may follow */
    OPTION_TEXT,   /* const char *, borrowed from the command line; NULL: not given */
    OPTION_LIST,   /* struct strv, one more each time */
    OPTION_NUMBER, /* int64_t within min .. max */
};

struct option_def {
    const char *name; /* without "--" */
    char short_name;  /* 0: none */
    const char *arg;  /* what it takes, for --help; NULL with OPTION_SWITCH */
    enum option_kind kind;
    size_t offset;            /* in the verb's struct of options, zeroed before */
    int64_t min, max, preset; /* OPTION_NUMBER */
    const char *help;
};

/* Rows of a table: S is the struct, M its member. */
#define OPT_SWITCH(S, M, NAME, SHORT, HELP)                                                        \
    {                                                                                              \
        .name = (NAME), .short_name = (SHORT), .kind = OPTION_SWITCH, .offset = offsetof(S, M),    \
        .help = (HELP)                                                                             \
    }
#define OPT_TEXT(S, M, NAME, SHORT, ARG, HELP)                                                     \
    {                                                                                              \
        .name = (NAME), .short_name = (SHORT), .arg = (ARG), .kind = OPTION_TEXT,                  \
        .offset = offsetof(S, M), .help = (HELP)                                                   \
    }
#define OPT_LIST(S, M, NAME, SHORT, ARG, HELP)                                                     \
    {                                                                                              \
        .name = (NAME), .short_name = (SHORT), .arg = (ARG), .kind = OPTION_LIST,                  \
        .offset = offsetof(S, M), .help = (HELP)                                                   \
    }
#define OPT_NUMBER(S, M, NAME, SHORT, ARG, MIN, MAX, PRESET, HELP)                                 \
    {                                                                                              \
        .name = (NAME), .short_name = (SHORT), .arg = (ARG), .kind = OPTION_NUMBER,                \
        .offset = offsetof(S, M), .min = (MIN), .max = (MAX), .preset = (PRESET), .help = (HELP)   \
    }

/* What every verb has at hand. */
struct context {
    struct lxcdriver *drv;
    const char *root; /* absolute; one directory a container */
    struct log *log;
    bool systemd_cgroup; /* --systemd-cgroup */
};

struct verb {
    const char *name;
    const char *usage; /* the arguments behind the options: "ID [SIGNAL]" */
    const char *summary;
    const struct option_def *options;
    size_t n_options;
    size_t options_size;    /* of the struct that they fill; it is zero before */
    int min_args, max_args; /* max_args -1: any number */
    bool in_order;  /* options end where the arguments begin: what follows is somebody else's */
    bool moves;     /* starts processes in new cgroups: shared/warm.h */
    bool as_caller; /* an ordinary user needs no user namespace for it */
    int failure;    /* exit code when it fails (0: 1) */
    int misuse;     /* and when it is called wrongly (0: 1) */
    /* Is about the host: needs no settings that can be read and enters no user namespace; ctx->drv
     * is NULL, and ctx->root what --root says or NULL. */
    bool without_driver;
    /* args: NULL-terminated. The exit code, or -1 with err. */
    int (*act)(const struct context *ctx, void *options, char **args, struct lxcdriver_error **err);
};

extern const struct verb verb_check, verb_checkpoint, verb_create, verb_run, verb_start;
extern const struct verb verb_delete, verb_events, verb_exec, verb_features, verb_install,
    verb_kill, verb_list, verb_pause, verb_ps, verb_restore, verb_resume, verb_spec, verb_state,
    verb_stop, verb_update, verb_wait;

/* ---- options.c ---- */

/*
 * Read options out of the NULL-terminated argv into `values`. *args becomes the arguments, in
 * order, a heap array of borrowed strings. *help is set when --help or -h is met and is not in the
 * table; reading ends there. `where` is for errors: "runlxc exec". 0 or -1; `values` needs
 * options_clear() in both cases.
 */
int options_read(const struct option_def *defs, size_t n, void *values, char **argv, bool in_order,
                 const char *where, char ***args, bool *help, struct lxcdriver_error **err);
void options_clear(const struct option_def *defs, size_t n, void *values);

/* ---- help.c ---- */

void help_verb(FILE *out, const struct verb *verb);
void help_program(FILE *out, const struct verb *const *verbs, size_t n_verbs,
                  const struct option_def *globals, size_t n_globals);

/* ---- list.c ---- */

/* Who owns the records of a container: a name, else a number. A new reference. */
json_t *container_owner(const struct context *ctx, const char *id);

#endif
