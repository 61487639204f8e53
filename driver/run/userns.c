/* User namespaces: ids for an automatic one, and one to shift mounts by. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

void userns_give_pipes(const int *stdio, uid_t uid, gid_t gid)
{
    for (int i = 0; i < 3; i++) {
        struct stat st;

        /* Only pipes: a file, a terminal or a device of the caller's stays his. One that is not
         * given away is still usable, only not to be opened again by name. */
        if (stdio[i] >= 0 && fstat(stdio[i], &st) == 0 && S_ISFIFO(st.st_mode) &&
            fchown(stdio[i], uid, gid) < 0)
            continue;
    }
}

/* "0 1000000 65536": the line whose range begins with 0. */
static int read_root(pid_t pid, const char *file, uint32_t *out)
{
    cleanup_free char *text = NULL;
    char path[64], *save = NULL;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    if (fs_read_at(AT_FDCWD, path, 65536, &text, NULL) < 0)
        return -1;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        unsigned inside, outside;

        if (sscanf(line, "%u %u", &inside, &outside) == 2 && inside == 0) {
            *out = outside;
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

int userns_root_of(pid_t pid, uid_t *uid, gid_t *gid)
{
    return read_root(pid, "uid_map", uid) < 0 || read_root(pid, "gid_map", gid) < 0 ? -1 : 0;
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
