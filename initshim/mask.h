/* Masked and read-only paths (WT_MASKED, WT_READONLY). */
#ifndef INITSHIM_MASK_H
#define INITSHIM_MASK_H

#include "shim.h"

/*
 * Read-only paths become read-only bind mounts of themselves, together with what is mounted below
 * them. Masked directories are covered by an empty read-only tmpfs, other masked paths by
 * /dev/null. A path that does not exist is skipped.
 */
int mask_apply(struct shim *s);

#endif
