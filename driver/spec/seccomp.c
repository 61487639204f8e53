#include "spec/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"

/* The kernel's MAX_ERRNO: a larger one would be no error to the C library. */
#define ERRNO_MAX 4095

/* ---- actions ---- */

/* The action in `name` with the number in `number_name`, which only some actions take: OCI demands
 * an error for the others. */
static int read_action(const struct json_at *at, const char *name, const char *number_name,
                       char **action, bool *has_number, uint32_t *number,
                       struct lxcdriver_error **err)
{
    struct json_at word = json_member(at, name), errno_at = json_member(at, number_name);
    uint64_t value = 0;
    uint32_t ret;
    bool has_data;

    if (json_get_string(&word, action, err) < 0)
        return -1;
    if (seccomp_action(*action, 0, &ret, &has_data) < 0)
        return json_error(&word, err, "is not an action");
    if (!json_present(&errno_at))
        return 0;
    if (!has_data)
        return json_error(&errno_at, err, "%s takes no number", *action);
    if (json_get_u64(&errno_at, 0, ret == SECCOMP_RET_TRACE ? SECCOMP_RET_DATA : ERRNO_MAX, &value,
                     err) < 0)
        return -1;
    *has_number = true;
    *number = (uint32_t)value;
    return 0;
}

/* ---- arguments ---- */

static int read_arg(const struct json_at *at, struct seccomp_arg *arg, struct lxcdriver_error **err)
{
    struct json_at index = json_member(at, "index"), value = json_member(at, "value"),
                   op = json_member(at, "op");
    enum seccomp_operator unused;
    uint64_t number = 0;

    if (json_want_object(at, err) < 0 ||
        json_get_u64(&index, 0, SECCOMP_ARGS - 1, &number, err) < 0 ||
        json_get_u64(&value, 0, UINT64_MAX, &arg->value, err) < 0 ||
        json_opt_u64(at, "valueTwo", 0, UINT64_MAX, &arg->value_two, err) < 0 ||
        json_get_string(&op, &arg->op, err) < 0)
        return -1;
    arg->index = (uint32_t)number;
    return seccomp_operator(arg->op, &unused) < 0 ? json_error(&op, err, "is not an operator") : 0;
}

