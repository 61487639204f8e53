/*
 * Control groups of this host and of one container: which hierarchies there are, where a
 * container's directories lie, and what can be read and done there. Kernel:
 * Documentation/admin-guide/cgroup-v1/, cgroup-v2.rst.
 *
 * A container's directories are kept as a list of struct cgroup_dir, in state.json and in the
 * supervisor's record; everything below works on that list, so that it holds for any path an engine
 * chose.
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
    char *root; /* what of the hierarchy is mounted there, as /proc/PID/cgroup names it: "/" but in
                   containers */
    bool v2;
    char *base; /* pid 1's cgroup in it without a trailing "/init.scope", relative, "" for the root:
                   LXC's base as root */
};

struct cgroup_layout {
    enum cgroup_mode mode;
    struct cgroup_hierarchy *hierarchies;
    size_t n;
    struct strv v1_controllers, v2_controllers;
    bool own;         /* no base is LXC's to write: see cgroup_layout_delegate() */
    bool root_shared; /* `/` is a shared mount: what the same reading of mountinfo tells */
};

/*
 * Read /proc/self/mountinfo, /proc/1/cgroup and cgroup.controllers, each once. Of several mounts of
 * a hierarchy the one is taken that shows pid 1's cgroup and lies under /sys/fs/cgroup (where LXC
 * looks); mounts that others hide do not count. A hierarchy without a mount is left out; none at
 * all is an error. Named hierarchies ("name=systemd") are no v1 controllers, so a v2 hierarchy with
 * only such beside it is CGROUP_V2. 0 or -1.
 */
int cgroup_layout_read(struct cgroup_layout *out, struct lxcdriver_error **err);
/* The same for containers that are systemd's units: for who is not root of the host what his own
 * manager has, wherever we are ourselves. 0 or -1. */
int cgroup_layout_read_units(struct cgroup_layout *out, struct lxcdriver_error **err);
/* The same out of given texts, for tests: mountinfo, pid 1's cgroup file, the v2 root's
 * cgroup.controllers (NULL: none). */
int cgroup_layout_parse(const char *mountinfo, const char *cgroup, const char *controllers,
                        struct cgroup_layout *out, struct lxcdriver_error **err);
void cgroup_layout_clear(struct cgroup_layout *layout);
/*
 * For who is not root of the host: keep of a layout what is delegated to us, which may be nothing,
 * with v1_controllers made anew. When some base can be written (a container that was given a
 * hierarchy of its own) those are kept, and all is as for root. Else `own` is set, and each
 * hierarchy is based where our own cgroup is, or above it: on v2 at the nearest that can be
 * written and holds no process, since no controller could be given to what is made in another
 * (cgroup-v2.rst, "No Internal Process Constraint"). `cgroup` is /proc/self/cgroup and is cut into
 * pieces. cgroup_layout_read() does this by itself. 0 or -1.
 */
int cgroup_layout_delegate(struct cgroup_layout *layout, char *cgroup,
                           struct lxcdriver_error **err);

struct cgroup_dir {
    char *controllers; /* as in the hierarchy: "memory", "cpu,cpuacct", "name=systemd", "" for v2 */
    char *path;        /* absolute directory */
    bool v2;
};

struct cgroup_dirs {
    struct cgroup_dir *dirs;
    size_t n;
};

/* Directories of a path relative to each hierarchy's base ("runlxc/web"; a leading '/' is ignored)
 * in every hierarchy (they need not exist). A "." or ".." in it is an error. `out` is overwritten.
 * 0 or -1. */
int cgroup_dirs_of(const struct cgroup_layout *layout, const char *relative,
                   struct cgroup_dirs *out, struct lxcdriver_error **err);
/* A cgroup as systemd names it ("/system.slice/a.scope"), relative to the base of the hierarchy in
 * which systemd keeps its units, as cgroup_dirs_of() takes it. Heap; NULL with err. */
char *cgroup_relative(const struct cgroup_layout *layout, const char *cgroup,
                      struct lxcdriver_error **err);
/* Directories in which a process is, from /proc/PID/cgroup; those that no mount here shows are left
 * out. 0 or -1. */
int cgroup_dirs_of_pid(const struct cgroup_layout *layout, pid_t pid, struct cgroup_dirs *out,
                       struct lxcdriver_error **err);
/* Whether a process is at or below the base of each hierarchy in which it is, as far as mounts show
 * them: then it can be moved by who may make cgroups there. 1, 0, or -1 with err. */
int cgroup_layout_holds(const struct cgroup_layout *layout, pid_t pid,
                        struct lxcdriver_error **err);
/* Take those out of `dirs` that are in `others` too, but for a hierarchy's root, which everybody
 * passes over anyway. */
void cgroup_dirs_subtract(struct cgroup_dirs *dirs, const struct cgroup_dirs *others);
void cgroup_dirs_clear(struct cgroup_dirs *dirs);
/* Directory of a controller ("memory"; "" for v2), or NULL. A controller without a v1 hierarchy is
 * looked for in v2, so on pure v2 each of them gives the one directory; look at its `v2`. */
const struct cgroup_dir *cgroup_dir_find(const struct cgroup_dirs *dirs, const char *controller);

/*
 * A hierarchy's own root in a list (LXC leaves a container's processes there where it cannot make a
 * directory) is everybody's: what follows passes over it, and fails when the list has nothing else.
 */

/* Every process in them and below, each once, ascending; heap array (NULL when n is 0). What is
 * gone is empty. 0 or -1. */
int cgroup_pids(const struct cgroup_dirs *dirs, pid_t **pids, size_t *n,
                struct lxcdriver_error **err);
