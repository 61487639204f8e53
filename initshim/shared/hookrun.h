/*
 * One hook of the OCI runtime specification (config.md, "POSIX-platform Hooks"), run to its end: by
 * the driver on the host, by the shim in the container. No stdio, no allocation.
 */
#ifndef RUNLXC_HOOKRUN_H
#define RUNLXC_HOOKRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOOK_TAIL 2048 /* bytes of output that are kept, the last ones */

struct hook_program {
    const char *path;
    char *const *argv, *const *env; /* NULL-terminated; env is all that it gets */
    const char *cwd;                /* where it starts, "/" when it cannot; NULL: where we are */
    const char *input;              /* for its standard input, a pipe */
    size_t input_len;
    int64_t timeout_s; /* 0: none */
    /* We are under a seccomp filter, which may kill who makes a call that it does not know: do with
     * calls that are older than filters. Every descriptor from 3 up is close-on-exec already. */
    bool confined;
};

enum hook_result { HOOK_ENDED, HOOK_NOT_RUN, HOOK_TIMED_OUT };

struct hook_end {
    enum hook_result result;
    int status; /* HOOK_ENDED: wait(2) status */
    int errnum; /* HOOK_NOT_RUN: why */
    char tail[HOOK_TAIL + 1];
    size_t tail_len; /* its last output, standard output and error as they came */
};

/*
 * Run it and wait for its end. It starts with default signals, in a process group of its own, with
 * no descriptor but 0, 1 and 2, and is killed when the calling thread ends. When the time is over
 * its process group is killed. What it leaves running does not hold us, nor need it read its input.
 * Neither signal handlers nor the mask of the caller are touched, and no SIGPIPE is raised.
 */
void hook_run(const struct hook_program *p, struct hook_end *end);

/* What became of it, as a sentence in out[size]: 'POINT hook "PATH": exit status 1: LAST OUTPUT'.
 * With HOOK_NOT_RUN it ends behind the path: errnum is the caller's to add. */
void hook_sentence(const char *point, const struct hook_program *p, const struct hook_end *end,
                   char *out, size_t size);

#endif
