/* The workload's working directory. */
#ifndef INITSHIM_WORKDIR_H
#define INITSHIM_WORKDIR_H

#include "shim.h"

/* WF_CREATE_CWD: create it, while the root is still writable. */
int workdir_create(struct shim *s);

/* Enter it as root. Permission denied is left to workdir_enter_as_user(). */
int workdir_enter(struct shim *s);

/* Enter it as the user where root may not (a root-squashed NFS), and make sure that we are inside
 * the root. */
int workdir_enter_as_user(struct shim *s);

#endif
