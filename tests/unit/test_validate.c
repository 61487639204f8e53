/* What command_validate() refuses, whichever reader the command came from. */
#include "command_valid.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "spec/validate.h"

#define A15 "aaaaaaaaaaaaaaa"
#define A85 A15 A15 A15 A15 A15 "aaaaaaaaaa"
#define LONG_ID A85 A85 A15 A15 A15 A15 "aaaaaaaaaa" /* 240 */

/* name, what is done to a valid command `c`, the sentence that comes of it */
#define REFUSED(X)                                                                                 \
    X(id_missing, set(&c->id, NULL), "id: the id is empty")                                        \
    X(id_slash, set(&c->id, "a/b"),                                                                \
      "id: \"a/b\" is not an id: letters, digits and _ . + - are expected")                        \
    X(id_dot, set(&c->id, "."), "id: \".\" is not an id: it begins with a '.'")                    \
    X(id_hidden, set(&c->id, ".leases"), "id: \".leases\" is not an id: it begins with a '.'")     \
    X(id_newline, set(&c->id, "a\n"),                                                              \
      "id: \"a\\n\" is not an id: letters, digits and _ . + - are expected")                       \
    X(id_longest, set(&c->id, LONG_ID A15 "a"),                                                    \
      "id: the id \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is longer than 255 characters")          \
    X(systemd_path, (c->systemd_cgroup = true, set(&c->cgroups_path, "/a/b")),                     \
      "cgroupsPath: \"/a/b\" is not slice:prefix:name, as systemd has it")                         \
    X(systemd_few, (c->systemd_cgroup = true, set(&c->cgroups_path, "a.slice:b")),                 \
      "cgroupsPath: \"a.slice:b\" is not slice:prefix:name, as systemd has it")                    \
    X(systemd_many, (c->systemd_cgroup = true, set(&c->cgroups_path, "a.slice:b:c:d")),            \
      "cgroupsPath: \"a.slice:b:c:d\" is not slice:prefix:name, as systemd has it")                \
    X(systemd_nameless, (c->systemd_cgroup = true, set(&c->cgroups_path, "a.slice:b:")),           \
      "cgroupsPath: \"a.slice:b:\" is not slice:prefix:name, as systemd has it")                   \
    X(systemd_service, (c->systemd_cgroup = true, set(&c->cgroups_path, "a.service:b:c")),         \
      "cgroupsPath: \"a.service\" of \"a.service:b:c\" is not the name of a slice")                \
    X(systemd_dashes, (c->systemd_cgroup = true, set(&c->cgroups_path, "a--b.slice:b:c")),         \
      "cgroupsPath: \"a--b.slice\" of \"a--b.slice:b:c\" is not the name of a slice")              \
    X(systemd_short, (c->systemd_cgroup = true, set(&c->cgroups_path, ".slice:b:c")),              \
      "cgroupsPath: \".slice\" of \".slice:b:c\" is not the name of a slice")                      \
    X(systemd_parent, (c->systemd_cgroup = true, set(&c->cgroup_parent, "/a/b")),                  \
      "cgroup_parent: \"/a/b\" is not the name of a slice, as systemd has it")                     \
    X(cgroup_long, set(&c->cgroups_path, "/a/" LONG_ID A15 "a/b"),                                 \
      "cgroupsPath: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\" is longer than 255 bytes")             \
    X(engine_name_long, (c->engine = true, set(&c->hostname, A15 A15 A15 A15 "aaaaa")),            \
      "hostname: \"" A15 A15 A15 A15 "aaaaa\" is longer than 64 bytes")                            \
    X(engine_name_control, (c->engine = true, set(&c->domainname, "a\n")),                         \
      "domainname: \"a\\n\": byte 2 is a control character (0x0a)")                                \
    X(engine_map, (c->engine = true, maps_of_both(c), map(&c->gid_maps, &c->n_gid_maps, 5, 1, 9)), \
      "linux.gidMappings[1].containerID: 5 is in entry 0 too")                                     \
    X(engine_map_missing,                                                                          \
      (c->engine = true, c->ns[NS_USER].mode = NS_NEW,                                             \
       map(&c->uid_maps, &c->n_uid_maps, 0, 1, 9)),                                                \
      "linux.gidMappings: is missing")                                                             \
    X(engine_masked, (c->engine = true, add(&c->masked_paths, "proc")),                            \
      "linux.maskedPaths[0]: \"proc\" is not an absolute path")                                    \
    X(root_missing, set(&c->root.path, NULL), "root.path: is missing")                             \
    X(root_relative, set(&c->root.path, "r"), "root.path: \"r\" is not an absolute path")          \
    X(root_newline, set(&c->root.path, "/a\nb"),                                                   \
      "root.path: \"/a\\nb\": byte 3 is a control character (0x0a)")                               \
    X(root_layer, add(&c->root.layers, "l"), "root.layers[0]: \"l\" is not an absolute path")      \
    X(root_work, set(&c->root.upper, "/u"), "root.upper and root.work: one is missing")            \
    X(args_none, strv_free(&c->process.args), "process.args: there is no command to run")          \
    X(args_empty, set(&c->process.args.items[0], ""), "process.args[0]: the command is empty")     \
    X(env_no_value, add(&c->process.env, "B"), "process.env[1]: \"B\" has no '='")                 \
    X(env_no_name, add(&c->process.env, "=b"), "process.env[1]: \"=b\" has no variable name")      \
    X(cwd_relative, set(&c->process.cwd, "tmp"), "process.cwd: \"tmp\" is not an absolute path")   \
    X(user_empty, set(&c->process.user.name, ""), "process.user: the user is empty")               \
    X(user_control, set(&c->process.user.name, "a\x01"),                                           \
      "process.user: \"a\\x01\": byte 2 is a control character (0x01)")                            \
    X(user_large, set(&c->process.user.name, "99999999999"),                                       \
      "process.user: \"99999999999\" is above the last id, 4294967294")                            \
    X(user_uid, c->process.user.uid = UINT32_MAX,                                                  \
      "process.user: 4294967295 is no id to the kernel")                                           \
    X(group_empty, add(&c->process.user.groups, ""), "process.user.groups[0]: the group is empty") \
    X(group_option, add(&c->process.user.groups, "-x"),                                            \
      "process.user.groups[0]: \"-x\" is neither the name nor the number of a group")              \
    X(umask_bits, (c->process.user.has_umask = true, c->process.user.umask = 01000),               \
      "process.user.umask: 512 (decimal) has other bits than permissions")                         \
    X(rlimit_order, limit(c, RLIMIT_NOFILE, 2, 1),                                                 \
      "process.rlimits[0]: RLIMIT_NOFILE: the soft limit 2 is above the hard limit 1")             \
    X(rlimit_kind, limit(c, 99, 1, 1), "process.rlimits[0]: 99 is not a limit")                    \
    X(rlimit_twice, (limit(c, RLIMIT_CPU, 1, 1), limit(c, RLIMIT_CPU, 2, 2)),                      \
      "process.rlimits[1]: RLIMIT_CPU is said twice")                                              \
    X(caps_unknown,                                                                                \
      (c->process.caps.set = true, c->process.caps.ambient = UINT64_C(1) << (CAP_LAST_KNOWN + 1)), \
      "process.capabilities: bit mask 20000000000 has unknown capabilities")                       \
    X(oom_score, (c->process.has_oom_score_adj = true, c->process.oom_score_adj = -1001),          \
      "process.oomScoreAdj: -1001 is not between -1000 and 1000")                                  \
    X(apparmor_empty, set(&c->process.apparmor_profile, ""),                                       \
      "process.apparmorProfile: the value is empty")                                               \
    X(selinux_newline, set(&c->process.selinux_label, "a\n"),                                      \
      "process.selinuxLabel: \"a\\n\": byte 2 is a control character (0x0a)")                      \
    X(sched_policy,                                                                                \
      (c->process.scheduler.set = true, set(&c->process.scheduler.policy, "SCHED_NONE")),          \
      "process.scheduler.policy: \"SCHED_NONE\" is not a policy")                                  \
    X(sched_nice,                                                                                  \
      (c->process.scheduler.set = true, set(&c->process.scheduler.policy, "SCHED_OTHER"),          \
       c->process.scheduler.nice = 20),                                                            \
      "process.scheduler.nice: 20 is not between -20 and 19")                                      \
    X(ioprio_class, c->process.ioprio.set = true,                                                  \
      "process.ioPriority.class: 0 is not between 1 and 3")                                        \
    X(ioprio_value,                                                                                \
      (c->process.ioprio.set = true, c->process.ioprio.class_ = 2,                                 \
       c->process.ioprio.priority = 8),                                                            \
      "process.ioPriority.priority: 8 is not between 0 and 7")                                     \
    X(affinity, set(&c->process.cpu_affinity_final, "x"),                                          \
      "process.execCPUAffinity.final: \"x\" is not a list of numbers and ranges such as 0-3,5")    \
    X(stop_signal, c->stop_signal = 65, "stop_signal: 65 is not a signal")                         \
    X(mount_root, bind_mount(c, "/a", "/"), "mounts[0].destination: \"/\" is the root itself")     \
    X(mount_up, bind_mount(c, "/a", "/b/../.."),                                                   \
      "mounts[0].destination: \"/b/../..\" is the root itself")                                    \
    X(mount_relative, bind_mount(c, "/a", "b"),                                                    \
      "mounts[0].destination: \"b\" is not an absolute path")                                      \
    X(mount_nowhere, bind_mount(c, "/a", NULL), "mounts[0].destination: is missing")               \
    X(mount_source, bind_mount(c, "a", "/b"), "mounts[0].source: \"a\" is not an absolute path")   \
    X(mount_no_source, bind_mount(c, NULL, "/b"), "mounts[0].source: is missing")                  \
    X(mount_no_type, bind_mount(c, "/a", "/b")->flags = 0, "mounts[0].type: is missing")           \
    X(mount_type, set(&bind_mount(c, "/a", "/b")->type, "a b"),                                    \
      "mounts[0].type: \"a b\" is not a filesystem's type")                                        \
    X(mount_option, add(&bind_mount(c, "/a", "/b")->data, "x\ty"),                                 \
      "mounts[0].options: \"x\\ty\": byte 2 is a control character (0x09)")                        \
    X(mount_propagation, bind_mount(c, "/a", "/b")->propagation = MS_SLAVE | MS_SHARED,            \
      "mounts[0].options: 0x180000 is not a propagation type")                                     \
    X(mount_twice,                                                                                 \
      (bind_mount(c, "/a", "/b"), bind_mount(c, "/c", "/d"), bind_mount(c, "/e", "/d/../b/")),     \
      "mounts[2].destination: \"/b\" is a duplicate mount point (mounts[0] is there too)")         \
    X(root_propagation, c->root.propagation = 7,                                                   \
      "rootfsPropagation: 0x7 is not a propagation type")                                          \
    X(shm_size, c->shm_size = 0, "shm_size: 0 is not above 0")                                     \
    X(device_type, node(c, "/dev/x")->type = 'd', "devices[0].type: 'd' is none of c, b, u, p")    \
    X(device_path, node(c, "x"), "devices[0].path: \"x\" is not an absolute path")                 \
    X(device_root, node(c, "/"), "devices[0].path: \"/\" is the root itself")                      \
    X(device_major, node(c, "/dev/x")->major = 4096,                                               \
      "devices[0].major: 4096 is not between 0 and 4095")                                          \
    X(device_minor, node(c, "/dev/x")->minor = -1,                                                 \
      "devices[0].minor: -1 is not between 0 and 1048575")                                         \
    X(rule_type, rule(c)->type = 'u', "resources.devices[0].type: 'u' is none of a, c, b")         \
    X(rule_none, *rule(c) = ((struct device_rule){.type = 'c'}),                                   \
      "resources.devices[0].access: none of r, w, m")                                              \
    X(rule_major, rule(c)->major = -2, "resources.devices[0].major: -2 is not between -1 and 4095")

