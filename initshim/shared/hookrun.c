#include "shared/hookrun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/signals.h"

#define REST_MAX (1 << 20) /* of output after its end: what it left running may go on writing */
#define LOOK_MS 10         /* between two looks where there are no pidfds */
#define LOOK_CLOSED_MS 1   /* the same once its output is closed: it is about to end */

struct pipes {
    int in[2], out[2], error[2];
};

struct run {
    const struct hook_program *p;
    struct hook_end *end;
    pid_t pid;
    int pidfd;      /* -1: this kernel has none, or we are confined */
    int in, out;    /* our ends; -1: done with */
    size_t written; /* of the input */
    int64_t until_ms;
};

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipes(struct pipes *pipes)
{
    for (int i = 0; i < 2; i++) {
        shut(&pipes->in[i]);
        shut(&pipes->out[i]);
        shut(&pipes->error[i]);
    }
}

static int open_pipes(struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(pipes->in, O_CLOEXEC) == 0 && pipe2(pipes->out, O_CLOEXEC) == 0 &&
        pipe2(pipes->error, O_CLOEXEC) == 0 && fcntl(pipes->in[1], F_SETFL, O_NONBLOCK) == 0 &&
        fcntl(pipes->out[0], F_SETFL, O_NONBLOCK) == 0)
        return 0;
    close_pipes(pipes);
    return -1;
}

/* 0, 1 and 2, whichever numbers the ends have. 0 or -1. */
static int place_stdio(const struct pipes *pipes)
{
    int in = fcntl(pipes->in[0], F_DUPFD_CLOEXEC, 3);
    int out = fcntl(pipes->out[1], F_DUPFD_CLOEXEC, 3);

    return in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ? -1 : 0;
}

static _Noreturn void child(const struct hook_program *p, const struct pipes *pipes, pid_t parent)
{
    int error = fcntl(pipes->error[1], F_DUPFD_CLOEXEC, 3), code;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() == parent && place_stdio(pipes) == 0 &&
        (!p->cwd || chdir(p->cwd) == 0 || chdir("/") == 0) &&
        (p->confined || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)) {
        signals_reset();
        execve(p->path, p->argv, p->env);
    }
    code = errno;
    if (write(error, &code, sizeof(code)) < 0)
        _exit(126);
    _exit(127);
}

/* The last HOOK_TAIL bytes stay. */
static void keep(struct hook_end *end, const char *data, size_t len)
{
    size_t over;

    if (len > HOOK_TAIL) {
        data += len - HOOK_TAIL;
        len = HOOK_TAIL;
    }
    over = end->tail_len + len > HOOK_TAIL ? end->tail_len + len - HOOK_TAIL : 0;
    memmove(end->tail, end->tail + over, end->tail_len - over);
    end->tail_len -= over;
    memcpy(end->tail + end->tail_len, data, len);
    end->tail_len += len;
    end->tail[end->tail_len] = '\0';
}

/* Returns how much was there; 0 at the end or for now. */
static size_t take_output(struct run *r)
{
    char chunk[4096];
    ssize_t got = r->out < 0 ? 0 : read(r->out, chunk, sizeof(chunk));

    if (got > 0) {
        keep(r->end, chunk, (size_t)got);
        return (size_t)got;
    }
    if (r->out >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR)))
        shut(&r->out);
    return 0;
}

static void give_input(struct run *r)
{
    ssize_t put = write(r->in, r->p->input + r->written, r->p->input_len - r->written);

    if (put > 0)
        r->written += (size_t)put;
    if ((put < 0 && errno != EAGAIN && errno != EINTR) || r->written == r->p->input_len)
        shut(&r->in);
}

static bool ended(struct run *r)
{
    pid_t got = waitpid(r->pid, &r->end->status, WNOHANG);

    if (got < 0 && errno != EINTR) {
        /* Somebody who ignores SIGCHLD does without the status of his children. */
        r->end->result = HOOK_NOT_RUN;
        r->end->errnum = errno;
        return true;
    }
    return got == r->pid;
}

static void kill_group(struct run *r)
{
    kill(-r->pid, SIGKILL);
    kill(r->pid, SIGKILL);
    while (waitpid(r->pid, &r->end->status, 0) < 0 && errno == EINTR)
        ;
    r->end->result = HOOK_TIMED_OUT;
}

