#!/bin/bash
# lxc-launch's limits: read back inside and outside, felt, and beside what runc writes for the same.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private

# The cgroups are the machine's: names that no other run has.
id=limit$$
MIB=1048576
v2=
[ ! -e /sys/fs/cgroup/cgroup.controllers ] || v2=1

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }
state() { jq -r "$2" "/run/runlxc/$1/state.json"; }
remove() { "$RUNLXC" --root /run/runlxc delete --force "$1"; }
# file CONTROLLER FILE: a cgroup file as the container sees it.
file() { if [ -n "$v2" ]; then echo "/sys/fs/cgroup/$2"; else echo "/sys/fs/cgroup/$1/$2"; fi; }
# outside ID CONTROLLER FILE: its content, seen from here.
outside() {
    cat "$(jq -r --arg c "$2" '.cgroups | .[$c] // .[""]' "/run/runlxc/$1/state.json")/$3"
}
# by_version V1 V2: the word for this host.
by_version() { if [ -n "$v2" ]; then echo "$2"; else echo "$1"; fi; }

# The disk that the suite's files are on, as a node in the suite's own /dev.
disk=$(findmnt -no MAJ:MIN -T "$SCRATCH" | tr -d ' ')
[ ! -e "/sys/dev/block/$disk/partition" ] || disk=$(cat "/sys/dev/block/$disk/../dev")
mknod /dev/testdisk b "${disk%:*}" "${disk#*:}"
busybox_rootfs "$SCRATCH/fs"
head -c 4M /dev/urandom >"$SCRATCH/fs/data"

# ---- memory ----

