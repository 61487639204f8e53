/*
 * A small engine: it uses liblxcdriver as an author of one would, and prints what it got, one
 * "name: value" a line, for tests/cli/library.sh to compare. C11, and C++ as well.
 *
 *     engine ROOT SCENARIO [COMMAND.json | ID]
 */
#include <fcntl.h>
#include <lxcdriver.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unchanged.h"

struct engine {
    const char *root, *file; /* of the command, or a container's id */
    struct lxcdriver *drv;
    /* For calls out of a callback: the driver that runs a container is in use for as long. */
    struct lxcdriver *other;
    const char *id;
    pid_t waiter, execed;
    int ooms;
};

/* ---- printing ---- */

static void say_error(const char *what, struct lxcdriver_error *err)
{
    int code = lxcdriver_error_errno(err);

    printf("%s: exit %d, %s: %s\n", what, lxcdriver_error_exit_code(err),
           code ? strerror(code) : "no errno", lxcdriver_error_message(err));
    lxcdriver_error_free(err);
}

/* "ok", or the error; *err is empty afterwards. */
static void say_result(const char *what, int result, struct lxcdriver_error **err)
{
    if (result == 0)
        printf("%s: ok\n", what);
    else
        say_error(what, *err);
    *err = NULL;
}

static void say_status(const char *what, int status)
{
    if (status == LXCDRIVER_DETACHED)
        printf("%s: detached\n", what);
    else if (WIFEXITED(status))
        printf("%s: exit %d\n", what, WEXITSTATUS(status));
    else
        printf("%s: signal %d\n", what, WTERMSIG(status));
}

static void say_info(struct lxcdriver *drv, const char *what, const char *id, pid_t pid)
{
    static const char *const names[] = {"creating", "created", "running", "paused", "stopped"};
    struct lxcdriver_error *err = NULL;
    struct lxcdriver_info info;

    if (lxcdriver_get_info(drv, id, &info, &err) < 0) {
        say_error(what, err);
        return;
    }
    printf("%s: %s%s%s%s%s\n", what, names[info.state],
           info.pid == pid ? ", that pid" : ", another pid", info.exited ? ", exited" : "",
           info.oom_killed ? ", OOM" : "",
           info.created_ns > 0 && info.created_ns <= info.started_ns ? "" : ", odd times");
    if (info.exited)
        say_status(what, info.exit_status);
    lxcdriver_info_clear(&info);
}

/* ---- reading ---- */

static struct lxcdriver_command *load(const char *file, struct lxcdriver_error **err)
{
    static char text[65536];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));

    if (fd >= 0)
        close(fd);
    if (len < 0) {
        perror(file);
        exit(2);
    }
    return lxcdriver_command_read(text, (size_t)len, err);
}

/* ---- callbacks ---- */

static void on_oom(void *opaque)
{
    ((struct engine *)opaque)->ooms++;
}

static void on_warning(void *opaque, const char *message)
{
    (void)opaque;
    printf("warning: %s\n", message);
}

static void use_stdio(struct lxcdriver_run_options *options)
{
    options->use_stdio = true;
    for (int i = 0; i < 3; i++)
        options->stdio[i] = i;
}

static void note_pid(void *opaque, pid_t pid)
{
    ((struct engine *)opaque)->execed = pid;
}

static void run_exec(struct engine *e, const char *what, const struct lxcdriver_process *process)
{
    struct lxcdriver_run_options options;
    struct lxcdriver_error *err = NULL;
    int status = 0;

    memset(&options, 0, sizeof(options));
    use_stdio(&options);
    options.on_start = note_pid;
    options.opaque = e;
    if (lxcdriver_exec(e->other, e->id, process, &options, process->detach ? NULL : &status, &err) <
        0)
        say_error(what, err);
    else if (process->detach)
        printf("%s: started\n", what);
    else
        say_status(what, status);
}

