/* What goes to the driver and to whoever asks through the control socket in the container's
 * directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/packet.h"
#include "supervise/supervisor.h"

/* A launcher that is gone takes its container with it, unless it had let it go. */
static void driver_gone(struct supervisor *s)
{
    close(s->driver);
    s->driver = -1;
    if (!s->released && (!(s->rec.flags & SF_DETACH) || s->phase <= PHASE_CREATED))
        sup_end(s);
}

int sup_report(struct supervisor *s, const struct sup_msg *msg, const int *fds, size_t n)
{
    if (s->driver < 0 || packet_send(s->driver, msg, sizeof(*msg), fds, n) == 0)
        return 0;
    /* It would wait for this word without end. One that has gone by itself may have left us a last
     * message, and is seen to be gone behind that. */
    if (errno != EPIPE)
        driver_gone(s);
    return -1;
}

void sup_fail(struct supervisor *s, uint32_t origin, int errnum, const char *detail)
{
    if (s->failed)
        return;
    s->failed = true;
    s->failure =
        (struct sup_msg){.type = SUP_FAIL, .origin = origin, .errnum = errnum, .value = 125};
    snprintf(s->failure.detail, sizeof(s->failure.detail), "%s", detail);
}

static void drop(struct client *client)
{
    close(client->fd);
    client->fd = -1;
}

/* Answer those who wait for it, and let those go who have nothing more to wait for. */
static void answer(struct supervisor *s, const struct sup_msg *msg, bool start)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &s->clients[i];

        if (client->fd < 0 || !(start ? client->waits_start : client->waits_exit))
            continue;
        client->waits_start = false;
        if (packet_send(client->fd, msg, sizeof(*msg), NULL, 0) < 0 || !start)
            drop(client);
    }
}

void sup_report_started(struct supervisor *s)
{
    struct sup_msg msg = {.type = SUP_STARTED, .pid = s->init, .start_time = s->init_start};

    sup_report(s, &msg, NULL, 0);
    answer(s, &msg, true);
}

void sup_report_failure(struct supervisor *s)
{
    sup_report(s, &s->failure, NULL, 0);
    answer(s, &s->failure, true);
}

void sup_report_exit(struct supervisor *s)
{
    struct sup_msg msg = {.type = SUP_EXIT,
                          .pid = s->init,
                          .status = s->status,
                          .oom = s->oom_kills,
                          .value = s->left};

    sup_report(s, &msg, NULL, 0);
    answer(s, &msg, false);
}

/* The container is ready, and the host knows. */
void sup_report_notified(struct supervisor *s)
{
    struct sup_msg msg = {.type = SUP_NOTIFIED, .pid = s->init};

    sup_report(s, &msg, NULL, 0);
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *client = &s->clients[i];

        if (client->fd < 0 || !client->waits_ready)
            continue;
        client->waits_ready = 0;
        if (packet_send(client->fd, &msg, sizeof(msg), NULL, 0) < 0)
            drop(client);
    }
}

/* All is written down: the container goes on without the driver. */
static void release(struct supervisor *s)
{
    struct sup_msg msg = {.type = SUP_RELEASED, .pid = s->init};
    const char *what = "";

    if (sup_go_inside(s, &what) < 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, what);
        sup_end(s);
        return;
    }
    sup_report(s, &msg, NULL, 0);
    /* Who could not be told has the container ended. */
    s->released = s->driver >= 0;
}

static void detach(struct supervisor *s, int log, int drain)
{
    s->rec.flags |= SF_DETACH;
    s->log = log;
    s->drain = drain;
    fcntl(drain, F_SETFL, O_NONBLOCK);
}

void sup_driver_read(struct supervisor *s)
{
    struct sup_msg msg;
    int fds[2];
    size_t n = 0;
    int got = packet_recv(s->driver, &msg, sizeof(msg), fds, 2, &n, NULL);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        if (msg.type == SUP_START && s->phase == PHASE_CREATED)
            sup_shim_start(s);
        else if (msg.type == SUP_DETACH && n == 2)
            detach(s, fds[0], fds[1]);
        else if (msg.type == SUP_RELEASE && s->phase == PHASE_CREATED && !s->released)
            release(s);
        else if (msg.type == SUP_HOOKS_DONE)
            sup_hooks_go(s, msg.value);
        return;
    }
    driver_gone(s);
}

int sup_control_open(struct supervisor *s)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    /* By descriptor: the directory's path may be longer than a socket's address. */
    snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/control", s->dir_fd);
    s->control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->control < 0 || bind(s->control, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        listen(s->control, MAX_CLIENTS) < 0)
        return -1;
    return 0;
}

void sup_control_accept(struct supervisor *s)
{
    int fd = accept4(s->control, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        if (s->clients[i].fd < 0) {
            s->clients[i] = (struct client){.fd = fd};
            return;
        }
    }
    close(fd); /* full: the client sees the end of file and says so */
}

static pid_t process_of(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? 0 : peer.pid;
}

/* With `host`, the service manager as who starts it sees that, it is told when the container is
 * ready. */
static void start(struct supervisor *s, struct client *client, int host)
{
    struct sup_msg refusal = {.type = SUP_FAIL, .origin = SUP_ORIGIN_SUPERVISOR, .value = 125};

    if (s->phase == PHASE_CREATED && (host < 0 || s->notify.sock >= 0)) {
        client->waits_start = true;
        if (host >= 0) {
            client->waits_ready = process_of(client->fd);
            close(s->notify.host);
            s->notify.host = host;
        }
        sup_shim_start(s);
        return;
    }
    if (host >= 0)
        close(host);
    if (s->phase == PHASE_CREATED)
        refusal.type = SUP_REFUSED;
    else
        snprintf(refusal.detail, sizeof(refusal.detail), "it was started already");
    packet_send(client->fd, &refusal, sizeof(refusal), NULL, 0);
}

void sup_client_read(struct supervisor *s, struct client *client)
{
    struct sup_msg msg;
    int fd = -1;
    size_t n = 0;
    int got = packet_recv(client->fd, &msg, sizeof(msg), &fd, 1, &n, NULL);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        drop(client);
    } else if (msg.type == SUP_WAIT) {
        client->waits_exit = true;
    } else if (msg.type == SUP_START) {
        start(s, client, fd);
        return;
    }
    if (fd >= 0)
        close(fd);
}

void sup_clients_close(struct supervisor *s)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (s->clients[i].fd >= 0)
            drop(&s->clients[i]);
}
