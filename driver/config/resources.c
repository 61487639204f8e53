#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/section.h"

static const struct strv *controllers(const struct section *s)
{
    return s->facts->cgroup_mode == CGROUP_V2 ? s->facts->v2_controllers : s->facts->v1_controllers;
}

bool resource_given(int64_t value)
{
    return value != RES_UNSET;
}

int section_need_controller(struct section *s, const char *controller, const char *member)
{
    const struct strv *have = controllers(s);

    if (!have || strv_contains(have, controller))
        return 0;
    if (s->cmd->rootless)
        return err_set(s->err,
                       "resources.%s: cgroup %s controller \"%s\" is not delegated to this user",
                       member, s->facts->cgroup_mode == CGROUP_V2 ? "v2" : "v1", controller);
    return err_set(s->err, "resources.%s: this host has no cgroup %s controller \"%s\"", member,
                   s->facts->cgroup_mode == CGROUP_V2 ? "v2" : "v1", controller);
}

int section_value(struct section *s, const char *file, const char *member, const char *value)
{
    struct cgroup_value *slot = ARRAY_GROW(&s->values->items, &s->values->n);

    if (!slot)
        return err_nomem(s->err);
    slot->file = strdup(file);
    slot->member = str_printf("resources.%s", member);
    slot->value = strdup(value);
    return slot->file && slot->member && slot->value ? 0 : err_nomem(s->err);
}

int section_limit(struct section *s, const char *file, const char *member, bool unlimited,
                  const char *fmt, ...)
{
    cleanup_free char *controller = strndup(file, strcspn(file, "."));
    cleanup_buf struct buf value = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&value, fmt, ap);
    va_end(ap);
    if (!controller || value.failed)
        return err_nomem(s->err);
    if (unlimited && controllers(s) && !strv_contains(controllers(s), controller))
        return 0;
    if (section_need_controller(s, controller, member) < 0)
        return -1;
    return section_value(s, file, member, value.data ? value.data : "");
}

int64_t pids_limit_for(bool supervisor_inside, int64_t asked)
{
    return asked < 0 ? -1 : asked + supervisor_inside;
}

int section_pids(struct section *s)
{
    const struct command *cmd = s->cmd;
    int64_t limit = cmd->res.pids_limit;

    if (!resource_given(limit))
        return 0;
    if (limit < 0)
        return section_limit(s, "pids.max", "pids_limit", true, "max");
    return section_limit(s, "pids.max", "pids_limit", false, "%" PRId64,
                         pids_limit_for(cmd->supervisor_inside, limit));
}

int section_rdma(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    for (size_t i = 0; i < r->n_rdma; i++) {
        const struct rdma_limit *d = &r->rdma[i];
        cleanup_buf struct buf limits = {0};

        if (resource_given(d->handles))
            buf_printf(&limits, " hca_handle=%" PRId64, d->handles);
        if (resource_given(d->objects))
            buf_printf(&limits, " hca_object=%" PRId64, d->objects);
        if (limits.failed)
            return err_nomem(s->err);
        if (limits.len &&
            section_limit(s, "rdma.max", "rdma", false, "%s%s", d->device, limits.data) < 0)
            return -1;
    }
    return 0;
}

void cgroup_values_clear(struct cgroup_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        free(values->items[i].file);
        free(values->items[i].value);
        free(values->items[i].member);
    }
    free(values->items);
    *values = (struct cgroup_values){0};
}

int cgroup_values_make(const struct command *cmd, const struct config_facts *facts,
                       struct cgroup_values *out, struct lxcdriver_error **err)
{
    struct section s = {.cmd = cmd, .facts = facts, .values = out, .err = err};

    return facts->cgroup_mode == CGROUP_V2 ? config_resources_v2(&s) : config_resources_v1(&s);
}

int config_resources(struct section *s)
{
    cleanup_cgroup_values struct cgroup_values values = {0};
    const char *prefix = s->facts->cgroup_mode == CGROUP_V2 ? "lxc.cgroup2" : "lxc.cgroup";

    if (cgroup_values_make(s->cmd, s->facts, &values, s->err) < 0)
        return -1;
    /* Made to be looked at: the driver writes them itself. */
    if (s->cmd->own_cgroups)
        return 0;
    for (size_t i = 0; i < values.n; i++) {
        const struct cgroup_value *v = &values.items[i];
        cleanup_free char *key = str_printf("%s.%s", prefix, v->file);

        if (!key)
            return err_nomem(s->err);
        if (config_set(s->out, key, v->value, v->member, s->err) < 0)
            return -1;
    }
    return 0;
}
