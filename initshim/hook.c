#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"
#include "program.h"
#include "text.h"

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

static _Noreturn void run_child(const char *path, char **args, char **env)
{
    int nothing[2];

    if (pipe2(nothing, O_CLOEXEC) < 0 || dup2(nothing[0], STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(EXIT_SHIM);
    close(nothing[1]);
    signals_reset();
    execve(path, args, env);
    _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Wait for the child; SIGCHLD is blocked, so none is missed. False when the time is over; the child
 * is then killed. */
static bool wait_for(pid_t child, int64_t timeout_s, int *status)
{
    struct timespec end, now;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &end);
    while (timeout_s > 0 && waitpid(child, status, WNOHANG) == 0) {
        struct timespec left;

        clock_gettime(CLOCK_MONOTONIC, &now);
        left.tv_sec = end.tv_sec + timeout_s - now.tv_sec;
        left.tv_nsec = end.tv_nsec - now.tv_nsec;
        if (left.tv_nsec < 0) {
            left.tv_nsec += 1000000000;
            left.tv_sec--;
        }
        if (left.tv_sec < 0) {
            kill(child, SIGKILL);
            waitpid(child, status, 0);
            return false;
        }
        sigtimedwait(&set, NULL, &left);
    }
    if (timeout_s <= 0)
        waitpid(child, status, 0);
    return true;
}

static int report_status(struct shim *s, const char *path, int status)
{
    char what[48];
    struct text t;

    text_init(&t, what, sizeof(what));
    text_put(&t, WIFSIGNALED(status) ? "signal " : "exit status ");
    text_put_number(&t, (uint64_t)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
    return fail_with(&s->failure, STAGE_HOOK, 0, path, what);
}

static int run_hook(struct shim *s, const struct record *r)
{
    const char *path = record_text(r, sizeof(struct wire_hook)), *at = path + strlen(path) + 1;
    struct wire_hook hook;
    char **args, **env;
    int status = 0;
    pid_t child;

    memcpy(&hook, r->data, sizeof(hook));
    args = take_list(&at, *at ? NULL : path);
    env = take_list(&at, NULL);
    if (!args || !env)
        return fail(&s->failure, STAGE_HOOK, ENOMEM, path);
    child = fork();
    if (child < 0)
        return fail(&s->failure, STAGE_HOOK, errno, path);
    if (child == 0)
        run_child(path, args, env);
    free(args);
    free(env);
    if (!wait_for(child, hook.timeout_s, &status))
        return fail(&s->failure, STAGE_HOOK, ETIMEDOUT, path);
    return status ? report_status(s, path, status) : 0;
}

int hooks_run(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_HOOK, &pos, &r))
        if (run_hook(s, &r) < 0)
            return -1;
    return 0;
}
