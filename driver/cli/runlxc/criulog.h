/* What checkpoint and restore share of their options. */
#ifndef RUNLXC_CLI_CRIULOG_H
#define RUNLXC_CLI_CRIULOG_H

#include "base/err.h"

/* runc's words for --manage-cgroups-mode; NULL: not given. 0 or -1. */
int criu_check_cgroups_mode(const char *mode, struct lxcdriver_error **err);
/* A path of the command line as an absolute one; heap, NULL without memory. */
char *criu_absolute(const char *path);
/* Copy CRIU's log, if it is there, into --work-path, where engines read it, above all when it
 * failed. 0 or -1. */
int criu_copy_log(const char *from, const char *to, const char *name, struct lxcdriver_error **err);

#endif
