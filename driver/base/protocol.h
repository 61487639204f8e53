/*
 * What the driver, the supervisor and the init shim say to each other. The only header that
 * initshim/ shares with driver/.
 *
 * Two things travel:
 *
 * 1. A record file ("bootstrap"), written by the driver to <root>/<id>/bootstrap and handed over as
 *    an open descriptor. It begins with struct wire_header, followed by records: struct
 * wire_record, then `len` bytes, then zero padding to a multiple of 8. A string record's length
 * includes its terminating NUL and has no other NUL. Numbers are in host byte order. A reader
 * refuses an unknown tag, a record that runs past the end and a string without its NUL. Tags marked
 * * may repeat, in order.
 *
 * 2. Messages: one struct shim_msg a packet over an AF_UNIX SOCK_SEQPACKET pair, descriptors beside
 *    it by SCM_RIGHTS.
 *
 * Start of a container (shim is pid 1, its socket is descriptor SHIM_FD, its executable descriptor
 * is closed by exec):
 *
 *     supervisor -> shim   SHIM_BOOTSTRAP  fds: bootstrap, socket [, stdin, stdout, stderr unless
 *                          WF_TERMINAL] [, a detached mount for each WT_ATTACH ...]
 *                          [, preserved ...]
 *                          All that follows goes over this socket: lxc-start holds the first one
 *                          open too, so that its end would not tell the exec
 *     shim -> supervisor   SHIM_WARN       any number: detail is a sentence's worth of what the
 *                          host could not give
 *     shim -> supervisor   SHIM_CONSOLE    fds: pty master, with WF_TERMINAL
 *     shim -> supervisor   SHIM_READY      everything that needs privilege over the container is
 *                          done; carries SCM_CREDENTIALS
 *     supervisor -> shim   SHIM_START
 *     shim -> supervisor   SHIM_SECCOMP    fds: notification listener, when the filter has one
 *                          (value: 1)
 *     supervisor -> shim   SHIM_SECCOMP_DONE   it has been handed on
 *     shim                 execs: the socket is close-on-exec, its end is seen as end of file. A
 *                          failure instead sends
 *     shim -> supervisor   SHIM_FAIL       stage, errnum, detail; then the shim exits 125, 126 or
 *                          127
 *
 * Hooks before the change of root: LXC's hook "mount" executes the shim with SHIM_HOOK_ARG, as a
 * child of the init that is to be, in the container's namespaces and with the same two descriptors.
 * It is over before SHIM_BOOTSTRAP is sent.
 *
 *     shim -> supervisor   SHIM_HOOKS      carries SCM_CREDENTIALS; the supervisor has the driver
 * run prestart and createRuntime supervisor -> shim   SHIM_HOOKS_GO   fds: bootstrap. Now it runs
 * createContainer shim -> supervisor   SHIM_HOOKS_DONE or SHIM_FAIL
 *
 * Exec into a running container (the shim is started by the driver on the host with SHIM_EXEC_ARG):
 * the same, with WF_EXEC. The first process joins and forks with CLONE_PARENT, so that the workload
 * is the driver's child; SHIM_READY comes from that child (its credentials give the pid in the
 * driver's namespace) and the first process exits 0.
 */
#ifndef RUNLXC_PROTOCOL_H
#define RUNLXC_PROTOCOL_H

#include <stdint.h>

#define WIRE_MAGIC 0x4c784c72u /* "rLxL" */
#define WIRE_VERSION 1u
#define WIRE_MAX (8u << 20) /* a bootstrap is never larger, bytes */

struct wire_header {
    uint32_t magic, version;
};

struct wire_record {
    uint32_t tag, len;
};

/* The shim's end of its socket, as lxc-start passes it on; argv[1] of the shim is one of the
 * words. */
#define SHIM_FD 3
#define SHIM_EXE_FD 4
#define SHIM_INIT_ARG "init"
#define SHIM_EXEC_ARG "exec"
#define SHIM_HOOK_ARG "hook"

