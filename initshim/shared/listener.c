#include "shared/listener.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_S 10
#define DIGITS 20

static int connect_to(const char *name)
{
    const struct timeval wait = {.tv_sec = WAIT_S};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    int sock, code;

    if (len >= sizeof(addr.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(addr.sun_path, name, len);
    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return -1;
    /* It also bounds connect(2), which waits while nobody accepts. */
    if (setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
        connect(sock, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return sock;
    code = errno;
    close(sock);
    errno = code;
    return -1;
}

/* All of it; the descriptor goes with the first byte. */
static int send_all(int sock, const char *text, size_t len, int fd)
{
    char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
    size_t done = 0;

    while (done < len) {
        struct iovec iov = {.iov_base = (void *)(uintptr_t)(text + done), .iov_len = len - done};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
        ssize_t sent;

        if (done == 0) {
            struct cmsghdr *cmsg;

            msg.msg_control = control;
            msg.msg_controllen = sizeof(control);
            cmsg = CMSG_FIRSTHDR(&msg);
            cmsg->cmsg_level = SOL_SOCKET;
            cmsg->cmsg_type = SCM_RIGHTS;
            cmsg->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
        }
        sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        done += (size_t)sent;
    }
    return 0;
}

static char *put_pid(char *at, pid_t pid)
{
    char digits[DIGITS];
    size_t from = sizeof(digits);

    do {
        digits[--from] = (char)('0' + pid % 10);
        pid /= 10;
    } while (pid > 0);
    memcpy(at, digits + from, sizeof(digits) - from);
    return at + sizeof(digits) - from;
}

/* Heap text of *len bytes, or NULL. */
static char *compose(const struct listener_state *state, size_t *len)
{
    size_t size = 2 * DIGITS + strlen(state->status) + 1;
    char *text, *at;

    for (int i = 0; i < LISTENER_PARTS; i++)
        size += strlen(state->parts[i]);
    text = at = malloc(size);
    if (!text)
        return NULL;
    at = put_pid(stpcpy(at, state->parts[0]), state->process);
    at = stpcpy(stpcpy(at, state->parts[1]), state->status);
    at = put_pid(stpcpy(at, state->parts[2]), state->container);
    at = stpcpy(at, state->parts[3]);
    *len = (size_t)(at - text);
    return text;
}

int listener_send(const char *name, const struct listener_state *state, int fd)
{
    size_t len = 0;
    char *text = compose(state, &len);
    int sock = text ? connect_to(name) : -1, result = -1, code;

    if (sock >= 0)
        result = send_all(sock, text, len, fd);
    code = errno;
    if (sock >= 0)
        close(sock);
    free(text);
    errno = code;
    return result;
}
