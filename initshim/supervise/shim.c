/* The conversation with the init shim: base/protocol.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared/packet.h"
#include "supervise/supervisor.h"

/* A pair for all that follows: lxc-start keeps the shim's end of the first one. *theirs is to be
 * sent; ours replaces s->shim later. */
static int open_own(int *ours, int *theirs)
{
    int pair[2], on = 1;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    *ours = pair[0];
    *theirs = pair[1];
    return setsockopt(*ours, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

int sup_shim_bootstrap(struct supervisor *s)
{
    struct shim_msg msg = {.type = SHIM_BOOTSTRAP};
    int fds[5 + SUP_SHIM_MAX], ours, result;
    size_t n = 0;

    fds[n++] = s->bootstrap;
    if (open_own(&ours, &fds[n++]) < 0)
        return -1;
    if (s->rec.flags & SF_STDIO)
        for (int i = 0; i < 3; i++)
            fds[n++] = s->stdio[i];
    for (size_t i = 0; i < s->n_for_shim; i++)
        fds[n++] = s->for_shim[i];
    result = packet_send(s->shim, &msg, sizeof(msg), fds, n);
    /* No copy stays here: a workload that closes its output must be seen to have closed it, and
     * a mount that it unmounts must be gone. */
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    s->bootstrap = s->stdio[0] = s->stdio[1] = s->stdio[2] = -1;
    s->n_for_shim = 0;
    close(s->shim);
    s->shim = ours;
    return result;
}

void sup_shim_start(struct supervisor *s)
{
    struct shim_msg msg = {.type = SHIM_START};

    s->phase = PHASE_RELEASED;
    s->deadline_ms = sup_now_ms() + (int64_t)s->rec.timeout_ms;
    /* A shim that is gone has left word why, or its end is seen. */
    if (packet_send(s->shim, &msg, sizeof(msg), NULL, 0) == 0 || errno == EPIPE)
        return;
    sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "start the command");
    sup_end(s);
}

/* The init is alive: it waits for our answer. So its pid cannot be another's yet, and the pidfd is
 * truly its own. */
static void ready(struct supervisor *s, pid_t pid)
{
    s->init = pid;
    s->init_pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    s->init_start = sup_stat_field(pid, 22);
    if (s->init_pidfd < 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "open the init's pidfd");
        sup_end(s);
        return;
    }
    if (sup_guard_check(s) < 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "guard lxc-start's command socket");
        sup_end(s);
        return;
    }
    if (!sup_config_taken(s)) {
        sup_fail(s, SUP_ORIGIN_LXC, 0, "");
        sup_end(s);
        return;
    }
    if (s->rec.flags & SF_LEASH && sup_leash(s) < 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "watch over the init");
        sup_end(s);
        return;
    }
    if (s->rec.oom_file)
        s->oom = open(s->rec.oom_file, O_RDONLY | O_CLOEXEC);
    /* Nothing more than LXC's word is awaited: should this liblxc not give it, we go on without. */
    s->deadline_ms = sup_now_ms() + RUNNING_GRACE_MS;
}

/*
 * Created is what the shim has set up and LXC calls RUNNING: lxc-info and the rest find it. The
 * init cannot have ended yet, so from here on the brake holds whatever lxc-start does at its end.
 */
void sup_check_created(struct supervisor *s)
{
    struct sup_msg msg = {.type = SUP_CREATED, .pid = s->init, .start_time = s->init_start};

    if (s->phase != PHASE_STARTING || s->init_pidfd < 0 || !s->lxc_running)
        return;
    s->phase = PHASE_CREATED;
    s->deadline_ms = 0;
    /* The init is in the payload's now. Where lxc-start stays there after all, it counts as one of
     * the container's. */
    if (s->rec.flags & SF_OWN_CGROUPS)
        (void)sup_cgroups_enter(s->rec.home, s->rec.n_home, s->lxc);
    sup_fifo_brake(s);
    sup_report(s, &msg, NULL, 0);
}

static void failed(struct supervisor *s, const struct shim_msg *msg)
{
    if (s->failed)
        return;
    s->failed = true;
    s->failure = (struct sup_msg){.type = SUP_FAIL,
                                  .origin = SUP_ORIGIN_SHIM,
                                  .stage = msg->stage,
                                  .errnum = msg->errnum,
                                  .value = msg->value};
    memcpy(s->failure.detail, msg->detail, sizeof(s->failure.detail) - 1);
}

static void console(struct supervisor *s, int master)
{
    struct sup_msg msg = {.type = SUP_CONSOLE};

    if (s->rec.flags & SF_LOG) {
        s->drain = master;
        fcntl(master, F_SETFL, O_NONBLOCK);
        return;
    }
    sup_report(s, &msg, &master, 1);
    close(master);
}

static void warn(struct supervisor *s, const struct shim_msg *msg)
{
    struct sup_msg out = {.type = SUP_WARN, .stage = msg->stage, .errnum = msg->errnum};

    memcpy(out.detail, msg->detail, sizeof(out.detail) - 1);
    sup_report(s, &out, NULL, 0);
}

static void closed(struct supervisor *s)
{
    close(s->shim);
    s->shim = -1;
    /* Closed by the exec, or by the init's death: then the pidfd or lxc-start's end says so too. */
    if (s->phase == PHASE_RELEASED && !s->failed)
        s->exec_done = true;
}

void sup_shim_read(struct supervisor *s)
{
    struct shim_msg msg;
    int fds[2];
    size_t n = 0;
    pid_t pid = 0;
    int got = packet_recv(s->shim, &msg, sizeof(msg), fds, 2, &n, &pid);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        /* Not to be taken for the exec: what could not be read may be why there is none. */
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "listen to the shim");
        sup_end(s);
    }
    if (got <= 0) {
        closed(s);
        return;
    }
    msg.detail[sizeof(msg.detail) - 1] = '\0';
    if (msg.type == SHIM_CONSOLE && n == 1) {
        console(s, fds[0]);
        return;
    }
    if (msg.type == SHIM_SECCOMP && n == 1) {
        sup_listener_hand_on(s, fds[0], pid);
        return;
    }
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    if (msg.type == SHIM_READY && s->init == 0)
        ready(s, pid);
    else if (msg.type == SHIM_FAIL)
        failed(s, &msg);
    else if (msg.type == SHIM_WARN)
        warn(s, &msg);
    else if (msg.type == SHIM_HOOKS)
        sup_hooks_begin(s, pid);
    else if (msg.type == SHIM_HOOKS_DONE)
        sup_hooks_end(s);
}
