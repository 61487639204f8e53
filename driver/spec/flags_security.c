#include "spec/flags.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "spec/validate.h"

int flag_capability(struct flags_state *st, const struct flag *flag, const char *value,
                    struct lxcdriver_error **err)
{
    /* Judged here, where the error can name the option; what the lists come to is computed at the
     * end. */
    if (strcasecmp(value, "ALL") && strcasecmp(value, "CAP_ALL") && caps_from_name(value, err) < 0)
        return -1;
    return flag_list(st, flag, value, err);
}

static int read_sysctl(struct command *cmd, const char *key, const char *value,
                       struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_sysctls; i++)
        if (str_eq(cmd->sysctls[i].key, key))
            return str_set(&cmd->sysctls[i].value, value) < 0 ? err_nomem(err) : 0;
    return pair_add(&cmd->sysctls, &cmd->n_sysctls, key, value) < 0 ? err_nomem(err) : 0;
}

int flag_sysctl(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    cleanup_free char *key = NULL;
    const char *setting = split_at(value, '=', &key);

    (void)flag;
    if (!key)
        return err_nomem(err);
    if (!setting || !*setting)
        return err_set(err, "\"%s\" is not KEY=VALUE", value);
    if (check_sysctl_key(key, err) < 0)
        return -1;
    return read_sysctl(st->cmd, key, setting, err);
}

int flag_lxc_conf(struct flags_state *st, const struct flag *flag, const char *value,
                  struct lxcdriver_error **err)
{
    cleanup_free char *key = NULL;
    const char *setting = split_at(value, '=', &key);
    struct command *cmd = st->cmd;

    (void)flag;
    if (!key)
        return err_nomem(err);
    if (!setting)
        return err_set(err, "\"%s\" is not KEY=VALUE", value);
    key[strcspn(key, " \t")] = '\0';
    setting += strspn(setting, " \t");
    if (check_lxc_key(key, err) < 0)
        return -1;
    return pair_add(&cmd->lxc_conf, &cmd->n_lxc_conf, key, setting) < 0 ? err_nomem(err) : 0;
}

/* host, auto, or BASE:SIZE: ids 0 .. SIZE-1 of the container are BASE .. of the host. */
int flag_userns(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    cleanup_free char *base_text = NULL;
    const char *size_text = split_at(value, ':', &base_text);
    struct command *cmd = st->cmd;
    uint64_t base, size;
    struct id_map *uid, *gid;

    (void)flag;
    if (!base_text)
        return err_nomem(err);
    cmd->n_uid_maps = cmd->n_gid_maps = 0;
    cmd->auto_userns = strcmp(value, "auto") == 0;
    cmd->ns[NS_USER].mode = cmd->auto_userns ? NS_NEW : NS_HOST;
    if (strcmp(value, "host") && strcmp(value, "auto")) {
        if (!size_text || !str_to_u64(base_text, 0, UINT32_MAX - 1, &base) ||
            !str_to_u64(size_text, 1, UINT32_MAX, &size))
            return err_set(err, "\"%s\" is none of host, auto, BASE:SIZE", value);
        if (base + size > UINT32_MAX)
            return err_set(err, "\"%s\" goes beyond the last id, %u", value, UINT32_MAX - 1);
        uid = ARRAY_GROW(&cmd->uid_maps, &cmd->n_uid_maps);
        gid = ARRAY_GROW(&cmd->gid_maps, &cmd->n_gid_maps);
        if (!uid || !gid)
            return err_nomem(err);
        *uid = *gid = (struct id_map){0, (uint32_t)base, (uint32_t)size};
        cmd->ns[NS_USER].mode = NS_NEW;
    }
    return str_set(&st->opts->user_ns, value) < 0 ? err_nomem(err) : 0;
}

/* ---- --security-opt ---- */

static int opt_no_new_privs(struct flags_state *st, const char *value, struct lxcdriver_error **err)
{
    if (!flag_bool_value(value ? value : "true", &st->cmd->process.no_new_privs))
        return err_set(err, "no-new-privileges: \"%s\" is neither true nor false", value);
    return 0;
}

static int opt_seccomp(struct flags_state *st, const char *value, struct lxcdriver_error **err)
{
    return str_set(&st->opts->seccomp_profile, value) < 0 ? err_nomem(err) : 0;
}

