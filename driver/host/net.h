/* Bridges and addresses of the network namespace that we run in, by rtnetlink(7); and the numbers of a container's interfaces. */
#ifndef RUNLXC_NET_H
#define RUNLXC_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "lxcdriver.h"
#include "spec/command.h"

struct bridge_info {
    bool has_ip4, has_ip6;
    struct ip_address ip4, ip6; /* the bridge's own first global address with its prefix */
    uint32_t mtu;
};

/* Look at interface `name`: an error that names it when there is none, or when it is no bridge. */
int bridge_info_read(const char *name, struct bridge_info *out, struct lxcdriver_error **err);
bool net_interface_exists(const char *name);
/* Delete an interface by name; one that is gone is no error. */
int net_interface_delete(const char *name, struct lxcdriver_error **err);

/*
 * Address leases of a bridge: one file per address in <root>/.leases/<netns inode>-<bridge>/ holding the container's id, made
 * under a lock, so that two containers never share one and a dead container's is given back.
 */
/* Take `want` (or, with family 0, the next free one of the subnet `net`: not the network's, broadcast's or bridge's own) for
 * container `id`; *out gets it with the subnet's prefix. An address in use by another container is an error that names both. */
int lease_take(const char *root, const char *bridge, const struct ip_address *net, const struct ip_address *want,
               const char *id, struct ip_address *out, struct lxcdriver_error **err);
/* Give back all leases of a container. What is gone is no error. */
void lease_release(const char *root, const char *id);

/* net_* members of stats from /proc/PID/net/dev, all interfaces but lo. */
int net_stats(pid_t pid, struct lxcdriver_stats *stats, struct lxcdriver_error **err);

#endif
