/* "hooks" of an OCI bundle. */
#include "spec/oci_parts.h"

#include "base/cleanup.h"
#include "spec/words.h"

static int read_hook(const struct json_at *at, struct hook *hook, struct lxcdriver_error **err)
{
    struct json_at path = json_member(at, "path");

    hook->timeout_s = RES_UNSET;
    if (json_want_object(at, err) < 0 || json_get_string(&path, &hook->path, err) < 0)
        return -1;
    if (*hook->path != '/')
        return json_error(&path, err, "not an absolute path");
    if (json_opt_strv(at, "args", &hook->args, err) < 0 ||
        json_opt_strv(at, "env", &hook->env, err) < 0)
        return -1;
    return json_opt_int(at, "timeout", 1, INT32_MAX, &hook->timeout_s, err);
}

int oci_hooks_read(const struct json_at *root, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at hooks, element;
    struct json_list list;
    bool present;

    if (json_opt_object(root, "hooks", &hooks, &present, err) < 0)
        return -1;
    for (int point = 0; present && point < HOOK_POINTS; point++) {
        if (json_opt_list(&hooks, hook_point_word((enum hook_point)point), &list, err) < 0)
            return -1;
        while (json_list_next(&list, &element)) {
            struct hook *hook = ARRAY_GROW(&cmd->hooks[point], &cmd->n_hooks[point]);

            if (!hook)
                return err_nomem(err);
            if (read_hook(&element, hook, err) < 0)
                return -1;
        }
    }
    return 0;
}
