# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Limits, what is counted, and the end that the kernel makes.

s_memory()
{
    t cr --rm --memory-limit 33554432 -- sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'
}

s_cpu()
{
    t cr --rm --cpu-quota 50000 --cpu-period 100000 --cpu-shares 512 -- sh -c \
        'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us /sys/fs/cgroup/cpu/cpu.shares 2>/dev/null ||
            cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu.weight'
}

s_cgroup_path()
{
    up
    cut -d: -f2- "/proc/$(init_pid)/cgroup" | sort
}

s_oom()
{
    events_begin
    t cr --rm --memory-limit 16777216 -- tail /dev/zero
    events_end
}

s_metrics()
{
    up --memory-limit 67108864
    # The supervisor is counted among the tasks.
    ctr task metrics --format json "$C" | jq '.memory.usage.limit, (.memory.usage.usage > 0), (.cpu.usage.total > 0), (.pids.current > 0), .pids.limit'
}

s_metrics_table()
{
    up
    ctr task metrics "$C" | awk '{ print $1 }' | sort
}
