#include "copyup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptor.h"

#define DEPTH_MAX 128 /* directories in one another; two descriptors each */

/* One entry: where it is, where it goes, what it is. */
struct entry {
    int from, to;
    const char *name;
    struct stat st;
};

static int copy_tree(int from, int to, int depth);

static int copy_data(const struct entry *e)
{
    cleanup_close int in = openat(e->from, e->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_close int out = -1;
    ssize_t n;

    if (in < 0)
        return -1;
    out = openat(e->to, e->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0)
        return -1;
    do {
        n = sendfile(out, in, NULL, 1 << 20);
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 ? -1 : 0;
}

static int copy_link(const struct entry *e)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(e->from, e->name, target, sizeof(target) - 1);

    if (n < 0)
        return -1;
    target[n] = '\0';
    return symlinkat(target, e->to, e->name);
}

static int copy_directory(const struct entry *e, int depth)
{
    cleanup_close int in = -1, out = -1;

    if (depth >= DEPTH_MAX) {
        errno = ELOOP;
        return -1;
    }
    if (mkdirat(e->to, e->name, 0700) < 0)
        return -1;
    in = openat(e->from, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0)
        return -1;
    out = openat(e->to, e->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return out < 0 ? -1 : copy_tree(in, out, depth + 1);
}

/* Owner before mode, because a change of owner clears set-id bits; times last, because the copy
 * itself changes them. */
static int copy_attributes(const struct entry *e)
{
    struct timespec times[2] = {e->st.st_atim, e->st.st_mtim};

    if (fchownat(e->to, e->name, e->st.st_uid, e->st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (!S_ISLNK(e->st.st_mode) && fchmodat(e->to, e->name, e->st.st_mode & 07777, 0) < 0)
        return -1;
    return utimensat(e->to, e->name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_entry(struct entry *e, int depth)
{
    int rc;

    if (fstatat(e->from, e->name, &e->st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISSOCK(e->st.st_mode))
        return 0;
    if (S_ISREG(e->st.st_mode))
        rc = copy_data(e);
    else if (S_ISDIR(e->st.st_mode))
        rc = copy_directory(e, depth);
    else if (S_ISLNK(e->st.st_mode))
        rc = copy_link(e);
    else
        rc = mknodat(e->to, e->name, e->st.st_mode, e->st.st_rdev);
    return rc < 0 ? -1 : copy_attributes(e);
}

static int copy_tree(int from, int to, int depth)
{
    int listing = fcntl(from, F_DUPFD_CLOEXEC, 0);
    DIR *dir = listing < 0 ? NULL : fdopendir(listing);
    const struct dirent *d;
    int rc = 0, errnum = 0;

    if (!dir) {
        descriptor_closep(&listing);
        return -1;
    }
    while (rc == 0 && (errno = 0, d = readdir(dir))) {
        struct entry e = {.from = from, .to = to, .name = d->d_name};

        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            rc = copy_entry(&e, depth);
    }
    errnum = errno;
    closedir(dir);
    errno = errnum;
    return rc < 0 || errnum ? -1 : 0;
}

int copyup(int covered, int top)
{
    cleanup_close int from = openat(covered, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int to = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return from < 0 || to < 0 ? -1 : copy_tree(from, to, 0);
}
