/*
 * Packets from the shim's side, where hostile code may have the socket, and what is made of them:
 * sentences that a person or an engine reads. Also lxc-start's log, which quotes the container. The
 * input: a byte that chooses, then a message, or the log.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "fuzz.h"
#include "run/run.h"
#include "shared/packet.h"

enum { FROM_SHIM, FROM_SUPERVISOR, FROM_LXC, KINDS };

/* Receive as many bytes as a message has, after `sent` were sent. */
static int deliver(const void *data, size_t sent, void *message, size_t size)
{
    int pair[2], fds[2], got;
    size_t n = 0;
    pid_t pid = 0;

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    FUZZ_CHECK(send(pair[0], data, sent, 0) == (ssize_t)sent);
    close(pair[0]);
    got = packet_recv(pair[1], message, size, fds, 2, &n, &pid);
    close(pair[1]);
    FUZZ_CHECK(n == 0 && pid == 0);
    FUZZ_CHECK(got == (sent == size ? 1 : sent == 0 ? 0 : -1));
    return got;
}

static void check_exit_code(const struct lxcdriver_error *err)
{
    fuzz_refused(err);
    FUZZ_CHECK(err->exit_code >= 125 && err->exit_code <= 127);
}

static void shim(const uint8_t *data, size_t size)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct shim_msg msg;

    if (deliver(data, size, &msg, sizeof(msg)) <= 0)
        return;
    msg.detail[sizeof(msg.detail) - 1] = '\0';
    FUZZ_CHECK(failure_of_shim(msg.stage, msg.errnum, msg.value, msg.detail, &err) < 0);
    check_exit_code(err);
}

static void supervisor(const uint8_t *data, size_t size)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct sup_msg msg;

    if (deliver(data, size, &msg, sizeof(msg)) <= 0)
        return;
    msg.detail[sizeof(msg.detail) - 1] = '\0';
    FUZZ_CHECK(failure_of_supervisor(-1, &msg, &err) < 0);
    check_exit_code(err);
}

static void lxc_log(const uint8_t *data, size_t size)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_close int dir = -1;

    fuzz_write("lxc.log", data, size);
    dir = open(fuzz_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FUZZ_CHECK(dir >= 0);
    FUZZ_CHECK(failure_of_lxc(dir, &err) < 0);
    check_exit_code(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[KINDS])(const uint8_t *, size_t) = {
        [FROM_SHIM] = shim, [FROM_SUPERVISOR] = supervisor, [FROM_LXC] = lxc_log};

    if (size > 0)
        kinds[data[0] % KINDS](data + 1, size - 1);
    return 0;
}
