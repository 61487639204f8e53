/* Interfaces of the container's network namespace, by rtnetlink(7). */
#ifndef INITSHIM_NETWORK_H
#define INITSHIM_NETWORK_H

#include <stdbool.h>

#include "shim.h"

/*
 * WF_LOOPBACK: lo up. For each WT_NET_IF: MTU and up, addresses (IPv6 ones without duplicate
 * address detection, so that they can be used at once), default routes. A gateway outside all of
 * the interface's subnets is reached as if it were on the link.
 */
int network_setup(struct shim *s);

/* Whether `gateway` is in the subnet of `addr`: same family, same first `addr->prefix` bits. */
bool network_in_subnet(const struct wire_addr *addr, const struct wire_addr *gateway);

#endif
