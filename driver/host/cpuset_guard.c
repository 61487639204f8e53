/* CPUs and memory nodes of a parent of several containers, which LXC overwrites. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_file.h"

static const char *const files[CPUSET_FILES] = {"cpuset.cpus", "cpuset.mems",
                                                "cgroup.clone_children"};

static const struct cgroup_hierarchy *cpuset_hierarchy(const struct cgroup_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++) {
        const char *found = strstr(layout->hierarchies[i].controllers, "cpuset");

        if (found && !layout->hierarchies[i].v2)
            return &layout->hierarchies[i];
    }
    return NULL;
}

/* What LXC would write: the values of the hierarchy's base. Under the lock that every other start
 * below this parent takes, they are its own values, not those that LXC has put there. */
static bool differs(int base, struct cpuset_guard *guard)
{
    bool differ = false;

    for (int i = 0; i < CPUSET_FILES; i++) {
        cleanup_free char *above = cgroup_file_text(base, files[i]);

        guard->values[i] = cgroup_file_text(guard->dir, files[i]);
        if (!above || !guard->values[i])
            return false;
        /* Where there is no value, LXC's is as good as any. */
        if (guard->values[i][strspn(guard->values[i], " \n")] == '\0')
            return false;
        differ = differ || (i != CPUSET_CLONE && !str_eq(above, guard->values[i]));
    }
    return differ;
}

/* When there is nothing below on the way yet, LXC makes all of it, as wide as the parent is by
 * then; otherwise what it makes takes after what is there. */
static int note_below(struct cpuset_guard *guard, const char *below, struct lxcdriver_error **err)
{
    cleanup_free char *first = strndup(below, strcspn(below, "/"));

    if (!first)
        return err_nomem(err);
    if (faccessat(guard->dir, first, F_OK, 0) == 0)
        return 0;
    guard->below = strdup(below);
    return guard->below ? 0 : err_nomem(err);
}

int cpuset_guard_take(const struct cgroup_layout *layout, const char *relative,
                      struct cpuset_guard *out, struct lxcdriver_error **err)
{
    const struct cgroup_hierarchy *h = cpuset_hierarchy(layout);
    cleanup_free char *path = NULL, *first = NULL;
    cleanup_close int base = -1;
    const char *rest;

    *out = (struct cpuset_guard){.dir = -1};
    relative += strspn(relative, "/");
    rest = strchr(relative, '/');
    if (!h || !rest || !rest[strspn(rest, "/")])
        return 0;
    path = str_printf("%s/%s", h->mount, h->base);
    first = strndup(relative, (size_t)(rest - relative));
    if (!path || !first)
        return err_nomem(err);
    base = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    out->dir = base < 0 ? -1 : openat(base, first, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->dir < 0)
        return 0; /* LXC makes it */
    while (flock(out->dir, LOCK_EX) < 0)
        if (errno != EINTR)
            return err_sys(err, errno, "lock %s/%s", path, first);
    if (!differs(base, out)) {
        close_fd(&out->dir);
        return 0;
    }
    return note_below(out, rest + strspn(rest, "/"), err);
}

/* What is gone again is no matter. */
static int narrow(const struct cpuset_guard *guard, const char *below, int i)
{
    cleanup_free char *path = str_printf("%s/%s", below, files[i]);

    if (!path)
        return -1;
    return fs_write_existing(guard->dir, path, guard->values[i]) < 0 && errno != ENOENT ? -1 : 0;
}

/* From the container's own up, since a directory is never narrower than those in it. */
static int narrow_all(const struct cpuset_guard *guard, int i, bool limited)
{
    cleanup_free char *path = strdup(guard->below);
    char *slash;

    if (!path || (!limited && narrow(guard, path, i) < 0))
        return -1;
    while ((slash = strrchr(path, '/'))) {
        *slash = '\0';
        if (narrow(guard, path, i) < 0)
            return -1;
    }
    return 0;
}

/* The parent's own, and those of what is below it. */
static int restore(const struct cpuset_guard *guard, int i, bool limited)
{
    if (guard->below && i != CPUSET_CLONE && narrow_all(guard, i, limited) < 0)
        return -1;
    return fs_write_existing(guard->dir, files[i], guard->values[i]);
}

int cpuset_guard_restore(struct cpuset_guard *guard, const struct resources *res,
                         struct lxcdriver_error **err)
{
    const bool limited[CPUSET_FILES] = {
        [CPUSET_CPUS] = res->cpuset_cpus, [CPUSET_MEMS] = res->cpuset_mems};

    for (int i = 0; guard->dir >= 0 && i < CPUSET_FILES; i++)
        if (restore(guard, i, limited[i]) < 0)
            return err_sys(err, errno, "%s: the parent cgroup has only %.*s", files[i],
                           (int)strcspn(guard->values[i], "\n"), guard->values[i]);
    close_fd(&guard->dir);
    return 0;
}

void cpuset_guard_clear(struct cpuset_guard *guard)
{
    /* Where it came to no container: nothing is left in it by now that would not fit. */
    for (int i = 0; guard->dir >= 0 && guard->values[CPUSET_CLONE] && i < CPUSET_FILES; i++)
        if (restore(guard, i, true) < 0)
            break;
    close_fd(&guard->dir); /* and with it the lock */
    for (int i = 0; i < CPUSET_FILES; i++)
        free(guard->values[i]);
    free(guard->below);
    *guard = (struct cpuset_guard){.dir = -1};
}
