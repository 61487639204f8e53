/* Exit codes. */
#ifndef RUNLXC_EXITCODE_H
#define RUNLXC_EXITCODE_H

#include <sys/wait.h>

/* What a shell makes of a wait(2) status of something that has ended: the exit code, or 128 and the
 * signal's number. */
static inline int exitcode_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
