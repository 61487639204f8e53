/*
 * What LXC's mount entries cannot say. All of it works on descriptors (open_tree, move_mount,
 * mount_setattr), so that a path is resolved once, inside the root.
 */
#ifndef INITSHIM_MOUNTS_H
#define INITSHIM_MOUNTS_H

#include "shim.h"

/* No mount of LXC's is shared any more; then the propagation of / (WT_ROOT_PROPAGATION). */
int mounts_unshare(struct shim *s);

/* WT_MOUNT_ATTR. */
int mounts_change(struct shim *s);

/* Read-only /sys and /dev, then read-only paths, then masked paths, then a read-only /: after this
 * the root is what was asked. */
int mounts_restrict(struct shim *s);

/* WF_UMOUNT_PROC: take away the /proc that was there for our own start. */
int mounts_detach_proc(struct shim *s);

#endif
