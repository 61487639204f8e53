/*
 * From a struct command to the text of <root>/<id>/config (lxc.container.conf(5)), to config.env
 * and to the shim's bootstrap. Pure: no system call, so that golden files can hold every byte. What
 * depends on the host comes in as struct config_facts.
 */
#ifndef RUNLXC_CONFIG_H
#define RUNLXC_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "spec/command.h"

enum cgroup_mode {
    CGROUP_V1,     /* only v1 hierarchies */
    CGROUP_HYBRID, /* v1 controllers, and a v2 hierarchy without controllers beside them */
    CGROUP_V2,     /* pure v2 */
};

/* Where mount i of the command goes, after symbolic links inside the container were resolved
 * (driver/run/rootfs). */
struct mount_target {
    char *path; /* relative to the container's root, no leading '/', no symbolic link in it; "" for
                   the root itself */
    enum {
        TARGET_EXISTS,
        TARGET_CREATE_DIR,
        TARGET_CREATE_FILE
    } create;          /* what LXC has to make: only inside a fresh filesystem */
    unsigned int mode; /* permissions of the directory that it covers; 0 where none was found */
};

/* One more file of the driver's own to bind into the container (resolv.conf, hosts). */
struct config_bind {
    const char *source;         /* absolute, on the host */
    struct mount_target target; /* with links resolved; `create` as for the command's mounts */
    bool readonly;
};

/* One cgroup hierarchy of the host's, as a container sees it that has no view of its own. */
struct config_hierarchy {
    const char *name;   /* below /sys/fs/cgroup: "memory", "cpu,cpuacct", "unified" */
    const char *source; /* the container's own directory in it, on the host */
};

struct config_facts {
    const char *state_dir;   /* <root>/<id>: absolute */
    const char *rootfs_path; /* what lxc.rootfs.path gets: root.path, or the place where the driver
                                mounts the layers */
    enum cgroup_mode cgroup_mode;
    const struct strv *v1_controllers; /* controllers with a v1 hierarchy ("memory", "cpu", ...) */
    const struct strv *v2_controllers; /* controllers of the v2 hierarchy */
    /* Path of a template by name ("base.conf"): the administrator's in /etc/runlxc/templates if
     * there is one, else the installed one. Never NULL. The string stays valid until config_write
     * returns. */
    const char *(*template_path)(void *opaque, const char *name);
    void *opaque;
    const struct mount_target
        *targets;        /* one for each of cmd->mounts; NULL: the destinations as they are */
    const char *host_if; /* name of the host side of the veth pair */
    const char *bridge;  /* with NET_BRIDGE */
    uint32_t mtu;        /* to set on the interface; 0: leave to LXC */
    const char *mac;     /* NULL: leave to LXC */
    const char *ns_path[NS_KINDS]; /* what lxc.namespace.share.KIND gets, for NS_PATH and other
                                      containers' namespaces; NULL: own */
    const char *cgroup_container, *cgroup_monitor,
        *cgroup_pivot; /* relative paths below each hierarchy's base */
    /* What a mount of type cgroup shows; none where LXC mounts it (a cgroup namespace of the
     * container's own) and where the host's tree is shown (pure v2). */
    const struct config_hierarchy *hierarchies;
    size_t n_hierarchies;
    bool dockerenv;                  /* mount config.env at /.dockerenv */
    bool idmap_root;                 /* lxc.rootfs.options = idmap=container */
    const struct config_bind *binds; /* after the default mounts, before the command's */
    size_t n_binds;
    /* File that takes the weight of block I/O here: "blkio.weight" or "blkio.bfq.weight" (v1),
     * "io.weight" or "io.bfq.weight" (v2). Which one exists depends on the kernel's I/O schedulers.
     * NULL: blkio.bfq.weight, io.weight. */
    const char *blkio_weight_file;
    bool keep_apparmor;   /* LXC must not leave the profile that it is started under */
    bool inherit_keyring; /* keep the caller's session keyring; otherwise LXC makes a new one */
};

/* Append the whole configuration. Errors name the member and the value that cannot be said. 0 or
 * -1. */
int config_write(const struct command *cmd, const struct config_facts *facts, struct buf *out,
                 struct lxcdriver_error **err);

/* Append the environment as a JSON array of "K=V" and a newline; bytes that are not UTF-8 are an
 * error with the variable's name. */
int config_write_env(const struct strv *env, struct buf *out, struct lxcdriver_error **err);

/* One write to a control file of a container's cgroup. */
struct cgroup_value {
    char *file, *value; /* "memory.limit_in_bytes", "1048576" */
    char *member;       /* "resources.memory", for errors */
};

struct cgroup_values {
    struct cgroup_value *items;
    size_t n;
};

/*
 * What cmd->res comes to on this host, in an order in which a fresh cgroup takes it. Of the facts
 * the cgroup mode, the controllers and blkio_weight_file are used. Appended to *out, which is to be
 * cleared in any case. 0 or -1.
 */