static void exec_several(struct engine *e)
{
    static const char *const plain[] = {"sh", "-c", "echo exec says $0 $A; exit 5", "hello", NULL};
    static const char *const whoami[] = {"sh", "-c", "echo $(id -u) $(id -g) $(pwd) $A", NULL};
    static const char *const missing[] = {"nosuch", NULL};
    static const char *const sleeper[] = {"sleep", "30", NULL};
    static const char *const env[] = {"A=added", NULL};
    struct lxcdriver_process p;

    memset(&p, 0, sizeof(p));
    p.args = plain;
    run_exec(e, "exec", &p);
    p.args = whoami;
    p.env = env;
    p.user = "7:8";
    p.cwd = "/tmp";
    run_exec(e, "exec as 7:8", &p);
    memset(&p, 0, sizeof(p));
    p.args = missing;
    run_exec(e, "exec of nothing", &p);
    p.args = sleeper;
    p.detach = true;
    run_exec(e, "exec detached", &p);
}

static void look(struct engine *e, pid_t pid)
{
    struct lxcdriver_error *err = NULL;
    struct lxcdriver_stats st;
    pid_t *pids = NULL;
    bool found = false;
    size_t n = 0;
    char *json;

    if (lxcdriver_pids(e->other, e->id, &pids, &n, &err) < 0)
        say_error("pids", err);
    for (size_t i = 0; i < n; i++)
        found = found || pids[i] == pid;
    printf("pids: %s, %s\n", n >= 2 ? "two or more" : "fewer than two",
           found ? "the init's" : "not the init's");
    free(pids);
    err = NULL;
    if (lxcdriver_get_stats(e->other, e->id, &st, &err) < 0)
        say_error("stats", err);
    else
        printf("stats: %s, %s, limit %llu, %s, pids limit %llu, rx %llu\n",
               st.cpu_total_ns > 0 && st.cpu_total_ns < UINT64_C(60000000000) ? "cpu" : "no cpu",
               st.memory_usage > 0 && st.memory_usage <= st.memory_limit ? "memory" : "no memory",
               (unsigned long long)st.memory_limit, st.pids_current >= 2 ? "pids" : "no pids",
               (unsigned long long)st.pids_limit, (unsigned long long)st.net_rx_bytes);
    json = lxcdriver_state_json(e->other, e->id, NULL);
    printf("state: %s\n",
           json && strstr(json, "\"status\": \"running\"") ? "running" : "something else");
    free(json);
}

static void pause_and_unpause(struct engine *e, pid_t pid)
{
    struct lxcdriver_error *err = NULL;

    say_result("pause", lxcdriver_pause(e->other, e->id, &err), &err);
    say_info(e->other, "paused", e->id, pid);
    say_result("unpause", lxcdriver_unpause(e->other, e->id, &err), &err);
    say_info(e->other, "unpaused", e->id, pid);
}

/* It is our child, and until it is reaped the container's init cannot end: pid_namespaces(7). */
static void end_execed(struct engine *e)
{
    int status = 0;

    kill(e->execed, SIGKILL);
    if (waitpid(e->execed, &status, 0) == e->execed)
        say_status("exec detached", status);
    else
        perror("waitpid");
}

/* Another process, with nothing but the root and the id. */
static pid_t wait_elsewhere(struct engine *e)
{
    struct lxcdriver_error *err = NULL;
    struct lxcdriver *drv;
    pid_t pid;
    int status;

    fflush(stdout);
    pid = fork();
    if (pid != 0)
        return pid;
    drv = lxcdriver_new(e->root, &err);
    if (!drv || lxcdriver_wait(drv, e->id, &status, &err) < 0)
        say_error("waiter", err);
    else
        say_status("waiter", status);
    fflush(stdout);
    _exit(0);
}

static void on_start(void *opaque, pid_t pid)
{
    struct engine *e = (struct engine *)opaque;
    struct lxcdriver_error *err = NULL;

    printf("start: %s\n", kill(pid, 0) == 0 ? "a process" : "no process");
    say_info(e->other, "started", e->id, pid);
    e->waiter = wait_elsewhere(e);
    exec_several(e);
    look(e, pid);
    pause_and_unpause(e, pid);
    end_execed(e);
    say_result("kill", lxcdriver_kill(e->other, e->id, SIGTERM, false, &err), &err);
}

