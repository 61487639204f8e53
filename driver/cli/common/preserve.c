#include "common/preserve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/str.h"

#define FIRST_PRESERVED 3

int preserve_listen_fds(uint64_t *n, struct lxcdriver_error **err)
{
    const char *listen = getenv("LISTEN_FDS");

    *n = 0;
    if (listen && !str_to_u64(listen, 0, PRESERVE_MAX, n))
        return err_set(err, "LISTEN_FDS: \"%s\" is not a number between 0 and %d", listen,
                       PRESERVE_MAX);
    return 0;
}

int *preserve_fds(size_t n, struct lxcdriver_error **err)
{
    int *fds = calloc(n + 1, sizeof(*fds));

    if (!fds) {
        err_nomem(err);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        int fd = FIRST_PRESERVED + (int)i, flags = fcntl(fd, F_GETFD);

        /* What is close-on-exec was opened here and not by the caller. */
        if (flags < 0 || flags & FD_CLOEXEC) {
            err_sys(err, EBADF, "--preserve-fds: descriptor %d", fd);
            free(fds);
            return NULL;
        }
        fds[i] = fd;
    }
    return fds;
}
