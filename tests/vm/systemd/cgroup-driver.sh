#!/bin/bash
# --systemd-cgroup: a container's cgroup is a scope of systemd's with its resources as properties, beside runc and crun; how it
# changes, and that it is gone with the container however that ended.
# shellcheck source=tests/lib.sh disable=SC2317,SC2016,SC2154 # functions are called through the assertions; words for other shells
. "$(dirname "$0")/../../lib.sh"
suite_begin private

LIMIT=100
beside_runc
CRUN=$(command -v crun)
crun() { bounded "$CRUN" --root "$SCRATCH/crun-root" "$@"; }
at_exit 'for id in $(crun list -q); do crun delete --force "$id"; done >/dev/null 2>&1'
tag=t$$
slice=machine-$tag.slice
at_exit 'systemctl stop "$slice" "$tag.slice" 2>/dev/null'

# bundle_of FILTER: config.json, by jq, of a container that sleeps.
jq_base='.process.terminal = false | .process.args = ["sleep", "600"] | .linux.cgroupsPath = $path'
runc spec -b "$bundle" && mv "$bundle/config.json" "$SCRATCH/base.json"
bundle_of() { jq --arg path "$1" "$jq_base | $2" "$SCRATCH/base.json" >"$bundle/config.json"; }
# start PROGRAM ID SCOPE-NAME FILTER: in the slice, as PROGRAM's.
start() {
    bundle_of "$slice:$1:$2" "$3"
    ok "$1 --systemd-cgroup run $2" "$1" --systemd-cgroup run -d -b "$bundle" --pid-file "$SCRATCH/$1-$2.pid" "$2" </dev/null
}
place() { sed -n 's/^0:://p' "/proc/$(cat "$SCRATCH/$1-$2.pid")/cgroup"; }
scope_dir() { echo "/sys/fs/cgroup/machine.slice/$slice/$1-$2.scope"; }
# properties UNIT: what a resource, or a place, can have come to.
properties() {
    systemctl show "$1" -p Slice,ControlGroup,Delegate,DefaultDependencies,MemoryMax,MemoryHigh,MemoryLow,MemoryMin,MemorySwapMax \
        -p CPUWeight,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,TasksMax,AllowedCPUs,AllowedMemoryNodes,DevicePolicy,ActiveState \
        -p TimeoutStopUSec,After,MemoryAccounting,CPUAccounting,IOAccounting,TasksAccounting | sort
}
# One task more is allowed for, the supervisor's.
as_runc() { sed "s/\\<$1\\>/PROGRAM/" | if [ "$1" = runlxc ]; then awk -F= '$1 == "TasksMax" && $2 ~ /^[0-9]+$/ { $0 = "TasksMax=" $2 - 1 } { print }'; else cat; fi; }
unit_is() { [ "$(systemctl show "$1" -P LoadState)" = "$2" ]; }
unit_gone() { unit_is "$1" not-found && [ -z "$(find /sys/fs/cgroup -type d -name "$1")" ]; }
files='cpu.max cpu.weight cpuset.cpus cpuset.mems io.weight memory.high memory.low memory.max memory.swap.max'
# shellcheck disable=SC2086 # words
values() { (cd "$1" && grep -H . $files); }

# ---- the same as runc's ----

limits='.linux.resources += {memory: {limit: 67108864, swap: 134217728, reservation: 33554432}, pids: {limit: 20},
    cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0", mems: "0"}, blockIO: {weight: 200}, unified: {"memory.high": "60000000"}} |
    .annotations = {"org.systemd.property.TimeoutStopSec": "12", "org.systemd.property.After": "['"'sockets.target'"']"}'
for program in runc runlxc; do start "$program" same "$limits"; done
theirs=$(properties "runc-same.scope" | as_runc runc)
is "the unit's properties are runc's" "$(properties "runlxc-same.scope" | as_runc runlxc)" "$theirs"
like "which say something" "$theirs" 'MemoryMax=67108864'
is "its cgroup's files too" "$(values "$(scope_dir runlxc same)")" "$(values "$(scope_dir runc same)")"
is "and those of the container's own" "$(values "$(scope_dir runlxc same)/container")" "$(values "$(scope_dir runc same)")"
devices() { systemctl show "$1-same.scope" -p DeviceAllow | sort; }
is "no device that runc allows is missing" "$(comm -13 <(devices runlxc) <(devices runc))" ""
is "the container is below the scope" "$(place runlxc same)" "/machine.slice/$slice/runlxc-same.scope/container"
is "in which no process is" "$(cat "$(scope_dir runlxc same)/cgroup.procs")$(ls -d "$(scope_dir runlxc same)"/*/)" "$(scope_dir runlxc same)/container/"
start crun same .
is "as crun has it" "$(place crun same)" "/machine.slice/$slice/crun-same.scope/container"
ok "crun delete" crun delete --force same

