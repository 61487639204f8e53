/*
 * struct command: everything that can be said about one container, whichever reader it came from
 * (command-line flags, Docker's execdriver JSON, an OCI bundle's config.json). It holds all that
 * the OCI runtime specification 1.3 can express, under that specification's names, plus what only a
 * launcher says (bridge networking, image layers).
 *
 * All strings and arrays are owned by the struct and freed by command_free(). A NULL string means
 * "not given"; numbers that have no natural "not given" carry a `has_` flag or use the documented
 * sentinel. Readers fill it; command_validate() checks what is common to all of them; nothing after
 * that changes it.
 */
#ifndef RUNLXC_COMMAND_H
#define RUNLXC_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* ---- processes (config.md "Process") ---- */

/* The five sets, as bit masks: bit n is capability number n of linux/capability.h. */
struct capabilities {
    bool set; /* false: not given; the reader's default applies */
    uint64_t bounding, effective, inheritable, permitted, ambient;
};

struct rlimit_entry {
    int resource;        /* RLIMIT_* */
    uint64_t soft, hard; /* RLIM64_INFINITY (~0) is unlimited */
};

struct user_spec {
    char *name; /* "name|uid[:group|gid]", looked up in the container by the shim; NULL: the numbers
                   below */
    uint32_t uid, gid;  /* in the container's user namespace */
    struct strv groups; /* supplementary groups by name or number, looked up by the shim */
    uint32_t *gids;     /* additionalGids */
    size_t n_gids;
    bool has_umask;
    uint32_t umask;
};

struct scheduler_spec { /* sched_setattr(2) */
    bool set;
    char *policy; /* SCHED_OTHER ... SCHED_DEADLINE */
    int32_t nice, priority;
    struct strv flags; /* SCHED_FLAG_* */
    uint64_t runtime_ns, deadline_ns, period_ns;
};

struct ioprio_spec { /* ioprio_set(2) */
    bool set;
    int class_; /* 1 realtime, 2 best effort, 3 idle */
    int priority;
};

struct process_spec {
    bool terminal;
    bool has_console_size;
    uint16_t console_rows, console_cols;
    struct user_spec user;
    struct strv args;
    struct strv env; /* "K=V", in order; a later one of the same name wins */
    char *cwd;       /* absolute; NULL: "/" */
    bool create_cwd; /* create it when it is missing */
    struct capabilities caps;
    struct rlimit_entry *rlimits;
    size_t n_rlimits;
    bool no_new_privs;
    bool has_oom_score_adj;
    int32_t oom_score_adj; /* -1000 .. 1000 */
    char *apparmor_profile;
    char *selinux_label;
    struct scheduler_spec scheduler;
    struct ioprio_spec ioprio;
    char *cpu_affinity_initial, *cpu_affinity_final; /* cpuset lists */
};

/* ---- mounts (config.md "Mounts") ---- */

/* Flag bits of mount(2) and mount_setattr(2), already parsed from the option words. */
struct mount_spec {
    char *destination; /* absolute, in the container */
    char *type;        /* "bind", "tmpfs", "proc", "sysfs", "cgroup", ...; NULL with MS_BIND set */
    char *source;      /* absolute host path for a bind; NULL: the type's name */
    uint64_t flags;    /* MS_* to set (MS_BIND, MS_REC, MS_RDONLY, ...) */
    uint64_t clear;    /* MS_* that the options clear again ("rw", "exec", "suid", "dev") */
    /* MS_PRIVATE|MS_SLAVE|MS_SHARED|MS_UNBINDABLE, with MS_REC; 0: not given */
    uint64_t propagation;
    uint64_t rec_set;      /* MOUNT_ATTR_* to set recursively ("rro", "rnosuid", ...) */
    uint64_t rec_clear;    /* MOUNT_ATTR_* to clear recursively */
    struct strv data;      /* what is left for the filesystem: "size=64m", "mode=1777" */
    bool idmap, idmap_rec; /* "idmap", "ridmap" */
    /* uidMappings, gidMappings of the mount; NULL: the container's */
    struct id_map *uid_maps, *gid_maps;
    size_t n_uid_maps, n_gid_maps;
    bool tmpcopyup;
    bool create_source; /* make a missing source directory on the host (docker run -v) */
    /* A descriptor of a detached mount (fsmount(2)) + 1, which is attached instead of a copy of
     * `source`; not owned. Set by the launch, not by a reader. 0: none. */
    int detached_plus_one;
};

