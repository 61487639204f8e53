#include "hook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shared/hookrun.h"
#include "text.h"

#define STATE_EXTRA 48 /* a status, a pid and what stands around them */

/* The strings up to the next empty one as a vector; *at is moved behind it. NULL when out of
 * memory. */
static char **take_list(const char **at, const char *first)
{
    const char *p = *at;
    char **list;
    size_t n = first ? 1 : 0;

    for (; *p; p += strlen(p) + 1)
        n++;
    list = calloc(n + 1, sizeof(*list));
    if (!list)
        return NULL;
    n = 0;
    if (first)
        list[n++] = (char *)(uintptr_t)first;
    for (p = *at; *p; p += strlen(p) + 1)
        list[n++] = (char *)(uintptr_t)p;
    *at = p + 1;
    return list;
}

/* The container's state for a hook: WT_STATE with the two things that change between its parts.
 * NULL when out of memory. */
static char *state_text(const struct shim *s, const char *status, pid_t pid)
{
    const char *parts[2] = {"", ""};
    struct record r;
    size_t pos = 0, size;
    struct text t;
    char *out;

    for (size_t i = 0; i < 2 && bootstrap_next_of(&s->boot, WT_STATE, &pos, &r); i++)
        parts[i] = record_text(&r, 0);
    size = strlen(parts[0]) + strlen(parts[1]) + STATE_EXTRA;
    out = malloc(size);
    if (!out)
        return NULL;
    text_init(&t, out, size);
    text_put(&t, parts[0]);
    text_put(&t, status);
    text_put(&t, "\",\"pid\":");
    text_put_number(&t, (uint64_t)pid);
    text_put(&t, parts[1]);
    return out;
}

static int report(struct shim *s, const char *point, const struct hook_program *p,
                  const struct hook_end *end)
{
    char what[SHIM_DETAIL];

    if (end->result == HOOK_ENDED && end->status == 0)
        return 0;
    hook_sentence(point, p, end, what, sizeof(what));
    return fail(&s->failure, STAGE_HOOK, end->result == HOOK_NOT_RUN ? end->errnum : 0, what);
}

static int run_hook(struct shim *s, const struct record *r, const char *point, const char *cwd,
                    const char *state)
{
    const char *path = record_text(r, sizeof(struct wire_hook)), *at = path + strlen(path) + 1;
    struct hook_end end = {0};
    struct wire_hook hook;
    char **args, **env;
    int result;

    memcpy(&hook, r->data, sizeof(hook));
    args = take_list(&at, *at ? NULL : path);
    env = take_list(&at, NULL);
    if (args && env) {
        const struct hook_program p = {.path = path,
                                       .argv = args,
                                       .env = env,
                                       .cwd = cwd,
                                       .input = state,
                                       .input_len = strlen(state),
                                       .timeout_s = hook.timeout_s,
                                       .confined = hook.point == WIRE_HOOK_START_CONTAINER};

        hook_run(&p, &end);
        result = report(s, point, &p, &end);
    } else {
        result = fail(&s->failure, STAGE_HOOK, ENOMEM, path);
    }
    free(args);
    free(env);
    return result;
}

static int run_point(struct shim *s, uint32_t point, const char *name, const char *cwd,
                     const char *state)
{
    struct record r;
    size_t pos = 0;

    if (!state)
        return fail(&s->failure, STAGE_HOOK, ENOMEM, name);
    while (bootstrap_next_of(&s->boot, WT_HOOK, &pos, &r)) {
        struct wire_hook hook;

        memcpy(&hook, r.data, sizeof(hook));
        if (hook.point == point && run_hook(s, &r, name, cwd, state) < 0)
            return -1;
    }
    return 0;
}

int hooks_run(struct shim *s)
{
    pid_t pid = s->boot.flags & WF_INIT ? getppid() : getpid();
    char *state;
    int result;

    if (!s->boot.count[WT_HOOK])
        return 0;
    state = state_text(s, "created", pid);
    result = run_point(s, WIRE_HOOK_START_CONTAINER, "startContainer", NULL, state);
    free(state);
    return result;
}

int hooks_run_before_pivot(struct shim *s)
{
    /* Our parent is what becomes the init. */
    char *state = state_text(s, "creating", getppid());
    int result;

    result = run_point(s, WIRE_HOOK_CREATE_CONTAINER, "createContainer", getenv("LXC_ROOTFS_MOUNT"),
                       state);
    free(state);
    return result;
}