/* Member "args" of a rule. */
static int read_args(const struct json_at *at, struct seccomp_rule *rule,
                     struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "args", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct seccomp_arg *arg = ARRAY_GROW(&rule->args, &rule->n_args);

        if (!arg)
            return err_nomem(err);
        if (read_arg(&element, arg, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- rules ---- */

/* Docker's older "name" is a list of one. */
static int read_names(const struct json_at *at, bool profile, struct strv *names,
                      struct lxcdriver_error **err)
{
    struct json_at list = json_member(at, "names"), single = json_member(at, "name");
    cleanup_free char *name = NULL;

    if (profile && json_present(&single) && json_get_string(&single, &name, err) < 0)
        return -1;
    if (str_empty(name)) {
        if (json_get_strv(&list, names, err) < 0)
            return -1;
        return names->n > 0 ? 0 : json_error(&list, err, "names no system call");
    }
    if (json_present(&list) && json_array_size(list.value) > 0)
        return json_error(&single, err, "stands beside \"names\"");
    return strv_add(names, name) < 0 ? err_nomem(err) : 0;
}

static int read_rule(const struct json_at *at, bool profile, struct seccomp_rule *rule,
                     struct lxcdriver_error **err)
{
    if (read_names(at, profile, &rule->names, err) < 0 ||
        read_action(at, "action", "errnoRet", &rule->action, &rule->has_errno, &rule->errno_ret,
                    err) < 0)
        return -1;
    return read_args(at, rule, err);
}

/* ---- conditions of a profile ---- */

/* Up to four digits from *text, which moves behind them. */
static int read_number(const char **text, unsigned *out)
{
    const char *from = *text;

    for (*out = 0; **text >= '0' && **text <= '9'; (*text)++)
        *out = *out * 10 + (unsigned)(**text - '0');
    return *text > from && *text - from <= 4 ? 0 : -1;
}

int seccomp_kernel_version(const char *release, unsigned *major, unsigned *minor)
{
    if (read_number(&release, major) < 0 || *release++ != '.')
        return -1;
    return read_number(&release, minor);
}

/* Whether the container has all (or, without `all`, any) of the capabilities that are listed. An
 * unknown name is one that this program is too old for: no container has it. */
static bool has_caps(const struct strv *names, uint64_t caps, bool all)
{
    for (size_t i = 0; i < names->n; i++) {
        int cap = caps_from_name(names->items[i], NULL);
        bool has = cap >= 0 && caps & UINT64_C(1) << cap;

        if (has != all)
            return has;
    }
    return all;
}

struct conditions {
    struct strv caps, arches;
    bool has_kernel;
    bool kernel_reached;
};

static void conditions_clear(struct conditions *c)
{
    strv_free(&c->caps);
    strv_free(&c->arches);
}

static int read_conditions(const struct json_at *at, const struct seccomp_host *host,
                           struct conditions *out, struct lxcdriver_error **err)
{
    struct json_at kernel_at = json_member(at, "minKernel");
    cleanup_free char *kernel = NULL;
    unsigned major, minor;

    if (json_present(at) && json_want_object(at, err) < 0)
        return -1;
    if (json_opt_strv(at, "caps", &out->caps, err) < 0 ||
        json_opt_strv(at, "arches", &out->arches, err) < 0 ||
        json_opt_string(at, "minKernel", &kernel, err) < 0)
        return -1;
    if (str_empty(kernel))
        return 0;
    if (seccomp_kernel_version(kernel, &major, &minor) < 0)
        return json_error(&kernel_at, err, "is not a kernel's version");
    out->has_kernel = true;
    out->kernel_reached =
        host->kernel_major > major || (host->kernel_major == major && host->kernel_minor >= minor);
    return 0;
}

/* Everything that is included must hold, nothing that is excluded may. 1, 0, or -1. */
static int rule_applies(const struct json_at *at, const struct seccomp_host *host,
                        struct lxcdriver_error **err)
{
    struct json_at includes = json_member(at, "includes"), excludes = json_member(at, "excludes");
    const char *arch = seccomp_arch_short(host->arch);
    struct conditions in = {0}, ex = {0};
    int applies = -1;

    if (read_conditions(&includes, host, &in, err) == 0 &&
        read_conditions(&excludes, host, &ex, err) == 0)
        applies = has_caps(&in.caps, host->caps, true) && !has_caps(&ex.caps, host->caps, false) &&
                  (in.arches.n == 0 || (arch && strv_contains(&in.arches, arch))) &&
                  !(arch && strv_contains(&ex.arches, arch)) &&
                  (!in.has_kernel || in.kernel_reached) && !(ex.has_kernel && ex.kernel_reached);
    conditions_clear(&in);
    conditions_clear(&ex);
    return applies;
}

/* Member "syscalls" of a filter. */
static int read_rules(const struct json_at *at, const struct seccomp_host *host,
                      struct seccomp_spec *out, struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "syscalls", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct seccomp_rule *rule;
        int applies = 1;

        if (json_want_object(&element, err) < 0)
            return -1;
        if (host)
            applies = rule_applies(&element, host, err);
        if (applies < 0)
            return -1;
        rule = ARRAY_GROW(&out->rules, &out->n_rules);
        if (!rule)
            return err_nomem(err);
        /* What does not apply here is read too: a mistake in it is found on every machine. */
        if (read_rule(&element, host != NULL, rule, err) < 0)
            return -1;
        if (!applies)
            seccomp_rule_clear(&out->rules[--out->n_rules]);
    }
    return 0;
}

/* ---- architectures, flags ---- */

static int check_words(const struct json_at *at, const char *name, const struct strv *words,
                       bool (*known)(const char *word), const char *what,
                       struct lxcdriver_error **err)
{
    struct json_at list = json_member(at, name);

    for (size_t i = 0; i < words->n; i++) {
        struct json_at element = json_element(&list, i);

        if (!known(words->items[i]))
            return json_error(&element, err, "is not %s", what);
    }
    return 0;
}

static bool known_arch(const char *word)
{
    return seccomp_arch_token(word) != 0;
}

static bool known_flag(const char *word)
{
    return seccomp_flag(word) != 0;
}

static int read_architectures(const struct json_at *at, struct seccomp_spec *out,
                              struct lxcdriver_error **err)
{
    if (json_opt_strv(at, "architectures", &out->architectures, err) < 0)
        return -1;
    return check_words(at, "architectures", &out->architectures, known_arch, "an architecture",
                       err);
}

/* The entry of this machine's architecture gives the others that its kernel runs. */
static int read_arch_map(const struct json_at *at, const struct seccomp_host *host,
                         struct seccomp_spec *out, struct lxcdriver_error **err)
{
    struct json_list map;
    struct json_at element;

    if (json_opt_list(at, "archMap", &map, err) < 0)
        return -1;
    if (out->architectures.n > 0)
        return map.n > 0 ? json_error(&map.at, err, "stands beside \"architectures\"") : 0;
    while (json_list_next(&map, &element)) {
        struct json_at arch = json_member(&element, "architecture");
        cleanup_free char *word = NULL;

        if (json_want_object(&element, err) < 0 || json_get_string(&arch, &word, err) < 0)
            return -1;
        if (out->architectures.n > 0 || !str_eq(word, host->arch))
            continue;
        if (strv_add(&out->architectures, word) < 0)
            return err_nomem(err);
        if (json_opt_strv(&element, "subArchitectures", &out->architectures, err) < 0)
            return -1;
        for (size_t k = 1; k < out->architectures.n; k++) {
            struct json_at subs = json_member(&element, "subArchitectures"),
                           sub = json_element(&subs, k - 1);

            if (!known_arch(out->architectures.items[k]))
                return json_error(&sub, err, "is not an architecture");
        }
    }
    return 0;
}

/* ---- the whole ---- */

/* `host` NULL: OCI's object, which has no conditions. */
static int read_all(const struct json_at *at, const struct seccomp_host *host,
                    struct seccomp_spec *out, struct lxcdriver_error **err)
{
    struct json_at action = json_member(at, "defaultAction");

    if (json_want_object(at, err) < 0 ||
        read_action(at, "defaultAction", "defaultErrnoRet", &out->default_action,
                    &out->has_default_errno, &out->default_errno, err) < 0 ||
        read_architectures(at, out, err) < 0 || (host && read_arch_map(at, host, out, err) < 0) ||
        json_opt_strv(at, "flags", &out->flags, err) < 0 ||
        check_words(at, "flags", &out->flags, known_flag, "a flag", err) < 0 ||
        json_opt_string(at, "listenerPath", &out->listener_path, err) < 0 ||
        json_opt_string(at, "listenerMetadata", &out->listener_metadata, err) < 0)
        return -1;
    /* Its every system call would wait for an agent that has not been given its descriptor yet. */
    if (str_eq(out->default_action, "SCMP_ACT_NOTIFY"))
        return json_error(&action, err, "cannot be the default");
    return read_rules(at, host, out, err);
}

static int read_whole(const struct json_at *at, const struct seccomp_host *host,
                      struct seccomp_spec *out, struct lxcdriver_error **err)
{
    out->set = true;
    if (read_all(at, host, out, err) == 0)
        return 0;
    seccomp_spec_clear(out);
    return -1;
}

int seccomp_oci_read(const struct json_at *at, struct seccomp_spec *out,
                     struct lxcdriver_error **err)
{
    return read_whole(at, NULL, out, err);
}

int seccomp_profile_read(const char *text, size_t len, const struct seccomp_host *host,
                         struct seccomp_spec *out, struct lxcdriver_error **err)
{
    json_t *root = json_parse(text, len, "seccomp profile", err);
    struct json_at at;
    int result;

    if (!root)
        return -1;
    at = json_root(root);
    result = read_whole(&at, host, out, err);
    json_decref(root);
    return result;
}
