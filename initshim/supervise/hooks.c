/*
 * Hooks before the change of root: base/protocol.h. LXC runs the shim in hook mode; it waits until
 * the driver has run prestart and createRuntime, and then runs createContainer itself. What hooks
 * take is not counted towards the time for the start: they have limits of their own.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/packet.h"
#include "supervise/supervisor.h"

#define DEPTH_MAX 16 /* between the hook's shim and lxc-start: the shell, and the init */

/* The init is the one whose parent is lxc-start. */
static pid_t init_above(pid_t pid, pid_t lxc)
{
    for (int i = 0; i < DEPTH_MAX && pid > 1; i++) {
        pid_t parent = (pid_t)sup_stat_field(pid, 4);

        if (parent == lxc)
            return pid;
        pid = parent;
    }
    return 0;
}

int sup_hooks_expect(struct supervisor *s)
{
    int on = 1;

    return setsockopt(s->shim, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

void sup_hooks_begin(struct supervisor *s, pid_t shim)
{
    struct sup_msg msg = {.type = SUP_HOOKS, .pid = init_above(shim, s->lxc)};

    if (msg.pid == 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, ESRCH, "find the container's init for its hooks");
        sup_end(s);
        return;
    }
    s->deadline_ms = 0;
    sup_report(s, &msg, NULL, 0);
}

void sup_hooks_go(struct supervisor *s, int failed)
{
    struct shim_msg msg = {.type = SHIM_HOOKS_GO};

    if (s->phase != PHASE_STARTING || s->bootstrap < 0)
        return;
    if (failed) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, 0, "a hook failed");
        sup_end(s);
    } else if (packet_send(s->shim, &msg, sizeof(msg), &s->bootstrap, 1) < 0) {
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "talk to the shim of the hooks");
        sup_end(s);
    }
}

void sup_hooks_end(struct supervisor *s)
{
    s->deadline_ms = sup_now_ms() + (int64_t)s->rec.timeout_ms;
    if (sup_shim_bootstrap(s) == 0)
        return;
    sup_fail(s, SUP_ORIGIN_SUPERVISOR, errno, "talk to the shim");
    sup_end(s);
}
