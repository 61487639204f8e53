/* runlxc-supervise ROOT ID WARM CLEANUP-COMMAND [ARG...]: see supervisor.h and base/supervise.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/packet.h"
#include "shared/warm.h"
#include "supervise/supervisor.h"

#define RUNNING_GRACE_MS                                                                           \
    2000 /* for LXC's word after the shim's exec: the slow path when it never comes */

enum {
    POLL_SIGNALS,
    POLL_DRIVER,
    POLL_FIFO,
    POLL_SHIM,
    POLL_CONTROL,
    POLL_DRAIN,
    POLL_INIT,
    POLL_NOTIFY,
    POLL_HOST,
    POLL_CLIENTS
};

/* Make <root>/<id>: whoever makes it owns the id. */
static int claim(struct supervisor *s)
{
    struct sup_msg msg = {.type = SUP_CLAIMED};

    s->root_fd = open(s->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->root_fd < 0 || mkdirat(s->root_fd, s->id, 0700) < 0) {
        msg.errnum = errno;
        packet_send(s->driver, &msg, sizeof(msg), NULL, 0);
        return -1;
    }
    s->dir_fd = openat(s->root_fd, s->id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (s->dir_fd < 0) {
        msg.errnum = errno;
        unlinkat(s->root_fd, s->id, AT_REMOVEDIR);
        packet_send(s->driver, &msg, sizeof(msg), NULL, 0);
        return -1;
    }
    if (packet_send(s->driver, &msg, sizeof(msg), NULL, 0) < 0) {
        close(s->driver);
        s->driver = -1;
    }
    return 0;
}

/* Give the received descriptors their names. 0, or -1 when they are not what the flags say. */
static int take_fds(struct supervisor *s, const int *fds, size_t n)
{
    size_t want = SUPFD_FIXED, at = SUPFD_FIXED;
    uint64_t flags;

    if (n < want || sup_record_read(fds[SUPFD_RECORD], &s->rec) < 0)
        return -1;
    flags = s->rec.flags;
    s->bootstrap = fds[SUPFD_BOOTSTRAP];
    s->exe = fds[SUPFD_EXE];
    want += (flags & SF_ROOTFS ? 1 : 0) + (flags & SF_STDIO ? 3 : 0);
    want += flags & SF_NOTIFY ? 2 : 0;
    want += flags & SF_LOG ? (flags & SF_TERMINAL ? 1 : 2) : 0;
    if (n < want || n - want > SUP_SHIM_MAX)
        return -1;
    if (flags & SF_ROOTFS)
        s->rootfs = fds[at++];
    if (flags & SF_LOG) {
        s->log = fds[at++];
        if (!(flags & SF_TERMINAL))
            s->drain = fds[at++];
    }
    if (flags & SF_STDIO)
        for (int i = 0; i < 3; i++)
            s->stdio[i] = fds[at++];
    if (flags & SF_NOTIFY) {
        s->notify.sock = fds[at++];
        s->notify.host = fds[at++];
    }
    while (at < n)
        s->for_shim[s->n_for_shim++] = fds[at++];
    close(fds[SUPFD_RECORD]);
    return 0;
}

static int receive_record(struct supervisor *s)
{
    int fds[SUP_OWN_MAX + SUP_SHIM_MAX];
    struct sup_msg msg;
    size_t n = 0;
    int got = packet_recv(s->driver, &msg, sizeof(msg), fds, sizeof(fds) / sizeof(*fds), &n, NULL);

    if (got <= 0) {
        close(s->driver); /* the driver died, or changed its mind */
        s->driver = -1;
        return -1;
    }
    if (msg.type != SUP_RECORD || take_fds(s, fds, n) < 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, EPROTO, "read the record");
        return -1;
    }
    if (s->drain >= 0)
        fcntl(s->drain, F_SETFL, O_NONBLOCK);
    return 0;
}

