/* Inside the library: what the parts of driver/run share. */
#ifndef RUNLXC_RUN_H
#define RUNLXC_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/supervise.h"
#include "config/config.h"
#include "host/cgroup.h"
#include "host/resctrl.h"
#include "lxcdriver.h"
#include "run/seccomp_filter.h"
#include "spec/command.h"

/* ---- driver.c ---- */

struct lxcdriver {
    struct conf conf;
    char *root;       /* absolute, normalised */
    char *helper_dir; /* holds runlxc-init, runlxc-supervise, runlxc-lxc-check */
    char *template_dir;
    char *seccomp_profile; /* file of SECCOMP_BUILTIN */
    char *apparmor_dir;    /* our AppArmor profiles and their abstractions */
    char *cleanup;         /* path of the command that the supervisor becomes: runlxc */
    struct strv templates; /* strings handed out by driver_template() */
    void (*on_warning)(void *opaque, const char *message); /* NULL: nobody listens */
    void *warning_opaque;
};

struct lxcdriver_command {
    struct command *cmd;
};

/* Fill in where our own files are; whether they are there is not looked at. 0 or -1. */
int driver_find_files(struct lxcdriver *drv, struct lxcdriver_error **err);
/* Free what it holds. */
void driver_clear(struct lxcdriver *drv);
/* Path of a template by name, the administrator's before ours. Valid until the driver is freed. */
const char *driver_template(struct lxcdriver *drv, const char *name);
/* Heap path of a helper program. */
char *driver_helper(const struct lxcdriver *drv, const char *name);
/* A name that is short, and no other container's under any root: a part of the id and a hash.
 * Heap. */
char *driver_short_name(const struct lxcdriver *drv, const char *id);

/* What a command's seccomp_profile can say instead of a file. */
#define SECCOMP_BUILTIN "builtin"
#define SECCOMP_UNCONFINED "unconfined"

/* Apart from a loaded profile's name, what a command's apparmor_profile can say: one made for the
 * container alone, the second one for a container that runs containers. */
#define APPARMOR_GENERATED "generated"
#define APPARMOR_GENERATED_NESTING "generated-nesting"

/* Wrap and unwrap the public handle. */
struct lxcdriver_command *command_wrap(struct command *cmd);

/* ---- container.c: what is recorded of one container ---- */

struct container {
    struct lxcdriver *drv;
    char *id;
    int dir_fd;    /* <root>/<id> */
    json_t *state; /* state.json; NULL while there is none */
    pid_t pid, supervisor;
    uint64_t start_time, supervisor_start;
    struct cgroup_dirs cgroups; /* payload */
};

/* Open a container's records. An unknown id is an error that names it, and a state.json that cannot
 * be read one that says why. 0 or -1. */
int container_open(struct lxcdriver *drv, const char *id, struct container *out,
                   struct lxcdriver_error **err);
/* The same to remove it: of a state.json that is damaged is taken what can be; one that is only not
 * readable now may name what would be left behind, and is an error. */
int container_open_damaged(struct lxcdriver *drv, const char *id, struct container *out,
                           struct lxcdriver_error **err);
/* Whether a record that could not be read with this errno is none at all, and will not be one at
 * the next attempt either. */
bool container_is_damage(int errnum);
void container_close(struct container *c);
#define cleanup_container __attribute__((cleanup(container_close)))

/* The state now: what state.json says, corrected by what /proc and the freezer say. */
enum lxcdriver_state container_state(const struct container *c);
const char *state_name(enum lxcdriver_state state);
/* Error unless its init is there: created, running or (when `paused_too`) paused. */
int container_want_running(const struct container *c, bool paused_too,
                           struct lxcdriver_error **err);
/* Error unless it has a cgroup: an ordinary user's may have none. */
int container_want_cgroup(const struct container *c, struct lxcdriver_error **err);
/* The supervisor's pid while it lives, else 0. It may be in the container's cgroups, where it is
 * neither shown nor hit by what is meant for the container's processes. */
