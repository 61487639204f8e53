/*
 * A seccomp agent: listens at SOCKET and, for each container process state that it gets (OCI
 * runtime specification, config-linux.md), appends the JSON and a newline to FILE and answers what
 * the filter notifies it of:
 *
 *     mkdir(2), mkdirat(2)     ERRNO
 *     getppid(2)               4242
 *     openat(2) of SERVED      a descriptor of its own, of a file with its words
 *     openat(2) of DESERT      it closes the notification descriptor without an answer
 *     anything else            by letting it go on
 *
 *     agent SOCKET FILE ERRNO
 *
 * Says "ready" when it listens. Runs until it is killed; its children with it.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define STATE_MAX 65536
#define PARENT 4242
#define SERVED "/served"
#define DESERT "/desert"
#define WORDS "the words of the agent\n"

static int open_socket(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char *dir = strdup(path), *slash = dir ? strrchr(dir, '/') : NULL;

    /* By the directory: the whole path may be longer than an address. */
    if (sock < 0 || !slash || strlen(slash + 1) >= sizeof(addr.sun_path))
        return -1;
    *slash = '\0';
    if (chdir(dir) < 0)
        return -1;
    memcpy(addr.sun_path, slash + 1, strlen(slash + 1) + 1);
    unlink(addr.sun_path);
    if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(sock, 8) < 0)
        return -1;
    free(dir);
    return sock;
}

/* Whether text is a whole JSON object: the sender need not close the connection. */
static bool is_whole(const char *text)
{
    bool quoted = false;
    int depth = 0;

    for (; *text; text++) {
        if (quoted && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += (*text == '{') - (*text == '}');
        if (depth == 0)
            return text[1] == '\0';
    }
    return false;
}

/* Returns the only descriptor that came, or -1. */
static int receive(int peer, char *text, size_t size)
{
    size_t have = 0;
    int fd = -1, n = 0;

    *text = '\0';
    while (!is_whole(text)) {
        char control[CMSG_SPACE(8 * sizeof(int))] __attribute__((aligned(8)));
        struct iovec iov = {.iov_base = text + have, .iov_len = size - 1 - have};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
        ssize_t got = recvmsg(peer, &msg, 0);

        if (got <= 0)
            break;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
            n += (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(&fd, CMSG_DATA(c), sizeof(fd));
        }
        have += (size_t)got;
        text[have] = '\0';
    }
    return n == 1 ? fd : -1;
}

static void note(const char *file, const char *text)
{
    FILE *out = fopen(file, "a");

    if (!out || fprintf(out, "%s\n", text) < 0 || fclose(out) != 0)
        exit(1);
}

/* Whether the path that a process names is this one. What is read is the process' only while it
 * waits: its number may have become another's. */
static bool is_path(int fd, const struct seccomp_notif *asked, const char *path)
{
    char text[16] = "";
    size_t len = strlen(path) + 1;
    struct iovec here = {text, len}, there = {(void *)(uintptr_t)asked->data.args[1], len};

    return asked->data.nr == SYS_openat &&
           process_vm_readv((pid_t)asked->pid, &here, 1, &there, 1, 0) == (ssize_t)len &&
           ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked->id) == 0 && strcmp(text, path) == 0;
}

/* Answers by putting a descriptor into the process, of which the number is the call's result. */
static void put_descriptor(int fd, const struct seccomp_notif *asked)
{
    int file = memfd_create("words", MFD_CLOEXEC);
    struct seccomp_notif_addfd add = {.id = asked->id,
                                      .flags = SECCOMP_ADDFD_FLAG_SEND,
                                      .srcfd = (__u32)file,
                                      .newfd_flags = O_CLOEXEC};

    if (file < 0 || pwrite(file, WORDS, strlen(WORDS), 0) < 0 ||
        ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0)
        perror("agent: descriptor");
    close(file);
}

static void answer(int fd, const struct seccomp_notif *asked, int code)
{
    struct seccomp_notif_resp answer = {.id = asked->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

    if (asked->data.nr == SYS_mkdirat
#ifdef SYS_mkdir
        || asked->data.nr == SYS_mkdir
#endif
    ) {
        answer.flags = 0;
        answer.error = -code;
    } else if (asked->data.nr == SYS_getppid) {
        answer.flags = 0;
        answer.val = PARENT;
    }
    ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void serve(int fd, int code)
{
    struct pollfd ready = {fd, POLLIN, 0};
    struct seccomp_notif asked;

    /* POLLHUP: the last one under the filter has ended. */
    while (poll(&ready, 1, -1) < 0 || !(ready.revents & POLLHUP)) {
        memset(&asked, 0, sizeof(asked));
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
            continue; /* who asked has been killed meanwhile */
        if (is_path(fd, &asked, DESERT))
            return;
        if (is_path(fd, &asked, SERVED))
            put_descriptor(fd, &asked);
        else
            answer(fd, &asked, code);
    }
}

static void child(int peer, const char *file, int code)
{
    static char text[STATE_MAX];
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fd = receive(peer, text, sizeof(text));
    note(file, fd < 0 ? "not one descriptor" : text);
    if (fd >= 0)
        serve(fd, code);
    exit(0);
}

int main(int argc, char **argv)
{
    int sock;

    if (argc != 4)
        return 2;
    signal(SIGCHLD, SIG_IGN);
    sock = open_socket(argv[1]);
    if (sock < 0) {
        perror(argv[1]);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        int peer = accept(sock, NULL, NULL);

        if (peer < 0)
            continue;
        if (fork() == 0)
            child(peer, argv[2], (int)strtol(argv[3], NULL, 10));
        close(peer);
    }
}
