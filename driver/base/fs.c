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
