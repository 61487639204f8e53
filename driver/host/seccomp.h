/* What this kernel can do with filters of system calls: seccomp(2). */
#ifndef RUNLXC_HOST_SECCOMP_H
#define RUNLXC_HOST_SECCOMP_H

#include <stdint.h>

#include "base/err.h"
#include "spec/seccomp.h"

/* Check that the kernel has every SECCOMP_FILTER_FLAG_* in `flags`: one that it lacks is an error
 * with its name. Nothing is loaded. 0 or -1. */
int seccomp_flags_check(uint32_t flags, struct lxcdriver_error **err);

/* The facts by which a profile is read for a container with the bounding set `caps`: machine and
 * uname(2)'s release. 0 or -1. */
int seccomp_host_read(uint64_t caps, struct seccomp_host *out, struct lxcdriver_error **err);

#endif
