/*
 * Control groups of this host and of one container: which hierarchies there are, where a container's directories lie, and what can
 * be read and done there. Kernel: Documentation/admin-guide/cgroup-v1/, cgroup-v2.rst.
 *
 * A container's directories are kept as a list of struct cgroup_dir, in state.json and in the supervisor's record; everything
 * below works on that list, so that it holds for any path an engine chose.
 */
#ifndef RUNLXC_CGROUP_H
#define RUNLXC_CGROUP_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "lxcdriver.h"
#include "spec/command.h"

struct cgroup_hierarchy {
    char *controllers; /* comma-separated as in /proc/self/cgroup; "name=systemd"; "" for v2 */
    char *mount;       /* where it is mounted: /sys/fs/cgroup/memory */
    bool v2;
    char *base;        /* pid 1's cgroup in it without a trailing "/init.scope", relative, "" for the root: LXC's base as root */
};

struct cgroup_layout {
    enum cgroup_mode mode;
    struct cgroup_hierarchy *hierarchies;
    size_t n;
    struct strv v1_controllers, v2_controllers;
};

/* Read /proc/self/mountinfo, /proc/1/cgroup and cgroup.controllers. 0 or -1. */
int cgroup_layout_read(struct cgroup_layout *out, struct lxcdriver_error **err);
/* The same out of given texts, for tests: mountinfo, pid 1's cgroup file, the v2 root's cgroup.controllers (NULL: none). */
int cgroup_layout_parse(const char *mountinfo, const char *cgroup, const char *controllers, struct cgroup_layout *out,
                        struct lxcdriver_error **err);
void cgroup_layout_clear(struct cgroup_layout *layout);

struct cgroup_dir {
    char *controllers; /* as in the hierarchy: "memory", "cpu,cpuacct", "name=systemd", "" for v2 */
    char *path;        /* absolute directory */
    bool v2;
};

struct cgroup_dirs {
    struct cgroup_dir *dirs;
    size_t n;
};

/* Directories of a relative path ("runlxc/web") in every hierarchy (they need not exist). */
int cgroup_dirs_of(const struct cgroup_layout *layout, const char *relative, struct cgroup_dirs *out,
                   struct lxcdriver_error **err);
/* Directories in which a process is, from /proc/PID/cgroup. */
int cgroup_dirs_of_pid(const struct cgroup_layout *layout, pid_t pid, struct cgroup_dirs *out, struct lxcdriver_error **err);
void cgroup_dirs_clear(struct cgroup_dirs *dirs);
/* Directory of a controller ("memory"; "" for v2), or NULL. On pure v2 every controller is in "". */
const struct cgroup_dir *cgroup_dir_find(const struct cgroup_dirs *dirs, const char *controller);

/* Every process in them and below, each once; heap array. */
int cgroup_pids(const struct cgroup_dirs *dirs, pid_t **pids, size_t *n, struct lxcdriver_error **err);
/* Freeze or thaw (v1 freezer.state, v2 cgroup.freeze), returning when the kernel reports it done (poll(2) on cgroup.events for v2;
 * v1 has no event: bounded retries of the write, as the kernel document describes). */
int cgroup_freeze(const struct cgroup_dirs *dirs, bool frozen, struct lxcdriver_error **err);
int cgroup_is_frozen(const struct cgroup_dirs *dirs, bool *frozen);
/* Signal every process in them and below; with SIGKILL by cgroup.kill where there is one, else repeated until none is left (bounded). Skips `spare` (0: none). */
int cgroup_signal(const struct cgroup_dirs *dirs, int signum, pid_t spare, struct lxcdriver_error **err);
/* Remove them with everything below, children first; what is gone is no error; then `parents` levels of empty parents above. */
int cgroup_remove(const struct cgroup_dirs *dirs, int parents, struct lxcdriver_error **err);
/* Number of OOM kills so far, or -1 when it cannot be read. */
int64_t cgroup_oom_kills(const struct cgroup_dirs *dirs);
/* Descriptor for lxcdriver_oom_fd(): v1 eventfd on memory.oom_control, v2 inotify on memory.events. */
int cgroup_oom_fd(const struct cgroup_dirs *dirs, struct lxcdriver_error **err);
/* CPU, memory, blkio, pids members of stats. Network is read elsewhere (host/netstat). */
int cgroup_stats(const struct cgroup_dirs *dirs, struct lxcdriver_stats *stats, struct lxcdriver_error **err);

#endif
