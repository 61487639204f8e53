/* runlxc start */
#include "runlxc/verb.h"

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    (void)values;
    return lxcdriver_start(ctx->drv, args[0], err);
}

const struct verb verb_start = {
    .name = "start",
    .usage = "ID",
    .summary = "run the command of a created container",
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
