#include "spec/validate.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"

/* Below this no process gets going; docker run has the same floor. An engine that writes a bundle
 * has a floor of its own. */
#define MEMORY_MIN (INT64_C(6) << 20)

/*
 * Ranges of the kernel's control files: cgroup-v1/memory.rst, sched-bwc.rst, blkio-controller.rst
 * and cgroup-v2.rst. -1 stands for "unlimited" where a file has such a word.
 */
static const struct range {
    const char *member;
    size_t offset;
    int64_t min, max;
} ranges[] = {
    {"memory", offsetof(struct resources, memory_limit), -1, INT64_MAX},
    {"memory_reservation", offsetof(struct resources, memory_reservation), -1, INT64_MAX},
    {"memory_swap", offsetof(struct resources, memory_swap), -1, INT64_MAX},
    {"kernel_memory", offsetof(struct resources, memory_kernel), -1, INT64_MAX},
    {"kernel_memory_tcp", offsetof(struct resources, memory_kernel_tcp), -1, INT64_MAX},
    {"memory_swappiness", offsetof(struct resources, memory_swappiness), 0, 100},
    {"cpu_shares", offsetof(struct resources, cpu_shares), 2, 262144},
    {"cpu_period", offsetof(struct resources, cpu_period_us), 1000, 1000000},
    {"cpu_quota", offsetof(struct resources, cpu_quota_us), -1, INT64_MAX / 1000},
    {"cpu_burst", offsetof(struct resources, cpu_burst_us), 0, INT64_MAX / 1000},
    {"cpu_rt_period", offsetof(struct resources, cpu_rt_period_us), 1, 1000000},
    {"cpu_rt_runtime", offsetof(struct resources, cpu_rt_runtime_us), -1, 1000000},
    {"cpu_idle", offsetof(struct resources, cpu_idle), 0, 1},
    {"pids_limit", offsetof(struct resources, pids_limit), -1, INT64_MAX},
    {"blkio_weight", offsetof(struct resources, blkio_weight), 10, 1000},
    {"blkio_leaf_weight", offsetof(struct resources, blkio_leaf_weight), 10, 1000},
    {"net_class_id", offsetof(struct resources, net_class_id), 0, UINT32_MAX},
};

static int check_ranges(const struct resources *res, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        int64_t value = *(const int64_t *)((const char *)res + ranges[i].offset);

        if (check_range(value, ranges[i].min, ranges[i].max, err) < 0)
            return err_wrap(err, "resources.%s", ranges[i].member);
    }
    return 0;
}

static int check_memory_floor(const struct resources *res, struct lxcdriver_error **err)
{
    const struct {
        const char *member;
        int64_t value;
    } limits[] = {{"memory", res->memory_limit}, {"memory_reservation", res->memory_reservation}};

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (limits[i].value > 0 && limits[i].value < MEMORY_MIN)
            return err_set(err,
                           "resources.%s: %" PRId64 " is less than the %" PRId64
                           " that a container needs",
                           limits[i].member, limits[i].value, MEMORY_MIN);
    return 0;
}

static int check_memory(const struct resources *res, struct lxcdriver_error **err)
{
    if (res->memory_swap > 0 && res->memory_limit == RES_UNSET)
        return err_set(err, "resources.memory_swap: %" PRId64 " needs resources.memory",
                       res->memory_swap);
    if (res->memory_swap > 0 && res->memory_swap < res->memory_limit)
        return err_set(err,
                       "resources.memory_swap: %" PRId64
                       " counts memory too and is less than its %" PRId64,
                       res->memory_swap, res->memory_limit);
    return 0;
}

/* A bundle may ask for it: the kernel takes it, and the specification's own example has it. */
static int check_reservation(const struct resources *res, struct lxcdriver_error **err)
{
    if (res->memory_limit > 0 && res->memory_reservation > res->memory_limit)
        return err_set(
            err, "resources.memory_reservation: %" PRId64 " is above resources.memory, %" PRId64,
            res->memory_reservation, res->memory_limit);
    return 0;
}

static int check_cpu(const struct resources *res, struct lxcdriver_error **err)
{
    if (res->cpu_quota_us >= 0 && res->cpu_quota_us < 1000)
        return err_set(err, "resources.cpu_quota: %" PRId64 " is less than 1000 microseconds",
                       res->cpu_quota_us);
    if (res->cpuset_cpus && check_cpuset(res->cpuset_cpus, err) < 0)
        return err_wrap(err, "resources.cpuset_cpus");
    if (res->cpuset_mems && check_cpuset(res->cpuset_mems, err) < 0)
        return err_wrap(err, "resources.cpuset_mems");
    return 0;
}

static int check_blkio(const struct resources *res, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < res->n_blkio_weight_devices; i++) {
        const struct weight_device *device = &res->blkio_weight_devices[i];

        if (check_range(device->weight, 10, 1000, err) < 0 ||
            check_range(device->leaf_weight, 10, 1000, err) < 0)
            return err_wrap(err, "resources.blkio_weight_device[%zu]", i);
        if (device->weight == RES_UNSET && device->leaf_weight == RES_UNSET)
            return err_set(err, "resources.blkio_weight_device[%zu]: has no weight", i);
    }
    return 0;
}

/* "2MB", "1GB", "64KB": the names under /sys/kernel/mm/hugepages in other words, as the cgroup
 * files have them. */
static int check_hugepages(const struct resources *res, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < res->n_hugepages; i++) {
        const char *size = res->hugepages[i].page_size;
        size_t digits = size ? strspn(size, "0123456789") : 0;

        if (!digits || (strcmp(size + digits, "KB") && strcmp(size + digits, "MB") &&
                        strcmp(size + digits, "GB")))
            return err_set(
                err, "resources.hugepageLimits[%zu].pageSize: \"%s\" is not a size such as 2MB", i,
                size ? size : "");
    }
    return 0;
}

static int check_unified(const struct resources *res, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < res->n_unified; i++) {
        const char *file = res->unified[i].key;

        if (!*file || strchr(file, '/') || !strchr(file, '.') || *file == '.')
            return err_set(err, "resources.unified: \"%s\" is not a control file's name", file);
        if (check_text(file, err) < 0)
            return err_wrap(err, "resources.unified");
    }
    return 0;
}

int validate_resources(const struct command *cmd, struct lxcdriver_error **err)
{
    const struct resources *res = &cmd->res;

    if (!cmd->oci_version && (check_memory_floor(res, err) < 0 || check_reservation(res, err) < 0))
        return -1;
    if (check_ranges(res, err) < 0 || check_memory(res, err) < 0 || check_cpu(res, err) < 0 ||
        check_blkio(res, err) < 0 || check_hugepages(res, err) < 0)
        return -1;
    return check_unified(res, err);
}
