/*
 * The parts of a configuration, one file a concern, and what they share. config.c calls them in
 * order; each appends its lines to s->out. All return 0, or -1 with *s->err set. Private to
 * driver/config.
 */
#ifndef RUNLXC_CONFIG_SECTION_H
#define RUNLXC_CONFIG_SECTION_H

#include "config/config.h"

struct section {
    const struct command *cmd;
    const struct config_facts *facts;
    struct buf *out;
    struct cgroup_values *values; /* config_resources_v1() and _v2() append here */
    struct lxcdriver_error **err;
};

int config_rootfs(struct section *s);        /* base.conf, root filesystem, host name, signals */
int config_namespaces(struct section *s);    /* which are new, which are joined; time offsets */
int config_idmap(struct section *s);         /* id maps of the user namespace */
int config_network(struct section *s);       /* interface of a new network namespace */
int config_cgroup_dirs(struct section *s);   /* where the container and its monitor live */
int config_devices(struct section *s);       /* device rules of the cgroup */
int config_resources(struct section *s);     /* v1 or v2 form, as the host has it */
int config_resources_v1(struct section *s);  /* config/resources_v1.c */
int config_resources_v2(struct section *s);  /* config/resources_v2.c */
int config_mounts(struct section *s);        /* default mounts, the driver's, the command's */
int config_default_binds(struct section *s); /* default devices in a user namespace */
int config_hooks(struct section *s);         /* where the shim runs hooks before it is the init */
int config_lxc_conf(struct section *s);      /* raw keys */

