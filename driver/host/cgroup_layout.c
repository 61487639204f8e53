#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"
#include "host/mountinfo.h"

#define PROC_FILE_MAX ((size_t)64 << 20)
#define INIT_SCOPE "/init.scope"
#define CGROUP_PLACE "/sys/fs/cgroup"
#define USER_MANAGER "/user.slice/user-%u.slice/user@%u.service" /* systemd.special(7) */

/* All mounts that there are, hidden ones too. The strings point into the text that was cut up. */
struct mounts {
    struct mountinfo *list;
    size_t n, cap;
};

static void mounts_free(struct mounts *m)
{
    free(m->list);
}

static int mounts_read(char *text, struct mounts *out)
{
    struct mountinfo m;

    while (mountinfo_next(&text, &m)) {
        if (out->n == out->cap) {
            size_t cap = out->cap ? out->cap * 2 : 64;
            struct mountinfo *grown = reallocarray(out->list, cap, sizeof(*grown));

            if (!grown)
                return -1;
            out->list = grown;
            out->cap = cap;
        }
        out->list[out->n++] = m;
    }
    return 0;
}

/* ---- which mount shows a hierarchy ---- */

static bool is_below(const char *path, const char *top)
{
    return cgroup_path_below(path, top) != NULL;
}

static const struct mountinfo *parent_of(const struct mounts *mounts, const struct mountinfo *m)
{
    for (const struct mountinfo *up = mounts->list; up < mounts->list + mounts->n; up++)
        if (up->id == m->parent && up->id != m->id)
            return up;
    return NULL;
}

/* Another mount in the same parent, on the way to m: a path enters that one first. */
static bool is_overtaken(const struct mounts *mounts, const struct mountinfo *m)
{
    for (const struct mountinfo *d = mounts->list; d < mounts->list + mounts->n; d++)
        if (d->parent == m->parent && d != m && d->id != d->parent &&
            is_below(m->target, d->target))
            return true;
    return false;
}

static bool is_covered(const struct mounts *mounts, const struct mountinfo *m)
{
    for (const struct mountinfo *d = mounts->list; d < mounts->list + mounts->n; d++)
        if (d->parent == m->id && d->id != m->id && str_eq(d->target, m->target))
            return true;
    return false;
}

/* Whether m's mount point leads elsewhere, by what the kernel's path walk does. The order of the
 * lines says nothing: since 6.8 it is that of the mount ids, and what was mounted early can be
 * moved below what was mounted late (as switch_root does). */
static bool is_hidden(const struct mounts *mounts, const struct mountinfo *m)
{
    if (is_covered(mounts, m))
        return true;
    /* Each step goes to another mount, so there are no more of them than mounts, whatever the ids
     * say. */
    for (size_t steps = 0; m && steps < mounts->n; steps++) {
        if (is_overtaken(mounts, m))
            return true;
        m = parent_of(mounts, m);
    }
    return false;
}

static bool has_word(const char *words, const char *word, size_t len)
{
    for (;;) {
        size_t n = strcspn(words, ",");

        if (n == len && memcmp(words, word, len) == 0)
            return true;
        if (!words[n])
            return false;
        words += n + 1;
    }
}

/* A v1 controller is in one hierarchy at most, so the first of a list is enough; the kernel does
 * not keep their order. */
static bool shows_hierarchy(const struct mountinfo *m, const char *controllers)
{
    if (!*controllers)
        return str_eq(m->type, "cgroup2");
    return str_eq(m->type, "cgroup") && has_word(m->super, controllers, strcspn(controllers, ","));
}

static int rank(const struct mountinfo *m, const char *init_cgroup)
{
    return (cgroup_path_below(init_cgroup, m->root) ? 4 : 0) +
           (is_below(m->target, CGROUP_PLACE) ? 2 : 0) + (str_eq(m->root, "/") ? 1 : 0);
}

static const struct mountinfo *find_mount(const struct mounts *mounts, const char *controllers,
                                          const char *init_cgroup)
{
    const struct mountinfo *best = NULL;
    int best_rank = -1;

    for (size_t i = 0; i < mounts->n; i++) {
        const struct mountinfo *m = &mounts->list[i];

        if (!shows_hierarchy(m, controllers) || rank(m, init_cgroup) <= best_rank ||
            is_hidden(mounts, m))
            continue;
        best = m;
        best_rank = rank(m, init_cgroup);
    }
    return best;
}

/* The last mount on "/" is the one that is seen: rootfs and an initial ramdisk come before it. */
static bool root_is_shared(const struct mounts *mounts)
{
    for (size_t i = mounts->n; i-- > 0;)
        if (str_eq(mounts->list[i].target, "/"))
            return mounts->list[i].shared;
    return false;
}

/* ---- the layout ---- */

void cgroup_hierarchy_clear(struct cgroup_hierarchy *h)
{
    free(h->controllers);
    free(h->mount);
    free(h->root);
    free(h->base);
    *h = (struct cgroup_hierarchy){0};
}

void cgroup_layout_clear(struct cgroup_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++)
        cgroup_hierarchy_clear(&layout->hierarchies[i]);
    free(layout->hierarchies);
    strv_free(&layout->v1_controllers);
    strv_free(&layout->v2_controllers);
    *layout = (struct cgroup_layout){0};
}

/* LXC's rule: containers go beside pid 1's own scope, not into it. A pid 1 that the mount does not
 * show gives the mount's root. */
static char *base_of(const char *init_cgroup, const char *root)
{
    const char *below = cgroup_path_below(init_cgroup, root);
    size_t len;

    if (!below)
        return strdup("");
    len = strlen(below);
    if (str_ends(below, INIT_SCOPE))
        len -= strlen(INIT_SCOPE);
    while (len > 0 && *below == '/') {
        below++;
        len--;
    }
    return strndup(below, len);
}

