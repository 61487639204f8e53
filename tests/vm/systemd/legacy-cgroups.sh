#!/bin/bash
# --systemd-cgroup where systemd has mounted the v1 hierarchies, alone or with an empty v2 beside them: a scope in those that are
# systemd's, the same path in the others, and runc's values in the files.
# shellcheck source=tests/lib.sh disable=SC2317,SC2016,SC2154 # functions are called through the assertions; words for other shells
. "$(dirname "$0")/../../lib.sh"
suite_begin private

LIMIT=100
beside_runc
slice=machine-t$$.slice
at_exit 'systemctl stop "$slice" 2>/dev/null'
runc spec -b "$bundle" && mv "$bundle/config.json" "$SCRATCH/base.json"
bundle_of() {
    jq --arg path "$1" '.process.terminal = false | .process.args = ["sleep", "600"] | .linux.cgroupsPath = $path | '"$2" "$SCRATCH/base.json" \
        >"$bundle/config.json"
}
start() {
    bundle_of "$slice:$1:$2" "$3"
    ok "$1 --systemd-cgroup run $2" "$1" --systemd-cgroup run -d -b "$bundle" --pid-file "$SCRATCH/$1-$2.pid" "$2" </dev/null
}
# places PROGRAM ID: where it is, each path once.
places() { cut -d : -f 3 "/proc/$(cat "$SCRATCH/$1-$2.pid")/cgroup" | sort -u; }
# One task more is allowed for, the supervisor's.
properties() {
    systemctl show "$1-same.scope" -p Slice,ControlGroup,Delegate,MemoryLimit,CPUShares,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,TasksMax,AllowedCPUs \
        -p AllowedMemoryNodes,DevicePolicy,ActiveState,MemoryAccounting,CPUAccounting,BlockIOAccounting,TasksAccounting | sort | sed "s/\\<$1\\>/PROGRAM/" |
        awk -F= -v program="$1" '$1 == "TasksMax" && program == "runlxc" { $0 = "TasksMax=" $2 - 1 } { print }'
}
# values PROGRAM FILE...: of the container's own cgroup, and of the scope's.
values() {
    local program=$1 dir file

    shift
    dir=machine.slice/$slice/$program-same.scope$([ "$program" = runc ] || echo "${place-/container}")
    for file in "$@"; do echo "$file $(cat "/sys/fs/cgroup/${file%%/*}/$dir/${file#*/}")"; done
}
unit_files=(memory/memory.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus cpuset/cpuset.mems)
own_files=("${unit_files[@]}" memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes)
unit_gone() { [ "$(systemctl show "$1" -P LoadState)" = not-found ] && [ -z "$(find /sys/fs/cgroup -type d -name "$1")" ]; }
devices() { sort "/sys/fs/cgroup/devices/machine.slice/$slice/$1/devices.list"; }

isnt "v1 is mounted" "$(awk '$3 == "cgroup" && $4 ~ /memory/' /proc/mounts)" ""
limits='.linux.resources += {memory: {limit: 67108864, swap: 134217728, reservation: 33554432}, pids: {limit: 20},
    cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0", mems: "0"}}'
for program in runc runlxc; do start "$program" same "$limits"; done
theirs=$(properties runc)
is "the unit's properties are runc's" "$(properties runlxc)" "$theirs"
like "which say something" "$theirs" 'MemoryLimit=67108864'
theirs=$(values runc "${own_files[@]}")
is "the container's files are runc's" "$(values runlxc "${own_files[@]}")" "$theirs"
is "what is a property is in the scope's too" "$(place='' values runlxc "${unit_files[@]}")" "$(values runc "${unit_files[@]}")"
is "one task more, the supervisor's" "$(values runlxc pids/pids.max)" "pids/pids.max 21"
is "devices: the container's are runc's" "$(devices runlxc-same.scope/container)" "$(devices runc-same.scope)"
is "devices: the scope's too" "$(devices runlxc-same.scope)" "$(devices runc-same.scope)"
# A v2 hierarchy that nothing divides is the host's.
is "it is there in every hierarchy" "$(places runlxc same)" "/machine.slice/$slice/runlxc-same.scope/container"

