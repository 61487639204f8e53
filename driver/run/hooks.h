/*
 * Hooks in the runtime's namespaces: prestart, createRuntime, poststart and poststop (config.md,
 * "POSIX-platform Hooks"; runtime.md, "Lifecycle"). The shim runs createContainer and
 * startContainer.
 */
#ifndef RUNLXC_RUN_HOOKS_H
#define RUNLXC_RUN_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "run/run.h"
#include "spec/command.h"

/* What hooks read on their standard input, as JSON; pid 0: none is said. Heap text, or NULL. */
char *hooks_state_json(const struct command *cmd, pid_t pid, const char *status,
                       struct lxcdriver_error **err);

/*
 * Run the command's hooks of a point in order, each to its end, in the bundle's directory. The
 * first that cannot be executed, fails or takes longer than its timeout ends this with an error
 * that names the point, the path and what it printed last. 0 or -1.
 */
int hooks_run(const struct command *cmd, enum hook_point point, const char *state_json,
              struct lxcdriver_error **err);
/* The same for a container that is there, its state being `status`. 0 or -1. */
int hooks_run_for(const struct command *cmd, enum hook_point point, pid_t pid, const char *status,
                  struct lxcdriver_error **err);

/*
 * On SUP_HOOKS: run prestart and createRuntime, and tell the supervisor to go on. When one fails,
 * the supervisor is told so and has ended the container on return (l->ended). 0 or -1.
 */
int hooks_before_pivot(struct launch *l, pid_t init, struct lxcdriver_error **err);
/* After SUP_STARTED: run poststart. When one fails the init has been killed on return. 0 or -1. */
int hooks_poststart(const struct command *cmd, pid_t init, uint64_t init_start,
                    struct lxcdriver_error **err);

/* ---- what is kept of a container's hooks for `start` and `delete` (hookfile.c) ---- */

/* Write hooks.json into a container's directory if it has hooks of either point. 0 or -1. */
int hooks_save(int dir_fd, const struct command *cmd, struct lxcdriver_error **err);
/* Read it into a command that has what hooks_run() needs. NULL without an error when there is none.
 */
struct command *hooks_load(int dir_fd, struct lxcdriver_error **err);

/*
 * The right to run poststop: of several who delete a container one gets it, once. Claimed before
 * anything is removed; this waits for another who has it. The file's removal, with the directory's,
 * takes it from all others.
 */
struct hooks_claim {
    int fd;              /* locked hooks.json; -1: there is nothing to run */
    struct command *cmd; /* NULL: likewise */
};
#define HOOKS_UNCLAIMED                                                                            \
    {                                                                                              \
        .fd = -1                                                                                   \
    }
/* 0, also when there is nothing to claim, or -1. */
int hooks_claim(int dir_fd, struct hooks_claim *out, struct lxcdriver_error **err);
/* Give the file up before they are run: whatever else is removed later, they run once. 0 or -1. */
int hooks_forget(int dir_fd, struct lxcdriver_error **err);
/* Run poststop; a failure is told to `warn` (may be NULL) and the next one is run. */
void hooks_poststop(const struct hooks_claim *claim,
                    void (*warn)(void *opaque, const char *message), void *opaque);
void hooks_unclaim(struct hooks_claim *claim);

#endif
