/* runlxc state */
#include <jansson.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"

/* What OCI and runc have, in runc's order; then what is ours alone. */
static json_t *in_order(json_t *state)
{
    static const char *const first[] = {"ociVersion", "id",     "pid",     "status",
                                        "bundle",     "rootfs", "created", "owner"};
    json_t *object = json_object();

    for (size_t i = 0; object && i < ARRAY_SIZE(first); i++)
        if (json_object_get(state, first[i]))
            json_object_set(object, first[i], json_object_get(state, first[i]));
    if (object)
        json_object_update_missing(object, state);
    return object;
}

static int act(const struct context *ctx, void *options, char **args, struct lxcdriver_error **err)
{
    cleanup_free char *text = lxcdriver_state_json(ctx->drv, args[0], err), *shown = NULL;
    json_t *state, *object;

    (void)options;
    if (!text)
        return -1;
    state = json_loads(text, 0, NULL);
    json_object_set_new(state, "owner", container_owner(ctx, args[0]));
    object = in_order(state);
    shown = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    json_decref(state);
    if (!shown)
        return err_nomem(err);
    puts(shown);
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
