/* What a document comes to once it is read: everything that reaches a file or a process by it. */
#ifndef RUNLXC_INJECTION_H
#define RUNLXC_INJECTION_H

#include "base/err.h"
#include "base/str.h"
#include "spec/command.h"

/* One value that somebody gets, as bytes (a record of the bootstrap may hold NULs), and what it is.
 */
struct item {
    char *what;
    struct buf value;
};

struct view {
    struct item *items;
    size_t n;
};

/*
 * The view of a command: every key that liblxc has after it read the configuration that is written
 * of it, with its values (a mount entry field by field and option by option, decoded as mntent(3)
 * has it), every record of the shim's bootstrap, every value for a cgroup, the environment and the
 * state as their JSON readers give them. `templates` is where lxc.include looks, `scratch` a
 * directory for the configuration. 0, or -1 with the driver's error; ends the program when liblxc
 * does not take what the driver wrote.
 */
int view_make(struct command *cmd, const char *templates, const char *scratch, struct view *view,
              struct lxcdriver_error **err);
void view_clear(struct view *view);

/* Print what is wrong with the test itself, and exit. */
void die(const char *what, const char *detail) __attribute__((noreturn));

#endif
