/* The numbers of a container as "events --stats" prints them. */
#include "base/cleanup.h"
#include "base/jsonwrite.h"
#include "host/cgroup_report.h"
#include "host/net.h"
#include "host/proc.h"
#include "run/run.h"

/* With the host's network the numbers would be the host's. */
static int interfaces(const struct container *c, struct json_writer *w,
                      struct lxcdriver_error **err)
{
    int rc = 0;

    json_open(w, "network_interfaces", '[');
    if (proc_ns_inode(c->pid, "net") != proc_ns_inode(0, "net"))
        rc = net_report(c->pid, w, err);
    json_close(w, ']');
    return rc;
}

char *lxcdriver_stats_json(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    cleanup_buf struct buf text = {0};
    struct json_writer w = {.out = &text};
    char *taken;

    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, true, err) < 0 ||
        container_want_cgroup(&c, err) < 0)
        return NULL;
    json_open(&w, NULL, '{');
    if (cgroup_report(&c.cgroups, json_is_true(json_object_get(c.state, "supervisorInside")), &w,
                      err) < 0) {
        err_wrap(err, "container \"%s\"", id);
        return NULL;
    }
    json_open(&w, "intel_rdt", '{');
    json_close(&w, '}');
    if (interfaces(&c, &w, err) < 0)
        return NULL;
    json_close(&w, '}');
    taken = buf_take(&text);
    if (!taken)
        err_nomem(err);
    return taken;
}
