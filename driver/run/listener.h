/* The seccomp listener of a container: config-linux.md, "listenerPath". */
#ifndef RUNLXC_RUN_LISTENER_H
#define RUNLXC_RUN_LISTENER_H

#include "run/run.h"

/* Tell the supervisor's record who gets the notification descriptor; nothing when the compiled
 * filter notifies nobody. 0 or -1. */
int listener_record(struct launch *l, struct lxcdriver_error **err);

/* Hand on the descriptor of one more process in a container, by what that record says. 0 or -1. */
int listener_hand_on(const struct container *c, pid_t process, int fd,
                     struct lxcdriver_error **err);

#endif
