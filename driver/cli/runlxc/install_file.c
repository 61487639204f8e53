/* An engine's configuration file: looked up so that nobody else can lead us elsewhere, replaced in
 * one step. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "runlxc/install.h"

#define LINKS_MAX 40 /* as the kernel: path_resolution(7) */
#define LINK_LENGTH_MAX 4096
#define XATTR_NAMES_MAX 4096
#define XATTR_VALUE_MAX 65536
#define TEMP_TRIES 16
#define NOBODY 65534

/* ---- whose it is ---- */

/* In a user namespace the host's root is nobody. */
static bool trusted_owner(uid_t uid)
{
    return uid == 0 || uid == geteuid() || (uid == NOBODY && rootless());
}

/* A group is as good as its owner when it is root's, or the user's own (umask 002 is then usual).
 */
static bool trusted_mode(const struct stat *st)
{
    bool own_group = st->st_gid == 0 || (geteuid() != 0 && st->st_gid == getegid());

    return !(st->st_mode & S_IWOTH) && (!(st->st_mode & S_IWGRP) || own_group);
}

static int check(const struct stat *st, const char *path, struct lxcdriver_error **err)
{
    bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

    if (!trusted_owner(st->st_uid))
        return err_set(err, "%s: belongs to user %u, who could change it meanwhile", path,
                       (unsigned)st->st_uid);
    /* Linux gives every symbolic link the mode 0777. */
    if (!S_ISLNK(st->st_mode) && !sticky && !trusted_mode(st))
        return err_set(err, "%s: mode %04o lets others change it", path, st->st_mode & 07777u);
    return 0;
}

/* ---- the way there ---- */

struct walk {
    struct buf at; /* where we are, without a slash at the end */
    char *rest;    /* what is still to be walked */
    int dir;
    unsigned links;
};

static void walk_clear(struct walk *w)
{
    buf_free(&w->at);
    free(w->rest);
    close_fd(&w->dir);
}
#define cleanup_walk __attribute__((cleanup(walk_clear)))

static int open_root(struct walk *w, struct lxcdriver_error **err)
{
    close_fd(&w->dir);
    buf_free(&w->at);
    w->dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return w->dir < 0 ? err_sys(err, errno, "open /") : 0;
}

