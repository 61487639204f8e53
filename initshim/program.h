/* The last steps: the workload's stdio, its tie to the supervisor, its program. */
#ifndef INITSHIM_PROGRAM_H
#define INITSHIM_PROGRAM_H

#include "shim.h"

/* WF_CHOWN_STDIO: give pipes and sockets at 0, 1 and 2 to the user. */
int stdio_chown(struct shim *s);

/*
 * What every change of credentials undoes: not dumpable, and, but for exec mode, killed when the
 * parent dies. When the supervisor has died already the process ends.
 */
int guard_restore(struct shim *s);

/* Nothing but 0, 1, 2 and what is preserved is to survive program_exec(). */
int program_seal(struct shim *s);

/*
 * Whether program_exec() will find a program, as far as that can be told as root and before the
 * start: engines expect to be told when they create a container. The same failures.
 */
int program_check(struct shim *s);

/*
 * Replace the shim by WT_ARG: by path when it has a '/', else found in WT_ENV's PATH. Returns only
 * in failure, of STAGE_EXEC with exit code 126, or 127 for ENOENT.
 */
int program_exec(struct shim *s);

#endif
