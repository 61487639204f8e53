#!/bin/bash
# runlxc update and the resources of a bundle beside runc: what stands in the files of both containers' cgroups after the same
# commands; what is refused, and that nothing is changed by it.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

beside_runc

# A throttle is of a disk that there is: MAJOR and MINOR of any.
IFS=: read -r major minor < <(cat /sys/block/*/dev)

# Those of v1: on pure v2 runc and we write others, which tests/vm looks at.
files='memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes memory/memory.swappiness
memory/memory.oom_control cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.cfs_burst_us cpu/cpu.idle
cpu/cpu.rt_period_us cpu/cpu.rt_runtime_us cpuset/cpuset.cpus cpuset/cpuset.mems pids/pids.max blkio/blkio.bfq.weight
blkio/blkio.throttle.read_bps_device blkio/blkio.throttle.write_iops_device devices/devices.list'

# cgroup PID CONTROLLER: the directory.
cgroup() {
    local path

    path=$(sed -nE "s/^[0-9]+:([^:]*,)?$2(,[^:]*)?:(.*)/\\3/p" "/proc/$1/cgroup")
    echo "/sys/fs/cgroup/$2$path"
}
pid_of() { "$1" state "$2" | jq .pid; }
# values PROGRAM ID: what the files say. The supervisor's own task is not the container's.
values() {
    local file pid value

    pid=$(pid_of "$1" "$2")
    for file in $files; do
        value=$(cat "$(cgroup "$pid" "${file%/*}")/${file#*/}" 2>/dev/null) || continue
        case $file in
            pids/pids.max) [ "$1" = runc ] || [ "$value" = max ] || value=$((value - 1)) ;;
            # How far each has come with a kill of its own is not a setting; nor is an order that the kernel gives the list.
            memory/memory.oom_control) value=$(head -n 1 <<<"$value") ;;
            devices/devices.list) value=$(sort <<<"$value") ;;
        esac
        printf '%s: %s\n' "$file" "${value//$'\n'/$'\n'$file: }"
    done
}
value() { values "$1" "$2" | sed -n "s#^$3: ##p"; }

# start ID FILTER: the same bundle in both.
start() {
    local program

    rm -f "$bundle/config.json"
    runc spec -b "$bundle"
    jq ".process.terminal = false | .process.args = [\"sleep\", \"600\"] | $2" "$bundle/config.json" >"$SCRATCH/.config"
    for program in runc runlxc; do
        jq ".linux.cgroupsPath = \"/runlxc-test-$program.$$.$1\"" "$SCRATCH/.config" >"$bundle/config.json"
        ok "$program run $1" "$program" run -d -b "$bundle" "$1" </dev/null
    done
}
same_values() { is "$1: the files" "$(values runlxc "$2")" "$(values runc "$2")"; }

# updated ARG...: both do it, with the same files in the end.
updated() {
    ok "runc update $*" runc update "$@"
    ok "runlxc update $*" runlxc update "$@"
    same_values "update $*" "${!#}"
}
# updated_json JSON ID
updated_json() {
    echo "$1" >"$SCRATCH/.json"
    ok "runc update -r: $1" runc update -r "$SCRATCH/.json" "$2"
    ok "runlxc update -r: $1" runlxc update -r "$SCRATCH/.json" "$2"
    same_values "update -r $1" "$2"
}
# refused TEXT JSON ID: by us with this text, and nothing is changed.
refused() {
    local before

    before=$(values runlxc "$3")
    fails_with 1 "$1" runlxc update -r - "$3" <<<"$2"
    is "and nothing is changed" "$(values runlxc "$3")" "$before"
}

# ---- at the start ----

start plain .
same_values "the default bundle" plain
start none 'del(.linux.resources)'
same_values "a bundle without resources" none
start all "$(sed "s/MAJOR/$major/; s/MINOR/$minor/" <<'END'
.linux.resources = {
    devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"},
        {allow: true, type: "b", major: 7, access: "r"}, {allow: false, type: "c", major: 1, minor: 8, access: "w"}],
    memory: {limit: 67108864, reservation: 134217728, swap: 134217728, swappiness: 30, disableOOMKiller: false},
    cpu: {shares: 512, quota: 20000, period: 50000, cpus: "0", mems: "0"}, pids: {limit: 20},
    blockIO: {weight: 300, throttleReadBpsDevice: [{major: MAJOR, minor: MINOR, rate: 1000000}]}}
END
)"
same_values "a bundle with resources" all
is "memory" "$(value runlxc all memory/memory.limit_in_bytes)" 67108864
start open '.linux.resources.devices = [{allow: true, access: "rwm"}]'
same_values "every device" open

# ---- options ----

