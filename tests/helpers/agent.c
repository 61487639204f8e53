/*
 * A seccomp agent: listens at SOCKET and, for each container process state that it gets (OCI
 * runtime specification, config-linux.md), appends the JSON and a newline to FILE and answers what
 * the filter notifies it of: with ERRNO when it is mkdir(2) or mkdirat(2), by letting it go on
 * otherwise.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define STATE_MAX 65536

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

static void serve(int fd, int code)
{
    struct pollfd ready = {fd, POLLIN, 0};
    struct seccomp_notif asked;
    struct seccomp_notif_resp answer;

    /* POLLHUP: the last one under the filter has ended. */
    while (poll(&ready, 1, -1) < 0 || !(ready.revents & POLLHUP)) {
        memset(&asked, 0, sizeof(asked));
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
            continue; /* who asked has been killed meanwhile */
        memset(&answer, 0, sizeof(answer));
        answer.id = asked.id;
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        if (asked.data.nr == SYS_mkdirat
#ifdef SYS_mkdir
            || asked.data.nr == SYS_mkdir
#endif
        ) {
            answer.flags = 0;
            answer.error = -code;
        }
        ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
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
