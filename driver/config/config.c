#include "base/cleanup.h"
#include "config/section.h"

/* The whole configuration, in order. Mounts come in the order in which LXC makes them; raw keys are
 * last so that they win. */
static int (*const sections[])(struct section *s) = {
    config_rootfs,        config_namespaces, config_idmap,     config_network,
    config_cgroup_dirs,   config_devices,    config_resources, config_mounts,
    config_default_binds, config_hooks,      config_lxc_conf,
};

int config_write(const struct command *cmd, const struct config_facts *facts, struct buf *out,
                 struct lxcdriver_error **err)
{
    struct section s = {.cmd = cmd, .facts = facts, .out = out, .err = err};

    for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
        if (sections[i](&s) < 0)
            return -1;
    return out->failed ? err_nomem(err) : 0;
}

int config_write_devices(const struct command *cmd, const struct config_facts *facts,
                         struct buf *out, struct lxcdriver_error **err)
{
    struct section s = {.cmd = cmd, .facts = facts, .out = out, .err = err};

    if (config_devices(&s) < 0)
        return -1;
    return out->failed ? err_nomem(err) : 0;
}

int section_include(struct section *s, const char *name)
{
    return config_set(s->out, "lxc.include", s->facts->template_path(s->facts->opaque, name), name,
                      s->err);
}

int section_set(struct section *s, const char *key, const char *field, const char *fmt, ...)
{
    cleanup_buf struct buf value = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&value, fmt, ap);
    va_end(ap);
    if (value.failed || !value.data)
        return err_nomem(s->err);
    return config_set(s->out, key, value.data, field ? field : key, s->err);
}
