/*
 * What the driver and the supervisor say to each other; the second half of base/protocol.h, with
 * the same record format.
 *
 * The supervisor is started first, as `runlxc-supervise ROOT ID WARM CLEANUP-COMMAND [ARG...]`,
 * with its end of a SOCK_SEQPACKET pair as descriptor SUP_FD; WARM tells whether what shared/warm.h
 * describes has begun, or is left to it. From then on it is the one who answers for the container's
 * traces: if the driver's end closes before the container was started (or at any time,
 * without SF_DETACH), it ends what there is and, with SF_REMOVE or when the start was not complete,
 * replaces itself by the clean-up command, which removes everything that the record and the
 * directory name.
 *
 *     supervisor -> driver  SUP_CLAIMED   the container's directory was made (errnum 0), or why not
 * (EEXIST: the id is in use) driver -> supervisor  SUP_RECORD    fds in the order of enum sup_fd,
 * those whose flag is set supervisor -> driver  SUP_WARN      any number; stage, errnum, detail of
 * the shim supervisor -> driver  SUP_CONSOLE   fds: pty master, with SF_TERMINAL and not SF_LOG
 *     supervisor -> driver  SUP_CREATED   pid, start_time of the init: it waits for the start. The
 * driver writes state.json driver -> supervisor  SUP_START     (or any other process through the
 * socket "control" in the directory) supervisor -> driver  SUP_STARTED   the workload has been
 * executed and LXC says RUNNING supervisor -> driver  SUP_EXIT      status (wait(2)), oom
 *     supervisor -> driver  SUP_FAIL      instead of any of these: stage/errnum/detail of the shim
 * (origin 0), or of the supervisor (origin 1: detail says what failed; origin 2: lxc-start failed,
 * its log says why)
 *
 *     driver -> supervisor  SUP_DETACH    fds: log file, what is to be drained into it from now on:
 * go on as with SF_DETACH
 *
 *     driver -> supervisor  SUP_RELEASE   with SF_ENGINE, when all is written down: from now on the
 * container does without the driver. The supervisor goes into the container (cgroups, namespaces)
 *     supervisor -> driver  SUP_RELEASED  it is there: its pid can be given to the engine
 *
 *     supervisor -> driver  SUP_HOOKS     with SF_HOOKS, before SUP_CREATED; pid of the init: the
 * namespaces are there and the root is not changed yet
 *     driver -> supervisor  SUP_HOOKS_DONE   the hooks on the host were run; value: whether one
 * failed, then the container is ended
 *
 *
 *     supervisor -> driver  SUP_NOTIFIED  with SF_NOTIFY, once: the container has said READY=1, and
 * the host's service manager was told
 *
 * A client of the control socket may send SUP_START (answered by SUP_STARTED or SUP_FAIL) and
 * SUP_WAIT (answered by SUP_EXIT). SUP_START with a descriptor beside it, a socket connected to
 * the service manager's, asks for SUP_NOTIFIED as well, and is answered by SUP_REFUSED without
 * SF_NOTIFY: nothing was started.
 */
#ifndef RUNLXC_SUPERVISE_H
#define RUNLXC_SUPERVISE_H

#include <stdint.h>

#include "base/protocol.h"

#define SUP_FD 3

#define SUP_WARM "warm"
#define SUP_COLD "cold"

/* In lxc-start: where the guard tells the supervisor that it is there, and the guard's library
 * itself, which is loaded by this number and not by its path. It closes both. */
#define SUP_GUARD_FD 5
#define SUP_GUARD_LIB_FD 6

enum sup_tag {
    SUPT_FLAGS = 1,      /* u64, SF_* */
    SUPT_LXC_START,      /* string: absolute path of lxc-start */
    SUPT_LOG_FILE,       /* string: lxc-start's own log */
    SUPT_LOG_LEVEL,      /* string: LXC's name of a level */
    SUPT_TIMEOUT_MS,     /* u64: for everything up to SUP_CREATED, and again up to SUP_STARTED */
    SUPT_PAYLOAD_CGROUP, /* string*: absolute directories to remove at the end, children first
                            inside each */
    SUPT_MONITOR_CGROUP, /* string*: likewise: lxc-start's own */
    SUPT_OOM_FILE,       /* string: file with a line "oom_kill N" */
    SUPT_HOST_IF,        /* string: host side of the veth pair, for the clean-up */
    SUPT_UPPER,          /* string: directory of the throw-away layer, for the clean-up */
    SUPT_MADE, /* string*: mount points made in a root of the user's, to be removed when empty, for
                  the clean-up */
    SUPT_LISTENER,       /* string: absolute path of the socket that gets the seccomp listener */
    SUPT_LISTENER_STATE, /* string, LISTENER_PARTS times: see shared/listener.h */
    SUPT_LXC_NAME,       /* string: what LXC calls the container; without it the id */
    SUPT_LXC_CONFIG,     /* string: with it, absolute path of the configuration */
    SUPT_TIME_NS,        /* string: absolute path of the time namespace to join */
    SUPT_UNIT,           /* string: systemd's unit around the payload's cgroup, for the clean-up */
    SUPT_GUARD,          /* string: absolute path of the guard of lxc-start's command socket */
    SUPT_HOME_CGROUP,    /* string*: absolute directory where lxc-start goes with SF_OWN_CGROUPS */
    SUPT_TAGS
};

