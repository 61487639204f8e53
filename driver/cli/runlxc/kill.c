/* runlxc kill */
#include "base/cleanup.h"
#include "runlxc/verb.h"

struct options {
    bool all;
};

static const struct option_def options[] = {
    OPT_SWITCH(struct options, all, "all", 'a',
               "every process of the container, not only its init"),
};

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    /* 0 sends nothing and tells whether one could. */
    bool probe = args[1] && str_eq(args[1], "0");
    int signum = probe ? 0 : lxcdriver_signal_number(args[1] ? args[1] : "TERM", err);

    if (signum < 0)
        return -1;
    return lxcdriver_kill(ctx->drv, args[0], signum, o->all, err);
}

const struct verb verb_kill = {
    .name = "kill",
    .usage = "ID [SIGNAL]",
    .summary = "send a signal (TERM) to the init of a container",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 2,
    .act = act,
};
