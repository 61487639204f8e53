/*
 * The state of one run of the shim. Every step is `int step(struct shim *)`: 0, or -1 with the
 * failure filled in. main.c has the order; a step does nothing when the bootstrap does not ask for
 * it.
 */
#ifndef INITSHIM_SHIM_H
#define INITSHIM_SHIM_H

#include <stdbool.h>
#include <stddef.h>

#include "bootstrap.h"
#include "failure.h"
#include "shared/packet.h"
#include "user.h"

struct shim {
    bool exec;     /* exec into a running container, not its init */
    int sock;      /* to the supervisor, or to the driver in exec mode */
    int pidfd;     /* exec mode: the container's init, until it is joined */
    int root_fd;   /* O_PATH of the container's root directory */
    size_t n_kept; /* preserved descriptors, at 3 and up */
    /* detached, one for each WT_ATTACH; -1: attached. With WF_CGROUP_NS the last is no mount */
    int mounts[PACKET_MAX_FDS];
    size_t n_mounts;
    bool cwd_entered; /* the working directory is reached already */
    struct bootstrap boot;
    struct user user;
    struct wire_caps caps; /* what is wanted and can be had; only with WT_CAPS */
    struct failure failure;
};

typedef int (*shim_step)(struct shim *s);

#endif