pid_t container_supervisor(const struct container *c);
/* Open the init's pidfd, sure that it is the container's. -1 with err when it has ended. */
int container_pidfd(const struct container *c, struct lxcdriver_error **err);

/* ---- state.c: state.json ---- */

struct network_facts {
    const char *mode, *host_if, *name, *bridge;
    struct ip_address addresses[2], gateways[2];
    size_t n_addresses, n_gateways;
};

struct state_facts {
    const struct command *cmd;
    const char *rootfs;
    pid_t pid, supervisor;
    uint64_t start_time, supervisor_start;
    const struct cgroup_dirs *cgroups;
    const struct network_facts *net;
    const struct resctrl_group *rdt;
    const char *unit; /* systemd's around its cgroups; NULL: none */
};

/* Write state.json with status "created". 0 or -1. */
int state_write_created(int dir_fd, const struct state_facts *facts, struct lxcdriver_error **err);
/* The object, or NULL: *err only when the file is there and cannot be read. */
json_t *state_read(int dir_fd, struct lxcdriver_error **err);

/* ---- targets.c: where mounts go ---- */

struct target_list {
    struct mount_target *targets; /* one for each of cmd->mounts */
    size_t n;
    struct strv made; /* host paths that were made in a root of the user's and are empty: removed
                         again at the end */
};

/*
 * Resolve every destination inside the root filesystem as the container will see it, through
 * earlier mounts and symbolic links, and make missing mount points where that can be done now.
 * root_path is the root's path on the host, for `made`, NULL when the root is ours to dirty. With
 * `look_only` nothing is made, and a source below own_dir, the container's directory, counts as the
 * file that a start would make there. 0 or -1.
 */
int targets_resolve(const struct command *cmd, int root_fd, const char *root_path,
                    const char *own_dir, bool look_only, struct target_list *out,
                    struct lxcdriver_error **err);
void targets_clear(struct target_list *list);

/* ---- rootfs.c ---- */

struct rootfs {
    int fd;       /* O_PATH of the root as the container will see it; -1 */
    int mount_fd; /* detached mount to be placed at <dir>/rootfs; -1: `path` is used as it is */
    char *path;   /* for lxc.rootfs.path */
    char *upper;  /* throw-away layer to remove at the end, or NULL */
};

int rootfs_prepare(struct lxcdriver *drv, const struct command *cmd, const char *dir,
                   struct rootfs *out, struct lxcdriver_error **err);
void rootfs_clear(struct rootfs *root);
/* The directory of the throw-away layer of a container; heap. */
char *rootfs_upper_path(const struct lxcdriver *drv, const char *id);

/* ---- netfiles.c: /etc/resolv.conf, hosts, hostname made for the container ---- */
/* Write them into the container's directory and add their mounts; with dir_fd -1 only the mounts.
 * 0 or -1. */
int netfiles_prepare(struct command *cmd, int dir_fd, const char *dir,
                     const struct network_facts *net, struct lxcdriver_error **err);

/* ---- system.c: containers whose command is systemd ---- */

/* Decides what the command leaves open: "true" or "false". For a program that becomes systemd. */
#define SYSTEM_ANNOTATION "org.linuxcontainers.system"

/*
 * Set cmd->system_container when the command is systemd as root and pid 1 (found in the root
 * filesystem, links followed) or an annotation says so; then give it what systemd needs and the
 * command does not have yet: tmpfs on /run and /run/lock, a cgroup namespace of its own with the
 * hierarchies writable in which systemd keeps its units, "container" in its environment, and a stop
 * signal. Before the environment is written and namespaces and targets are resolved. 0 or -1.
 */
int system_container_prepare(struct command *cmd, const struct cgroup_layout *layout,
                             struct lxcdriver_error **err);

/* ---- lxcfs.c: /proc that shows the container's limits ---- */

