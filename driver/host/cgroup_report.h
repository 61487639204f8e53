/*
 * All that a container's cgroups count, in the shape of runc's "events" (its types/events.go), for
 * the members cpu, cpuset, memory, pids, blkio and hugetlb of the object that is open in *w.
 * Nanoseconds and bytes; a controller that this host does not have, or does not count with, leaves
 * zeros, which Go's "omitempty" leaves out.
 */
#ifndef RUNLXC_CGROUP_REPORT_H
#define RUNLXC_CGROUP_REPORT_H

#include "base/jsonwrite.h"
#include "host/cgroup.h"

/* `ours`: how many of the tasks in the pids cgroup are not the container's, but in its number and
 * limit. An error only when none of the directories exists. 0 or -1. */
int cgroup_report(const struct cgroup_dirs *dirs, unsigned ours, struct json_writer *w,
                  struct lxcdriver_error **err);

/* ---- the parts, each of one controller's directory; -1 for `dir`: there is none ---- */

void report_cpu_v1(int cpuacct, int cpu, struct json_writer *w);
void report_cpu_v2(int dir, struct json_writer *w);
void report_memory_v1(int dir, struct json_writer *w);
void report_memory_v2(int dir, struct json_writer *w);
void report_cpuset(int dir, bool v2, struct json_writer *w);
void report_blkio_v1(int dir, struct json_writer *w);
void report_blkio_v2(int dir, struct json_writer *w);
void report_hugetlb(int dir, bool v2, struct json_writer *w);

/* The members limit, usage, max, failcnt as an object. */
struct memory_entry {
    uint64_t limit, usage, max, failcnt;
};
void report_memory_entry(struct json_writer *w, const char *name, const struct memory_entry *entry);
/* Every "key number" line of memory.stat, as the object "raw". */
void report_raw(int dir, struct json_writer *w);
/* 0 for what has no value. */
uint64_t report_number(int dir, const char *file);
uint64_t report_keyed(const char *text, const char *key);

#endif