/* Free what it holds; all zero afterwards. */
void mount_spec_clear(struct mount_spec *m);

/* ---- namespaces, id maps ---- */

enum ns_kind { NS_PID, NS_NET, NS_MNT, NS_IPC, NS_UTS, NS_USER, NS_CGROUP, NS_TIME, NS_KINDS };

enum ns_mode {
    NS_NEW,  /* a new one */
    NS_HOST, /* the host's */
    NS_PATH, /* join `path` */
};

struct namespace_spec {
    enum ns_mode mode;
    char *path;
};

struct id_map {
    uint32_t container_id, host_id, size;
};

/* ---- devices ---- */

struct device_node { /* to be created in the container */
    char type;       /* 'c', 'b', 'u' or 'p' */
    char *path;      /* in the container */
    char *host_path; /* where it was seen on the host, for a bind where mknod is not allowed; NULL:
                        by number */
    int64_t major, minor;
    bool has_mode, has_uid, has_gid;
    uint32_t mode, uid, gid;
};

struct device_rule { /* cgroup rule, in order */
    bool allow;
    char type;            /* 'a', 'c', 'b' */
    int64_t major, minor; /* -1: any */
    bool read, write, mknod;
};

/* ---- resources (config-linux.md "Control groups") ---- */

/* Numbers not given are RES_UNSET; -1 (unlimited) keeps its meaning where the specification gives
 * it one. */
#define RES_UNSET INT64_MIN

struct weight_device {
    int64_t major, minor;
    int64_t weight, leaf_weight; /* RES_UNSET when absent */
};

struct throttle_device {
    int64_t major, minor;
    char *path;    /* host device to take the number from, when the reader gave a path */
    uint64_t rate; /* bytes or operations a second */
};

struct hugepage_limit {
    char *page_size; /* "2MB" */
    uint64_t limit;  /* bytes */
};

struct net_priority {
    char *name;
    uint32_t priority;
};

struct rdma_limit {
    char *device;
    int64_t handles, objects; /* RES_UNSET when absent */
};

struct string_pair {
    char *key, *value;
};

enum throttle_kind {
    THROTTLE_READ_BPS,
    THROTTLE_WRITE_BPS,
    THROTTLE_READ_IOPS,
    THROTTLE_WRITE_IOPS,
    THROTTLE_KINDS
};

struct resources {
    /* bytes; -1 unlimited; swap is memory+swap as in v1 */
    int64_t memory_limit, memory_reservation, memory_swap;
    int64_t memory_kernel, memory_kernel_tcp, memory_swappiness;
    bool has_oom_kill_disable, oom_kill_disable;
    bool has_use_hierarchy, use_hierarchy;
    bool memory_check_before_update;
    int64_t cpu_shares, cpu_quota_us, cpu_period_us, cpu_burst_us, cpu_rt_runtime_us,
        cpu_rt_period_us, cpu_idle;
    char *cpuset_cpus, *cpuset_mems;
    int64_t pids_limit; /* -1 unlimited */
    int64_t blkio_weight, blkio_leaf_weight;
    struct weight_device *blkio_weight_devices;
    size_t n_blkio_weight_devices;
    struct throttle_device *throttle[THROTTLE_KINDS];
    size_t n_throttle[THROTTLE_KINDS];
    struct hugepage_limit *hugepages;
    size_t n_hugepages;
    int64_t net_class_id;
    struct net_priority *net_priorities;
    size_t n_net_priorities;
    struct rdma_limit *rdma;
    size_t n_rdma;
    struct string_pair *unified; /* cgroup v2 file -> value */
    size_t n_unified;
    struct device_rule *devices;
    size_t n_devices;
};

/* ---- hooks ---- */