/* How long to sleep at most; 0: the time is over. */
static int patience(const struct run *r)
{
    int64_t left = r->p->timeout_s > 0 ? r->until_ms - now_ms() : INT32_MAX;
    int look = r->out < 0 ? LOOK_CLOSED_MS : LOOK_MS;

    if (left <= 0)
        return 0;
    if (r->pidfd < 0 && left > look)
        return look;
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

static void follow(struct run *r)
{
    size_t rest = 0, got;

    for (;;) {
        struct pollfd fds[] = {{r->pidfd, POLLIN, 0}, {r->out, POLLIN, 0}, {r->in, POLLOUT, 0}};
        int wait = patience(r);

        if (wait == 0) {
            kill_group(r);
            break;
        }
        poll(fds, 3, wait);
        if (fds[1].revents)
            take_output(r);
        if (fds[2].revents)
            give_input(r);
        if ((r->pidfd < 0 || fds[0].revents) && ended(r))
            break;
    }
    while (rest < REST_MAX && (got = take_output(r)) > 0)
        rest += got;
}

/* Whether it was executed: the pipe is closed by that. Otherwise it is reaped here. */
static bool executed(struct run *r, int error)
{
    int code = 0;
    ssize_t got;

    do {
        got = read(error, &code, sizeof(code));
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(code))
        return true;
    while (waitpid(r->pid, &r->end->status, 0) < 0 && errno == EINTR)
        ;
    r->end->result = HOOK_NOT_RUN;
    r->end->errnum = code;
    return false;
}

void hook_run(const struct hook_program *p, struct hook_end *end)
{
    struct run r = {.p = p, .end = end, .pidfd = -1};
    struct pipes pipes;
    pid_t self = getpid();

    end->result = HOOK_NOT_RUN;
    end->status = 0;
    end->tail_len = 0;
    end->tail[0] = '\0';
    r.until_ms = p->timeout_s > 0 && p->timeout_s < INT64_MAX / 2000
                     ? now_ms() + p->timeout_s * 1000
                     : INT64_MAX;
    if (open_pipes(&pipes) < 0 || (r.pid = fork()) < 0) {
        end->errnum = errno;
        close_pipes(&pipes);
        return;
    }
    if (r.pid == 0)
        child(p, &pipes, self);
    end->result = HOOK_ENDED;
    end->errnum = 0;
    r.in = pipes.in[1];
    r.out = pipes.out[0];
    pipes.in[1] = pipes.out[0] = -1;
    shut(&pipes.out[1]);
    shut(&pipes.error[1]);
    /* pipes.in[0] stays open here meanwhile: one who does not read his input costs us a full pipe,
     * never a SIGPIPE. */
    if (executed(&r, pipes.error[0])) {
        if (!p->confined)
            r.pidfd = (int)syscall(SYS_pidfd_open, r.pid, 0);
        follow(&r);
    }
    shut(&r.pidfd);
    shut(&r.in);
    shut(&r.out);
    close_pipes(&pipes);
}

/* ---- the sentence ---- */

struct line {
    char *data;
    size_t size, len;
};

static void put_bytes(struct line *l, const char *s, size_t n)
{
    size_t room = l->size - 1 - l->len;

    if (n > room)
        n = room;
    memcpy(l->data + l->len, s, n);
    l->len += n;
    l->data[l->len] = '\0';
}

static void put(struct line *l, const char *s)
{
    put_bytes(l, s, strlen(s));
}

static void put_number(struct line *l, uint64_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    put_bytes(l, digits + at, sizeof(digits) - at);
}

/* Where the part of tail[len] begins that fits into `room` once each newline is two characters. */
static size_t last_part(const char *tail, size_t len, size_t room)
{
    size_t cost;

    for (; len > 0; len--, room -= cost) {
        cost = tail[len - 1] == '\n' ? 2 : 1;
        if (cost > room)
            break;
    }
    return len;
}

/* As much of the end of the output as there is room for, a newline as "; ", and no other control
 * character. */
static void put_tail(struct line *l, const struct hook_end *end)
{
    size_t len = end->tail_len, from, room = l->size - 1 - l->len;

    while (len > 0 && (unsigned char)end->tail[len - 1] <= ' ')
        len--;
    from = last_part(end->tail, len, room > 2 ? room - 2 : 0);
    if (from == len)
        return;
    put(l, ": ");
    for (; from < len; from++) {
        unsigned char c = (unsigned char)end->tail[from];

        if (c == '\n')
            put(l, "; ");
        else
            put_bytes(l, c < ' ' || c == 127 ? " " : &end->tail[from], 1);
    }
}

void hook_sentence(const char *point, const struct hook_program *p, const struct hook_end *end,
                   char *out, size_t size)
{
    struct line l = {.data = out, .size = size};

    out[0] = '\0';
    put(&l, point);
    put(&l, " hook \"");
    put(&l, p->path);
    put(&l, "\"");
    if (end->result == HOOK_NOT_RUN)
        return;
    if (end->result == HOOK_TIMED_OUT) {
        put(&l, ": timed out after ");
        put_number(&l, (uint64_t)p->timeout_s);
        put(&l, " s");
    } else {
        put(&l, WIFSIGNALED(end->status) ? ": killed by signal " : ": exit status ");
        put_number(&l, (uint64_t)(WIFSIGNALED(end->status) ? WTERMSIG(end->status)
                                                           : WEXITSTATUS(end->status)));
    }
    put_tail(&l, end);
}
