/* What a container gets from outside once its namespaces are there: interfaces of the host's, and
 * its place in the caches. */
#include "run/run.h"

#include "host/net.h"
#include "host/resctrl.h"

int launch_furnish(struct launch *l, pid_t init, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;

    if (l->furnished)
        return 0;
    l->furnished = true;
    if (netdev_move(cmd->net_devices, cmd->n_net_devices, init, err) < 0)
        return -1;
    return cmd->has_intel_rdt ? resctrl_enter(cmd, init, &l->rdt, err) : 0;
}

json_t *furnish_record(const struct resctrl_group *rdt)
{
    if (!rdt->dir)
        return json_null();
    return json_pack("{s:s, s:s?, s:b}", "dir", rdt->dir, "monitor", rdt->monitor, "made",
                     (int)rdt->made);
}

void furnish_remove(const json_t *state)
{
    const json_t *record = json_object_get(state, "intelRdt");
    const struct resctrl_group rdt = {
        .dir = (char *)(uintptr_t)json_string_value(json_object_get(record, "dir")),
        .monitor = (char *)(uintptr_t)json_string_value(json_object_get(record, "monitor")),
        .made = json_is_true(json_object_get(record, "made"))};

    resctrl_remove(&rdt);
}
