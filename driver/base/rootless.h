/* Root of a user namespace only: user_namespaces(7). */
#ifndef RUNLXC_ROOTLESS_H
#define RUNLXC_ROOTLESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Whether we are in another user namespace than the host's first, which maps every id to itself.
 * False when that cannot be read. */
bool rootless(void);

/* Who our user 0 is outside, as the namespace's parent numbers it; 0 when there is none. */
uid_t rootless_user(void);

/*
 * The namespace was entered on the way: what the caller calls an id is one of the namespace's
 * parent. From then on rootless_inner() says which of ours an id of his is, with `size` ids from it
 * on; before, ids are as they are. `of_groups`: a group's. False when not all of them are mapped,
 * in one range.
 */
void rootless_ids_are_outer(void);
bool rootless_inner(bool of_groups, uint32_t outer, uint32_t size, uint32_t *inner);

/* Whether our user namespace has an id, a user's or a group's. False when that cannot be read. */
bool rootless_has(bool of_groups, uint32_t id);

/* Whether setgroups(2) is denied for good, as in a namespace whose one group was mapped without
 * privilege. */
bool rootless_denies_groups(void);

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
