/* The frame of a tracer (ptrace(2)) that follows a command and all that it starts, whoever their
 * parents become, for fault.c and between.c. */
#ifndef RUNLXC_TEST_TRACE_H
#define RUNLXC_TEST_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/* What trace_run() gives when the time is over: the command had not ended, or had ended and left a
 * process behind that does not within two seconds. */
#define TRACE_HANG 124
#define TRACE_LEFT 123

struct tracer {
    long options;         /* PTRACE_O_*, beside those for following and for killing at our end */
    void (*begun)(pid_t); /* the command's process, which waits before its exec; may be NULL */
    void (*child)(void);  /* in that process, right before its exec; may be NULL */
    void (*stopped)(pid_t pid, int status); /* resumes the process, or leaves it stopped */
    void (*ended)(pid_t);                   /* may be NULL */
    void (*over)(int code);                 /* with TRACE_HANG or TRACE_LEFT; may be NULL */
};

/* Run argv and follow it for so long. The exit status of the command, 128 + n for signal n, or one
 * of the above; whoever is left then ends with this process. Ends the program when the command
 * cannot be traced. */
int trace_run(const struct tracer *tracer, char **argv, unsigned seconds);

/* Whether a process has been stopped as by SIGSTOP; then it stays so until it is continued. */
bool trace_group_stop(pid_t pid, int status);

/* perror(3) and exit status 2. */
_Noreturn void trace_die(const char *what);

#endif
