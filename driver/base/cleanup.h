/* Scope-bound cleanup: a variable marked with one of these frees itself when it leaves scope, so an
 * early return is safe. */
#ifndef RUNLXC_CLEANUP_H
#define RUNLXC_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup_free __attribute__((cleanup(cleanup_freep)))
#define cleanup_close __attribute__((cleanup(cleanup_closep)))
#define cleanup_fclose __attribute__((cleanup(cleanup_fclosep)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedirp)))

static inline void cleanup_freep(void *p)
{
    free(*(void **)p);
}

/* Closing must not disturb errno: a failing function sets it and then returns through here. */
static inline void cleanup_closep(const int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

static inline void cleanup_fclosep(FILE **file)
{
    int saved = errno;

    if (*file)
        fclose(*file);
    errno = saved;
}

static inline void cleanup_closedirp(DIR **dir)
{
    int saved = errno;

    if (*dir)
        closedir(*dir);
    errno = saved;
}

/* Close now what may be open (-1: is not) and forget it. errno stays. */
static inline void close_fd(int *fd)
{
    cleanup_closep(fd);
    *fd = -1;
}

/* Transfer ownership out of a cleanup_close variable. */
static inline int steal_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

/* Transfer ownership out of a cleanup_free variable: char *mine = steal_ptr(&theirs). */
#define steal_ptr(pp)                                                                              \
    __extension__({                                                                                \
        __typeof__(*(pp)) taken_ = *(pp);                                                          \
        *(pp) = NULL;                                                                              \
        taken_;                                                                                    \
    })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
