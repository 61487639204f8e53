/*
 * An ordinary user's processes that are outside what his manager has been given: a session by ssh
 * has a scope of the system's, beside user@UID.service. The kernel lets him move a process only
 * where the nearest cgroup around both ends is his (cgroup-v2.rst, "Delegation Containment"), but
 * his manager has the system's do it for a unit that is to begin with the process. So what is to
 * enter the container's cgroup by itself is first put into a scope of its own.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/rootless.h"
#include "config/unit.h"
#include "host/cgroup.h"
#include "host/systemd.h"
#include "run/run.h"

static int start_scope(struct systemd *sd, const char *role, const char *id, pid_t pid,
                       int timeout_s, struct lxcdriver_error **err)
{
    cleanup_unit_properties struct unit_properties props = {0};
    cleanup_free char *unit = str_printf("runlxc.%s-%d.scope", role, (int)pid);
    cleanup_free char *description = str_printf("runlxc %s of container %s", role, id);

    if (!unit || !description || unit_add_string(&props, "Description", description) < 0 ||
        unit_add_string(&props, "CollectMode", "inactive-or-failed") < 0 ||
        unit_add_pid(&props, pid) < 0)
        return err_nomem(err);
    return systemd_start(sd, unit, &props, timeout_s, err);
}

int unit_reach_start(struct launch *l, struct systemd *sd, struct lxcdriver_error **err)
{
    int inside = rootless() ? cgroup_layout_holds(&l->layout, getpid(), err) : 1;

    if (inside != 0)
        return inside < 0 ? -1 : 0;
    return start_scope(sd, "supervisor", l->cmd->id, l->supervisor,
                       (int)l->drv->conf.start_timeout_s, err);
}

int unit_reach_exec(const struct container *c, pid_t pid, struct lxcdriver_error **err)
{
    cleanup_systemd struct systemd *sd = NULL;
    struct cgroup_layout layout;
    int inside;

    if (!rootless() || !json_object_get(c->state, "systemdUnit"))
        return 0;
    if (cgroup_layout_read_units(&layout, err) < 0)
        return -1;
    inside = cgroup_layout_holds(&layout, getpid(), err);
    cgroup_layout_clear(&layout);
    if (inside != 0)
        return inside < 0 ? -1 : 0;
    sd = systemd_open(systemd_for_user(), err);
    return sd ? start_scope(sd, "exec", c->id, pid, (int)c->drv->conf.start_timeout_s, err) : -1;
}