enum hook_point {
    HOOK_PRESTART,
    HOOK_CREATE_RUNTIME,
    HOOK_CREATE_CONTAINER,
    HOOK_START_CONTAINER,
    HOOK_POSTSTART,
    HOOK_POSTSTOP,
    HOOK_POINTS
};

struct hook {
    char *path;
    struct strv args, env;
    int64_t timeout_s; /* RES_UNSET: none */
};

/* ---- seccomp ---- */

struct seccomp_arg {
    uint32_t index;
    uint64_t value, value_two;
    char *op; /* SCMP_CMP_* */
};

struct seccomp_rule {
    struct strv names;
    char *action; /* SCMP_ACT_* */
    bool has_errno;
    uint32_t errno_ret;
    struct seccomp_arg *args;
    size_t n_args;
};

struct seccomp_spec {
    bool set;
    char *default_action;
    bool has_default_errno;
    uint32_t default_errno;
    struct strv architectures, flags;
    char *listener_path, *listener_metadata;
    struct seccomp_rule *rules;
    size_t n_rules;
};

/* Free what it holds; all zero afterwards, which is "not given". */
void seccomp_rule_clear(struct seccomp_rule *rule);
void seccomp_spec_clear(struct seccomp_spec *sc);

/* ---- network, as a launcher or Docker's execdriver says it; a bundle has only namespaces ---- */

enum net_mode { NET_NONE, NET_HOST, NET_BRIDGE, NET_PATH, NET_CONTAINER };

struct ip_address {
    int family;       /* AF_INET or AF_INET6; 0: not given */
    uint8_t addr[16]; /* network byte order; 4 bytes used for AF_INET */
    uint32_t prefix;  /* bits */
};

struct network_spec {
    enum net_mode mode;
    char *bridge;    /* NULL with NET_BRIDGE: the configured default */
    char *container; /* NET_CONTAINER: the other's id */
    char *path;      /* NET_PATH: a namespace file */
    char *host_if;   /* host side of the veth pair; NULL: derived from the id */
    char *name;      /* in the container; NULL: eth0 */
    char *mac;       /* "02:42:ac:11:00:02"; NULL: derived from the IPv4 address, or random */
    uint32_t mtu;    /* 0: the bridge's */
    struct ip_address ip4, ip6; /* 0 family and NET_BRIDGE: next free of the bridge */
    struct ip_address gw4, gw6; /* 0 family: the bridge's own address */
    bool no_auto_address;       /* an explicit interface without addresses stays without */
};

/* netDevices of OCI 1.3: host name -> container name */
struct net_device {
    char *host_name, *name;
};

/* ---- root filesystem ---- */

struct root_spec {
    char *path; /* absolute directory; the lowest layer when `layers` is used */
    bool readonly;
    /* overlay lower directories, uppermost first; empty: `path` is used as it is */
    struct strv layers;
    char *upper, *work; /* overlay upper and work directory on the host; NULL with layers: a
                           throw-away tmpfs */
    bool idmap; /* shift ownership by the container's id maps: files of root on the host are root's
                   inside */
    uint64_t propagation; /* rootfsPropagation: MS_*; 0: not given */
};

