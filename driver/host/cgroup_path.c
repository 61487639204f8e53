#include "host/cgroup_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

bool cgroup_line_next(char **text, struct cgroup_line *out)
{
    char *line;

    /* "5:cpu,cpuacct:/a:b": only the first two colons separate. */
    while ((line = strsep(text, "\n"))) {
        strsep(&line, ":");
        out->controllers = strsep(&line, ":");
        out->path = line;
        if (out->path && *out->path == '/')
            return true;
    }
    return false;
}

static bool has_dotdot(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")); at += 2)
        if ((at == path || at[-1] == '/') && (at[2] == '/' || !at[2]))
            return true;
    return false;
}

const char *cgroup_path_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    while (len > 0 && top[len - 1] == '/')
        len--;
    if (strncmp(path, top, len) != 0 || (path[len] && path[len] != '/') || has_dotdot(path + len))
        return NULL;
    return path + len;
}

bool cgroup_path_is_root(const char *path)
{
    cleanup_free char *above = str_printf("%s/..", path);
    struct stat self, parent;

    return above && stat(path, &self) == 0 && stat(above, &parent) == 0 &&
           self.st_dev != parent.st_dev;
}

int64_t cgroup_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the walk ---- */

/* One level: the directories found in it, and how much of the walk's path is its own. */
struct level {
    struct strv names;
    size_t next, path_len;
};

struct walk {
    int fd; /* of the deepest level */
    struct level *levels;
    size_t depth;
    struct buf path;
};

static void walk_end(struct walk *w)
{
    int saved = errno;

    for (size_t i = 0; i < w->depth; i++)
        strv_free(&w->levels[i].names);
    free(w->levels);
    buf_free(&w->path);
    close_fd(&w->fd);
    errno = saved;
}

static int list_directories(int fd, struct strv *out)
{
    cleanup_closedir DIR *dir = fs_opendir(fd);
    struct dirent *entry;

    if (!dir)
        return errno == ENOENT ? 0 : -1;
    while ((entry = readdir(dir)))
        if (entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") &&
            !str_eq(entry->d_name, "..") && strv_add(out, entry->d_name) < 0)
            return -1;
    return 0;
}

/* Take the open directory as the new deepest level and visit it. The descriptor is the walk's, also
 * on failure. */
static int push(struct walk *w, int fd, const struct cgroup_visitor *v)
{
    struct level *grown = reallocarray(w->levels, w->depth + 1, sizeof(*grown));

    close_fd(&w->fd);
    w->fd = fd;
    if (!grown)
        return -1;
    w->levels = grown;
    grown[w->depth++] = (struct level){.path_len = w->path.len};
    if (v->enter && v->enter(v->opaque, fd, w->path.data) < 0)
        return -1;
    return list_directories(fd, &grown[w->depth - 1].names);
}

static void truncate_path(struct walk *w)
{
    w->path.len = w->levels[w->depth - 1].path_len;
    w->path.data[w->path.len] = '\0';
}

/* Leave the deepest level. cgroupfs moves no directory to another parent, so ".." is where we came
 * from. */
static int pop(struct walk *w, const struct cgroup_visitor *v)
{
    struct level *up;
    int fd;

    strv_free(&w->levels[--w->depth].names);
    if (w->depth == 0)
        return 0;
    fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    close(w->fd);
    w->fd = fd;
    up = &w->levels[w->depth - 1];
    if (v->leave && v->leave(v->opaque, fd, up->names.items[up->next - 1], w->path.data) < 0)
        return -1;
    truncate_path(w);
    return 0;
}

int cgroup_walk(const char *top, const struct cgroup_visitor *visitor)
{
    __attribute__((cleanup(walk_end))) struct walk w = {.fd = -1};
    int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    buf_puts(&w.path, top);
    if (w.path.failed) {
        close(fd);
        errno = ENOMEM;
        return -1;
    }
    if (push(&w, fd, visitor) < 0)
        return -1;
    while (w.depth > 0) {
        struct level *at = &w.levels[w.depth - 1];
        const char *name;

        if (at->next == at->names.n) {
            if (pop(&w, visitor) < 0)
                return -1;
            continue;
        }
        name = at->names.items[at->next++];
        fd = openat(w.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0)
            return -1;
        buf_printf(&w.path, "/%s", name);
        if (w.path.failed) {
            close(fd);
            errno = ENOMEM;
            return -1;
        }
        if (push(&w, fd, visitor) < 0)
            return -1;
    }
    return 0;
}
