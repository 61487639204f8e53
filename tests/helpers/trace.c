#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_SECONDS 2

static volatile sig_atomic_t timed_out;

_Noreturn void trace_die(const char *what)
{
    perror(what);
    exit(2);
}

static void on_alarm(int sig)
{
    (void)sig;
    timed_out = 1;
}

bool trace_group_stop(pid_t pid, int status)
{
    int sig = WSTOPSIG(status);

    if (status >> 16 != PTRACE_EVENT_STOP ||
        (sig != SIGSTOP && sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU))
        return false;
    ptrace(PTRACE_LISTEN, pid, 0, 0);
    return true;
}

static int follow(const struct tracer *tracer, pid_t root)
{
    int status, code = -1;

    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL);

        if (timed_out) {
            code = code < 0 ? TRACE_HANG : TRACE_LEFT;
            if (tracer->over)
                tracer->over(code);
            return code;
        }
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return code;
        if (WIFSTOPPED(status)) {
            tracer->stopped(pid, status);
            continue;
        }
        if (tracer->ended)
            tracer->ended(pid);
        if (pid == root) {
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            alarm(GRACE_SECONDS);
        }
    }
}

/* It waits for us before its exec, so that nothing of it is missed. */
static pid_t start(const struct tracer *tracer, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                         PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL |
                         tracer->options;
    int go[2];
    char byte;
    pid_t pid;

    if (pipe2(go, O_CLOEXEC) < 0)
        trace_die("pipe");
    pid = fork();
    if (pid == 0) {
        close(go[1]);
        if (read(go[0], &byte, 1) < 0)
            _exit(2);
        if (tracer->child)
            tracer->child();
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, options) < 0)
        trace_die("trace");
    if (tracer->begun)
        tracer->begun(pid);
    close(go[0]);
    close(go[1]);
    return pid;
}

int trace_run(const struct tracer *tracer, char **argv, unsigned seconds)
{
    struct sigaction action = {.sa_handler = on_alarm};

    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
    return follow(tracer, start(tracer, argv));
}
