/*
 * Plays the supervisor for tests of the init shim: a small root file system, namespaces as
 * lxc-start makes them, the socket, the messages. Needs root. Everything is mounted in a mount
 * namespace of the test's own.
 */
#ifndef SHIM_RIG_H
#define SHIM_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "../../driver/base/protocol.h"

/* A record file being put together. */
struct wire {
    unsigned char data[65536];
    size_t len;
};

void wire_begin(struct wire *w);
void wire_put(struct wire *w, uint32_t tag, const void *data, size_t len);
void wire_string(struct wire *w, uint32_t tag, const char *s);
void wire_u32(struct wire *w, uint32_t tag, uint32_t n);
void wire_u64(struct wire *w, uint32_t tag, uint64_t n);
/* A struct, then strings, each with its NUL, up to a NULL. */
void wire_mixed(struct wire *w, uint32_t tag, const void *head, size_t len, ...);
/* WT_FLAGS, then "/bin/sh -c script" with PATH and nothing else in the environment. */
void wire_script(struct wire *w, uint64_t flags, const char *script);

#define RIG_WARNINGS 8

struct rig_run {
    pid_t pid; /* as the test sees it */
    int sock, in, out, console, listener;
    bool ready, failed;
    struct ucred cred; /* that came with SHIM_READY */
    struct shim_msg fail;
    char warnings[RIG_WARNINGS][SHIM_DETAIL];
    size_t n_warnings;
    char text[32768]; /* what came out of stdout, stderr or the terminal */
    int code;         /* exit code, or 128 + signal */
};

struct rig_options {
    const int *kept; /* preserved descriptors */
    size_t n_kept;
    bool hold;             /* do not send SHIM_START */
    bool no_proc;          /* no procfs on /proc */
    bool userns;           /* in a user namespace that maps 0..65535 to 100000 */
    void (*prepare)(void); /* run in the container, root switched already, before the shim */
};

/* cmocka group setup and teardown: the root file system, in a namespace of its own. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* The directory of the root file system on the host's side. */
const char *rig_root(void);

/* Start a container and talk until the shim has become the workload or has ended. options may be
 * NULL. */
void rig_start(struct rig_run *r, const struct wire *w, const struct rig_options *options);
/* Exec into it: pidfd of the container's init. */
void rig_exec(struct rig_run *r, const struct wire *w, pid_t init);
/* Read output to its end, wait for the exit code. */
void rig_finish(struct rig_run *r);
/* rig_start and rig_finish. */
void rig_run(struct rig_run *r, const struct wire *w, const struct rig_options *options);

#endif