#define REFUSED_TOO(X)                                                                             \
    X(net_mtu_low, (c->net.mode = NET_BRIDGE, c->net.mtu = 67),                                    \
      "network.mtu: 67 is not between 68 and 65535")                                               \
    X(net_mtu_high, (c->net.mode = NET_BRIDGE, c->net.mtu = 65536),                                \
      "network.mtu: 65536 is not between 68 and 65535")                                            \
    X(net_host_mtu, (c->net.mode = NET_HOST, c->net.mtu = 1500),                                   \
      "network.mtu: cannot be used without an interface on a bridge")                              \
    X(net_none_ip, c->net.ip4.family = AF_INET,                                                    \
      "network.ip: cannot be used without an interface on a bridge")                               \
    X(net_none_bridge, set(&c->net.bridge, "br0"),                                                 \
      "network.bridge: cannot be used without an interface on a bridge")                           \
    X(net_mac, (c->net.mode = NET_BRIDGE, set(&c->net.mac, "02:42:ac:11:00:0g")),                  \
      "network.mac_address: \"02:42:ac:11:00:0g\" is not a MAC address such as 02:42:ac:11:00:02") \
    X(net_mac_zero, (c->net.mode = NET_BRIDGE, set(&c->net.mac, "00:00:00:00:00:00")),             \
      "network.mac_address: \"00:00:00:00:00:00\" is not the address of one interface (unicast)")  \
    X(net_ip_zero, (c->net.mode = NET_BRIDGE, c->net.ip4.family = AF_INET),                        \
      "network.ip: the unspecified address is no interface's")                                     \
    X(net_ip_family, (c->net.mode = NET_BRIDGE, c->net.ip6.family = AF_INET),                      \
      "network.global_ipv6: not an IPv6 address")                                                  \
    X(net_prefix,                                                                                  \
      (c->net.mode = NET_BRIDGE,                                                                   \
       c->net.ip4 = (struct ip_address){.family = AF_INET, .addr = {10}, .prefix = 33}),           \
      "network.ip: prefix length 33 is not between 1 and 32")                                      \
    X(net_name, (c->net.mode = NET_BRIDGE, set(&c->net.name, "a:0")),                              \
      "network.name: \"a:0\" is not an interface's name")                                          \
    X(net_path_missing, c->net.mode = NET_PATH, "network.namespace_path: is missing")              \
    X(net_container_missing, c->net.mode = NET_CONTAINER, "network.container_id: the id is empty") \
    X(dns_name, add(&c->dns, "resolver"), "dns[0]: \"resolver\" is not an IP address")             \
    X(dns_network, add(&c->dns, "10.0.0.0/8"),                                                     \
      "dns[0]: \"10.0.0.0/8\" is a network, not an address")                                       \
    X(dns_search, add(&c->dns_search, "a b"),                                                      \
      "dns_search[0]: \"a b\" cannot stand in resolv.conf")                                        \
    X(dns_option, add(&c->dns_options, "ndots:1\nnameserver 1.1.1.1"),                             \
      "dns_options[0]: \"ndots:1\\nnameserver 1.1.1.1\" cannot stand in resolv.conf")              \
    X(host_no_address, add(&c->extra_hosts, "db"), "extra_hosts[0]: \"db\" is not NAME:ADDRESS")   \
    X(host_address, add(&c->extra_hosts, "db:1.2.3"),                                              \
      "extra_hosts[0]: \"db:1.2.3\": \"1.2.3\" is not an IP address")                              \
    X(host_name, add(&c->extra_hosts, "d b:1.2.3.4"),                                              \
      "extra_hosts[0]: \"d b:1.2.3.4\": \"d b\" is not a host name: letters, digits and - _ . "    \
      "within are expected")                                                                       \
    X(hostname_space, set(&c->hostname, "a b"),                                                    \
      "hostname: \"a b\" is not a host name: letters, digits and - _ . within are expected")       \
    X(hostname_empty, set(&c->hostname, ""), "hostname: the name is empty")                        \
    X(hostname_long,                                                                               \
      set(&c->hostname, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),      \
      "hostname: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is longer " \
      "than 64 characters")                                                                        \
    X(hostname_uts, (c->ns[NS_UTS].mode = NS_HOST, set(&c->hostname, "a")),                        \
      "hostname: \"a\" cannot be set in the host's UTS namespace")                                 \
    X(domainname_uts, (c->ns[NS_UTS].mode = NS_HOST, set(&c->domainname, "a")),                    \
      "domainname: \"a\" cannot be set in the host's UTS namespace")                               \
    X(ns_path_missing, c->ns[NS_IPC].mode = NS_PATH, "namespaces.ipc: the path is missing")        \
    X(ns_path_relative, (c->ns[NS_PID].mode = NS_PATH, set(&c->ns[NS_PID].path, "ns")),            \
      "namespaces.pid: \"ns\" is not an absolute path")                                            \
    X(ipc_both, (c->ns[NS_IPC].mode = NS_HOST, set(&c->ipc_container, "b")),                       \
      "ipc.container_id: \"b\" contradicts ipc.host_ipc")                                          \
    X(pid_both, (c->ns[NS_PID].mode = NS_HOST, set(&c->pid_container, "b")),                       \
      "pid.container_id: \"b\" contradicts pid.host_pid")                                          \
    X(map_without_ns, map(&c->uid_maps, &c->n_uid_maps, 0, 1, 1),                                  \
      "uidmapping: cannot be used without a user namespace")                                       \
    X(map_gid_missing, (c->ns[NS_USER].mode = NS_NEW, map(&c->uid_maps, &c->n_uid_maps, 0, 1, 1)), \
      "gidmapping: is missing")                                                                    \
    X(map_empty, (maps_of_both(c), c->uid_maps[0].size = 0), "uidmapping[0].size: 0 maps nothing") \
    X(map_beyond, (maps_of_both(c), c->gid_maps[0].host_id = UINT32_MAX - 5),                      \
      "gidmapping[0].size: 10 goes beyond the last id")                                            \
    X(map_overlap, (maps_of_both(c), map(&c->uid_maps, &c->n_uid_maps, 9, 5000, 1)),               \
      "uidmapping[1].container_id: 9 is in entry 0 too")                                           \
    X(map_host_overlap, (maps_of_both(c), map(&c->gid_maps, &c->n_gid_maps, 10, 1009, 1)),         \
      "gidmapping[1].host_id: 1009 is in entry 0 too")                                             \
    X(time_offsets, c->has_time_offsets = true,                                                    \
      "timeOffsets: cannot be used without a new time namespace")                                  \
    X(sysctl_host, sysctl_pair(c, "vm.swappiness", "1"),                                           \
      "sysctl: \"vm.swappiness\" belongs to the whole machine, not to a container")                \
    X(sysctl_prefix, sysctl_pair(c, "kernel.msgmaxx", "1"),                                        \
      "sysctl: \"kernel.msgmaxx\" belongs to the whole machine, not to a container")               \
    X(sysctl_bare, sysctl_pair(c, "net.", "1"),                                                    \
      "sysctl: \"net.\" belongs to the whole machine, not to a container")                         \
    X(sysctl_escape, sysctl_pair(c, "net/../vm/swappiness", "1"),                                  \
      "sysctl: \"net/../vm/swappiness\" is not a sysctl key")                                      \
    X(sysctl_newline, sysctl_pair(c, "net.core.somaxconn", "1\n2"),                                \
      "sysctl: net.core.somaxconn: \"1\\n2\": byte 2 is a control character (0x0a)")               \
    X(sysctl_net_host, (c->net.mode = NET_HOST, sysctl_pair(c, "net.core.somaxconn", "1")),        \
      "sysctl: \"net.core.somaxconn\" cannot be set in the host's network namespace")              \
    X(sysctl_ipc_host, (c->ns[NS_IPC].mode = NS_HOST, sysctl_pair(c, "kernel.shmmax", "1")),       \
      "sysctl: \"kernel.shmmax\" cannot be set in the host's ipc namespace")                       \
    X(sysctl_mqueue_host,                                                                          \
      (c->ns[NS_IPC].mode = NS_HOST, sysctl_pair(c, "fs.mqueue.msg_max", "1")),                    \
      "sysctl: \"fs.mqueue.msg_max\" cannot be set in the host's ipc namespace")                   \
    X(sysctl_uts_host, (c->ns[NS_UTS].mode = NS_HOST, sysctl_pair(c, "kernel.domainname", "x")),   \
      "sysctl: \"kernel.domainname\" cannot be set in the host's uts namespace")                   \
    X(memory_small, c->res.memory_limit = 4096,                                                    \
      "resources.memory: 4096 is less than the 6291456 that a container needs")                    \
    X(memory_negative, c->res.memory_limit = -2, "resources.memory: -2 is less than -1")           \
    X(swap_alone, c->res.memory_swap = 1, "resources.memory_swap: 1 needs resources.memory")       \
    X(swap_small, (c->res.memory_limit = 1 << 24, c->res.memory_swap = 1 << 23),                   \
      "resources.memory_swap: 8388608 counts memory too and is less than its 16777216")            \
    X(reservation, (c->res.memory_limit = 1 << 23, c->res.memory_reservation = 1 << 24),           \
      "resources.memory_reservation: 16777216 is above resources.memory, 8388608")                 \
    X(swappiness, c->res.memory_swappiness = 101,                                                  \
      "resources.memory_swappiness: 101 is not between 0 and 100")                                 \
    X(shares, c->res.cpu_shares = 1, "resources.cpu_shares: 1 is not between 2 and 262144")        \
    X(period, c->res.cpu_period_us = 1000001,                                                      \
      "resources.cpu_period: 1000001 is not between 1000 and 1000000")                             \
    X(quota, c->res.cpu_quota_us = 999, "resources.cpu_quota: 999 is less than 1000 microseconds") \
    X(idle, c->res.cpu_idle = 2, "resources.cpu_idle: 2 is not between 0 and 1")                   \
    X(pids, c->res.pids_limit = -2, "resources.pids_limit: -2 is less than -1")                    \
    X(weight, c->res.blkio_weight = 9, "resources.blkio_weight: 9 is not between 10 and 1000")     \
    X(class_id, c->res.net_class_id = INT64_C(1) << 32,                                            \
      "resources.net_class_id: 4294967296 is not between 0 and 4294967295")                        \
    X(cpuset, set(&c->res.cpuset_cpus, "0,"),                                                      \
      "resources.cpuset_cpus: \"0,\" is not a list of numbers and ranges such as 0-3,5")           \
    X(mems, set(&c->res.cpuset_mems, "1-0"),                                                       \
      "resources.cpuset_mems: \"1-0\" is not a list of numbers and ranges such as 0-3,5")          \
    X(unified, assert_int_equal(pair_add(&c->res.unified, &c->res.n_unified, "../x.y", "1"), 0),   \
      "resources.unified: \"../x.y\" is not a control file's name")                                \
    X(cgroup_up, set(&c->cgroup_parent, "a/.."), "cgroup_parent: \"a/..\" leads upwards")          \
    X(cgroup_empty, set(&c->cgroup_parent, ""), "cgroup_parent: the path is empty")                \
    X(cgroup_control, set(&c->cgroups_path, "/a\nb"),                                              \
      "cgroupsPath: \"/a\\nb\": byte 3 is a control character (0x0a)")                             \
    X(hook_relative, hook(c, "x"), "hooks.poststop[0].path: \"x\" is not an absolute path")        \
    X(hook_missing, hook(c, NULL), "hooks.poststop[0].path: is missing")                           \
    X(hook_timeout, hook(c, "/x")->timeout_s = 0, "hooks.poststop[0].timeout: 0 is not above 0")   \
    X(annotation, assert_int_equal(pair_add(&c->annotations, &c->n_annotations, "", "v"), 0),      \
      "annotations: a key is empty (its value is \"v\")")                                          \
    X(lxc_prefix, lxc_key(c, "net.0.type", "veth"),                                                \
      "lxc_config[0]: \"net.0.type\" is not an LXC key: lxc.NAME is expected")                     \
    X(lxc_newline, lxc_key(c, "lxc.environment", "A=1\nlxc.x = 2"),                                \
      "lxc_config[0]: lxc.environment: \"A=1\\nlxc.x = 2\": byte 4 is a control character (0x0a)") \
    X(masked, add(&c->masked_paths, "proc"), "maskedPaths[0]: \"proc\" is not an absolute path")   \
    X(readonly, add(&c->readonly_paths, "p"), "readonlyPaths[0]: \"p\" is not an absolute path")   \
    X(personality, set(&c->personality, "BSD"),                                                    \
      "personality.domain: \"BSD\" is neither LINUX nor LINUX32")

