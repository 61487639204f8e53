# shellcheck shell=bash
# Resources: what Docker was asked for, read in the container's cgroup files, and what it does.

s_memory() {
    up --memory 64m --memory-swap 64m --memory-reservation 32m
    cg memory/memory.limit_in_bytes memory.max
    cg memory/memory.soft_limit_in_bytes memory.low
    field '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}}'
}

s_memory_swap() {
    up --memory 64m --memory-swap 128m
    dx sh -c 'cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes /sys/fs/cgroup/memory.swap.max 2>/dev/null || echo no swap accounting'
}

s_memory_swap_unlimited() {
    up --memory 64m --memory-swap -1
    cg memory/memory.limit_in_bytes memory.max
}

s_memory_swappiness() {
    docker create --network none --runtime "$RT" --name "$C" --memory-swappiness 33 "$IMAGE" sleep 600 >/dev/null
    docker start "$C" >/dev/null
    cg memory/memory.swappiness memory.max
}

s_memory_too_small() {
    drm --memory 1m "$IMAGE" true 2>&1 | grep -o 'Minimum memory limit allowed is 6MB'
}

s_kernel_memory() {
    # Gone from newer kernels, where a runtime warns or ignores.
    drm --memory 64m --kernel-memory 32m "$IMAGE" echo ran 2>/dev/null
    echo $?
}

s_oom_kill_disable() {
    up --memory 64m --oom-kill-disable
    cg memory/memory.oom_control memory.max | sed -n 's/^oom_kill_disable //p'
    echo "asked"
}

s_cpus() {
    up --cpus 1.5
    cg cpu/cpu.cfs_quota_us cpu.max
    cg cpu/cpu.cfs_period_us cpu.max
}

s_cpu_quota() {
    up --cpu-period 50000 --cpu-quota 25000 --cpu-shares 333
    cg cpu/cpu.cfs_quota_us cpu.max
    cg cpu/cpu.cfs_period_us cpu.max
    cg cpu/cpu.shares cpu.weight
}

s_cpu_quota_in_force() {
    # A tenth of a processor does in a second a tenth of what there is to do.
    dr --cpus 0.1 "$IMAGE" sh -c 'timeout 2 sh -c "while :; do :; done"; cat /proc/self/schedstat >/dev/null; n=$(sed -n "s/^nr_throttled //p" /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null); [ "$n" -gt 3 ] && echo throttled'
}

s_cpu_shares() {
    up -c 512
    cg cpu/cpu.shares cpu.weight
}

s_cpu_rt() {
    drm --cpu-rt-period 1000000 --cpu-rt-runtime 950000 "$IMAGE" echo ran >out 2>&1
    echo $?
    grep -oE 'ran|does not support|not supported' out | sort -u
}

s_cpuset() {
    up --cpuset-cpus 0 --cpuset-mems 0
    dx grep -E 'Cpus_allowed_list|Mems_allowed_list' /proc/self/status
    cg cpuset/cpuset.cpus cpuset.cpus
    dx nproc
}

s_cpuset_bad() {
    errs drm --cpuset-cpus 4095 "$IMAGE" true
    drm --cpuset-cpus nonsense "$IMAGE" true 2>&1 | grep -oi 'invalid value nonsense'
}

s_pids_limit() {
    up --pids-limit 20
    dx cat /proc/self/cgroup | grep -c pids
    dx sh -c 'i=0; while [ $i -lt 40 ]; do sleep 5 2>/dev/null & i=$((i + 1)); done' 2>&1 | grep -c "can't fork"
    field '{{.HostConfig.PidsLimit}}'
}

s_pids_limit_counts() {
    # How many processes fit: pid 1 and nine more.
    dr --pids-limit 10 "$IMAGE" sh -c 'n=0; while [ $n -lt 30 ]; do sleep 3 2>/dev/null & n=$((n + 1)); echo $n; done' 2>/dev/null | tail -n 1
}

s_pids_unlimited() {
    up --pids-limit -1
    dx sh -c 'i=0; while [ $i -lt 60 ]; do sleep 1 & i=$((i + 1)); done; echo 60 started'
}

s_blkio_weight() {
    drm --blkio-weight 300 "$IMAGE" sh -c 'cat /sys/fs/cgroup/blkio/blkio.weight /sys/fs/cgroup/blkio/blkio.bfq.weight 2>/dev/null; echo ran' 2>/dev/null
    echo $?
}

