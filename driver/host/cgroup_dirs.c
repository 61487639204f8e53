#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

#define PROC_CGROUP_MAX ((size_t)1 << 20)

void cgroup_dirs_clear(struct cgroup_dirs *dirs)
{
    for (size_t i = 0; i < dirs->n; i++) {
        free(dirs->dirs[i].controllers);
        free(dirs->dirs[i].path);
    }
    free(dirs->dirs);
    *dirs = (struct cgroup_dirs){0};
}

/* Takes ownership of path; NULL is a failure. */
static int dirs_add(struct cgroup_dirs *dirs, const struct cgroup_hierarchy *h, char *path)
{
    struct cgroup_dir *dir = path ? ARRAY_GROW(&dirs->dirs, &dirs->n) : NULL;

    if (!dir) {
        free(path);
        return -1;
    }
    dir->path = path;
    dir->v2 = h->v2;
    dir->controllers = strdup(h->controllers);
    return dir->controllers ? 0 : -1;
}

/* Any "." or ".." would name another cgroup than the one that is written there. */
static bool has_dot_component(const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");

        if ((len == 1 && path[0] == '.') || (len == 2 && path[0] == '.' && path[1] == '.'))
            return true;
        path += len;
        path += strspn(path, "/");
    }
    return false;
}

int cgroup_dirs_of(const struct cgroup_layout *layout, const char *relative,
                   struct cgroup_dirs *out, struct lxcdriver_error **err)
{
    *out = (struct cgroup_dirs){0};
    relative += strspn(relative, "/");
    if (has_dot_component(relative))
        return err_set(err, "cgroup path \"%s\" has a \".\" or \"..\" in it", relative);
    for (size_t i = 0; i < layout->n; i++) {
        const struct cgroup_hierarchy *h = &layout->hierarchies[i];

        if (dirs_add(out, h,
                     str_printf("%s%s%s%s%s", h->mount, *h->base ? "/" : "", h->base,
                                *relative ? "/" : "", relative)) < 0) {
            cgroup_dirs_clear(out);
            return err_nomem(err);
        }
    }
    return 0;
}

static const struct cgroup_hierarchy *find_hierarchy(const struct cgroup_layout *layout,
                                                     const char *controllers)
{
    for (size_t i = 0; i < layout->n; i++)
        if (str_eq(layout->hierarchies[i].controllers, controllers))
            return &layout->hierarchies[i];
    return NULL;
}

char *cgroup_relative(const struct cgroup_layout *layout, const char *cgroup,
                      struct lxcdriver_error **err)
{
    /* On a v2 host "name=systemd" is made for containers with an old systemd in them. */
    const struct cgroup_hierarchy *h =
        find_hierarchy(layout, layout->mode == CGROUP_V2 ? "" : "name=systemd");
    cleanup_free char *base = NULL;
    const char *below;
    char *relative;

    base = h ? str_printf("/%s", h->base) : NULL;
    below = base ? cgroup_path_below(cgroup, h->root) : NULL;
    below = below ? cgroup_path_below(below, base) : NULL;
    if (h && !base) {
        err_nomem(err);
        return NULL;
    }
    if (!below || !*below) {
        err_set(err, "the cgroup %s is not one that is mounted here", cgroup);
        return NULL;
    }
    relative = strdup(below + strspn(below, "/"));
    if (!relative)
        err_nomem(err);
    return relative;
}

int cgroup_dirs_of_pid(const struct cgroup_layout *layout, pid_t pid, struct cgroup_dirs *out,
                       struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    char file[64], *cursor;
    struct cgroup_line line;

    *out = (struct cgroup_dirs){0};
    snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
    if (fs_read_at(AT_FDCWD, file, PROC_CGROUP_MAX, &text, NULL) < 0)
        return err_sys(err, errno, "read %s", file);
    cursor = text;
    while (cgroup_line_next(&cursor, &line)) {
        const struct cgroup_hierarchy *h = find_hierarchy(layout, line.controllers);
        const char *below = h ? cgroup_path_below(line.path, h->root) : NULL;

        if (!below)
            continue;
        if (dirs_add(out, h, str_printf("%s%s", h->mount, str_eq(below, "/") ? "" : below)) < 0) {
            cgroup_dirs_clear(out);
            return err_nomem(err);
        }
    }
    return 0;
}

int cgroup_layout_holds(const struct cgroup_layout *layout, pid_t pid, struct lxcdriver_error **err)
{
    struct cgroup_dirs own;
    int result = 1;

    if (cgroup_dirs_of_pid(layout, pid, &own, err) < 0)
        return -1;
    for (size_t i = 0; i < own.n && result == 1; i++) {
        const struct cgroup_hierarchy *h = find_hierarchy(layout, own.dirs[i].controllers);
        cleanup_free char *base = str_printf("%s%s%s", h->mount, *h->base ? "/" : "", h->base);

        if (!base)
            result = err_nomem(err);
        else if (!cgroup_path_below(own.dirs[i].path, base))
            result = 0;
    }
    cgroup_dirs_clear(&own);
    return result;
}

static bool has_path(const struct cgroup_dirs *dirs, const char *path)
{
    for (size_t i = 0; i < dirs->n; i++)
        if (str_eq(dirs->dirs[i].path, path))
            return true;
    return false;
}

void cgroup_dirs_subtract(struct cgroup_dirs *dirs, const struct cgroup_dirs *others)
{
    size_t kept = 0;

    for (size_t i = 0; i < dirs->n; i++) {
        struct cgroup_dir dir = dirs->dirs[i];

        if (has_path(others, dir.path) && !cgroup_path_is_root(dir.path)) {
            free(dir.controllers);
            free(dir.path);
        } else {
            dirs->dirs[kept++] = dir;
        }
    }
    dirs->n = kept;
}

static bool lists(const char *controllers, const char *controller)
{
    size_t len = strlen(controller);

    for (const char *at = controllers;; at++) {
        if (strncmp(at, controller, len) == 0 && (at[len] == ',' || !at[len]))
            return true;
        at = strchr(at, ',');
        if (!at)
            return false;
    }
}

const struct cgroup_dir *cgroup_dir_find(const struct cgroup_dirs *dirs, const char *controller)
{
    const struct cgroup_dir *v2 = NULL;

    for (size_t i = 0; i < dirs->n; i++) {
        const struct cgroup_dir *dir = &dirs->dirs[i];

        if (dir->v2)
            v2 = dir;
        else if (*controller && lists(dir->controllers, controller))
            return dir;
    }
    return str_starts(controller, "name=") ? NULL : v2;
}
