/* Handing a seccomp notification descriptor to who listens: config-linux.md, "listenerPath" and
 * "The Container Process State". */
#ifndef RUNLXC_LISTENER_H
#define RUNLXC_LISTENER_H

#include <stddef.h>
#include <sys/types.h>

/* The container process state as JSON, cut where something is put in: the process' pid behind the
 * first, the container's status behind the second, its pid behind the third. */
#define LISTENER_PARTS 4

struct listener_state {
    const char *parts[LISTENER_PARTS]; /* none NULL */
    pid_t process, container;          /* as we see them */
    const char *status;
};

/*
 * Connect to the AF_UNIX stream socket `name` in the working directory or, absolute, anywhere; send
 * the state with `fd` beside it; close the connection. Waits at most 10 seconds for either. 0, or
 * -1 with errno (ENAMETOOLONG: no socket can have this name).
 */
int listener_send(const char *name, const struct listener_state *state, int fd);

#endif