prints "exec is in it" "0::/" runlxc exec same cat /proc/self/cgroup
ok "systemctl status" systemctl status --no-pager -n 0 runlxc-same.scope
like "shows the container" "$out" 'container'$'\n''.*sleep 600'
unlike "and not what watches it" "$out" 'lxc-start -F'
is "state" "$(runlxc state same | jq -r .status)" running

for program in runc runlxc; do
    ok "$program update" "$program" update --memory 50331648 --memory-swap 100663296 --cpu-quota 20000 --cpu-period 40000 --cpu-share 1024 \
        --pids-limit 30 same
done
theirs=$(properties "runc-same.scope" | as_runc runc)
is "update: the properties are runc's" "$(properties "runlxc-same.scope" | as_runc runlxc)" "$theirs"
like "which are new" "$theirs" 'MemoryMax=50331648'
before=$(values "$(scope_dir runlxc same)")
is "update: the files of both" "$(values "$(scope_dir runlxc same)/container")" "$before"
ok "systemd reads its units anew" systemctl daemon-reload
ok "and is asked for one" systemctl set-property --runtime runlxc-same.scope IOAccounting=yes
is "what was set is not lost" "$(values "$(scope_dir runlxc same)")" "$before"
prints "nor a device" "1" runlxc exec same sh -c 'head -c 1 /dev/zero | wc -c'
ok "pause" runlxc pause same
is "is seen" "$(runlxc state same | jq -r .status)" paused
ok "resume" runlxc resume same
like "events --stats" "$(runlxc events --stats same)" '"limit":50331648'
ok "ps" sh -c '"$1" --root "$2" ps same | grep -q "sleep 600"' sh "$RUNLXC" "$ROOT"

# ---- gone with the container ----

ok "kill" runlxc kill same KILL
ok "its end is the unit's" wait_for 20 unit_gone runlxc-same.scope
ok "it is still known" sh -c '[ "$("$1" --root "$2" state same | jq -r .status)" = stopped ]' sh "$RUNLXC" "$ROOT"
ok "delete" runlxc delete same
ok "runc's goes" runc delete --force same

start runlxc forced '.process.args = ["sh", "-c", "trap : TERM; while :; do sleep 1; done"]'
ok "delete --force" runlxc delete --force forced
ok "leaves no unit" unit_gone runlxc-forced.scope

start runlxc stopped '.process.args = ["sh", "-c", "trap \"exit 7\" TERM; while :; do sleep 0.1; done"]'
ok "systemctl stop" systemctl stop runlxc-stopped.scope
ok "ends the container" wait_for 20 sh -c '[ "$("$1" --root "$2" state stopped | jq -r .status)" = stopped ]' sh "$RUNLXC" "$ROOT"
ok "which can be deleted" runlxc delete stopped

bundle_of "$slice:runlxc:nothing" '.process.args = ["/nothing"]'
fails "a command that is not there" runlxc --systemd-cgroup run -b "$bundle" nothing </dev/null
ok "leaves no unit" unit_gone runlxc-nothing.scope

# The driver killed while the container is being made: a hook makes that long.
printf '#!/bin/sh\ntouch %q\nexec sleep 20\n' "$SCRATCH/in-hook" >"$SCRATCH/hook"
chmod 755 "$SCRATCH/hook"
bundle_of "$slice:runlxc:killed" ".hooks.createRuntime = [{path: \"$SCRATCH/hook\"}]"
"$RUNLXC" --root "$ROOT" --systemd-cgroup create -b "$bundle" killed </dev/null >/dev/null 2>&1 &
driver=$!
ok "a create that takes its time" wait_for 40 test -e "$SCRATCH/in-hook"
ok "has its unit" test -d "$(scope_dir runlxc killed)"
kill -KILL "$driver"
{ wait "$driver"; } 2>/dev/null
ok "delete --force after kill -9" runlxc delete --force killed
ok "leaves no unit" wait_for 20 unit_gone runlxc-killed.scope

# ---- where it is not as simple ----

