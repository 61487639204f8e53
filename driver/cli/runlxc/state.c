/* runlxc state */
#include "base/cleanup.h"
#include "runlxc/verb.h"

static int act(const struct context *ctx, void *options, char **args, struct lxcdriver_error **err)
{
    cleanup_free char *text = lxcdriver_state_json(ctx->drv, args[0], err);

    (void)options;
    if (!text)
        return -1;
    puts(text);
    return 0;
}

const struct verb verb_state = {
    .name = "state",
    .usage = "ID",
    .summary = "print what is known of a container, as JSON",
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
