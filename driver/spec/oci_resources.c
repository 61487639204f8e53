/*
 * "linux.resources" of an OCI bundle (config-linux.md, "Control groups"); `update` is given the
 * same object. Engines write a zero for what nobody asked for (Docker's update does for every
 * number), and a zero limit of memory, weight or share of time could not mean anything else: where
 * that is so, zero is "not given". It means something for cpu.burst, cpu.idle, swappiness, huge
 * pages and rates.
 */
#include "spec/oci.h"

#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_parts.h"
#include "spec/oci_resources.h"
#include "spec/readers.h"
#include "spec/validate.h"

struct number {
    const char *name;
    size_t offset; /* of an int64_t in struct resources */
    int64_t min, max;
    bool zero_is_none;
};

#define NUMBER(name, member, min, max, zero_is_none)                                               \
    {                                                                                              \
        name, offsetof(struct resources, member), min, max, zero_is_none                           \
    }

/* Bytes; -1 is unlimited. */
static const struct number memory_numbers[] = {
    NUMBER("limit", memory_limit, -1, INT64_MAX, true),
    NUMBER("reservation", memory_reservation, -1, INT64_MAX, true),
    NUMBER("swap", memory_swap, -1, INT64_MAX, true),
    NUMBER("kernel", memory_kernel, -1, INT64_MAX, true),
    NUMBER("kernelTCP", memory_kernel_tcp, -1, INT64_MAX, true),
};

/* Microseconds, but for shares and idle. cgroup-v1/sched-rt-group.rst: the realtime period is an
 * int. */
static const struct number cpu_numbers[] = {
    NUMBER("shares", cpu_shares, 2, 262144, true),
    NUMBER("quota", cpu_quota_us, -1, INT64_MAX / 1000, true),
    NUMBER("burst", cpu_burst_us, 0, INT64_MAX / 1000, false),
    NUMBER("period", cpu_period_us, 1000, 1000000, true),
    NUMBER("realtimeRuntime", cpu_rt_runtime_us, -1, 1000000, true),
    NUMBER("realtimePeriod", cpu_rt_period_us, 1, 1000000, true),
    NUMBER("idle", cpu_idle, 0, 1, false),
};

static const struct number blkio_numbers[] = {
    NUMBER("weight", blkio_weight, 10, 1000, true),
    NUMBER("leafWeight", blkio_leaf_weight, 10, 1000, true),
};

static int read_number(const struct json_at *at, const char *name, int64_t min, int64_t max,
                       bool zero_is_none, int64_t *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    if (zero_is_none && json_is_integer(member.value) && json_integer_value(member.value) == 0)
        return 0;
    return json_present(&member) ? json_get_int(&member, min, max, out, err) : 0;
}

static int read_numbers(const struct json_at *at, const struct number *list, size_t n,
                        struct resources *out, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < n; i++)
        if (read_number(at, list[i].name, list[i].min, list[i].max, list[i].zero_is_none,
                        (int64_t *)((char *)out + list[i].offset), err) < 0)
            return -1;
    return 0;
}

static int read_flag(const struct json_at *at, const char *name, bool *has, bool *value,
                     struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    if (!json_present(&member))
        return 0;
    *has = true;
    return json_get_bool(&member, value, err);
}

/* Engines turn the -1 of their own "not given" into this type's: 2^64 - 1. */
static int read_swappiness(const struct json_at *at, struct resources *out,
                           struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "swappiness");
    uint64_t value;

    if (!json_present(&member) ||
        (json_get_u64(&member, 0, UINT64_MAX, &value, NULL) == 0 && value == UINT64_MAX))
        return 0;
    return json_get_int(&member, 0, 100, &out->memory_swappiness, err);
}

static int read_memory(const struct json_at *at, struct resources *out,
                       struct lxcdriver_error **err)
{
    struct json_at memory;
    bool present;

