/*
 * Capabilities by the raw system calls (capabilities(7)). Order of calls: caps_check() while
 * preparing, caps_limit() before the uid changes, caps_apply() after it. All do nothing without
 * WT_CAPS.
 */
#ifndef INITSHIM_CAPS_H
#define INITSHIM_CAPS_H

#include <stdint.h>

#include "shim.h"

/* What a set of wanted ones comes to where only `known` exist and only `available` can be had;
 * *missing gets what cannot. */
struct wire_caps caps_reduce(const struct wire_caps *want, uint64_t known, uint64_t available,
                             uint64_t *missing);

/* Reduce WT_CAPS to what we have ourselves; each one missing is a SHIM_WARN with its name. */
int caps_check(struct shim *s);

/* Drop the bounding set, and make the permitted set outlive the change of uid. */
int caps_limit(struct shim *s);

/* Permitted, effective and inheritable set in one call, then the ambient set. */
int caps_apply(struct shim *s);

/* For our own pid 1 beside a workload: keep CAP_KILL only, as far as the kernel lets us. */
void caps_keep_kill(void);

#endif
