#!/bin/bash
# Pure cgroup v2: what an OCI bundle's resources, update, pause, events and the end do there, beside runc and crun; devices, which are
# a program of the kernel's; containers that have cgroups of their own, systemd among them.
# shellcheck source=tests/lib.sh disable=SC2317,SC2016 # functions are called through the assertions; words for the containers' shells
. "$(dirname "$0")/../../lib.sh"
suite_begin private

# What keeps a container from its own limits. runc and crun take it from the whole host when a container of theirs has no cgroup
# namespace, as one of a suite before this may have had.
mount -o remount,nsdelegate,memory_recursiveprot /sys/fs/cgroup
beside_runc
CRUN=$(command -v crun)
crun() { bounded "$CRUN" --root "$SCRATCH/crun-root" "$@"; }
at_exit 'for id in $(crun list -q); do crun delete --force "$id"; done >/dev/null 2>&1'
parent=/runlxc-test-v2-$$
at_exit 'find "/sys/fs/cgroup$parent" -depth -type d -exec rmdir {} + 2>/dev/null'

# pid_of PROGRAM ID, dir_of PROGRAM ID: the container's cgroup as the host sees it.
pid_of() { "$1" state "$2" | jq .pid; }
dir_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(pid_of "$1" "$2")/cgroup")"; }
# bundle_of FILTER: config.json, by jq.
bundle_of() {
    rm -f "$bundle/config.json"
    runc spec -b "$bundle"
    jq ".process.terminal = false | .process.args = [\"sleep\", \"600\"] | $1" "$bundle/config.json" >"$SCRATCH/.config"
}
# start ID PROGRAM...: the bundle, each in a cgroup of its own below the parent.
start() {
    local id=$1 program

    shift
    for program in "$@"; do
        jq ".linux.cgroupsPath = \"$parent/$program-$id\"" "$SCRATCH/.config" >"$bundle/config.json"
        ok "$program run $id" "$program" run -d -b "$bundle" "$id" </dev/null
    done
}
remove() { "$1" delete --force "$2"; }

# What stands in the files: those that at least one of the three writes. The supervisor's own task is not the container's.
files='cgroup.freeze cpu.max cpu.max.burst cpu.weight cpu.idle cpuset.cpus cpuset.mems hugetlb.2MB.max io.max memory.high memory.low
memory.max memory.min memory.oom.group memory.swap.max pids.max rdma.max'
values() {
    local dir file value
    local -a lines

    dir=$(dir_of "$1" "$2")
    for file in $files; do
        [ -e "$dir/$file" ] || continue
        # Without a process for each: they are slow here.
        mapfile -t lines <"$dir/$file"
        value=${lines[*]}
        if [ "$file" = pids.max ] && [ "$1" = runlxc ] && [ "$value" != max ]; then value=$((value - 1)); fi
        echo "$file: $value"
    done
}

# ---- resources ----

IFS=: read -r major minor <"/sys/class/block/vda/dev"
limits='.linux.resources = {devices: [{allow: false, access: "rwm"}],
    memory: {limit: 67108864, reservation: 33554432, swap: 134217728}, cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0", mems: "0"},
    pids: {limit: 40}, hugepageLimits: [{pageSize: "2MB", limit: 4194304}],
    blockIO: {throttleReadBpsDevice: [{major: '$major', minor: '$minor', rate: 1048576}]},
    unified: {"memory.high": "60000000", "memory.oom.group": "1"}}'
bundle_of "$limits"
programs='runc runlxc'
[ "${VM_SUITES:-}" != all ] || programs='runc crun runlxc'
# shellcheck disable=SC2086 # words
start limits $programs
is "every resource as runc sets it" "$(values runlxc limits)" "$(values runc limits)"
[ "${VM_SUITES:-}" != all ] || is "and as crun" "$(values runlxc limits)" "$(values crun limits)"
is "the state's pid is in that cgroup" "$(dir_of runlxc limits)" "/sys/fs/cgroup$parent/runlxc-limits"
prints "the container sees itself at the top" "0::/" runlxc exec limits cat /proc/self/cgroup