s_blkio_weight_bad() {
    # Refused, or dropped with a warning where the kernel has no weights.
    drm --blkio-weight 5 "$IMAGE" true >out 2>&1
    echo $?
    grep -oE 'Range of blkio weight is from 10 to 1000|does not support Block I/O weight' out
}

s_blkio_weight_device() {
    drm --blkio-weight-device "$(block_device):200" "$IMAGE" echo ran 2>/dev/null
    echo $?
}

# A node of some block device of the machine, in the suite's own /dev.
block_device() {
    local numbers

    numbers=$(cat /sys/class/block/*/dev 2>/dev/null | head -n 1)
    mknod "/dev/disk-$C" b "${numbers%:*}" "${numbers#*:}"
    echo "/dev/disk-$C"
}

s_device_throttle() {
    local disk

    disk=$(block_device)
    up --device-read-bps "$disk:1mb" --device-write-bps "$disk:2mb" --device-read-iops "$disk:100" --device-write-iops "$disk:200"
    cg blkio/blkio.throttle.read_bps_device io.max
    cg blkio/blkio.throttle.write_bps_device io.max
    cg blkio/blkio.throttle.read_iops_device io.max
    cg blkio/blkio.throttle.write_iops_device io.max
}

s_cgroup_parent() {
    local dir

    up --cgroup-parent "$CGROUP-$C/sub" --memory 64m
    # Its files lie where the engine says, on the host.
    for dir in "/sys/fs/cgroup/memory$CGROUP-$C/sub" "/sys/fs/cgroup$CGROUP-$C/sub"; do
        [ ! -d "$dir" ] || cat "$dir/$(field '{{.Id}}')"/memory.limit_in_bytes "$dir/$(field '{{.Id}}')"/memory.max 2>/dev/null
    done
    cg memory/memory.limit_in_bytes memory.max
    must docker rm -f "$C"
    rmdir /sys/fs/cgroup/*"$CGROUP-$C/sub" /sys/fs/cgroup/*"$CGROUP-$C" /sys/fs/cgroup"$CGROUP-$C/sub" /sys/fs/cgroup"$CGROUP-$C" 2>/dev/null
}

s_cgroup_of_process() {
    up
    # The paths in /proc/1/cgroup, seen from the host: all the container's.
    sed -E 's/^[0-9]+://; /^name=|^:/d' "/proc/$(field '{{.State.Pid}}')/cgroup" | grep -v -F "$(field '{{.Id}}')"
    dx sed -nE 's/^[0-9]+:(memory|pids|devices):/\1 /p' /proc/1/cgroup | sed "s#$CGROUP#PARENT#" | sort
}

s_cgroupns_private() {
    up --cgroupns private
    dx sed -nE 's/^[0-9]+:(memory|pids|devices):/\1 /p' /proc/1/cgroup | sort
    dx sh -c 'ls -d /sys/fs/cgroup/memory /sys/fs/cgroup/pids; ls /sys/fs/cgroup/memory/memory.limit_in_bytes'
}

s_cgroupns_host() {
    up --cgroupns host
    dx sed -nE 's/^[0-9]+:(memory|pids|devices):/\1 /p' /proc/1/cgroup | sed "s#$CGROUP#PARENT#" | sort
}

s_cgroup_mounts() {
    # Beside v1 hierarchies runc leaves out the v2 one.
    drm "$IMAGE" sh -c 'grep cgroup/ /proc/self/mountinfo | cut -d" " -f5,6 | sort' | grep -v unified
    drm "$IMAGE" sh -c 'ls -l /sys/fs/cgroup | sed 1d | tr -s " " | cut -d" " -f1,9- | sort' | grep -v unified
}

s_cgroup_read_only() {
    drm "$IMAGE" sh -c 'for f in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do [ ! -e $f ] || (echo 1000000 >$f) 2>&1 | sed "s/.*: //"; done; mkdir /sys/fs/cgroup/memory/x 2>&1 | sed "s/.*: //"'
}

s_limits_together() {
    up --memory 80m --memory-reservation 40m --cpus 0.5 --cpuset-cpus 0-1 --pids-limit 77 --ulimit nofile=500 --oom-score-adj 5 --shm-size 1m
    cg memory/memory.limit_in_bytes memory.max
    cg cpu/cpu.cfs_quota_us cpu.max
    field '{{.HostConfig.PidsLimit}}'
    dx sh -c 'ulimit -n; cat /proc/1/oom_score_adj'
}

s_no_limits() {
    up
    cg memory/memory.limit_in_bytes memory.max
    cg cpu/cpu.cfs_quota_us cpu.max
    cg cpu/cpu.shares cpu.weight
}
