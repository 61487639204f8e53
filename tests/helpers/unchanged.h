/* What a library must leave as it was: signal handlers and mask, working directory, umask,
 * descriptors, threads, children. */
#ifndef TESTS_UNCHANGED_H
#define TESTS_UNCHANGED_H

#include <signal.h>
#include <sys/types.h>

struct process_state {
    struct sigaction actions[NSIG];
    sigset_t mask;
    char cwd[4096];
    mode_t umask;
    int fds, threads;
};

void take_state(struct process_state *s);
/* Print one line on standard output, "changed: ...": what is not as before. */
void compare_state(const struct process_state *before);

#endif
