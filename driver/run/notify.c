#include "run/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/notify.h"
#include "shared/packet.h"
#include "spec/readers.h"

static bool taken(const struct command *cmd)
{
    for (size_t i = 0; i < cmd->n_mounts; i++) {
        cleanup_free char *path = path_normalise(cmd->mounts[i].destination, NULL);

        if (str_eq(path, NOTIFY_DIR))
            return true;
    }
    return false;
}

static int add_mount(struct launch *l, struct lxcdriver_error **err)
{
    struct mount_spec *m = ARRAY_GROW(&l->cmd->mounts, &l->cmd->n_mounts);

    if (!m)
        return err_nomem(err);
    m->flags = MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    m->detached_plus_one = l->notify.mount + 1;
    m->type = strdup("bind");
    m->destination = strdup(NOTIFY_DIR);
    m->source = str_printf("/proc/self/fd/%d", l->notify.mount);
    return m->type && m->destination && m->source ? 0 : err_nomem(err);
}

int launch_notify(struct launch *l, struct lxcdriver_error **err)
{
    const struct lxcdriver_run_options *o = l->options;
    cleanup_err struct lxcdriver_error *warning = NULL;

    /* An engine that has mounted something there does by itself what is done here. */
    if (str_empty(o->notify_socket) || taken(l->cmd))
        return 0;
    l->notify.host = notify_connect(o->notify_socket, &warning);
    if (l->notify.host < 0) {
        if (o->on_warning)
            o->on_warning(o->opaque, err_message(warning));
        return 0;
    }
    if (notify_make(&l->notify.mount, &l->notify.sock, err) < 0)
        return -1;
    l->flags |= SF_NOTIFY;
    env_unset(&l->cmd->process.env, "NOTIFY_SOCKET");
    if (env_set(&l->cmd->process.env, "NOTIFY_SOCKET=" NOTIFY_DIR "/" NOTIFY_NAME, err) < 0)
        return -1;
    return add_mount(l, err);
}

void notify_barrier(int host, int timeout_ms)
{
    static const char message[] = "BARRIER=1";
    cleanup_close int mine = -1, theirs = -1;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    mine = ends[0];
    theirs = ends[1];
    if (packet_send(host, message, sizeof(message) - 1, &theirs, 1) < 0)
        return;
    close_fd(&theirs);
    /* The last copy of the other end is closed by who has read it. */
    poll(&(struct pollfd){.fd = mine}, 1, timeout_ms);
}

bool launch_awaits_ready(const struct launch *l)
{
    return l->options->detach && l->flags & SF_NOTIFY && !l->create_only;
}

void launch_settle_ready(const struct launch *l)
{
    if (launch_awaits_ready(l) && l->ready)
        notify_barrier(l->notify.host, NOTIFY_BARRIER_MS);
}
