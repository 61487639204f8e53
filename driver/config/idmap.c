#include <inttypes.h>

#include "base/cleanup.h"
#include "config/section.h"

static int maps(struct section *s, char kind, const char *field, const struct id_map *map, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (section_set(s, "lxc.idmap", field, "%c %" PRIu32 " %" PRIu32 " %" PRIu32, kind,
                        map[i].container_id, map[i].host_id, map[i].size) < 0)
            return -1;
    return 0;
}

int config_idmap(struct section *s)
{
    const struct command *cmd = s->cmd;

    if (!!cmd->n_uid_maps != !!cmd->n_gid_maps)
        return err_set(s->err, "%s: is missing beside %s",
                       cmd->n_uid_maps ? "gidMappings" : "uidMappings",
                       cmd->n_uid_maps ? "uidMappings" : "gidMappings");
    if (maps(s, 'u', "uidMappings", cmd->uid_maps, cmd->n_uid_maps) < 0)
        return -1;
    return maps(s, 'g', "gidMappings", cmd->gid_maps, cmd->n_gid_maps);
}
