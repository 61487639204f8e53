/*
 * The host's service manager as sd_notify(3) reaches it: a datagram socket that NOTIFY_SOCKET
 * names, and one like it for a container.
 */
#ifndef RUNLXC_NOTIFY_H
#define RUNLXC_NOTIFY_H

#include "base/err.h"

/* Where a container finds its own, as under runc. */
#define NOTIFY_DIR "/run/notify"
#define NOTIFY_NAME "notify.sock"

/* A socket connected to the manager's: `address` is an absolute path, or "@name" for an abstract
 * one of this network namespace. Close-on-exec, non-blocking. Descriptor, or -1. */
int notify_connect(const char *address, struct lxcdriver_error **err);

/*
 * A container's socket, in a tmpfs that is mounted nowhere: *mount is that, read-only but for what
 * sends to the socket in it, *sock the bound socket, non-blocking. Who has neither descriptor, nor
 * sees where the mount is attached, cannot reach it, and it is gone with them. 0 or -1.
 */
int notify_make(int *mount, int *sock, struct lxcdriver_error **err);

#endif
