/* "process" of an OCI bundle; the same object is what `exec --process` is given. */
#include "spec/oci.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/message.h"
#include "spec/oci_parts.h"
#include "spec/readers.h"
#include "spec/validate.h"

static int read_u32(const struct json_at *at, const char *name, uint32_t max, uint32_t *out,
                    struct lxcdriver_error **err)
{
    int64_t number = *out;

    if (json_opt_int(at, name, 0, max, &number, err) < 0)
        return -1;
    *out = (uint32_t)number;
    return 0;
}

static int read_user(const struct json_at *at, struct user_spec *user, struct lxcdriver_error **err)
{
    struct json_at object, element, umask;
    struct json_list list;
    bool present;

    if (json_opt_object(at, "user", &object, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (read_u32(&object, "uid", UINT32_MAX - 1, &user->uid, err) < 0 ||
        read_u32(&object, "gid", UINT32_MAX - 1, &user->gid, err) < 0 ||
        read_u32(&object, "umask", 0777, &user->umask, err) < 0 ||
        json_opt_list(&object, "additionalGids", &list, err) < 0)
        return -1;
    umask = json_member(&object, "umask");
    user->has_umask |= json_present(&umask);
    while (json_list_next(&list, &element)) {
        uint32_t *gid = ARRAY_GROW(&user->gids, &user->n_gids);
        int64_t number;

        if (!gid)
            return err_nomem(err);
        if (json_get_int(&element, 0, UINT32_MAX - 1, &number, err) < 0)
            return -1;
        *gid = (uint32_t)number;
    }
    return 0;
}

static int read_console_size(const struct json_at *at, struct process_spec *out,
                             struct lxcdriver_error **err)
{
    struct json_at size;
    bool present;
    int64_t rows = 0, cols = 0;

    if (json_opt_object(at, "consoleSize", &size, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (json_opt_int(&size, "height", 0, UINT16_MAX, &rows, err) < 0 ||
        json_opt_int(&size, "width", 0, UINT16_MAX, &cols, err) < 0)
        return -1;
    out->has_console_size = rows > 0 || cols > 0;
    out->console_rows = (uint16_t)rows;
    out->console_cols = (uint16_t)cols;
    return 0;
}

static int read_caps(const struct json_at *at, struct capabilities *caps, struct strv *warnings,
                     struct lxcdriver_error **err)
{
    const struct {
        const char *name;
        uint64_t *mask;
    } sets[] = {{"bounding", &caps->bounding},
                {"effective", &caps->effective},
                {"inheritable", &caps->inheritable},
                {"permitted", &caps->permitted},
                {"ambient", &caps->ambient}};
    struct json_at object;

    if (json_opt_object(at, "capabilities", &object, &caps->set, err) < 0 || !caps->set)
        return caps->set ? -1 : 0;
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        cleanup_strv struct strv names = {0};

        *sets[i].mask = 0;
        if (json_opt_strv(&object, sets[i].name, &names, err) < 0)
            return -1;
        for (size_t k = 0; k < names.n; k++) {
            int cap = caps_from_name(names.items[k], NULL);

            if (cap >= 0)
                *sets[i].mask |= UINT64_C(1) << cap;
            else if (strv_take(warnings,
                               message_printf("%s.%s: \"%s\" is not the name of a capability",
                                              object.path, sets[i].name, names.items[k])) < 0)
                return err_nomem(err);
        }
    }
    return 0;
}

static int read_rlimit(const struct json_at *at, struct process_spec *out,
                       struct lxcdriver_error **err)
{
    struct json_at type = json_member(at, "type"), soft = json_member(at, "soft"),
                   hard = json_member(at, "hard");
    cleanup_free char *name = NULL;
    uint64_t values[2];
    int resource;

    if (json_want_object(at, err) < 0 || json_get_string(&type, &name, err) < 0 ||
        json_get_u64(&soft, 0, UINT64_MAX, &values[0], err) < 0 ||
        json_get_u64(&hard, 0, UINT64_MAX, &values[1], err) < 0)
        return -1;
    resource = str_starts(name, "RLIMIT_") ? rlimit_from_name(name) : -1;
    if (resource < 0)
        return json_error(&type, err, "not a resource limit");
    for (size_t i = 0; i < out->n_rlimits; i++)
        if (out->rlimits[i].resource == resource)
            return json_error(&type, err, "said twice");
    return rlimit_set(out, resource, values[0], values[1], err);
}

static int read_rlimits(const struct json_at *at, struct process_spec *out,
                        struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "rlimits", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element))
        if (read_rlimit(&element, out, err) < 0)
            return -1;
    return 0;
}

static int read_scheduler(const struct json_at *at, struct scheduler_spec *out,
                          struct lxcdriver_error **err)
{
    struct json_at object;
    int64_t nice = 0, priority = 0;

    if (json_opt_object(at, "scheduler", &object, &out->set, err) < 0 || !out->set)
        return out->set ? -1 : 0;
    if (json_opt_string(&object, "policy", &out->policy, err) < 0 ||
        json_opt_int(&object, "nice", -20, 19, &nice, err) < 0 ||
        json_opt_int(&object, "priority", 0, 99, &priority, err) < 0 ||
        json_opt_strv(&object, "flags", &out->flags, err) < 0 ||
        json_opt_u64(&object, "runtime", 0, INT64_MAX, &out->runtime_ns, err) < 0 ||
        json_opt_u64(&object, "deadline", 0, INT64_MAX, &out->deadline_ns, err) < 0 ||
        json_opt_u64(&object, "period", 0, INT64_MAX, &out->period_ns, err) < 0)
        return -1;
    out->nice = (int32_t)nice;
    out->priority = (int32_t)priority;
    return out->policy ? 0 : err_set(err, "%s.policy: is missing", object.path);
}

static int read_ioprio(const struct json_at *at, struct ioprio_spec *out,
                       struct lxcdriver_error **err)
{
    static const char *const classes[] = {NULL, "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                          "IOPRIO_CLASS_IDLE"};
    struct json_at object, class_at;
    cleanup_free char *name = NULL;
    int64_t priority = 0;

    if (json_opt_object(at, "ioPriority", &object, &out->set, err) < 0 || !out->set)
        return out->set ? -1 : 0;
    class_at = json_member(&object, "class");
    if (json_get_string(&class_at, &name, err) < 0 ||
        json_opt_int(&object, "priority", 0, 7, &priority, err) < 0)
        return -1;
    out->class_ = 0;
    for (int i = 1; i < (int)ARRAY_SIZE(classes); i++)
        if (strcmp(name, classes[i]) == 0)
            out->class_ = i;
    out->priority = (int)priority;
    return out->class_ ? 0 : json_error(&class_at, err, "not a class of I/O priority");
}

static int read_affinity(const struct json_at *at, struct process_spec *out,
                         struct lxcdriver_error **err)
{
    struct json_at object;
    bool present;

    if (json_opt_object(at, "execCPUAffinity", &object, &present, err) < 0 || !present)
        return present ? -1 : 0;
    return json_opt_string(&object, "initial", &out->cpu_affinity_initial, err) < 0 ||
                   json_opt_string(&object, "final", &out->cpu_affinity_final, err) < 0
               ? -1
               : 0;
}

static int read_strings(const struct json_at *at, struct process_spec *out,
                        struct lxcdriver_error **err)
{
    cleanup_free char *cwd = NULL;
    struct json_at cwd_at = json_member(at, "cwd");

    if (json_get_string(&cwd_at, &cwd, err) < 0 || json_opt_strv(at, "args", &out->args, err) < 0 ||
        json_opt_strv(at, "env", &out->env, err) < 0 ||
        oci_text(at, "apparmorProfile", &out->apparmor_profile, err) < 0 ||
        oci_text(at, "selinuxLabel", &out->selinux_label, err) < 0)
        return -1;
    if (*cwd != '/')
        return json_error(&cwd_at, err, "not an absolute path");
    free(out->cwd);
    out->cwd = path_normalise(cwd, err);
    return out->cwd ? 0 : err_wrap(err, "%s", cwd_at.path);
}

int oci_process_read(const struct json_at *at, struct process_spec *out, struct strv *warnings,
                     struct lxcdriver_error **err)
{
    struct json_at oom = json_member(at, "oomScoreAdj");
    int64_t score = 0;

    if (json_want_object(at, err) < 0 || read_strings(at, out, err) < 0 ||
        json_opt_bool(at, "terminal", &out->terminal, err) < 0 ||
        json_opt_bool(at, "noNewPrivileges", &out->no_new_privs, err) < 0)
        return -1;
    if (json_present(&oom)) {
        if (json_get_int(&oom, -1000, 1000, &score, err) < 0)
            return -1;
        out->has_oom_score_adj = true;
        out->oom_score_adj = (int32_t)score;
    }
    if (read_user(at, &out->user, err) < 0 || read_console_size(at, out, err) < 0 ||
        read_caps(at, &out->caps, warnings, err) < 0 || read_rlimits(at, out, err) < 0)
        return -1;
    return read_scheduler(at, &out->scheduler, err) < 0 || read_ioprio(at, &out->ioprio, err) < 0 ||
                   read_affinity(at, out, err) < 0
               ? -1
               : 0;
}
