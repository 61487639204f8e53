/* runlxc features */
#include <jansson.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"
#include "spec/words.h"

static int act(const struct context *ctx, void *options, char **args, struct lxcdriver_error **err)
{
    json_t *object = features_object(lxcdriver_version());
    cleanup_free char *text = object ? json_dumps(object, JSON_INDENT(4)) : NULL;

    (void)ctx;
    (void)options;
    (void)args;
    json_decref(object);
    if (!text)
        return err_nomem(err);
    puts(text);
    return 0;
}

const struct verb verb_features = {
    .name = "features",
    .usage = "",
    .summary = "print what this program can do, as the OCI runtime specification's JSON",
    .as_caller = true,
    .act = act,
};
