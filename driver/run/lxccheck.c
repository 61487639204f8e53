/* Raw LXC keys are checked by liblxc, in a helper of its own: loading that library costs more than
 * the rest of a start. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

#define OUTPUT_MAX 65536

int run_captured(char *const *argv, char **output, struct lxcdriver_error **err)
{
    cleanup_close int in = -1, out = -1;
    posix_spawn_file_actions_t actions;
    int pipe_fds[2], code, status;
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    in = pipe_fds[0];
    out = pipe_fds[1];
    if (posix_spawn_file_actions_init(&actions) != 0)
        return err_nomem(err);
    code = posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    if (code == 0)
        code = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code)
        return err_sys(err, code, "start %s", argv[0]);
    close(steal_fd(&out));
    if (fs_read_fd(in, OUTPUT_MAX, output, NULL) < 0)
        *output = NULL;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(err, errno, "wait for %s", argv[0]);
    return status;
}

/* The helper's first line is "runlxc-lxc-check: KEY = VALUE: why", of which the reason is wanted.
 */
static const char *reason_in(char *output, const struct string_pair *pair)
{
    cleanup_free char *lead = str_printf("runlxc-lxc-check: %s = %s: ", pair->key, pair->value);

    if (!output || !*output)
        return "liblxc refuses it";
    output[strcspn(output, "\n")] = '\0';
    return lead && str_starts(output, lead) ? output + strlen(lead) : output;
}

int lxc_conf_check(const struct launch *l, struct lxcdriver_error **err)
{
    cleanup_free char *helper = driver_helper(l->drv, "runlxc-lxc-check");
    cleanup_free char *config = str_printf("%s/config", l->dir);

    if (!helper || !config)
        return err_nomem(err);
    for (size_t i = 0; i < l->cmd->n_lxc_conf; i++) {
        const struct string_pair *pair = &l->cmd->lxc_conf[i];
        char *argv[] = {helper, (char *)"--key", pair->key, pair->value, NULL};
        cleanup_free char *output = NULL;
        int status = run_captured(argv, &output, err);

        if (status < 0)
            return -1;
        if (status == 0)
            continue;
        return err_set(err, "lxc_config[%zu]: %s = %s: %s", i, pair->key, pair->value,
                       reason_in(output, pair));
    }
    return 0;
}