status_is "more than -m is killed" 137 "$LXC_LAUNCH" --name "$id" -m 20m --memory-swap 20m @busybox tail /dev/zero
is "state.json says that it was OOM" "$(state "$id" '"\(.oom) \(.status) \(.exitStatus // .waitStatus)"' | sed 's/ 137$/ 9/')" "true stopped 9"
remove "$id"
prints "another process than the init: the init tells" "137" "$LXC_LAUNCH" --name "$id" -m 20m --memory-swap 20m @busybox \
    sh -c 'tail /dev/zero 2>/dev/null; echo $?' 2>&1
is "and state.json says OOM" "$(state "$id" .oom)" true
remove "$id"
status_is "killed otherwise" 137 "$LXC_LAUNCH" --name "$id" -m 20m @busybox sh -c 'sh -c "kill -9 \$\$"; exit $?'
is "is no OOM" "$(state "$id" .oom)" false
remove "$id"
status_is "less than -m is not killed" 0 "$LXC_LAUNCH" --name "$id" -m 64m --memory-swap 64m @busybox \
    sh -c 'x=$(head -c 8000000 /dev/zero | tr "\0" x); [ ${#x} -eq 8000000 ]'
is "which is no OOM either" "$(state "$id" .oom)" false
remove "$id"
is "-m, inside" "$(run1 -m 20m @busybox cat "$(file memory "$(by_version memory.limit_in_bytes memory.max)")")" $((20 * MIB))
is "-m with a unit of its own" "$(run1 -m 30000000b @busybox cat "$(file memory "$(by_version memory.limit_in_bytes memory.max)")")" \
    $((30000000 / 4096 * 4096))
fails_with 125 '-m' "$LXC_LAUNCH" --rm -m 1m @busybox true
fails_with 125 '--memory-swap 20971520 is less than --memory 41943040' "$LXC_LAUNCH" --rm -m 40m --memory-swap 20m @busybox true
fails_with 125 'needs --memory' "$LXC_LAUNCH" --rm --memory-swap 20m @busybox true
fails_with 125 '--memory-reservation' "$LXC_LAUNCH" --rm -m 20m --memory-reservation 40m @busybox true
fails_with 125 '--memory-swappiness' "$LXC_LAUNCH" --rm --memory-swappiness 101 @busybox true

if [ -z "$v2" ]; then
    memory=/sys/fs/cgroup/memory
    is "memory and swap by default" "$(run1 -m 20m @busybox cat $memory/memory.memsw.limit_in_bytes)" $((40 * MIB))
    is "--memory-swap" "$(run1 -m 20m --memory-swap 25m @busybox cat $memory/memory.memsw.limit_in_bytes)" $((25 * MIB))
    is "--memory-reservation" "$(run1 --memory-reservation 15m @busybox cat $memory/memory.soft_limit_in_bytes)" $((15 * MIB))
    is "--memory-swappiness" "$(run1 --memory-swappiness 30 @busybox cat $memory/memory.swappiness)" 30
    is "--oom-kill-disable" "$(run1 -m 20m --oom-kill-disable @busybox grep disable $memory/memory.oom_control)" "oom_kill_disable 1"
    status_is "--kernel-memory, which kernels since 5.16 take and ignore" 0 "$LXC_LAUNCH" --rm --kernel-memory 50m @busybox true

    # Out of memory and not killed it waits: in a page fault of its own, for a system call's is an error (cgroup-v1/memory.rst, 10).
    # shellcheck disable=SC2016
    "$LXC_LAUNCH" -d --name "$id" -m 20m --memory-swap 20m --oom-kill-disable @busybox \
        sh -c 'x=x; while :; do x=$x$x; done' >/dev/null
    under_oom() { outside "$id" memory memory.oom_control | grep -qx 'under_oom 1'; }
    ok "--oom-kill-disable: it waits when memory is out" wait_for 10 under_oom
    is "it is alive" "$(state "$id" .status)" running
    ok "it can be killed" kill -KILL "$(state "$id" .pid)"
    stopped() { [ "$(state "$id" .status)" = stopped ]; }
    ok "and ends" wait_for 10 stopped
    is "no OOM kill then" "$(state "$id" .oom)" false
    remove "$id"
fi

# ---- tasks ----

# The shell is the first; it gives up at the first fork that fails.
# shellcheck disable=SC2016
forks='i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i + 1)); echo $i; done'
for limit in 2 10 33; do
    run run1 --pids-limit $limit @busybox sh -c "$forks"
    is "--pids-limit $limit: so many and no more" "${out##*$'\n'} $([[ $err == *"can't fork"* ]] && echo refused)" "$((limit - 1)) refused"
done
is "--pids-limit, inside" "$(run1 --pids-limit 33 @busybox cat "$(file pids pids.max)")" 33
is "a process is one task" "$(run1 --pids-limit 33 @busybox cat "$(file pids pids.current)")" 1
is "--pids-limit -1" "$(run1 --pids-limit -1 @busybox cat "$(file pids pids.max)")" max
is "without a limit there is none" "$(run1 @busybox cat "$(file pids pids.max)")" max
fails_with 125 '--pids-limit' "$LXC_LAUNCH" --rm --pids-limit many @busybox true

# ---- processors ----

# A second of work on every processor at a fifth of one: what it used, in ms, and how often it was held back.
# shellcheck disable=SC2016
burn='for i in 1 2; do timeout 1 sh -c "while :; do :; done" & done; wait; '
if [ -n "$v2" ]; then
    burn+='awk "/^usage_usec/ { u = int(\$2 / 1000) } /^nr_throttled/ { t = \$2 } END { print u, t }" /sys/fs/cgroup/cpu.stat'
else
    burn+='echo $(($(cat /sys/fs/cgroup/cpuacct/cpuacct.usage) / 1000000)) $(awk "/^nr_throttled/ { print \$2 }" /sys/fs/cgroup/cpu/cpu.stat)'
fi
read -r used throttled < <(run1 --cpus 0.2 @busybox sh -c "$burn")
within "--cpus 0.2: milliseconds of a second" "$used" 50 450
within "--cpus 0.2: periods in which it was held back" "$throttled" 4 100
if [ -z "$v2" ]; then
    cpu=/sys/fs/cgroup/cpu
    is "--cpus 1.5" "$(run1 --cpus 1.5 @busybox sh -c "cat $cpu/cpu.cfs_quota_us $cpu/cpu.cfs_period_us" | paste -sd ' ')" "150000 100000"
    is "--cpus .05" "$(run1 --cpus .05 @busybox cat $cpu/cpu.cfs_quota_us)" 5000
    is "-c" "$(run1 -c 77 @busybox cat $cpu/cpu.shares)" 77
    is "--cpu-period, --cpu-quota" "$(run1 --cpu-period 50000 --cpu-quota 20000 @busybox sh -c \
        "cat $cpu/cpu.cfs_quota_us $cpu/cpu.cfs_period_us" | paste -sd ' ')" "20000 50000"
    is "--cpu-quota -1" "$(run1 --cpu-quota -1 @busybox cat $cpu/cpu.cfs_quota_us)" -1
else
    is "--cpus 1.5" "$(run1 --cpus 1.5 @busybox cat /sys/fs/cgroup/cpu.max)" "150000 100000"
    is "--cpu-period, --cpu-quota" "$(run1 --cpu-period 50000 --cpu-quota 20000 @busybox cat /sys/fs/cgroup/cpu.max)" "20000 50000"
fi
fails_with 125 '--cpus' "$LXC_LAUNCH" --rm --cpus none @busybox true
fails_with 125 'less than the 0.01' "$LXC_LAUNCH" --rm --cpus 0.001 @busybox true
fails_with 125 '--cpus cannot be used with' "$LXC_LAUNCH" --rm --cpus 1 --cpu-quota 5000 @busybox true
fails_with 125 '--cpu-period' "$LXC_LAUNCH" --rm --cpu-period 10 @busybox true
fails_with 125 '-c' "$LXC_LAUNCH" --rm -c 1 @busybox true

last=$(($(nproc --all) - 1))
is "--cpuset-cpus" "$(run1 --cpuset-cpus $last @busybox sh -c "cat $(file cpuset cpuset.cpus); nproc")" "$last
1"
# shellcheck disable=SC2016
is "it is what a process may run on" "$(run1 --cpuset-cpus $last @busybox sh -c 'taskset -p $$' | sed 's/.*: //')" \
    "$(printf %x $((1 << last)))"
is "--cpuset-mems" "$(run1 --cpuset-mems 0 @busybox cat "$(file cpuset cpuset.mems)")" 0
fails_with 125 'cpuset.cpus' "$LXC_LAUNCH" --rm --cpuset-cpus 4000 @busybox true
fails_with 125 'cpuset.mems' "$LXC_LAUNCH" --rm --cpuset-mems 63 @busybox true
fails_with 125 '--cpuset-cpus' "$LXC_LAUNCH" --rm --cpuset-cpus 1-x @busybox true

# ---- block I/O ----

if [ -z "$v2" ]; then
    blkio=/sys/fs/cgroup/blkio
    is "--device-read-bps and its like" "$(run1 --device-read-bps /dev/testdisk:3m --device-write-bps /dev/testdisk:5000 \
        --device-read-iops /dev/testdisk:70 --device-write-iops /dev/testdisk:80 @busybox sh -c \
        "cd $blkio; for f in read_bps write_bps read_iops write_iops; do cat blkio.throttle.\${f}_device; done")" \
        "$disk $((3 * MIB))
$disk 5000
$disk 70
$disk 80"
else
    is "--device-read-bps and its like" "$(run1 --device-read-bps /dev/testdisk:3m --device-write-bps /dev/testdisk:5000 \
        --device-read-iops /dev/testdisk:70 --device-write-iops /dev/testdisk:80 @busybox cat /sys/fs/cgroup/io.max)" \
        "$disk rbps=$((3 * MIB)) wbps=5000 riops=70 wiops=80"
fi
# 2 MiB at 1 MiB/s, past the cache.
begin=$(date +%s%N)
ok "a throttled read" "$LXC_LAUNCH" --rm --device-read-bps /dev/testdisk:1m "$SCRATCH/fs" dd if=/data of=/dev/null bs=64k count=32 iflag=direct
within "takes its time (ms)" $((($(date +%s%N) - begin) / 1000000)) 1500 8000
fails_with 125 '/dev/nosuch' "$LXC_LAUNCH" --rm --device-read-bps /dev/nosuch:1m @busybox true
fails_with 125 'is not a block device' "$LXC_LAUNCH" --rm --device-read-bps /dev/null:1m @busybox true
fails_with 125 'is not a device and a number' "$LXC_LAUNCH" --rm --device-read-bps /dev/testdisk @busybox true
fails_with 125 '--blkio-weight' "$LXC_LAUNCH" --rm --blkio-weight 5 @busybox true
fails_with 125 '--blkio-weight-device' "$LXC_LAUNCH" --rm --blkio-weight-device /dev/testdisk:5 @busybox true

# ---- shared memory, the parent cgroup ----

is "--shm-size" "$(run1 --shm-size 8m @busybox df -k /dev/shm | awk 'NR == 2 { print $2 }')" 8192
fails "it cannot hold more" "$LXC_LAUNCH" --rm --shm-size 8m @busybox dd if=/dev/zero of=/dev/shm/x bs=1M count=9
is "64 MiB without" "$(run1 @busybox df -k /dev/shm | awk 'NR == 2 { print $2 }')" 65536
fails_with 125 '--shm-size' "$LXC_LAUNCH" --rm --shm-size x @busybox true

# What is above the container's own cgroup stays, as runc leaves it too.
parent=runlxcparent$$
# shellcheck disable=SC2317 # at the end
remove_parent() { find /sys/fs/cgroup -depth -type d -path "*/$parent*" -exec rmdir {} + 2>/dev/null; }
at_exit remove_parent
ok "--cgroup-parent" "$LXC_LAUNCH" --name "$id" --cgroup-parent "/$parent/a" @busybox true
is "--cgroup-parent: every cgroup is there" "$(state "$id" '.cgroups[]' | grep -vcE "/$parent/a/$id\$")" 0
is "and gone at the end" "$(find /sys/fs/cgroup -type d -path "*/$parent/*" -name "$id" | wc -l)" 0
remove "$id"
ok "a second in the same parent" "$LXC_LAUNCH" --rm --name "$id" --cgroup-parent "$parent/a" -m 20m @busybox true
fails_with 125 'cgroup_parent: "../x" leads upwards' "$LXC_LAUNCH" --rm --cgroup-parent ../x @busybox true

# ---- beside runc ----

# runc_values RESOURCES FILE...: what runc writes for OCI resources; "CONTROLLER/NAME value" lines.
runc_values() {
    local resources=$1 dir=$SCRATCH/bundle name=rc$id controller path

    shift
    mkdir -p "$dir" && rm -f "$dir/config.json" && runc spec -b "$dir"
    jq --argjson r "$resources" --arg root "$SCRATCH/fs" --arg path "/$name" \
        '.process.terminal = false | .process.args = ["sleep", "60"] | .root = {path: $root} | .linux.cgroupsPath = $path
        | .linux.resources = (.linux.resources + $r)' "$dir/config.json" >"$dir/new" && mv "$dir/new" "$dir/config.json"
    bounded runc --root "$SCRATCH/runc" run -d -b "$dir" "$name" </dev/null >"$SCRATCH/.runc" 2>&1 || cat "$SCRATCH/.runc"
    for path; do
        controller=${path%%/*}
        [ -z "$v2" ] || controller=.
        show_value "$path" "/sys/fs/cgroup/$controller/$name/${path#*/}"
    done
    runc --root "$SCRATCH/runc" delete --force "$name"
}
show_value() { printf '%s %s\n' "$1" "$(if [ -e "$2" ]; then paste -sd ';' "$2"; else echo none; fi)"; }
# our_values FLAGS FILE...
our_values() {
    local flags path controller

    read -ra flags <<<"$1"
    shift
    "$LXC_LAUNCH" -d --name "$id" "${flags[@]}" @busybox sleep 60 >/dev/null || return
    for path; do
        controller=${path%%/*}
        show_value "$path" "$(jq -r --arg c "$controller" '.cgroups | .[$c] // .[""]' "/run/runlxc/$id/state.json")/${path#*/}"
    done
    kill -KILL "$(state "$id" .pid)"
    wait_for 10 sh -c "jq -e '.status == \"stopped\"' /run/runlxc/$id/state.json"
    remove "$id"
}
if [ -z "$v2" ]; then
    files=(cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us memory/memory.{limit_in_bytes,memsw.limit_in_bytes,soft_limit_in_bytes,swappiness,oom_control}
        pids/pids.max cpuset/cpuset.cpus cpuset/cpuset.mems blkio/blkio.bfq.weight blkio/blkio.throttle.{read_bps,write_iops}_device)