    if (json_opt_object(at, "memory", &memory, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (read_numbers(&memory, memory_numbers, ARRAY_SIZE(memory_numbers), out, err) < 0 ||
        read_swappiness(&memory, out, err) < 0 ||
        read_flag(&memory, "disableOOMKiller", &out->has_oom_kill_disable, &out->oom_kill_disable,
                  err) < 0 ||
        read_flag(&memory, "useHierarchy", &out->has_use_hierarchy, &out->use_hierarchy, err) < 0)
        return -1;
    return json_opt_bool(&memory, "checkBeforeUpdate", &out->memory_check_before_update, err);
}

/* An empty list is none. */
static int read_cpuset(const struct json_at *at, const char *name, char **out,
                       struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);
    cleanup_free char *text = NULL;

    if (!json_present(&member))
        return 0;
    if (json_get_string(&member, &text, err) < 0)
        return -1;
    if (!*text)
        return 0;
    if (check_cpuset(text, err) < 0)
        return err_wrap(err, "%s", member.path);
    free(*out);
    *out = steal_ptr(&text);
    return 0;
}

static int read_cpu(const struct json_at *at, struct resources *out, struct lxcdriver_error **err)
{
    struct json_at cpu;
    bool present;

    if (json_opt_object(at, "cpu", &cpu, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (read_numbers(&cpu, cpu_numbers, ARRAY_SIZE(cpu_numbers), out, err) < 0 ||
        read_cpuset(&cpu, "cpus", &out->cpuset_cpus, err) < 0)
        return -1;
    return read_cpuset(&cpu, "mems", &out->cpuset_mems, err);
}

static int read_pids(const struct json_at *at, struct resources *out, struct lxcdriver_error **err)
{
    struct json_at pids;
    bool present;

    if (json_opt_object(at, "pids", &pids, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (json_opt_int(&pids, "limit", -1, INT64_MAX - 1, &out->pids_limit, err) < 0)
        return -1;
    /* No container can live within a limit of 0: engines that were asked for none write it. */
    if (out->pids_limit == 0)
        out->pids_limit = RES_UNSET;
    return 0;
}

static int read_weight_device(const struct json_at *at, struct resources *out,
                              struct lxcdriver_error **err)
{
    struct weight_device *device =
        ARRAY_GROW(&out->blkio_weight_devices, &out->n_blkio_weight_devices);

    if (!device)
        return err_nomem(err);
    device->weight = device->leaf_weight = RES_UNSET;
    if (json_want_object(at, err) < 0 ||
        oci_device_number(at, &device->major, &device->minor, err) < 0 ||
        read_number(at, "weight", 10, 1000, true, &device->weight, err) < 0 ||
        read_number(at, "leafWeight", 10, 1000, true, &device->leaf_weight, err) < 0)
        return -1;
    if (device->weight == RES_UNSET && device->leaf_weight == RES_UNSET)
        return json_error(at, err, "has neither weight nor leafWeight");
    return 0;
}

static int read_throttle(const struct json_at *at, enum throttle_kind kind, struct resources *out,
                         struct lxcdriver_error **err)
{
    struct throttle_device *device = ARRAY_GROW(&out->throttle[kind], &out->n_throttle[kind]);

    if (!device)
        return err_nomem(err);
    if (json_want_object(at, err) < 0 ||
        oci_device_number(at, &device->major, &device->minor, err) < 0)
        return -1;
    return json_opt_u64(at, "rate", 0, UINT64_MAX, &device->rate, err);
}

static int read_throttles(const struct json_at *at, struct resources *out,
                          struct lxcdriver_error **err)
{
    static const char *const names[THROTTLE_KINDS] = {
        [THROTTLE_READ_BPS] = "throttleReadBpsDevice",
        [THROTTLE_WRITE_BPS] = "throttleWriteBpsDevice",
        [THROTTLE_READ_IOPS] = "throttleReadIOPSDevice",
        [THROTTLE_WRITE_IOPS] = "throttleWriteIOPSDevice",
    };

    for (int kind = 0; kind < THROTTLE_KINDS; kind++) {
        struct json_list list;
        struct json_at element;

        if (json_opt_list(at, names[kind], &list, err) < 0)
            return -1;
        while (json_list_next(&list, &element))
            if (read_throttle(&element, (enum throttle_kind)kind, out, err) < 0)
                return -1;
    }
    return 0;
}

static int read_blkio(const struct json_at *at, struct resources *out, struct lxcdriver_error **err)
{
    struct json_at blkio, element;
    struct json_list list;
    bool present;

    if (json_opt_object(at, "blockIO", &blkio, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (read_numbers(&blkio, blkio_numbers, ARRAY_SIZE(blkio_numbers), out, err) < 0 ||
        json_opt_list(&blkio, "weightDevice", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element))
        if (read_weight_device(&element, out, err) < 0)
            return -1;
    return read_throttles(&blkio, out, err);
}

int oci_resources_read(const struct json_at *at, struct resources *out,
                       struct lxcdriver_error **err)
{
    if (json_want_object(at, err) < 0 || oci_device_rules(at, out, err) < 0 ||
        read_memory(at, out, err) < 0 || read_cpu(at, out, err) < 0 ||
        read_pids(at, out, err) < 0 || read_blkio(at, out, err) < 0)
        return -1;
    return oci_resources_rare(at, out, err);
}