updated --memory 64M plain
updated --memory-swap 128M plain
updated --memory 256M --memory-swap 512M plain
updated --memory 32M --memory-swap 64M plain
updated --memory 1048576000 --memory-swap -1 plain
updated --memory -1 plain
updated --memory 100m --memory-reservation 50m --memory-swap 100m plain
updated --memory 40m plain
updated --cpu-share 512 --cpu-quota 50000 --cpu-period 100000 plain
updated --cpu-period 10000 --cpu-quota 3000 plain
updated --cpu-quota -1 plain
updated --cpu-period 200000 plain
updated --cpuset-cpus 0 --cpuset-mems 0 plain
updated --pids-limit 17 plain
updated --pids-limit -1 plain
updated --blkio-weight 500 plain
updated --kernel-memory 50M plain
like "kernel memory is ignored, and said to be" "$(runlxc update --kernel-memory 50M plain 2>&1)" 'kernel-memory is ignored'
ok "--cpu-burst" runlxc update --cpu-quota 50000 --cpu-period 100000 --cpu-burst 1000 plain
is "the burst" "$(value runlxc plain cpu/cpu.cfs_burst_us)" 1000
ok "a smaller quota and burst" runlxc update --cpu-quota 500000 --cpu-burst 400000 plain
ok "at once, in an order that works" runlxc update --cpu-quota 5000 --cpu-burst 4000 plain
ok "--cpu-idle" runlxc update --cpu-idle 1 plain
is "idle" "$(value runlxc plain cpu/cpu.idle)" 1
ok "shares of an idle one, which ends that" runlxc update --cpu-idle 0 --cpu-share 300 plain
is "the shares" "$(value runlxc plain cpu/cpu.shares)" 300

# ---- files ----

for program in runc runlxc; do
    ok "$program: back" "$program" update --memory -1 --cpu-share 1024 --cpu-quota 50000 --cpu-period 100000 all
done
updated_json '{"memory": {"limit": 134217728, "reservation": 67108864, "swap": 268435456}, "cpu": {"shares": 256}}' all
updated_json '{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0}, "cpu": {"shares": 0, "quota": 0, "period": 0,
    "cpus": "", "mems": ""}, "blockIO": {"weight": 0}}' all
updated_json '{"cpu": {"quota": 70000}, "pids": {"limit": 33}}' all
updated_json '{}' all
updated_json '{"cpu": {"cpus": "0"}, "devices": [{"allow": false, "access": "rwm"},
    {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}, {"allow": true, "type": "b", "major": 7, "access": "r"},
    {"allow": false, "type": "c", "major": 1, "minor": 8, "access": "w"}]}' all
ok "a throttle" runlxc update -r - all \
    <<<"{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 2000}]}}"
is "the throttle" "$(value runlxc all blkio/blkio.throttle.read_bps_device)" "$major:$minor 2000"

# ---- devices, which runc leaves alone ----

before=$(value runlxc plain devices/devices.list)
more='{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 201, "access": "rw"}]}'
ok "rules of devices" runlxc update -r - plain <<<"$more"
is "one more" "$(value runlxc plain devices/devices.list)" "$(sort <<<"$before"$'\nc 10:201 rw')"
is "the container goes on" "$(runlxc state plain | jq -r .status)" running
ok "the same again" runlxc update -r - plain <<<"$more"
ok "and back" runlxc update -r - plain <<<'{"devices": [{"allow": false, "access": "rwm"}]}'
is "one less" "$(value runlxc plain devices/devices.list)" "$before"
ok "pause" runlxc pause plain
ok "rules of a paused one" runlxc update --resources - plain <<<"$more"
is "which stays paused" "$(runlxc state plain | jq -r .status)" paused
ok "resume" runlxc resume plain

# ---- refused ----

refused 'resources.memory.limit: expected a whole number, found "1g"' '{"memory": {"limit": "1g"}}' plain
refused 'resources.cpu.shares: 1 is not between 2 and 262144' '{"cpu": {"shares": 1}}' plain
refused 'resources.unified.memory.max: this host' '{"unified": {"memory.max": "5"}}' plain
refused 'resources.cpuset_cpus: write "4000"' '{"memory": {"limit": 80000000}, "cpu": {"shares": 77, "cpus": "4000"}}' plain
refused 'counts memory too' '{"memory": {"swap": 6000000}}' all
refused 'intelRdt: no resctrl' '{"intelRdt": {"l3CacheSchema": "L3:0=f"}}' plain
refused 'resources: line 2' '{' plain
refused 'resources: expected an object' '[]' plain
ok "memory to use" runlxc exec plain dd if=/dev/zero of=/dev/shm/file bs=1M count=20
refused 'bytes that the container uses now' '{"memory": {"limit": 6291456, "checkBeforeUpdate": true}}' plain
fails_with 1 '--memory: "lots" is not a size' runlxc update --memory lots plain
fails_with 1 '--cpu-share: "many" is not a whole number' runlxc update --cpu-share many plain
fails_with 1 '--resources: read /nosuch: no such file' runlxc update -r /nosuch plain
fails_with 1 'intelRdt: no resctrl' runlxc update --l3-cache-schema L3:0=f plain
fails_with 1 'container "nosuch" does not exist' runlxc update --memory 64M nosuch
ok "kill" runlxc kill none KILL
wait_for 10 eval '[ "$(runlxc state none | jq -r .status)" = stopped ]'
fails_with 1 'container not running' runlxc update --memory 64M none

suite_end
