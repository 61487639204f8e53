#include "reaper.h"

#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "program.h"

/* Reap all that have ended. Returns the exit code once `child` is among them, else -1. */
static int reap(pid_t child)
{
    int status, code = -1;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == child)
            code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return code;
}

static _Noreturn void run(pid_t child)
{
    sigset_t all;
    int code;

    sigfillset(&all);
    for (;;) {
        siginfo_t info;
        int sig = sigwaitinfo(&all, &info);

        if (sig < 0)
            continue;
        if (sig != SIGCHLD) {
            kill(child, sig);
            continue;
        }
        code = reap(child);
        if (code >= 0)
            _exit(code);
    }
}

int reaper_start(struct shim *s)
{
    pid_t child;

    if (!(s->boot.flags & WF_INIT) || s->exec)
        return 0;
    child = fork();
    if (child < 0)
        return fail(&s->failure, STAGE_EXEC, errno, "fork");
    if (child == 0)
        return 0;
    prctl(PR_SET_NAME, "init", 0, 0, 0);
    /* In a shared pid namespace we are not pid 1, and orphans would go to the host's init. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    caps_keep_kill();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (guard_restore(s) < 0)
        _exit(EXIT_SHIM);
    /* All of them: the socket, whose end tells that the workload runs, and stdio, whose end is the
     * workload's to give. */
    close_range(0, ~0U, 0);
    if (chdir("/") < 0)
        _exit(EXIT_SHIM);
    run(child);
}
