#include "guard/peer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* CapEff of /proc/PID/status. */
static bool capabilities(int proc, uint64_t *caps)
{
    static const char field[] = "\nCapEff:\t";
    char text[4096];
    const char *at;
    ssize_t n;
    int fd = openat(proc, "status", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    at = strstr(text, field);
    return at && sscanf(at + sizeof(field) - 1, "%" SCNx64, caps) == 1;
}

static bool as_mighty(int own, int peer)
{
    uint64_t ours, theirs;
    struct stat our_ns, their_ns;

    return fstatat(own, "ns/user", &our_ns, 0) == 0 &&
           fstatat(peer, "ns/user", &their_ns, 0) == 0 && our_ns.st_dev == their_ns.st_dev &&
           our_ns.st_ino == their_ns.st_ino && capabilities(own, &ours) &&
           capabilities(peer, &theirs) && (ours & ~theirs) == 0;
}

/* Where the kernel gives the peer as a pidfd (6.5): it has not ended, so that what was opened by
 * its number is its own. */
static bool alive(int sock)
{
    struct pollfd p = {.fd = -1, .events = POLLIN};
    socklen_t len = sizeof(p.fd);
    bool ended;

    if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &p.fd, &len) < 0)
        return true;
    ended = poll(&p, 1, 0) != 0;
    close(p.fd);
    return !ended;
}

bool guard_peer_trusted(int sock)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    char path[32];
    int own, peer;
    bool trusted;

    /* 0: a process that our pid namespace does not show. */
    if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || cred.pid <= 0)
        return false;
    snprintf(path, sizeof(path), "/proc/%d", (int)cred.pid);
    own = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    peer = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    trusted = own >= 0 && peer >= 0 && alive(sock) && as_mighty(own, peer);
    if (own >= 0)
        close(own);
    if (peer >= 0)
        close(peer);
    return trusted;
}