enum wire_tag {
    /* process */
    WT_FLAGS = 1, /* u64, WF_* */
    WT_ARG,       /* string* */
    WT_ENV,       /* string* "K=V"; complete but for HOME, which the shim adds when there is none */
    WT_CWD,       /* string, absolute */
    WT_USER,      /* string: "name|uid[:group|gid]"; looked up in /etc/passwd and /etc/group */
    WT_UID,       /* u32; instead of WT_USER */
    WT_GID,       /* u32 */
    WT_GROUP,     /* string*: supplementary group by name or number */
    WT_ADDITIONAL_GID, /* u32* */
    WT_UMASK,          /* u32 */
    WT_CAPS,           /* struct wire_caps; absent: all that the shim has */
    WT_RLIMIT,         /* struct wire_rlimit* */
    WT_OOM_SCORE_ADJ,  /* i32 */
    WT_APPARMOR,       /* string: profile for exec */
    WT_SELINUX,        /* string: label for exec */
    WT_SECCOMP,        /* bytes: struct sock_filter[] */
    WT_SECCOMP_FLAGS,  /* u32: SECCOMP_FILTER_FLAG_* */
    WT_SCHED,          /* struct wire_sched */
    WT_IOPRIO,         /* u32: IOPRIO_PRIO_VALUE */
    WT_AFFINITY,       /* bytes: cpu mask for sched_setaffinity */
    WT_PERSONALITY,    /* u64: personality(2) */
    WT_CONSOLE_SIZE,   /* struct wire_winsize */
    /* container, not with WF_EXEC */
    WT_DOMAINNAME, /* string */
    WT_SYSCTL,     /* string*: "net.ipv4.ip_forward=1" */
    WT_MASKED,     /* string*: absolute path */
    WT_READONLY,   /* string*: absolute path */
    WT_MOUNT_ATTR, /* struct wire_mount_attr*, then the destination as a string: mount_setattr(2) on
                      what is mounted there */
    WT_TMPCOPYUP,  /* string*: destination of the WT_MOUNT that comes next, a tmpfs: what it covers
                      is copied into it */
    WT_ROOT_PROPAGATION, /* u64: MS_*, before WT_MOUNT and WT_ATTACH; without it all mounts are
                            slaves or private */
    WT_DEVICE,           /* struct wire_device*, then the path as a string */
    WT_NET_IF,           /* string*: begins an interface (by its name in the container) */
    WT_NET_MTU,          /* u32: of the last interface begun */
    WT_NET_ADDR,         /* struct wire_addr*: likewise */
    WT_NET_GATEWAY,      /* struct wire_addr*: default route through the last interface begun */
    /* exec, only with WF_EXEC */
    WT_SETNS,  /* u64: CLONE_NEW* flags for setns(2) on the init's pidfd, which is the first
                  descriptor after bootstrap */
    WT_CGROUP, /* string*: absolute host directory of a cgroup to enter */
    /* struct wire_hook*: then NUL-separated path, args, "", env, "" */
    WT_HOOK,
    /* container, not with WF_EXEC */
    /* struct wire_mount*, then four strings, each with its NUL: destination, type, source, data. A
     * mount(2) that LXC cannot say, done before WT_DEVICE, WT_SYMLINK and WT_MOUNT_ATTR */
    WT_MOUNT,
    /* string*, twice: target, then absolute path of the link. A mount or file there is taken away
     * first; a link that is already right stays */
    WT_SYMLINK,
    /* struct wire_attach*, then the destination as a string: where a mount goes that came as a
     * descriptor, the n-th record for the n-th of them. In one order with WT_MOUNT */
    WT_ATTACH,
    /* string, twice: the state of the container as hooks get it, in JSON, up to the value of
     * status, and what comes behind the pid */
    WT_STATE,
    WT_MEMPOLICY, /* struct wire_mempolicy */
    WT_TAGS
};

enum wire_flag {
    WF_EXEC = 1 << 0,
    WF_TERMINAL = 1 << 1,
    WF_NO_NEW_PRIVS = 1 << 2,
    WF_INIT = 1 << 3, /* stay as pid 1: fork the workload, forward signals, reap, exit as it did */
    WF_ROOT_READONLY = 1 << 4, /* remount / read-only, last */
    WF_CREATE_CWD = 1 << 5,
    WF_LOOPBACK = 1 << 6, /* bring lo up */
    /* /proc was mounted only for the shim's own start: detach it before exec */
    WF_UMOUNT_PROC = 1 << 7,
    WF_NEW_SESSION_KEYRING = 1 << 8,
    WF_SYS_READONLY = 1 << 9, /* remount /sys read-only after sysctl and network are done */
    WF_CHOWN_STDIO = 1 << 10, /* stdio are pipes of ours: give them to the user, so that /dev/stdout
                                 can be opened again */
    WF_DEV_READONLY = 1 << 11,
    WF_USERNS = 1 << 12, /* in a user namespace of its own: mknod is not possible,
                            /proc/self/setgroups may deny */
    /* join a cgroup namespace: a descriptor of it follows those of WT_ATTACH */
    WF_CGROUP_NS = 1 << 13,
    /* NOTIFY_SOCKET in the environment is for the container's own process, and for none of exec */
    WF_NOTIFY = 1 << 14,
};

