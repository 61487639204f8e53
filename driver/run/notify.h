/* What becomes of NOTIFY_SOCKET (sd_notify(3)): the container has a socket of its own, from which
 * the supervisor passes on what may pass. */
#ifndef RUNLXC_RUN_NOTIFY_H
#define RUNLXC_RUN_NOTIFY_H

#include "run/run.h"

/* Make the socket when the options name the manager's, and say it in the command: a mount and a
 * variable of the environment. A manager that does not listen is no more than a warning. Before the
 * environment is written and the targets are resolved. 0 or -1. */
int launch_notify(struct launch *l, struct lxcdriver_error **err);
/* Whether the launch is to last until the command has said that it is ready. */
bool launch_awaits_ready(const struct launch *l);
/* After it has said so: see that the manager has taken that in, before the launch ends. */
void launch_settle_ready(const struct launch *l);

/* Wait until the manager has worked through all that was sent to it before (BARRIER=1 of
 * sd_notify(3)), timeout_ms at most. What it does not answer is no error. */
void notify_barrier(int host, int timeout_ms);

/* As long as sd_notify_barrier(3) is given by other runtimes. */
#define NOTIFY_BARRIER_MS 30000

#endif
