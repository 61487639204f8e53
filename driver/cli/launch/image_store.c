#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/launch/image_parts.h"

/* Each round is lost only to another process that has just finished or given up the same image. */
#define LOCK_ROUNDS 100

static int check_directory(int fd, const char *path, struct lxcdriver_error **err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", path);
    if (st.st_uid != 0)
        return err_set(err, "%s: belongs to user %u, not to root", path, st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, "%s: mode %04o lets others than root write to it", path,
                       st.st_mode & 07777u);
    return 0;
}

int image_store_open(const struct conf *conf, const char *sub, struct lxcdriver_error **err)
{
    cleanup_close int top = -1, fd = -1;
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

    if (fs_mkdir_p(conf->image_dir, 0711) < 0 || (top = open(conf->image_dir, flags)) < 0)
        return err_sys(err, errno, "%s", conf->image_dir);
    if (check_directory(top, conf->image_dir, err) < 0)
        return -1;
    if (!sub)
        return steal_fd(&top);
    if ((mkdirat(top, sub, 0700) < 0 && errno != EEXIST) ||
        (fd = openat(top, sub, flags | O_NOFOLLOW)) < 0)
        return err_sys(err, errno, "%s/%s", conf->image_dir, sub);
    return steal_fd(&fd);
}

static bool still_there(int parent_fd, const char *name, int fd)
{
    struct stat at, of;

    return fstatat(parent_fd, name, &at, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &of) == 0 &&
           at.st_dev == of.st_dev && at.st_ino == of.st_ino;
}

/*
 * What has a temporary name and no lock was left by a process that was killed: tools hold the lock
 * too, so nothing writes there any more. A directory that another process has just made and not yet
 * locked may go as well; that process sees it and makes it again.
 */
static void sweep(int parent_fd, const char *mine)
{
    cleanup_closedir DIR *dir = fs_opendir(parent_fd);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        cleanup_close int fd = -1;

        if (entry->d_name[0] != '.' || !str_ends(entry->d_name, ".partial") ||
            str_eq(entry->d_name, mine))
            continue;
        fd = openat(parent_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
            still_there(parent_fd, entry->d_name, fd))
            fs_remove_tree(parent_fd, entry->d_name);
    }
}

static int empty_directory(int fd)
{
    cleanup_closedir DIR *dir = fs_opendir(fd);
    struct dirent *entry;

    if (!dir)
        return -1;
    while ((entry = readdir(dir)))
        if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, "..") &&
            fs_remove_tree(fd, entry->d_name) < 0)
            return -1;
    return 0;
}

static int lock(int fd, bool progress)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return -1;
    if (progress)
        fputs("Waiting for another process that prepares this image\n", stderr);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return -1;
    return 0;
}

/* 1: the final directory exists. 0: slot->lock_fd is locked, and is the temporary directory. -1
 * with errno. */
static int acquire(struct image_slot *slot, bool progress)
{
    for (int round = 0; round < LOCK_ROUNDS; round++) {
        cleanup_close int fd = -1;
        struct stat st;

        if (fstatat(slot->parent_fd, slot->final, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return 1;
        if (mkdirat(slot->parent_fd, slot->partial, 0700) < 0 && errno != EEXIST)
            return -1;
        fd =
            openat(slot->parent_fd, slot->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
            return -1;
        if (fd < 0)
            continue;
        if (lock(fd, progress) < 0)
            return -1;
        if (still_there(slot->parent_fd, slot->partial, fd)) {
            slot->lock_fd = steal_fd(&fd);
            return 0;
        }
    }
    errno = EBUSY;
    return -1;
}

int image_slot_begin(const struct conf *conf, const char *sub, const char *name, bool progress,
                     struct image_slot *slot, struct lxcdriver_error **err)
{
    int got, code;

    *slot = (struct image_slot){.parent_fd = image_store_open(conf, sub, err), .lock_fd = -1};
    if (slot->parent_fd < 0)
        return -1;
    slot->final = strdup(name);
    slot->partial = str_printf(".%s.partial", name);
    if (slot->partial)
        slot->path =
            str_printf("%s/%s%s%s", conf->image_dir, sub ? sub : "", sub ? "/" : "", slot->partial);
    if (!slot->final || !slot->partial || !slot->path) {
        image_slot_end(slot);
        return err_nomem(err);
    }
    got = acquire(slot, progress);
    if (got == 0) {
        sweep(slot->parent_fd, slot->partial);
        if (empty_directory(slot->lock_fd) < 0)
            got = -1;
    }
    code = errno;
    if (got < 0)
        err_sys(err, code, "prepare %s", slot->path);
    if (got != 0)
        image_slot_end(slot);
    return got;
}

int image_slot_commit(struct image_slot *slot, struct lxcdriver_error **err)
{
    /* Without it, a power cut after the rename could leave an image whose files are empty. */
    if (syncfs(slot->lock_fd) < 0)
        return err_sys(err, errno, "write %s to disk", slot->path);
    if (renameat(slot->parent_fd, slot->partial, slot->parent_fd, slot->final) < 0)
        return err_sys(err, errno, "rename %s to %s", slot->path, slot->final);
    if (fsync(slot->parent_fd) < 0)
        return err_sys(err, errno, "write %s to disk", slot->final);
    return 0;
}

void image_slot_end(struct image_slot *slot)
{
    /* Removed while it is locked: a process that waits for the lock then finds the name gone. */
    if (slot->partial && slot->lock_fd >= 0 &&
        still_there(slot->parent_fd, slot->partial, slot->lock_fd))
        fs_remove_tree(slot->parent_fd, slot->partial);
    close_fd(&slot->lock_fd);
    close_fd(&slot->parent_fd);
    free(slot->partial);
    free(slot->final);
    free(slot->path);
    *slot = (struct image_slot){.parent_fd = -1, .lock_fd = -1};
}
