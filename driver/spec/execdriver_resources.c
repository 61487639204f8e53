#include "spec/execdriver.h"

#include <inttypes.h>
#include <stddef.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "spec/readers.h"
#include "spec/validate.h"

#define MIB (INT64_C(1) << 20)

/* `unset` is what Docker writes when nothing was asked for. */
static const struct number {
    const char *name;
    size_t offset;
    int64_t unset, min, max;
} numbers[] = {
    {"memory", offsetof(struct resources, memory_limit), 0, 6 * MIB, INT64_MAX},
    {"memory_swap", offsetof(struct resources, memory_swap), 0, -1, INT64_MAX},
    {"memory_reservation", offsetof(struct resources, memory_reservation), 0, 6 * MIB, INT64_MAX},
    {"kernel_memory", offsetof(struct resources, memory_kernel), 0, 6 * MIB, INT64_MAX},
    {"cpu_shares", offsetof(struct resources, cpu_shares), 0, 2, 262144},
    {"cpu_period", offsetof(struct resources, cpu_period_us), 0, 1000, 1000000},
    {"cpu_quota", offsetof(struct resources, cpu_quota_us), 0, -1, INT64_MAX / 1000},
    {"blkio_weight", offsetof(struct resources, blkio_weight), 0, 10, 1000},
    {"memory_swappiness", offsetof(struct resources, memory_swappiness), -1, 0, 100},
};

static int read_number(const struct json_at *at, const struct number *number, struct resources *res,
                       struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, number->name);
    int64_t value = number->unset;

    /* RES_UNSET itself, INT64_MIN, is no value: leave it out of the range. */
    if (json_present(&member) && json_get_int(&member, INT64_MIN + 1, INT64_MAX, &value, err) < 0)
        return -1;
    if (value == number->unset)
        return 0;
    if (check_range(value, number->min, number->max, err) < 0)
        return err_wrap(err, "%s", member.path);
    *(int64_t *)((char *)res + number->offset) = value;
    return 0;
}

/* A limit of 0 .. UINT64_MAX, -1 being unlimited; absent is 0, as Go's "omitempty" has it, where
 * that is allowed. */
static int read_limit(const struct json_at *member, bool required, uint64_t *out,
                      struct lxcdriver_error **err)
{
    *out = 0;
    if (!required && !json_present(member))
        return 0;
    if (json_is_integer(member->value) && json_integer_value(member->value) == -1) {
        *out = UINT64_MAX;
        return 0;
    }
    return json_get_u64(member, 0, UINT64_MAX, out, err);
}

/* {type, soft, hard} of Docker's Rlimit, or {name, soft, hard} of its Ulimit (whose members Go
 * writes with a capital). */
static int read_rlimit(const struct json_at *at, struct process_spec *p,
                       struct lxcdriver_error **err)
{
    struct json_at name = execdriver_either(at, "name", "Name");
    struct json_at soft_at = execdriver_either(at, "soft", "Soft");
    struct json_at hard_at = execdriver_either(at, "hard", "Hard");
    cleanup_free char *text = NULL;
    int64_t resource = RLIMIT_CPU; /* number 0, which Go leaves out */
    uint64_t soft, hard;

    if (json_want_object(at, err) < 0)
        return -1;
    if (json_present(&name)) {
        if (json_get_string(&name, &text, err) < 0)
            return -1;
        resource = rlimit_from_name(text);
        if (resource < 0)
            return json_error(&name, err, "expected the name of a limit");
    } else if (json_opt_int(at, "type", 0, RLIMIT_NLIMITS - 1, &resource, err) < 0) {
        return -1;
    }
    if (read_limit(&soft_at, text, &soft, err) < 0 || read_limit(&hard_at, text, &hard, err) < 0)
        return -1;
    if (soft > hard)
        return err_set(err, "%s: the soft limit %" PRIu64 " is above the hard limit %" PRIu64,
                       at->path, soft, hard);
    return rlimit_set(p, (int)resource, soft, hard, err);
}

static int read_rlimits(const struct json_at *at, struct process_spec *p,
                        struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "rlimits", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element))
        if (read_rlimit(&element, p, err) < 0)
            return -1;
    return 0;
}

static int read_cpuset(const struct json_at *at, const char *name, char **out,
                       struct lxcdriver_error **err)
{
    if (execdriver_text(at, name, out, err) < 0)
        return -1;
    return *out && check_cpuset(*out, err) < 0 ? err_wrap(err, "%s.%s", at->path, name) : 0;
}

int execdriver_resources(const struct json_at *at, struct command *cmd,
                         struct lxcdriver_error **err)
{
    struct resources *res = &cmd->res;
    struct json_at member;
    bool present;

    if (json_opt_object(at, "resources", &member, &present, err) < 0)
        return -1;
    if (!present)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (read_number(&member, &numbers[i], res, err) < 0)
            return -1;
    if (json_opt_bool(&member, "oom_kill_disable", &res->oom_kill_disable, err) < 0 ||
        read_cpuset(&member, "cpuset_cpus", &res->cpuset_cpus, err) < 0 ||
        read_cpuset(&member, "cpuset_mems", &res->cpuset_mems, err) < 0)
        return -1;
    res->has_oom_kill_disable = res->oom_kill_disable;
    return read_rlimits(&member, &cmd->process, err);
}
