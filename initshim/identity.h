/* The workload's user and groups: looked up early, because the terminal is given to them, taken on
 * late. */
#ifndef INITSHIM_IDENTITY_H
#define INITSHIM_IDENTITY_H

#include "shim.h"

/* Fill s->user from WT_USER, or WT_UID and WT_GID, else root, and WT_GROUP and WT_ADDITIONAL_GID.
 */
int identity_resolve(struct shim *s);

/* Groups, gid, uid, in this order: each needs a privilege that the next one may take away. */
int identity_assume(struct shim *s);

/* Whether WT_ENV sets HOME, and not to nothing. */
bool identity_has_home(const struct bootstrap *b);

#endif
