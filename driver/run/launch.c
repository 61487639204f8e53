/* Running a container: from the command to the wait status. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "host/proc.h"
#include "run/criu.h"
#include "run/hooks.h"
#include "run/notify.h"
#include "run/restore.h"
#include "shared/packet.h"
#include "shared/warm.h"

static int set_stdio(struct launch *l, struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options *o = l->options;
    bool logged = o->detach && !o->keep_stdio;
    cleanup_close int null = -1;
    int pipe_fds[2];

    if (o->detach)
        l->flags |= l->cmd->engine ? SF_DETACH | SF_ENGINE : SF_DETACH;
    if (logged) {
        l->flags |= SF_LOG;
        l->log_fd =
            openat(l->dir_fd, "log", O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        if (l->log_fd < 0)
            return err_sys(err, errno, "make %s/log", l->dir);
    }
    if (o->remove)
        l->flags |= SF_REMOVE;
    if (l->cmd->process.terminal)
        return 0;
    l->flags |= SF_STDIO;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return err_sys(err, errno, "open /dev/null");
    for (int i = 0; i < 3; i++) {
        l->stdio[i] = fcntl(o->use_stdio ? o->stdio[i] : null, F_DUPFD_CLOEXEC, 10);
        if (l->stdio[i] < 0)
            return err_sys(err, errno, "duplicate descriptor %d", o->stdio[i]);
    }
    if (!logged)
        return 0;
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    l->drain_fd = pipe_fds[0];
    close(l->stdio[1]);
    close(l->stdio[2]);
    l->stdio[1] = pipe_fds[1];
    l->stdio[2] = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 10);
    return l->stdio[2] < 0 ? err_sys(err, errno, "duplicate a pipe") : 0;
}

/* What the supervisor has now: a copy kept here would keep a pipe open, or a mount alive. */
static void close_handed_over(struct launch *l)
{
    close_fd(&l->log_fd);
    close_fd(&l->drain_fd);
    for (int i = 0; i < 3; i++)
        close_fd(&l->stdio[i]);
    close_fd(&l->rootfs.mount_fd);
    close_fd(&l->rootfs.fd);
    for (size_t i = 0; i < l->n_attach; i++)
        close_fd(&l->attach[i]);
    l->n_attach = 0;
    close_fd(&l->cgroup_ns);
    close_fd(&l->notify.mount);
    close_fd(&l->notify.sock);
}

void launch_clear(struct launch *l)
{
    close_handed_over(l);
    unit_release(l);
    free(l->unit);
    close_fd(&l->sock);
    close_fd(&l->dir_fd);
    close_fd(&l->console);
    close_fd(&l->notify.host);
    free(l->dir);
    cgroup_layout_clear(&l->layout);
    cgroup_dirs_clear(&l->payload);
    cpuset_guard_clear(&l->cpuset);
    cgroup_dirs_clear(&l->monitor);
    cgroup_dirs_clear(&l->actual);
    free(l->cgroup_options);
    free(l->cgroup_container);
    free(l->cgroup_monitor);
    free(l->cgroup_pivot);
    free(l->hierarchies);
    rootfs_clear(&l->rootfs);
    targets_clear(&l->targets);
    free(l->attach);
    free(l->mac);
    free(l->host_if);
    for (int i = 0; i < NS_KINDS; i++)
        free(l->ns_path[i]);
    buf_free(&l->config);
    buf_free(&l->env_json);
    buf_free(&l->bootstrap);
    buf_free(&l->record);
    strv_free(&l->env);
    seccomp_filter_clear(&l->seccomp);
    strv_free(&l->apparmor.raw);
    resctrl_group_clear(&l->rdt);
    err_free(&l->failure);
}

static int launch_init(struct launch *l, struct lxcdriver *drv, struct command *cmd,
                       const struct lxcdriver_run_options *options, struct lxcdriver_error **err)
{
    *l = (struct launch){.drv = drv, .cmd = cmd, .options = options};
    l->sock = l->dir_fd = l->log_fd = l->drain_fd = l->console = -1;
    l->cgroup_ns = l->cpuset.dir = l->unit_hold = -1;
    l->notify.host = l->notify.mount = l->notify.sock = -1;
    l->stdio[0] = l->stdio[1] = l->stdio[2] = -1;
    l->rootfs = (struct rootfs){.fd = -1, .mount_fd = -1};
    cmd->rootless = rootless();
    l->dir = str_printf("%s/%s", drv->root, cmd->id);
    return l->dir ? 0 : err_nomem(err);
}

