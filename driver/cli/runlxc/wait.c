/* runlxc wait, runlxc stop */
#include "base/cleanup.h"
#include "base/exitcode.h"
#include "runlxc/verb.h"

static int act_wait(const struct context *ctx, void *options, char **args,
                    struct lxcdriver_error **err)
{
    int status;

    (void)options;
    if (lxcdriver_wait(ctx->drv, args[0], &status, err) < 0)
        return -1;
    printf("%d\n", exitcode_of(status));
    return 0;
}

struct stop_options {
    int64_t time_s;
    const char *signal;
};

static const struct option_def stop_options[] = {
    OPT_NUMBER(struct stop_options, time_s, "time", 't', "SECONDS", 0, 1000000, 10,
               "how long it has before SIGKILL (10)"),
    OPT_TEXT(struct stop_options, signal, "signal", 's', "SIGNAL",
             "what to begin with (the container's stop signal)"),
};

static int act_stop(const struct context *ctx, void *values, char **args,
                    struct lxcdriver_error **err)
{
    const struct stop_options *o = values;
    int signum = o->signal ? lxcdriver_signal_number(o->signal, err) : 0;

    if (signum < 0)
        return err_wrap(err, "--signal");
    return lxcdriver_terminate(ctx->drv, args[0], signum, (int)o->time_s, err);
}

const struct verb verb_wait = {
    .name = "wait",
    .usage = "ID",
    .summary = "wait for the end of a container and print its exit code",
    .min_args = 1,
    .max_args = 1,
    .act = act_wait,
};

const struct verb verb_stop = {
    .name = "stop",
    .usage = "ID",
    .summary = "ask a container to end, and end it if it does not",
    .options = stop_options,
    .n_options = ARRAY_SIZE(stop_options),
    .options_size = sizeof(struct stop_options),
    .min_args = 1,
    .max_args = 1,
    .act = act_stop,
};
