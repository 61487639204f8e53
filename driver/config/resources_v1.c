#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/section.h"

/* Files of the kernel's Documentation/admin-guide/cgroup-v1. A number that was not given is not
 * written. */

struct number {
    int64_t value;
    const char *file, *member;
    int64_t unlimited; /* the value that means no limit; RES_UNSET: none does */
};

static int numbers(struct section *s, const struct number *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (resource_given(list[i].value) &&
            section_limit(s, list[i].file, list[i].member, list[i].value == list[i].unlimited,
                          "%" PRId64, list[i].value) < 0)
            return -1;
    return 0;
}

/* The kernel refuses memory+swap below memory: LXC sorts it behind the limit wherever it stands.
 * Kernel memory has been accounted with the rest since Linux 5.16, and from 6.x on its file is
 * deprecated: a kernel may take the value and not act on it. */
static int memory(struct section *s)
{
    const struct resources *r = &s->cmd->res;
    const struct number list[] = {
        {r->memory_limit, "memory.limit_in_bytes", "memory", -1},
        {r->memory_swap, "memory.memsw.limit_in_bytes", "memory_swap", -1},
        {r->memory_reservation, "memory.soft_limit_in_bytes", "memory_reservation", -1},
        {r->memory_kernel, "memory.kmem.limit_in_bytes", "kernel_memory", -1},
        {r->memory_kernel_tcp, "memory.kmem.tcp.limit_in_bytes", "kernel_memory_tcp", -1},
        {r->memory_swappiness, "memory.swappiness", "memory_swappiness", RES_UNSET},
    };

    if (numbers(s, list, ARRAY_SIZE(list)) < 0)
        return -1;
    if (r->has_use_hierarchy && section_limit(s, "memory.use_hierarchy", "memory.use_hierarchy",
                                              false, "%d", r->use_hierarchy) < 0)
        return -1;
    if (!r->has_oom_kill_disable)
        return 0;
    return section_limit(s, "memory.oom_control", "oom_kill_disable", !r->oom_kill_disable, "%d",
                         r->oom_kill_disable);
}

/* The period comes first: a quota is checked against it. */
static int cpu(struct section *s)
{
    const struct resources *r = &s->cmd->res;
    const struct number list[] = {
        {r->cpu_shares, "cpu.shares", "cpu_shares", RES_UNSET},
        {r->cpu_period_us, "cpu.cfs_period_us", "cpu_period", RES_UNSET},
        {r->cpu_quota_us, "cpu.cfs_quota_us", "cpu_quota", -1},
        {r->cpu_burst_us, "cpu.cfs_burst_us", "cpu_burst", 0},
        {r->cpu_rt_period_us, "cpu.rt_period_us", "cpu_rt_period", RES_UNSET},
        {r->cpu_rt_runtime_us, "cpu.rt_runtime_us", "cpu_rt_runtime", RES_UNSET},
        {r->cpu_idle, "cpu.idle", "cpu_idle", 0},
    };

    if (numbers(s, list, ARRAY_SIZE(list)) < 0)
        return -1;
    if (!str_empty(r->cpuset_cpus) &&
        section_limit(s, "cpuset.cpus", "cpuset_cpus", false, "%s", r->cpuset_cpus) < 0)
        return -1;
    if (str_empty(r->cpuset_mems))
        return 0;
    return section_limit(s, "cpuset.mems", "cpuset_mems", false, "%s", r->cpuset_mems);
}

static int weights(struct section *s)
{
    const struct resources *r = &s->cmd->res;
    const char *file =
        s->facts->blkio_weight_file ? s->facts->blkio_weight_file : "blkio.bfq.weight";
    cleanup_free char *device_file = str_printf("%s_device", file);

    if (!device_file)
        return err_nomem(s->err);
    if (resource_given(r->blkio_weight) &&
        section_limit(s, file, "blkio_weight", false, "%" PRId64, r->blkio_weight) < 0)
        return -1;
    if (resource_given(r->blkio_leaf_weight) &&
        section_limit(s, "blkio.leaf_weight", "blkio_leaf_weight", false, "%" PRId64,
                      r->blkio_leaf_weight) < 0)
        return -1;
    for (size_t i = 0; i < r->n_blkio_weight_devices; i++) {
        const struct weight_device *d = &r->blkio_weight_devices[i];

        if (resource_given(d->weight) &&
            section_limit(s, device_file, "blkio_weight_device", false,
                          "%" PRId64 ":%" PRId64 " %" PRId64, d->major, d->minor, d->weight) < 0)
            return -1;
        if (resource_given(d->leaf_weight) &&
            section_limit(s, "blkio.leaf_weight_device", "blkio_weight_device", false,
                          "%" PRId64 ":%" PRId64 " %" PRId64, d->major, d->minor,
                          d->leaf_weight) < 0)
            return -1;
    }
    return 0;
}

static int throttles(struct section *s)
{
    static const char *const files[THROTTLE_KINDS] = {
        [THROTTLE_READ_BPS] = "blkio.throttle.read_bps_device",
        [THROTTLE_WRITE_BPS] = "blkio.throttle.write_bps_device",
        [THROTTLE_READ_IOPS] = "blkio.throttle.read_iops_device",
        [THROTTLE_WRITE_IOPS] = "blkio.throttle.write_iops_device",
    };
    const struct resources *r = &s->cmd->res;

    for (int k = 0; k < THROTTLE_KINDS; k++)
        for (size_t i = 0; i < r->n_throttle[k]; i++) {
            const struct throttle_device *d = &r->throttle[k][i];

            if (section_limit(s, files[k], "blkio_throttle", d->rate == 0,
                              "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->rate) < 0)
                return -1;
        }
    return 0;
}

static int hugepages(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    for (size_t i = 0; i < r->n_hugepages; i++) {
        cleanup_free char *file =
            str_printf("hugetlb.%s.limit_in_bytes", r->hugepages[i].page_size);

        if (!file)
            return err_nomem(s->err);
        if (section_limit(s, file, "hugepage_limits", false, "%" PRIu64, r->hugepages[i].limit) < 0)
            return -1;
    }
    return 0;
}

static int network(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    if (resource_given(r->net_class_id) &&
        section_limit(s, "net_cls.classid", "network.class_id", r->net_class_id == 0, "%" PRId64,
                      r->net_class_id) < 0)
        return -1;
    for (size_t i = 0; i < r->n_net_priorities; i++)
        if (section_limit(s, "net_prio.ifpriomap", "network.priorities", false, "%s %" PRIu32,
                          r->net_priorities[i].name, r->net_priorities[i].priority) < 0)
            return -1;
    return 0;
}

int config_resources_v1(struct section *s)
{
    const struct resources *r = &s->cmd->res;

    if (r->n_unified)
        return err_set(s->err, "resources.unified.%s: this host's controllers are cgroup v1",
                       r->unified[0].key);
    if (memory(s) < 0 || cpu(s) < 0 || section_pids(s) < 0 || weights(s) < 0 || throttles(s) < 0 ||
        hugepages(s) < 0 || network(s) < 0)
        return -1;
    return section_rdma(s);
}
