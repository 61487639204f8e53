#include "run/hooks.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "host/proc.h"
#include "shared/hookrun.h"
#include "shared/packet.h"
#include "spec/words.h"

#define SENTENCE 1024
#define KILL_WAIT_MS 10000

char *hooks_state_json(const struct command *cmd, pid_t pid, const char *status,
                       struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0}, tail = {0};
    char *out;

    config_state_text(cmd, &text, &tail);
    buf_printf(&text, "%s\"", status);
    if (pid > 0)
        buf_printf(&text, ",\"pid\":%d", (int)pid);
    if (tail.failed || !tail.data)
        text.failed = true;
    else
        buf_puts(&text, tail.data);
    out = buf_take(&text);
    if (!out)
        err_nomem(err);
    return out;
}

static int run_one(const struct command *cmd, enum hook_point point, const struct hook *hook,
                   const char *state, struct lxcdriver_error **err)
{
    char *named[] = {hook->path, NULL}, *nothing[] = {NULL}, sentence[SENTENCE];
    const struct hook_program p = {.path = hook->path,
                                   .argv = hook->args.n ? hook->args.items : named,
                                   .env = hook->env.n ? hook->env.items : nothing,
                                   .cwd = cmd->bundle,
                                   .input = state,
                                   .input_len = strlen(state),
                                   .timeout_s = hook->timeout_s == RES_UNSET ? 0 : hook->timeout_s};
    struct hook_end end;

    hook_run(&p, &end);
    if (end.result == HOOK_ENDED && end.status == 0)
        return 0;
    hook_sentence(hook_point_word(point), &p, &end, sentence, sizeof(sentence));
    return end.result == HOOK_NOT_RUN ? err_sys(err, end.errnum, "%s", sentence)
                                      : err_set(err, "%s", sentence);
}

int hooks_run(const struct command *cmd, enum hook_point point, const char *state_json,
              struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_hooks[point]; i++)
        if (run_one(cmd, point, &cmd->hooks[point][i], state_json, err) < 0)
            return -1;
    return 0;
}

int hooks_run_for(const struct command *cmd, enum hook_point point, pid_t pid, const char *status,
                  struct lxcdriver_error **err)
{
    cleanup_free char *state = NULL;

    if (cmd->n_hooks[point] == 0)
        return 0;
    state = hooks_state_json(cmd, pid, status, err);
    return state ? hooks_run(cmd, point, state, err) : -1;
}

/* Until the supervisor has said its last word, so that what it removes is gone. */
static void await_failure(struct launch *l)
{
    struct sup_msg msg;

    while (packet_recv(l->sock, &msg, sizeof(msg), NULL, 0, NULL, NULL) > 0)
        if (msg.type == SUP_FAIL)
            break;
    l->ended = true;
}

int hooks_before_pivot(struct launch *l, pid_t init, struct lxcdriver_error **err)
{
    struct sup_msg done = {.type = SUP_HOOKS_DONE};
    int sent;

    if (hooks_run_for(l->cmd, HOOK_PRESTART, init, "creating", err) < 0 ||
        hooks_run_for(l->cmd, HOOK_CREATE_RUNTIME, init, "creating", err) < 0)
        done.value = 1;
    sent = packet_send(l->sock, &done, sizeof(done), NULL, 0);
    if (done.value) {
        if (sent == 0)
            await_failure(l);
        return -1;
    }
    return sent < 0 ? err_sys(err, errno, "go on after the hooks") : 0;
}

int hooks_poststart(const struct command *cmd, pid_t init, uint64_t init_start,
                    struct lxcdriver_error **err)
{
    if (hooks_run_for(cmd, HOOK_POSTSTART, init, "running", err) == 0)
        return 0;
    proc_end(init, init_start, SIGKILL, KILL_WAIT_MS);
    return -1;
}

void hooks_poststop(const struct hooks_claim *claim,
                    void (*warn)(void *opaque, const char *message), void *opaque)
{
    const struct command *cmd = claim->cmd;
    cleanup_free char *state = NULL;

    if (!cmd || cmd->n_hooks[HOOK_POSTSTOP] == 0)
        return;
    state = hooks_state_json(cmd, 0, "stopped", NULL);
    for (size_t i = 0; state && i < cmd->n_hooks[HOOK_POSTSTOP]; i++) {
        cleanup_err struct lxcdriver_error *err = NULL;

        if (run_one(cmd, HOOK_POSTSTOP, &cmd->hooks[HOOK_POSTSTOP][i], state, &err) < 0 && warn)
            warn(opaque, err_message(err));
    }
}
