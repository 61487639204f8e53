/*
 * System containers: the command is systemd. Engines describe applications, whose /run is a
 * directory of the image and whose cgroups cannot be written. What systemd needs beyond that, by
 * https://systemd.io/CONTAINER_INTERFACE: file systems that it could not mount itself without
 * CAP_SYS_ADMIN, cgroups of its own to put its units in, a word that this is a container, and
 * SIGRTMIN+3 for the end, since SIGTERM tells it to execute itself anew.
 */
#include "run/run.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "spec/readers.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* ---- is it one? ---- */

/* Whether `path` in the root `dir` is, links followed, a file called "systemd". */
static bool is_systemd_in(const char *dir, const char *path)
{
    cleanup_close int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int fd = root < 0 ? -1 : fs_open_in_root(root, path, O_PATH | O_CLOEXEC, 0);
    char link[64], name[PATH_MAX];
    ssize_t len;

    if (fd < 0)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, name, sizeof(name) - 1);
    if (len < 0)
        return false;
    name[len] = '\0';
    return str_eq(basename(name), "systemd");
}

/* In the uppermost layer that says so: links from one layer into another are not followed. */
static bool is_systemd(const struct command *cmd, const char *path)
{
    for (size_t i = 0; i < cmd->root.layers.n; i++)
        if (is_systemd_in(cmd->root.layers.items[i], path))
            return true;
    return cmd->root.path && is_systemd_in(cmd->root.path, path);
}

/* A command without "/" is looked up as execvp(3) will do it. */
static bool is_systemd_in_path(const struct command *cmd, const char *name)
{
    const char *path = env_get(&cmd->process.env, "PATH");

    while (path && *path) {
        size_t len = strcspn(path, ":");
        cleanup_free char *file = str_printf("%.*s/%s", (int)len, path, name);

        if (file && is_systemd(cmd, file))
            return true;
        path += len + (path[len] == ':');
    }
    return false;
}

/* systemd as an ordinary user is the manager of a session, and anywhere but as pid 1 a command. */
static bool runs_systemd(const struct command *cmd)
{
    const struct process_spec *p = &cmd->process;

    if (!cmd->has_process || p->args.n == 0 || p->user.uid != 0 || cmd->init ||
        cmd->ns[NS_PID].mode != NS_NEW || cmd->pid_container)
        return false;
    if (strchr(p->args.items[0], '/'))
        return is_systemd(cmd, p->args.items[0]);
    return is_systemd_in_path(cmd, p->args.items[0]);
}

static int decide(struct command *cmd, struct lxcdriver_error **err)
{
    const char *word = pair_find(cmd->annotations, cmd->n_annotations, SYSTEM_ANNOTATION);

    if (word && !str_eq(word, "true") && !str_eq(word, "false"))
        return err_set(err, "annotations." SYSTEM_ANNOTATION ": \"%s\" is neither true nor false",
                       word);
    if (word)
        cmd->system_container = str_eq(word, "true");
    else
        cmd->system_container = runs_systemd(cmd);
    return 0;
}

/* ---- file systems ---- */

static bool is_mounted(const struct command *cmd, const char *destination)
{
    for (size_t i = 0; i < cmd->n_mounts; i++) {
        cleanup_free char *path = path_normalise(cmd->mounts[i].destination, NULL);

        if (str_eq(path, destination))
            return true;
    }
    return false;
}

/* Behind the last mount in which `destination` lies, so before those that lie in it. */
static size_t place_for(const struct command *cmd, const char *destination)
{
    size_t place = 0;

    for (size_t i = 0; i < cmd->n_mounts; i++) {
        cleanup_free char *path = path_normalise(cmd->mounts[i].destination, NULL);
        size_t len = path ? strlen(path) : 0;

        if (len > 1 && strncmp(destination, path, len) == 0 && destination[len] == '/')
            place = i + 1;
    }
    return place;
}

/* A new mount of the command at index `place`, or NULL when memory ran out. */
static struct mount_spec *insert(struct command *cmd, size_t place, const char *destination,
                                 const char *type)
{
    struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

    if (!m)
        return NULL;
    memmove(&cmd->mounts[place + 1], &cmd->mounts[place], (cmd->n_mounts - 1 - place) * sizeof(*m));
    m = &cmd->mounts[place];
    *m = (struct mount_spec){.destination = strdup(destination), .type = strdup(type)};
    return m->destination && m->type ? m : NULL;
}

static int add_tmpfs(struct command *cmd, const char *destination, uint64_t flags, const char *data,
                     struct lxcdriver_error **err)
{
    struct mount_spec *m;

