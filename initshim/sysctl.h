/* Kernel parameters of the container's namespaces (WT_SYSCTL) and its NIS domain name
 * (WT_DOMAINNAME). */
#ifndef INITSHIM_SYSCTL_H
#define INITSHIM_SYSCTL_H

#include <stddef.h>

#include "shim.h"

/*
 * The path below /proc for a key, as sysctl(8) reads it: the first separator decides,
 * "net.ipv4.conf.eth0/1.forwarding" and "net/ipv4/conf/eth0.1/forwarding" are the same file.
 * key[len] is not NUL-terminated. False when it is too long, or when a component is empty, "." or
 * "..".
 */
bool sysctl_path(const char *key, size_t len, char *out, size_t size);

int sysctl_apply(struct shim *s);
int domainname_set(struct shim *s);

#endif
