/* startContainer hooks (WT_HOOK): programs of the container, run with all that confines the
 * workload. */
#ifndef INITSHIM_HOOK_H
#define INITSHIM_HOOK_H

#include "shim.h"

/* Run each to its end, stdin empty, output to the container's stderr. One that fails or takes too
 * long is a failure. */
int hooks_run(struct shim *s);

#endif
