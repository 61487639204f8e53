/* runlxc pause, runlxc resume */
#include "runlxc/verb.h"

static int act_pause(const struct context *ctx, void *options, char **args,
                     struct lxcdriver_error **err)
{
    (void)options;
    return lxcdriver_pause(ctx->drv, args[0], err);
}

static int act_resume(const struct context *ctx, void *options, char **args,
                      struct lxcdriver_error **err)
{
    (void)options;
    return lxcdriver_unpause(ctx->drv, args[0], err);
}

const struct verb verb_pause = {
    .name = "pause",
    .usage = "ID",
    .summary = "stop every process of a container where it is",
    .min_args = 1,
    .max_args = 1,
    .act = act_pause,
};

const struct verb verb_resume = {
    .name = "resume",
    .usage = "ID",
    .summary = "let a paused container go on",
    .min_args = 1,
    .max_args = 1,
    .act = act_resume,
};
