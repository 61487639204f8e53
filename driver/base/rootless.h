/* Root of a user namespace only: user_namespaces(7). */
#ifndef RUNLXC_ROOTLESS_H
#define RUNLXC_ROOTLESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Whether we are in another user namespace than the host's first, which maps every id to itself.
 * False when that cannot be read. */
bool rootless(void);

/* Who our user 0 is outside, as the namespace's parent numbers it; 0 when there is none. */
uid_t rootless_user(void);

/*
 * Where an ordinary user's containers are recorded, "$XDG_RUNTIME_DIR/runlxc" or
 * "/run/user/UID/runlxc", and his images kept, "$XDG_DATA_HOME/runlxc" or
 * "$HOME/.local/share/runlxc" (XDG Base Directory Specification; without a home beside the first):
 * heap strings, or both NULL for who uses root's. That is root; and who is root of a user namespace
 * without a runtime directory in his environment, or calls himself so (USER), as a container with
 * an engine in it does. 0 or -1.
 */
int rootless_dirs(char **containers, char **images, struct lxcdriver_error **err);

#endif
