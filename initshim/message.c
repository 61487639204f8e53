#include "message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "text.h"

int message_send(int sock, const struct shim_msg *msg, int fd)
{
    return packet_send(sock, msg, sizeof(*msg), &fd, fd >= 0 ? 1 : 0);
}

int message_receive(int sock, struct packet *p)
{
    int rc = packet_recv(sock, &p->msg, sizeof(p->msg), p->fds, PACKET_MAX_FDS, &p->n_fds, NULL);

    if (rc > 0)
        return 0;
    if (rc == 0)
        errno = EPIPE;
    return -1;
}

void message_fail(int sock, const struct failure *f)
{
    struct shim_msg msg = {
        .type = SHIM_FAIL, .stage = f->stage, .errnum = f->errnum, .value = f->code};

    memcpy(msg.detail, f->detail, sizeof(msg.detail));
    message_send(sock, &msg, -1);
}

void message_warn(int sock, enum shim_stage stage, const char *detail)
{
    struct shim_msg msg = {.type = SHIM_WARN, .stage = stage};
    struct text t;

    text_init(&t, msg.detail, sizeof(msg.detail));
    text_put(&t, detail);
    message_send(sock, &msg, -1);
}

bool message_peer_gone(int sock)
{
    struct pollfd p = {.fd = sock};

    return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP);
}
