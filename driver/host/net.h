/* Bridges and addresses of the network namespace that we run in, by rtnetlink(7); and the numbers
 * of a container's interfaces. */
#ifndef RUNLXC_NET_H
#define RUNLXC_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/jsonwrite.h"
#include "lxcdriver.h"
#include "spec/command.h"

struct bridge_info {
    bool has_ip4, has_ip6;
    struct ip_address ip4, ip6; /* the bridge's own first global address with its prefix */
    uint32_t mtu;
};

/* Look at interface `name`: an error that names it when there is none (errno ENODEV), or when it is
 * no bridge. 0 or -1. */
int bridge_info_read(const char *name, struct bridge_info *out, struct lxcdriver_error **err);
bool net_interface_exists(const char *name);
/* Delete an interface by name; one that is gone is no error. */
int net_interface_delete(const char *name, struct lxcdriver_error **err);

/*
 * Address leases of a bridge: one file per address in <root>/.leases/<netns inode>-<bridge>/
 * holding the container's id, made under a lock, so that two containers never share one and a dead
 * container's is given back: a lease is free when <root>/<id> does not exist, so that directory is
 * made before the lease is taken. The directories go with the last lease.
 */
/*
 * Take `want` (or, with family 0, the lowest free one of the subnet) for container `id`; *out gets
 * it with the subnet's prefix. `net` is the bridge's own address with its prefix. Never given: the
 * network's, the broadcast and the bridge's own address, and in IPv6 the subnet's first (RFC
 * 4291, 2.6.1). An address outside the subnet, or in use by another container, is an error that
 * names both; what the container has already it may take again. 0 or -1.
 */
int lease_take(const char *root, const char *bridge, const struct ip_address *net,
               const struct ip_address *want, const char *id, struct ip_address *out,
               struct lxcdriver_error **err);
/* Take the lowest range of `size` user and group ids from `base` on that no container under `root`
 * has: *first is its first. */
int lease_id_range(const char *root, uint32_t base, uint32_t size, const char *id, uint32_t *first,
                   struct lxcdriver_error **err);
/* Give back all leases of a container, of every bridge. What is gone is no error. */
void lease_release(const char *root, const char *id);

/*
 * Move interfaces of our network namespace into that of process `init`, as "netDevices" of an OCI
 * bundle asks (config-linux.md, "Network Devices"): each gets its new name (a "%d" in it becomes
 * the lowest free number), keeps its permanent global addresses and is up in the end. A name that
 * is in use there, or an interface that is not here, is an error before anything of that one was
 * changed. What was moved before an error stays there: the kernel gives real devices back when the
 * namespace ends. 0 or -1.
 */
int netdev_move(const struct net_device *devs, size_t n, pid_t init, struct lxcdriver_error **err);

/* net_* members of stats from /proc/PID/net/dev, all interfaces but lo, added up. 0, or -1 with
 * stats untouched. */
int net_stats(pid_t pid, struct lxcdriver_stats *stats, struct lxcdriver_error **err);

/* The same by interface, as elements of the array that is open in *w, in the shape of runc's
 * "events": Name, RxBytes ... TxDropped. 0 or -1. */
int net_report(pid_t pid, struct json_writer *w, struct lxcdriver_error **err);

#endif
