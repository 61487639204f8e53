/*
 * Files of the real procfs. A container may have mounted anything on /proc or below it, so that a
 * write meant for /proc/self/attr/exec or /proc/sys would go elsewhere or to another file
 * (CVE-2019-16884, CVE-2025-52881).
 */
#ifndef INITSHIM_PROCFS_H
#define INITSHIM_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether fd is on a procfs; and whether it is the root directory of one. */
bool procfs_is(int fd);
bool procfs_is_root(int fd);

/*
 * Open `path` below the root of a procfs ("self/oom_score_adj"): the container's /proc when it is
 * one and nothing is mounted over any part of the path, else a new instance that nobody else can
 * see. A descriptor, or -1 with errno.
 */
int procfs_open(int root_fd, const char *path, int flags);

/* Write data[len] in one write(2) to such a file. 0, or -1 with errno. */
int procfs_write(int root_fd, const char *path, const char *data, size_t len);

#endif
