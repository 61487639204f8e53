/* runlxc install: an engine is told of this runtime, or no more. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runlxc/install_engines.h"
#include "runlxc/verb.h"

/* The Makefile gives the places of the installation. */
#ifndef BINDIR
#define BINDIR "/usr/local/bin"
#endif
#ifndef CONFIGDIR
#define CONFIGDIR "/usr/local/share/runlxc/configs"
#endif

#define DEFAULT_NAME PROGRAM
#define DEFAULT_PATH BINDIR "/" PROGRAM
#define NAME_LENGTH_MAX 63 /* of a label of DNS, which a RuntimeClass's handler is */

struct options {
    const char *engine, *config, *name, *path;
    bool make_default, remove, dry_run;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, engine, "engine", 0, "ENGINE", "docker, containerd, podman or crio"),
    OPT_SWITCH(struct options, make_default, "default", 0,
               "for containers that ask for no runtime, too"),
    OPT_SWITCH(struct options, remove, "remove", 0,
               "take it out again; the former default comes back"),
    OPT_SWITCH(struct options, dry_run, "dry-run", 0,
               "print what would change, and change nothing"),
    OPT_TEXT(struct options, config, "config", 0, "FILE",
             "the engine's configuration (its usual one)"),
    OPT_TEXT(struct options, name, "name", 0, "NAME",
             "what the engine calls the runtime (" DEFAULT_NAME ")"),
    OPT_TEXT(struct options, path, "path", 0, "FILE", "the program (" DEFAULT_PATH ")"),
};

/* ---- what was asked for ---- */

static int check_name(const char *name, struct lxcdriver_error **err)
{
    size_t len = strlen(name);
    bool good = len > 0 && len <= NAME_LENGTH_MAX && isalnum((unsigned char)name[0]);

    for (size_t i = 0; good && i < len; i++)
        good = isalnum((unsigned char)name[i]) || strchr("-_.", name[i]);
    if (!good)
        return err_set(err,
                       "--name: \"%s\" is not 1 to %d letters, digits and characters of \"-_.\", a "
                       "letter or digit first",
                       name, NAME_LENGTH_MAX);
    if (str_eq(name, "runc") || str_eq(name, "crun"))
        return err_set(err, "--name: \"%s\" is another runtime's", name);
    return 0;
}

/* Whoever can write it is root in the engine. */
static int check_program(const char *path, const char *option, struct lxcdriver_error **err)
{
    struct stat st;

    if (*path != '/')
        return err_set(err, "--path: \"%s\" is not absolute", path);
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return err_set(err, "--path: control character %d in the path", *c);
    if (stat(path, &st) < 0)
        return err_sys(err, errno, "%s%s", path,
                       option ? ""
                              : " (where `make install` puts this program; --path names another)");
    if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
        return err_set(err, "%s: is not an executable file", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & S_IWOTH))
        return err_set(err, "%s: user %u, mode %04o: others than you could change it", path,
                       (unsigned)st.st_uid, st.st_mode & 07777u);
    return 0;
}

/* --config, root's, or the user's own. Heap. */
static char *find_file(const struct install_engine *engine, const char *config, const char *name,
                       struct lxcdriver_error **err)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    bool xdg = base && *base == '/', root = geteuid() == 0;
    const char *usual = root ? engine->file : engine->user_file;
    const char *last = usual && str_ends(usual, "/") ? name : "", *end = *last ? ".conf" : "";
    char *file;

    if (!config && (!usual || (!root && !xdg && str_empty(home)))) {
        err_set(err, "%s: only root may configure it; --config names another file", engine->name);
        return NULL;
    }
    if (config)
        file = strdup(config);
    else if (root)
        file = str_printf("%s%s%s", usual, last, end);
    else
        file =
            str_printf("%s%s/%s%s%s", xdg ? base : home, xdg ? "" : "/.config", usual, last, end);
    if (!file)
        err_nomem(err);
    return file;
}

static int read_wish(const struct context *ctx, const struct options *o, struct install_wish *wish,
                     struct lxcdriver_error **err)
{
    *wish = (struct install_wish){
        .name = o->name ? o->name : DEFAULT_NAME,
        .make_default = o->make_default && !o->remove,
        .remove = o->remove,
        .systemd_cgroup = ctx->systemd_cgroup,
    };
    if (check_name(wish->name, err) < 0)
        return -1;
    if (o->remove)
        return 0;
    wish->path = o->path ? o->path : DEFAULT_PATH;
    return check_program(wish->path, o->path, err);
}

/* ---- what was done ---- */

static void say_default(const struct install_wish *wish, const struct install_edit *edit)
{
    if (!edit->of_default)
        return;
    printf("  the default runtime is %s%s%s", wish->remove ? "" : "\"",
           wish->remove ? "" : wish->name, wish->remove ? "" : "\" now, and was ");
    if (edit->former)
        printf("\"%s\"%s\n", edit->former, wish->remove ? " again" : "");
    else
        printf("the engine's own%s\n", wish->remove ? " again" : "");
}

static void say(const struct install_engine *engine, const struct install_wish *wish,
                const char *path, const struct install_edit *edit)
{
    const char *reload = geteuid() != 0 ? engine->user_reload
                         : wish->remove ? engine->forget
                                        : engine->reload;

    if (!edit->changed) {
        printf("%s: the runtime \"%s\" is %s\n", path, wish->name,
               wish->remove ? "not there" : "in place already");
        return;
    }
    if (!wish->remove && edit->of_runtime)
        printf("%s: added the runtime \"%s\", %s\n", path, wish->name, wish->path);
    else if (wish->remove && !edit->text)
        printf("%s: removed, there was nothing in it but the runtime \"%s\"\n", path, wish->name);
    else
        printf("%s: %s the runtime \"%s\"\n", path, wish->remove ? "removed" : "changed",
               wish->name);
    say_default(wish, edit);
    if (reload)
        printf("For %s to see it:  %s\n", engine->name, reload);
    else
        printf("%s sees it from its next command on.\n", engine->name);
    if (engine->kubernetes && edit->of_runtime && !wish->remove)
        puts("For Kubernetes:  kubectl apply -f " CONFIGDIR
             "/engines/kubernetes-runtimeclass.yaml");
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    const struct install_engine *engine = install_engine_find(o->engine, err);
    cleanup_install_file struct install_file file = {.dir = -1};
    cleanup_edit struct install_edit edit = {0};
    cleanup_free char *name = NULL;
    struct install_wish wish;

    (void)args;
    if (!engine || read_wish(ctx, o, &wish, err) < 0)
        return -1;
    name = find_file(engine, o->config, wish.name, err);
    if (!name || install_file_read(name, &file, err) < 0)
        return -1;
    if (engine->planner
            ? install_toml(engine->planner, &wish, file.path, file.text, file.len, &edit, err) < 0
            : install_json(&wish, file.path, file.text, file.len, &edit, err) < 0)
        return -1;
    if (edit.warning)
        log_line(ctx->log, LOG_WARNING, edit.warning);
    if (edit.changed && o->dry_run)
        return install_diff(stdout, file.path, file.text, file.len, edit.text, edit.len) < 0
                   ? err_nomem(err)
                   : 0;
    if (edit.changed && install_file_write(&file, edit.text, edit.len, err) < 0)
        return -1;
    say(engine, &wish, file.path, &edit);
    return 0;
}

const struct verb verb_install = {
    .name = "install",
    .usage = "",
    .summary = "tell a container engine of this runtime, or no more",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .without_driver = true,
    .act = act,
};
