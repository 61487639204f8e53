/*
 * One more process in a running container. What it inherits from the container (capabilities,
 * limits, filter, profile, environment) is read back from the container's own bootstrap record; the
 * shim joins and becomes the process, as our child.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/proc.h"
#include "shared/packet.h"
#include "shared/record.h"
#include "spec/readers.h"

struct exec {
    const struct container *c;
    const struct lxcdriver_process *process;
    const struct lxcdriver_run_options *options;
    struct buf bootstrap;
    uint64_t flags; /* WF_* */
    int sock, stdio[3];
    pid_t shim, pid;
};

/* ---- the bootstrap ---- */

static bool inherited(const struct lxcdriver_process *p, uint32_t tag)
{
    switch (tag) {
    case WT_CAPS:
        return !p->privileged;
    case WT_APPARMOR:
    case WT_SELINUX:
    case WT_SECCOMP:
    case WT_SECCOMP_FLAGS:
        return !p->privileged;
    case WT_RLIMIT:
    case WT_OOM_SCORE_ADJ:
    case WT_UMASK:
    case WT_PERSONALITY:
        return true;
    case WT_CWD:
        return !p->cwd;
    case WT_USER:
    case WT_UID:
    case WT_GID:
    case WT_GROUP:
    case WT_ADDITIONAL_GID:
        return !p->user;
    default:
        return false;
    }
}

/* Take over what is inherited; the environment and the flags are gathered for later. */
static int take_over(struct exec *e, const char *data, size_t len, struct strv *env,
                     struct lxcdriver_error **err)
{
    struct record_reader reader;
    struct record rec;
    uint64_t flags = 0;
    int more;

    if (record_open(&reader, data, len) < 0)
        return err_set(err, "container \"%s\": its bootstrap record is damaged", e->c->id);
    while ((more = record_next(&reader, &rec)) > 0) {
        if (rec.tag == WT_FLAGS && record_value(&rec, &flags, sizeof(flags)) < 0)
            return err_set(err, "container \"%s\": its bootstrap record is damaged", e->c->id);
        if (rec.tag == WT_ENV && record_string(&rec) && strv_add(env, record_string(&rec)) < 0)
            return err_nomem(err);
        if (inherited(e->process, rec.tag))
            record_add(&e->bootstrap, rec.tag, rec.data, rec.len);
    }
    if (more < 0)
        return err_set(err, "container \"%s\": its bootstrap record is damaged", e->c->id);
    e->flags |= flags & (WF_USERNS | (e->process->privileged ? 0 : WF_NO_NEW_PRIVS));
    return 0;
}

static int merge_env(struct exec *e, struct strv *env, struct lxcdriver_error **err)
{
    for (const char *const *v = e->process->env; v && *v; v++)
        if (env_set(env, *v, err) < 0)
            return -1;
    if (e->process->tty && !env_get(env, "TERM") && strv_add(env, "TERM=xterm") < 0)
        return err_nomem(err);
    for (size_t i = 0; i < env->n; i++)
        record_add_string(&e->bootstrap, WT_ENV, env->items[i]);
    return 0;
}

/* The namespaces in which the init is and we are not. */
static uint64_t namespaces_to_join(pid_t init)
{
    static const struct {
        const char *file;
        uint64_t flag;
    } kinds[] = {{"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP},
                 {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS},
                 {"net", CLONE_NEWNET},   {"pid", CLONE_NEWPID},
                 {"mnt", CLONE_NEWNS},    {"time", 0x80}};
    uint64_t flags = 0;

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        uint64_t theirs = proc_ns_inode(init, kinds[i].file);

        if (theirs && theirs != proc_ns_inode(0, kinds[i].file))
            flags |= kinds[i].flag;
    }
    return flags;
}

static void add_privileged(struct exec *e)
{
    uint64_t all = proc_bounding_set();
    struct wire_caps caps = {.bounding = all, .effective = all, .permitted = all};

    if (e->process->privileged)
        record_add(&e->bootstrap, WT_CAPS, &caps, sizeof(caps));
}

