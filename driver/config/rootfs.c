#include "base/cleanup.h"
#include "config/section.h"

/* "dir:" keeps LXC from taking what stands before a ':' in the path for a storage driver. */
static int root(struct section *s)
{
    if (section_set(s, "lxc.rootfs.path", "root.path", "dir:%s", s->facts->rootfs_path) < 0)
        return -1;
    if (!s->facts->idmap_root)
        return 0;
    return section_set(s, "lxc.rootfs.options", "rootfs", "idmap=container");
}

/* In the host's UTS namespace LXC would rename the host; in one that is joined by path it sets no
 * name: the shim does. */
static int host_name(struct section *s)
{
    const struct command *cmd = s->cmd;

    if (!cmd->hostname || cmd->ns[NS_UTS].mode == NS_PATH)
        return 0;
    if (!ns_is_new(cmd, NS_UTS, s->facts->ns_path[NS_UTS]))
        return err_set(s->err, "hostname: \"%s\" needs a UTS namespace of the container's own",
                       cmd->hostname);
    return section_set(s, "lxc.uts.name", "hostname", "%s", cmd->hostname);
}

int config_rootfs(struct section *s)
{
    if (section_include(s, "base.conf") < 0 || root(s) < 0 || host_name(s) < 0)
        return -1;
    if (s->facts->keep_apparmor && section_set(s, "lxc.apparmor.profile", NULL, "unchanged") < 0)
        return -1;
    if (s->cmd->stop_signal)
        return section_set(s, "lxc.signal.halt", "stop_signal", "%d", s->cmd->stop_signal);
    return 0;
}
