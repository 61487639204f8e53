/* What liblxc's API leaves below /run/lxc of a container that it was asked about. */
#ifndef RUNLXC_LXCLOCK_H
#define RUNLXC_LXCLOCK_H

/* Remove root's lock file of a container, and the directories that LXC made for it; those in use
 * stay (lxclock.c, lxclock_name()). */
void lxclock_remove(const char *lxcpath, const char *name);

#endif
