/*
 * Both sides of sd_notify(3), for the tests.
 *
 *   notify listen SOCKET      as the service manager: a line on standard output for each datagram,
 *                             "PID DESCRIPTORS TEXT" with "|" for a newline; "@name" is abstract.
 *                             Says "ready" first, and "who COMMAND" behind each
 *   notify hold SOCKET FILE   the same, but reads nothing until FILE is there
 *   notify send TEXT...       as a service: to $NOTIFY_SOCKET, \n in TEXT is a newline
 *   notify flood N TEXT       N times, not waiting for room; prints how many were taken
 *   notify descriptors N TEXT with N descriptors beside it, which are looked for afterwards
 *   notify large N            one datagram of N bytes that begins with READY=1
 *   notify barrier            sd_notify_barrier(3); fails when that is not answered in 10 seconds
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 253 /* SCM_MAX_FD of the kernel */
#define TEXT_MAX (1 << 16)

static char text[TEXT_MAX];

static int die(const char *what)
{
    perror(what);
    exit(1);
}

static socklen_t address(const char *name, struct sockaddr_un *addr)
{
    size_t len = name ? strlen(name) : 0;

    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len < 2 || len >= sizeof(addr->sun_path)) {
        fprintf(stderr, "NOTIFY_SOCKET: %s\n", name ? name : "not set");
        exit(3);
    }
    memcpy(addr->sun_path, name, len);
    if (*name == '@')
        addr->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*name != '@'));
}

/* ---- the manager ---- */

static void say_who(pid_t pid)
{
    char path[64], name[32] = "?\n";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    file = fopen(path, "re");
    if (file && !fgets(name, sizeof(name), file))
        name[0] = '\0';
    if (file)
        fclose(file);
    printf("who %s", name);
}

static void receive(int sock)
{
    static char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int)) +
                        CMSG_SPACE(sizeof(struct ucred))] __attribute__((aligned(8)));
    struct iovec iov = {text, sizeof(text)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    struct ucred who = {0};
    size_t fds = 0;

    if (got < 0)
        die("recvmsg");
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_type == SCM_CREDENTIALS)
            memcpy(&who, CMSG_DATA(c), sizeof(who));
        for (size_t at = CMSG_LEN(0); c->cmsg_type == SCM_RIGHTS && at < c->cmsg_len;
             at += sizeof(int), fds++) {
            int fd;

            memcpy(&fd, (char *)c + at, sizeof(fd));
            close(fd);
        }
    }
    printf("%d %zu ", (int)who.pid, fds);
    for (ssize_t i = 0; i < got; i++)
        putchar(text[i] == '\n' ? '|' : text[i]);
    putchar('\n');
    say_who(who.pid);
    fflush(stdout);
}

static _Noreturn void serve(const char *name, const char *until)
{
    struct sockaddr_un addr;
    socklen_t len = address(name, &addr);
    int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

    if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
        bind(sock, (struct sockaddr *)&addr, len) < 0 || (*name == '/' && chmod(name, 0777) < 0))
        die(name);
    puts("ready");
    fflush(stdout);
    while (until && access(until, F_OK) < 0)
        usleep(20000);
    for (;;)
        receive(sock);
}

/* ---- the service ---- */

static void expand(const char *from, char *to)
{
    while (*from)
        if (from[0] == '\\' && from[1] == 'n') {
            *to++ = '\n';
            from += 2;
        } else {
            *to++ = *from++;
        }
    *to = '\0';
}

static int send_text(size_t len, const int *fds, size_t n, int flags)
{
    static char control[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))] __attribute__((aligned(8)));
    struct sockaddr_un addr;
    socklen_t addr_len = address(getenv("NOTIFY_SOCKET"), &addr);
    struct iovec iov = {text, len};
    struct msghdr msg = {
        .msg_name = &addr, .msg_namelen = addr_len, .msg_iov = &iov, .msg_iovlen = 1};
    int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent;

    if (sock < 0)
        die("socket");
    if (n) {
        struct cmsghdr *head;

        msg.msg_control = control;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        head = CMSG_FIRSTHDR(&msg);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(head), fds, n * sizeof(int));
    }
    sent = sendmsg(sock, &msg, MSG_NOSIGNAL | flags);
    close(sock);
    return sent < 0 ? -1 : 0;
}

static int flood(int n, const char *what)
{
    int taken = 0;

    expand(what, text);
    for (int i = 0; i < n; i++)
        taken += send_text(strlen(text), NULL, 0, MSG_DONTWAIT) == 0;
    printf("%d\n", taken);
    return 0;
}

static int descriptors(int n, const char *what)
{
    int fds[DESCRIPTORS_MAX];

    expand(what, text);
    for (int i = 0; i < n; i++)
        if ((fds[i] = open("/dev/null", 0)) < 0)
            die("/dev/null");
    return send_text(strlen(text), fds, (size_t)n, 0) < 0 ? die("sendmsg") : 0;
}

static int barrier(void)
{
    int ends[2];
    struct pollfd end;

    strcpy(text, "BARRIER=1");
    if (pipe(ends) < 0 || send_text(strlen(text), &ends[1], 1, 0) < 0)
        die("barrier");
    close(ends[1]);
    end = (struct pollfd){.fd = ends[0]};
    return poll(&end, 1, 10000) == 1 && end.revents & POLLHUP ? 0 : 1;
}

/* A number in decimal; more than `most`, or none, is none that any mode takes. */
static int number(const char *word, int most)
{
    char *end;
    long n = strtol(word, &end, 10);

    if (end == word || *end || n < 0 || n > most)
        exit(2);
    return (int)n;
}

static int send_large(int size)
{
    static const char head[] = "READY=1\nSTATUS=";

    memset(text, 'x', (size_t)size);
    memcpy(text, head, sizeof(head) - 1);
    return send_text((size_t)size, NULL, 0, 0) < 0 ? die("sendmsg") : 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "listen") == 0 && argc == 3)
        serve(argv[2], NULL);
    if (strcmp(mode, "hold") == 0 && argc == 4)
        serve(argv[2], argv[3]);
    if (strcmp(mode, "flood") == 0 && argc == 4)
        return flood(number(argv[2], INT_MAX), argv[3]);
    if (strcmp(mode, "descriptors") == 0 && argc == 4)
        return descriptors(number(argv[2], DESCRIPTORS_MAX), argv[3]);
    if (strcmp(mode, "barrier") == 0)
        return barrier();
    if (strcmp(mode, "large") == 0 && argc == 3)
        return send_large(number(argv[2], TEXT_MAX));
    if (strcmp(mode, "send") != 0)
        return 2;
    for (int i = 2; i < argc; i++) {
        expand(argv[i], text);
        if (send_text(strlen(text), NULL, 0, 0) < 0)
            die("sendmsg");
    }
    return 0;
}
