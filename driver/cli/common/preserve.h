/* --preserve-fds and what a manager left by sd_listen_fds(3): descriptors from 3 up that a workload
 * gets. */
#ifndef RUNLXC_PRESERVE_H
#define RUNLXC_PRESERVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PRESERVE_MAX 120

/* $LISTEN_FDS, 0 when it is not set. 0 or -1. */
int preserve_listen_fds(uint64_t *n, struct lxcdriver_error **err);
/* The descriptors 3 .. 3 + n - 1 as a heap array, each sure to be open and the caller's. NULL with
 * err. */
int *preserve_fds(size_t n, struct lxcdriver_error **err);

#endif
