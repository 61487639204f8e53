/*
 * The checks behind command_validate(), which readers use too, so that a value is judged by one
 * rule wherever it came from. Each error gives the value and what is wrong with it; the caller
 * wraps the member's path around it. Private to driver/spec.
 */
#ifndef RUNLXC_SPEC_VALIDATE_H
#define RUNLXC_SPEC_VALIDATE_H

#include <stdint.h>

#include "base/err.h"
#include "spec/command.h"

#define HOSTNAME_MAX 64 /* __NEW_UTS_LEN: what uname(2) has room for */

/* A list of numbers and ranges as cpuset(7) reads it: "0-3,5". */
int check_cpuset(const char *list, struct lxcdriver_error **err);
/* 1..64 letters, digits, '-', '_' and '.', the first and last a letter or digit (64: uname(2)'s
 * field). */
int check_hostname(const char *name, struct lxcdriver_error **err);
/* "02:42:ac:11:00:02": six pairs of hexadecimal digits, unicast, not all zero. */
int check_mac(const char *mac, struct lxcdriver_error **err);
/* A name that the kernel takes for an interface: 1..15 bytes, no '/', ':' or white space, not "."
 * or "..". */
int check_interface(const char *name, struct lxcdriver_error **err);
/* "name:address", the address IPv4 or IPv6. */
int check_extra_host(const char *text, struct lxcdriver_error **err);
/* "name|uid[:group|gid]". */
int check_user(const char *user, struct lxcdriver_error **err);
/* A group's name or number. */
int check_group(const char *group, struct lxcdriver_error **err);
/* A key that is the container's own, not the machine's. */
int check_sysctl_key(const char *key, struct lxcdriver_error **err);
/* The namespace that such a key belongs to: NS_NET, NS_UTS or NS_IPC. */
enum ns_kind sysctl_namespace(const char *key);
/* No byte below 0x20 and no DEL: what a line of a configuration file cannot carry. The error shows
 * the text. */
int check_text(const char *text, struct lxcdriver_error **err);
/* A raw LXC key: "lxc." and letters, digits, '_', '-', '.'. */
int check_lxc_key(const char *key, struct lxcdriver_error **err);
/* Starts with '/', fits PATH_MAX. */
int check_absolute(const char *path, struct lxcdriver_error **err);
/* value is RES_UNSET or within the range. */
int check_range(int64_t value, int64_t min, int64_t max, struct lxcdriver_error **err);

/* The parts of command_validate(). */
int validate_process(const struct command *cmd, struct lxcdriver_error **err);
int validate_mounts(const struct command *cmd, struct lxcdriver_error **err);
int validate_devices(const struct command *cmd, struct lxcdriver_error **err);
int validate_network(const struct command *cmd, struct lxcdriver_error **err);
int validate_resources(const struct command *cmd, struct lxcdriver_error **err);
int validate_namespaces(const struct command *cmd, struct lxcdriver_error **err);
int validate_texts(const struct command *cmd, struct lxcdriver_error **err);

#endif
