#include "spec/validate.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define DEVICE_MAJOR_MAX 4095    /* 12 bits, linux/kdev_t.h */
#define DEVICE_MINOR_MAX 1048575 /* 20 bits */

static int check_destination(const char *path, struct lxcdriver_error **err)
{
    cleanup_free char *normal = NULL;

    if (str_empty(path))
        return err_set(err, "is missing");
    normal = path_normalise(path, err);
    if (!normal)
        return -1;
    if (strcmp(normal, "/") == 0)
        return err_set(err, "\"%s\" is the root itself", path);
    return 0;
}

/* Two mounts over the same place hide one another; a bundle may say so on purpose, a person at a
 * shell does not. */
static int check_twice(const struct command *cmd, size_t i, struct lxcdriver_error **err)
{
    cleanup_free char *mine = path_normalise(cmd->mounts[i].destination, err);

    if (!mine)
        return -1;
    for (size_t k = 0; k < i; k++) {
        cleanup_free char *other = path_normalise(cmd->mounts[k].destination, err);

        if (!other)
            return -1;
        if (strcmp(mine, other) == 0)
            return err_set(err, "\"%s\" is a duplicate mount point (mounts[%zu] is there too)",
                           mine, k);
    }
    return 0;
}

static int check_propagation(uint64_t propagation, struct lxcdriver_error **err)
{
    uint64_t type = propagation & ~(uint64_t)MS_REC;

    if (!propagation || type == MS_PRIVATE || type == MS_SLAVE || type == MS_SHARED ||
        type == MS_UNBINDABLE)
        return 0;
    return err_set(err, "0x%" PRIx64 " is not a propagation type", propagation);
}

/* `oci`: the members have the names of a bundle, else those of Docker's command. */
static int check_maps(const struct id_map *maps, size_t n, bool oci, struct lxcdriver_error **err)
{
    const char *inside = oci ? "containerID" : "container_id",
               *outside = oci ? "hostID" : "host_id";

    for (size_t i = 0; i < n; i++) {
        const struct id_map *a = &maps[i];
        uint64_t end = (uint64_t)a->container_id + a->size,
                 host_end = (uint64_t)a->host_id + a->size;

        if (!a->size)
            return err_set(err, "[%zu].size: 0 maps nothing", i);
        if (end > UINT32_MAX || host_end > UINT32_MAX)
            return err_set(err, "[%zu].size: %u goes beyond the last id", i, a->size);
        for (size_t k = 0; k < i; k++) {
            const struct id_map *b = &maps[k];

            if (a->container_id < (uint64_t)b->container_id + b->size && b->container_id < end)
                return err_set(err, "[%zu].%s: %u is in entry %zu too", i, inside, a->container_id,
                               k);
            if (a->host_id < (uint64_t)b->host_id + b->size && b->host_id < host_end)
                return err_set(err, "[%zu].%s: %u is in entry %zu too", i, outside, a->host_id, k);
        }
    }
    return 0;
}

static int check_mount(const struct mount_spec *m, struct lxcdriver_error **err)
{
    bool bind = m->flags & MS_BIND;

    if (check_destination(m->destination, err) < 0)
        return err_wrap(err, "destination");
    if (bind && str_empty(m->source))
        return err_set(err, "source: is missing");
    if (bind && check_absolute(m->source, err) < 0)
        return err_wrap(err, "source");
    if (!bind && str_empty(m->type))
        return err_set(err, "type: is missing");
    if (m->type && (check_text(m->type, err) < 0 || strpbrk(m->type, " ,")))
        return err_set(err, "type: \"%s\" is not a filesystem's type", m->type);
    if (check_propagation(m->propagation, err) < 0)
        return err_wrap(err, "options");
    for (size_t i = 0; i < m->data.n; i++)
        if (check_text(m->data.items[i], err) < 0)
            return err_wrap(err, "options");
    if (check_maps(m->uid_maps, m->n_uid_maps, true, err) < 0)
        return err_within(err, "uidMappings");
    if (check_maps(m->gid_maps, m->n_gid_maps, true, err) < 0)
        return err_within(err, "gidMappings");
    return 0;
}

int validate_mounts(const struct command *cmd, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_mounts; i++) {
        if (check_mount(&cmd->mounts[i], err) < 0)
            return err_within(err, "mounts[%zu].", i);
        if (!cmd->oci_version && check_twice(cmd, i, err) < 0)
            return err_wrap(err, "mounts[%zu].destination", i);
    }
    if (check_propagation(cmd->root.propagation, err) < 0)
        return err_wrap(err, "%srootfsPropagation", cmd->engine ? "linux." : "");
    if (cmd->shm_size != RES_UNSET && cmd->shm_size < 1)
        return err_set(err, "shm_size: %" PRId64 " is not above 0", cmd->shm_size);
    if (check_maps(cmd->uid_maps, cmd->n_uid_maps, cmd->engine, err) < 0)
        return err_within(err, "%s", cmd->engine ? "linux.uidMappings" : "uidmapping");
    if (check_maps(cmd->gid_maps, cmd->n_gid_maps, cmd->engine, err) < 0)
        return err_within(err, "%s", cmd->engine ? "linux.gidMappings" : "gidmapping");
    return 0;
}

static int check_node(const struct device_node *node, struct lxcdriver_error **err)
{
    if (check_destination(node->path, err) < 0)
        return err_wrap(err, "path");
    if (!node->type || !strchr("cbup", node->type))
        return err_set(err, "type: '%c' is none of c, b, u, p", node->type ? node->type : '?');
    if (node->type == 'p')
        return 0;
    if (check_range(node->major, 0, DEVICE_MAJOR_MAX, err) < 0)
        return err_wrap(err, "major");
    if (check_range(node->minor, 0, DEVICE_MINOR_MAX, err) < 0)
        return err_wrap(err, "minor");
    if (node->has_mode && node->mode & ~07777u)
        return err_set(err, "fileMode: 0%o has other bits than permissions", node->mode);
    return 0;
}

static int check_rule(const struct device_rule *rule, struct lxcdriver_error **err)
{
    if (!rule->type || !strchr("acb", rule->type))
        return err_set(err, "type: '%c' is none of a, c, b", rule->type ? rule->type : '?');
    if (check_range(rule->major, -1, DEVICE_MAJOR_MAX, err) < 0)
        return err_wrap(err, "major");
    if (check_range(rule->minor, -1, DEVICE_MINOR_MAX, err) < 0)
        return err_wrap(err, "minor");
    if (!rule->read && !rule->write && !rule->mknod)
        return err_set(err, "access: none of r, w, m");
    return 0;
}

int validate_devices(const struct command *cmd, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_devices; i++)
        if (check_node(&cmd->devices[i], err) < 0)
            return err_within(err, "%sdevices[%zu].", cmd->engine ? "linux." : "", i);
    for (size_t i = 0; i < cmd->res.n_devices; i++)
        if (check_rule(&cmd->res.devices[i], err) < 0)
            return err_within(err, "%sresources.devices[%zu].", cmd->engine ? "linux." : "", i);
    return 0;
}