like "exec is in it" "$(runlxc exec same cat /proc/self/cgroup)" "memory:/machine.slice/$slice/runlxc-same.scope/container"
is "state" "$(runlxc state same | jq -r .status)" running
ok "pause" runlxc pause same
is "is the freezer's" "$(values runlxc freezer/freezer.state)" "freezer/freezer.state FROZEN"
is "and seen" "$(runlxc state same | jq -r .status)" paused
ok "resume" runlxc resume same
for program in runc runlxc; do
    ok "$program update" "$program" update --memory 50331648 --memory-swap 100663296 --cpu-quota 20000 --cpu-period 40000 --cpu-share 1024 \
        --pids-limit 30 same
done
theirs=$(properties runc)
is "update: the properties are runc's" "$(properties runlxc)" "$theirs"
like "which are new" "$theirs" 'MemoryLimit=50331648'
theirs=$(values runc "${own_files[@]}")
is "update: the container's files are runc's" "$(values runlxc "${own_files[@]}")" "$theirs"
ok "a larger quota" runlxc update --cpu-quota 30000 same
is "is in both" "$(values runlxc cpu/cpu.cfs_quota_us)$(place='' values runlxc cpu/cpu.cfs_quota_us)" "cpu/cpu.cfs_quota_us 30000cpu/cpu.cfs_quota_us 30000"
before=$(values runlxc "${own_files[@]}" pids/pids.max)
ok "systemd reads its units anew" systemctl daemon-reload
ok "and is asked for one" systemctl set-property --runtime runlxc-same.scope MemoryAccounting=yes
is "what was set is not lost" "$(values runlxc "${own_files[@]}" pids/pids.max)" "$before"
is "nor is the container moved" "$(places runlxc same)" "/machine.slice/$slice/runlxc-same.scope/container"
prints "nor a device lost" "1" runlxc exec same sh -c 'head -c 1 /dev/zero | wc -c'
fails "nor one gained" runlxc exec same sh -c 'mknod /tmp/disk b 254 0 && cat /tmp/disk'
like "events --stats" "$(runlxc events --stats same)" '"limit":50331648'

ok "kill --all" runlxc kill --all same KILL
ok "ends it" wait_for 20 sh -c '[ "$("$1" --root "$2" state same | jq -r .status)" = stopped ]' sh "$RUNLXC" "$ROOT"
ok "delete" runlxc delete same
ok "its unit is gone, and its directories in all hierarchies" wait_for 20 unit_gone runlxc-same.scope
ok "runc's goes" runc delete --force same

# Without a pid namespace: all that is left in the cgroups is ended.
start runlxc host '.linux.namespaces |= map(select(.type != "pid")) | .process.args = ["sh", "-c", "sleep 601 & sleep 602 & sleep 600"]'
ok "kill --all without a pid namespace" runlxc kill --all host KILL
ok "ends every process" wait_for 20 sh -c '! pgrep -f "^sleep 60[12]$"'
ok "delete" runlxc delete --force host
ok "leaves no unit" unit_gone runlxc-host.scope

start runlxc stopped '.process.args = ["sh", "-c", "trap \"exit 7\" TERM; while :; do sleep 0.1; done"]'
ok "systemctl stop" systemctl stop runlxc-stopped.scope
ok "ends the container" wait_for 20 sh -c '[ "$("$1" --root "$2" state stopped | jq -r .status)" = stopped ]' sh "$RUNLXC" "$ROOT"
ok "delete" runlxc delete stopped
ok "leaves no unit" unit_gone runlxc-stopped.scope

status_is "lxc-launch --systemd-cgroup" 137 "$LXC_LAUNCH" --rm --name "ll$$" --systemd-cgroup --cgroup-parent "$slice" -m 16m --memory-swap 16m \
    @busybox tail /dev/zero
ok "leaves no unit" unit_gone "runlxc-ll$$.scope"
is "what failed is not known" "$(runlxc list -q)" ""

suite_end
