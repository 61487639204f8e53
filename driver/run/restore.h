/* The steps of a launch that brings a container back instead of starting one: where l->options says
 * `restore`. */
#ifndef RUNLXC_RUN_RESTORE_H
#define RUNLXC_RUN_RESTORE_H

#include "run/run.h"

#define RESTORE_HELPER "runlxc-lxc-restore"

/* See that CRIU, its images and what the command asks for go together; nothing is made. 0 or -1. */
int restore_check(const struct launch *l, struct lxcdriver_error **err);
/* Write what the helper and CRIU read into the container's directory. After the namespaces were
 * resolved. 0 or -1. */
int restore_prepare(struct launch *l, struct lxcdriver_error **err);
/* On SUP_CREATED: give what has come back its limits, and let it go on. 0 or -1. */
int restore_finish(const struct launch *l, struct lxcdriver_error **err);
/* CRIU's reason, where it gives one, in place of LXC's. Returns -1. */
int restore_failure(const struct launch *l, struct lxcdriver_error **err);

#endif