static int send_word(const struct launch *l, uint32_t type, const char *what,
                     struct lxcdriver_error **err)
{
    const struct sup_msg msg = {.type = type};

    return packet_send(l->sock, &msg, sizeof(msg), NULL, 0) < 0 ? err_sys(err, errno, "%s", what)
                                                                : 0;
}

/* From here on the supervisor may go on without us. */
static int send_last_word(struct launch *l, uint32_t type, const char *what,
                          struct lxcdriver_error **err)
{
    l->may_go_on = true;
    return send_word(l, type, what, err);
}

static int send_start(struct launch *l, struct lxcdriver_error **err)
{
    return send_last_word(l, SUP_START, "start the container", err);
}

/* Where no cgroup was to be had, as in a hierarchy that is mounted read-only, the init is in ours,
 * whose other processes are not the container's to be ended. */
static int find_cgroups(struct launch *l, pid_t init, struct lxcdriver_error **err)
{
    struct cgroup_dirs ours;

    if (l->cmd->rootless)
        return cgroup_dirs_of(&l->layout, l->cgroup_container, &l->actual, err);
    if (cgroup_dirs_of_pid(&l->layout, init, &l->actual, err) < 0 ||
        cgroup_dirs_of_pid(&l->layout, getpid(), &ours, err) < 0)
        return -1;
    cgroup_dirs_subtract(&l->actual, &ours);
    cgroup_dirs_clear(&ours);
    return 0;
}

/* The init waits for its start: write down who it is, then let it go, or leave it to the supervisor
 * first. */
static int on_created(struct launch *l, const struct sup_msg *msg, struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options *o = l->options;
    struct proc_stat supervisor = {0};
    struct state_facts facts = {.cmd = l->cmd,
                                .rootfs = l->rootfs.path,
                                .pid = msg->pid,
                                .start_time = msg->start_time,
                                .supervisor = l->supervisor,
                                .cgroups = &l->actual,
                                .net = &l->net,
                                .rdt = &l->rdt,
                                .unit = l->unit};

    l->init = msg->pid;
    l->init_start = msg->start_time;
    if (!(l->flags & SF_ENGINE))
        warm_end(false); /* nothing more is moved */
    unit_release(l);
    if (launch_check_peers(l, err) < 0 || cpuset_guard_restore(&l->cpuset, &l->cmd->res, err) < 0 ||
        launch_furnish(l, msg->pid, err) < 0)
        return -1;
    if (find_cgroups(l, msg->pid, err) < 0)
        return err_wrap(err, "cgroups of the container's init");
    if (o->restore && restore_finish(l, err) < 0)
        return -1;
    if (proc_stat_read(l->supervisor, &supervisor) == 0)
        facts.supervisor_start = supervisor.start_time;
    if (state_write_created(l->dir_fd, &facts, err) < 0)
        return -1;
    if (o->on_created && o->on_created(o->opaque, l->init, l->supervisor, err) < 0)
        return -1;
    return l->flags & SF_ENGINE ? send_last_word(l, SUP_RELEASE, "leave the container", err)
                                : send_start(l, err);
}

static void on_warning(struct launch *l, const struct sup_msg *msg)
{
    struct lxcdriver_error *warning = NULL;

    if (!l->options->on_warning)
        return;
    failure_of_shim(msg->stage, msg->errnum, 125, msg->detail, &warning);
    l->options->on_warning(l->options->opaque, err_message(warning));
    err_free(&warning);
}

static void tell_oom(struct launch *l, int64_t kills)
{
    if (kills <= l->oom_seen)
        return;
    l->oom_seen = kills;
    if (l->options->on_oom)
        l->options->on_oom(l->options->opaque);
}

/* Returns 0 to go on, 1 when it does so without us, -1. */
static int on_started(struct launch *l, struct lxcdriver_error **err)
{
    l->started = true;
    warm_end(false);
    if (hooks_poststart(l->cmd, l->init, l->init_start, err) < 0)
        return -1;
    if (l->options->on_start)
        l->options->on_start(l->options->opaque, l->init);
    return l->options->detach && !launch_awaits_ready(l) ? 1 : 0;
}