/* "true" or "false", in cmd->lxcfs; without it the administrator's settings decide. */
#define LXCFS_ANNOTATION "org.linuxcontainers.lxcfs"

/* Bind lxcfs' files over those of /proc and /sys, but for what the command mounts there itself.
 * That lxcfs does not run is an error. Before the targets are resolved. 0 or -1. */
int lxcfs_prepare(struct command *cmd, struct lxcdriver_error **err);

/* ---- launch.c ---- */

struct launch {
    struct lxcdriver *drv;
    struct command *cmd;
    const struct lxcdriver_run_options *options;
    char *dir; /* <root>/<id> */
    int dir_fd;
    int sock;         /* to the supervisor; -1 */
    pid_t supervisor; /* our child; 0 once reaped */
    struct cgroup_layout layout;
    struct cgroup_dirs payload, monitor;
    struct cpuset_guard cpuset;
    char *cgroup_container, *cgroup_monitor, *cgroup_pivot;
    char *unit;        /* systemd's, from when it is there */
    pid_t unit_holder; /* our child in it, while there is none of the container's; 0 */
    int unit_hold;     /* which ends when this is closed; -1 */
    struct config_hierarchy *hierarchies; /* strings of layout and payload */
    size_t n_hierarchies;
    struct rootfs rootfs;
    struct target_list targets;
    int *attach; /* detached mounts, one for each WT_ATTACH of the bootstrap */
    size_t n_attach;
    struct network_facts net;
    uint32_t mtu;
    char *mac;
    char *host_if;
    char *ns_path[NS_KINDS];
    int cgroup_ns; /* the cgroup namespace that the shim is to be in; -1: as LXC makes it */
    pid_t peer_pid[NS_KINDS]; /* whose namespace ns_path[] is, to be looked at again once LXC has
                                 opened it */
    uint64_t peer_start[NS_KINDS];
    struct buf config, env_json, bootstrap, record;
    struct strv env;
    struct seccomp_filter seccomp;
    struct {
        bool enabled;
        bool present;   /* in the kernel at least, though its files may be out of sight */
        bool confined;  /* we are, with no way out */
        bool generated; /* a profile is made for the container: command's profile is its label */
        bool nesting;
        struct strv raw; /* lines of the administrator's for it */
    } apparmor;
    uint64_t flags;       /* SF_* */
    char *cgroup_options; /* restore: of the host's mount of cgroup v2 */
    int log_fd, drain_fd;
    int console; /* copy of the pty's master, for a later detach */
    bool detached;
    int stdio[3];
    pid_t init;
    uint64_t init_start;
    struct cgroup_dirs actual; /* of the running init */
    bool furnished;
    struct resctrl_group rdt;
    struct {
        int host;        /* connected to the service manager's socket */
        int mount, sock; /* the container's socket, and the mount that it is in */
    } notify;            /* all -1 without SF_NOTIFY */
    bool create_only;    /* the command waits for lxcdriver_start() */
    bool ready;          /* it has said so, and the manager was told */
    bool started, ended, ended_in_order, claimed;
    bool may_go_on; /* the supervisor was let go, or is to start the command */
    int status;
    bool oom;
    int64_t oom_seen; /* kills that on_oom was told of */
    struct lxcdriver_error *failure;
};

/* prepare.c: what needs no claim yet and so is done while the supervisor comes up. 0 or -1. */
int launch_look(struct launch *l, bool look_only, struct lxcdriver_error **err);
/* Then everything up to the files in the container's directory, in order. 0 or -1. */
int launch_prepare(struct launch *l, bool look_only, struct lxcdriver_error **err);
void launch_clear(struct launch *l);
/* lxcfs.c: the same, when the command or the settings ask for it; by the settings alone it is no
 * more than a warning that lxcfs does not run. 0 or -1. */
