/* What a command only names, looked up on this host: the bridge and its addresses, other
 * containers' namespaces. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/net.h"
#include "host/proc.h"
#include "spec/validate.h"
#include "spec/words.h"

static const char *const ns_file[NS_KINDS] = {
    [NS_PID] = "pid", [NS_NET] = "net",   [NS_MNT] = "mnt",       [NS_IPC] = "ipc",
    [NS_UTS] = "uts", [NS_USER] = "user", [NS_CGROUP] = "cgroup", [NS_TIME] = "time"};

/* Same name for the same container, different for others: FNV-1a over root and id, 48 bits. */
static char *interface_name(const struct launch *l)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *parts[] = {l->drv->root, "/", l->cmd->id};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        for (const char *c = parts[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    return str_printf("rl%012llx", (unsigned long long)(hash & UINT64_C(0xffffffffffff)));
}

/* One family's address: as asked for, or the bridge's next free one. */
static int take_address(struct launch *l, const char *bridge, const struct ip_address *own,
                        const struct ip_address *want, struct lxcdriver_error **err)
{
    struct network_facts *net = &l->net;
    struct ip_address subnet, got;

    if (want->family == 0 && (own->family == 0 || l->cmd->net.no_auto_address))
        return 0;
    subnet = own->family ? *own : *want;
    if (own->family == 0 && want->prefix == 0)
        return err_set(err,
                       "network: bridge \"%s\" has no address of this family: give the address "
                       "with its prefix length",
                       bridge);
    /* A bridge without an address has nothing to keep free but the subnet's own. */
    if (own->family == 0)
        for (uint32_t bit = want->prefix; bit < (want->family == AF_INET ? 32U : 128U); bit++)
            subnet.addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    if (lease_take(l->drv->root, bridge, &subnet, want, l->cmd->id, &got, err) < 0)
        return err_wrap(err, "network");
    if (want->prefix)
        got.prefix = want->prefix;
    net->addresses[net->n_addresses++] = got;
    return 0;
}

static void add_gateway(struct network_facts *net, const struct ip_address *want,
                        const struct ip_address *own)
{
    const struct ip_address *gateway = want->family ? want : own;

    for (size_t i = 0; i < net->n_addresses; i++)
        if (gateway->family == net->addresses[i].family)
            net->gateways[net->n_gateways++] = *gateway;
}

/* As Docker does: the address is in the MAC, so that a new container with an old one's address has
 * its MAC too. */
static char *mac_of(const struct ip_address *ip4)
{
    const uint8_t *a = ip4->addr;

    return str_printf("02:42:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3]);
}

static int resolve_bridge(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const struct network_spec *spec = &l->cmd->net;
    struct network_facts *net = &l->net;
    struct bridge_info info = {0};
    struct ip_address none = {0};

    net->bridge = spec->bridge ? spec->bridge : l->drv->conf.bridge;
    net->name = spec->name ? spec->name : "eth0";
    l->host_if = spec->host_if ? strdup(spec->host_if) : interface_name(l);
    if (!l->host_if)
        return err_nomem(err);
    net->host_if = l->host_if;
    if (bridge_info_read(net->bridge, &info, err) < 0)
        return err_wrap(err, "network");
    l->mtu = spec->mtu ? spec->mtu : info.mtu;
    if (!look_only) {
        if (net_interface_exists(net->host_if))
            return err_set(err, "network: host interface \"%s\" exists already", net->host_if);
        if (take_address(l, net->bridge, info.has_ip4 ? &info.ip4 : &none, &spec->ip4, err) < 0 ||
            take_address(l, net->bridge, info.has_ip6 ? &info.ip6 : &none, &spec->ip6, err) < 0)
            return -1;
        add_gateway(net, &spec->gw4, info.has_ip4 ? &info.ip4 : &none);
        add_gateway(net, &spec->gw6, info.has_ip6 ? &info.ip6 : &none);
    } else if (spec->ip4.family) {
        net->addresses[net->n_addresses++] = spec->ip4;
    }
    if (spec->mac)
        l->mac = strdup(spec->mac);
    else if (net->n_addresses && net->addresses[0].family == AF_INET)
        l->mac = mac_of(&net->addresses[0]);
    else
        return 0;
    return l->mac ? 0 : err_nomem(err);
}

int launch_resolve_network(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    static const char *const modes[] = {[NET_NONE] = "none",
                                        [NET_HOST] = "host",
                                        [NET_BRIDGE] = "bridge",
                                        [NET_PATH] = "path",
                                        [NET_CONTAINER] = "container"};

    l->net.mode = modes[l->cmd->net.mode];
    return l->cmd->net.mode == NET_BRIDGE ? resolve_bridge(l, look_only, err) : 0;
}

/* Take the namespace of another container's init, which is to be alive still when LXC has opened
 * it.
 */
static int join_peer(struct launch *l, enum ns_kind kind, const struct container *other,
                     struct lxcdriver_error **err)
{
    l->ns_path[kind] = str_printf("/proc/%d/ns/%s", (int)other->pid, ns_file[kind]);
    l->peer_pid[kind] = other->pid;
    l->peer_start[kind] = other->start_time;
    return l->ns_path[kind] ? 0 : err_nomem(err);
}

/* The namespace of another container's init. */
static int of_container(struct launch *l, enum ns_kind kind, const char *member, const char *id,
                        struct lxcdriver_error **err)
{
    struct container other cleanup_container = {.dir_fd = -1};

    if (container_open(l->drv, id, &other, err) < 0 ||
        container_want_running(&other, false, err) < 0)
        return err_wrap(err, "%s", member);
    return join_peer(l, kind, &other, err);
}

/* The container whose supervisor a process is, as its arguments tell. 0, or -1 when it is none. */
static int container_of_supervisor(const struct launch *l, pid_t pid, struct container *out)
{
    cleanup_free char *helper = driver_helper(l->drv, "runlxc-supervise");
    cleanup_free char *path = str_printf("/proc/%d/cmdline", (int)pid), *args = NULL;
    const char *root, *id;
    struct lxcdriver other;
    size_t len = 0;

    if (!helper || !path || fs_read_at(AT_FDCWD, path, 2 * PATH_MAX, &args, &len) < 0 ||
        !str_eq(args, helper))
        return -1;
    root = args + strlen(args) + 1;
    if (root >= args + len)
        return -1;
    id = root + strlen(root) + 1;
    other = (struct lxcdriver){.root = (char *)(uintptr_t)root};
    if (id >= args + len || container_open(&other, id, out, NULL) < 0)
        return -1;
    out->drv = NULL; /* was only needed to open it */
    if (out->supervisor == pid && proc_alive(pid, out->supervisor_start))
        return 0;
    container_close(out);
    return -1;
}

/*
 * An engine knows a container by the pid that it was given, and for `--pid container:X` it names
 * that pid's namespace; our supervisor could join all of its container's but this one. 1 when it
 * was such a path, else 0, or -1.
 */
static int of_supervisor(struct launch *l, enum ns_kind kind, const char *path,
                         struct lxcdriver_error **err)
{
    struct container other cleanup_container = {.dir_fd = -1};
    int pid, end = 0;

    if (sscanf(path, "/proc/%d/ns/%n", &pid, &end) != 1 || end == 0 ||
        !str_eq(path + end, ns_file[kind]) || container_of_supervisor(l, pid, &other) < 0)
        return 0;
    return join_peer(l, kind, &other, err) < 0 ? -1 : 1;
}

/* LXC joins whatever namespace the file is of, and the container would stay in the host's of the
 * kind that was meant: ioctl_ns(2). */
static int of_path(struct launch *l, enum ns_kind kind, const char *path,
                   struct lxcdriver_error **err)
{
    static const int types[NS_KINDS] = {
        [NS_PID] = CLONE_NEWPID,   [NS_NET] = CLONE_NEWNET,      [NS_MNT] = CLONE_NEWNS,
        [NS_IPC] = CLONE_NEWIPC,   [NS_UTS] = CLONE_NEWUTS,      [NS_USER] = CLONE_NEWUSER,
        [NS_TIME] = CLONE_NEWTIME, [NS_CGROUP] = CLONE_NEWCGROUP};
    cleanup_close int fd = -1;
    int found = of_supervisor(l, kind, path, err);

    if (found)
        return found < 0 ? -1 : 0;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_sys(err, errno, "%s namespace %s", ns_file[kind], path);
    if (ioctl(fd, NS_GET_NSTYPE) != types[kind])
        return err_set(err, "%s is no %s namespace", path, ns_file[kind]);
    l->ns_path[kind] = strdup(path);
    return l->ns_path[kind] ? 0 : err_nomem(err);
}

/* Engines name the host's own namespace by a path, too: Docker for --network host. */
static bool is_hosts(enum ns_kind kind, const char *path)
{
    cleanup_free char *own = str_printf("/proc/self/ns/%s", ns_file[kind]);
    struct stat a, b;

    return own && stat(own, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int check_sysctls(const struct launch *l, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < l->cmd->n_sysctls; i++) {
        const char *key = l->cmd->sysctls[i].key;
        enum ns_kind kind = sysctl_namespace(key);

        if (l->ns_path[kind] && is_hosts(kind, l->ns_path[kind]))
            return err_set(err, "sysctl: \"%s\" cannot be set in the host's %s namespace, %s", key,
                           ns_type_word(kind), l->ns_path[kind]);
    }
    return 0;
}

/*
 * LXC makes a new cgroup namespace when it joins one of any kind, so that one to be joined and one
 * to be left as it is are for the shim to enter. In a user namespace it may not enter the host's,
 * which makes a difference to what /proc/self/cgroup says only.
 */
static int open_cgroup_namespace(struct launch *l, struct lxcdriver_error **err)
{
    const char *path = l->ns_path[NS_CGROUP];
    bool lxc_joins = false;

    for (enum ns_kind k = 0; k < NS_KINDS; k++)
        lxc_joins = lxc_joins || (l->ns_path[k] && k != NS_CGROUP && k != NS_TIME);
    if (!path && lxc_joins && l->cmd->ns[NS_CGROUP].mode == NS_HOST && !l->cmd->n_uid_maps &&
        !l->cmd->rootless && !l->ns_path[NS_USER])
        path = "/proc/self/ns/cgroup";
    if (!path)
        return 0;
    l->cgroup_ns = open(path, O_RDONLY | O_CLOEXEC);
    return l->cgroup_ns < 0 ? err_sys(err, errno, "cgroup namespace %s", path) : 0;
}

int launch_resolve_namespaces(struct launch *l, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;

    for (enum ns_kind i = 0; i < NS_KINDS; i++)
        if (cmd->ns[i].mode == NS_PATH && cmd->ns[i].path &&
            of_path(l, i, cmd->ns[i].path, err) < 0)
            return -1;
    if (cmd->net.mode == NET_PATH && !l->ns_path[NS_NET] &&
        of_path(l, NS_NET, cmd->net.path, err) < 0)
        return -1;
    if ((cmd->net.mode == NET_CONTAINER &&
         of_container(l, NS_NET, "network.container_id", cmd->net.container, err) < 0) ||
        (cmd->ipc_container &&
         of_container(l, NS_IPC, "ipc.container_id", cmd->ipc_container, err) < 0) ||
        (cmd->pid_container &&
         of_container(l, NS_PID, "pid.container_id", cmd->pid_container, err) < 0))
        return -1;
    return check_sysctls(l, err) < 0 ? -1 : open_cgroup_namespace(l, err);
}

int launch_check_peers(const struct launch *l, struct lxcdriver_error **err)
{
    for (int i = 0; i < NS_KINDS; i++)
        if (l->peer_pid[i] && !proc_alive(l->peer_pid[i], l->peer_start[i]))
            return err_set(err, "the container whose %s namespace was to be joined has ended",
                           ns_file[i]);
    return 0;
}
