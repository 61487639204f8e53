/* An ordinary user's command goes on as root of a user namespace: user_namespaces(7), newuidmap(1),
 * subuid(5). */
#ifndef RUNLXC_CLI_USER_H
#define RUNLXC_CLI_USER_H

#include "base/err.h"

/*
 * For who is not root: enter a user namespace, and a mount namespace in it, in which this process
 * is root. Where one of `words` (NULL-terminated, may be NULL) names a container under `root` that
 * runs, it is that container's own, outside of which nothing could be done to it; else a new one,
 * in which root is the user, and 1 and what follows are the ids that /etc/subuid and /etc/subgid
 * give him. Who has none there has that single id. The environment says afterwards what it said of
 * the user's directories before. Call it first of all, with one thread. Nothing is done for root. 0
 * or -1.
 */
int user_enter(const char *root, char *const *words, struct lxcdriver_error **err);

#endif
