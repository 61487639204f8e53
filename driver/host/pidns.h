/* The processes of a pid namespace: pid_namespaces(7). For containers without a cgroup. */
#ifndef RUNLXC_PIDNS_H
#define RUNLXC_PIDNS_H

#include <sys/types.h>

#include "base/err.h"

/* Every process in the pid namespace of `init` and in those below it, ascending; heap array (NULL
 * when *n is 0). An error when that namespace is our own: it tells nobody apart. 0 or -1. */
int pidns_members(pid_t init, pid_t **pids, size_t *n, struct lxcdriver_error **err);
/* Signal each of them; one that is gone is passed over. 0 or -1. */
int pidns_signal(pid_t init, int signum, struct lxcdriver_error **err);

#endif
