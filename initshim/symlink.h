/* Symbolic links of the container (WT_SYMLINK). */
#ifndef INITSHIM_SYMLINK_H
#define INITSHIM_SYMLINK_H

#include "shim.h"

/* Parent directories are created; a mount or a file in the link's place is taken away, a directory
 * is EISDIR. */
int links_create(struct shim *s);

#endif
