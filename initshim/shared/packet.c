#include "shared/packet.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int packet_send(int sock, const void *data, size_t len, const int *fds, size_t n)
{
    char control[CMSG_SPACE(PACKET_MAX_FDS * sizeof(int))] __attribute__((aligned(8)));
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    if (n > PACKET_MAX_FDS) {
        errno = E2BIG;
        return -1;
    }
    if (n > 0) {
        struct cmsghdr *cmsg;

        memset(control, 0, CMSG_SPACE(n * sizeof(int)));
        msg.msg_control = control;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
    }
    do {
        sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

static void close_all(const int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

/* Sort what came beside the data; descriptors beyond max are closed and counted. */
static size_t take_control(struct msghdr *msg, int *fds, size_t max, size_t *n, pid_t *pid)
{
    size_t refused = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len >= CMSG_LEN(sizeof(struct ucred))) {
            struct ucred cred;

            memcpy(&cred, CMSG_DATA(c), sizeof(cred));
            *pid = cred.pid;
        } else if (c->cmsg_type == SCM_RIGHTS) {
            size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

            for (size_t i = 0; i < count; i++) {
                int fd;

                memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                if (*n < max) {
                    fds[(*n)++] = fd;
                } else {
                    close(fd);
                    refused++;
                }
            }
        }
    }
    return refused;
}

int packet_recv(int sock, void *data, size_t len, int *fds, size_t max, size_t *n, pid_t *pid)
{
    char control[CMSG_SPACE(PACKET_MAX_FDS * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))]
        __attribute__((aligned(8)));
    struct iovec iov = {.iov_base = data, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    size_t got_fds = 0, refused;
    pid_t sender = 0;
    ssize_t got;

    do {
        got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == ECONNRESET ? 0 : -1;
    refused = take_control(&msg, fds, max, &got_fds, &sender);
    if (got == 0 && got_fds == 0)
        return 0;
    if ((size_t)got != len || refused || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        close_all(fds, got_fds);
        errno = EPROTO;
        return -1;
    }
    if (n)
        *n = got_fds;
    if (pid)
        *pid = sender;
    return 1;
}
