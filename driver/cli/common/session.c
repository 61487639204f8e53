#include "common/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define DRAIN_MS 2000 /* for output that somebody outside the container still holds open */
#define HOLD_S 2      /* a signal that asks for the end waits for the start, and then stops it */

/* ---- detach keys ---- */

static int key_of(const char *word, size_t len)
{
    static const char specials[] = "@[\\]^_";

    if (len == 1)
        return (unsigned char)word[0];
    if (len != 6 || strncmp(word, "ctrl-", 5) != 0)
        return -1;
    if (word[5] >= 'a' && word[5] <= 'z')
        return word[5] - 'a' + 1;
    if (strchr(specials, word[5]))
        return word[5] - '@';
    return -1;
}

static int parse_keys(struct session *s, const char *keys, struct lxcdriver_error **err)
{
    const char *at = keys ? keys : "ctrl-p,ctrl-q";

    if (!*at)
        return 0; /* none */
    for (;;) {
        size_t len = strcspn(at, ",");
        int key = key_of(at, len);

        if (key < 0 || s->n_keys == DETACH_KEYS_MAX)
            return err_set(err,
                           "--detach-keys: \"%s\" is not a list of characters and ctrl-<character>",
                           keys);
        s->keys[s->n_keys++] = (unsigned char)key;
        if (at[len] == '\0')
            return 0;
        at += len + 1;
    }
}

/*
 * Keys are held back while they may become the sequence; what turns out not to be it goes on. The
 * buffer has room: what was held back is never longer than what is put back, and the relay reads
 * less than the buffer's size when something is held.
 */
static int look_for_keys(void *opaque, char *data, size_t *len)
{
    struct session *s = opaque;
    char out[RELAY_BUFFER + DETACH_KEYS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < *len; i++) {
        if (s->n_keys && (unsigned char)data[i] == s->keys[s->matched]) {
            if (++s->matched == s->n_keys) {
                s->detached = true;
                *len = 0;
                return -1;
            }
            continue;
        }
        for (size_t k = 0; k < s->matched; k++)
            out[n++] = (char)s->keys[k];
        s->matched = s->n_keys && (unsigned char)data[i] == s->keys[0] ? 1 : 0;
        if (s->matched == 0)
            out[n++] = data[i];
    }
    if (n > RELAY_BUFFER)
        n = RELAY_BUFFER;
    if (n > 0)
        memcpy(data, out, n);
    *len = n;
    return 0;
}

/* ---- terminal ---- */

static void copy_window_size(const struct session *s)
{
    struct winsize size;

    if (s->master >= 0 && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(s->master, TIOCSWINSZ, &size);
}

static void set_raw(struct session *s)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &s->saved) < 0)
        return;
    raw = s->saved;
    cfmakeraw(&raw);
    s->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void on_console(void *opaque, int master)
{
    struct session *s = opaque;
    struct relay *in = &s->relays[0], *out = &s->relays[1];

    s->master = master;
    copy_window_size(s);
    set_raw(s);
    if (s->child[0] >= 0) {
        in->filter = look_for_keys;
        in->opaque = s;
        in->done = false;
        relay_open(in, s->epoll_fd, fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10),
                   fcntl(master, F_DUPFD_CLOEXEC, 10));
    }
    out->done = false;
    relay_open(out, s->epoll_fd, fcntl(master, F_DUPFD_CLOEXEC, 10),
               fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10));
}

/* ---- streams ---- */

static int open_pipe(struct session *s, int stream, struct lxcdriver_error **err)
{
    int own = stream == STDIN_FILENO ? 1 : 0, ends[2], mine;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "make a pipe");
    s->child[stream] = ends[1 - own];
    /* A stream that is closed here is as good as the end of file. */
    mine = fcntl(stream, F_DUPFD_CLOEXEC, 10);
    if (mine < 0) {
        int code = errno;

        close(ends[own]);
        return code == EBADF ? 0 : err_sys(err, code, "duplicate descriptor %d", stream);
    }
    s->relays[stream].done = false;
    if (relay_open(&s->relays[stream], s->epoll_fd, own ? mine : ends[0], own ? ends[1] : mine) < 0)
        return err_sys(err, errno, "watch descriptor %d", stream);
    return 0;
}

static int open_streams(struct session *s, bool interactive, struct lxcdriver_error **err)
{
    if (interactive && open_pipe(s, STDIN_FILENO, err) < 0)
        return -1;
    if (!interactive)
        s->child[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (s->child[0] < 0)
        return err_sys(err, errno, "open /dev/null");
    return open_pipe(s, STDOUT_FILENO, err) < 0 || open_pipe(s, STDERR_FILENO, err) < 0 ? -1 : 0;
}

/* ---- signals ---- */

static const int passed_on[] = {SIGHUP,  SIGINT,   SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
                                SIGALRM, SIGWINCH, SIGCONT, SIGIO,   SIGPWR,  SIGVTALRM};

static int watch_signals(struct session *s, struct lxcdriver_error **err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->signal_fd};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
        sigaddset(&set, passed_on[i]);
    for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig++)
        sigaddset(&set, sig);
    if (sigprocmask(SIG_BLOCK, &set, &s->old_mask) < 0)
        return err_sys(err, errno, "block signals");
    /* What nobody reads any more must not kill us before the container's status is known. */
    signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signal_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->signal_fd, &event) < 0)
        return err_sys(err, errno, "watch signals");
    return 0;
}

static void send(const struct session *s, int sig)
{
    syscall(SYS_pidfd_send_signal, s->pidfd, sig, NULL, 0);
}

/* The command may run, and be heard of, a moment before we are told: what comes until then is for
 * it. */
