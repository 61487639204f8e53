/* Running the command of a created container. */
#include "run/run.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/notify.h"
#include "host/proc.h"
#include "run/hooks.h"
#include "run/notify.h"
#include "shared/packet.h"

#define END_WAIT_MS 5000

static int receive(int sock, struct sup_msg *msg)
{
    int got;

    do {
        got = packet_recv(sock, msg, sizeof(*msg), NULL, 0, NULL, NULL);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int ask(const struct container *c, int sock, int host, struct lxcdriver_error **err)
{
    struct sup_msg msg = {.type = SUP_START};
    int got;

    if (packet_send(sock, &msg, sizeof(msg), &host, host >= 0) < 0)
        return err_sys(err, errno, "container \"%s\": start", c->id);
    got = receive(sock, &msg);
    if (got < 0)
        return err_sys(err, errno, "container \"%s\": listen to its supervisor", c->id);
    if (got == 0)
        return err_set(err, "container \"%s\": it was killed while it started", c->id);
    if (msg.type == SUP_STARTED)
        return 0;
    if (msg.type == SUP_REFUSED)
        return err_set(err,
                       "container \"%s\": NOTIFY_SOCKET: it was created without, and so cannot "
                       "tell when it is ready",
                       c->id);
    /* Whoever asks next is to find it stopped, and who reaps the supervisor is to have it ended. */
    proc_end(c->supervisor, c->supervisor_start, 0, END_WAIT_MS);
    return failure_of_supervisor(c->dir_fd, &msg, err);
}

static int poststart(const struct container *c, struct lxcdriver_error **err)
{
    cleanup_err struct lxcdriver_error *unreadable = NULL;
    cleanup_command struct command *cmd = hooks_load(c->dir_fd, &unreadable);

    if (!cmd && !unreadable)
        return 0;
    if (cmd)
        return hooks_poststart(cmd, c->pid, c->start_time, err);
    return err_set(err, "container \"%s\": %s", c->id, err_message(unreadable));
}

/* Wait until it is ready, or has ended: then its supervisor closes the socket. */
static void await_ready(int sock, int host)
{
    struct sup_msg msg;

    if (receive(sock, &msg) > 0 && msg.type == SUP_NOTIFIED)
        notify_barrier(host, NOTIFY_BARRIER_MS);
}

/* With `host`, the service manager's socket, return when it is ready. */
static int start(struct lxcdriver *drv, const char *id, int host, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    cleanup_close int sock = -1;
    enum lxcdriver_state state;

    if (container_open(drv, id, &c, err) < 0)
        return -1;
    state = container_state(&c);
    if (state == LXCDRIVER_STOPPED)
        return err_set(err, "container \"%s\": cannot start a container that has stopped", id);
    if (state != LXCDRIVER_CREATED)
        return err_set(err, "container \"%s\": cannot start it: it is %s already", id,
                       state_name(state));
    sock = control_connect(c.dir_fd);
    if (sock < 0)
        return err_sys(err, errno, "container \"%s\": its supervisor does not answer", c.id);
    if (ask(&c, sock, host, err) < 0 || poststart(&c, err) < 0)
        return -1;
    if (host >= 0)
        await_ready(sock, host);
    return 0;
}

int lxcdriver_start(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    return start(drv, id, -1, err);
}

int lxcdriver_start_ready(struct lxcdriver *drv, const char *id, const char *notify_socket,
                          struct lxcdriver_error **err)
{
    cleanup_err struct lxcdriver_error *warning = NULL;
    cleanup_close int host = notify_connect(notify_socket, &warning);

    if (host < 0 && drv->on_warning)
        drv->on_warning(drv->warning_opaque, err_message(warning));
    return start(drv, id, host, err);
}