enum sup_flag {
    SF_RSLAVE = 1 << 0, /* `/` is shared: make the copy rslave */
    SF_DETACH = 1 << 1, /* the driver's end may close after SUP_STARTED */
    SF_REMOVE =
        1 << 2, /* when nobody is left to do it, remove the container's records at the end */
    SF_TERMINAL = 1 << 3,
    SF_LOG =
        1 << 4, /* output (pipe, or the pty's master) is drained into the log by the supervisor */
    SF_STDIO = 1 << 5,
    SF_ROOTFS = 1 << 6,       /* a detached mount is to be placed at <dir>/rootfs */
    SF_KILL_CGROUP = 1 << 7,  /* the init's end does not end the others (host's pid namespace): kill
                                 all in the payload's cgroups */
    SF_UNCONFINED = 1 << 8,   /* AppArmor: lxc-start is executed unconfined */
    SF_LXC_TEARDOWN = 1 << 9, /* let lxc-start take its time to end by itself (raw LXC keys such as
                                 hooks may rely on it) */
    SF_IDMAP = 1 << 10,       /* the configuration maps ids: newuidmap must not be found */
    SF_ENGINE = 1 << 11,      /* after SUP_RELEASE: stay when the driver goes, join the container's
                                 namespaces; the cgroups are left to `delete` */
    SF_JOIN_CGROUPS = 1 << 12, /* and enter the payload's cgroups */
    SF_HOOKS = 1 << 13,        /* LXC's hook "mount" runs the shim, before it is the init */
    /* The cgroups are the driver's, which has made them, and not LXC's: lxc-start is started in the
     * payload's, from which its init has them, and put back then to where it came from */
    SF_OWN_CGROUPS = 1 << 14,
    /* setgroups(2) is denied, and LXC's start fails when it may try it: it is not to have the
     * capability, nor is what it starts */
    SF_NO_SETGID = 1 << 15,
    SF_LEASH = 1 << 16,  /* what is under a profile of AppArmor's does not die with its parent */
    SF_NOTIFY = 1 << 17, /* pass the container's notifications on to the host's service manager */
    /* In lxc-start's place stands what brings a container back: its child is LXC's monitor, which
     * tells nobody how the init has ended */
    SF_RESTORE = 1 << 18,
};

/* Descriptors beside SUP_RECORD, in this order. */
enum sup_fd { SUPFD_RECORD, SUPFD_BOOTSTRAP, SUPFD_EXE, SUPFD_FIXED };
/* then: rootfs (SF_ROOTFS); log file and, without a terminal, the read end to drain (SF_LOG); stdin
 * stdout stderr (SF_STDIO); the container's notification socket and one connected to the host's
 * (SF_NOTIFY); then what the shim gets as it is: the mounts of WT_ATTACH, and whatever
 * is to be preserved for the workload */
#define SUP_OWN_MAX (SUPFD_FIXED + 8) /* all before the shim's */
#define SUP_SHIM_MAX 128              /* the shim's */

enum sup_type {
    SUP_CLAIMED = 100,
    SUP_RECORD,
    SUP_WARN,
    SUP_CONSOLE,
    SUP_CREATED,
    SUP_START,
    SUP_STARTED,
    SUP_WAIT,
    SUP_EXIT,
    SUP_FAIL,
    SUP_DETACH,
    SUP_RELEASE,
    SUP_RELEASED,
    SUP_HOOKS,
    SUP_HOOKS_DONE,
    SUP_NOTIFIED,
    SUP_REFUSED
};

enum sup_origin { SUP_ORIGIN_SHIM, SUP_ORIGIN_SUPERVISOR, SUP_ORIGIN_LXC };

struct sup_msg {
    uint32_t type;       /* enum sup_type */
    int32_t pid;         /* init */
    uint64_t start_time; /* clock ticks, field 22 of /proc/PID/stat */
    int32_t status;      /* SUP_EXIT: wait(2) status */
    uint32_t oom;        /* SUP_EXIT: OOM kills */
    uint32_t origin;     /* SUP_FAIL */
    uint32_t stage;      /* SUP_FAIL, SUP_WARN */
    int32_t errnum;
    /* SUP_FAIL: exit code; SUP_HOOKS_DONE; SUP_EXIT: 1 when a cgroup is left */
    int32_t value;
    char detail[SHIM_DETAIL];
};

/*
 * state.json ends with these lines, in this order, which the supervisor rewrites when they change;
 * what stands before belongs to the driver. The last occurrence of STATE_TAIL_MARK begins them.
 */
#define STATE_TAIL_MARK "\n  \"status\": "
/* status; started, finished: CLOCK_REALTIME in nanoseconds, 0: not yet; the exit status as a shell
 * gives it (128 + signal), or "null"; the wait(2) status, -1: none; OOM kills > 0 */
#define STATE_TAIL_FORMAT                                                                          \
    "\n  \"status\": \"%s\",\n  \"started\": %lld,\n  \"finished\": %lld,\n"                       \
    "  \"exitStatus\": %s,\n  \"waitStatus\": %d,\n  \"oom\": %s\n}\n"

#endif