/* Everything up to a running lxc-start, in order. */
static int launch(struct supervisor *s)
{
    const char *what = "make the control socket";

    if (sup_control_open(s) < 0 || sup_mounts(s, &what) < 0 ||
        (what = "find the seccomp listener", sup_listener_open(s) < 0) ||
        (what = "make LXC's monitor FIFO", sup_fifo_open(s) < 0) ||
        (what = "start lxc-start", sup_spawn(s) < 0) ||
        (what = "talk to the shim",
         s->rec.flags & SF_HOOKS ? sup_hooks_expect(s) : sup_shim_bootstrap(s)) < 0) {
        /* An lxc-start that has ended before it was spoken to says why in its log. */
        if (errno == EPIPE)
            sup_fail(s, SUP_ORIGIN_LXC, 0, "");
        else
            sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, what);
        return -1;
    }
    s->deadline_ms = sup_now_ms() + (int64_t)s->rec.timeout_ms;
    return 0;
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        warm_reaped(pid);
        if (pid == s->init && !s->have_status) {
            s->have_status = true; /* lxc-start is dead: as subreaper we are its parent now */
            s->status = status;
        }
        if (pid != s->lxc)
            continue;
        s->lxc = 0;
        sup_fifo_release(s);
        sup_fifo_read(s);
        if (s->phase < PHASE_RUNNING && !s->exec_done)
            sup_fail(s, SUP_ORIGIN_LXC, 0, "");
        sup_end(s);
    }
}

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            reap(s);
        else if (s->init_pidfd >= 0)
            syscall(SYS_pidfd_send_signal, s->init_pidfd, (int)info.ssi_signo, NULL, 0);
    }
}

static void on_deadline(struct supervisor *s)
{
    if (s->phase == PHASE_STARTING && s->init_pidfd >= 0) {
        s->lxc_running = true;
    } else if (s->phase == PHASE_STARTING || s->phase == PHASE_RELEASED) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, ETIMEDOUT,
                 s->phase == PHASE_STARTING ? "set up the container" : "execute the command");
        sup_end(s);
    } else if (s->phase == PHASE_ENDING) {
        if (s->lxc > 0)
            kill(s->lxc, SIGKILL);
        s->have_status = s->init_dead = true;
        s->status = s->status ? s->status : SIGKILL;
        s->lxc = 0;
    }
    s->deadline_ms = 0;
}

static void check_started(struct supervisor *s)
{
    if (s->phase != PHASE_RELEASED || !s->exec_done)
        return;
    s->phase = PHASE_RUNNING;
    s->deadline_ms = 0;
    s->started_ns = sup_realtime_ns();
    sup_state_write(s, "running");
    sup_report_started(s);
    warm_end(false);
    s->trim_ms = sup_now_ms() + TRIM_AFTER_MS;
}

static size_t fill_poll(struct supervisor *s, struct pollfd *fds)
{
    const int watched[POLL_CLIENTS] = {s->signals,
                                       s->driver,
                                       s->braked ? -1 : s->fifo,
                                       s->shim,
                                       s->control,
                                       s->drain,
                                       s->init_pidfd,
                                       sup_notify_listens(s) ? s->notify.sock : -1,
                                       sup_notify_pends(s) ? s->notify.host : -1};

    for (size_t i = 0; i < POLL_CLIENTS; i++)
        fds[i] = (struct pollfd){.fd = watched[i], .events = i == POLL_HOST ? POLLOUT : POLLIN};
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        fds[POLL_CLIENTS + i] = (struct pollfd){.fd = s->clients[i].fd, .events = POLLIN};
    return POLL_CLIENTS + MAX_CLIENTS;
}

static void dispatch(struct supervisor *s, const struct pollfd *fds)
{
    /* The shim before the init: its failure message is there before its death is. */
    if (fds[POLL_SHIM].revents && s->shim >= 0)
        sup_shim_read(s);
    if (fds[POLL_FIFO].revents)
        sup_fifo_read(s);
    sup_check_created(s);
    check_started(s);
    if (fds[POLL_DRAIN].revents && s->drain >= 0)
        sup_drain(s);
    if (fds[POLL_DRIVER].revents && s->driver >= 0)
        sup_driver_read(s);
    if (fds[POLL_HOST].revents)
        sup_notify_flush(s);
    if (fds[POLL_NOTIFY].revents)
        sup_notify_read(s);
    if (fds[POLL_INIT].revents && s->init_pidfd >= 0) {
        while (s->shim >= 0)
            sup_shim_read(s);
        check_started(s);
        sup_init_died(s);
    }
    if (fds[POLL_SIGNALS].revents)
        on_signal(s);
    if (fds[POLL_CONTROL].revents)
        sup_control_accept(s);
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (fds[POLL_CLIENTS + i].revents && s->clients[i].fd >= 0)
            sup_client_read(s, &s->clients[i]);
}