int cgroup_values_make(const struct command *cmd, const struct config_facts *facts,
                       struct cgroup_values *out, struct lxcdriver_error **err);
void cgroup_values_clear(struct cgroup_values *values);
#define cleanup_cgroup_values __attribute__((cleanup(cgroup_values_clear)))

/* The lines of the configuration that come of cmd->res.devices alone. 0 or -1. */
int config_write_devices(const struct command *cmd, const struct config_facts *facts,
                         struct buf *out, struct lxcdriver_error **err);

/*
 * A user namespace may make no device nodes that work: there the host's are bound in the places of
 * those that the command names, and of the default ones where no mount of its own is at /dev, as
 * mounts behind its own. Before their targets are resolved. 0 or -1.
 */
int config_device_mounts(struct command *cmd, struct lxcdriver_error **err);

/* What pids.max has to say when `asked` tasks are the container's (-1: any number): a supervisor
 * that lives in its cgroup is not to cost it one. */
int64_t pids_limit_for(bool supervisor_inside, int64_t asked);

/*
 * Which of the command's mounts are not LXC's and not made by the shim, but attached by it from
 * descriptors that it gets (WT_ATTACH): indexes into cmd->mounts, in the order of the records, *n
 * of them in a heap array at *out (NULL for none; to be freed in any case). Those are the binds
 * that stay tied to the host's mount, and the binds that lie in a mount of the shim's. 0 or -1.
 */
int config_attached(const struct command *cmd, const struct mount_target *targets, size_t **out,
                    size_t *n, struct lxcdriver_error **err);

/* ---- hooks (config/hooks.c) ---- */

/* Whether some hook runs between the making of the namespaces and the change of root. */
bool config_hooks_before_pivot(const struct command *cmd);
/* The state that hooks and others get as JSON (runtime.md, "State"), without the two things that
 * change: appends what stands before the value of status, and what comes behind that of pid. */
void config_state_text(const struct command *cmd, struct buf *head, struct buf *tail);
/* The version that the state complies with. */
const char *config_oci_version(const struct command *cmd);
/* Append text (NULL: an empty one) as a JSON string; what is not UTF-8 becomes U+FFFD. */
void config_json_string(struct buf *out, const char *text);

/* ---- escaping (config/escape.c): the only ways by which a value reaches the configuration ---- */

/* "key = value\n" after checking that value can be said there: no control characters, no leading or
 * trailing white space, not a value that LXC would unquote. `field` is the member's path for the
 * error. */
int config_set(struct buf *out, const char *key, const char *value, const char *field,
               struct lxcdriver_error **err);

/* Append one fstab field with space, tab, newline and backslash in octal as getmntent(3) undoes
 * them. Refused, with the name of the field: an empty value, a carriage return (it ends a line of
 * the configuration and has no octal form that glibc undoes), and a '#' at the start (at the start
 * of a line it is a comment, and glibc does not undo \043). */
int config_mount_field(struct buf *out, const char *value, const char *field,
                       struct lxcdriver_error **err);

/* "lxc.mount.entry = SOURCE DESTINATION TYPE OPTIONS 0 0\n" of fields as they are; every one is
 * escaped here. An entry that does not fit in the 4096 bytes in which LXC reads a line is an error:
 * it would be cut off silently. */
int config_mount_entry(struct buf *out, const char *source, const char *destination,
                       const char *type, const char *options, const char *field,
                       struct lxcdriver_error **err);

/* ---- bootstrap (config/bootstrap.c, config/bootstrap_process.c) ---- */

struct bootstrap_facts {
    uint64_t flags;         /* WF_* that only the caller knows (WF_CHOWN_STDIO, ...) */
    const struct strv *env; /* the complete environment */
    const void *seccomp;    /* compiled filter, or NULL */
    size_t seccomp_len;     /* bytes */
    uint32_t seccomp_flags;
    const char *interface; /* name in the container when there is one to set up, else NULL */
    uint32_t mtu;
    const struct ip_address *addresses;
    size_t n_addresses;
    const struct ip_address *gateways;
    size_t n_gateways;
    const struct mount_target *targets;
    bool kcore;                                 /* the kernel has /proc/kcore, for /dev/core */
    const struct config_hierarchy *hierarchies; /* as in struct config_facts */
    size_t n_hierarchies;
    uint64_t setns_flags;       /* exec */
    const struct strv *cgroups; /* exec: directories to enter */
};

/* Whole bootstrap for a container. 0 or -1. */
int bootstrap_write(const struct command *cmd, const struct bootstrap_facts *facts, struct buf *out,
                    struct lxcdriver_error **err);

/* Bootstrap for one more process (WF_EXEC). `container` gives what the process inherits (seccomp
 * comes in facts). 0 or -1. */
int bootstrap_write_exec(const struct process_spec *process, const struct bootstrap_facts *facts,
                         struct buf *out, struct lxcdriver_error **err);

#endif
