/*
 * The first write to a cgroup.procs file after a quiet time waits for an RCU grace period, some
 * milliseconds, since it takes a system-wide lock that is cheap for readers only
 * (cgroup_threadgroup_rwsem, kernel/cgroup/cgroup.c); those that follow soon do not. LXC makes
 * twenty of them at a start. So a child of ours moves itself to where it is already, and what is
 * waited for then passes while the start is still being prepared: the sooner it begins, the less of
 * it is left.
 */
#ifndef RUNLXC_WARM_H
#define RUNLXC_WARM_H

#include <stdbool.h>
#include <sys/types.h>

/* Start the child, which ends after a second, or when we do. What fails only makes a start slower.
 * For a process with one thread. */
void warm_begin(void);

/* Whether this process has called warm_begin(). */
bool warm_begun(void);

/* End the child, if there is one. `reap`: wait for it; otherwise a later call finds it ended. */
void warm_end(bool reap);

/* For who reaps all of this process's children: `pid` is no longer ours to end. */
void warm_reaped(pid_t pid);

#endif
