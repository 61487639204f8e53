#include <string.h>

#include "base/cleanup.h"
#include "config/section.h"

/* LXC takes these relative to each hierarchy's base, and refuses ".." wherever it stands: "a..b"
 * too. */
static int directory(struct section *s, const char *key, const char *path)
{
    if (!path)
        return 0;
    if (*path == '/' || !*path)
        return err_set(s->err, "cgroup path: \"%s\" is not a relative path", path);
    if (strstr(path, ".."))
        return err_set(s->err, "cgroup path: \"%s\" has \"..\" in it, which LXC refuses", path);
    return section_set(s, key, "cgroup path", "%s", path);
}

int config_cgroup_dirs(struct section *s)
{
    if (directory(s, "lxc.cgroup.dir.container", s->facts->cgroup_container) < 0 ||
        directory(s, "lxc.cgroup.dir.monitor", s->facts->cgroup_monitor) < 0)
        return -1;
    return directory(s, "lxc.cgroup.dir.monitor.pivot", s->facts->cgroup_pivot);
}