int launch_prepare_lxcfs(struct launch *l, struct lxcdriver_error **err);
/* limits.c: see that the process can have its resource limits. After the supervisor was started. 0
 * or -1. */
int launch_check_limits(const struct launch *l, struct lxcdriver_error **err);
/* furnish.c: what the container gets from outside, once, when its namespaces are there. 0 or -1.
 * The record of it goes into state.json, as "intelRdt"; what that names is removed with the
 * container.
 */
int launch_furnish(struct launch *l, pid_t init, struct lxcdriver_error **err);
json_t *furnish_record(const struct resctrl_group *rdt);
void furnish_remove(const json_t *state);
/* userns.c: give an automatic user namespace its ids. */
int userns_resolve(struct launch *l, bool look_only, struct lxcdriver_error **err);
/* The host's id of the container's 0; 0 without maps. */
uint32_t userns_root(const struct id_map *maps, size_t n);
/* Give the pipes among three descriptors to the container's root, who can then give them to the
 * workload's user. */
void userns_give_pipes(const int *stdio, uid_t uid, gid_t gid);
/* The host's ids of the 0 of a running process' user namespace. 0 or -1. */
int userns_root_of(pid_t pid, uid_t *uid, gid_t *gid);
/* A user namespace with a command's id maps, to shift mounts by (mount_setattr(2)). Descriptor, or
 * -1. */
int userns_open(const struct command *cmd, struct lxcdriver_error **err);
/* rootless.c: when we are root of a user namespace only, settle what differs in the command, and
 * refuse what cannot be had. After the layout was read. 0 or -1. */
int launch_rootless(struct launch *l, struct lxcdriver_error **err);
/* Then, with the records written, the container's cgroups where they are not LXC's to make, with
 * their limits. 0 or -1. */
int launch_own_cgroups(struct launch *l, struct lxcdriver_error **err);
/* seccomp.c: compile the command's filter, or the profile that it names, into l->seccomp, which
 * stays empty without either; or take it from the cache, which `look_only` does not write to. */
int launch_compile_seccomp(struct launch *l, bool look_only, struct lxcdriver_error **err);
/* apparmor.c: decide on the profile and see that it is there, in place of what the command says:
 * afterwards that is a label, or NULL. The default one is loaded when it is missing, unless with
 * `look_only`. 0 or -1. */
int launch_choose_apparmor(struct launch *l, bool look_only, struct lxcdriver_error **err);
/* Make and load the profile of a container that has one of its own, once its directory is there. 0
 * or -1. */
int launch_load_apparmor(const struct launch *l, struct lxcdriver_error **err);
/* Whether a profile's name asks for one of the container's own. */
bool apparmor_is_generated(const char *profile);
/* Its name, and that of its policy namespace. Heap; NULL without memory. */
char *apparmor_generated_name(const struct lxcdriver *drv, const char *id);
/* Unload what the directory of a container says was loaded for it, after its processes. 0 or -1. */
int apparmor_remove_generated(const struct lxcdriver *drv, const char *id, int dir_fd,
                              struct lxcdriver_error **err);
/* resolve.c */
int launch_resolve_network(struct launch *l, bool look_only, struct lxcdriver_error **err);
int launch_resolve_namespaces(struct launch *l, struct lxcdriver_error **err);
int launch_check_peers(const struct launch *l, struct lxcdriver_error **err);
/* attach.c: copy the mounts that the shim attaches into l->attach; with look_only only see whether
 * that could be done. After the targets were resolved. 0 or -1. */
int launch_clone_mounts(struct launch *l, bool look_only, struct lxcdriver_error **err);
/* spawn.c: start the supervisor; wait until it has claimed the id; hand it the record and the
 * descriptors. */
int launch_spawn(struct launch *l, struct lxcdriver_error **err);
int launch_claim(struct launch *l, struct lxcdriver_error **err);
int launch_hand_over(struct launch *l, struct lxcdriver_error **err);
/* Start `path` with `sock` as descriptor 3, an empty environment, default signals. 0 or an errno.
 */
