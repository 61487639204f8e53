/* CPUs and memory nodes of v1 cgroups that somebody else made. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_file.h"

/* Give a file of `dir` its parent's value when it has none. */
static int fill(int parent, int dir, const char *file, const char *path,
                struct lxcdriver_error **err)
{
    cleanup_free char *own = cgroup_file_text(dir, file);
    cleanup_free char *above = cgroup_file_text(parent, file);

    if (!own || !above || own[strspn(own, " \n")])
        return 0;
    if (fs_write_existing(dir, file, above) < 0)
        return err_sys(err, errno, "write the parent's %s to %s", file, path);
    return 0;
}

static int fill_both(int parent, int dir, const char *path, struct lxcdriver_error **err)
{
    if (fill(parent, dir, "cpuset.cpus", path, err) < 0)
        return -1;
    return fill(parent, dir, "cpuset.mems", path, err);
}

/* What is made in a directory from now on begins with its values. */
static int clone_children(int dir, const char *path, struct lxcdriver_error **err)
{
    if (fs_write_existing(dir, "cgroup.clone_children", "1") < 0 && errno != ENOENT)
        return err_sys(err, errno, "write 1 to cgroup.clone_children above %s", path);
    return 0;
}

int cgroup_inherit_cpuset(const struct cgroup_dirs *dirs, struct lxcdriver_error **err)
{
    const struct cgroup_dir *cpuset = cgroup_dir_find(dirs, "cpuset");
    cleanup_close int dir = -1;
    char path[PATH_MAX];
    int levels = 0;

    if (!cpuset || cpuset->v2 || strlen(cpuset->path) >= sizeof(path))
        return 0;
    for (const char *end = cpuset->path; *end; end += !!*end) {
        cleanup_close int above = dir;

        end += strcspn(end, "/");
        memcpy(path, cpuset->path, (size_t)(end - cpuset->path));
        path[end - cpuset->path] = '\0';
        dir = open(*path ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        /* LXC makes the rest; below the hierarchy's root it sees to this itself. */
        if (dir < 0)
            return levels > 1 ? clone_children(above, path, err) : 0;
        levels += faccessat(dir, "cpuset.cpus", F_OK, 0) == 0;
        if (levels > 1 && fill_both(above, dir, path, err) < 0)
            return -1;
    }
    return 0;
}
