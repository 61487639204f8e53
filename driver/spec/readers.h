/* The readers: each makes one struct command out of its input. All are pure but for reading the
 * files that flags name. */
#ifndef RUNLXC_READERS_H
#define RUNLXC_READERS_H

#include <jansson.h>

#include "base/err.h"
#include "shared/capnames.h"
#include "spec/command.h"

/*
 * Docker's execdriver Command as JSON (member names of Docker 1.9). `text` of `len` bytes; the
 * caller keeps it. A wrong type, a missing member, a value out of range is an error that gives the
 * member's path and the value, for example "network.interface.ip_prefix_len: 64 is not between 1
 * and 32". Unknown members are ignored. *out has passed command_validate() and is the caller's to
 * free.
 */
int execdriver_read(const char *text, size_t len, struct command **out,
                    struct lxcdriver_error **err);

/* What `lxc-launch` was told beyond the container itself. */
struct launch_options {
    bool interactive; /* -i */
    bool detach;      /* -d */
    bool remove;      /* --rm */
    bool dry_run;
    bool help, version;
    char *image;             /* IMAGE as given; NULL with command_file */
    char *command_file;      /* --command FILE|- */
    char *root;              /* --root; NULL: configured */
    char *log_level;         /* --log-level; NULL: warning */
    char *detach_keys;       /* NULL: ctrl-p,ctrl-q */
    int64_t start_timeout_s; /* 30 */
    bool has_entrypoint; /* --entrypoint was given: the image's Entrypoint and Cmd are dropped */
    char *entrypoint;
    struct strv args;      /* COMMAND [ARG...] */
    char *seccomp_profile; /* --security-opt seccomp=: NULL default, "builtin", "unconfined", or a
                              file */
    char *user_ns; /* --userns: NULL or "host", "auto", or "BASE:SIZE" / "NAME" as documented in
                      lxc-launch(1) */
    bool has_workdir, has_user; /* -w, -u were given (else the image's) */
};

void launch_options_clear(struct launch_options *opts);

/*
 * lxc-launch's command line, argv[0] being the program. Fills *opts and makes *out from the flags;
 * what the image decides (root, arguments, environment, user, working directory) is left for
 * driver/cli/launch to merge. A wrong option is an error that suggests the nearest right one. With
 * --help, --version and --command *out is NULL and there is nothing to merge. command_validate() is
 * left to the caller, who knows root and arguments. 0, or -1 with *opts empty.
 */
int flags_read(int argc, char **argv, struct launch_options *opts, struct command **out,
               struct lxcdriver_error **err);

/* The text of --help, from the same table. */
void flags_help(struct buf *out);

/* Image, config: env defaults. Replace-or-append "K=V" (or take K from our environment when no
 * '='); env keeps its order. */
int env_set(struct strv *env, const char *assignment, struct lxcdriver_error **err);
/* Take every variable of that name out. */
void env_unset(struct strv *env, const char *name);
const char *env_get(const struct strv *env, const char *name);

/* ---- words with a table behind them (spec/{caps,mountopt,units,rlimits}.c) ---- */

#define CAP_MASK_ALL ((UINT64_C(1) << (CAP_LAST_KNOWN + 1)) - 1)
uint64_t caps_default(void); /* Docker's default fourteen */
/* "NET_ADMIN" or "cap_net_admin": the number, or -1. */
int caps_from_name(const char *name, struct lxcdriver_error **err);
/* Docker's rule: default set, plus add, minus drop; "ALL" in either. Fills bounding, effective,
 * permitted; ambient stays empty. */
int caps_compute(const struct strv *add, const struct strv *drop, bool privileged,
                 struct capabilities *out, struct lxcdriver_error **err);

/* One option word of mount(8) into m: flags, clear, propagation, rec_*, idmap, tmpcopyup, or
 * m->data. 0 or -1. */
int mountopt_apply(struct mount_spec *m, const char *word, struct lxcdriver_error **err);

/* "512m", "1.5g", "64MiB", "4096": bytes, as docker run reads sizes (b k m g t, powers of 1024). */
int units_bytes(const char *text, int64_t *bytes, struct lxcdriver_error **err);

/* "SIGTERM", "term", "15", "RTMIN+3", "SIGRTMAX-1": the number, or -1. */
int signal_from_name(const char *name, struct lxcdriver_error **err);

/* Docker's default device rules, appended: deny all, then mknod of any, then the devices that every
 * container has. 0 or -1. */
int device_rules_default(struct resources *res, struct lxcdriver_error **err);
/*
 * What a bundle's rules, which stand in res, become: nothing is allowed before the first of them,
 * and behind the last come the devices that every container has (config-linux.md, "Default
 * Devices"), /dev/net/tun and the making of any node. Rules that allow everything stay as they are.
 * 0 or -1.
 */
int device_rules_bundle(struct resources *res, struct lxcdriver_error **err);
/* The one rule of a privileged container: everything. */
int device_rules_all(struct resources *res, struct lxcdriver_error **err);
/* "rwm" in any order, each at most once, at least one, into the rule. */
int device_rule_access(const char *text, struct device_rule *rule, struct lxcdriver_error **err);

/* An absolute path without ".", ".." and doubled or trailing slashes, resolved by its text alone;
 * ".." stops at the root. Heap string, or NULL with an error when it is not absolute or longer than
 * PATH_MAX. */
char *path_normalise(const char *path, struct lxcdriver_error **err);

/* "nofile" -> RLIMIT_NOFILE, "RLIMIT_NOFILE" too; -1 when unknown. */
int rlimit_from_name(const char *name);
const char *rlimit_name(int resource);

/* Set one limit, replacing an earlier one of the same kind. */
int rlimit_set(struct process_spec *p, int resource, uint64_t soft, uint64_t hard,
               struct lxcdriver_error **err);

/* "192.0.2.7", "192.0.2.7/24", "2001:db8::1/64"; prefix 0 when absent. */
int address_read(const char *text, struct ip_address *out, struct lxcdriver_error **err);
/* Without the prefix; 0 or -1. */
int address_print(const struct ip_address *addr, char *text, size_t size);

/* ---- JSON with member paths (base/json) is in base/json.h ---- */

#endif
