#include "spec/flags.h"

#include <string.h>

#include "base/cleanup.h"

#define STATE(member) .target = TARGET_STATE, .offset = offsetof(struct flags_state, member)
#define OPTION(member) .target = TARGET_OPTIONS, .offset = offsetof(struct launch_options, member)
#define COMMAND(member) .target = TARGET_COMMAND, .offset = offsetof(struct command, member)
#define NO_MEMBER .offset = 0 /* the handler knows where it writes */
#define MIB (INT64_C(1) << 20)

static const struct flag run_flags[] = {
    {"interactive", 'i', NULL, flag_switch, OPTION(interactive), .with_command_file = true},
    {"tty", 't', NULL, flag_switch, COMMAND(process.terminal),
     .help = "keep stdin open; give it a terminal"},
    {"detach", 'd', NULL, flag_switch, OPTION(detach), .with_command_file = true},
    {"rm", 0, NULL, flag_switch, OPTION(remove), .with_command_file = true,
     .help = "in the background; remove when ended"},
    {"name", 0, "NAME", flag_text, COMMAND(id)},
    {"label", 'l', "K=V", flag_label, NO_MEMBER},
    {"annotation", 0, "K=V", flag_label, .help = "its name; what is said about it"},
    {"command", 0, "FILE|-", flag_text, OPTION(command_file), .with_command_file = true,
     .help = "Docker's execdriver Command, JSON"},
    {"root", 0, "DIR", flag_text, OPTION(root), .with_command_file = true},
    {"log-level", 0, "LEVEL", flag_log_level, OPTION(log_level), .with_command_file = true,
     .help = "state; debug, info, warning, error"},
    {"dry-run", 0, NULL, flag_switch, OPTION(dry_run), .with_command_file = true,
     .help = "print the LXC configuration, no start"},
    {"start-timeout", 0, "S", flag_number, OPTION(start_timeout_s), 1, 86400,
     .with_command_file = true},
    {"detach-keys", 0, "KEYS", flag_detach_keys, OPTION(detach_keys), .with_command_file = true,
     .help = "seconds (30); ctrl-p,ctrl-q"},
};

static const struct flag process_flags[] = {
    {"env", 'e', "K[=V]", flag_list, STATE(env)},
    {"env-file", 0, "FILE", flag_list, STATE(env_files),
     .help = "environment; K alone: as it is here"},
    {"user", 'u', "USER[:GROUP]", flag_user, NO_MEMBER},
    {"group-add", 0, "GROUP", flag_list, COMMAND(process.user.groups), .help = "names or numbers"},
    {"workdir", 'w', "DIR", flag_workdir, NO_MEMBER},
    {"entrypoint", 0, "PROGRAM", flag_entrypoint, .help = "instead of the image's"},
    {"init", 0, NULL, flag_switch, COMMAND(init)},
    {"stop-signal", 0, "SIG", flag_stop_signal, .help = "init that reaps; what ends it (TERM)"},
    {"ulimit", 0, "NAME=SOFT[:HARD]", flag_ulimit, NO_MEMBER},
    {"oom-score-adj", 0, "N", flag_oom_score, .min = -1000, .max = 1000,
     .help = "setrlimit(2); -1000 .. 1000"},
};

static const struct flag file_flags[] = {
    {"volume", 'v', "SRC:DST[:OPTS]", flag_volume, NO_MEMBER},
    {"tmpfs", 0, "DST[:OPTS]", flag_tmpfs, .help = "ro rw rshared rslave ...; size= mode="},
    {"mount", 0, "type=bind|tmpfs,source=,target=[,readonly]", flag_mount,
     .help = "the same, key by key"},
    {"read-only", 0, NULL, flag_switch, COMMAND(root.readonly)},
    {"shm-size", 0, "SIZE", flag_shm_size, COMMAND(shm_size),
     .help = "of the root; of /dev/shm (64m)"},
    {"device", 0, "HOST[:DST][:rwm]", flag_list, STATE(devices)},
    {"device-cgroup-rule", 0, "RULE", flag_list, STATE(device_rules),
     .help = "make and allow; allow (c 42:* rwm)"},
};

static const struct flag network_flags[] = {
    {"net", 0, "NET", flag_text, STATE(net)},
    {"network", 0, "none|host|bridge|container:ID|ns:PATH|IFACE", flag_text, STATE(net),
     .help = "none is the default"},
    {"ip", 0, "ADDR", flag_text, STATE(ip)},
    {"ip6", 0, "ADDR", flag_text, STATE(ip6)},
    {"mac-address", 0, "MAC", flag_text, COMMAND(net.mac)},
    {"mtu", 0, "N", flag_mtu, .min = 68, .max = 65535},
    {"bridge", 0, "IFACE", flag_text, STATE(bridge), .help = "on a bridge; ADDR[/PREFIX]"},
    {"dns", 0, "ADDR", flag_dns, COMMAND(dns)},
    {"dns-search", 0, "DOMAIN", flag_list, COMMAND(dns_search)},
    {"dns-option", 0, "OPT", flag_list, COMMAND(dns_options), .help = "for /etc/resolv.conf"},
    {"hostname", 'h', "NAME", flag_text, COMMAND(hostname)},
    {"add-host", 0, "NAME:ADDR", flag_add_host, .help = "its name; a line of /etc/hosts"},
};

