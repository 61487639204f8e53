/*
 * The shim's descriptor table: what it inherits is closed at once, what the supervisor sends is put
 * where the workload expects it.
 */
#ifndef INITSHIM_DESCRIPTOR_H
#define INITSHIM_DESCRIPTOR_H

#include <stddef.h>
#include <unistd.h>

#include "failure.h"

static inline void descriptor_closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define cleanup_close __attribute__((cleanup(descriptor_closep)))

/*
 * Make `sock` the only open descriptor, close-on-exec: 0, 1 and 2 become copies of it (replaced
 * later by stdio or by the console), so that nothing else can land there and nothing of who started
 * us remains. 0 or -1 with errno.
 */
int descriptors_isolate(int sock);

/*
 * Put stdio[3] at 0, 1, 2 (skipped when NULL) and kept[n] at 3, 4, ..., and move *sock and *extra
 * (skipped when -1) out of their way. kept stay close-on-exec until descriptors_release(). 0 or -1
 * with errno.
 */
int descriptors_place(const int *stdio, int *kept, size_t n, int *sock, int *extra);

/* Move fds[n] out of the way of `kept` descriptors that are to be placed. 0 or -1 with errno. */
int descriptors_lift(int *fds, size_t n, size_t kept);

/* Whatever is above 3 .. 3+n-1 does not survive an exec: done before the container's filter, which
 * may know nothing of close_range(2), is loaded. 0 or -1 with errno. */
int descriptors_seal(size_t n);

/* Just before exec: 3 .. 3+n-1 survive it. 0 or -1 with errno. */
int descriptors_release(size_t n);

#endif
