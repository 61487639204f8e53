/* runlxc pause, runlxc resume */
#include "runlxc/verb.h"

/* For a caller of runc the second of two is an error. */
static int want_state(const struct context *ctx, const char *id, bool paused,
                      struct lxcdriver_error **err)
{
    struct lxcdriver_info info;
    bool is_paused;

    if (lxcdriver_get_info(ctx->drv, id, &info, err) < 0)
        return -1;
    is_paused = info.state == LXCDRIVER_PAUSED;
    lxcdriver_info_clear(&info);
    if (is_paused == paused)
        return 0;
    return paused ? err_set(err, "container not paused: \"%s\"", id)
                  : err_set(err, "container not running: \"%s\" is paused", id);
}

static int act_pause(const struct context *ctx, void *options, char **args,
                     struct lxcdriver_error **err)
{
    (void)options;
    if (want_state(ctx, args[0], false, err) < 0)
        return -1;
    return lxcdriver_pause(ctx->drv, args[0], err);
}

static int act_resume(const struct context *ctx, void *options, char **args,
                      struct lxcdriver_error **err)
{
    (void)options;
    if (want_state(ctx, args[0], true, err) < 0)
        return -1;
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