#define CHANGE(name, change, message)                                                              \
    static void change_##name(struct command *c)                                                   \
    {                                                                                              \
        change;                                                                                    \
    }
#define ENTRY(name, change, message) {#name, change_##name, message},

/* The changes are expressions of any type, void among them. */
REFUSED(CHANGE)
REFUSED_TOO(CHANGE)

static const struct {
    const char *name;
    void (*change)(struct command *c);
    const char *message;
} refused[] = {REFUSED(ENTRY) REFUSED_TOO(ENTRY)};

static void test_refused(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_command struct command *c = valid();

        refused[i].change(c);
        if (command_validate(c, &err) != -1 || strcmp(err_message(err), refused[i].message)) {
            print_error("%s:\n expected \"%s\"\n got      \"%s\"\n", refused[i].name,
                        refused[i].message, err_message(err));
            wrong++;
        }
        assert_int_equal(command_validate(c, NULL), -1);
    }
    assert_true(ARRAY_SIZE(refused) >= 80);
    assert_int_equal(wrong, 0);
}

/* name, what is done to a valid command, which stays valid */
#define ACCEPTED(X)                                                                                \
    X(nothing, c->stop_signal = 0, "")                                                             \
    X(id_of_255, set(&c->id, LONG_ID A15), "")                                                     \
    X(name_of_an_engine, (c->engine = true, set(&c->hostname, "-my host-")), "")                   \
    X(cgroup_colons, set(&c->cgroups_path, "/a:b:c"), "")                                          \
    X(cgroup_systemd,                                                                              \
      (c->systemd_cgroup = true, set(&c->cgroups_path, "system-a.slice:docker:x")), "")            \
    X(cgroup_systemd_chosen, (c->systemd_cgroup = true, set(&c->cgroups_path, "::x")), "")         \
    X(cgroup_systemd_root, (c->systemd_cgroup = true, set(&c->cgroups_path, "-.slice:p:x")), "")   \
    X(parent_systemd, (c->systemd_cgroup = true, set(&c->cgroup_parent, "a-b.slice")), "")         \
    X(id_signs, set(&c->id, "_a.b+c-d"), "")                                                       \
    X(no_process, (c->has_process = false, strv_free(&c->process.args)), "")                       \
    X(user_forms, set(&c->process.user.name, "4294967294:www-data"), "")                           \
    X(rlimit_infinite, limit(c, RLIMIT_AS, 1, UINT64_MAX), "")                                     \
    X(odd_paths, bind_mount(c, "/a\nb\t\\ #", "/x y\n"), "")                                       \
    X(duplicate_of_a_bundle,                                                                       \
      (set(&c->oci_version, "1.3.0"), bind_mount(c, "/a", "/b"), bind_mount(c, "/c", "/b")), "")   \
    X(small_memory_of_a_bundle, (set(&c->oci_version, "1.3.0"), c->res.memory_limit = 4096), "")   \
    X(mounts_below, (bind_mount(c, "/a", "/b"), bind_mount(c, "/a", "/b/c")), "")                  \
    X(fifo, node(c, "/dev/p")->type = 'p', "")                                                     \
    X(cpuset, set(&c->res.cpuset_cpus, "0-3,5,7-7"), "")                                           \
    X(unlimited, (c->res.memory_swap = -1, c->res.pids_limit = -1, c->res.cpu_quota_us = -1), "")  \
    X(swap_equal, (c->res.memory_limit = 1 << 24, c->res.memory_swap = 1 << 24), "")               \
    X(sysctl_net, sysctl_pair(c, "net.ipv4.conf.all.forwarding", "1"), "")                         \
    X(sysctl_slashes, sysctl_pair(c, "net/ipv4/conf/eth0.7/forwarding", "1"), "")                  \
    X(sysctl_ipc, sysctl_pair(c, "kernel.sem", "1 2\x20 3"), "")                                   \
    X(sysctl_mqueue, sysctl_pair(c, "fs.mqueue.msg_max", "9"), "")                                 \
    X(sysctl_of_another, (set(&c->ipc_container, "b"), sysctl_pair(c, "kernel.shmmax", "1")), "")  \
    X(maps, maps_of_both(c), "")                                                                   \
    X(maps_touching, (maps_of_both(c), map(&c->uid_maps, &c->n_uid_maps, 10, 1010, 5)), "")        \
    X(hostname_64,                                                                                 \
      set(&c->hostname, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "")   \
    X(env_bytes, add(&c->process.env, "A=\xff\n\t"), "")                                           \
    X(bridge, (c->net.mode = NET_BRIDGE, set(&c->net.mac, "02:aB:00:00:00:01")), "")               \
    X(systemd_cgroup, set(&c->cgroups_path, "system.slice:docker:abc"), "")                        \
    X(lxc_empty, lxc_key(c, "lxc.cap.drop", ""), "")                                               \
    X(extra_host, add(&c->extra_hosts, "db.example:2001:db8::1"), "")

#define ACCEPTED_FUNCTION(name, change, message)                                                   \
    static void accepted_##name(struct command *c)                                                 \
    {                                                                                              \
        change;                                                                                    \
    }
#define ACCEPTED_ENTRY(name, change, message) {#name, accepted_##name},

ACCEPTED(ACCEPTED_FUNCTION)

static const struct {
    const char *name;
    void (*change)(struct command *c);
} accepted[] = {ACCEPTED(ACCEPTED_ENTRY)};

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_command struct command *c = valid();

        accepted[i].change(c);
        if (command_validate(c, &err) < 0)
            fail_msg("%s: %s", accepted[i].name, err_message(err));
    }
}

