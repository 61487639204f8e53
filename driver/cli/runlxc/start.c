/* runlxc start */
#include <stdlib.h>

#include "base/str.h"
#include "runlxc/verb.h"

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const char *notify_socket = getenv("NOTIFY_SOCKET");

    (void)values;
    return str_empty(notify_socket) ? lxcdriver_start(ctx->drv, args[0], err)
                                    : lxcdriver_start_ready(ctx->drv, args[0], notify_socket, err);
}

const struct verb verb_start = {
    .name = "start",
    .usage = "ID",
    .summary = "run the command of a created container",
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
