#include "base/cleanup.h"
#include "config/section.h"

/* An empty value is LXC's way to clear a key, so it is let through. That LXC knows the key is
 * checked by liblxc (driver/lxc). */
int config_lxc_conf(struct section *s)
{
    for (size_t i = 0; i < s->cmd->n_lxc_conf; i++) {
        const struct string_pair *pair = &s->cmd->lxc_conf[i];
        cleanup_free char *field = str_printf("lxc_config[%zu]", i);

        if (!field)
            return err_nomem(s->err);
        if (config_set(s->out, pair->key, pair->value ? pair->value : "", field, s->err) < 0)
            return -1;
    }
    return 0;
}
