/* The messages of base/protocol.h, as the shim sends and takes them. */
#ifndef INITSHIM_MESSAGE_H
#define INITSHIM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/protocol.h"
#include "failure.h"
#include "shared/packet.h"

struct packet {
    struct shim_msg msg;
    int fds[PACKET_MAX_FDS]; /* close-on-exec, owned by the caller */
    size_t n_fds;
};

/*
 * Send one message; fd is -1 or a descriptor to go with it. Who we are needs no saying: the kernel
 * adds it for a receiver that has SO_PASSCRED set. 0, or -1 with errno; a closed peer is EPIPE,
 * never a signal.
 */
int message_send(int sock, const struct shim_msg *msg, int fd);

/* Wait for one packet. 0, or -1 with errno: EPIPE when the peer has closed, EPROTO when it is not a
 * whole packet. */
int message_receive(int sock, struct packet *p);

/* Send SHIM_FAIL, or SHIM_WARN with a detail. Errors are ignored: there is nobody else to tell. */
void message_fail(int sock, const struct failure *f);
void message_warn(int sock, enum shim_stage stage, const char *detail);

/* Whether the peer has closed its end. */
bool message_peer_gone(int sock);

#endif
