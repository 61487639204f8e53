/*
 * What the driver and runlxc-lxc-restore agree on. The driver writes the file "restore" into the
 * container's directory: RESTORE_FIELDS strings, each with its NUL. CRIU finds the container's
 * descriptors by numbers that its configuration names, which the driver has written too.
 */
#ifndef RUNLXC_RESTORE_H
#define RUNLXC_RESTORE_H

#define RESTORE_FILE "restore"

enum restore_field {
    RESTORE_IMAGES,   /* directory of what CRIU has written */
    RESTORE_CONF,     /* CRIU's configuration file (criu(8), "CONFIGURATION FILES") */
    RESTORE_CRIU_DIR, /* where CRIU was found in the caller's PATH */
    RESTORE_APPARMOR, /* profile of the bundle's; "": what the images say */
    RESTORE_NET,      /* network namespace to come back into; "": none */
    RESTORE_ROOT,     /* root filesystem that is to be read-only; "": it is not */
    RESTORE_FREEZE,   /* cgroup.freeze of the container's cgroup, in which it comes back frozen */
    RESTORE_NO_NEW_PRIVS, /* "": programs may give privileges */
    RESTORE_FIELDS
};

/* In CRIU: the new standard streams from this number on, then the network namespace. */
#define RESTORE_STREAM_FD 20
#define RESTORE_STREAMS 3
#define RESTORE_NET_FD (RESTORE_STREAM_FD + RESTORE_STREAMS)
/* What CRIU calls a network namespace that it neither writes down nor makes. */
#define RESTORE_NET_NAME "runlxc-net"

#endif
