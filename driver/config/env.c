#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"

/* json_string() refuses what is not UTF-8; that it ran out of memory is told apart by asking for
 * something else. */
static int add(json_t *array, const char *assignment, struct lxcdriver_error **err)
{
    json_t *value = json_string(assignment);

    if (value)
        return json_array_append_new(array, value) < 0 ? err_nomem(err) : 0;
    value = json_string("");
    if (!value)
        return err_nomem(err);
    json_decref(value);
    return err_set(
        err, "environment variable %.*s: its bytes are not UTF-8, which config.env cannot say",
        (int)strcspn(assignment, "="), assignment);
}

static int write_array(const json_t *array, struct buf *out, struct lxcdriver_error **err)
{
    char *text = json_dumps(array, JSON_COMPACT);

    if (!text)
        return err_nomem(err);
    buf_puts(out, text);
    buf_putc(out, '\n');
    free(text);
    return out->failed ? err_nomem(err) : 0;
}

int config_write_env(const struct strv *env, struct buf *out, struct lxcdriver_error **err)
{
    json_t *array = json_array();
    int ret = 0;

    if (!array)
        return err_nomem(err);
    for (size_t i = 0; i < env->n && ret == 0; i++)
        ret = add(array, env->items[i], err);
    if (ret == 0)
        ret = write_array(array, out, err);
    json_decref(array);
    return ret;
}
