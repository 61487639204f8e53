/* One line of /proc/PID/mountinfo: proc_pid_mountinfo(5). */
#ifndef RUNLXC_MOUNTINFO_H
#define RUNLXC_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

struct mountinfo {
    uint64_t id, parent;
    char *root;   /* what of the filesystem is mounted */
    char *target; /* mount point, relative to our root directory */
    bool shared;  /* has an optional field "shared:N" */
    char *type;   /* "cgroup2" */
    char *super;  /* the superblock's options, comma-separated */
};

/*
 * Take the next well-formed line out of *text, which is cut into pieces and must outlive the
 * strings in *out; octal escapes are undone. Lines that cannot be understood are passed over. False
 * at the end.
 */
bool mountinfo_next(char **text, struct mountinfo *out);

#endif
