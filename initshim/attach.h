/* Mounts that came as descriptors (WT_ATTACH). */
#ifndef INITSHIM_ATTACH_H
#define INITSHIM_ATTACH_H

#include "shim.h"

/*
 * Attach the detached mount *fd where a WT_ATTACH record says, then close it and set it to -1. Its
 * attributes are set first, so that nobody sees it writable that is to be read-only; the mount that
 * it is a copy of keeps its own. 0, or -1 with a failure of STAGE_MOUNT.
 */
int mount_attach(struct shim *s, const struct record *r, int *fd);

#endif
