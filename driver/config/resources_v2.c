#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/section.h"

/* Files of the kernel's Documentation/admin-guide/cgroup-v2.rst. The specification counts as cgroup
 * v1 does; the conversions are those of the OCI runtimes, so that a container weighs the same under
 * each of them. */

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define PERIOD_DEFAULT 100000

static int absent(struct section *s, const char *member, const char *what)
{
    return err_set(s->err, "resources.%s: cgroup v2 has no %s", member, what);
}

/* A number, where a negative one is "max". */
static int limit(struct section *s, const char *file, const char *member, int64_t value)
{
    if (value < 0)
        return section_limit(s, file, member, true, "max");
    return section_limit(s, file, member, false, "%" PRId64, value);
}

/* v1 limits memory and swap together, v2 swap by itself. */
static int swap(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    if (!resource_given(r->memory_swap))
        return 0;
    if (r->memory_swap < 0)
        return limit(s, "memory.swap.max", "memory_swap", -1);
    if (!resource_given(r->memory_limit) || r->memory_limit < 0)
        return err_set(s->err,
                       "resources.memory_swap: %" PRId64 " needs a limit of memory beside it",
                       r->memory_swap);
    if (r->memory_swap < r->memory_limit)
        return err_set(
            s->err, "resources.memory_swap: %" PRId64 " is less than the limit of memory, %" PRId64,
            r->memory_swap, r->memory_limit);
    return limit(s, "memory.swap.max", "memory_swap", r->memory_swap - r->memory_limit);
}

static int memory(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    if (resource_given(r->memory_kernel) && r->memory_kernel >= 0)
        return absent(s, "kernel_memory", "limit of kernel memory alone");
    if (resource_given(r->memory_kernel_tcp) && r->memory_kernel_tcp >= 0)
        return absent(s, "kernel_memory_tcp", "limit of TCP buffers alone");
    if (resource_given(r->memory_swappiness) && r->memory_swappiness >= 0)
        return absent(s, "memory_swappiness", "swappiness of a cgroup");
    if (r->has_oom_kill_disable && r->oom_kill_disable)
        return absent(s, "oom_kill_disable", "way to disable the OOM killer");
    if (r->has_use_hierarchy && !r->use_hierarchy)
        return absent(s, "memory.use_hierarchy", "memory controller without hierarchy");
    if (resource_given(r->memory_limit) && limit(s, "memory.max", "memory", r->memory_limit) < 0)
        return -1;
    if (swap(s) < 0)
        return -1;
    if (!resource_given(r->memory_reservation))
        return 0;
    return limit(s, "memory.low", "memory_reservation",
                 r->memory_reservation < 0 ? 0 : r->memory_reservation);
}

/* 2 .. 262144 shares onto a weight of 1 .. 10000. */
static int64_t weight_of_shares(int64_t shares)
{
    if (shares < SHARES_MIN)
        shares = SHARES_MIN;
    if (shares > SHARES_MAX)
        shares = SHARES_MAX;
    return 1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN);
}

static int quota(struct section *s)
{
    const struct resources *r = &s->cmd->res;
    int64_t period = resource_given(r->cpu_period_us) && r->cpu_period_us > 0 ? r->cpu_period_us
                                                                              : PERIOD_DEFAULT;

    if (!resource_given(r->cpu_quota_us) && !resource_given(r->cpu_period_us))
        return 0;
    if (!resource_given(r->cpu_quota_us) || r->cpu_quota_us <= 0)
        return section_limit(s, "cpu.max", "cpu_quota", true, "max %" PRId64, period);
    return section_limit(s, "cpu.max", "cpu_quota", false, "%" PRId64 " %" PRId64, r->cpu_quota_us,
                         period);
}

/* An idle cgroup has no weight: the kernel refuses to set one. Zero shares are the default. */
static int cpu(struct section *s)
{
    const struct resources *r = &s->cmd->res;
    bool idle = resource_given(r->cpu_idle) && r->cpu_idle != 0;

    if (resource_given(r->cpu_rt_runtime_us) && r->cpu_rt_runtime_us != 0)
        return absent(s, "cpu_rt_runtime", "realtime runtime");
    if (resource_given(r->cpu_rt_period_us) && r->cpu_rt_period_us != 0)
        return absent(s, "cpu_rt_period", "realtime period");
    if (resource_given(r->cpu_shares) && r->cpu_shares > 0 && !idle &&
        section_limit(s, "cpu.weight", "cpu_shares", false, "%" PRId64,
                      weight_of_shares(r->cpu_shares)) < 0)
        return -1;
    if (quota(s) < 0)
        return -1;
    if (resource_given(r->cpu_burst_us) &&
        section_limit(s, "cpu.max.burst", "cpu_burst", r->cpu_burst_us == 0, "%" PRId64,
                      r->cpu_burst_us) < 0)
        return -1;
    if (!resource_given(r->cpu_idle))
        return 0;
    return section_limit(s, "cpu.idle", "cpu_idle", !idle, "%" PRId64, r->cpu_idle);
}

