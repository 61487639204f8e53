/* runlxc exec: what the process is to be out of options or --process, where its streams go. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exitcode.h"
#include "base/fs.h"
#include "common/console.h"
#include "common/pidfile.h"
#include "common/preserve.h"
#include "common/session.h"
#include "runlxc/verb.h"

#define EXIT_EXEC 255 /* of what is not the command's own: as runc's and crun's */
#define PROCESS_MAX (16 << 20)

struct options {
    const char *process, *user, *cwd, *apparmor, *label, *console_socket, *pid_file;
    struct strv env, groups, caps, cgroups;
    bool tty, detach, no_new_privs, ignore_paused;
    int64_t preserve_fds;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, process, "process", 'p', "FILE",
             "the process as OCI's JSON, instead of COMMAND and the options for it"),
    OPT_SWITCH(struct options, tty, "tty", 't', "give it a terminal"),
    OPT_SWITCH(struct options, detach, "detach", 'd', "do not wait for it"),
    OPT_LIST(struct options, env, "env", 'e', "NAME=VALUE", "add to the environment"),
    OPT_TEXT(struct options, user, "user", 'u', "USER[:GROUP]", "names or numbers"),
    OPT_LIST(struct options, groups, "additional-gids", 'g', "GID", "one more group"),
    OPT_TEXT(struct options, cwd, "cwd", 0, "DIR", "working directory in the container"),
    OPT_LIST(struct options, caps, "cap", 'c', "CAP", "one more capability"),
    OPT_TEXT(struct options, apparmor, "apparmor", 0, "PROFILE", "AppArmor profile"),
    OPT_TEXT(struct options, label, "process-label", 0, "LABEL", "SELinux label"),
    OPT_SWITCH(struct options, no_new_privs, "no-new-privs", 0, "no gain of privileges by exec"),
    OPT_NUMBER(struct options, preserve_fds, "preserve-fds", 0, "N", 0, PRESERVE_MAX, 0,
               "pass on N descriptors from 3 up, and those of $LISTEN_FDS"),
    OPT_TEXT(struct options, console_socket, "console-socket", 0, "SOCKET",
             "who is to get the terminal, with --tty and --detach"),
    OPT_TEXT(struct options, pid_file, "pid-file", 0, "FILE", "write its pid there"),
    OPT_LIST(struct options, cgroups, "cgroup", 0, "[CONTROLLER:]PATH",
             "begin in this cgroup, which is there, below the container's"),
    OPT_SWITCH(struct options, ignore_paused, "ignore-paused", 0,
               "in a paused container too: it begins when that is resumed"),
};

/* One exec. `session` is first: it is what the driver hands to the callbacks. */
struct job {
    struct session session;
    struct lxcdriver_run_options run;
    void (*session_start)(void *opaque, pid_t pid);
    const struct context *ctx;
    const struct options *o;
    bool tty;
    int console; /* the engine's socket; -1 */
    struct lxcdriver_error
        *failure; /* the first one in a callback, which has no way to return it */
    struct lxcdriver_process process;
    struct lxcdriver_process_spec *spec;
    uint32_t *gids;
    int *preserved;
    struct strv env;
};

/* ---- the process ---- */

static int read_spec(struct job *job, const char *path, struct lxcdriver_error **err)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    size_t len = 0;

    if (fd < 0 || fs_read_fd(fd, PROCESS_MAX, &text, &len) < 0)
        return err_sys(err, errno, "--process: read %s", path);
    job->spec = lxcdriver_process_read(text, len, err);
    job->process.spec = job->spec;
    return job->spec ? 0 : err_wrap(err, "--process %s", path);
}

static int read_groups(struct job *job, struct lxcdriver_error **err)
{
    const struct strv *groups = &job->o->groups;

    job->gids = calloc(groups->n + 1, sizeof(*job->gids));
    if (!job->gids)
        return err_nomem(err);
    for (size_t i = 0; i < groups->n; i++) {
        uint64_t gid;

        if (!str_to_u64(groups->items[i], 0, UINT32_MAX - 1, &gid))
            return err_set(err, "--additional-gids: \"%s\" is not a group's number",
                           groups->items[i]);
        job->gids[i] = (uint32_t)gid;
    }
    job->process.additional_gids = job->gids;
    job->process.n_additional_gids = groups->n;
    return 0;
}

static int read_parts(struct job *job, char **command, struct lxcdriver_error **err)
{
    const struct options *o = job->o;

    for (size_t i = 0; i < o->env.n; i++) {
        const char *text = o->env.items[i];

        if (*text == '=' || !strchr(text, '='))
            return err_set(err, "--env: \"%s\" is not NAME=VALUE", text);
    }
    if (read_groups(job, err) < 0)
        return -1;
    if (strv_copy(&job->env, &o->env) < 0)
        return err_nomem(err);
    job->process.args = (const char *const *)command;
    job->process.caps = (const char *const *)o->caps.items;
    job->process.user = o->user;
    job->process.cwd = o->cwd;
    job->process.apparmor_profile = o->apparmor;
    job->process.selinux_label = o->label;
    job->process.no_new_privs = o->no_new_privs;
    job->process.tty = o->tty;
    return 0;
}

