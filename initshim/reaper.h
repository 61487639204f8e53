/* WF_INIT: the shim stays as pid 1 beside the workload. */
#ifndef INITSHIM_REAPER_H
#define INITSHIM_REAPER_H

#include "shim.h"

/*
 * With WF_INIT, fork: returns 0 in the child, which goes on to become the workload. The parent
 * never returns: it gives up all it does not need, sends every signal on to the child, reaps, and
 * ends as the child did.
 */
int reaper_start(struct shim *s);

#endif
