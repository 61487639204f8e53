/*
 * lxc-launch's options: one table drives parsing, --help, suggestions and the tests of
 * completeness. Private to driver/spec/flags*.c and their test.
 */
#ifndef RUNLXC_SPEC_FLAGS_H
#define RUNLXC_SPEC_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "spec/command.h"
#include "spec/readers.h"

/* What is collected while options are read and only makes sense together, in flags_finish(). */
struct flags_state {
    struct launch_options *opts;
    struct command *cmd;
    struct strv env_files, env; /* -e wins over every --env-file, wherever it stands */
    struct strv cap_add, cap_drop, devices, device_rules;
    char *net, *bridge, *ip, *ip6, *pid, *ipc, *uts;
    char *selinux[4];      /* user, role, type, level */
    int64_t cpus_quota_us; /* of --cpus; 0: not given */
    bool oom_kill_disable, unmask;
    const char
        *first_container_option; /* as typed; NULL: only options that --command allows were given */
};

struct flag;
typedef int flag_handler(struct flags_state *st, const struct flag *flag, const char *value,
                         struct lxcdriver_error **err);

enum flag_target { TARGET_STATE, TARGET_OPTIONS, TARGET_COMMAND };

struct flag {
    const char *name; /* without "--" */
    char short_name;  /* 0: none */
    const char *arg;  /* what it takes, for --help; NULL: it is a switch ("true" and "false" may
                         follow a '=') */
    flag_handler *set;
    enum flag_target target; /* with offset: where the generic handlers write */
    size_t offset;
    int64_t min, max;       /* of the generic number handlers */
    bool with_command_file; /* may stand beside --command */
    const char *help;       /* NULL: shares the help line of the next option */
};

struct flag_group {
    const char *title;
    const struct flag *flags;
    size_t n;
};

/* All options, by group. */
extern const struct flag_group flag_groups[];
extern const size_t n_flag_groups;

/* Look one up; NULL when there is none. `len` bytes of name count. */
const struct flag *flag_by_name(const char *name, size_t len);
const struct flag *flag_by_short(char c);
/* The option whose name is nearest to what was typed, or NULL when none is near. */
const struct flag *flag_nearest(const char *name, size_t len);

/* Generic handlers: write to the member at flag->offset of flag->target. */
flag_handler flag_switch; /* bool */
flag_handler flag_text;   /* char *, not empty */
flag_handler flag_list;   /* struct strv, append */
flag_handler flag_number; /* int64_t within min .. max */
flag_handler flag_limit;  /* int64_t; 0 is "not given" */
flag_handler flag_bytes;  /* int64_t, a size of at least min; 0 is "not given" */
flag_handler flag_cpuset; /* char * */
bool flag_bool_value(const char *value, bool *out);

/* flags_process.c */
flag_handler flag_user, flag_workdir, flag_entrypoint, flag_ulimit, flag_oom_score,
    flag_stop_signal, flag_label;
flag_handler flag_log_level, flag_detach_keys;
/* flags_mount.c */
flag_handler flag_volume, flag_mount, flag_tmpfs, flag_shm_size;
/* flags_network.c */
flag_handler flag_mtu, flag_add_host, flag_dns;
int flags_finish_network(struct flags_state *st, struct lxcdriver_error **err);
int flags_finish_namespaces(struct flags_state *st, struct lxcdriver_error **err);
/* flags_resources.c */
flag_handler flag_memory_swap, flag_cpus, flag_pids_limit, flag_throttle, flag_swappiness,
    flag_weight_device;
int flags_finish_resources(struct flags_state *st, struct lxcdriver_error **err);
/* flags_security.c */
flag_handler flag_security_opt, flag_userns, flag_sysctl, flag_lxc_conf, flag_capability;
int flags_finish_security(struct flags_state *st, struct lxcdriver_error **err);
/* flags_device.c */
int flags_finish_devices(struct flags_state *st, struct lxcdriver_error **err);

/* Split at the first sep: *head gets a heap copy of what is before it, the return value is what
 * follows; NULL without sep (then *head is the whole). *head is NULL when memory ran out. */
const char *split_at(const char *text, char sep, char **head);

#endif
