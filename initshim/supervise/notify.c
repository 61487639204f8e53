/*
 * The container's notifications on their way to the host's service manager: what may pass is in
 * notice.c. The container's socket is read no faster than SPELL_MAX messages in SPELL_MS, and not
 * while the manager has no room: then the kernel lets the container's processes wait, and nobody
 * else. Descriptors are never received: without room for them the kernel closes them, which also
 * answers BARRIER=1, when all that was sent before it has been passed on.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define SPELL_MS 100
#define SPELL_MAX 32
#define REST_MS 500
#define REST_MAX 512 /* more than a socket's queue can usually hold: net.unix.max_dgram_qlen */

static bool spent(const struct notify *n)
{
    return n->taken >= SPELL_MAX && sup_now_ms() < n->from_ms + SPELL_MS;
}

bool sup_notify_listens(const struct supervisor *s)
{
    const struct notify *n = &s->notify;

    /* Not before the workload's own time: nothing is to be told of a start that can still fail. */
    return n->sock >= 0 && s->phase >= PHASE_RUNNING && n->n_pending == 0 && !spent(n);
}

bool sup_notify_pends(const struct supervisor *s)
{
    return s->notify.n_pending > 0;
}

int64_t sup_notify_pause_ms(const struct supervisor *s)
{
    const struct notify *n = &s->notify;

    return n->sock >= 0 && n->n_pending == 0 && spent(n) ? n->from_ms + SPELL_MS : 0;
}

/*
 * Who says it: systemd goes by the process, and by default hears the service's main process alone.
 * That is the launcher while it is there, who is connected to us, or the `start` that waits. Root
 * may speak for another; 0: ourselves.
 */
static pid_t speaker(const struct supervisor *s)
{
    if (s->driver >= 0)
        return s->notify.launcher;
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (s->clients[i].fd >= 0 && s->clients[i].waits_ready)
            return s->clients[i].waits_ready;
    return 0;
}

static ssize_t speak(const struct supervisor *s, pid_t pid)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(struct ucred))];
    } control = {.head = {.cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_CREDENTIALS,
                          .cmsg_len = CMSG_LEN(sizeof(struct ucred))}};
    struct ucred who = {.pid = pid, .uid = getuid(), .gid = getgid()};
    struct iovec text = {(void *)(uintptr_t)s->notify.pending, s->notify.n_pending};
    struct msghdr msg = {.msg_iov = &text, .msg_iovlen = 1};

    if (pid) {
        memcpy(CMSG_DATA(&control.head), &who, sizeof(who));
        msg.msg_control = &control;
        msg.msg_controllen = sizeof(control);
    }
    return sendmsg(s->notify.host, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void sup_notify_flush(struct supervisor *s)
{
    struct notify *n = &s->notify;
    pid_t pid = speaker(s);
    ssize_t sent;

    if (!n->n_pending)
        return;
    sent = speak(s, pid);
    if (sent < 0 && pid && (errno == EPERM || errno == ESRCH))
        sent = speak(s, 0); /* not root, or it has gone this moment */
    if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM))
        return;
    /* Said, or there is nobody any more to say it to. */
    n->n_pending = 0;
    if (!n->pending_ready || n->ready)
        return;
    n->ready = true;
    sup_report_notified(s);
}

/* What the manager is to watch is what ends with the container's status: the launcher that waits
 * for the end, or ourselves. Never what the container says. */
static pid_t main_pid(const struct supervisor *s)
{
    return s->rec.flags & SF_DETACH ? getpid() : s->notify.launcher;
}

/* Take one message, and begin to send what may pass of it. False when there was none. */
static bool take(struct supervisor *s)
{
    struct notify *n = &s->notify;
    char text[NOTIFY_IN_MAX];
    struct iovec room = {text, sizeof(text)};
    struct msghdr msg = {.msg_iov = &room, .msg_iovlen = 1};
    ssize_t got = recvmsg(n->sock, &msg, MSG_DONTWAIT);
    bool ready = false;

    if (got < 0)
        return false;
    n->taken++;
    if (msg.msg_flags & MSG_TRUNC)
        return true;
    n->n_pending = notice_filter(text, (size_t)got, sup_now_ms() * 1000, n->pending, &ready);
    n->pending_ready = ready;
    if (ready && !n->ready)
        n->n_pending = notice_add_pid(n->pending, n->n_pending, main_pid(s));
    sup_notify_flush(s);
    return true;
}

void sup_notify_read(struct supervisor *s)
{
    struct notify *n = &s->notify;

    if (sup_now_ms() >= n->from_ms + SPELL_MS) {
        n->from_ms = sup_now_ms();
        n->taken = 0;
    }
    while (n->taken < SPELL_MAX && n->n_pending == 0 && take(s))
        ;
    /* The kernel has mapped pages around each one that this needed. */
    s->trim_ms = sup_now_ms() + TRIM_AFTER_MS;
}

/* Wait until the manager has room, or the time is over. */
static void wait_for_room(struct supervisor *s, int64_t until_ms)
{
    struct pollfd room = {.fd = s->notify.host, .events = POLLOUT};
    int64_t left;

    while (s->notify.n_pending && (left = until_ms - sup_now_ms()) > 0)
        if (poll(&room, 1, (int)left) > 0)
            sup_notify_flush(s);
}

/* What the container said right before its end, as far as the manager takes it soon. */
void sup_notify_rest(struct supervisor *s)
{
    struct notify *n = &s->notify;
    int64_t until_ms = sup_now_ms() + REST_MS;

    if (n->sock < 0 || s->started_ns == 0)
        return;
    wait_for_room(s, until_ms);
    for (int i = 0; i < REST_MAX && n->n_pending == 0 && take(s); i++)
        wait_for_room(s, until_ms);
    close(n->sock);
    n->sock = -1;
    n->n_pending = 0;
}
