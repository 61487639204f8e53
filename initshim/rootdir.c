#include "rootdir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"

#define RESOLVE_TRIES 64

int rootdir_resolve(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC), .mode = mode, .resolve = resolve};
    long fd;

    /* EAGAIN: something was renamed while ".." was looked up, and the kernel could not prove that
     * it stayed inside. */
    for (int i = 0; i < RESOLVE_TRIES; i++) {
        fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)fd;
}

int rootdir_openat(int root_fd, const char *path, int flags)
{
    return rootdir_resolve(root_fd, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int rootdir_open(struct shim *s)
{
    s->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return s->root_fd < 0 ? fail(&s->failure, STAGE_MOUNT, errno, "/") : 0;
}

/* One more component: `prefix` ends with it. *dir is replaced by the directory that prefix names.
 */
static int descend(int root_fd, int *dir, const char *prefix, const char *name, mode_t mode)
{
    int next = rootdir_openat(root_fd, prefix, O_PATH | O_DIRECTORY);

    if (next < 0 && errno == ENOENT) {
        /* EEXIST: somebody else made it, or it is a dangling link, which the second look-up
         * refuses. */
        if (mkdirat(*dir, name, mode) < 0 && errno != EEXIST)
            return -1;
        next = rootdir_openat(root_fd, prefix, O_PATH | O_DIRECTORY);
    }
    if (next < 0)
        return -1;
    close(*dir);
    *dir = next;
    return 0;
}

int rootdir_make(int root_fd, const char *path, mode_t mode)
{
    char prefix[PATH_MAX];
    size_t len = strlen(path), at = 0;
    int dir = rootdir_openat(root_fd, path, O_PATH | O_DIRECTORY);

    if (dir >= 0 || errno != ENOENT)
        return dir;
    if (len >= sizeof(prefix)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(prefix, path, len + 1);
    dir = rootdir_openat(root_fd, "/", O_PATH | O_DIRECTORY);
    while (dir >= 0 && at < len) {
        size_t start = at + strspn(path + at, "/");

        at = start + strcspn(path + start, "/");
        if (at == start)
            break;
        prefix[at] = '\0';
        /* Always from the root: links and ".." of earlier components are resolved again, and inside
         * it. */
        if (descend(root_fd, &dir, prefix, prefix + start, mode) < 0) {
            close(dir);
            return -1;
        }
        prefix[at] = path[at];
    }
    return dir;
}

int rootdir_parent(int root_fd, const char *path, bool create, char name[ROOTDIR_NAME])
{
    char parent[PATH_MAX];
    size_t end = strlen(path), start, len;

    while (end > 1 && path[end - 1] == '/')
        end--;
    start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    len = end - start;
    if (len == 0 || start >= sizeof(parent) || len >= ROOTDIR_NAME) {
        errno = len == 0 ? EINVAL : ENAMETOOLONG;
        return -1;
    }
    memcpy(name, path + start, len);
    name[len] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        errno = EINVAL;
        return -1;
    }
    memcpy(parent, path, start);
    parent[start] = '\0';
    return create ? rootdir_make(root_fd, start ? parent : "/", 0755)
                  : rootdir_openat(root_fd, start ? parent : "/", O_PATH | O_DIRECTORY);
}