static int enter(struct walk *w, const char *name, const char *path, struct lxcdriver_error **err)
{
    cleanup_close int dir =
        openat(w->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (dir < 0 || fstat(dir, &st) < 0)
        return err_sys(err, errno, "open %s", path);
    if (check(&st, path, err) < 0)
        return -1;
    close_fd(&w->dir);
    w->dir = steal_fd(&dir);
    if (strcmp(name, "..") == 0) {
        char *slash = w->at.len ? strrchr(w->at.data, '/') : NULL;

        w->at.len = slash ? (size_t)(slash - w->at.data) : 0;
        if (slash)
            *slash = '\0';
    } else {
        buf_printf(&w->at, "/%s", name);
    }
    return w->at.failed ? err_nomem(err) : 0;
}

/* The link's target stands before what is still to be walked. */
static int follow(struct walk *w, const char *name, const char *path, struct lxcdriver_error **err)
{
    char target[LINK_LENGTH_MAX + 1];
    ssize_t n = readlinkat(w->dir, name, target, LINK_LENGTH_MAX);
    char *rest;

    if (n < 0)
        return err_sys(err, errno, "read the link %s", path);
    target[n] = '\0';
    if (++w->links > LINKS_MAX)
        return err_sys(err, ELOOP, "%s", path);
    rest = str_printf("%s/%s", target, w->rest);
    if (!rest)
        return err_nomem(err);
    free(w->rest);
    w->rest = rest;
    return *target == '/' ? open_root(w, err) : 0;
}

/* Take the first component off the rest; NULL when there is none. Memory that ran out gives NULL
 * with `failed`. */
static char *next_component(struct walk *w, bool *failed)
{
    char *from = w->rest + strspn(w->rest, "/"), *name;
    size_t len = strcspn(from, "/");

    if (!len)
        return NULL;
    name = strndup(from, len);
    *failed = !name;
    if (name)
        memmove(w->rest, from + len, strlen(from + len) + 1);
    return name;
}

/* The end of the way: the file, or the first thing that is missing. */
static int arrive(struct walk *w, const char *name, struct install_file *out,
                  struct lxcdriver_error **err)
{
    const char *more = w->rest + strspn(w->rest, "/");

    out->rest = str_printf("%s%s%s", name, *more ? "/" : "", more);
    out->path = out->rest ? str_printf("%s/%s", w->at.len ? w->at.data : "", out->rest) : NULL;
    if (!out->path)
        return err_nomem(err);
    out->dir = steal_fd(&w->dir);
    return 0;
}

/* One component. 1 when the way ends with it, 0 when it goes on, or -1. */
static int step(struct walk *w, const char *name, struct install_file *out,
                struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("%s/%s", w->at.len ? w->at.data : "", name);
    bool last = !w->rest[strspn(w->rest, "/")];
    struct stat st;

    if (!path)
        return err_nomem(err);
    if (strcmp(name, ".") == 0)
        return 0;
    if (fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            return err_sys(err, errno, "%s", path);
        return arrive(w, name, out, err) < 0 ? -1 : 1;
    }
    if (S_ISDIR(st.st_mode))
        return enter(w, name, path, err);
    if (check(&st, path, err) < 0)
        return -1;
    if (S_ISLNK(st.st_mode))
        return follow(w, name, path, err);
    if (!last)
        return err_sys(err, ENOTDIR, "%s", path);
    return arrive(w, name, out, err) < 0 ? -1 : 1;
}

static int walk(const char *path, struct install_file *out, struct lxcdriver_error **err)
{
    cleanup_free char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
    cleanup_walk struct walk w = {.dir = -1};
    int ended = 0;

    if (*path != '/' && !cwd)
        return err_sys(err, errno, "%s: find the working directory", path);
    w.rest = str_printf("%s/%s", cwd ? cwd : "", path);
    if (!w.rest)
        return err_nomem(err);
    if (open_root(&w, err) < 0)
        return -1;
    while (ended == 0) {
        bool failed = false;
        cleanup_free char *name = next_component(&w, &failed);

        if (failed)
            return err_nomem(err);
        if (!name)
            return err_set(err, "%s: is a directory", path);
        ended = step(&w, name, out, err);
    }
    return ended < 0 ? -1 : 0;
}

/* ---- reading ---- */

static int read_there(struct install_file *file, struct lxcdriver_error **err)
{
    /* O_NONBLOCK: opening a FIFO would wait for its writer. */
    cleanup_close int fd =
        openat(file->dir, file->rest, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &file->st) < 0)
        return err_sys(err, errno, "%s", file->path);
    if (!S_ISREG(file->st.st_mode))
        return err_set(err, "%s: is not a regular file", file->path);
    if (check(&file->st, file->path, err) < 0)
        return -1;
    /* The other name would keep the old contents. */
    if (file->st.st_nlink > 1)
        return err_set(err, "%s: has %lu names (hard links), and would be left with one",
                       file->path, (unsigned long)file->st.st_nlink);
    if (fs_read_fd(fd, INSTALL_FILE_MAX, &file->text, &file->len) < 0)
        return err_sys(err, errno, "read %s", file->path);
    return 0;
}

