/*
 * Paths of the container, resolved inside its root: no ".." and no symbolic link leads out of it,
 * and no magic link of procfs
 * (/proc/PID/root, cwd, exe, fd) is followed. What is in the root is hostile.
 */
#ifndef INITSHIM_ROOTDIR_H
#define INITSHIM_ROOTDIR_H

#include <stdint.h>
#include <sys/types.h>

#include "shim.h"

/* Room for a file name, NAME_MAX and its NUL. */
#define ROOTDIR_NAME 256

/* A step: open our root directory as s->root_fd. */
int rootdir_open(struct shim *s);

/* openat2(2) with RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS; always O_CLOEXEC. A descriptor, or -1
 * with errno. */
int rootdir_openat(int root_fd, const char *path, int flags);

/* openat2(2) with any RESOLVE_* flags; always O_CLOEXEC. `mode` is for O_CREAT. */
int rootdir_resolve(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve);

/* Open a directory (O_PATH), creating what is missing of it with `mode`. A descriptor, or -1 with
 * errno. */
int rootdir_make(int root_fd, const char *path, mode_t mode);

/*
 * Open the directory that holds the last component of an absolute path, created as needed with mode
 * 0755 if `create`, and give that component's name. EINVAL when there is none ("/", "/a/..").
 */
int rootdir_parent(int root_fd, const char *path, bool create, char name[ROOTDIR_NAME]);

#endif