changes=('--memory 41943040 --memory-swap 62914560' '--cpu-quota 10000 --cpu-period 40000' '--cpu-share 300' '--pids-limit 30'
    '--memory-reservation 10485760' '--cpuset-cpus 0')
# In the short run, all at once.
[ "${VM_SUITES:-}" = all ] || changes=("${changes[*]}")
for change in "${changes[@]}"; do
    # shellcheck disable=SC2086 # words
    for program in runc runlxc; do ok "$program update $change" "$program" update $change limits; done
    is "update $change" "$(values runlxc limits)" "$(values runc limits)"
done
before=$(values runlxc limits)
fails_with 1 "memory" runlxc update --memory 4096000000000000000000 limits
is "a refused update changes nothing" "$(values runlxc limits)" "$before"

# ---- pause, exec, kill ----

ok "pause" runlxc pause limits
prints "it is in the kernel" "frozen 1" grep frozen "$(dir_of runlxc limits)/cgroup.events"
is "state" "$(runlxc state limits | jq -r .status)" paused
status_is "exec in what is paused" 255 runlxc exec limits true
ok "exec --ignore-paused waits in it" timeout -s KILL 20 sh -c '"$1" --root "$2" exec --ignore-paused limits true & pid=$!
    sleep 1; kill -0 $pid && "$1" --root "$2" resume limits && wait $pid' sh "$RUNLXC" "$ROOT"
is "resumed" "$(runlxc state limits | jq -r .status) $(grep -c 'frozen 0' "$(dir_of runlxc limits)/cgroup.events")" "running 1"
prints "what is executed is in the cgroup" "0::/" runlxc exec limits sh -c 'cat /proc/self/cgroup'
theirs=$(runc events --stats limits | jq -c '[paths(scalars) | map(if type == "number" then "N" else . end) | join(".")] | unique')
ours=$(runlxc events --stats limits | jq -c '[paths(scalars) | map(if type == "number" then "N" else . end) | join(".")] | unique')
# Which counters are not zero is chance, the rest is not.
chance='test("blkio|psi|PSI|throttl|cpu.usage.percpu|network_interfaces|memory.cache|usage_in_kernelmode|burst")'
is "events --stats has what runc's has" "$(jq -nc "$theirs - $ours | map(select($chance | not))")" "[]"
for program in $programs; do ok "$program delete --force" remove "$program" limits; done

# A crowd ends with the container: cgroup.kill leaves nobody out.
bundle_of '.linux.resources = {pids: {limit: 60}} | .process.args = ["sh", "-c", "for i in $(seq 50); do sleep 500 & done; wait"]'
start crowd runlxc
wait_for 20 sh -c "[ \$(wc -l <'$(dir_of runlxc crowd)/cgroup.procs') -ge 50 ]"
ok "delete --force of a crowd" remove runlxc crowd
fails "its cgroup is gone" test -e "/sys/fs/cgroup$parent/runlxc-crowd"

# ---- memory.events ----

bundle_of '.linux.resources = {memory: {limit: 16777216, swap: 16777216}} |
    .process.args = ["sh", "-c", "read -r go </go; dd if=/dev/zero of=/dev/null bs=64M count=1"] | .root.readonly = false'
mkfifo "$bundle/rootfs/go"
start oom runlxc
runlxc events --interval 1h oom >"$SCRATCH/events" 2>&1 &
events=$!
sleep 1.5
supervisor=$(runlxc state oom | jq .pid)
timeout 10 sh -c "echo go >'$bundle/rootfs/go'"
ok "it ends" wait_for 60 sh -c "[ \"\$('$RUNLXC' --root '$ROOT' state oom | jq -r .status)\" = stopped ]"
wait_for 10 grep -q '"oom"' "$SCRATCH/events"
is "events tells the kill" "$(jq -r 'select(.type == "oom").type' "$SCRATCH/events" | sort -u)" oom
kill "$events" 2>/dev/null
wait "$events" 2>/dev/null
ok "delete" runlxc delete oom
is "its process is gone" "$(ls -d "/proc/$supervisor" 2>/dev/null)" ""