static bool over(const struct supervisor *s)
{
    /* Without an init there is no status to wait for. */
    if (s->init == 0)
        return s->lxc == 0;
    if (s->rec.flags & SF_RESTORE && !s->have_status)
        return false; /* the init becomes ours to reap when LXC's monitor is dead as well */
    return s->init_dead && (s->have_status || s->lxc == 0);
}

/* The earlier of two times, of which 0 is none. */
static int64_t earlier(int64_t one, int64_t other)
{
    return !one || (other && other < one) ? other : one;
}

/* Milliseconds until something is due; -1: nothing is. */
static int poll_timeout(const struct supervisor *s)
{
    int64_t at = earlier(earlier(s->deadline_ms, s->trim_ms), sup_notify_pause_ms(s)), left;

    if (!at)
        return -1;
    left = at - sup_now_ms();
    return left > 0 ? (int)left : 0;
}

static void on_timeout(struct supervisor *s)
{
    int64_t now = sup_now_ms();

    if (s->trim_ms && s->trim_ms <= now) {
        s->trim_ms = 0;
        sup_trim();
    }
    if (s->deadline_ms && s->deadline_ms <= now)
        on_deadline(s);
}

static void supervise(struct supervisor *s)
{
    struct pollfd fds[POLL_CLIENTS + MAX_CLIENTS];

    while (!over(s)) {
        size_t n = fill_poll(s, fds);

        if (poll(fds, n, poll_timeout(s)) == 0)
            on_timeout(s);
        else
            dispatch(s, fds);
        sup_check_created(s);
        check_started(s);
    }
}

/* Nobody is left to remove what the record names: become the command that does. */
static void cleanup(struct supervisor *s)
{
    sigset_t none;

    if (s->released || s->driver >= 0 || (s->started_ns && !(s->rec.flags & SF_REMOVE)))
        return;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(s->cleanup[0], s->cleanup);
}

static int finish(struct supervisor *s)
{
    sup_notify_rest(s);
    sup_teardown(s);
    /* Not when the records are removed at once. */
    if (s->released || (s->started_ns && !((s->rec.flags & SF_REMOVE) && s->driver >= 0)))
        sup_state_write(s, "stopped");
    if (s->failed && s->started_ns == 0)
        sup_report_failure(s);
    else
        sup_report_exit(s);
    sup_clients_close(s);
    cleanup(s);
    if (s->failed && s->started_ns == 0)
        return s->failure.value;
    return WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 128 + WTERMSIG(s->status);
}

static int setup(struct supervisor *s)
{
    char children[64];
    sigset_t all;
    int null;

    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(022);
    if (chdir("/") < 0)
        return -1;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        return -1;
    snprintf(children, sizeof(children), "/proc/self/task/%d/children", (int)getpid());
    s->children = open(children, O_RDONLY | O_CLOEXEC);
    fcntl(s->driver, F_SETFD, FD_CLOEXEC);
    close_range(SUP_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
        return -1;
    s->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
    static struct supervisor s;

    if (argc < 5)
        return 125;
    s = (struct supervisor){.root = argv[1], .id = argv[2], .cleanup = argv + 4, .driver = SUP_FD};
    s.root_fd = s.dir_fd = s.run_lxc = s.bootstrap = s.exe = s.rootfs = s.log = s.drain = -1;
    s.stdio[0] = s.stdio[1] = s.stdio[2] = -1;
    s.fifo = s.shim = s.control = s.signals = s.oom = s.init_pidfd = s.children = s.own_mounts = -1;
    s.listener_dir = s.guard = -1;
    s.notify = (struct notify){.sock = -1, .host = -1, .launcher = getppid()};
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        s.clients[i].fd = -1;
    if (setup(&s) < 0 || claim(&s) < 0)
        return 125;
    if (strcmp(argv[3], SUP_COLD) == 0)
        warm_begin();
    if (s.driver >= 0 && receive_record(&s) == 0 && launch(&s) == 0)
        supervise(&s);
    return finish(&s);
}
