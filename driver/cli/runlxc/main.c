/* runlxc: global options, then a verb of the table below. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/conf.h"
#include "common/session.h"
#include "common/user.h"
#include "runlxc/verb.h"
#include "shared/warm.h"
#include "spec/words.h"

#define EXIT_OURS 1

static const struct verb *const verbs[] = {
    &verb_check,    &verb_checkpoint, &verb_create, &verb_delete, &verb_events, &verb_exec,
    &verb_features, &verb_install,    &verb_kill,   &verb_list,   &verb_pause,  &verb_ps,
    &verb_restore,  &verb_resume,     &verb_run,    &verb_spec,   &verb_start,  &verb_state,
    &verb_stop,     &verb_update,     &verb_wait,
};

struct globals {
    const char *root, *log, *log_format, *log_level, *rootless, *criu;
    bool debug, systemd_cgroup, version;
};

static const struct option_def global_options[] = {
    OPT_TEXT(struct globals, root, "root", 0, "DIR",
             "where containers are recorded (as configured; /run/runlxc)"),
    OPT_TEXT(struct globals, log, "log", 0, "FILE",
             "append log lines to FILE, not to standard error"),
    OPT_TEXT(struct globals, log_format, "log-format", 0, "FORMAT", "text (default) or json"),
    OPT_TEXT(struct globals, log_level, "log-level", 0, "LEVEL",
             "error, warning, info (default), debug, or another word of runc's or crun's"),
    OPT_SWITCH(struct globals, debug, "debug", 0, "the same as --log-level debug"),
    OPT_SWITCH(struct globals, systemd_cgroup, "systemd-cgroup", 0,
               "cgroups are systemd's: cgroupsPath is slice:prefix:name"),
    OPT_TEXT(struct globals, rootless, "rootless", 0, "WHEN",
             "true, false or auto; accepted for runc's sake"),
    OPT_TEXT(struct globals, criu, "criu", 0, "FILE",
             "accepted for runc's sake: LXC finds CRIU by itself"),
    OPT_SWITCH(struct globals, version, "version", 'v', "print the version"),
};

static const struct verb *find_verb(const char *name, struct lxcdriver_error **err)
{
    size_t best = STR_SLIPS(strlen(name));
    const char *near = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        size_t d = str_distance(name, strlen(name), verbs[i]->name, strlen(verbs[i]->name));

        if (d == 0)
            return verbs[i];
        if (d < best) {
            best = d;
            near = verbs[i]->name;
        }
    }
    if (near)
        err_set(err, "unknown command \"%s\"; did you mean \"%s\"?", name, near);
    else
        err_set(err, "unknown command \"%s\"; " PROGRAM " --help lists them", name);
    return NULL;
}

/* The configured root, or that of --root, absolute. */
static char *find_root(const char *given, struct lxcdriver_error **err)
{
    cleanup_free char *cwd = NULL;
    struct conf conf;
    char *root;

    if (given && *given == '/') {
        root = strdup(given);
    } else if (given) {
        cwd = getcwd(NULL, 0);
        root = cwd ? str_printf("%s/%s", cwd, given) : NULL;
    } else {
        if (conf_read(NULL, &conf, err) < 0)
            return NULL;
        root = strdup(conf.root);
        conf_clear(&conf);
    }
    if (!root)
        err_nomem(err);
    return root;
}

/* Whether missing rights over cgroups are forgiven: never, whichever of its words it is. */
static int check_rootless(const char *word, struct lxcdriver_error **err)
{
    static const char *const known[] = {"true", "false", "auto", "1", "0"};

    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (!word || strcmp(word, known[i]) == 0)
            return 0;
    return err_set(err, "--rootless: \"%s\" is not one of true, false and auto", word);
}

static int check_count(const struct verb *verb, char **args, struct lxcdriver_error **err)
{
    int n = 0;

    while (args[n])
        n++;
    if (n < verb->min_args)
        return err_set(err, "%s: %s; usage: " PROGRAM " %s %s", verb->name,
                       n ? "an argument is missing" : "ID is missing", verb->name, verb->usage);
    if (verb->max_args >= 0 && n > verb->max_args)
        return err_set(err, "%s: \"%s\" is one argument too many", verb->name,
                       args[verb->max_args]);
    return 0;
}

static void on_warning(void *opaque, const char *message)
{
    const struct context *ctx = opaque;

    log_line(ctx->log, LOG_WARNING, message);
}

