#include "host/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

static const unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int notify_connect(const char *address, struct lxcdriver_error **err)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(address);
    bool abstract = *address == '@';
    cleanup_close int fd = -1;

    if ((!abstract && *address != '/') || len < 2)
        return err_set(err, "NOTIFY_SOCKET: \"%s\" is neither an absolute path nor @ and a name",
                       address);
    if (len >= sizeof(addr.sun_path))
        return err_sys(err, ENAMETOOLONG, "NOTIFY_SOCKET: \"%s\"", address);
    memcpy(addr.sun_path, address, len);
    if (abstract)
        addr.sun_path[0] = '\0';
    fd = open_socket();
    /* A path has its NUL, an abstract name ends with the address. */
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&addr,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract)) < 0)
        return err_sys(err, errno, "NOTIFY_SOCKET: \"%s\"", address);
    return steal_fd(&fd);
}

static int make_tmpfs(void)
{
    cleanup_close int fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);

    /* Anybody in the container may pass through, and nobody can make anything. */
    if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
        syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "nr_inodes", "4", 0) < 0 ||
        syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

static int bind_in(int mount)
{
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    cleanup_close int sock = open_socket();

    snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" NOTIFY_NAME, mount);
    /* The mode is for whatever user the container's process is. */
    if (sock < 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        fchmodat(mount, NOTIFY_NAME, 0777, 0) < 0 ||
        syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
        return -1;
    return steal_fd(&sock);
}

int notify_make(int *mount, int *sock, struct lxcdriver_error **err)
{
    cleanup_close int tmpfs = make_tmpfs();

    if (tmpfs < 0 || (*sock = bind_in(tmpfs)) < 0)
        return err_sys(err, errno, "make the container's notification socket");
    *mount = steal_fd(&tmpfs);
    return 0;
}