static int cpuset(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    if (!str_empty(r->cpuset_cpus) &&
        section_limit(s, "cpuset.cpus", "cpuset_cpus", false, "%s", r->cpuset_cpus) < 0)
        return -1;
    if (str_empty(r->cpuset_mems))
        return 0;
    return section_limit(s, "cpuset.mems", "cpuset_mems", false, "%s", r->cpuset_mems);
}

/* io.bfq.weight takes v1's 10 .. 1000 as it is; io.weight goes from 1 to 10000. */
static int64_t io_weight(const char *file, int64_t weight)
{
    if (strcmp(file, "io.weight") != 0)
        return weight;
    if (weight < 10)
        weight = 10;
    if (weight > 1000)
        weight = 1000;
    return 1 + (weight - 10) * 9999 / 990;
}

static int weights(struct section *s)
{
    const struct resources *r = &s->cmd->res;
    const char *file = s->facts->blkio_weight_file ? s->facts->blkio_weight_file : "io.weight";

    if (resource_given(r->blkio_leaf_weight))
        return absent(s, "blkio_leaf_weight", "leaf weight");
    if (resource_given(r->blkio_weight) && r->blkio_weight > 0 &&
        section_limit(s, file, "blkio_weight", false, "default %" PRId64,
                      io_weight(file, r->blkio_weight)) < 0)
        return -1;
    for (size_t i = 0; i < r->n_blkio_weight_devices; i++) {
        const struct weight_device *d = &r->blkio_weight_devices[i];

        if (resource_given(d->leaf_weight))
            return absent(s, "blkio_weight_device", "leaf weight");
        if (resource_given(d->weight) &&
            section_limit(s, file, "blkio_weight_device", false, "%" PRId64 ":%" PRId64 " %" PRId64,
                          d->major, d->minor, io_weight(file, d->weight)) < 0)
            return -1;
    }
    return 0;
}

static int throttles(struct section *s)
{
    static const char *const words[THROTTLE_KINDS] = {
        [THROTTLE_READ_BPS] = "rbps",
        [THROTTLE_WRITE_BPS] = "wbps",
        [THROTTLE_READ_IOPS] = "riops",
        [THROTTLE_WRITE_IOPS] = "wiops",
    };
    const struct resources *r = &s->cmd->res;

    for (int k = 0; k < THROTTLE_KINDS; k++)
        for (size_t i = 0; i < r->n_throttle[k]; i++) {
            const struct throttle_device *d = &r->throttle[k][i];
            cleanup_free char *rate = d->rate ? str_printf("%" PRIu64, d->rate) : strdup("max");

            if (!rate)
                return err_nomem(s->err);
            if (section_limit(s, "io.max", "blkio_throttle", d->rate == 0,
                              "%" PRId64 ":%" PRId64 " %s=%s", d->major, d->minor, words[k],
                              rate) < 0)
                return -1;
        }
    return 0;
}

static int hugepages(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    for (size_t i = 0; i < r->n_hugepages; i++) {
        cleanup_free char *file = str_printf("hugetlb.%s.max", r->hugepages[i].page_size);

        if (!file)
            return err_nomem(s->err);
        if (section_limit(s, file, "hugepage_limits", false, "%" PRIu64, r->hugepages[i].limit) < 0)
            return -1;
    }
    return 0;
}

/* "cgroup.*" files belong to no controller. */
static int unified_line(struct section *s, const char *file, const char *member, const char *line)
{
    if (str_starts(file, "cgroup."))
        return section_value(s, file, member, line);
    return section_limit(s, file, member, false, "%s", line);
}

/* One line is one write: what a file takes in several lines is said in several. An empty value
 * would clear the key in LXC, not write the file. */
static int unified_value(struct section *s, const char *file, const char *member, const char *value)
{
    cleanup_free char *copy = strdup(value ? value : "");
    char *rest = copy;
    bool said = false;

    if (!copy)
        return err_nomem(s->err);
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (!*line)
            continue;
        said = true;
        if (unified_line(s, file, member, line) < 0)
            return -1;
    }
    return said ? 0 : err_set(s->err, "resources.%s: has no value", member);
}

static int unified(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    for (size_t i = 0; i < r->n_unified; i++) {
        const struct string_pair *pair = &r->unified[i];
        cleanup_free char *member = str_printf("unified.%s", pair->key);

        if (!member)
            return err_nomem(s->err);
        if (!strchr(pair->key, '.') || strchr(pair->key, '/'))
            return err_set(s->err, "resources.%s: is not the name of a cgroup file", member);
        if (unified_value(s, pair->key, member, pair->value) < 0)
            return -1;
    }
    return 0;
}

int config_resources_v2(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    if (resource_given(r->net_class_id) && r->net_class_id)
        return absent(s, "network.class_id", "network class");
    if (r->n_net_priorities)
        return absent(s, "network.priorities", "network priorities");
    if (memory(s) < 0 || cpu(s) < 0 || cpuset(s) < 0 || section_pids(s) < 0 || weights(s) < 0 ||
        throttles(s) < 0 || hugepages(s) < 0 || section_rdma(s) < 0)
        return -1;
    return unified(s);
}
