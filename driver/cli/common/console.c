#include "common/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

int console_connect(const char *path, struct lxcdriver_error **err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    cleanup_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cleanup_close int file = -1;

    if (sock < 0)
        return err_sys(err, errno, "console socket");
    /* An address has room for 107 bytes; through a descriptor any path fits. */
    file = open(path, O_PATH | O_CLOEXEC);
    if (file < 0)
        return err_sys(err, errno, "console socket %s", path);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", file);
    if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return err_sys(err, errno, "console socket %s", path);
    return steal_fd(&sock);
}

int console_send(int sock, int master, struct lxcdriver_error **err)
{
    static const char name[] = "/dev/ptmx";
    struct iovec data = {(void *)(uintptr_t)name, sizeof(name) - 1};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr msg = {.msg_iov = &data,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control.space)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &master, sizeof(master));
    while (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return err_sys(err, errno, "console socket: send the terminal");
    return 0;
}