else
    files=(cpu/cpu.weight cpu/cpu.max memory/memory.{max,swap.max,low} pids/pids.max cpuset/cpuset.cpus cpuset/cpuset.mems io/io.weight
        io/io.bfq.weight io/io.max)
fi
# like_runc DESC FLAGS RESOURCES
like_runc() { is "as runc: $1" "$(our_values "$2" "${files[@]}")" "$(runc_values "$3" "${files[@]}")"; }
like_runc "nothing asked for" "" '{}'
like_runc "memory" "-m 64m" '{"memory": {"limit": 67108864, "swap": 134217728}}'
like_runc "processors" "--cpus 0.75 -c 512 --cpuset-cpus $last --cpuset-mems 0" \
    '{"cpu": {"quota": 75000, "period": 100000, "shares": 512, "cpus": "'"$last"'", "mems": "0"}}'
like_runc "the least" "-c 2 --pids-limit 5" '{"cpu": {"shares": 2}, "pids": {"limit": 5}}'
like_runc "the most" "-c 262144 --memory-swap -1 -m 1g --pids-limit -1" \
    '{"cpu": {"shares": 262144}, "memory": {"limit": 1073741824, "swap": -1}, "pids": {"limit": -1}}'
like_runc "block I/O" "--blkio-weight 300 --device-read-bps /dev/testdisk:1m --device-write-iops /dev/testdisk:9" \
    '{"blockIO": {"weight": 300, "throttleReadBpsDevice": [{"major": '"${disk%:*}"', "minor": '"${disk#*:}"', "rate": 1048576}],
    "throttleWriteIOPSDevice": [{"major": '"${disk%:*}"', "minor": '"${disk#*:}"', "rate": 9}]}}'
swappiness=() disable=
[ -n "$v2" ] || swappiness=(--memory-swappiness 30 --oom-kill-disable) disable=', "swappiness": 30, "disableOOMKiller": true'
like_runc "everything" "-m 64m --memory-swap 96m --memory-reservation 32m ${swappiness[*]} -c 300 --cpu-period 50000 --cpu-quota 20000 --cpuset-cpus 0 --pids-limit 77" \
    '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432'"$disable"'},
    "cpu": {"shares": 300, "period": 50000, "quota": 20000, "cpus": "0"}, "pids": {"limit": 77}}'
suite_end