static int act(const struct verb *verb, struct context *ctx, const struct globals *globals,
               void *options, char **args, struct lxcdriver_error **err)
{
    cleanup_free char *root = NULL;
    int code;

    if (verb->without_driver && !globals->root)
        return verb->act(ctx, options, args, err);
    root = find_root(globals->root, err);
    ctx->root = root;
    if (root && verb->without_driver)
        return verb->act(ctx, options, args, err);
    if (!root || (!verb->as_caller && user_enter(root, args, err) < 0))
        return -1;
    ctx->drv = lxcdriver_new(root, err);
    if (!ctx->drv)
        return -1;
    lxcdriver_on_warning(ctx->drv, on_warning, ctx);
    code = verb->act(ctx, options, args, err);
    lxcdriver_free(ctx->drv);
    return code;
}

static int run_verb(const struct verb *verb, struct context *ctx, const struct globals *globals,
                    char **argv, int *failure, struct lxcdriver_error **err)
{
    cleanup_free void *options = calloc(1, verb->options_size + 1);
    cleanup_free char *where = str_printf(PROGRAM " %s", verb->name);
    cleanup_free char **args = NULL;
    bool help = false;
    int code;

    if (!options || !where)
        return err_nomem(err);
    *failure = verb->misuse ? verb->misuse : EXIT_OURS;
    code = options_read(verb->options, verb->n_options, options, argv, verb->in_order, where, &args,
                        &help, err);
    if (code == 0 && help)
        help_verb(stdout, verb);
    else if (code == 0 && check_count(verb, args, err) < 0)
        code = -1;
    else if (code == 0) {
        *failure = verb->failure ? verb->failure : EXIT_OURS;
        if (verb->moves && geteuid() == 0)
            warm_begin();
        code = act(verb, ctx, globals, options, args, err);
    }
    options_clear(verb->options, verb->n_options, options);
    return code;
}

/* "help" alone or before a verb is the same as --help. */
static int run_help(char **args, struct lxcdriver_error **err)
{
    const struct verb *verb = *args ? find_verb(*args, err) : NULL;

    if (*args && !verb)
        return -1;
    if (verb)
        help_verb(stdout, verb);
    else
        help_program(stdout, verbs, ARRAY_SIZE(verbs), global_options, ARRAY_SIZE(global_options));
    return 0;
}

static int run(char **argv, struct log *log, int *failure, struct lxcdriver_error **err)
{
    struct globals globals = {0};
    struct context ctx = {.log = log};
    cleanup_free char **args = NULL;
    const struct verb *verb;
    bool help = false;

    if (options_read(global_options, ARRAY_SIZE(global_options), &globals, argv, true, PROGRAM,
                     &args, &help, err) < 0 ||
        log_open(log, globals.log, globals.log_format, globals.debug ? "debug" : globals.log_level,
                 err) < 0 ||
        check_rootless(globals.rootless, err) < 0)
        return -1;
    ctx.systemd_cgroup = globals.systemd_cgroup;
    if (globals.version) {
        printf(PROGRAM " version %s\nspec: " OCI_VERSION_MAX "\n", lxcdriver_version());
        return 0;
    }
    if (help || !args[0])
        return run_help(args + (args[0] != NULL), err);
    if (strcmp(args[0], "help") == 0)
        return run_help(args + 1, err);
    verb = find_verb(args[0], err);
    if (!verb)
        return -1;
    return run_verb(verb, &ctx, &globals, args + 1, failure, err);
}

/* What could not be written is a failure too: a full disk under `runlxc state >file`. */
static int flush(struct lxcdriver_error **err)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? 0
                                                  : err_sys(err, errno, "write standard output");
}

int main(int argc, char **argv)
{
    struct lxcdriver_error *err = NULL;
    struct log log = {.fd = -1, .level = LOG_INFO};
    int failure = EXIT_OURS, code;

    session_fill_stdio();
    /* A file that must not grow (RLIMIT_FSIZE) is an error like a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    code = run(argc > 0 ? argv + 1 : argv, &log, &failure, &err);
    if (code == 0 && flush(&err) < 0)
        code = -1;
    if (code < 0) {
        log_line(&log, LOG_ERROR, lxcdriver_error_message(err));
        code = failure;
    }
    lxcdriver_error_free(err);
    log_close(&log);
    warm_end(true);
    return code;
}
