/*
 * systemd's manager on D-Bus: org.freedesktop.systemd1(5), by libsystemd's sd-bus(3).
 *
 * The library is loaded (dlopen(3)) when a connection is first opened, and only then: with what it
 * needs itself it costs a start more than all of our own code, which those would pay for whose
 * cgroups are plain directories; and a host without it still runs their containers.
 */
#ifndef RUNLXC_SYSTEMD_H
#define RUNLXC_SYSTEMD_H

#include <stdbool.h>

#include "base/err.h"
#include "config/unit.h"

struct systemd;

/* Whether systemd is what manages this host: sd_booted(3). */
bool systemd_booted(void);
/* Whose manager is ours to talk to: that of one user (true) unless we are root, and root of the
 * host, not of a user namespace. */
bool systemd_for_user(void);

/* Connect to the system's bus, or with `user` to the user's. NULL with err. */
struct systemd *systemd_open(bool user, struct lxcdriver_error **err);
void systemd_close(struct systemd *sd); /* NULL: nothing */
void systemd_closep(struct systemd **sd);
#define cleanup_systemd __attribute__((cleanup(systemd_closep)))

/* The version, "252.39-1" as 252; 0 when it cannot be told. */
unsigned systemd_version(struct systemd *sd);

/*
 * Start a transient unit and wait until it is there. One of the name that has failed and was kept
 * is forgotten first; one that is in use is an error (EEXIST), but for a slice, which is then
 * what was asked for. Waits timeout_s seconds at most. 0 or -1.
 */
int systemd_start(struct systemd *sd, const char *unit, const struct unit_properties *props,
                  int timeout_s, struct lxcdriver_error **err);
/* Stop a unit, wait until it is gone, and have systemd forget that it failed. One that is not there
 * is no error. 0 or -1. */
int systemd_stop(struct systemd *sd, const char *unit, int timeout_s, struct lxcdriver_error **err);
/* Change properties of a unit until the next boot. 0 or -1. */
int systemd_set(struct systemd *sd, const char *unit, const struct unit_properties *props,
                struct lxcdriver_error **err);
/* A unit's cgroup as systemd names it: "/system.slice/a.scope". Heap; NULL with err. */
char *systemd_cgroup(struct systemd *sd, const char *unit, struct lxcdriver_error **err);

#endif
