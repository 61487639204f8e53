/* Packets over AF_UNIX SOCK_SEQPACKET with descriptors and credentials beside them: unix(7),
 * cmsg(3). */
#ifndef RUNLXC_PACKET_H
#define RUNLXC_PACKET_H

#include <stddef.h>
#include <sys/types.h>

#define PACKET_MAX_FDS 253 /* SCM_MAX_FD of the kernel */

/* Send one packet with n descriptors (they stay open here). 0, or -1 with errno. Never raises
 * SIGPIPE. */
int packet_send(int sock, const void *data, size_t len, const int *fds, size_t n);

/*
 * Receive one packet of exactly len bytes. Descriptors arrive close-on-exec in fds (room for max,
 * *n of them; a packet with more is refused and they are closed); *pid (may be NULL) is the
 * sender's pid in our pid namespace when SO_PASSCRED is set, else 0. 1: received; 0: the other end
 * is closed; -1 with errno (EAGAIN: nothing there; EPROTO: another length, too many descriptors).
 */
int packet_recv(int sock, void *data, size_t len, int *fds, size_t max, size_t *n, pid_t *pid);

#endif
