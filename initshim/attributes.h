/* What a process has besides identity and privilege: keyring, OOM score, scheduling, resource
 * limits, umask. */
#ifndef INITSHIM_ATTRIBUTES_H
#define INITSHIM_ATTRIBUTES_H

#include "shim.h"

/* WF_NEW_SESSION_KEYRING; a kernel without keys has none to share. */
int keyring_join(struct shim *s);
/* Of a container's first process, through its /proc. */
int oom_score_set(struct shim *s);
/* Of an exec's, before it joins anything: in a user namespace the file would not be its own. */
int oom_score_set_outside(struct shim *s);
/* Scheduling policy, I/O priority, CPU affinity, execution domain. */
int scheduling_set(struct shim *s);
/* After everything that opens files, before the privilege to raise a hard limit is gone. */
int rlimits_set(struct shim *s);
/* WT_UMASK, else 022. */
int umask_set(struct shim *s);

#endif