/* "lxc.include = <path of template name>". */
int section_include(struct section *s, const char *name);
/* config_set() with a formatted value; field NULL: the key. */
int section_set(struct section *s, const char *key, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- resources ---- */

/* Whether this host has the controller (v1 and hybrid: a v1 hierarchy; v2: in the v2 hierarchy); an
 * error that names the member and the controller otherwise. */
int section_need_controller(struct section *s, const char *controller, const char *member);
/* Number is given (not RES_UNSET). */
bool resource_given(int64_t value);
/* One write to a file of the container's cgroup, appended to s->values. */
int section_value(struct section *s, const char *file, const char *member, const char *value);
/* The same for a file of a controller that must be there. An `unlimited` value of a controller that
 * this host does not have is dropped: nothing limits it anyway. */
int section_limit(struct section *s, const char *file, const char *member, bool unlimited,
                  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* rdma.max and pids.max are the same files in both versions. */
int section_rdma(struct section *s);
int section_pids(struct section *s);

/* ---- namespaces ---- */

bool ns_has_user(const struct command *cmd); /* a user namespace of its own */
/* No device node can be made that works: in such a namespace, or with the whole runtime in one. */
bool ns_no_nodes(const struct command *cmd);
bool ns_is_host(const struct command *cmd,
                enum ns_kind k); /* the host's, by mode or by the network's mode */
/* A new one is made: neither the host's nor joined. `joined`: path from the facts, or NULL. */
bool ns_is_new(const struct command *cmd, enum ns_kind k, const char *joined);

/* ---- mounts: who makes mount i, and where (config/mount_plan.c); shared with the bootstrap ----
 */

enum mount_way {
    MOUNT_LXC,    /* an lxc.mount.entry */
    MOUNT_SHIM,   /* WT_MOUNT: it has words that LXC drops, or must come after one that has */
    MOUNT_ATTACH, /* WT_ATTACH: a bind that LXC would cut off from the host's mount, or with an id
                     map */
    MOUNT_ATTR,   /* "remount": only attributes of what is there, WT_MOUNT_ATTR */
    MOUNT_CGROUP, /* lxc.mount.auto, or binds when the cgroup namespace is not new */
    MOUNT_DEVPTS, /* lxc.pty.max: LXC replaces whatever is at /dev/pts by its own devpts */
};

struct mount_plan {
    enum mount_way way;
    bool bind;
    char *path; /* relative, as in struct mount_target; owned */
    int create; /* TARGET_* */
    char *mode; /* "mode=755" for a tmpfs that says none and covers a directory, or NULL; owned */
};

struct mount_plans {
    struct mount_plan *items; /* one for each of cmd->mounts */
    size_t n;
};

/* Plans for all of cmd->mounts, into an empty *plans; targets may be NULL. Errors name "mounts[i]".
 * 0 or -1; to be cleared in both cases. */
int mount_plans_make(const struct command *cmd, const struct mount_target *targets,
                     struct mount_plans *plans, struct lxcdriver_error **err);
void mount_plans_clear(struct mount_plans *plans);
#define cleanup_plans __attribute__((cleanup(mount_plans_clear)))

/* What the mounts together say about the places that LXC and the shim treat specially. */
enum default_mount {
    DEFAULT_PROC,
    DEFAULT_SYS,
    DEFAULT_DEV,
    DEFAULT_PTS,
    DEFAULT_SHM,
    DEFAULT_MQUEUE,
    DEFAULT_CGROUP,
    DEFAULT_MOUNTS
};

struct mount_survey {
    bool given[DEFAULT_MOUNTS]; /* the command mounts something of its own there */
    bool own_dev;               /* /dev is a new tmpfs: devices and links are made in it */
    bool dev_readonly;          /* it is to be read-only in the end */
    bool pts;                   /* LXC makes /dev/pts */
    bool pts_foreign;           /* /dev/pts is an LXC entry that is no devpts */
    bool proc;                  /* a procfs is at /proc in the end */
    bool cgroup; /* what is at /sys/fs/cgroup in the end is made for a cgroup mount */
};

int mount_survey_make(const struct command *cmd, const struct mount_target *targets,
                      struct mount_survey *survey, struct lxcdriver_error **err);
/* Whether default mount d is made: defaults are asked for and the command does not bring its own
 * (all below /dev go with /dev). */
bool mount_default(const struct command *cmd, const struct mount_survey *survey,
                   enum default_mount d);

/* The option words of an LXC entry without create= and idmap=, "defaults" when there is none. */
int mount_options(const struct mount_spec *m, const struct mount_plan *plan, const char *field,
                  struct buf *out, struct lxcdriver_error **err);

/* ",create=dir", ",create=file" or "" for TARGET_*. */
const char *mount_create_word(int create);

/* mount_setattr(2) fields for what LXC does not apply: *needed false when there is nothing. */
struct wire_mount_attr;
void mount_attr_plain(const struct mount_spec *m, const struct mount_plan *plan,
                      struct wire_mount_attr *attr, bool *needed);
void mount_attr_recursive(const struct mount_spec *m, const struct mount_plan *plan,
                          struct wire_mount_attr *attr, bool *needed);

/* ---- cgroups (config/cgroup.c) ---- */

#define CGROUP_PLACE "sys/fs/cgroup" /* where a container has them */

/* The flags of the default mount of cgroups. */
uint64_t cgroup_default_flags(const struct command *cmd);
/* The cgroups at `path`, which is what /sys/fs/cgroup is with links resolved, or has to be made
 * (TARGET_*); of `m`, flags and propagation are used. 0 or -1. */
int config_cgroup_mount(struct section *s, const struct mount_spec *m, const char *path,
                        int create);
/* What the shim adds to such a mount before others are changed: links in place of controllers that
 * share a hierarchy. 0 or -1. */
int bootstrap_cgroup_links(struct buf *out, const struct bootstrap_facts *facts, const char *path,
                           struct lxcdriver_error **err);
/* The attributes that LXC leaves to the shim. */
void bootstrap_cgroup_attr(struct buf *out, const struct bootstrap_facts *facts, uint64_t flags,
                           const char *path);

/* ---- devices ---- */

struct default_device {
    const char *name; /* below /dev */
    uint32_t major, minor;
};
#define DEFAULT_DEVICES 6
extern const struct default_device default_devices[DEFAULT_DEVICES];
/* Whether the default devices are made in the root filesystem's own /dev. */
bool devices_in_root(const struct command *cmd, const struct mount_survey *survey);

#endif
