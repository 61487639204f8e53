/* Running the command of a created container. */
#include "run/run.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/proc.h"
#include "run/hooks.h"
#include "shared/packet.h"

#define END_WAIT_MS 5000

static int ask(const struct container *c, struct lxcdriver_error **err)
{
    cleanup_close int sock = control_connect(c->dir_fd);
    struct sup_msg msg = {.type = SUP_START};
    int got;

    if (sock < 0)
        return err_sys(err, errno, "container \"%s\": its supervisor does not answer", c->id);
    if (packet_send(sock, &msg, sizeof(msg), NULL, 0) < 0)
        return err_sys(err, errno, "container \"%s\": start", c->id);
    do {
        got = packet_recv(sock, &msg, sizeof(msg), NULL, 0, NULL, NULL);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_sys(err, errno, "container \"%s\": listen to its supervisor", c->id);
    if (got == 0)
        return err_set(err, "container \"%s\": it was killed while it started", c->id);
    if (msg.type == SUP_STARTED)
        return 0;
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

int lxcdriver_start(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    enum lxcdriver_state state;

    if (container_open(drv, id, &c, err) < 0)
        return -1;
    state = container_state(&c);
    if (state == LXCDRIVER_STOPPED)
        return err_set(err, "container \"%s\": cannot start a container that has stopped", id);
    if (state != LXCDRIVER_CREATED)
        return err_set(err, "container \"%s\": cannot start it: it is %s already", id,
                       state_name(state));
    return ask(&c, err) < 0 ? -1 : poststart(&c, err);
}