static int opt_apparmor(struct flags_state *st, const char *value, struct lxcdriver_error **err)
{
    return str_set(&st->cmd->process.apparmor_profile, value) < 0 ? err_nomem(err) : 0;
}

static int opt_systempaths(struct flags_state *st, const char *value, struct lxcdriver_error **err)
{
    if (strcmp(value, "unconfined"))
        return err_set(err, "systempaths: \"%s\" is not \"unconfined\"", value);
    st->unmask = true;
    return 0;
}

/* disable, or one part of an SELinux context: user:U role:R type:T level:L */
static int opt_label(struct flags_state *st, const char *value, struct lxcdriver_error **err)
{
    static const char *const parts[] = {"user:", "role:", "type:", "level:"};

    if (strcmp(value, "disable") == 0) {
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
            str_set(&st->selinux[i], NULL);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (str_starts(value, parts[i]) && value[strlen(parts[i])])
            return str_set(&st->selinux[i], value + strlen(parts[i])) < 0 ? err_nomem(err) : 0;
    return err_set(err, "label: \"%s\" is none of disable, user:, role:, type:, level:", value);
}

static const struct {
    const char *name;
    int (*set)(struct flags_state *st, const char *value, struct lxcdriver_error **err);
    bool alone; /* may stand without a value */
} security_opts[] = {
    {"no-new-privileges", opt_no_new_privs, true},
    {"seccomp", opt_seccomp, false},
    {"apparmor", opt_apparmor, false},
    {"label", opt_label, false},
    {"systempaths", opt_systempaths, false},
};

/* NAME=VALUE, or Docker's older NAME:VALUE. */
int flag_security_opt(struct flags_state *st, const struct flag *flag, const char *value,
                      struct lxcdriver_error **err)
{
    size_t len = strcspn(value, "=:");
    const char *setting = value[len] ? value + len + 1 : NULL;

    (void)flag;
    for (size_t i = 0; i < ARRAY_SIZE(security_opts); i++) {
        if (strlen(security_opts[i].name) != len || strncmp(security_opts[i].name, value, len))
            continue;
        if (setting ? !*setting : !security_opts[i].alone)
            return err_set(err, "\"%s\" needs a value", value);
        return security_opts[i].set(st, setting, err);
    }
    return err_set(
        err,
        "\"%s\" is none of no-new-privileges, seccomp=, apparmor=, label=, systempaths=", value);
}

/* The parts that were not given are those of an ordinary container in the reference policy. */
static int finish_label(struct flags_state *st, struct lxcdriver_error **err)
{
    static const char *const usual[] = {"system_u", "system_r", "container_t", "s0"};
    const char *parts[ARRAY_SIZE(usual)];
    bool given = false;

    for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
        parts[i] = st->selinux[i] ? st->selinux[i] : usual[i];
        given |= st->selinux[i] != NULL;
    }
    if (!given)
        return 0;
    st->cmd->process.selinux_label =
        str_printf("%s:%s:%s:%s", parts[0], parts[1], parts[2], parts[3]);
    return st->cmd->process.selinux_label ? 0 : err_nomem(err);
}

/* What a user namespace takes away cannot be asked for beside it. */
static int check_userns(const struct flags_state *st, struct lxcdriver_error **err)
{
    const struct {
        const char *option;
        bool given;
    } options[] = {{"--privileged", st->cmd->privileged},
                   {"--pid host", st->cmd->ns[NS_PID].mode == NS_HOST},
                   {"--ipc host", st->cmd->ns[NS_IPC].mode == NS_HOST},
                   {"--net host", st->cmd->net.mode == NET_HOST}};
    const char *ns = st->opts->user_ns;

    if (!ns || strcmp(ns, "host") == 0)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].given)
            return err_set(err, "%s cannot be used with --userns %s", options[i].option, ns);
    return 0;
}

int flags_finish_security(struct flags_state *st, struct lxcdriver_error **err)
{
    struct command *cmd = st->cmd;

    cmd->default_masks = !cmd->privileged && !st->unmask;
    if (caps_compute(&st->cap_add, &st->cap_drop, cmd->privileged, &cmd->process.caps, err) < 0 ||
        finish_label(st, err) < 0)
        return -1;
    return check_userns(st, err);
}
