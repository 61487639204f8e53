/* User namespaces: ids for an automatic one, and one to shift mounts by. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/net.h"

int userns_resolve(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const struct conf *conf = &l->drv->conf;
    struct command *cmd = l->cmd;
    uint32_t first = conf->userns_base;
    struct id_map *uid, *gid;

    if (!cmd->auto_userns || cmd->n_uid_maps > 0)
        return 0;
    if (!look_only && lease_id_range(l->drv->root, conf->userns_base, conf->userns_size, cmd->id,
                                     &first, err) < 0)
        return -1;
    uid = ARRAY_GROW(&cmd->uid_maps, &cmd->n_uid_maps);
    gid = ARRAY_GROW(&cmd->gid_maps, &cmd->n_gid_maps);
    if (!uid || !gid)
        return err_nomem(err);
    *uid = *gid = (struct id_map){0, first, conf->userns_size};
    return 0;
}

uint32_t userns_root(const struct id_map *maps, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (maps[i].container_id == 0)
            return maps[i].host_id;
    return 0;
}

static int write_map(pid_t pid, const char *file, const struct id_map *maps, size_t n)
{
    cleanup_buf struct buf text = {0};
    char path[64];

    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%u %u %u\n", maps[i].container_id, maps[i].host_id, maps[i].size);
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    if (text.failed) {
        errno = ENOMEM;
        return -1;
    }
    return fs_write_existing(AT_FDCWD, path, text.data);
}

/* The namespace lives as long as the descriptor; the process that it was made with only waits to be
 * killed. */
int userns_open(const struct command *cmd, struct lxcdriver_error **err)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    char path[64];
    int fd = -1, code;

    if (pid == 0)
        for (;;)
            pause();
    if (pid < 0) {
        err_sys(err, errno, "make a user namespace");
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
    if (write_map(pid, "uid_map", cmd->uid_maps, cmd->n_uid_maps) == 0 &&
        write_map(pid, "gid_map", cmd->gid_maps, cmd->n_gid_maps) == 0)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    code = errno;
    kill(pid, SIGKILL); /* our child, not reaped yet */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (fd < 0)
        err_sys(err, code, "make a user namespace with the id maps");
    return fd;
}
