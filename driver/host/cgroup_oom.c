#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

#define FILE_MAX 4096

/* ---- how many ---- */

/* The number behind "oom_kill " at the start of a line, or -1 (kernels before 4.13 have none in
 * v1). */
static int64_t kills_of(int dir, const char *file)
{
    cleanup_free char *text = NULL;
    const char *at;

    if (fs_read_at(dir, file, FILE_MAX, &text, NULL) < 0)
        return -1;
    for (at = text; (at = strstr(at, "oom_kill ")); at++)
        if (at == text || at[-1] == '\n')
            return strtoll(at + strlen("oom_kill "), NULL, 10);
    return -1;
}

/* v1 counts a kill in the directory of the killed process alone. */
static int add_kills(void *opaque, int fd, const char *path)
{
    int64_t *sum = opaque, kills = kills_of(fd, "memory.oom_control");

    (void)path;
    if (kills >= 0)
        *sum = *sum < 0 ? kills : *sum + kills;
    return 0;
}

int64_t cgroup_oom_kills(const struct cgroup_dirs *dirs)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "memory");
    int64_t sum = -1;

    if (!dir)
        return -1;
    if (dir->v2) {
        cleanup_close int fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -1 : kills_of(fd, "memory.events");
    }
    if (cgroup_walk(dir->path, &(struct cgroup_visitor){.enter = add_kills, .opaque = &sum}) < 0)
        return -1;
    return sum;
}

/* ---- when ---- */

/* memcg v1 memory.rst, "OOM Control": register "<eventfd> <memory.oom_control>". The registration
 * ends with the last reference to the eventfd; memory.oom_control need not stay open. */
static int v1_fd(int dir, const char *path, struct lxcdriver_error **err)
{
    cleanup_close int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    cleanup_close int control = openat(dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
    char text[32];

    if (event < 0)
        return err_sys(err, errno, "watch for OOM: eventfd");
    if (control < 0)
        return err_sys(err, errno, "open %s/memory.oom_control", path);
    snprintf(text, sizeof(text), "%d %d", event, control);
    if (fs_write_existing(dir, "cgroup.event_control", text) < 0)
        return err_sys(err, errno, "write \"%s\" to %s/cgroup.event_control", text, path);
    return steal_fd(&event);
}

/* cgroup-v2.rst: "a file modified event is generated" for memory.events. */
static int v2_fd(const char *path, struct lxcdriver_error **err)
{
    cleanup_close int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    cleanup_free char *file = str_printf("%s/memory.events", path);

    if (notify < 0)
        return err_sys(err, errno, "watch for OOM: inotify");
    if (!file)
        return err_nomem(err);
    if (inotify_add_watch(notify, file, IN_MODIFY) < 0)
        return err_sys(err, errno, "watch %s", file);
    return steal_fd(&notify);
}

int cgroup_oom_fd(const struct cgroup_dirs *dirs, struct lxcdriver_error **err)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "memory");
    cleanup_close int fd = -1;

    if (!dir)
        return err_set(err, "watch for OOM: this host has no memory cgroup");
    if (dir->v2)
        return v2_fd(dir->path, err);
    fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "watch for OOM: %s", dir->path);
    return v1_fd(fd, dir->path, err);
}
