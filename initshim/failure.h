/*
 * What went wrong, in the terms of the protocol: a stage, an errno and a detail. The shim writes no
 * sentences; the driver does.
 */
#ifndef INITSHIM_FAILURE_H
#define INITSHIM_FAILURE_H

#include "base/protocol.h"

/* Exit codes as `docker run` gives them. */
#define EXIT_SHIM 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

struct failure {
    enum shim_stage stage;
    int errnum; /* 0: none */
    int code;   /* exit code to report */
    char detail[SHIM_DETAIL];
};

/* Record a failure with exit code 125. Always returns -1, so that a step can end with `return
 * fail(...)`. `detail` may be NULL. */
int fail(struct failure *f, enum shim_stage stage, int errnum, const char *detail);

/* The same with a detail of two parts, "what: more"; and with a number as its detail. */
int fail_with(struct failure *f, enum shim_stage stage, int errnum, const char *what,
              const char *more);
int fail_number(struct failure *f, enum shim_stage stage, int errnum, uint64_t number);

#endif
