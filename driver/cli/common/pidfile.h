/* --pid-file of the verbs that make a process. */
#ifndef RUNLXC_PIDFILE_H
#define RUNLXC_PIDFILE_H

#include <sys/types.h>

#include "base/err.h"

/* Write the number, whole or not at all: an engine waits for the file and reads it at once. 0 or
 * -1.
 */
int pidfile_write(const char *path, pid_t pid, struct lxcdriver_error **err);

#endif
