/*
 * Intel RDT through the resctrl filesystem, as "intelRdt" of an OCI bundle asks (config-linux.md,
 * "IntelRdt"; kernel: Documentation/arch/x86/resctrl.rst). Where no resctrl is mounted everything
 * but the removal is an error that says so.
 */
#ifndef RUNLXC_RESCTRL_H
#define RUNLXC_RESCTRL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "spec/command.h"

/* A container's place in it, to be kept for its removal. */
struct resctrl_group {
    char *dir;     /* of the class of service; NULL: the container has none */
    char *monitor; /* of the monitoring group; NULL: none */
    bool made;     /* dir was made for this container alone */
};

/* Whether the command can have what it asks for; changes nothing. 0 or -1. */
int resctrl_check(const struct command *cmd, struct lxcdriver_error **err);

/*
 * Make or join the class of service, write its schemata, put `pid` (and with it all that it will
 * start) into it and into a monitoring group when that is asked for. *out is the caller's to clear,
 * also after an error, and to give to resctrl_remove(). 0 or -1.
 */
int resctrl_enter(const struct command *cmd, pid_t pid, struct resctrl_group *out,
                  struct lxcdriver_error **err);

/* Write new lines (either may be NULL) into the schemata of a group's directory. 0 or -1. */
int resctrl_update(const char *dir, const char *l3_cache, const char *mem_bw,
                   struct lxcdriver_error **err);

/* Remove what was made for the container. What is gone is no error. */
void resctrl_remove(const struct resctrl_group *group);
void resctrl_group_clear(struct resctrl_group *group);

#endif
