/*
 * What sources here take for granted of <sys/mount.h> and <unistd.h>, for a C library without it:
 * the Makefile has it included first of all where the compiler makes programs for musl, which
 * leaves the mount calls of Linux 5.2 and 5.12 and close_range(2) to <linux/mount.h> and
 * syscall(2). With the GNU library, which has them since 2.36, this is empty.
 */
#ifndef RUNLXC_MUSL_H
#define RUNLXC_MUSL_H

#include <features.h>

#ifndef __GLIBC__
#include <sys/mount.h>
/* Both headers have these, and not in the same words. */
#undef MS_RDONLY
#undef MS_NOUSER
#undef MS_MGC_MSK
#undef MS_RMT_MASK
#undef MS_ACTIVE
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* musl has it since 1.2.4. */
#ifndef STATX_TYPE
#include <linux/stat.h>

static inline int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *out)
{
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, out);
}
#endif

static inline int open_tree(int dirfd, const char *path, unsigned flags)
{
    return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int move_mount(int from_dir, const char *from, int to_dir, const char *to,
                             unsigned flags)
{
    return (int)syscall(SYS_move_mount, from_dir, from, to_dir, to, flags);
}

static inline int fsopen(const char *type, unsigned flags)
{
    return (int)syscall(SYS_fsopen, type, flags);
}

static inline int fsconfig(int fd, unsigned command, const char *key, const void *value, int aux)
{
    return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

static inline int fspick(int dirfd, const char *path, unsigned flags)
{
    return (int)syscall(SYS_fspick, dirfd, path, flags);
}

static inline int fsmount(int fd, unsigned flags, unsigned attributes)
{
    return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

static inline int mount_setattr(int dirfd, const char *path, unsigned flags,
                                struct mount_attr *attr, size_t size)
{
    return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attr, size);
}

static inline int close_range(unsigned first, unsigned last, int flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}
#endif

#endif