/* ---- scenarios ---- */

static int run(struct engine *e, struct lxcdriver_run_options *options)
{
    struct lxcdriver_error *err = NULL;
    struct lxcdriver_command *cmd = load(e->file, &err);
    int status = 0, result;

    if (!cmd) {
        say_error("command", err);
        return -1;
    }
    e->id = strdup(lxcdriver_command_id(cmd));
    options->opaque = e;
    result = lxcdriver_run(e->drv, cmd, options, &status, &err);
    if (result < 0)
        say_error("run", err);
    else
        say_status("run", status);
    lxcdriver_command_free(cmd);
    return result;
}

static void clean(struct engine *e)
{
    struct lxcdriver_error *err = NULL;

    say_result("clean", lxcdriver_clean(e->drv, e->id, false, &err), &err);
    say_info(e->drv, "cleaned", e->id, 0);
    say_result("clean again, by force", lxcdriver_clean(e->drv, e->id, true, &err), &err);
}

static void life(struct engine *e)
{
    struct lxcdriver_run_options options;

    memset(&options, 0, sizeof(options));
    use_stdio(&options);
    options.on_start = on_start;
    options.on_oom = on_oom;
    options.on_warning = on_warning;
    run(e, &options);
    if (e->waiter > 0)
        waitpid(e->waiter, NULL, 0);
    printf("callbacks: %d OOM\n", e->ooms);
    say_info(e->drv, "ended", e->id, 0);
    clean(e);
}

static void oom(struct engine *e)
{
    struct lxcdriver_run_options options;

    memset(&options, 0, sizeof(options));
    use_stdio(&options);
    options.on_oom = on_oom;
    run(e, &options);
    printf("callbacks: %s\n", e->ooms > 0 ? "OOM" : "none");
    say_info(e->drv, "ended", e->id, 0);
    clean(e);
}

/* Until the workload's first line is in <root>/<id>/log, for at most ten seconds. */
static bool wait_for_log(const struct engine *e)
{
    const struct timespec nap = {0, 10000000};
    char path[4096];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s/log", e->root, e->id);
    for (int i = 0; i < 1000; i++) {
        if (stat(path, &st) == 0 && st.st_size > 0)
            return true;
        nanosleep(&nap, NULL);
    }
    return false;
}

static void detached(struct engine *e)
{
    struct lxcdriver_run_options options;
    struct lxcdriver_error *err = NULL;
    struct lxcdriver_info info;
    char **ids;
    int status, reaped = 0;

    memset(&options, 0, sizeof(options));
    options.detach = true;
    if (run(e, &options) < 0)
        return;
    printf("log: %s\n", wait_for_log(e) ? "written" : "empty");
    ids = lxcdriver_list(e->drv, &err);
    printf("list: %s%s\n", ids && ids[0] && strcmp(ids[0], e->id) == 0 ? "it" : "not it",
           ids && ids[0] && ids[1] ? " and more" : "");
    lxcdriver_strings_free(ids);
    say_result("clean of a running one", lxcdriver_clean(e->drv, e->id, false, &err), &err);
    say_result("terminate", lxcdriver_terminate(e->drv, e->id, SIGTERM, 1, &err), &err);
    if (lxcdriver_get_info(e->drv, e->id, &info, NULL) == 0) {
        say_status("terminated", info.exit_status);
        lxcdriver_info_clear(&info);
    }
    if (lxcdriver_wait(e->drv, e->id, &status, NULL) == 0)
        say_status("wait afterwards", status);
    clean(e);
    /* The supervisor is ours. */
    while (waitpid(-1, NULL, 0) > 0)
        reaped++;
    printf("reaped: %d\n", reaped);
}

static int end_it(void *opaque, int fd)
{
    char byte;

    (void)opaque;
    printf("event: %s\n", read(fd, &byte, 1) == 1 ? "a byte" : "nothing");
    return LXCDRIVER_EVENT_END;
}

static int write_end;

static void write_event(void *opaque, pid_t pid)
{
    (void)opaque;
    (void)pid;
    if (write(write_end, "x", 1) != 1)
        perror("write");
}

