/* Overlays as detached mounts. */
#ifndef RUNLXC_OVERLAY_H
#define RUNLXC_OVERLAY_H

#include "base/err.h"
#include "base/str.h"

/*
 * Mount `layers` (uppermost first) with an upper and a work directory as a detached overlay. With
 * userns_fd >= 0 each of the layers is shifted by that namespace's id maps. mount_at is an empty
 * directory that may be mounted over in a namespace of a child's own. Descriptor of the detached
 * mount, or -1. Source: overlayfs.rst, mount_setattr(2).
 */
int overlay_mount(const struct strv *layers, const char *upper, const char *work, int userns_fd,
                  const char *mount_at, struct lxcdriver_error **err);

#endif