/*
 * sd_listen_fds(3): descriptors that a manager left for the workload come first among those that
 * are preserved. The pid in LISTEN_PID would be the one in the container, which is not known yet;
 * like runc this says 1.
 */
static int read_descriptors(struct job *job, struct lxcdriver_error **err)
{
    uint64_t n_listen;
    size_t n;

    if (preserve_listen_fds(&n_listen, err) < 0)
        return -1;
    if (n_listen && !job->spec &&
        (strv_printf(&job->env, "LISTEN_FDS=%d", (int)n_listen) < 0 ||
         strv_add(&job->env, "LISTEN_PID=1") < 0))
        return err_nomem(err);
    job->process.env = (const char *const *)job->env.items;
    n = (size_t)job->o->preserve_fds + n_listen;
    job->preserved = preserve_fds(n, err);
    if (!job->preserved)
        return -1;
    job->process.preserve = job->preserved;
    job->process.n_preserve = n;
    return 0;
}

static int read_process(struct job *job, char **args, struct lxcdriver_error **err)
{
    const struct options *o = job->o;

    if (o->process && args[1])
        return err_set(err, "--process says what to run: \"%s\" is one too many", args[1]);
    if (!o->process && !args[1])
        return err_set(err, "exec: the command to run is missing");
    if (o->process ? read_spec(job, o->process, err) < 0 : read_parts(job, args + 1, err) < 0)
        return -1;
    job->process.detach = o->detach;
    job->process.sub_cgroups = (const char *const *)o->cgroups.items;
    job->process.paused_too = o->ignore_paused;
    job->tty = job->spec ? lxcdriver_process_terminal(job->spec) : o->tty;
    if (job->tty && o->detach && !o->console_socket)
        return err_set(err, "--detach with a terminal needs --console-socket");
    if (o->console_socket && !(job->tty && o->detach))
        return err_set(err, "--console-socket needs --detach and a terminal");
    return read_descriptors(job, err);
}

/* ---- callbacks ---- */

static void on_start(void *opaque, pid_t pid)
{
    struct job *job = opaque;

    if (job->session_start)
        job->session_start(&job->session, pid);
    log_printf(job->ctx->log, LOG_DEBUG, "exec: pid %d", pid);
    if (job->o->pid_file)
        pidfile_write(job->o->pid_file, pid, job->failure ? NULL : &job->failure);
}

static void on_console_socket(void *opaque, int master)
{
    struct job *job = opaque;

    console_send(job->console, master, job->failure ? NULL : &job->failure);
    close(master);
}

static void on_warning(void *opaque, const char *message)
{
    const struct job *job = opaque;

    log_line(job->ctx->log, LOG_WARNING, message);
}

/* ---- running ---- */

/* The caller's own streams become the process's: nobody stays behind who could pass bytes on. */
static int run_detached(struct job *job, const char *id, struct lxcdriver_error **err)
{
    int result;

    job->console = -1;
    if (job->tty) {
        job->console = console_connect(job->o->console_socket, err);
        if (job->console < 0)
            return -1;
    }
    job->run = (struct lxcdriver_run_options){.use_stdio = !job->tty,
                                              .stdio = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
                                              .on_console = on_console_socket,
                                              .on_start = on_start,
                                              .on_warning = on_warning,
                                              .opaque = job};
    result = lxcdriver_exec(job->ctx->drv, id, &job->process, &job->run, NULL, err);
    close_fd(&job->console);
    return result;
}

/* The exit code of the process, or -1. */
static int run_attached(struct job *job, const char *id, struct lxcdriver_error **err)
{
    int status = 0, result;

    result = session_open(&job->session, PROGRAM, true, job->tty, "", err);
    if (result == 0) {
        session_options(&job->session, &job->run);
        job->session_start = job->run.on_start;
        job->run.on_start = on_start;
        job->run.on_warning = on_warning;
        result = lxcdriver_exec(job->ctx->drv, id, &job->process, &job->run, &status, err);
    }
    session_close(&job->session);
    return result < 0 ? -1 : exitcode_of(status);
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    struct job job = {.ctx = ctx, .o = values, .console = -1};
    int code = read_process(&job, args, err);

    if (code == 0)
        code = job.o->detach ? run_detached(&job, args[0], err) : run_attached(&job, args[0], err);
    if (code >= 0 && job.failure) {
        if (err)
            *err = steal_ptr(&job.failure);
        code = -1;
    }
    err_free(&job.failure);
    lxcdriver_process_free(job.spec);
    strv_free(&job.env);
    free(job.gids);
    free(job.preserved);
    return code;
}

const struct verb verb_exec = {
    .name = "exec",
    .usage = "ID COMMAND [ARG...]",
    .summary = "run one more process in a running container",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = -1,
    .in_order = true,
    .failure = EXIT_EXEC,
    .act = act,
};