static void test_long_strings(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_command struct command *c = valid();
    cleanup_free char *text = malloc(131073);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 131072);
    text[131072] = '\0';
    text[1] = '=';
    add(&c->process.env, text);
    assert_int_equal(command_validate(c, &err), -1);
    assert_string_equal(err_message(err),
                        "process.env[1]: x: 131072 bytes are more than the kernel's 131071");
    text[131071] = '\0';
    set(&c->process.env.items[1], text);
    assert_int_equal(command_validate(c, NULL), 0);
    text[131071] = 'x';
    add(&c->process.args, text);
    assert_int_equal(command_validate(c, &err), -1);
    assert_string_equal(err_message(err),
                        "process.args[1]: 131072 bytes are more than the kernel's 131071");
}

static void test_lists_of_processors(void **state)
{
    static const char *const right[] = {"0", "0-0", "1,2,3", "0-65535", "5,1"};
    static const char *const wrong[] = {"",
                                        ",",
                                        "0,",
                                        ",0",
                                        "a",
                                        "-1",
                                        "0-",
                                        "1--2",
                                        "0-1-2",
                                        "0 1",
                                        " 0",
                                        "0\n",
                                        "0x1",
                                        "65536",
                                        "3-2",
                                        "0,,1",
                                        "99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(right); i++)
        assert_int_equal(check_cpuset(right[i], NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        if (check_cpuset(wrong[i], NULL) == 0)
            fail_msg("\"%s\" was accepted", wrong[i]);
}

static void test_names_of_interfaces(void **state)
{
    static const char *const right[] = {"a", "eth0", "br-0123456789ab", "veth.1", "..."};
    static const char *const wrong[] = {
        "", ".", "..", "a/b", "a:1", "a b", "a\t", "a\x7f", "0123456789abcdef"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(right); i++)
        assert_int_equal(check_interface(right[i], NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        if (check_interface(wrong[i], NULL) == 0)
            fail_msg("\"%s\" was accepted", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_long_strings),
        cmocka_unit_test(test_lists_of_processors),
        cmocka_unit_test(test_names_of_interfaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
