#include "runlxc/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "common/console.h"
#include "common/pidfile.h"
#include "common/preserve.h"

static void on_warning(void *opaque, const char *message)
{
    const struct bundle_job *job = opaque;

    log_line(job->ctx->log, LOG_WARNING, message);
}

static int on_created(void *opaque, pid_t init, pid_t supervisor, struct lxcdriver_error **err)
{
    const struct bundle_job *job = opaque;

    log_printf(job->ctx->log, LOG_DEBUG, "created: init %d, supervisor %d", init, supervisor);
    if (job->failure)
        return err_set(err, "%s", lxcdriver_error_message(job->failure));
    return job->o->pid_file ? pidfile_write(job->o->pid_file, supervisor, err) : 0;
}

static void on_console_socket(void *opaque, int master)
{
    struct bundle_job *job = opaque;

    console_send(job->console, master, job->failure ? NULL : &job->failure);
    close(master);
}

/* A terminal needs somebody who holds its master. */
static int open_console(struct bundle_job *job, struct lxcdriver_error **err)
{
    bool tty = lxcdriver_command_terminal(job->cmd);

    if (job->o->console_socket && (!tty || job->waits))
        return err_set(err, "--console-socket: \"%s\": %s", job->o->console_socket,
                       tty ? "needs --detach" : "process.terminal is false in config.json");
    if (tty && !job->waits && !job->o->console_socket)
        return err_set(err, "process.terminal: true needs --console-socket when nobody stays to "
                            "serve the terminal");
    if (!job->o->console_socket)
        return 0;
    job->console = console_connect(job->o->console_socket, err);
    return job->console < 0 ? -1 : 0;
}

static int open_descriptors(struct bundle_job *job, size_t n, struct lxcdriver_error **err)
{
    job->preserved = preserve_fds(n, err);
    job->run.preserve = job->preserved;
    job->run.n_preserve = n;
    return job->preserved ? 0 : -1;
}

static int set_run(struct bundle_job *job, struct lxcdriver_error **err)
{
    bool tty = lxcdriver_command_terminal(job->cmd);

    job->session_open = job->waits;
    if (job->waits) {
        int result = tty ? session_open(&job->session, PROGRAM, true, true, "", err)
                         : session_open_direct(&job->session, PROGRAM, err);

        if (result < 0)
            return -1;
        session_options(&job->session, &job->run);
    } else {
        job->run.use_stdio = !tty;
        for (int i = 0; i < 3; i++)
            job->run.stdio[i] = i;
        job->run.on_console = on_console_socket;
        job->run.keep_stdio = true;
        job->run.detach = true;
        job->run.opaque = job;
    }
    job->run.on_created = on_created;
    job->run.on_warning = on_warning;
    job->run.notify_socket = getenv("NOTIFY_SOCKET");
    return 0;
}

int bundle_open(struct bundle_job *job, const struct context *ctx, const struct bundle_options *o,
                const char *id, bool waits, struct lxcdriver_error **err)
{
    struct lxcdriver_bundle_options how = {.systemd_cgroup = ctx->systemd_cgroup,
                                           .no_new_keyring = o->no_new_keyring};
    struct lxcdriver_run_options warn = {.on_warning = on_warning, .opaque = job};
    uint64_t n_listen;

    *job = (struct bundle_job){.ctx = ctx, .o = o, .waits = waits, .console = -1};
    if (preserve_listen_fds(&n_listen, err) < 0)
        return -1;
    how.listen_fds = (int)n_listen;
    job->cmd = lxcdriver_bundle_read(ctx->drv, id, o->bundle ? o->bundle : ".", &how, &warn, err);
    if (!job->cmd || open_console(job, err) < 0 ||
        open_descriptors(job, (size_t)o->preserve_fds + n_listen, err) < 0)
        return -1;
    return set_run(job, err);
}

int bundle_result(struct bundle_job *job, int result, struct lxcdriver_error **err)
{
    if (result == 0 && job->failure) {
        if (err)
            *err = steal_ptr(&job->failure);
        return -1;
    }
    return result;
}

void bundle_close(struct bundle_job *job)
{
    if (job->session_open)
        session_close(&job->session);
    lxcdriver_command_free(job->cmd);
    close_fd(&job->console);
    free(job->preserved);
    lxcdriver_error_free(job->failure);
}
