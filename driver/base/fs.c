#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FIRST_READ 4096
#define OPENAT2_TRIES 128
#define TEMP_NAME_TRIES 100
/* How often a directory may turn out not to be empty after all while its tree is removed. */
#define REFILL_TRIES 64

/* ---- whole reads ---- */

int fs_read_fd(int fd, size_t max, char **out, size_t *len)
{
    cleanup_free char *data = NULL;
    size_t used = 0, cap = 0;

    if (max >= SIZE_MAX / 2)
        max = SIZE_MAX / 2;
    for (;;) {
        ssize_t n;

        /* One byte more than `max` is asked for, so that a file that is too long is seen. */
        if (used + 1 >= cap) {
            char *grown;

            cap = cap ? cap * 2 : FIRST_READ;
            if (cap > max + 2)
                cap = max + 2;
            grown = realloc(data, cap);
            if (!grown)
                return -1;
            data = grown;
        }
        n = read(fd, data + used, cap - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        used += (size_t)n;
        if (used > max) {
            errno = EFBIG;
            return -1;
        }
    }
    data[used] = '\0';
    if (len)
        *len = used;
    *out = steal_ptr(&data);
    return 0;
}

int fs_read_at(int dirfd, const char *path, size_t max, char **out, size_t *len)
{
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    return fd < 0 ? -1 : fs_read_fd(fd, max, out, len);
}

/* ---- writes ---- */

int fs_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};

            if (poll(&ready, 1, -1) < 0 && errno != EINTR)
                return -1;
            continue;
        }
        if (n < 0)
            return -1;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int fs_write_existing(int dirfd, const char *path, const char *text)
{
    cleanup_close int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    size_t len = strlen(text);
    ssize_t n;

    if (fd < 0)
        return -1;
    do
        n = write(fd, text, len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -1;
    if ((size_t)n != len) {
        errno = EIO;
        return -1;
    }
    return 0;
}

/* "dir/.name.0123456789abcdef" beside "dir/name"; hidden, so that a listing of containers skips one
 * that a crash left. */
static char *temp_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    uint64_t salt;

    if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) != (ssize_t)sizeof(salt))
        salt = (uint64_t)getpid();
    return str_printf("%.*s.%s.%016llx", (int)(base - name), name, base, (unsigned long long)salt);
}

/* Make the temporary file: its descriptor and, in *name, its heap-allocated name. */
static int temp_open(int dirfd, const char *beside, char **name)
{
    for (int i = 0; i < TEMP_NAME_TRIES; i++) {
        cleanup_free char *candidate = temp_name(beside);
        int fd;

        if (!candidate)
            return -1;
        fd = openat(dirfd, candidate, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0) {
            *name = steal_ptr(&candidate);
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int fs_write_atomic(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
    cleanup_free char *temp = NULL;
    cleanup_close int fd = temp_open(dirfd, name, &temp);

    if (fd < 0)
        return -1;
    /* fchmod after the contents: the umask plays no part, and no one reads a half-written file
     * early. */
    if (fs_write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0 ||
        renameat(dirfd, temp, dirfd, name) < 0) {
        int saved = errno;

        unlinkat(dirfd, temp, 0);
        errno = saved;
        return -1;
    }
    return 0;
}

/* ---- look-ups that cannot leave a directory ---- */

static int open_resolved(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    struct open_how how = {
        .flags = (uint64_t)(unsigned int)flags | O_CLOEXEC,
        /* The kernel refuses a mode where nothing can be created, and bits that are no permissions.
         */
        .mode = creates ? mode & 07777 : 0,
        .resolve = resolve,
    };

    /* A look-up of ".." that races with a rename or mount anywhere is refused with EAGAIN:
     * openat2(2). */
    for (int i = 0; i < OPENAT2_TRIES; i++) {
        long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN && errno != EINTR)
            return -1;
    }
    return -1;
}

int fs_open_in_root(int root_fd, const char *path, int flags, mode_t mode)
{
    return open_resolved(root_fd, *path ? path : ".", flags, mode,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int fs_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
    return open_resolved(dirfd, *path ? path : ".", flags, mode,
                         RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
}

/* ---- directories ---- */

bool fs_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

DIR *fs_opendir(int dirfd)
{
    cleanup_close int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);

    if (dir)
        steal_fd(&copy);
    return dir;
}

/* One directory: made with exactly `mode`, or there already. */
static int make_dir(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0)
        return chmod(path, mode);
    if (errno != EEXIST)
        return -1;
    if (!fs_is_dir(path)) {
        errno = ENOTDIR;
        return -1;
    }
    return 0;
}

int fs_mkdir_p(const char *path, mode_t mode)
{
    cleanup_free char *partial = NULL;

    if (*path != '/') {
        errno = EINVAL;
        return -1;
    }
    /* Most often only the last component is missing, or none. */
    if (make_dir(path, mode) == 0)
        return 0;
    if (errno != ENOENT)
        return -1;
    partial = strdup(path);
    if (!partial)
        return -1;
    for (char *slash = partial + 1; *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        if (make_dir(partial, mode) < 0)
            return -1;
        *slash = '/';
    }
    return make_dir(path, mode);
}

/* ---- removal of a tree ---- */

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
