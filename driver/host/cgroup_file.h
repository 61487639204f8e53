/* What the files of a cgroup's directory say. Internal to driver/host. */
#ifndef RUNLXC_CGROUP_FILE_H
#define RUNLXC_CGROUP_FILE_H

#include <stdint.h>

/* A file that is one number, or LXCDRIVER_NO_VALUE: for "max", an absent file and anything else. */
uint64_t cgroup_file_number(int dir, const char *file);
/* A whole file, heap; NULL when it cannot be read. */
char *cgroup_file_text(int dir, const char *file);
/* The number behind `key ` at the start of a line, or LXCDRIVER_NO_VALUE. */
uint64_t cgroup_text_number(const char *text, const char *key);
/* Clock ticks as nanoseconds. LXCDRIVER_NO_VALUE stays. */
uint64_t cgroup_ticks_ns(uint64_t ticks);

#endif