int install_file_read(const char *path, struct install_file *file, struct lxcdriver_error **err)
{
    *file = (struct install_file){.dir = -1};
    if (walk(path, file, err) < 0)
        return -1;
    /* Two of us could otherwise both read before one writes. Locks end with their process. */
    if (flock(file->dir, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? err_set(err, "%s: another process is changing it", file->path)
                                    : err_sys(err, errno, "lock the directory of %s", file->path);
    return read_there(file, err);
}

void install_file_clear(struct install_file *file)
{
    free(file->path);
    free(file->rest);
    free(file->text);
    close_fd(&file->dir);
    *file = (struct install_file){.dir = -1};
}

/* ---- writing ---- */

/* Directories that are missing; afterwards `dir` is the file's own, `rest` its name. */
static int make_directories(struct install_file *file, struct lxcdriver_error **err)
{
    char *slash;

    while ((slash = strchr(file->rest, '/')) != NULL) {
        cleanup_close int dir = -1;

        *slash = '\0';
        if (strcmp(file->rest, "..") == 0)
            return err_sys(err, ENOENT, "%s", file->path);
        if (mkdirat(file->dir, file->rest, 0755) < 0 && errno != EEXIST)
            return err_sys(err, errno, "make the directory %s of %s", file->rest, file->path);
        dir = openat(file->dir, file->rest, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
            return err_sys(err, errno, "open the directory %s of %s", file->rest, file->path);
        close_fd(&file->dir);
        file->dir = steal_fd(&dir);
        memmove(file->rest, slash + 1, strlen(slash + 1) + 1);
    }
    return 0;
}

/* What the file was read from is still there, and was not written meanwhile. */
static bool unchanged(const struct install_file *file)
{
    struct stat st;

    if (fstatat(file->dir, file->rest, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT && !file->text;
    return file->text && st.st_ino == file->st.st_ino && st.st_dev == file->st.st_dev &&
           st.st_size == file->st.st_size && st.st_ctim.tv_sec == file->st.st_ctim.tv_sec &&
           st.st_ctim.tv_nsec == file->st.st_ctim.tv_nsec;
}

/* A label of SELinux, an ACL. What this process may not give is left to the kernel's default, as
 * for any file that is made there. */
static void copy_xattrs(int from, int to)
{
    char names[XATTR_NAMES_MAX];
    cleanup_free char *value = malloc(XATTR_VALUE_MAX);
    ssize_t n = flistxattr(from, names, sizeof(names));

    for (const char *name = names; value && n > 0 && name < names + n; name += strlen(name) + 1) {
        ssize_t len = fgetxattr(from, name, value, XATTR_VALUE_MAX);

        if (len >= 0)
            (void)fsetxattr(to, name, value, (size_t)len, 0);
    }
}

/* Owner first: chown(2) takes set-id bits away. */
static int copy_attributes(const struct install_file *file, int to)
{
    cleanup_close int from = -1;

    if (!file->text)
        return fchmod(to, 0644);
    if (fchown(to, file->st.st_uid, file->st.st_gid) < 0 ||
        fchmod(to, file->st.st_mode & 07777) < 0)
        return -1;
    from = openat(file->dir, file->rest, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (from >= 0)
        copy_xattrs(from, to);
    return 0;
}

static int open_temporary(const struct install_file *file, char **name)
{
    for (int i = 0; i < TEMP_TRIES; i++) {
        unsigned long long salt = 0;
        int fd;

        if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) < 0)
            salt = (unsigned long long)getpid() + (unsigned)i;
        free(*name);
        *name = str_printf(".%.200s.%016llx", file->rest, salt);
        if (!*name)
            return -1;
        fd = openat(file->dir, *name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static int replace(const struct install_file *file, const char *text, size_t len,
                   struct lxcdriver_error **err)
{
    cleanup_free char *temp = NULL;
    cleanup_close int fd = open_temporary(file, &temp);

    if (fd < 0)
        return err_sys(err, errno, "make a file beside %s", file->path);
    /* Synced before it takes the name: a machine that stops now has the old file or the new one. */
    if (fs_write_all(fd, text, len) < 0 || copy_attributes(file, fd) < 0 || fsync(fd) < 0 ||
        renameat(file->dir, temp, file->dir, file->rest) < 0) {
        err_sys(err, errno, "write %s", file->path);
        unlinkat(file->dir, temp, 0);
        return -1;
    }
    return 0;
}

int install_file_write(struct install_file *file, const char *text, size_t len,
                       struct lxcdriver_error **err)
{
    if (make_directories(file, err) < 0)
        return -1;
    if (!unchanged(file))
        return err_set(err, "%s: another process has changed it meanwhile", file->path);
    if (text && replace(file, text, len, err) < 0)
        return -1;
    if (!text && unlinkat(file->dir, file->rest, 0) < 0)
        return err_sys(err, errno, "remove %s", file->path);
    /* The change is made; not every file system syncs directories. */
    (void)fsync(file->dir);
    return 0;
}
