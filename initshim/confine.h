/* Confinement that begins with or before the workload's exec: security module, no_new_privs,
 * seccomp. */
#ifndef INITSHIM_CONFINE_H
#define INITSHIM_CONFINE_H

#include "shim.h"

/* AppArmor's profile and SELinux's label for the next exec. */
int lsm_set(struct shim *s);

/*
 * The filter goes in twice in the order of steps, and takes effect once: without no_new_privs it
 * needs CAP_SYS_ADMIN, so it comes before the capabilities are dropped, and must allow what is
 * still to do; with no_new_privs it comes last.
 */
int seccomp_privileged(struct shim *s);
int no_new_privs_set(struct shim *s);
int seccomp_unprivileged(struct shim *s);

#endif
