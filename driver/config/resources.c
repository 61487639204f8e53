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
    return err_set(s->err, "resources.%s: this host has no cgroup %s controller \"%s\"", member,
                   s->facts->cgroup_mode == CGROUP_V2 ? "v2" : "v1", controller);
}

int section_limit(struct section *s, const char *prefix, const char *file, const char *member,
                  bool unlimited, const char *fmt, ...)
{
    cleanup_free char *controller = strndup(file, strcspn(file, "."));
    cleanup_free char *key = str_printf("%s.%s", prefix, file);
    cleanup_free char *field = str_printf("resources.%s", member);
    cleanup_buf struct buf value = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&value, fmt, ap);
    va_end(ap);
    if (!controller || !key || !field || value.failed)
        return err_nomem(s->err);
    if (unlimited && controllers(s) && !strv_contains(controllers(s), controller))
        return 0;
    if (section_need_controller(s, controller, member) < 0)
        return -1;
    return config_set(s->out, key, value.data ? value.data : "", field, s->err);
}

int section_rdma(struct section *s, const char *prefix)
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
            section_limit(s, prefix, "rdma.max", "rdma", false, "%s%s", d->device, limits.data) < 0)
            return -1;
    }
    return 0;
}

int config_resources(struct section *s)
{
    return s->facts->cgroup_mode == CGROUP_V2 ? config_resources_v2(s) : config_resources_v1(s);
}
