/* The cgroups of who is not root of the host: those that somebody has given him. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

#define PROCS_MAX ((size_t)16 << 20)

static bool writable(const char *dir, bool v2)
{
    cleanup_free char *procs = str_printf("%s/cgroup.procs", dir);
    cleanup_free char *control = str_printf("%s/cgroup.subtree_control", dir);

    return procs && control && access(dir, W_OK | X_OK) == 0 && access(procs, W_OK) == 0 &&
           (!v2 || access(control, W_OK) == 0);
}

static bool is_empty(const char *dir)
{
    cleanup_free char *path = str_printf("%s/cgroup.procs", dir), *text = NULL;

    return path && fs_read_at(AT_FDCWD, path, PROCS_MAX, &text, NULL) == 0 && !*text;
}

static char *dir_of(const struct cgroup_hierarchy *h, const char *base)
{
    return str_printf("%s%s%s", h->mount, *base ? "/" : "", base);
}

static bool base_is_writable(const struct cgroup_hierarchy *h)
{
    cleanup_free char *dir = dir_of(h, h->base);

    return dir && writable(dir, h->v2);
}

/* Give the hierarchy its base, from our own cgroup upwards. 1, 0 when nothing is delegated, or -1
 * for want of memory. */
static int find_base(struct cgroup_hierarchy *h, const char *own)
{
    const char *below = cgroup_path_below(own, h->root);
    cleanup_free char *base = below ? strdup(below + strspn(below, "/")) : NULL;

    if (!below)
        return 0;
    while (base) {
        cleanup_free char *dir = dir_of(h, base);
        char *slash = strrchr(base, '/');

        if (!dir)
            return -1;
        if (!writable(dir, h->v2))
            return 0;
        if (!h->v2 || is_empty(dir)) {
            free(h->base);
            h->base = steal_ptr(&base);
            return 1;
        }
        if (!*base)
            return 0;
        *(slash ? slash : base) = '\0';
    }
    return -1;
}

/* What /proc/self/cgroup says of a hierarchy, out of its lines. */
static const char *own_path(const struct cgroup_line *lines, size_t n, const char *controllers)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(lines[i].controllers, controllers))
            return lines[i].path;
    return "";
}

static int keep(struct cgroup_layout *layout, const struct cgroup_line *lines, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < layout->n; i++) {
        struct cgroup_hierarchy *h = &layout->hierarchies[i];
        int found =
            layout->own ? find_base(h, own_path(lines, n, h->controllers)) : base_is_writable(h);

        if (found < 0)
            return -1;
        if (found == 0) {
            cgroup_hierarchy_clear(h);
            continue;
        }
        if (cgroup_controllers_add(&layout->v1_controllers, h->controllers, ",") < 0)
            return -1;
        if (kept != i) {
            layout->hierarchies[kept] = *h;
            *h = (struct cgroup_hierarchy){0};
        }
        kept++;
    }
    layout->n = kept;
    return 0;
}

int cgroup_layout_delegate(struct cgroup_layout *layout, char *cgroup, struct lxcdriver_error **err)
{
    cleanup_free struct cgroup_line *lines = NULL;
    struct cgroup_line line;
    size_t n = 0;

    strv_free(&layout->v1_controllers);
    layout->own = true;
    for (size_t i = 0; i < layout->n; i++)
        layout->own = layout->own && !base_is_writable(&layout->hierarchies[i]);
    while (cgroup_line_next(&cgroup, &line)) {
        struct cgroup_line *next = ARRAY_GROW(&lines, &n);

        if (!next)
            return err_nomem(err);
        *next = line;
    }
    return keep(layout, lines, n) < 0 ? err_nomem(err) : 0;
}

/* ---- making them ---- */

/* Every controller that the directory has, for what is made in it; one that cannot be given is
 * missed by what needs it. */
static void give_controllers(const char *dir)
{
    cleanup_free char *have = str_printf("%s/cgroup.controllers", dir), *text = NULL;
    cleanup_free char *control = str_printf("%s/cgroup.subtree_control", dir);
    char *save = NULL;

    if (!have || !control || fs_read_at(AT_FDCWD, have, PROCS_MAX, &text, NULL) < 0)
        return;
    for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
        cleanup_free char *line = str_printf("+%s", word);

        if (line)
            (void)fs_write_existing(AT_FDCWD, control, line);
    }
}

static size_t base_length(const struct cgroup_layout *layout, const struct cgroup_dir *dir)
{
    for (size_t i = 0; i < layout->n; i++) {
        const struct cgroup_hierarchy *h = &layout->hierarchies[i];

        if (str_eq(h->controllers, dir->controllers))
            return strlen(h->mount) + (*h->base ? 1 + strlen(h->base) : 0);
    }
    return strlen(dir->path);
}

static int make(const struct cgroup_dir *dir, size_t base, struct lxcdriver_error **err)
{
    cleanup_free char *path = strdup(dir->path);

    if (!path)
        return err_nomem(err);
    for (char *at = path + base; *at == '/';) {
        size_t len = 1 + strcspn(at + 1, "/");
        char after = at[len];
        int made;

        *at = '\0';
        if (dir->v2)
            give_controllers(path);
        *at = '/';
        at[len] = '\0';
        made = mkdir(path, 0755);
        if (made < 0 && (errno != EEXIST || !after))
            return err_sys(err, errno, "make cgroup %s", path);
        at[len] = after;
        at += len;
    }
    return 0;
}

int cgroup_dirs_make(const struct cgroup_layout *layout, const struct cgroup_dirs *dirs,
                     struct lxcdriver_error **err)
{
    for (size_t i = 0; i < dirs->n; i++) {
        const struct cgroup_dirs made = {.dirs = dirs->dirs, .n = i};

        if (make(&dirs->dirs[i], base_length(layout, &dirs->dirs[i]), err) == 0)
            continue;
        cgroup_remove(&made, 0, NULL);
        return -1;
    }
    return 0;
}
