/* One more process in a running container: the shim joins and becomes the process, as our child. */
#include "run/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/apparmor.h"
#include "host/proc.h"
#include "run/listener.h"
#include "shared/packet.h"
#include "spec/validate.h"

#define PRESERVE_MAX (PACKET_MAX_FDS - 5) /* a packet also has the record, the init and stdio */

/* ---- starting ---- */

static int set_stdio(struct exec *e, struct lxcdriver_error **err)
{
    cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    uid_t uid;
    gid_t gid;

    if (null < 0)
        return err_sys(err, errno, "open /dev/null");
    for (int i = 0; i < 3; i++) {
        e->stdio[i] =
            fcntl(e->options->use_stdio ? e->options->stdio[i] : null, F_DUPFD_CLOEXEC, 10);
        if (e->stdio[i] < 0)
            return err_sys(err, errno, "duplicate descriptor %d", i);
    }
    if ((e->flags & WF_USERNS) && userns_root_of(e->c->pid, &uid, &gid) == 0)
        userns_give_pipes(e->stdio, uid, gid);
    return 0;
}

static int spawn_shim(struct exec *e, struct lxcdriver_error **err)
{
    cleanup_close int exe = open_shim(e->c->drv, err), mine = -1, theirs = -1;
    char path[32], *argv[] = {(char *)"runlxc-init", (char *)SHIM_EXEC_ARG, NULL};
    int pair[2], code, on = 1;

    if (exe < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_sys(err, errno, "make a socket");
    mine = pair[0];
    theirs = pair[1];
    if (setsockopt(mine, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
        return err_sys(err, errno, "ask for credentials");
    /* Executed through the read-only descriptor, never by its path: see open_shim(). */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", exe);
    code = spawn_with_socket(path, argv, theirs, &e->shim);
    if (code)
        return err_sys(err, code, "start the shim");
    e->sock = steal_fd(&mine);
    return 0;
}

static int send_bootstrap(struct exec *e, struct lxcdriver_error **err)
{
    cleanup_close int file = memfd_create("bootstrap", MFD_CLOEXEC | MFD_ALLOW_SEALING), init = -1;
    struct shim_msg msg = {.type = SHIM_BOOTSTRAP};
    int fds[PACKET_MAX_FDS];
    size_t n = 0;

    if (file < 0 || fs_write_all(file, e->bootstrap.data, e->bootstrap.len) < 0 ||
        lseek(file, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "write the bootstrap record");
    init = container_pidfd(e->c, err);
    if (init < 0)
        return -1;
    fds[n++] = file;
    fds[n++] = init;
    for (int i = 0; i < 3 && !e->tty; i++)
        fds[n++] = e->stdio[i];
    for (size_t i = 0; i < e->process->n_preserve; i++)
        fds[n++] = e->process->preserve[i];
    if (packet_send(e->sock, &msg, sizeof(msg), fds, n) < 0)
        return err_sys(err, errno, "talk to the shim");
    for (int i = 0; i < 3; i++)
        close_fd(&e->stdio[i]);
    if (e->options->on_handed_over)
        e->options->on_handed_over(e->options->opaque);
    return 0;
}

static void warn(const struct exec *e, const struct shim_msg *msg)
{
    struct lxcdriver_error *warning = NULL;

    if (!e->options->on_warning)
        return;
    failure_of_shim(msg->stage, msg->errnum, 125, msg->detail, &warning);
    e->options->on_warning(e->options->opaque, err_message(warning));
    err_free(&warning);
}

/* The notification descriptor of the process' filter; it waits until somebody has it. */
static int hand_on_listener(const struct exec *e, int fd, struct lxcdriver_error **err)
{
    const struct shim_msg done = {.type = SHIM_SECCOMP_DONE};
    cleanup_close int listener = fd;

    if (listener_hand_on(e->c, e->pid, listener, err) < 0)
        return -1;
    return packet_send(e->sock, &done, sizeof(done), NULL, 0) < 0
               ? err_sys(err, errno, "talk to the shim")
               : 0;
}

/* Talk until the shim has become the process (its socket is closed by the exec). 0 or -1. */
static int converse(struct exec *e, struct lxcdriver_error **err)
{
    for (;;) {
        struct shim_msg msg, start = {.type = SHIM_START};
        size_t n = 0;
        pid_t sender = 0;
        int fd = -1, got = packet_recv(e->sock, &msg, sizeof(msg), &fd, 1, &n, &sender);

        if (got < 0)
            return err_sys(err, errno, "listen to the shim");
        if (got == 0)
            return e->pid ? 0 : err_set(err, "the shim ended before the command ran");
        msg.detail[sizeof(msg.detail) - 1] = '\0';
        if (msg.type == SHIM_CONSOLE && n == 1 && e->options->on_console) {
            e->options->on_console(e->options->opaque, fd);
            continue;
        }
        if (msg.type == SHIM_SECCOMP && n == 1) {
            if (hand_on_listener(e, fd, err) < 0)
                return -1;
            continue;
        }
        close_fd(&fd);
        if (msg.type == SHIM_WARN) {
            warn(e, &msg);
        } else if (msg.type == SHIM_READY) {
            e->pid = sender;
            if (packet_send(e->sock, &start, sizeof(start), NULL, 0) < 0)
                return err_sys(err, errno, "start the command");
        } else if (msg.type == SHIM_FAIL) {
            /* The process that was to become the command is our child as well: left unreaped, it
             * would keep the container's init from ending. */
            if (sender != e->shim)
                e->pid = sender;
            return failure_of_shim(msg.stage, msg.errnum, msg.value, msg.detail, err);
        }
    }
}

/* ---- waiting ---- */

static int reap(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return 0;
}

static int wait_end(struct exec *e, int *status, struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options *o = e->options;
    int event_fd = o->event_fd_plus_one > 0 ? o->event_fd_plus_one - 1 : -1;
    cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, e->pid, 0);

    if (pidfd < 0)
        return err_sys(err, errno, "watch the command");
    for (;;) {
        struct pollfd fds[] = {{pidfd, POLLIN, 0}, {event_fd, POLLIN, 0}};
        int result;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return err_sys(err, errno, "poll");
        if (fds[0].revents)
            break;
        if (!fds[1].revents)
            continue;
        result = o->on_event(o->opaque, event_fd);
        if (result == LXCDRIVER_EVENT_IGNORE)
            event_fd = -1;
        if (result == LXCDRIVER_EVENT_DETACH) {
            *status = LXCDRIVER_DETACHED;
            return 0;
        }
        if (result == LXCDRIVER_EVENT_END)
            kill(e->pid, SIGKILL); /* our child, not reaped yet */
    }
    return reap(e->pid, status) < 0 ? err_sys(err, errno, "wait for the command") : 0;
}

/* "generated" is the profile that the container has already. */
static int check_apparmor(const struct lxcdriver_process *p, struct lxcdriver_error **err)
{
    const char *profile = p->spec ? p->spec->cmd->process.apparmor_profile : p->apparmor_profile;

    if (str_empty(profile) || apparmor_is_generated(profile))
        return 0;
    return apparmor_profile_loaded(profile, err);
}

static int run(struct exec *e, int *status, struct lxcdriver_error **err)
{
    int unused, result;

    if (check_apparmor(e->process, err) < 0 || exec_make_bootstrap(e, err) < 0 ||
        (!e->tty && set_stdio(e, err) < 0) || spawn_shim(e, err) < 0)
        return -1;
    result = unit_reach_exec(e->c, e->shim, err);
    if (result == 0)
        result = send_bootstrap(e, err);
    if (result == 0)
        result = converse(e, err);
    if (result < 0)
        shutdown(e->sock, SHUT_RDWR);
    reap(e->shim, &unused);
    if (result == 0) {
        if (e->options->on_start)
            e->options->on_start(e->options->opaque, e->pid);
        if (!e->process->detach)
            result = wait_end(e, status ? status : &unused, err);
    }
    /* Our child, not reaped yet, and ours to start: what is said to have failed does not go on. */
    if (result < 0 && e->pid > 0) {
        kill(e->pid, SIGKILL);
        reap(e->pid, &unused);
    }
    return result;
}

/* Whether it can be asked for at all. */
static int check_process(const struct lxcdriver_process *p, struct lxcdriver_error **err)
{
    if (p->n_preserve > PRESERVE_MAX)
        return err_set(err, "exec: %zu descriptors to preserve are more than %d", p->n_preserve,
                       PRESERVE_MAX);
    if (p->spec)
        return 0;
    if (!p->args || !p->args[0])
        return err_set(err, "exec: no command given");
    if (p->cwd && p->cwd[0] != '/')
        return err_set(err, "exec: working directory \"%s\" is not absolute", p->cwd);
    if (p->user && check_user(p->user, err) < 0)
        return err_wrap(err, "exec: user");
    return 0;
}

/* A created container has its namespaces already; only its command does not run yet. */
static int check_container(const struct container *c, const struct lxcdriver_process *p,
                           struct lxcdriver_error **err)
{
    enum lxcdriver_state state = container_state(c);

    if (state == LXCDRIVER_CREATED || (state == LXCDRIVER_PAUSED && p->paused_too))
        return 0;
    if (state == LXCDRIVER_PAUSED)
        return err_set(err, "container \"%s\" is paused: nothing can be started in it", c->id);
    return container_want_running(c, false, err);
}

int lxcdriver_exec(struct lxcdriver *drv, const char *id, const struct lxcdriver_process *process,
                   const struct lxcdriver_run_options *options, int *status,
                   struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    struct exec e = {
        .c = &c, .process = process, .options = options, .sock = -1, .stdio = {-1, -1, -1}};
    int result;

    if (check_process(process, err) < 0 || container_open(drv, id, &c, err) < 0 ||
        check_container(&c, process, err) < 0)
        return -1;
    e.tty = process->spec ? lxcdriver_process_terminal(process->spec) : process->tty;
    if (process->spec && options->on_warning)
        for (size_t i = 0; i < process->spec->warnings.n; i++)
            options->on_warning(options->opaque, process->spec->warnings.items[i]);
    result = run(&e, status, err);
    for (int i = 0; i < 3; i++)
        close_fd(&e.stdio[i]);
    close_fd(&e.sock);
    buf_free(&e.bootstrap);
    return result;
}
