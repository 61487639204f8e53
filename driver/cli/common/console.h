/*
 * The console socket of an engine: an AF_UNIX stream socket at a path, whose listener wants the
 * master of the process's terminal as one descriptor (SCM_RIGHTS) beside the terminal's name. What
 * containerd, conmon and runc's recvtty speak.
 */
#ifndef RUNLXC_CONSOLE_H
#define RUNLXC_CONSOLE_H

#include "base/err.h"

/* Connect. Descriptor or -1. */
int console_connect(const char *path, struct lxcdriver_error **err);
/* Hand the master over; it stays open here. 0 or -1. */
int console_send(int sock, int master, struct lxcdriver_error **err);

#endif