# ---- devices: a program of the kernel's ----

bundle_of '.process.args = ["sleep", "600"] | .process.capabilities |= map_values(. + ["CAP_MKNOD"]) | .root.readonly = false |
    .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 7, access: "r"},
    {allow: true, type: "b", major: 7, access: "m"}]'
# shellcheck disable=SC2086 # words
start devices $programs
# A node may be made of any device by the runtimes' own rule; opening it is what the rules are about.
try='cd /tmp 2>/dev/null || cd /; for n in "c 1 7" "c 1 3" "b 7 5" "b 8 0" "c 10 200" "c 4 64"; do
    rm -f node; mknod node $n && cat node 2>&1 | head -c 60 | tr "\0" 0; rm -f node; echo " $n"; done
    (: >/dev/full) 2>/dev/null || echo writes not full; head -c 1 /dev/zero | wc -c; echo >/dev/null && echo null
    (: </dev/kmsg) 2>/dev/null || echo no kmsg; ls -l /dev/tty >/dev/null && echo tty'
expected=$(runc exec devices sh -c "$try" 2>/dev/null)
is "devices as with runc" "$(runlxc exec devices sh -c "$try" 2>/dev/null)" "$expected"
like "which are not all" "$(paste -sd' ' <<<"$expected")" "not permitted +b 8 0"
like "and not none" "$expected" "000000 c 1 7"
for program in $programs; do ok "$program delete --force devices" remove "$program" devices; done

# ---- a container in the host's cgroup namespace ----

bundle_of '.process.args = ["true"] | .linux.namespaces |= map(select(.type != "cgroup"))'
jq . "$SCRATCH/.config" >"$bundle/config.json"
ok "runlxc run in the host's cgroup namespace" runlxc run -b "$bundle" host </dev/null
like "the host's delegation stays" "$(grep ' /sys/fs/cgroup ' /proc/mounts)" 'nsdelegate'

# ---- a container that has cgroups of its own ----

# What its init does is what systemd does: out of the root cgroup, then controllers for those below.
init='mkdir /sys/fs/cgroup/init.scope && echo 1 >/sys/fs/cgroup/init.scope/cgroup.procs && echo "+memory +pids" >/sys/fs/cgroup/cgroup.subtree_control &&
    mkdir /sys/fs/cgroup/work && echo 8388608 >/sys/fs/cgroup/work/memory.max && echo ready >/ready; exec sleep 600'
bundle_of ".process.args = [\"sh\", \"-c\", $(jq -Rs . <<<"$init")] | .root.readonly = false |
    .annotations[\"org.linuxcontainers.system\"] = \"true\" | .linux.resources = {memory: {limit: 67108864}, pids: {limit: 100}} |
    .mounts |= map(select(.destination != \"/sys/fs/cgroup\")) | .mounts += [{destination: \"/sys/fs/cgroup\", type: \"cgroup\", source: \"cgroup\", options: [\"rw\", \"nosuid\", \"noexec\", \"nodev\"]}]"
start system runlxc
ok "its init has its own cgroups" wait_for 20 test -e "$bundle/rootfs/ready"
prints "exec" "works" runlxc exec system echo works
like "in a leaf" "$(runlxc exec system cat /proc/self/cgroup)" '^0::/.+'
prints "whose limits are the container's own" "8388608" runlxc exec system cat /sys/fs/cgroup/work/memory.max
fails "its own limit is out of its reach" runlxc exec system sh -c 'echo max >/sys/fs/cgroup/memory.max'
is "as the engine set it" "$(cat "/sys/fs/cgroup$parent/runlxc-system/memory.max")" 67108864
ok "ps sees its processes" sh -c "'$RUNLXC' --root '$ROOT' ps system | grep -q 'sleep 600'"
ok "pause" runlxc pause system
ok "resume" runlxc resume system
ok "delete --force" remove runlxc system
is "its cgroups are gone" "$(find "/sys/fs/cgroup$parent" -mindepth 1 -type d)" ""

suite_end