/* Freeze or thaw (v1 freezer.state, else v2 cgroup.freeze), returning when the kernel reports it
 * done (poll(2) on cgroup.events for v2; v1 has no event: bounded retries of the write, as the
 * kernel document describes). What is so already is no error. A freeze that is not done within ten
 * seconds is taken back and is an error. The caller must not be in them. 0 or -1. */
int cgroup_freeze(const struct cgroup_dirs *dirs, bool frozen, struct lxcdriver_error **err);
/* 0, or -1 with errno (ENOENT: no freezer, or gone). */
int cgroup_is_frozen(const struct cgroup_dirs *dirs, bool *frozen);
/*
 * Signal every process in them and below but `spare` (0: none), ourselves and pid 1. Other signals
 * than SIGKILL are sent once. SIGKILL goes by cgroup.kill where there is one (not with a `spare`),
 * then is repeated until no process is left, for at most ten seconds, after which the rest is an
 * error; frozen v1 processes are thawed to die. A reused pid is never hit: processes are held by
 * pidfd_open(2) and signalled when they are seen in the cgroup after that. 0 or -1.
 */
int cgroup_signal(const struct cgroup_dirs *dirs, int signum, pid_t spare,
                  struct lxcdriver_error **err);
/*
 * Remove them with everything below, children first; what is gone is no error; then up to `parents`
 * levels of empty parents above each (one that is in use stays). Waits, bounded, for processes that
 * are on their way out; a process that lives is an error with its pid and the path that stays,
 * after all others were removed. 0 or -1.
 */
int cgroup_remove(const struct cgroup_dirs *dirs, int parents, struct lxcdriver_error **err);
/* Number of OOM kills so far, or -1 when it cannot be read. v1 counts each directory for itself:
 * the sum over those that there are now, so the number can fall when a nested cgroup is removed.
 * v2: memory.events, which is hierarchical. */
int64_t cgroup_oom_kills(const struct cgroup_dirs *dirs);
/*
 * Descriptor for lxcdriver_oom_fd(): v1 eventfd on memory.oom_control, v2 inotify on memory.events;
 * close-on-exec, non-blocking, the caller's. Readable means "look at cgroup_oom_kills() again", no
 * more: v1 fires when memory ran out, before the kill is counted, also when nothing could be
 * killed, and once when the directory is removed; v2 fires at any change of memory.events. Read it
 * with a buffer of 4096 bytes, which suits both. -1 on error.
 */
int cgroup_oom_fd(const struct cgroup_dirs *dirs, struct lxcdriver_error **err);
/* CPU, memory, blkio, pids members of stats and read_ns; the network's are left alone
 * (host/netstat). LXCDRIVER_NO_VALUE for what this host does not count and for a limit that is not
 * set. An error only when none of the directories exists. 0 or -1. */
int cgroup_stats(const struct cgroup_dirs *dirs, struct lxcdriver_stats *stats,
                 struct lxcdriver_error **err);

/*
 * Make directories that cgroup_dirs_of() named, with those between them and each hierarchy's base,
 * and on v2 give them all controllers that the base has. What exists already is an error but for
 * what lies between. 0, or -1 with those that were made removed.
 */
int cgroup_dirs_make(const struct cgroup_layout *layout, const struct cgroup_dirs *dirs,
                     struct lxcdriver_error **err);
/*
 * Write values into the files of the directories, in an order that works: what is refused beside
 * its neighbours is tried again after them. When one stays refused, those that were written get
 * their old values back, as far as the files tell them, and the error names the member, the value
 * and the file. 0 or -1.
 */
int cgroup_write(const struct cgroup_dirs *dirs, const struct cgroup_values *values,
                 struct lxcdriver_error **err);
/*
 * v1: give each directory on the way to a container's cgroup that has no CPUs or memory nodes those
 * of its parent (cpusets.rst: in one without, no process can be). LXC does it for the first of
 * them only; conmon and others make parents and leave them empty. In the last that exists,
 * cgroup.clone_children is set for what LXC makes there. Before the container starts. 0 or -1.
 */
int cgroup_inherit_cpuset(const struct cgroup_dirs *dirs, struct lxcdriver_error **err);
/*
 * v1: LXC gives the uppermost directory on the way to a container's cgroup the CPUs and memory
 * nodes of the hierarchy's base, also where somebody made it to limit what is below it (docker run
 * --cgroup-parent). So they are noted before the container starts, under a lock (flock(2) on the
 * directory) until they have been restored, also in what LXC made below. Nothing is done where they
 * are the base's anyway.
 */
enum { CPUSET_CPUS, CPUSET_MEMS, CPUSET_CLONE, CPUSET_FILES };
struct cpuset_guard {
    int dir;                    /* -1: nothing to restore */
    char *values[CPUSET_FILES]; /* cpuset.cpus, cpuset.mems, cgroup.clone_children */
    char *below;                /* the way to the container's, when all of it is new */
};
/* `relative` as in cgroup_dirs_of(). *out is to be cleared in any case. 0 or -1. */
int cpuset_guard_take(const struct cgroup_layout *layout, const char *relative,
                      struct cpuset_guard *out, struct lxcdriver_error **err);
/* When the container's cgroups are there; what `res` asks for stays. 0 or -1 (it asks for more than
 * its parent has). */
int cpuset_guard_restore(struct cpuset_guard *guard, const struct resources *res,
                         struct lxcdriver_error **err);
/* After a start that failed, and its clean-up, this is what restores them. */
void cpuset_guard_clear(struct cpuset_guard *guard);
/* The first line of a control file of the container's own cgroup, heap. 0, or -1 with errno
 * (ENOENT: no such controller, directory or file). */
int cgroup_read(const struct cgroup_dirs *dirs, const char *file, char **out);

#endif