bundle_of ":runlxc:$tag" .
ok "without a slice" runlxc --systemd-cgroup run -d -b "$bundle" --pid-file "$SCRATCH/runlxc-default.pid" default </dev/null
is "it is system.slice" "$(place runlxc default)" "/system.slice/runlxc-$tag.scope/container"
fails_with 1 "the unit runlxc-$tag.scope exists already" runlxc --systemd-cgroup run -b "$bundle" second </dev/null
is "a scope that is in use stays its container's" "$(systemctl is-active "runlxc-$tag.scope") $(runlxc state default | jq -r .status)" "active running"
ok "delete" runlxc delete --force default

bundle_of "x.slice:p:$tag.slice" .
ok "a name that is a slice's" runlxc --systemd-cgroup run -d -b "$bundle" --pid-file "$SCRATCH/runlxc-slice.pid" slice </dev/null
is "is one" "$(place runlxc slice)" "/$tag.slice/container"
ok "delete" runlxc delete --force slice
# A slice needs no file and so is always there to be started.
is "ends it" "$(systemctl is-active "$tag.slice") $(find /sys/fs/cgroup -type d -name "$tag.slice")" "inactive "

bundle_of "$slice:runlxc:bad" '.annotations = {"org.systemd.property.PIDs": "[uint32 1]"}'
fails_with 1 "org.systemd.property.PIDs: is the runtime's" runlxc --systemd-cgroup create -b "$bundle" bad </dev/null
bundle_of "$slice:runlxc:bad" '.annotations = {"org.systemd.property.TimeoutStopUSec": "soon"}'
fails_with 1 "org.systemd.property.TimeoutStopUSec: a whole number is expected" runlxc --systemd-cgroup create -b "$bundle" bad </dev/null
# CVE-2024-3154: whoever can only choose annotations stops no other unit and not the machine, and lifts no limit.
for property in SuccessAction OnFailure Conflicts MemoryMax NoSuchThing; do
    bundle_of "$slice:runlxc:bad" ".annotations = {\"org.systemd.property.$property\": \"'reboot'\"}"
    fails_with 1 "org.systemd.property.$property: the property is not one that annotation_systemd_properties of runlxc.conf allows" runlxc \
        --systemd-cgroup create -b "$bundle" bad </dev/null
done
mkdir -p /etc/runlxc
echo 'annotation_systemd_properties = NoSuch*' >/etc/runlxc/runlxc.conf
bundle_of "$slice:runlxc:bad" '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
like "one that is allowed is systemd's to refuse" "$(runlxc --systemd-cgroup create -b "$bundle" bad </dev/null 2>&1)" 'NoSuchThing'
unlike "which it was that did" "$(runlxc --systemd-cgroup create -b "$bundle" bad </dev/null 2>&1)" 'annotation_systemd_properties'
rm /etc/runlxc/runlxc.conf
bundle_of "$slice:runlxc:b+d" .
fails_with 1 "'+' cannot be in the name of a unit" runlxc --systemd-cgroup create -b "$bundle" bad </dev/null
bundle_of "$slice:runlxc:bad" .
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent
fails_with 1 "connect to the system's bus" runlxc --systemd-cgroup create -b "$bundle" bad </dev/null
unset DBUS_SYSTEM_BUS_ADDRESS
# ---- lxc-launch ----

ok "lxc-launch --systemd-cgroup" "$LXC_LAUNCH" -d --name "ll$tag" --systemd-cgroup --cgroup-parent "$slice" -m 64m --pids-limit 1 \
    @busybox sleep 600
like "its scope is in the parent" "$(properties "runlxc-ll$tag.scope")" "ControlGroup=/machine.slice/$slice/runlxc-ll$tag.scope"
is "and has its limit" "$(cat "/sys/fs/cgroup/machine.slice/$slice/runlxc-ll$tag.scope/memory.max")" 67108864
ok "its removal" "$RUNLXC" delete --force "ll$tag"
ok "leaves no unit" unit_gone "runlxc-ll$tag.scope"
status_is "a foreground container" 7 "$LXC_LAUNCH" --rm --name "lf$tag" --systemd-cgroup @busybox sh -c 'exit 7'
ok "leaves none either" unit_gone "runlxc-lf$tag.scope"
fails_with 125 'cgroup_parent: "/a" is not the name of a slice' "$LXC_LAUNCH" --rm --systemd-cgroup --cgroup-parent /a @busybox true

is "what failed is not known" "$(runlxc list -q)" ""
is "nor has left a process" "$(pgrep -c runlxc-hold)" 0

suite_end