static int make_bootstrap(struct exec *e, struct lxcdriver_error **err)
{
    const struct lxcdriver_process *p = e->process;
    cleanup_free char *data = NULL;
    cleanup_strv struct strv env = {0};
    size_t len = 0;

    if (fs_read_at(e->c->dir_fd, "bootstrap", WIRE_MAX, &data, &len) < 0)
        return err_sys(err, errno, "container \"%s\": read its bootstrap record", e->c->id);
    record_begin(&e->bootstrap);
    e->flags = WF_EXEC | (p->tty ? WF_TERMINAL : WF_CHOWN_STDIO);
    if (take_over(e, data, len, &env, err) < 0 || merge_env(e, &env, err) < 0)
        return -1;
    add_privileged(e);
    record_add_u64(&e->bootstrap, WT_FLAGS, e->flags);
    for (const char *const *arg = p->args; *arg; arg++)
        record_add_string(&e->bootstrap, WT_ARG, *arg);
    if (p->cwd)
        record_add_string(&e->bootstrap, WT_CWD, p->cwd);
    if (p->user)
        record_add_string(&e->bootstrap, WT_USER, p->user);
    record_add_u64(&e->bootstrap, WT_SETNS, namespaces_to_join(e->c->pid));
    for (size_t i = 0; i < e->c->cgroups.n; i++)
        record_add_string(&e->bootstrap, WT_CGROUP, e->c->cgroups.dirs[i].path);
    return e->bootstrap.failed ? err_nomem(err) : 0;
}

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
    int fds[5];

    if (file < 0 || fs_write_all(file, e->bootstrap.data, e->bootstrap.len) < 0 ||
        lseek(file, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "write the bootstrap record");
    init = container_pidfd(e->c, err);
    if (init < 0)
        return -1;
    fds[0] = file;
    fds[1] = init;
    memcpy(fds + 2, e->stdio, sizeof(e->stdio));
    if (packet_send(e->sock, &msg, sizeof(msg), fds, e->process->tty ? 2 : 5) < 0)
        return err_sys(err, errno, "talk to the shim");
    for (int i = 0; i < 3; i++) {
        if (e->stdio[i] >= 0)
            close(e->stdio[i]);
        e->stdio[i] = -1;
    }
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

/* Talk until the shim has become the process (its socket is closed by the exec). 0 or -1. */
static int converse(struct exec *e, struct lxcdriver_error **err)
{
    for (;;) {
        struct shim_msg msg, start = {.type = SHIM_START};
        size_t n = 0;
        pid_t sender = 0;
        int fd = -1, got = packet_recv(e->sock, &msg, sizeof(msg), &fd, 1, &n, &sender);

        if (got <= 0)
            return e->pid ? 0 : err_set(err, "the shim ended before the command ran");
        msg.detail[sizeof(msg.detail) - 1] = '\0';
        if (msg.type == SHIM_CONSOLE && n == 1 && e->options->on_console) {
            e->options->on_console(e->options->opaque, fd);
            continue;
        }
        if (fd >= 0)
            close(fd);
        if (msg.type == SHIM_WARN) {
            warn(e, &msg);
        } else if (msg.type == SHIM_READY) {
            e->pid = sender;
            if (packet_send(e->sock, &start, sizeof(start), NULL, 0) < 0)
                return err_sys(err, errno, "start the command");
        } else if (msg.type == SHIM_FAIL) {
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

static int run(struct exec *e, int *status, struct lxcdriver_error **err)
{
    int unused, result;

    if (make_bootstrap(e, err) < 0 || (!e->process->tty && set_stdio(e, err) < 0) ||
        spawn_shim(e, err) < 0)
        return -1;
    result = send_bootstrap(e, err);
    if (result == 0)
        result = converse(e, err);
    else
        shutdown(e->sock, SHUT_RDWR);
    reap(e->shim, &unused);
    if (result < 0 && e->pid > 0)
        reap(e->pid, &unused);
    if (result < 0)
        return -1;
    if (e->options->on_start)
        e->options->on_start(e->options->opaque, e->pid);
    return e->process->detach ? 0 : wait_end(e, status ? status : &unused, err);
}

int lxcdriver_exec(struct lxcdriver *drv, const char *id, const struct lxcdriver_process *process,
                   const struct lxcdriver_run_options *options, int *status,
                   struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    struct exec e = {
        .c = &c, .process = process, .options = options, .sock = -1, .stdio = {-1, -1, -1}};
    int result;

    if (!process->args || !process->args[0])
        return err_set(err, "exec: no command given");
    if (process->cwd && process->cwd[0] != '/')
        return err_set(err, "exec: working directory \"%s\" is not absolute", process->cwd);
    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, false, err) < 0)
        return -1;
    result = run(&e, status, err);
    for (int i = 0; i < 3; i++)
        if (e.stdio[i] >= 0)
            close(e.stdio[i]);
    if (e.sock >= 0)
        close(e.sock);
    buf_free(&e.bootstrap);
    return result;
}
