/*
 * Exec mode: from a process of the host to one of a running container. Everything in the container
 * is hostile meanwhile: no descriptor of the host is left when its processes can see us.
 */
#ifndef INITSHIM_JOIN_H
#define INITSHIM_JOIN_H

#include "shim.h"

/* Enter each WT_CGROUP; before the namespaces, where the host's cgroup directories cannot be
 * reached. */
int join_cgroups(struct shim *s);

/* setns(2) on the init's pidfd with WT_SETNS; in a user namespace, become its root. */
int join_namespaces(struct shim *s);

/* The init: enter the cgroup namespace that came as a descriptor, with WF_CGROUP_NS. */
int join_cgroup_namespace(struct shim *s);

/* Fork into the pid namespace. Returns in the child, which is our parent's child; we end with
 * status 0. */
int join_fork(struct shim *s);

#endif
