/* Mounts that LXC cannot make (WT_MOUNT), the contents that a tmpfs among them takes over
 * (WT_TMPCOPYUP), and those that came as descriptors (WT_ATTACH). */
#ifndef INITSHIM_NEWMOUNT_H
#define INITSHIM_NEWMOUNT_H

#include "shim.h"

/* In the order of the records. The filesystem is configured and filled before it is attached:
 * nobody sees it half made. */
int mounts_create(struct shim *s);

#endif