struct command {
    char *id;
    char *oci_version;
    char *bundle;
    struct root_spec root;
    char *hostname, *domainname;
    struct process_spec process;
    bool has_process;
    bool privileged;       /* all capabilities, devices, writable /sys and cgroups, no masks */
    bool init;             /* --init: the shim stays as pid 1 and reaps */
    bool system_container; /* the command is systemd: set by the launch, not by a reader */
    bool lxcfs;            /* /proc files that show the container's limits, by lxcfs */
    bool engine;           /* from a bundle: what is not said stays unsaid; no /.dockerenv, no
                              environment of ours */
    bool no_new_keyring;   /* keep the caller's session keyring */
    /* The supervisor will live in the container's cgroups: what counts tasks has to allow for it.
     * Set by the launch, not by a reader. */
    bool supervisor_inside;
    /* The runtime is root of a user namespace and not of the host: no device node can be made, and
     * what it cannot change it cannot promise. Set by the launch, not by a reader. */
    bool rootless;
    /* LXC finds no cgroup here that it may use: those of the container are the driver's to make, as
     * far as some are delegated. Set by the launch; only with `rootless`. */
    bool own_cgroups;
    struct mount_spec *mounts;
    size_t n_mounts;
    bool default_mounts; /* add the launcher's /proc, /sys, /dev, /dev/pts, /dev/shm, mqueue and
                            cgroup mounts by template */
    int64_t shm_size;    /* bytes of the default /dev/shm; RES_UNSET: 64 MiB */
    struct namespace_spec ns[NS_KINDS];
    char *ipc_container, *pid_container; /* join those of another container, by id */
    struct id_map *uid_maps, *gid_maps;
    size_t n_uid_maps, n_gid_maps;
    bool auto_userns; /* ns[NS_USER] is new and gets a range of ids that no other container has */
    bool has_time_offsets;
    int64_t boottime_s, monotonic_s;
    uint32_t boottime_ns, monotonic_ns;
    struct network_spec net;
    struct net_device *net_devices;
    size_t n_net_devices;
    bool etc_files; /* make /etc/hosts, /etc/hostname and /etc/resolv.conf for it out of the next
                       members */
    struct strv dns, dns_search, dns_options, extra_hosts; /* extra "name:ip" */
    struct device_node *devices;
    size_t n_devices;
    struct resources res;
    char *cgroups_path;  /* exact path, or systemd's slice:prefix:name */
    char *cgroup_parent; /* parent directory; the id is the leaf; NULL: "runlxc" */
    bool systemd_cgroup;
    struct strv masked_paths, readonly_paths;
    bool default_masks; /* add the launcher's masked and read-only paths */
    struct string_pair *sysctls;
    size_t n_sysctls;
    struct seccomp_spec seccomp;
    char *seccomp_profile; /* read at the start when `seccomp` is not set: "builtin", "unconfined"
                              or a file of Docker's form; NULL: none */
    char *mount_label;
    struct hook *hooks[HOOK_POINTS];
    size_t n_hooks[HOOK_POINTS];
    struct string_pair *annotations;
    size_t n_annotations;
    struct string_pair *lxc_conf; /* raw LXC keys, written last, in order */
    size_t n_lxc_conf;
    char *personality; /* "LINUX", "LINUX32" */
    bool has_intel_rdt;
    char *rdt_clos_id, *rdt_l3_cache, *rdt_mem_bw;
    struct strv rdt_schemata; /* lines, written after the two before */
    bool rdt_enable_monitoring;
    char *memory_policy_mode, *memory_policy_nodes;
    struct strv memory_policy_flags;
    int stop_signal; /* what terminate sends first; 0: SIGTERM */
};

/* A command with every "not given" sentinel in place, or NULL when out of memory. */
struct command *command_new(void);
void command_free(struct command *cmd);
void command_freep(struct command **cmd);
#define cleanup_command __attribute__((cleanup(command_freep)))

/* All numbers RES_UNSET, nothing allocated. */
void resources_init(struct resources *res);
/* Free what it holds and reset it. */
void resources_clear(struct resources *res);

/* Reset a process to "not given" / free its members. */
void process_init(struct process_spec *p);
void process_clear(struct process_spec *p);

/*
 * Grow one of the arrays above by a zeroed element:
 *     struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);
 * NULL when out of memory.
 */
#define ARRAY_GROW(array, n)                                                                       \
    ((__typeof__(*(array)))array_grow((void **)(array), (n), sizeof(**(array))))
void *array_grow(void **array, size_t *n, size_t size);

int pair_add(struct string_pair **pairs, size_t *n, const char *key, const char *value);
const char *pair_find(const struct string_pair *pairs, size_t n, const char *key);

/*
 * What holds whatever the reader was: id (1..255 of [A-Za-z0-9_.+-], the first no ".": such names
 * are ours), absolute paths, no control characters where the target cannot carry them, host name
 * length, ranges of resources, rlimits soft <= hard, a command to run, conflicts (host network with
 * addresses, host uts with a host name, ...). Each error names the member and the value. 0 or -1.
 */
int command_validate(const struct command *cmd, struct lxcdriver_error **err);

/* Whether s is a valid container id; err says why not. */
int command_check_id(const char *id, struct lxcdriver_error **err);

#endif