static void hold(struct session *s, int sig)
{
    const struct itimerspec limit = {.it_value.tv_sec = HOLD_S};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->timer_fd};

    sigaddset(&s->held, sig);
    if ((sig != SIGHUP && sig != SIGINT && sig != SIGQUIT && sig != SIGTERM) || s->timer_fd >= 0)
        return;
    s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (s->timer_fd < 0 || timerfd_settime(s->timer_fd, 0, &limit, NULL) < 0 ||
        epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->timer_fd, &event) < 0)
        s->stopped = true;
}

static void on_signals(struct session *s)
{
    struct signalfd_siginfo info;

    while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        int sig = (int)info.ssi_signo;

        if (sig == SIGWINCH && s->tty)
            copy_window_size(s);
        else if (s->pidfd >= 0)
            send(s, sig);
        else
            hold(s, sig);
    }
}

/* ---- the driver's callbacks ---- */

static void on_start(void *opaque, pid_t pid)
{
    struct session *s = opaque;

    s->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    close_fd(&s->timer_fd);
    for (int sig = 1; s->pidfd >= 0 && sig <= SIGRTMAX; sig++)
        if (sigismember(&s->held, sig) == 1)
            send(s, sig);
    sigemptyset(&s->held);
}

static void on_warning(void *opaque, const char *message)
{
    const struct session *s = opaque;

    fprintf(stderr, "%s: warning: %s%s", s->program, message, s->raw ? "\r\n" : "\n");
}

/*
 * A stream that the container has closed is closed here too, for who is at its other end to see.
 * Not standard error: what we have to say ourselves goes there.
 */
static void on_relay(const struct session *s, struct relay *r)
{
    int stream = r == &s->relays[0] ? STDIN_FILENO : STDOUT_FILENO, null;

    if (r->done)
        return;
    relay_pump(r, s->epoll_fd);
    if (!r->done || s->tty || r == &s->relays[2])
        return;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0)
        dup2(null, stream);
    close_fd(&null);
}

static int on_event(void *opaque, int fd)
{
    struct session *s = opaque;
    struct epoll_event events[8];
    int n = epoll_wait(fd, events, ARRAY_SIZE(events), 0);

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &s->signal_fd)
            on_signals(s);
        else if (events[i].data.ptr == &s->timer_fd)
            s->stopped = true;
        else
            on_relay(s, events[i].data.ptr);
    }
    if (s->detached)
        return LXCDRIVER_EVENT_DETACH;
    return s->stopped ? LXCDRIVER_EVENT_END : LXCDRIVER_EVENT_GO_ON;
}

/* ---- opening and closing ---- */

void session_fill_stdio(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    close_fd(&fd);
}

static int session_init(struct session *s, const char *program, bool tty,
                        struct lxcdriver_error **err)
{
    *s = (struct session){.program = program, .tty = tty};
    s->signal_fd = s->timer_fd = s->master = s->pidfd = -1;
    sigemptyset(&s->held);
    for (int i = 0; i < 3; i++) {
        s->child[i] = -1;
        s->relays[i] = (struct relay){.src = -1, .dst = -1, .done = true};
    }
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll_fd < 0)
        return err_sys(err, errno, "make an epoll descriptor");
    return watch_signals(s, err);
}

int session_open_direct(struct session *s, const char *program, struct lxcdriver_error **err)
{
    if (session_init(s, program, false, err) < 0)
        return -1;
    for (int i = 0; i < 3; i++) {
        s->child[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        if (s->child[i] < 0)
            return err_sys(err, errno, "duplicate descriptor %d", i);
    }
    return 0;
}

int session_open(struct session *s, const char *program, bool interactive, bool tty,
                 const char *keys, struct lxcdriver_error **err)
{
    if (session_init(s, program, tty, err) < 0 || parse_keys(s, keys, err) < 0)
        return -1;
    if (!tty)
        return open_streams(s, interactive, err);
    /* With a terminal only whether there is input is remembered. */
    s->child[0] = interactive ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10) : -1;
    return 0;
}

static void on_handed_over(void *opaque)
{
    struct session *s = opaque;

    if (!s->tty)
        for (int i = 0; i < 3; i++)
            close_fd(&s->child[i]);
}

void session_options(struct session *s, struct lxcdriver_run_options *options)
{
    options->use_stdio = !s->tty;
    memcpy(options->stdio, s->child, sizeof(options->stdio));
    options->on_console = on_console;
    options->on_start = on_start;
    options->on_warning = on_warning;
    options->on_handed_over = on_handed_over;
    options->event_fd_plus_one = s->epoll_fd + 1;
    options->on_event = on_event;
    options->opaque = s;
}

/* The command's status stands, whatever became of its output: a full disk, say. */
static void tell_lost(struct session *s)
{
    for (int i = 1; i < 3; i++) {
        cleanup_free char *text = NULL;

        if (s->relays[i].error && !s->detached)
            text = str_printf("output was lost: %s", err_text(s->relays[i].error));
        if (text)
            on_warning(s, text);
    }
}

void session_close(struct session *s)
{
    on_handed_over(s);
    relay_close(&s->relays[0]);
    /* From here on a signal ends us: nothing is left to pass it to. Not while the terminal is raw.
     */
    if (!s->raw)
        sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    /* A pty's master gives EIO when the last slave is closed, a pipe the end of file: both end the
     * relay. */
    if (!s->detached)
        for (int i = 1; i < 3; i++)
            relay_finish(&s->relays[i], DRAIN_MS);
    for (int i = 0; i < 3; i++)
        relay_close(&s->relays[i]);
    tell_lost(s);
    if (s->raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &s->saved);
    close_fd(&s->child[0]);
    close_fd(&s->master);
    close_fd(&s->pidfd);
    close_fd(&s->signal_fd);
    close_fd(&s->timer_fd);
    close_fd(&s->epoll_fd);
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}
