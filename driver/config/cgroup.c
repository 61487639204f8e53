#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "config/section.h"
#include "config/wire.h"

#define RESTRICTIONS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

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
    if (s->cmd->own_cgroups)
        return 0;
    if (directory(s, "lxc.cgroup.dir.container", s->facts->cgroup_container) < 0 ||
        directory(s, "lxc.cgroup.dir.monitor", s->facts->cgroup_monitor) < 0)
        return -1;
    return directory(s, "lxc.cgroup.dir.monitor.pivot", s->facts->cgroup_pivot);
}

/* ---- what the container sees of them ---- */

uint64_t cgroup_default_flags(const struct command *cmd)
{
    return MS_NOSUID | MS_NODEV | MS_NOEXEC | (cmd->privileged ? 0 : MS_RDONLY);
}

static int bind_hierarchy(struct section *s, const struct config_hierarchy *h,
                          const struct mount_spec *m, const char *path)
{
    const struct mount_spec bind = {.flags = m->flags | MS_BIND, .propagation = m->propagation};
    cleanup_free char *destination = str_printf("%s/%s", path, h->name);
    const struct mount_plan plan = {.bind = true, .path = destination};
    cleanup_buf struct buf options = {0};

    if (!destination)
        return err_nomem(s->err);
    if (mount_options(&bind, &plan, h->name, &options, s->err) < 0)
        return -1;
    buf_puts(&options, ",create=dir");
    if (options.failed)
        return err_nomem(s->err);
    return config_mount_entry(s->out, h->source, destination, "none", options.data, h->name,
                              s->err);
}

/*
 * Without a cgroup namespace LXC has no mount of v1 hierarchies, and a new one of the kernel's
 * would show the host's: so each is a bind of the container's own directory, which is there since
 * LXC makes its cgroups before its process. The tmpfs becomes read-only when all is in it.
 */
static int bind_hierarchies(struct section *s, const struct mount_spec *m, const char *path,
                            int create)
{
    cleanup_free char *options =
        str_printf("nosuid,nodev,noexec,mode=755%s", mount_create_word(create));

    if (!options)
        return err_nomem(s->err);
    if (config_mount_entry(s->out, "tmpfs", path, "tmpfs", options, "cgroup", s->err) < 0)
        return -1;
    for (size_t i = 0; i < s->facts->n_hierarchies; i++)
        if (bind_hierarchy(s, &s->facts->hierarchies[i], m, path) < 0)
            return -1;
    return 0;
}

int config_cgroup_mount(struct section *s, const struct mount_spec *m, const char *path, int create)
{
    bool writable = !(m->flags & MS_RDONLY);

    if (s->facts->n_hierarchies)
        return bind_hierarchies(s, m, path, create);
    if (ns_is_new(s->cmd, NS_CGROUP, s->facts->ns_path[NS_CGROUP]))
        return section_include(s, writable ? "cgroup-rw.conf" : "cgroup.conf");
    return section_include(s, writable ? "cgroup-host-rw.conf" : "cgroup-host.conf");
}

/* One link for each controller of a directory such as "cpu,cpuacct". */
static int links_of(struct buf *out, const char *name, const char *path,
                    struct lxcdriver_error **err)
{
    for (const char *p = name; strchr(name, ',') && *p; p += strspn(p, ",")) {
        size_t len = strcspn(p, ",");
        cleanup_free char *link = str_printf("/%s/%.*s", path, (int)len, p);

        if (!link)
            return err_nomem(err);
        if (len)
            wire_struct(out, WT_SYMLINK, "", 0, (const char *const[]){name, link}, 2);
        p += len;
    }
    return 0;
}

int bootstrap_cgroup_links(struct buf *out, const struct bootstrap_facts *facts, const char *path,
                           struct lxcdriver_error **err)
{
    for (size_t i = 0; i < facts->n_hierarchies; i++)
        if (links_of(out, facts->hierarchies[i].name, path, err) < 0)
            return -1;
    return 0;
}

/*
 * LXC makes binds read-only, and gives them other flags only together with that; its own mounts of
 * hierarchies, and the host's tree, are to be read-only with all that is in them. Binds that the
 * command has put there itself keep what they say.
 */
void bootstrap_cgroup_attr(struct buf *out, const struct bootstrap_facts *facts, uint64_t flags,
                           const char *path)
{
    const struct mount_spec m = {.flags = flags};
    const struct mount_plan plan = {.bind = true};
    bool binds = facts->n_hierarchies > 0, readonly = flags & MS_RDONLY, needed;
    cleanup_free char *destination = str_printf("/%s", path);
    const char *text = destination;
    struct wire_mount_attr attr;

    if (!destination) {
        out->failed = true;
        return;
    }
    mount_attr_plain(&m, &plan, &attr, &needed);
    attr.set &= binds ? RESTRICTIONS : MOUNT_ATTR_RDONLY;
    attr.clear = 0;
    attr.recursive = !(binds && readonly);
    if (attr.set)
        wire_struct(out, WT_MOUNT_ATTR, &attr, sizeof(attr), &text, 1);
}
