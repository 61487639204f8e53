/*
 * The parts of the reader for Docker's execdriver Command. Member names and types are those of
 * Docker 1.9 (daemon/execdriver/driver.go and driver_unix.go, libcontainer's configs/device.go,
 * pkg/idtools, pkg/ulimit). Go writes every member, also those that were never set: "" and 0 and
 * null therefore mean "not given" wherever they could not mean anything else. Private to
 * driver/spec.
 */
#ifndef RUNLXC_SPEC_EXECDRIVER_H
#define RUNLXC_SPEC_EXECDRIVER_H

#include "base/err.h"
#include "base/json.h"
#include "spec/command.h"

/* Each reads members of the document `at` into cmd. 0 or -1. */
int execdriver_network(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err);
int execdriver_resources(const struct json_at *at, struct command *cmd,
                         struct lxcdriver_error **err);
int execdriver_devices(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err);
int execdriver_process(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err);
int execdriver_mounts(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err);
int execdriver_namespaces(const struct json_at *at, struct command *cmd,
                          struct lxcdriver_error **err);

/* An optional string, of which the empty one is none: *out is then untouched. */
int execdriver_text(const struct json_at *at, const char *name, char **out,
                    struct lxcdriver_error **err);
/* The first of two spellings that is present; the first spelling's (absent) member when neither is.
 */
struct json_at execdriver_either(const struct json_at *at, const char *name, const char *other);

#endif
