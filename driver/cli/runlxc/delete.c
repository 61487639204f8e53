/* runlxc delete */
#include "base/cleanup.h"
#include "runlxc/verb.h"

struct options {
    bool force;
};

static const struct option_def options[] = {
    OPT_SWITCH(struct options, force, "force", 'f',
               "end it first if it runs; what is gone already is no error"),
};

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;

    return lxcdriver_clean(ctx->drv, args[0], o->force, err);
}

const struct verb verb_delete = {
    .name = "delete",
    .usage = "ID",
    .summary = "remove all that is left of a container",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
