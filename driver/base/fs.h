/* Files: whole reads and atomic writes, safe look-ups below a directory that somebody hostile owns,
 * removal of trees. */
#ifndef RUNLXC_FS_H
#define RUNLXC_FS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* Read a whole regular file (or /proc, /sys file) of at most `max` bytes below dirfd; *out is
 * NUL-terminated, *len without it (may be NULL). 0, or -1 with errno. */
int fs_read_at(int dirfd, const char *path, size_t max, char **out, size_t *len);
/* Whole of a descriptor. */
int fs_read_fd(int fd, size_t max, char **out, size_t *len);

/* Write through a temporary name beside it (".NAME.*") and rename, so that a reader sees the old
 * file or the new one; not synced to disk. `mode` is exact, whatever the umask. 0, or -1 with
 * errno. */
int fs_write_atomic(int dirfd, const char *name, const void *data, size_t len, mode_t mode);
/* Write into an existing file such as a cgroup's, in one write(2). 0, or -1 with errno. */
int fs_write_existing(int dirfd, const char *path, const char *text);
/* All of data to fd. 0, or -1 with errno. */
int fs_write_all(int fd, const void *data, size_t len);

/* openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: nothing in `path` leads out of root_fd;
 * "" is root_fd itself. The descriptor is close-on-exec; or -1 with errno (ENOSYS: a kernel
 * before 5.6, and there is no safe other way). */
int fs_open_in_root(int root_fd, const char *path, int flags, mode_t mode);
/* openat2(2) with RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH. */
int fs_open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* mkdir -p of an absolute path on the host (trusted); what is made gets exactly `mode`, whatever
 * the umask. 0, or -1 with errno. */
int fs_mkdir_p(const char *path, mode_t mode);
/* Remove name below dirfd (or an absolute path; directories above the last component are trusted)
 * with all in it, following no link. A mount point in it is left alone with what is mounted there
 * (EBUSY); the first thing that cannot be removed ends the work. Any depth, four descriptors.
 * Missing: 0. 0, or -1 with errno. */
int fs_remove_tree(int dirfd, const char *name);
bool fs_is_dir(const char *path);
/* The open directory dirfd to be read from its beginning, by a descriptor of its own: reading moves
 * a position that copies made by dup(2) share. NULL with errno. */
DIR *fs_opendir(int dirfd);

#endif
