/* Removal of a tree of whatever depth, in which a container may still be working. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

/* How often a directory may turn out not to be empty after all while its tree is removed. */
#define REFILL_TRIES 64

/* Which mount a descriptor is on. Kernels before 5.8 have no mount id: the device tells other
 * filesystems apart there, which leaves only bind mounts of the same one unseen (and rmdir(2)
 * refuses those with EBUSY). */
struct mount_identity {
    uint64_t mount;
    uint32_t major, minor;
};

struct parent {
    char *name; /* of the directory that was entered from it */
    struct statx self;
};

/* A walk holds two descriptors, whatever the depth of the tree: going up opens "..", which must be
 * the directory we came from. */
struct walk {
    int fd;
    struct mount_identity mount;
    struct parent *parents;
    size_t depth;
    int refills;
};

static int identify(int fd, struct statx *stx)
{
    return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_INO | STATX_MNT_ID, stx);
}

static struct mount_identity mount_of(const struct statx *stx)
{
    return (struct mount_identity){
        .mount = stx->stx_mask & STATX_MNT_ID ? stx->stx_mnt_id : 0,
        .major = stx->stx_dev_major,
        .minor = stx->stx_dev_minor,
    };
}

static bool same_mount(const struct mount_identity *a, const struct mount_identity *b)
{
    return a->mount == b->mount && a->major == b->major && a->minor == b->minor;
}

static void walk_end(struct walk *w)
{
    int saved = errno;

    for (size_t i = 0; i < w->depth; i++)
        free(w->parents[i].name);
    free(w->parents);
    close_fd(&w->fd);
    errno = saved;
}

/* Make `name` below the walk's directory the current one. */
static int walk_down(struct walk *w, const char *name)
{
    cleanup_close int child = -1;
    struct statx stx, self;
    struct mount_identity mount;
    struct parent *grown;

    child = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0 || identify(child, &stx) < 0 || identify(w->fd, &self) < 0)
        return -1;
    mount = mount_of(&stx);
    if (!same_mount(&mount, &w->mount)) {
        errno = EBUSY;
        return -1;
    }
    grown = reallocarray(w->parents, w->depth + 1, sizeof(*grown));
    if (!grown)
        return -1;
    w->parents = grown;
    grown[w->depth].name = strdup(name);
    if (!grown[w->depth].name)
        return -1;
    grown[w->depth++].self = self;
    close(w->fd);
    w->fd = steal_fd(&child);
    return 0;
}

/* Go back up and remove the directory that was left, which is empty now. */
static int walk_up(struct walk *w)
{
    cleanup_free char *name = w->parents[w->depth - 1].name;
    struct statx expected = w->parents[w->depth - 1].self, stx;
    int up = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    w->depth--;
    if (up < 0)
        return -1;
    close(w->fd);
    w->fd = up;
    if (identify(up, &stx) < 0)
        return -1;
    /* Somebody moved the directory while we were in it: what is above now is not ours to remove
     * from. */
    if (stx.stx_ino != expected.stx_ino || stx.stx_dev_major != expected.stx_dev_major ||
        stx.stx_dev_minor != expected.stx_dev_minor) {
        errno = ESTALE;
        return -1;
    }
    if (unlinkat(up, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    /* It was filled again, or the filesystem skipped entries while others were unlinked: it is
     * found and entered again. */
    if ((errno == ENOTEMPTY || errno == EEXIST) && w->refills++ < REFILL_TRIES)
        return 0;
    return -1;
}

/* Remove a file or an empty directory: 1 when it is a directory that has something in it, 0, or -1.
 */
static int remove_entry(int dirfd, const char *name)
{
    int unlink_errno;

    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    /* unlink(2) of a directory gives EISDIR on Linux, EPERM where POSIX is followed. */
    if (errno != EISDIR && errno != EPERM)
        return -1;
    unlink_errno = errno;
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno == ENOTEMPTY || errno == EEXIST)
        return 1;
    if (errno == ENOTDIR)
        errno = unlink_errno;
    return -1;
}

/* Empty the current directory up to its first subdirectory that is not empty: 1 when that was
 * entered, 0 when all is gone. */
static int walk_empty(struct walk *w)
{
    cleanup_closedir DIR *dir = fs_opendir(w->fd);

    if (!dir)
        return -1;
    for (;;) {
        struct dirent *entry;
        int rc;

        errno = 0;
        entry = readdir(dir);
        if (!entry)
            return errno ? -1 : 0;
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
            continue;
        rc = remove_entry(w->fd, entry->d_name);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        if (walk_down(w, entry->d_name) == 0)
            return 1;
        /* Somebody else removes the same tree. */
        if (errno != ENOENT)
            return -1;
    }
}

/* `name` lies in dirfd itself. */
static int remove_in(int dirfd, const char *name)
{
    __attribute__((cleanup(walk_end))) struct walk w = {.fd = -1};
    struct statx stx;
    int rc = remove_entry(dirfd, name);

    if (rc <= 0)
        return rc;
    w.fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w.fd < 0 || identify(w.fd, &stx) < 0)
        return -1;
    w.mount = mount_of(&stx);
    if (walk_down(&w, name) < 0)
        return errno == ENOENT ? 0 : -1;
    while (w.depth > 0) {
        rc = walk_empty(&w);
        if (rc < 0)
            return -1;
        if (rc == 0 && walk_up(&w) < 0)
            return -1;
        /* The top was filled again behind our back: it is entered again from here, as any other
         * directory would be. */
        if (w.depth == 0) {
            rc = remove_entry(dirfd, name);
            if (rc <= 0)
                return rc;
            if (w.refills++ >= REFILL_TRIES) {
                errno = ENOTEMPTY;
                return -1;
            }
            if (walk_down(&w, name) < 0)
                return errno == ENOENT ? 0 : -1;
        }
    }
    return 0;
}

int fs_remove_tree(int dirfd, const char *name)
{
    cleanup_free char *above = NULL;
    cleanup_close int parent = -1;
    const char *slash = strrchr(name, '/');

    if (!slash)
        return remove_in(dirfd, name);
    if (!slash[1] || str_eq(slash, "/.") || str_eq(slash, "/..")) {
        errno = EINVAL;
        return -1;
    }
    above = strndup(name, (size_t)(slash - name) + 1);
    if (!above)
        return -1;
    parent = openat(dirfd, above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return errno == ENOENT ? 0 : -1;
    return remove_in(parent, slash + 1);
}