static const struct flag security_flags[] = {
    {"cap-add", 0, "CAP", flag_capability, STATE(cap_add)},
    {"cap-drop", 0, "CAP", flag_capability, STATE(cap_drop)},
    {"privileged", 0, NULL, flag_switch, COMMAND(privileged),
     .help = "NET_ADMIN ... or ALL; everything"},
    {"security-opt", 0, "no-new-privileges|seccomp=FILE|apparmor=NAME", flag_security_opt,
     .help = "label=, systempaths=unconfined"},
    {"userns", 0, "host|auto|BASE:SIZE", flag_userns, NO_MEMBER},
    {"sysctl", 0, "K=V", flag_sysctl, .help = "user namespace's ids; namespaced keys"},
    {"pid", 0, "NS", flag_text, STATE(pid)},
    {"ipc", 0, "NS", flag_text, STATE(ipc)},
    {"uts", 0, "NS", flag_text, STATE(uts), .help = "private, host, container:ID"},
};

static const struct flag resource_flags[] = {
    {"memory", 'm', "SIZE", flag_bytes, COMMAND(res.memory_limit), 6 * MIB},
    {"memory-swap", 0, "SIZE", flag_memory_swap, COMMAND(res.memory_swap)},
    {"memory-reservation", 0, "SIZE", flag_bytes, COMMAND(res.memory_reservation), 6 * MIB,
     .help = "swap: with memory, -1 any"},
    {"memory-swappiness", 0, "N", flag_swappiness, COMMAND(res.memory_swappiness), -1, 100},
    {"kernel-memory", 0, "SIZE", flag_bytes, COMMAND(res.memory_kernel), 6 * MIB},
    {"oom-kill-disable", 0, NULL, flag_switch, STATE(oom_kill_disable), .help = "0 .. 100"},
    {"cpus", 0, "N", flag_cpus, STATE(cpus_quota_us)},
    {"cpu-shares", 'c', "N", flag_limit, COMMAND(res.cpu_shares), 2, 262144},
    {"cpuset-cpus", 0, "LIST", flag_cpuset, COMMAND(res.cpuset_cpus)},
    {"cpuset-mems", 0, "LIST", flag_cpuset, COMMAND(res.cpuset_mems),
     .help = "1.5; 1024; 0-3,5; nodes"},
    {"cpu-period", 0, "US", flag_limit, COMMAND(res.cpu_period_us), 1000, 1000000},
    {"cpu-quota", 0, "US", flag_limit, COMMAND(res.cpu_quota_us), -1, INT64_MAX},
    {"pids-limit", 0, "N", flag_pids_limit, COMMAND(res.pids_limit),
     .help = "microseconds; -1 any"},
    {"blkio-weight", 0, "N", flag_limit, COMMAND(res.blkio_weight), 10, 1000},
    {"blkio-weight-device", 0, "DEV:N", flag_weight_device, .min = 10, .max = 1000,
     .help = "10 .. 1000"},
    {"device-read-bps", 0, "DEV:RATE", flag_throttle, .min = THROTTLE_READ_BPS},
    {"device-write-bps", 0, "DEV:RATE", flag_throttle, .min = THROTTLE_WRITE_BPS,
     .help = "bytes a second"},
    {"device-read-iops", 0, "DEV:RATE", flag_throttle, .min = THROTTLE_READ_IOPS},
    {"device-write-iops", 0, "DEV:RATE", flag_throttle, .min = THROTTLE_WRITE_IOPS,
     .help = "operations a second"},
    {"cgroup-parent", 0, "PATH", flag_text, COMMAND(cgroup_parent)},
    {"systemd-cgroup", 0, NULL, flag_switch, COMMAND(systemd_cgroup),
     .help = "to stand in; as systemd's unit"},
    {"lxc-conf", 0, "KEY=VALUE", flag_lxc_conf, .help = "any LXC key"},
};

static const struct flag other_flags[] = {
    {"help", 0, NULL, flag_switch, OPTION(help), .with_command_file = true},
    {"version", 0, NULL, flag_switch, OPTION(version), .with_command_file = true,
     .help = "lxc-launch(1) tells the rest"},
};

const struct flag_group flag_groups[] = {
    {"Start", run_flags, ARRAY_SIZE(run_flags)},
    {"Process", process_flags, ARRAY_SIZE(process_flags)},
    {"Files", file_flags, ARRAY_SIZE(file_flags)},
    {"Network", network_flags, ARRAY_SIZE(network_flags)},
    {"Security", security_flags, ARRAY_SIZE(security_flags)},
    {"Resources", resource_flags, ARRAY_SIZE(resource_flags)},
    {"", other_flags, ARRAY_SIZE(other_flags)},
};
const size_t n_flag_groups = ARRAY_SIZE(flag_groups);

const struct flag *flag_by_name(const char *name, size_t len)
{
    for (size_t g = 0; g < n_flag_groups; g++)
        for (size_t i = 0; i < flag_groups[g].n; i++) {
            const struct flag *flag = &flag_groups[g].flags[i];

            if (strlen(flag->name) == len && memcmp(flag->name, name, len) == 0)
                return flag;
        }
    return NULL;
}

const struct flag *flag_by_short(char c)
{
    for (size_t g = 0; c && g < n_flag_groups; g++)
        for (size_t i = 0; i < flag_groups[g].n; i++)
            if (flag_groups[g].flags[i].short_name == c)
                return &flag_groups[g].flags[i];
    return NULL;
}

const struct flag *flag_nearest(const char *name, size_t len)
{
    const struct flag *nearest = NULL;
    size_t best = STR_SLIPS(len);

    if (len < 2)
        return NULL;
    for (size_t g = 0; g < n_flag_groups; g++)
        for (size_t i = 0; i < flag_groups[g].n; i++) {
            const struct flag *flag = &flag_groups[g].flags[i];
            size_t d = str_distance(name, len, flag->name, strlen(flag->name));

            if (d < best) {
                best = d;
                nearest = flag;
            } else if (!nearest && len > 2 && strncmp(name, flag->name, len) == 0) {
                nearest = flag; /* an abbreviation, unless something is nearer */
            }
        }
    return nearest;
}
