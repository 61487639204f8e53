#include "spec/readers.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Where the variable of that name stands in the list; env->n when it does not. */
static size_t find(const struct strv *env, const char *name, size_t len)
{
    size_t i = 0;

    while (i < env->n && !(strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '='))
        i++;
    return i;
}

int env_set(struct strv *env, const char *assignment, struct lxcdriver_error **err)
{
    size_t len = strcspn(assignment, "=");
    cleanup_free char *text = NULL;
    size_t i;

    if (!len)
        return err_set(err, "\"%s\" has no variable name", assignment);
    if (assignment[len]) {
        text = strdup(assignment);
    } else {
        const char *value = getenv(assignment);

        if (!value)
            return 0;
        text = str_printf("%s=%s", assignment, value);
    }
    if (!text)
        return err_nomem(err);
    i = find(env, assignment, len);
    if (i == env->n)
        return strv_take(env, steal_ptr(&text)) < 0 ? err_nomem(err) : 0;
    free(env->items[i]);
    env->items[i] = steal_ptr(&text);
    return 0;
}

void env_unset(struct strv *env, const char *name)
{
    size_t i;

    while ((i = find(env, name, strlen(name))) < env->n) {
        free(env->items[i]);
        /* With the NULL behind the last. */
        memmove(&env->items[i], &env->items[i + 1], (env->n-- - i) * sizeof(*env->items));
    }
}

const char *env_get(const struct strv *env, const char *name)
{
    size_t len = strlen(name);

    /* The last one counts, as for a process that reads its environment from the specification. */
    for (size_t i = env->n; i-- > 0;)
        if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
            return env->items[i] + len + 1;
    return NULL;
}
