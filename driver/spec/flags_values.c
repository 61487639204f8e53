/* Handlers that many options share. */
#include "spec/flags.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "spec/validate.h"

static void *member(struct flags_state *st, const struct flag *flag)
{
    void *base = flag->target == TARGET_STATE     ? (void *)st
                 : flag->target == TARGET_OPTIONS ? (void *)st->opts
                                                  : (void *)st->cmd;

    return (char *)base + flag->offset;
}

const char *split_at(const char *text, char sep, char **head)
{
    const char *at = strchr(text, sep);

    *head = at ? strndup(text, (size_t)(at - text)) : strdup(text);
    return at ? at + 1 : NULL;
}

bool flag_bool_value(const char *value, bool *out)
{
    static const char *const yes[] = {"true", "1", "t"};
    static const char *const no[] = {"false", "0", "f"};

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
            *out = strcasecmp(value, yes[i]) == 0;
            return true;
        }
    return false;
}

int flag_switch(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    if (!flag_bool_value(value, member(st, flag)))
        return err_set(err, "\"%s\" is neither true nor false", value);
    return 0;
}

int flag_text(struct flags_state *st, const struct flag *flag, const char *value,
              struct lxcdriver_error **err)
{
    if (!*value)
        return err_set(err, "the value is empty");
    return str_set(member(st, flag), value) < 0 ? err_nomem(err) : 0;
}

int flag_list(struct flags_state *st, const struct flag *flag, const char *value,
              struct lxcdriver_error **err)
{
    if (!*value)
        return err_set(err, "the value is empty");
    return strv_add(member(st, flag), value) < 0 ? err_nomem(err) : 0;
}

int flag_number(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    int64_t number;

    if (!str_to_i64(value, INT64_MIN + 1, INT64_MAX, &number))
        return err_set(err, "\"%s\" is not a whole number", value);
    if (number < flag->min || number > flag->max)
        return err_set(err, "%" PRId64 " is not between %" PRId64 " and %" PRId64, number,
                       flag->min, flag->max);
    *(int64_t *)member(st, flag) = number;
    return 0;
}

int flag_limit(struct flags_state *st, const struct flag *flag, const char *value,
               struct lxcdriver_error **err)
{
    if (strcmp(value, "0") == 0) {
        *(int64_t *)member(st, flag) = RES_UNSET;
        return 0;
    }
    return flag_number(st, flag, value, err);
}

int flag_bytes(struct flags_state *st, const struct flag *flag, const char *value,
               struct lxcdriver_error **err)
{
    int64_t bytes;

    if (units_bytes(value, &bytes, err) < 0)
        return -1;
    if (bytes && bytes < flag->min)
        return err_set(err, "\"%s\" is less than the %" PRId64 " MiB that a container needs", value,
                       flag->min >> 20);
    *(int64_t *)member(st, flag) = bytes ? bytes : RES_UNSET;
    return 0;
}

int flag_cpuset(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    if (!*value)
        return str_set(member(st, flag), NULL);
    if (check_cpuset(value, err) < 0)
        return -1;
    return flag_text(st, flag, value, err);
}
