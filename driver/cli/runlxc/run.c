/* runlxc run: create, start, and unless detached wait and delete. */
#include "base/cleanup.h"
#include "base/exitcode.h"
#include "runlxc/bundle.h"

static const struct option_def options[] = {
    BUNDLE_OPTIONS,
    OPT_SWITCH(struct bundle_options, detach, "detach", 'd', "do not wait for its end"),
    OPT_SWITCH(struct bundle_options, no_subreaper, "no-subreaper", 0,
               "accepted: it is the supervisor that reaps, not this command"),
    OPT_SWITCH(struct bundle_options, keep, "keep", 0, "do not delete it when it has ended"),
};

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct bundle_options *o = values;
    struct bundle_job job;
    int status = 0, result = bundle_open(&job, ctx, o, args[0], !o->detach, err);

    if (result == 0) {
        job.run.remove = !o->detach && !o->keep;
        result = lxcdriver_run(ctx->drv, job.cmd, &job.run, &status, err);
        result = bundle_result(&job, result, err);
    }
    bundle_close(&job);
    if (result < 0)
        return -1;
    return o->detach ? 0 : exitcode_of(status);
}

const struct verb verb_run = {
    .name = "run",
    .usage = "ID",
    .summary = "create a container out of a bundle and start it",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct bundle_options),
    .min_args = 1,
    .max_args = 1,
    .moves = true,
    .act = act,
};
