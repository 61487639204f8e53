/*
 * A container's cgroup as a unit of systemd's: its name, and what systemd is told of it. Pure, as
 * all of driver/config. Sources: org.freedesktop.systemd1(5), systemd.resource-control(5),
 * systemd.slice(5), and "Control Group APIs and Delegation" of systemd's documentation.
 *
 * The unit limits from outside; the container's own cgroup is a directory in it, since LXC makes
 * that itself, and has the same limits by the configuration. So what the unit cannot say exactly
 * (a device's number under any major, a quota in finer steps) it may say more widely.
 */
#ifndef RUNLXC_UNIT_H
#define RUNLXC_UNIT_H

#include "config/config.h"

/* ---- names ---- */

struct unit_name {
    char *slice;   /* "system-a.slice": the unit's parent; for a slice the one above it */
    char *unit;    /* "docker-3c1f.scope" */
    bool is_slice; /* has no process of its own and is made of nothing */
};

/*
 * The unit that the command asks for by cgroups_path (slice:prefix:name) or
 * else by cgroup_parent, a slice, and its id, which command_validate() has looked at. Without a
 * slice it is system.slice, or user.slice with `user`, the manager of one user. *out is to be
 * cleared in any case. 0, or -1.
 */
int unit_name_make(const struct command *cmd, bool user, struct unit_name *out,
                   struct lxcdriver_error **err);
void unit_name_clear(struct unit_name *name);
#define cleanup_unit_name __attribute__((cleanup(unit_name_clear)))

/* Where systemd puts it: "system.slice/system-a.slice/docker-3c1f.scope". Heap, or NULL. */
char *unit_cgroup(const struct unit_name *name);

/* ---- properties ---- */

/* One step of writing a D-Bus value: a basic type ('s', 'b', 't', ...), or '(' and 'a' to begin a
 * structure or an array, whose contents' signature is `text`, and ')' to end either. */
struct unit_step {
    char kind;
    char *text;      /* of 's', 'o' and 'g', and of what begins */
    uint64_t number; /* of all others; a double's bits */
};

struct unit_property {
    char *name;
    char *signature; /* of the value */
    struct unit_step *steps;
    size_t n;
};

struct unit_properties {
    struct unit_property *items;
    size_t n;
};

void unit_properties_clear(struct unit_properties *props);
#define cleanup_unit_properties __attribute__((cleanup(unit_properties_clear)))

/* Append a property without a value; NULL when out of memory. */
struct unit_property *unit_property_add(struct unit_properties *props, const char *name,
                                        const char *signature);
/* Append a step to its value. text NULL: none. 0, or -1 when out of memory. */
int unit_step_add(struct unit_property *prop, char kind, const char *text, uint64_t number);
/* A whole property of one basic value. 0, or -1 when out of memory. */
int unit_add_string(struct unit_properties *props, const char *name, const char *value);
int unit_add_bool(struct unit_properties *props, const char *name, bool value);
int unit_add_u64(struct unit_properties *props, const char *name, uint64_t value);
/* "au" of one number. */
int unit_add_pid(struct unit_properties *props, pid_t pid);

struct unit_facts {
    bool v2;                    /* the controllers are those of cgroup v2 */
    unsigned version;           /* systemd's; a property that it does not know yet is left out */
    const char *proc_devices;   /* text of /proc/devices: what a major number is for */
    const struct strv *allowed; /* what annotations may set: conf's annotation_systemd_properties */
};

/*
 * What goes into the files of the container's cgroup, as properties: MemoryMax, CPUWeight,
 * CPUQuotaPerSecUSec, TasksMax, AllowedCPUs, IOWeight and their like, v1's names where the
 * controllers are v1's. Files that systemd has no property for are left out. TasksMax allows for
 * one process more than the container's own: the one that holds the unit until they are there, or
 * the supervisor, which pids.max has counted already where it is `supervisor_inside`. 0 or -1.
 */
int unit_resources(const struct cgroup_values *values, bool supervisor_inside,
                   const struct unit_facts *facts, struct unit_properties *out,
                   struct lxcdriver_error **err);

/*
 * DevicePolicy and DeviceAllow: at least what the rules of cmd->res allow, and the nodes that the
 * shim makes. Without rules, or with such as only forbid, everything. 0 or -1.
 */
int unit_devices(const struct command *cmd, const struct unit_facts *facts,
                 struct unit_properties *out, struct lxcdriver_error **err);

/*
 * All that a unit is started with but PIDs: its slice, delegation, accounting, the resources, and
 * the annotations org.systemd.property.NAME, which have the last word. Refused are those by which
 * the container would lie elsewhere than where it is looked for, and those that facts->allowed does
 * not have: engines take annotations from whoever may start a container (CVE-2024-3154). 0 or -1.
 */
int unit_properties_make(const struct command *cmd, const struct unit_name *name,
                         const struct cgroup_values *values, const struct unit_facts *facts,
                         struct unit_properties *out, struct lxcdriver_error **err);

/* One annotation's property: NAME and a value in GVariant's text format. Times whose name ends in
 * "Sec" are taken in seconds and become USec, in microseconds. 0 or -1. */
#define UNIT_ANNOTATION "org.systemd.property."
int unit_add_text(struct unit_properties *props, const char *name, const char *text,
                  struct lxcdriver_error **err);

#endif
