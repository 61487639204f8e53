/* RTM_DELLINK by name: rtnetlink(7). */
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define NAME_SIZE 16 /* IFNAMSIZ */

void sup_link_delete(const char *name)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
        struct rtattr attr;
        char name[NAME_SIZE];
    } request = {.head = {.nlmsg_type = RTM_DELLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK}};
    char answer[256];
    size_t len = strlen(name) + 1;
    int fd;

    if (len > NAME_SIZE)
        return;
    memcpy(request.name, name, len);
    request.attr.rta_type = IFLA_IFNAME;
    request.attr.rta_len = (unsigned short)RTA_LENGTH(len);
    request.head.nlmsg_len = (unsigned)(NLMSG_LENGTH(sizeof(request.info)) + RTA_SPACE(len));
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return;
    /* The answer is awaited so that the interface is gone when we are; what it says does not
     * matter: ENODEV is as good. */
    if (send(fd, &request, request.head.nlmsg_len, 0) > 0 &&
        recv(fd, answer, sizeof(answer), 0) < 0)
        answer[0] = '\0';
    close(fd);
}
