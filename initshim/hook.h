/* Hooks that run in the container's namespaces (WT_HOOK): createContainer before the shim is the
 * init, startContainer just before the workload's exec. */
#ifndef INITSHIM_HOOK_H
#define INITSHIM_HOOK_H

#include "shim.h"

/*
 * startContainer: programs of the container, with all that confines the workload. Each is run to
 * its end with the state on its standard input; one that fails or takes too long is a failure.
 */
int hooks_run(struct shim *s);

/* createContainer: programs of the host, before the change of root. SHIM_HOOK_ARG says how we came
 * here. */
int hooks_run_before_pivot(struct shim *s);

#endif
