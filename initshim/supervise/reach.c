/*
 * In a user namespace LXC looks, as the container's root, whether it can get to the containers'
 * directory (start.c, do_start()), and gives up where one of the directories above is for root
 * alone, as an engine's often is. So in the mount namespace made for lxc-start each of those is
 * covered by one that anybody may pass through, with the same entries in it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervise/supervisor.h"

static int bind_entry(int dir, const char *name, const char *path)
{
    char from[64 + NAME_MAX], to[PATH_MAX + NAME_MAX + 2];
    struct stat st;
    int fd;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1; /* gone meanwhile */
    snprintf(from, sizeof(from), "/proc/self/fd/%d/%s", dir, name);
    snprintf(to, sizeof(to), "%s/%s", path, name);
    if (S_ISLNK(st.st_mode)) {
        char target[PATH_MAX];
        ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

        if (len < 0)
            return -1;
        target[len] = '\0';
        return symlink(target, to);
    }
    if (S_ISDIR(st.st_mode)) {
        if (mkdir(to, 0755) < 0)
            return -1;
    } else {
        fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
            return -1;
        close(fd);
    }
    return mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0 && errno != ENOENT ? -1 : 0;
}

/* All entries of `dir`, or `only` one, in what has been mounted on its path. */
static int bind_entries(int dir, const char *path, const char *only)
{
    int copy, result = 0;
    struct dirent *entry;
    DIR *list;

    if (only)
        return bind_entry(dir, only, path);
    copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    list = copy < 0 ? NULL : fdopendir(copy);
    if (!list)
        return -1;
    while (result == 0 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = bind_entry(dir, entry->d_name, path);
    closedir(list);
    return result;
}

/* Cover `path` by a directory of ours with the same entries. `dir` is what was there before. */
static int cover(int dir, const char *path, const char *mode, const char *only)
{
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, mode) < 0)
        return -1;
    return bind_entries(dir, path, only);
}

static int open_way(const char *path, const char *only)
{
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), result;
    struct stat st;

    if (dir < 0)
        return -1;
    if (fstat(dir, &st) < 0 || st.st_mode & S_IXOTH) {
        close(dir);
        return 0;
    }
    result = cover(dir, path, "mode=0711", only);
    close(dir);
    return result;
}

int sup_cover(const char *path)
{
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), result;

    if (dir < 0)
        return -1;
    result = cover(dir, path, "mode=0755", NULL);
    close(dir);
    return result;
}

int sup_reach(const struct supervisor *s)
{
    char path[PATH_MAX];
    size_t len = strlen(s->root);

    if (len >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t i = 1; i < len; i++) {
        if (s->root[i] != '/')
            continue;
        memcpy(path, s->root, i);
        path[i] = '\0';
        if (open_way(path, NULL) < 0)
            return -1;
    }
    /* Of the containers themselves only ours. */
    return open_way(s->root, s->id);
}