static int hierarchy_add(struct cgroup_layout *layout, const char *controllers,
                         const struct mountinfo *m, const char *init_cgroup)
{
    struct cgroup_hierarchy *h = ARRAY_GROW(&layout->hierarchies, &layout->n);

    if (!h)
        return -1;
    h->v2 = !*controllers;
    h->controllers = strdup(controllers);
    h->mount = strdup(m->target);
    h->root = strdup(m->root);
    h->base = base_of(init_cgroup, m->root);
    return h->controllers && h->mount && h->root && h->base ? 0 : -1;
}

int cgroup_controllers_add(struct strv *out, const char *list, const char *separators)
{
    while (*list) {
        size_t len = strcspn(list, separators);

        if (len > 0 && !str_starts(list, "name=") && strv_take(out, strndup(list, len)) < 0)
            return -1;
        list += len;
        list += strspn(list, separators);
    }
    return 0;
}

/* Fill in all but v2_controllers. Cuts both texts up. */
static int layout_fill(char *mountinfo, char *cgroup, struct cgroup_layout *out,
                       struct lxcdriver_error **err)
{
    __attribute__((cleanup(mounts_free))) struct mounts mounts = {0};
    struct cgroup_line line;
    bool v2 = false;

    if (mounts_read(mountinfo, &mounts) < 0)
        return err_nomem(err);
    out->root_shared = root_is_shared(&mounts);
    while (cgroup_line_next(&cgroup, &line)) {
        const struct mountinfo *m = find_mount(&mounts, line.controllers, line.path);

        if (!m)
            continue;
        v2 = v2 || !*line.controllers;
        if (hierarchy_add(out, line.controllers, m, line.path) < 0 ||
            cgroup_controllers_add(&out->v1_controllers, line.controllers, ",") < 0)
            return err_nomem(err);
    }
    out->mode = !v2 ? CGROUP_V1 : out->v1_controllers.n > 0 ? CGROUP_HYBRID : CGROUP_V2;
    return 0;
}

static int check_any(const struct cgroup_layout *layout, struct lxcdriver_error **err)
{
    return layout->n ? 0 : err_set(err, "no cgroup hierarchy is mounted under " CGROUP_PLACE);
}

int cgroup_layout_parse(const char *mountinfo, const char *cgroup, const char *controllers,
                        struct cgroup_layout *out, struct lxcdriver_error **err)
{
    cleanup_free char *mountinfo_copy = strdup(mountinfo), *cgroup_copy = strdup(cgroup);

    *out = (struct cgroup_layout){0};
    if (!mountinfo_copy || !cgroup_copy)
        return err_nomem(err);
    if (layout_fill(mountinfo_copy, cgroup_copy, out, err) < 0 || check_any(out, err) < 0 ||
        (controllers && cgroup_controllers_add(&out->v2_controllers, controllers, " \n") < 0 &&
         err_nomem(err) < 0)) {
        cgroup_layout_clear(out);
        return -1;
    }
    return 0;
}

/* Of the whole hierarchy, or of what is delegated. */
static int read_v2_controllers(struct cgroup_layout *layout, bool delegated,
                               struct lxcdriver_error **err)
{
    for (size_t i = 0; i < layout->n; i++) {
        const struct cgroup_hierarchy *h = &layout->hierarchies[i];
        cleanup_free char *path = NULL, *text = NULL;

        if (!h->v2)
            continue;
        path = str_printf("%s/%s/cgroup.controllers", h->mount, delegated ? h->base : "");
        if (!path)
            return err_nomem(err);
        if (fs_read_at(AT_FDCWD, path, PROC_FILE_MAX, &text, NULL) < 0)
            return err_sys(err, errno, "read %s", path);
        if (cgroup_controllers_add(&layout->v2_controllers, text, " \n") < 0)
            return err_nomem(err);
    }
    return 0;
}

/* With `own`, what /proc/self/cgroup says, for who is not root of the host; it is cut up. */
static int read_layout(char *own, struct cgroup_layout *out, struct lxcdriver_error **err)
{
    cleanup_free char *mountinfo = NULL, *cgroup = NULL;

    *out = (struct cgroup_layout){0};
    if (fs_read_at(AT_FDCWD, "/proc/self/mountinfo", PROC_FILE_MAX, &mountinfo, NULL) < 0)
        return err_sys(err, errno, "read /proc/self/mountinfo");
    if (fs_read_at(AT_FDCWD, "/proc/1/cgroup", PROC_FILE_MAX, &cgroup, NULL) < 0)
        return err_sys(err, errno, "read /proc/1/cgroup");
    if (layout_fill(mountinfo, cgroup, out, err) < 0 ||
        (own ? cgroup_layout_delegate(out, own, err) : check_any(out, err)) < 0 ||
        read_v2_controllers(out, own, err) < 0) {
        cgroup_layout_clear(out);
        return -1;
    }
    return 0;
}

int cgroup_layout_read(struct cgroup_layout *out, struct lxcdriver_error **err)
{
    cleanup_free char *own = NULL;

    if (rootless() && fs_read_at(AT_FDCWD, "/proc/self/cgroup", PROC_FILE_MAX, &own, NULL) < 0)
        return err_sys(err, errno, "read /proc/self/cgroup");
    return read_layout(own, out, err);
}

int cgroup_layout_read_units(struct cgroup_layout *out, struct lxcdriver_error **err)
{
    unsigned user = rootless_user();
    cleanup_free char *own = NULL;

    if (!rootless())
        return read_layout(NULL, out, err);
    own = str_printf("0::" USER_MANAGER "\n1:name=systemd:" USER_MANAGER "\n", user, user, user,
                     user);
    return own ? read_layout(own, out, err) : err_nomem(err);
}
