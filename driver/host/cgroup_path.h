/* Names of cgroups as /proc/PID/cgroup has them, and walks over their directories. Internal to the
 * cgroup_*.c files. */
#ifndef RUNLXC_CGROUP_PATH_H
#define RUNLXC_CGROUP_PATH_H

#include <stdbool.h>
#include <stdint.h>

/* One line of /proc/PID/cgroup: cgroups(7). */
struct cgroup_line {
    char *controllers; /* "cpu,cpuacct", "name=systemd"; "" for v2 */
    char *path;        /* absolute within the hierarchy, as seen from our cgroup namespace */
};

/* Take the next line out of *text, which is cut into pieces. False at the end. */
bool cgroup_line_next(char **text, struct cgroup_line *out);

struct cgroup_hierarchy;
struct strv;

/* Free what it holds; all zero afterwards. */
void cgroup_hierarchy_clear(struct cgroup_hierarchy *h);
/* Add the words of a list of controllers; named hierarchies have none. 0 or -1. */
int cgroup_controllers_add(struct strv *out, const char *list, const char *separators);

/* The rest of `path` below `top` ("" or beginning with '/'), NULL when it is not below, or has a
 * ".." there: a cgroup outside the cgroup namespace is shown as "/../name" and must never be put
 * behind a mount point. */
const char *cgroup_path_below(const char *path, const char *top);

/* Whether a directory is the root of what is mounted there: it belongs to everybody. False when it
 * does not exist. */
bool cgroup_path_is_root(const char *path);

struct cgroup_visitor {
    /* Called for every directory before those in it. May be NULL. */
    int (*enter)(void *opaque, int fd, const char *path);
    /* Called for every directory but the top after those in it, with its parent's descriptor. May
     * be NULL. */
    int (*leave)(void *opaque, int parent_fd, const char *name, const char *path);
    void *opaque;
};

/*
 * Visit `top` and every directory below it. No recursion and one descriptor whatever the depth:
 * whoever owns a delegated cgroup can nest without limit, beyond PATH_MAX too. Directories that
 * vanish meanwhile are passed over, a missing top is an empty walk. A visitor's -1 ends it. 0, or
 * -1 with errno.
 */
int cgroup_walk(const char *top, const struct cgroup_visitor *visitor);

/* Wait until `word` ("frozen ", "populated ") of a v2 cgroup's cgroup.events is `wanted`, by
 * poll(2). 0, or -1 with errno (ETIMEDOUT). */
int cgroup_events_wait(int dir_fd, const char *word, bool wanted, int limit_ms);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t cgroup_now_ms(void);

#endif