/* Returns 0 to go on, 1 when the container has ended, -1. */
static int on_message(struct launch *l, struct lxcdriver_error **err)
{
    struct sup_msg msg;
    size_t n = 0;
    int fd = -1, got = packet_recv(l->sock, &msg, sizeof(msg), &fd, 1, &n, NULL);

    if (got < 0)
        return err_sys(err, errno, "listen to the container's supervisor");
    if (got == 0)
        return err_exit(err, 137,
                        "the container's supervisor was killed, and the container with it");
    if (msg.type == SUP_CONSOLE && n == 1 && l->options->on_console) {
        l->console = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        l->options->on_console(l->options->opaque, fd);
        return 0;
    }
    close_fd(&fd);
    switch (msg.type) {
    case SUP_WARN:
        on_warning(l, &msg);
        return 0;
    case SUP_HOOKS:
        return launch_furnish(l, msg.pid, err) < 0 ? -1 : hooks_before_pivot(l, msg.pid, err);
    case SUP_CREATED:
        return on_created(l, &msg, err);
    case SUP_RELEASED:
        warm_end(false);
        return l->create_only ? 1 : send_start(l, err);
    case SUP_STARTED:
        return on_started(l, err);
    case SUP_NOTIFIED:
        l->ready = true;
        return launch_awaits_ready(l) ? 1 : 0;
    case SUP_EXIT:
        l->ended = true;
        l->ended_in_order = msg.value == 0;
        l->status = msg.status;
        l->oom = msg.oom > 0;
        /* The kill is counted after it was notified of; one that took the init may be told here
         * alone. */
        tell_oom(l, msg.oom);
        return 1;
    case SUP_FAIL:
        l->ended = true;
        failure_of_supervisor(l->dir_fd, &msg, err);
        return l->options->restore && msg.origin == SUP_ORIGIN_LXC ? restore_failure(l, err) : -1;
    default:
        return 0;
    }
}

static int on_oom(struct launch *l, int oom_fd)
{
    char events[4096];

    if (read(oom_fd, events, sizeof(events)) < 0)
        return -1;
    tell_oom(l, cgroup_oom_kills(&l->actual));
    return 0;
}

/* Leave a running container to its supervisor, which drains the terminal from now on. */
static int let_go(struct launch *l, struct lxcdriver_error **err)
{
    struct sup_msg msg = {.type = SUP_DETACH};
    cleanup_close int log =
        openat(l->dir_fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    int fds[2] = {log, l->console};

    if (log < 0)
        return err_sys(err, errno, "make %s/log", l->dir);
    if (!l->started || l->console < 0)
        return err_set(err,
                       "detach: only a running container with a terminal can be detached from");
    if (packet_send(l->sock, &msg, sizeof(msg), fds, 2) < 0)
        return err_sys(err, errno, "detach");
    l->detached = true;
    return 1;
}

/* Listen to the supervisor, and to the caller's own descriptor, until the end (or, detached, the
 * start). */
static int launch_loop(struct launch *l, struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options *o = l->options;
    cleanup_close int oom_fd = -1;
    int event_fd = o->event_fd_plus_one > 0 ? o->event_fd_plus_one - 1 : -1;

    for (;;) {
        struct pollfd fds[] = {{l->sock, POLLIN, 0}, {event_fd, POLLIN, 0}, {oom_fd, POLLIN, 0}};
        bool was_started = l->started;
        int result;

        if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
            if (errno == EINTR)
                continue;
            return err_sys(err, errno, "poll");
        }
        if (fds[1].revents) {
            result = o->on_event(o->opaque, event_fd);
            if (result == LXCDRIVER_EVENT_IGNORE)
                event_fd = -1;
            if (result == LXCDRIVER_EVENT_END)
                return err_set(err, "ended by its launcher");
            if (result == LXCDRIVER_EVENT_DETACH)
                return let_go(l, err);
        }
        if (fds[2].revents && on_oom(l, oom_fd) < 0)
            close_fd(&oom_fd);
        if (!fds[0].revents)
            continue;
        result = on_message(l, err);
        if (result)
            return result;
        if (l->started && !was_started && o->on_oom)
            oom_fd = cgroup_oom_fd(&l->actual, NULL);
    }
}

char *lxcdriver_dry_run(struct lxcdriver *drv, struct lxcdriver_command *command,
                        struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options options = {0};
    struct launch l;
    char *text = NULL;

    if (command_validate(command->cmd, err) < 0)
        return NULL;
    if (launch_init(&l, drv, command->cmd, &options, err) == 0 && launch_look(&l, true, err) == 0 &&
        launch_prepare(&l, true, err) == 0) {
        text = buf_take(&l.config);
        if (!text)
            err_nomem(err);
    }
    launch_clear(&l);
    return text;
}

