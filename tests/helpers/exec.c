/* Run a command in a running container through the library: exec ROOT ID COMMAND [ARG...]. The
 * command's exit code, or 125. */
#include <stdio.h>
#include <sys/wait.h>

#include "lxcdriver.h"

int main(int argc, char **argv)
{
    struct lxcdriver_run_options options = {.use_stdio = true, .stdio = {0, 1, 2}};
    struct lxcdriver_process process = {0};
    struct lxcdriver_error *err = NULL;
    struct lxcdriver *drv;
    int status = 0;

    if (argc < 4)
        return 2;
    process.args = (const char *const *)(argv + 3);
    drv = lxcdriver_new(argv[1], &err);
    if (!drv || lxcdriver_exec(drv, argv[2], &process, &options, &status, &err) < 0) {
        fprintf(stderr, "exec: %s\n", lxcdriver_error_message(err));
        status = 125 << 8;
    }
    lxcdriver_error_free(err);
    lxcdriver_free(drv);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
