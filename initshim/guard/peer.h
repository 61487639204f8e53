/* Who may talk to lxc-start: see guard.c. */
#ifndef RUNLXC_GUARD_PEER_H
#define RUNLXC_GUARD_PEER_H

#include <stdbool.h>

/*
 * Whether the process at the other end of a connected Unix socket is as mighty as this one: of the
 * same user namespace, and with at least the capabilities that this one has now, as ptrace(2) would
 * have it. False as well when that cannot be found out.
 */
bool guard_peer_trusted(int sock);

#endif