/* The supervisor has said its last word, or ends when it sees that we are gone; it must be gone
 * before its traces are looked for. One that would go on by itself is killed, and lxc-start with
 * it.
 */
static void reap_supervisor(struct launch *l)
{
    close_fd(&l->sock);
    if (l->supervisor <= 0)
        return;
    if (l->may_go_on && !l->ended)
        kill(l->supervisor, SIGKILL);
    while (waitpid(l->supervisor, NULL, 0) < 0 && errno == EINTR)
        ;
    l->supervisor = 0;
}

static int launch_run(struct launch *l, struct lxcdriver_error **err)
{
    int result;

    if ((l->options->restore && restore_check(l, err) < 0) || launch_spawn(l, err) < 0 ||
        launch_look(l, false, err) < 0 || launch_claim(l, err) < 0 || set_stdio(l, err) < 0 ||
        launch_prepare(l, false, err) < 0 || lxc_conf_check(l, err) < 0 ||
        launch_own_cgroups(l, err) < 0 || launch_hand_over(l, err) < 0)
        return -1;
    close_handed_over(l);
    if (l->options->on_handed_over)
        l->options->on_handed_over(l->options->opaque);
    result = launch_loop(l, err);
    launch_settle_ready(l);
    return result < 0 ? -1 : 0;
}

/* The command's status is known and stands; what could not be removed is told, and `delete` can be
 * tried. After a failure that is told already. */
static void remove_traces(struct launch *l, int result)
{
    const struct lxcdriver_run_options *o = l->options;
    cleanup_err struct lxcdriver_error *err = NULL;

    if (clean_traces(l->drv, l->cmd->id, l->ended_in_order, &err) < 0 && result == 0 &&
        o->on_warning) {
        err_wrap(&err, "not all of the container was removed");
        o->on_warning(o->opaque, err_message(err));
    }
}

/* Whether the supervisor has left nothing but the records, and holds none of what they name:
 * neither a root filesystem that it has mounted, nor its place in a unit. */
static bool records_only(const struct launch *l)
{
    return l->claimed && l->ended_in_order && !l->unit && !(l->flags & SF_ROOTFS);
}

static int launch_whole(struct lxcdriver *drv, struct lxcdriver_command *command,
                        const struct lxcdriver_run_options *options, bool create_only, int *status,
                        struct lxcdriver_error **err)
{
    struct launch l;
    bool early;
    int result;

    if (command_validate(command->cmd, err) < 0)
        return -1;
    result = launch_init(&l, drv, command->cmd, options, err);
    l.create_only = create_only;
    if (result == 0)
        result = launch_run(&l, err);
    /* One that has ended before it was ready, to be removed, is nobody else's to remove. */
    if (result == 0 && (options->detach || l.detached) && !(l.ended && options->remove)) {
        if (status)
            *status = LXCDRIVER_DETACHED;
        launch_clear(&l); /* the supervisor goes on by itself and is the caller's child */
        return 0;
    }
    /* Its own end takes a while, for its mount namespace's sake. */
    early = result == 0 && options->remove && records_only(&l);
    if (early)
        remove_traces(&l, result);
    reap_supervisor(&l);
    if (result == 0 && status)
        *status = l.status;
    unit_release(&l);
    if (!early && l.claimed && (result < 0 || options->remove))
        remove_traces(&l, result);
    /* The record that names them may not have been written yet. */
    if (result < 0) {
        if (options->restore)
            criu_hierarchy_mend(l.cgroup_options, NULL);
        if (l.unit)
            unit_remove(l.unit, &l.payload, NULL);
        clean_made(&l.targets.made, NULL);
        resctrl_remove(&l.rdt);
    }
    launch_clear(&l);
    return result;
}

int lxcdriver_run(struct lxcdriver *drv, struct lxcdriver_command *command,
                  const struct lxcdriver_run_options *options, int *status,
                  struct lxcdriver_error **err)
{
    return launch_whole(drv, command, options, false, status, err);
}

int lxcdriver_create(struct lxcdriver *drv, struct lxcdriver_command *command,
                     const struct lxcdriver_run_options *options, struct lxcdriver_error **err)
{
    struct lxcdriver_run_options detached = *options;

    detached.detach = detached.keep_stdio = true;
    command->cmd->engine = true;
    return launch_whole(drv, command, &detached, true, NULL, err);
}
