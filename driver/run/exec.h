/* One more process in a running container: exec_process.c reads what it is to be, exec_record.c
 * and exec_cgroup.c say that to the shim, exec.c starts it and waits. */
#ifndef RUNLXC_RUN_EXEC_H
#define RUNLXC_RUN_EXEC_H

#include "run/run.h"

struct lxcdriver_process_spec {
    struct command *cmd; /* of which only `process` is used */
    struct strv warnings;
};

struct exec {
    const struct container *c;
    const struct lxcdriver_process *process;
    const struct lxcdriver_run_options *options;
    bool tty;
    struct buf bootstrap;
    uint64_t flags; /* WF_* */
    int sock, stdio[3];
    pid_t shim, pid;
};

/* Fill e->bootstrap: the process as it was asked for, and what it takes over from the container,
 * out of the record that the container itself was started with. 0 or -1. */
int exec_make_bootstrap(struct exec *e, struct lxcdriver_error **err);

/* exec_cgroup.c: add the cgroups that the process enters. 0 or -1. */
int exec_add_cgroups(struct exec *e, struct lxcdriver_error **err);

#endif
