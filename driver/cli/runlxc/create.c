/* runlxc create */
#include "base/cleanup.h"
#include "runlxc/bundle.h"

static const struct option_def options[] = {BUNDLE_OPTIONS};

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    struct bundle_job job;
    int result = bundle_open(&job, ctx, values, args[0], false, err);

    if (result == 0)
        result = bundle_result(&job, lxcdriver_create(ctx->drv, job.cmd, &job.run, err), err);
    bundle_close(&job);
    return result;
}

const struct verb verb_create = {
    .name = "create",
    .usage = "ID",
    .summary = "create a container out of a bundle; its command waits for start",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct bundle_options),
    .min_args = 1,
    .max_args = 1,
    .moves = true,
    .act = act,
};
