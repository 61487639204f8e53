/*
 * Loaded into lxc-start before all other libraries. LXC's command socket has an abstract name,
 * which belongs to the network namespace: a container that shares the host's can connect to it, and
 * to those of all other containers. LXC serves whoever is root by number, and among what it hands
 * out are directories of the host's cgroups, from which ".." leads to the host's root (as with
 * CVE-2020-15257). So a connection is given to LXC only when its peer is no container of less
 * might; another one looks as if it had been closed at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/supervise.h"
#include "guard/peer.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int accept(int fd, struct sockaddr *addr, socklen_t *len);
EXPORTED int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);

/* Tell the supervisor, which starts no container without; and leave nothing to what LXC starts. */
__attribute__((constructor)) static void arrive(void)
{
    int saved = errno;

    if (getenv("LD_PRELOAD")) {
        (void)!write(SUP_GUARD_FD, "", 1);
        close(SUP_GUARD_FD);
        close(SUP_GUARD_LIB_FD);
        unsetenv("LD_PRELOAD");
    }
    errno = saved;
}

static bool is_unix(int fd)
{
    int domain = 0;
    socklen_t len = sizeof(domain);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

/* An error of accept(2) would end LXC's main loop: it gets a connection whose other end is closed.
 */
static int closed_connection(int flags)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | flags, 0, pair) < 0)
        return -1;
    close(pair[1]);
    return pair[0];
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int connection = (int)syscall(SYS_accept4, fd, addr, len, flags);

    if (connection < 0 || !is_unix(connection) || guard_peer_trusted(connection))
        return connection;
    close(connection);
    return closed_connection(flags);
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return accept4(fd, addr, len, 0);
}