/* NUMA nodes that a mask can name, as many as the kernel can be built for (NODES_SHIFT). */
#define WIRE_NODES 1024

struct wire_caps {
    uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct wire_rlimit {
    uint32_t resource, pad;
    uint64_t soft, hard;
};

struct wire_sched { /* fields of struct sched_attr, sched_setattr(2) */
    uint32_t policy;
    int32_t nice;
    uint32_t priority, pad;
    uint64_t flags, runtime, deadline, period;
};

struct wire_mempolicy { /* set_mempolicy(2) */
    uint32_t mode, pad; /* MPOL_*, with MPOL_F_* */
    uint64_t nodes[WIRE_NODES / 64];
};

struct wire_winsize {
    uint16_t rows, cols;
    uint32_t pad;
};

struct wire_mount_attr {
    uint64_t set, clear;  /* MOUNT_ATTR_* */
    uint64_t propagation; /* MS_*, 0: leave */
    uint32_t recursive, pad;
};

struct wire_mount {
    uint64_t flags;       /* MS_* without propagation, never MS_BIND or MS_REMOUNT */
    uint64_t propagation; /* MS_* for a second mount(2), 0: leave */
    uint32_t create;      /* 1: make the destination directory when it is missing */
    uint32_t pad;
};

struct wire_attach {
    uint64_t set, clear;           /* MOUNT_ATTR_* of the mount, changed before it is attached */
    uint64_t tree_set, tree_clear; /* and of it and all mounts below it */
    uint64_t propagation;          /* MS_* with MS_REC, once it is attached; 0: as it came */
    uint32_t create;               /* WIRE_CREATE_*: what to make when the destination is missing */
    uint32_t pad;
};

enum { WIRE_CREATE_NOTHING, WIRE_CREATE_DIR, WIRE_CREATE_FILE };

struct wire_device {
    uint32_t mode; /* file type and permission bits, as mknod(2) takes them */
    uint32_t uid, gid;
    uint32_t major, minor, pad;
};

struct wire_addr {
    uint8_t family; /* AF_INET or AF_INET6 */
    uint8_t prefix; /* bits */
    uint8_t pad[6];
    uint8_t addr[16];
};

struct wire_hook {
    int64_t timeout_s; /* 0: none */
    uint32_t point;    /* WIRE_HOOK_* */
    uint32_t pad;
};

enum { WIRE_HOOK_START_CONTAINER, WIRE_HOOK_CREATE_CONTAINER };

enum shim_type {
    SHIM_BOOTSTRAP = 1,
    SHIM_READY,
    SHIM_START,
    SHIM_CONSOLE,
    SHIM_WARN,
    SHIM_FAIL,
    SHIM_SECCOMP,
    SHIM_SECCOMP_DONE,
    SHIM_HOOKS,
    SHIM_HOOKS_GO,
    SHIM_HOOKS_DONE
};

/* Where in the shim something failed. The driver has the sentence for each (driver/run/stage.c). */
enum shim_stage {
    STAGE_BOOTSTRAP, /* the record file itself */
    STAGE_NAMESPACE, /* exec: joining */
    STAGE_CGROUP,    /* exec: entering a cgroup; detail: its path */
    STAGE_NETWORK,   /* detail: interface and what was tried */
    STAGE_CONSOLE,
    STAGE_DEVICE, /* detail: path */
    STAGE_MOUNT,  /* detail: path */
    STAGE_SYSCTL, /* detail: "key=value" */
    STAGE_HOSTNAME,
    STAGE_HOOK,
    STAGE_RLIMIT, /* detail: its number */
    STAGE_OOM_SCORE,
    STAGE_USER, /* detail: the user or group as given; errnum 0: not found */
    STAGE_CAPS,
    STAGE_CWD, /* detail: path */
    STAGE_LSM, /* detail: profile or label */
    STAGE_SECCOMP,
    STAGE_SCHED,
    STAGE_EXEC, /* detail: the program; ENOENT gives 127, anything else 126 */
    STAGES
};

#define SHIM_DETAIL 480

struct shim_msg {
    uint32_t type;            /* enum shim_type */
    uint32_t stage;           /* enum shim_stage, with SHIM_FAIL and SHIM_WARN */
    int32_t errnum;           /* errno, 0: none */
    int32_t value;            /* SHIM_FAIL: exit code to report */
    char detail[SHIM_DETAIL]; /* NUL-terminated, may be cut; bytes from the container: never trust,
                                 quote when printing */
};

#endif
