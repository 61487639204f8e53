/* A container told by flags and an image: lxcdriver.h "launching by flags". */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"

struct lxcdriver_launch {
    struct launch_options options;
    struct lxcdriver_command *command;
};

struct lxcdriver_launch *lxcdriver_launch_read(int argc, char **argv, struct lxcdriver_error **err)
{
    struct lxcdriver_launch *launch = calloc(1, sizeof(*launch));
    struct command *cmd = NULL;

    if (!launch) {
        err_nomem(err);
        return NULL;
    }
    if (flags_read(argc, argv, &launch->options, &cmd, err) < 0) {
        lxcdriver_launch_free(launch);
        return NULL;
    }
    if (cmd && !(launch->command = command_wrap(cmd))) {
        err_nomem(err);
        lxcdriver_launch_free(launch);
        return NULL;
    }
    return launch;
}

void lxcdriver_launch_free(struct lxcdriver_launch *launch)
{
    if (!launch)
        return;
    launch_options_clear(&launch->options);
    lxcdriver_command_free(launch->command);
    free(launch);
}

void lxcdriver_launch_options(const struct lxcdriver_launch *launch,
                              struct lxcdriver_launch_options *out)
{
    const struct launch_options *o = &launch->options;
    const struct command *cmd = launch->command ? launch->command->cmd : NULL;

    *out = (struct lxcdriver_launch_options){
        .interactive = o->interactive,
        .tty = cmd && cmd->process.terminal,
        .detach = o->detach,
        .remove = o->remove,
        .dry_run = o->dry_run,
        .help = o->help,
        .version = o->version,
        .image = o->image,
        .command_file = o->command_file,
        .root = o->root,
        .log_level = o->log_level,
        .detach_keys = o->detach_keys,
        .name = cmd ? cmd->id : NULL,
        .start_timeout_s = (int)o->start_timeout_s,
    };
}

struct lxcdriver_command *lxcdriver_launch_command(struct lxcdriver_launch *launch)
{
    return launch->command;
}

static int add_all(struct strv *to, const char *const *from)
{
    for (; from && *from; from++)
        if (strv_add(to, *from) < 0)
            return -1;
    return 0;
}

/* Entrypoint and command, as docker run combines them: --entrypoint drops both of the image's,
 * arguments drop its Cmd. */
static int merge_args(struct lxcdriver_launch *launch, const struct lxcdriver_image *image,
                      struct lxcdriver_error **err)
{
    const struct launch_options *o = &launch->options;
    struct strv *args = &launch->command->cmd->process.args;

    strv_free(args);
    if (o->has_entrypoint) {
        if (!str_empty(o->entrypoint) && strv_add(args, o->entrypoint) < 0)
            return err_nomem(err);
    } else if (add_all(args, image->entrypoint) < 0) {
        return err_nomem(err);
    }
    if (o->args.n > 0 ? strv_copy(args, &o->args) < 0
                      : !o->has_entrypoint && add_all(args, image->cmd) < 0)
        return err_nomem(err);
    if (args->n == 0)
        return err_set(err, "no command given, and image \"%s\" names none",
                       o->image ? o->image : "");
    return 0;
}

/* The image's variables, then HOSTNAME, then the command line's: later ones win. */
static int merge_env(struct command *cmd, const struct lxcdriver_image *image,
                     struct lxcdriver_error **err)
{
    struct strv own = cmd->process.env;
    int result = 0;

    cmd->process.env = (struct strv){0};
    for (const char *const *v = image->env; result == 0 && v && *v; v++)
        result = env_set(&cmd->process.env, *v, err);
    if (result == 0 && cmd->hostname) {
        cleanup_free char *name = str_printf("HOSTNAME=%s", cmd->hostname);

        result = name ? env_set(&cmd->process.env, name, err) : err_nomem(err);
    }
    for (size_t i = 0; result == 0 && i < own.n; i++)
        result = env_set(&cmd->process.env, own.items[i], err);
    strv_free(&own);
    return result;
}

static int merge_root(struct command *cmd, const struct lxcdriver_image *image,
                      struct lxcdriver_error **err)
{
    size_t lowest = 0;

    if (!image->layers || !image->layers[0])
        return err_set(err, "the image has no root filesystem");
    while (image->layers[lowest + 1])
        lowest++;
    if (str_set(&cmd->root.path, image->layers[lowest]) < 0)
        return err_nomem(err);
    if (!image->shared && lowest == 0)
        return 0;
    return add_all(&cmd->root.layers, image->layers) < 0 ? err_nomem(err) : 0;
}

int lxcdriver_launch_image(struct lxcdriver_launch *launch, const struct lxcdriver_image *image,
                           struct lxcdriver_error **err)
{
    const struct launch_options *o = &launch->options;
    struct command *cmd = launch->command->cmd;
    struct process_spec *p = &cmd->process;

    if (merge_root(cmd, image, err) < 0 || merge_args(launch, image, err) < 0 ||
        merge_env(cmd, image, err) < 0)
        return -1;
    cmd->etc_files = true;
    cmd->root.idmap = cmd->ns[NS_USER].mode == NS_NEW;
    p->create_cwd = true;
    /* A filter that was asked for holds beside --privileged too, as with docker run. */
    if (!cmd->seccomp_profile && (o->seccomp_profile || !cmd->privileged) &&
        str_set(&cmd->seccomp_profile, o->seccomp_profile ? o->seccomp_profile : SECCOMP_BUILTIN) <
            0)
        return err_nomem(err);
    if (!o->has_workdir && !str_empty(image->workdir) && str_set(&p->cwd, image->workdir) < 0)
        return err_nomem(err);
    /* "0", not the number: root has the groups that /etc/group gives him, like any user. */
    if (!o->has_user && str_set(&p->user.name, str_empty(image->user) ? "0" : image->user) < 0)
        return err_nomem(err);
    if (cmd->stop_signal == 0 && !str_empty(image->stop_signal)) {
        cmd->stop_signal = signal_from_name(image->stop_signal, err);
        if (cmd->stop_signal < 0)
            return err_wrap(err, "image \"%s\": StopSignal", o->image);
    }
    return 0;
}

char *lxcdriver_launch_help(void)
{
    struct buf text = {0};

    flags_help(&text);
    return buf_take(&text);
}
