# shellcheck shell=bash
# For engines that leave cgroups to systemd, sourced after tests/engines/images.sh: $slice, units by container, and what they say.
# shellcheck disable=SC2034,SC2154 # for those who source it; lib.sh's

LIMIT=120
slice=runlxctest$$.slice
at_exit 'systemctl stop "$slice" 2>/dev/null'
busybox_tar "$WORK/busybox.tar"

# unit_of PID: the scope that a process is in.
unit_of() { sed -nE 's,^0::.*/([^/]*\.scope)(/.*)?$,\1,p' "/proc/$1/cgroup"; }
# properties UNIT PROGRAM: a task more is allowed for where there is a supervisor.
properties() {
    systemctl show "$1" -p Slice,Delegate,MemoryMax,MemoryLow,MemorySwapMax,CPUWeight,CPUQuotaPerSecUSec,TasksMax,AllowedCPUs \
        -p DevicePolicy,ActiveState,DefaultDependencies | sort |
        awk -F= -v program="$2" '$1 == "TasksMax" && $2 ~ /^[0-9]+$/ && program == "lxc" { $0 = "TasksMax=" $2 - 1 } { print }'
}
unit_gone() { [ "$(systemctl show "$1" -P LoadState)" = not-found ] && [ -z "$(find /sys/fs/cgroup -type d -name "$1")" ]; }
# beside WHAT: both units say the same; what it is.
beside() {
    local theirs

    theirs=$(properties "${units[runc]}" runc)
    is "$1: the unit's properties are those with runc" "$(properties "${units[lxc]}" lxc)" "$theirs"
    like "$1: which say something" "$theirs" "$2"
}
declare -A units=()
