/* Device nodes and FIFOs of the container (WT_DEVICE). */
#ifndef INITSHIM_DEVICE_H
#define INITSHIM_DEVICE_H

#include "shim.h"

/* Parent directories are created. One that exists already as the same device is left as it is;
 * anything else there is EEXIST. */
int devices_create(struct shim *s);

#endif