int spawn_with_socket(const char *path, char *const *argv, int sock, pid_t *pid);
/* Open the shim's executable so that nobody in a container can write it through /proc/PID/exe. */
int open_shim(const struct lxcdriver *drv, struct lxcdriver_error **err);
/* lxccheck.c: run a program with its standard error captured (heap; NULL when it cannot be read).
 * Its wait status, or -1. */
int run_captured(char *const *argv, char **output, struct lxcdriver_error **err);
/* Let liblxc look at the raw keys. 0 or -1. */
int lxc_conf_check(const struct launch *l, struct lxcdriver_error **err);
/* record.c */
void record_begin(struct buf *out);
void record_add(struct buf *out, uint32_t tag, const void *data, size_t len);
void record_add_string(struct buf *out, uint32_t tag, const char *text);
void record_add_u64(struct buf *out, uint32_t tag, uint64_t value);

/* ---- failure.c: sentences ---- */

/* The shim's (stage, errno, detail) as an error with its exit code. Returns -1. */
int failure_of_shim(uint32_t stage, int errnum, int exit_code, const char *detail,
                    struct lxcdriver_error **err);
/* A sentence out of lxc-start's log: the first error that gives a cause. Returns -1. */
int failure_of_lxc(int dir_fd, struct lxcdriver_error **err);
/* The whole of a SUP_FAIL. Returns -1. */
int failure_of_supervisor(int dir_fd, const struct sup_msg *msg, struct lxcdriver_error **err);

/* ---- clean.c ---- */
/* Remove mount points that were made, as far as they are empty. 0, or -1 with the first failure's
 * error. */
int clean_made(const struct strv *made, struct lxcdriver_error **err);
/* Remove every trace of an id, whatever is left of it; torn_down: its supervisor has said
 * that it took down all in order, so that no process but itself, which is about to end, and no
 * cgroup or interface is left. 0 or -1. */
int clean_traces(struct lxcdriver *drv, const char *id, bool torn_down,
                 struct lxcdriver_error **err);

/* ---- unit.c: the cgroup as a unit of systemd's ---- */
/*
 * With cmd->systemd_cgroup: have systemd make the unit, and set l->cgroup_container to the
 * directory in it in which LXC puts the container; with look_only to what that would be. A child
 * of ours keeps the unit from being empty until unit_release(). 0 or -1.
 */
int launch_unit(struct launch *l, bool look_only, struct lxcdriver_error **err);
/* The container's own processes are in it, or never will be. */
void unit_release(struct launch *l);
/* Stop a unit whose processes have ended, and remove what is left of its cgroups around those of
 * `payload`. What is gone is no error. 0 or -1. */
int unit_remove(const char *unit, const struct cgroup_dirs *payload, struct lxcdriver_error **err);
/*
 * Write values into the container's cgroup and say them to its unit, in an order in which none of
 * both is in the other's way; `cmd` has device rules to say with `devices`. 0 or -1.
 */
int unit_write(const char *unit, const struct cgroup_dirs *dirs, const struct cgroup_values *values,
               const struct command *cmd, bool v2, bool devices, struct lxcdriver_error **err);

/* ---- unit_reach.c: an ordinary user's process that is to enter a unit ---- */
struct systemd;
/* Before the container is made: where we are outside of what the user's manager may divide, its
 * supervisor is put into a scope there, which ends with it. 0 or -1. */
int unit_reach_start(struct launch *l, struct systemd *sd, struct lxcdriver_error **err);
/* The same for `pid`, a child of ours that enters the container's cgroup. 0 or -1. */
int unit_reach_exec(const struct container *c, pid_t pid, struct lxcdriver_error **err);

/* ---- control.c ---- */
/* Connect to a container's supervisor. Descriptor, or -1 when nobody answers. */
int control_connect(int dir_fd);

#endif