/* A descriptor of the caller's ends the container. */
static void event(struct engine *e)
{
    struct lxcdriver_run_options options;
    int ends[2];

    memset(&options, 0, sizeof(options));
    write_end = pipe(ends) == 0 ? ends[1] : -1;
    options.on_start = write_event;
    options.event_fd_plus_one = ends[0] + 1;
    options.on_event = end_it;
    run(e, &options);
    clean(e);
    close(ends[0]);
    close(ends[1]);
}

static int console = -1;

static void on_console(void *opaque, int master)
{
    (void)opaque;
    console = master;
}

static void terminal(struct engine *e)
{
    struct lxcdriver_run_options options;
    char text[256];
    ssize_t n;

    memset(&options, 0, sizeof(options));
    options.on_console = on_console;
    run(e, &options);
    n = console < 0 ? -1 : read(console, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    printf("console: %s\n", text);
    close(console);
    clean(e);
}

/* Every call about a container that is not there, with and without somewhere to put the error. */
static void errors(struct engine *e)
{
    static const char *const args[] = {"true", NULL};
    struct lxcdriver_process process;
    struct lxcdriver_run_options options;
    struct lxcdriver_error *err = NULL;
    struct lxcdriver_stats stats;
    pid_t *pids = NULL;
    size_t n;
    int status;

    memset(&process, 0, sizeof(process));
    memset(&options, 0, sizeof(options));
    process.args = args;
    printf("without an object: %d %d %d\n", lxcdriver_kill(e->drv, e->file, 9, false, NULL),
           lxcdriver_wait(e->drv, e->file, &status, NULL), lxcdriver_oom_fd(e->drv, e->file, NULL));
    say_result("wait", lxcdriver_wait(e->drv, e->file, &status, &err), &err);
    say_result("kill", lxcdriver_kill(e->drv, e->file, 9, true, &err), &err);
    say_result("pause", lxcdriver_pause(e->drv, e->file, &err), &err);
    say_result("unpause", lxcdriver_unpause(e->drv, e->file, &err), &err);
    say_result("terminate", lxcdriver_terminate(e->drv, e->file, 0, 1, &err), &err);
    say_result("exec", lxcdriver_exec(e->drv, e->file, &process, &options, &status, &err), &err);
    say_result("stats", lxcdriver_get_stats(e->drv, e->file, &stats, &err), &err);
    say_result("pids", lxcdriver_pids(e->drv, e->file, &pids, &n, &err), &err);
    say_result("clean", lxcdriver_clean(e->drv, e->file, false, &err), &err);
    say_result("clean by force", lxcdriver_clean(e->drv, e->file, true, &err), &err);
    printf("a relative root: %s\n", lxcdriver_new("relative", NULL) ? "taken" : "refused");
    printf("no error: %s, %d\n", lxcdriver_error_message(NULL), lxcdriver_error_errno(NULL));
}

static void plain(struct engine *e)
{
    struct lxcdriver_run_options options;

    memset(&options, 0, sizeof(options));
    use_stdio(&options);
    options.remove = true;
    run(e, &options);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*play)(struct engine *e);
    } scenarios[] = {{"life", life},   {"oom", oom},           {"detached", detached},
                     {"event", event}, {"terminal", terminal}, {"errors", errors},
                     {"plain", plain}};
    static struct process_state before;
    struct lxcdriver_error *err = NULL;
    struct engine e;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 4)
        return 2;
    take_state(&before);
    memset(&e, 0, sizeof(e));
    e.root = argv[1];
    e.file = argv[3];
    e.drv = lxcdriver_new(e.root, &err);
    e.other = lxcdriver_new(e.root, &err);
    if (!e.drv || !e.other) {
        say_error("driver", err);
        return 1;
    }
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        if (strcmp(scenarios[i].name, argv[2]) == 0)
            scenarios[i].play(&e);
    lxcdriver_free(e.drv);
    lxcdriver_free(e.other);
    free((void *)e.id);
    compare_state(&before);
    return 0;
}
