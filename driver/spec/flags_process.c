#include "spec/flags.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "spec/validate.h"

int flag_user(struct flags_state *st, const struct flag *flag, const char *value,
              struct lxcdriver_error **err)
{
    (void)flag;
    if (check_user(value, err) < 0)
        return -1;
    st->opts->has_user = true;
    return str_set(&st->cmd->process.user.name, value) < 0 ? err_nomem(err) : 0;
}

int flag_workdir(struct flags_state *st, const struct flag *flag, const char *value,
                 struct lxcdriver_error **err)
{
    char *path = path_normalise(value, err);

    (void)flag;
    if (!path)
        return -1;
    free(st->cmd->process.cwd);
    st->cmd->process.cwd = path;
    st->cmd->process.create_cwd = true;
    st->opts->has_workdir = true;
    return 0;
}

int flag_entrypoint(struct flags_state *st, const struct flag *flag, const char *value,
                    struct lxcdriver_error **err)
{
    (void)flag;
    st->opts->has_entrypoint = true;
    /* An empty one clears the image's. */
    return str_set(&st->opts->entrypoint, *value ? value : NULL) < 0 ? err_nomem(err) : 0;
}

static int limit_value(const char *text, uint64_t *out, struct lxcdriver_error **err)
{
    if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0) {
        *out = UINT64_MAX;
        return 0;
    }
    if (!str_to_u64(text, 0, UINT64_MAX, out))
        return err_set(err, "\"%s\" is neither a whole number nor \"unlimited\"", text);
    return 0;
}

/* NAME=SOFT[:HARD] */
int flag_ulimit(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL;
    cleanup_free char *soft_text = NULL;
    const char *limits = split_at(value, '=', &name);
    const char *hard_text = limits ? split_at(limits, ':', &soft_text) : NULL;
    uint64_t soft, hard;
    int resource;

    (void)flag;
    if (!name || (limits && !soft_text))
        return err_nomem(err);
    if (!limits)
        return err_set(err, "\"%s\" is not NAME=SOFT[:HARD]", value);
    resource = rlimit_from_name(name);
    if (resource < 0)
        return err_set(err, "\"%s\" is not the name of a limit", name);
    if (limit_value(soft_text, &soft, err) < 0)
        return -1;
    if (!hard_text)
        hard = soft;
    else if (limit_value(hard_text, &hard, err) < 0)
        return -1;
    if (soft > hard)
        return err_set(err, "\"%s\": the soft limit is above the hard limit", value);
    return rlimit_set(&st->cmd->process, resource, soft, hard, err);
}

int flag_oom_score(struct flags_state *st, const struct flag *flag, const char *value,
                   struct lxcdriver_error **err)
{
    int64_t score;

    if (!str_to_i64(value, flag->min, flag->max, &score))
        return err_set(err, "\"%s\" is not a number between %" PRId64 " and %" PRId64, value,
                       flag->min, flag->max);
    st->cmd->process.has_oom_score_adj = true;
    st->cmd->process.oom_score_adj = (int32_t)score;
    return 0;
}

int flag_stop_signal(struct flags_state *st, const struct flag *flag, const char *value,
                     struct lxcdriver_error **err)
{
    int number = signal_from_name(value, err);

    (void)flag;
    if (number < 0)
        return -1;
    st->cmd->stop_signal = number;
    return 0;
}

/* K=V, or K for an empty value. Docker's labels have no other place in a runtime than among the
 * annotations. */
int flag_label(struct flags_state *st, const struct flag *flag, const char *value,
               struct lxcdriver_error **err)
{
    cleanup_free char *key = NULL;
    const char *text = split_at(value, '=', &key);

    (void)flag;
    if (!key)
        return err_nomem(err);
    if (!*key)
        return err_set(err, "\"%s\" has no key", value);
    for (size_t i = 0; i < st->cmd->n_annotations; i++)
        if (str_eq(st->cmd->annotations[i].key, key))
            return str_set(&st->cmd->annotations[i].value, text ? text : "") < 0 ? err_nomem(err)
                                                                                 : 0;
    if (pair_add(&st->cmd->annotations, &st->cmd->n_annotations, key, text ? text : "") < 0)
        return err_nomem(err);
    return 0;
}

int flag_log_level(struct flags_state *st, const struct flag *flag, const char *value,
                   struct lxcdriver_error **err)
{
    static const char *const levels[] = {"debug", "info", "warning", "warn", "error"};

    (void)flag;
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
        if (strcasecmp(value, levels[i]) == 0)
            return str_set(&st->opts->log_level,
                           strcmp(levels[i], "warn") ? levels[i] : "warning") < 0
                       ? err_nomem(err)
                       : 0;
    return err_set(err, "\"%s\" is none of debug, info, warning, error", value);
}

/* One of Docker's keys: a letter or digit, or "ctrl-" and a letter or one of @ [ \ ] ^ _ */
static bool is_key(const char *key)
{
    unsigned char c;

    if (key[0] && !key[1])
        return isgraph((unsigned char)key[0]);
    if (!str_starts(key, "ctrl-") || !key[5] || key[6])
        return false;
    c = (unsigned char)key[5];
    return isalpha(c) || strchr("@[\\]^_", c);
}

int flag_detach_keys(struct flags_state *st, const struct flag *flag, const char *value,
                     struct lxcdriver_error **err)
{
    (void)flag;
    for (const char *rest = value; rest;) {
        cleanup_free char *key = NULL;

        rest = split_at(rest, ',', &key);
        if (!key)
            return err_nomem(err);
        if (!is_key(key))
            return err_set(err, "\"%s\" is not a key: a character or ctrl-<letter> is expected",
                           key);
    }
    return str_set(&st->opts->detach_keys, value) < 0 ? err_nomem(err) : 0;
}
