# shellcheck shell=bash
# Limits: what stands in the cgroups, and that it holds.

s_limits_memory()
{
    d -m 64m --memory-reservation 32m --memory-swappiness 0 "$I" sleep 100
    cg memory memory.limit_in_bytes
    cg memory memory.soft_limit_in_bytes
    cg memory memory.swappiness
    cg memory memory.oom_control | sed 's/oom_kill [0-9]*/oom_kill N/'
    x cat /sys/fs/cgroup/memory/memory.limit_in_bytes
    podman inspect --format '{{.HostConfig.Memory}} {{.HostConfig.MemoryReservation}}' "$C"
}

s_limits_memory_holds()
{
    # The kernel may take another one when a victim does not go fast enough: the child offers itself.
    r -m 24m "$I" sh -c 'sh -c "echo 1000 >/proc/self/oom_score_adj; exec tail -n 1 /dev/zero"; echo "ended with $?"; echo alive'
    r -m 24m --oom-kill-disable=false "$I" sh -c 'exec tail -n 1 /dev/zero'
}

s_limits_cpu()
{
    d --cpu-shares 512 --cpu-period 50000 --cpu-quota 25000 "$I" sleep 100
    cg cpu cpu.shares
    cg cpu cpu.cfs_period_us
    cg cpu cpu.cfs_quota_us
    must podman run -d --network none --name "$C-2" --cpus 0.5 "$I" sleep 100
    cg cpu cpu.cfs_quota_us "$C-2"
    cg cpu cpu.cfs_period_us "$C-2"
    pe run --rm --network none --cpu-period 1 --cpu-quota 25000 "$I" true
}

s_limits_cpuset()
{
    d --cpuset-cpus 0 --cpuset-mems 0 "$I" sleep 100
    cg cpuset cpuset.cpus
    cg cpuset cpuset.mems
    x nproc
    x grep Cpus_allowed_list /proc/self/status
    pe run --rm --network none --cpuset-cpus 99 "$I" true
}

s_limits_pids()
{
    # As many processes as were asked for and no more, whatever the runtime itself needs.
    d --pids-limit 12 "$I" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11; do sleep 100 & done; echo ready; wait'
    until_log ready
    podman top "$C" args | grep -c '^sleep'
    must podman run -d --network none --name "$C-3" --pids-limit 12 "$I" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 100 & done; echo too many; wait'
    podman wait "$C-3"
    podman logs "$C-3" 2>&1 | sed 's/.*: //'
    podman inspect --format '{{.HostConfig.PidsLimit}}' "$C"
    must podman run -d --network none --name "$C-2" --pids-limit -1 "$I" sleep 100
    cg pids pids.max "$C-2"
}

s_limits_blkio()
{
    local major minor

    read -r major minor _ < <(sed 1,2d /proc/partitions)
    mknod "/dev/$C" b "$major" "$minor"
    d --device-read-bps "/dev/$C:1mb" --device-write-iops "/dev/$C:77" "$I" sleep 100
    rm "/dev/$C"
    cg blkio blkio.throttle.read_bps_device
    cg blkio blkio.throttle.write_iops_device
}

s_limits_devices()
{
    # Loop devices may be opened, memory may not, whoever makes the node.
    d --device-cgroup-rule 'b 7:* rmw' --device-cgroup-rule 'c 1:7 r' --cap-add mknod "$I" sleep 100
    x sh -c 'mknod /tmp/loop b 7 0; mknod /tmp/mem c 1 1; mknod /tmp/kmsg c 1 11;
        for f in loop mem kmsg; do (: </tmp/$f) 2>&1 | sed "s/.*: //"; done'
    podman inspect --format '{{.HostConfig.Devices}}' "$C"
}

s_limits_update()
{
    d -m 64m --cpu-shares 512 "$I" sleep 100
    must podman update -m 128m --cpu-shares 256 --cpu-quota 30000 --cpuset-cpus 0 "$C"
    cg memory memory.limit_in_bytes
    cg cpu cpu.shares
    cg cpu cpu.cfs_quota_us
    cg cpuset cpuset.cpus
    x nproc
    must podman update --cpus 0.25 "$C"
    cg cpu cpu.cfs_quota_us
    must podman update -m 96m --memory-reservation 48m --memory-swappiness 10 "$C"
    cg memory memory.limit_in_bytes
    cg memory memory.soft_limit_in_bytes
    exit_code update --cpuset-cpus 99 "$C"
    cg cpuset cpuset.cpus
    state
}

s_limits_cgroup_parent()
{
    local at

    d --cgroup-parent "$CGROUP/$C" "$I" sleep 100
    grep -E ':(memory|pids|cpu):' "/proc/$(pid_of)/cgroup" | cut -d: -f2- | sed "s#$CGROUP#PARENT#; s#$C#NAME#" | sort
    podman inspect --format '{{.HostConfig.CgroupParent}}' "$C" | sed "s#$CGROUP#PARENT#; s#$C#NAME#"
    at=$(sed -n 's/^[0-9]*:memory:\(.*\)/\1/p' "/proc/$(pid_of)/cgroup")
    must podman rm -f -t 0 "$C"
    [ ! -e "/sys/fs/cgroup/memory$at" ] && echo removed
    # Podman leaves the parent, with a cgroup for conmon.
    wait_for 10 sh -c "find /sys/fs/cgroup/*'$CGROUP/$C' -depth -type d -exec rmdir {} + 2>/dev/null; ! ls -d /sys/fs/cgroup/*'$CGROUP/$C'"
}

s_limits_cgroup_path()
{
    d "$I" sleep 100
    # Every hierarchy of v1, and nothing of the container's elsewhere.
    grep -E ':[a-z]+:' "/proc/$(pid_of)/cgroup" | cut -d: -f2- | sort
    x sh -c 'cut -d: -f2- /proc/self/cgroup | grep -v "^:" | sort'
    podman inspect --format '{{.HostConfig.CgroupManager}} {{.HostConfig.Cgroups}} {{.State.CgroupPath}}' "$C"
}

s_limits_cgroups_no_conmon()
{
    d --cgroups no-conmon "$I" sleep 100
    grep ':memory:' "/proc/$(pid_of)/cgroup" | cut -d: -f2-
    podman inspect --format '{{.HostConfig.Cgroups}}' "$C"
    x true
}

s_limits_cgroups_disabled()
{
    # Podman knows of crun only that it can.
    exit_code run --rm --network none --cgroups disabled --name "$C" "$I" true
}

s_limits_stats_follow()
{
    # What the kernel counts for the inspected pid is the container's.
    d -m 64m "$I" sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; echo ready; sleep 100'
    until_true 30 log_has "$C" ready
    [ "$(cg cpuacct cpuacct.usage | tr -dc 0-9)" -gt 50000000 ] && echo 'CPU time is counted'
    podman stats --no-stream --format json "$C" | jq -r '.[0] | .name, .mem_usage' | sed "s/.* \/ //; s/$C/NAME/"
}