    if (is_mounted(cmd, destination))
        return 0;
    m = insert(cmd, place_for(cmd, destination), destination, "tmpfs");
    if (!m)
        return err_nomem(err);
    m->flags = flags;
    for (; *data; data += strlen(data) + 1)
        if (strv_add(&m->data, data) < 0)
            return err_nomem(err);
    return 0;
}

/* Debian's systemd counts /run/lock among the mounts that have to be there. */
static int add_file_systems(struct command *cmd, struct lxcdriver_error **err)
{
    if (add_tmpfs(cmd, "/run", MS_NOSUID | MS_NODEV, "mode=755\0", err) < 0)
        return -1;
    return add_tmpfs(cmd, "/run/lock", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                     "mode=1777\0size=5242880\0", err);
}

/* ---- cgroups ---- */

static bool is_cgroup(const struct mount_spec *m)
{
    return !(m->flags & MS_BIND) && (str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2"));
}

/* The mount that shows the container's cgroups, NULL with *foreign when something else is there. */
static struct mount_spec *cgroup_mount(struct command *cmd, bool *foreign)
{
    *foreign = false;
    for (size_t i = cmd->n_mounts; i-- > 0;) {
        cleanup_free char *path = path_normalise(cmd->mounts[i].destination, NULL);

        if (!str_eq(path, CGROUP_ROOT))
            continue;
        *foreign = !is_cgroup(&cmd->mounts[i]);
        return *foreign ? NULL : &cmd->mounts[i];
    }
    return NULL;
}

/* Podman shows systemd the host's whole name=systemd hierarchy. With a cgroup namespace of the
 * container's own /proc/self/cgroup would then name the host's root as the place of its units. */
static void drop_host_hierarchies(struct command *cmd)
{
    for (size_t i = cmd->n_mounts; i-- > 0;) {
        struct mount_spec *m = &cmd->mounts[i];

        if (!(m->flags & MS_BIND) || !str_starts(m->destination, CGROUP_ROOT "/") || !m->source ||
            !str_starts(m->source, CGROUP_ROOT "/"))
            continue;
        mount_spec_clear(m);
        memmove(m, m + 1, (--cmd->n_mounts - i) * sizeof(*m));
    }
}

/* The controllers of v1 stay read-only: who can write there sets his own limits. */
static int open_v1(struct command *cmd, const struct cgroup_layout *layout,
                   struct lxcdriver_error **err)
{
    for (size_t i = 0; i < layout->n; i++) {
        const struct cgroup_hierarchy *h = &layout->hierarchies[i];
        const char *name = strrchr(h->mount, '/');
        cleanup_free char *path = name ? str_printf(CGROUP_ROOT "%s", name) : NULL;
        struct mount_spec *m;

        if (!h->v2 && !str_eq(h->controllers, "name=systemd"))
            continue;
        m = path ? insert(cmd, cmd->n_mounts, path, "none") : NULL;
        if (!m)
            return err_nomem(err);
        m->flags = MS_REMOUNT;
        m->clear = MS_RDONLY;
    }
    return 0;
}

/*
 * The container's own cgroup as the root of what it sees, to be written. The kernel keeps the
 * limits that are set on such a root from its namespace where the v2 hierarchy is mounted with
 * nsdelegate, as systemd does it.
 */
static int open_cgroups(struct command *cmd, const struct cgroup_layout *layout,
                        struct lxcdriver_error **err)
{
    bool foreign;
    struct mount_spec *m = cgroup_mount(cmd, &foreign);

    if (foreign || cmd->ns[NS_CGROUP].mode == NS_PATH)
        return 0;
    if (!m && !cmd->default_mounts)
        return 0;
    if (!m) {
        m = insert(cmd, cmd->n_mounts, CGROUP_ROOT, "cgroup");
        if (!m)
            return err_nomem(err);
        m->flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    }
    cmd->ns[NS_CGROUP].mode = NS_NEW;
    if (layout->mode == CGROUP_V2) {
        m->flags &= ~(uint64_t)MS_RDONLY;
        return 0;
    }
    m->flags |= MS_RDONLY;
    drop_host_hierarchies(cmd);
    return open_v1(cmd, layout, err);
}

int system_container_prepare(struct command *cmd, const struct cgroup_layout *layout,
                             struct lxcdriver_error **err)
{
    if (decide(cmd, err) < 0)
        return -1;
    if (!cmd->system_container)
        return 0;
    if (cmd->stop_signal == 0)
        cmd->stop_signal = SIGRTMIN + 3;
    if (!env_get(&cmd->process.env, "container") &&
        strv_add(&cmd->process.env, "container=lxc") < 0)
        return err_nomem(err);
    if (add_file_systems(cmd, err) < 0 || open_cgroups(cmd, layout, err) < 0)
        return err_wrap(err, "system container");
    return 0;
}
