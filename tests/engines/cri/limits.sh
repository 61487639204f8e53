# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Resources, what is counted, and the end that the kernel makes. The files are v1's or v2's, whichever the machine has.

readonly LIMITS='cd /sys/fs/cgroup
    cat memory/memory.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us 2>/dev/null ||
        cat memory.max cpu.weight cpu.max
    cat cpuset/cpuset.cpus 2>/dev/null || cat cpuset.cpus'

s_limits()
{
    pod
    con one '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 512, cpu_quota: 50000, cpu_period: 100000, cpuset_cpus: "0"}'
    x one sh -c "$LIMITS"
    con none
    x none sh -c 'cd /sys/fs/cgroup; cat cpu/cpu.shares cpu/cpu.cfs_quota_us 2>/dev/null || cat cpu.weight cpu.max'
}

# In the pod's cgroup, under the sandbox's and containers' own names.
s_cgroups()
{
    pod
    con one
    cut -d: -f2- "/proc/$(pid one)/cgroup" | grep -v '^name=\|^:' | sed -e "s/$(con_id one)/CON/" | sort
    x one sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
    x one sh -c 'dir=/sys/fs/cgroup/memory; [ -e $dir ] || dir=/sys/fs/cgroup; mkdir $dir/x 2>/dev/null || echo read-only'
}

s_update_resources()
{
    pod
    con one '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 512}'
    t cri UpdateContainerResources "$(con_json one |
        jq '.linux = {memory_limit_in_bytes: 33554432, cpu_shares: 2048, cpu_quota: 20000, cpu_period: 50000, cpuset_cpus: "0"}')"
    x one sh -c "$LIMITS"
    t cri UpdateContainerResources "$(con_json one | jq '.linux = {memory_limit_in_bytes: 134217728}')"
    x one sh -c "$LIMITS"
    errs cri UpdateContainerResources "$(con_json one | jq '.linux = {cpuset_cpus: "77"}')"
    x one echo 'goes on'
}

# Before its start, as the kubelet's CPU manager does.
s_update_before_start()
{
    pod
    must make_con one
    t cri UpdateContainerResources "$(con_json one | jq '.linux = {cpu_shares: 700, cpuset_cpus: "0"}')"
    t start one
    x one sh -c "$LIMITS"
}

s_oom_killed()
{
    pod
    con other
    run_con one '.linux.resources.memory_limit_in_bytes = 16777216' -- tail /dev/zero
    x other echo 'goes on'
}

# The kernel kills a child: the container goes on, and its end says OOMKilled all the same.
s_oom_killed_child()
{
    pod
    run_con one '.linux.resources.memory_limit_in_bytes = 16777216' -- sh -c 'exec 2>&1; tail /dev/zero; echo "child $?"; sleep 0.5'
}

s_oom_score()
{
    pod
    con one '.linux.resources.oom_score_adj = 900'
    x one cat /proc/1/oom_score_adj
    x one cat /proc/self/oom_score_adj
}

s_container_stats()
{
    pod
    con one '.linux.resources.memory_limit_in_bytes = 67108864' -- sh -c 'head -c 8000000 /dev/zero | sha256sum; sleep 600'
    until_true 10 says one ' -'
    cri ContainerStats "$(con_json one)" | jq -c '.stats | .attributes.metadata.name, (.cpu.usage_core_nano_seconds.value | tonumber > 1000000),
        (.memory | (.working_set_bytes.value | tonumber > 0 and tonumber < 67108864), (.available_bytes.value | tonumber > 0),
            (.usage_bytes.value | tonumber > 0), (.rss_bytes.value | tonumber > 0))'
    cri ListContainerStats "$(jq -n --arg id "$(pod_id)" '{filter: {pod_sandbox_id: $id}}')" |
        jq -c '[.stats[].attributes.metadata.name]'
    t stop one 0
    cri ListContainerStats "$(jq -n --arg id "$(pod_id)" '{filter: {pod_sandbox_id: $id}}')" | jq -c '[.stats[].attributes.metadata.name]'
}

s_pod_stats()
{
    pod
    con one
    con two -- sh -c 'head -c 8000000 /dev/zero | sha256sum; ping -c 2 127.0.0.1 >/dev/null; sleep 600'
    until_true 10 says two ' -'
    cri PodSandboxStats "$(pod_json)" | jq -c '.stats.linux | [.containers[].attributes.metadata.name] == ["one", "two"] or
        [.containers[].attributes.metadata.name] == ["two", "one"], (.cpu.usage_core_nano_seconds.value | tonumber > 1000000),
        (.memory.usage_bytes.value | tonumber > 0), .network.default_interface.name, (.process.process_count.value | tonumber > 0)'
}
