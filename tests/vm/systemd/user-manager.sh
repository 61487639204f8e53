#!/bin/bash
# --systemd-cgroup of an ordinary user: a scope of his own manager's, from a session that is outside of it too, beside runc.
# shellcheck source=tests/lib.sh disable=SC2317,SC2154 # functions are called through the assertions
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/vm/user-session.sh
. "$TOP/tests/vm/user-session.sh"
suite_begin private

LIMIT=100
slice=runlxctest$$.slice
top=/sys/fs/cgroup$user_cgroup
chmod 711 "$SCRATCH"
bundle=$SCRATCH/bundle
busybox_rootfs "$bundle/rootfs"
chown -R "$TEST_UID:$TEST_UID" "$bundle"
RUNC=$(command -v runc)
runc() { as_user "$RUNC" "$@"; }
runlxc() { as_user "$RUNLXC" "$@"; }
userctl() { as_user systemctl --user "$@"; }
at_exit 'for id in $(runlxc list -q); do runlxc delete --force "$id"; done >/dev/null 2>&1'
at_exit 'runc delete --force user >/dev/null 2>&1'
at_exit 'userctl stop "$slice" 2>/dev/null'

runc spec --rootless -b "$bundle" && mv "$bundle/config.json" "$SCRATCH/base.json"
limits='.linux.resources = {memory: {limit: 67108864, swap: 134217728, reservation: 33554432}, pids: {limit: 20},
    cpu: {shares: 512, quota: 25000, period: 50000}}'
# start PROGRAM ID COMMAND...: PROGRAM is called by COMMAND.
start() {
    local prefix=$1 id=$2

    shift 2
    jq --arg path "$slice:$prefix:$id" ".process.terminal = false | .process.args = [\"sleep\", \"600\"] | .linux.cgroupsPath = \$path |
        $limits" "$SCRATCH/base.json" >"$bundle/config.json"
    ok "$prefix --systemd-cgroup run $id" "$@" --systemd-cgroup run -d -b "$bundle" --pid-file "$TEST_RUNTIME/$prefix-$id.pid" "$id" </dev/null
}
place() { sed -n 's/^0:://p' "/proc/$(cat "$TEST_RUNTIME/$1-$2.pid")/cgroup"; }
properties() {
    userctl show "$1" -p Slice,Delegate,MemoryMax,MemoryLow,MemorySwapMax,CPUWeight,CPUQuotaPerSecUSec,CPUQuotaPeriodUSec,TasksMax,ActiveState | sort |
        awk -F= -v own="$2" '$1 == "TasksMax" { $0 = "TasksMax=" $2 - own } { print }'
}
units() { userctl list-units --all --plain --no-legend "$@" | cut -d ' ' -f 1; }
no_units() { [ -z "$(units 'runlxc*.scope' 'runc*.scope')" ] && [ -z "$(find "$top" -name 'runlxc*.scope' -o -name 'runc*.scope')" ]; }
stopped() { [ "$(runlxc state "$1" | jq -r .status)" = stopped ]; }
values() { (cd "$top/$slice/$1" && grep -H . cpu.max cpu.weight memory.low memory.max memory.swap.max); }

unlike "the session is outside of the manager" "$(cut -d : -f 3 /proc/self/cgroup)" "^$user_cgroup"
start runlxc user as_user "$RUNLXC"
is "the container is in a scope of the manager's" "$(place runlxc user)" "$user_cgroup/$slice/runlxc-user.scope/container"
is "in it are its init and the supervisor" "$(sort -n "$top/$slice/runlxc-user.scope/container/cgroup.procs")" \
    "$(jq '.pid, .supervisorPid' "$TEST_RUNTIME/runlxc/user/state.json" | sort -n)"
like "lxc-start is in a scope beside it" "$(cut -d : -f 3 "/proc/$(pgrep -x lxc-start -u "$TEST_UID")/cgroup")" \
    "^$user_cgroup/app.slice/runlxc.supervisor-[0-9]*.scope\$"
start runc user as_user "$RUNC"
theirs=$(properties runc-user.scope 0)
is "the unit's properties are runc's" "$(properties runlxc-user.scope 1)" "$theirs"
like "which say something" "$theirs" 'MemoryMax=67108864'
is "its cgroup's files too" "$(values runlxc-user.scope)" "$(values runc-user.scope)"
is "and the container's" "$(values runlxc-user.scope/container)" "$(values runc-user.scope)"
ok "runc's goes" runc delete --force user

prints "exec from outside is in it, and sees the limits" "0::/
67108864
21" runlxc exec user sh -c 'cat /proc/self/cgroup; cd /sys/fs/cgroup && cat memory.max pids.max'
prints "from inside too" "0::/" as_inside "$RUNLXC" exec user cat /proc/self/cgroup
ok "pause" runlxc pause user
is "is seen" "$(runlxc state user | jq -r .status)" paused
ok "resume" runlxc resume user
ok "update" runlxc update --memory 50331648 --pids-limit 30 user
is "is the unit's" "$(userctl show runlxc-user.scope -p MemoryMax,TasksMax)" "MemoryMax=50331648
TasksMax=31"
is "and the container's" "$(cat "$top/$slice/runlxc-user.scope/container"/{memory,pids}.max)" "50331648
31"
ok "systemd reads its units anew" userctl daemon-reload
is "what was set is not lost" "$(cat "$top/$slice/runlxc-user.scope"/{memory,pids}.max)" "50331648
31"
like "events --stats" "$(runlxc events --stats user)" '"limit":50331648'
ok "systemctl stop" userctl stop runlxc-user.scope
ok "ends the container" wait_for 20 stopped user
ok "delete" runlxc delete user

start runlxc inside as_inside "$RUNLXC"
is "started inside it is no different" "$(place runlxc inside)" "$user_cgroup/$slice/runlxc-inside.scope/container"
ok "kill --all" runlxc kill --all inside KILL
ok "its end is the unit's" wait_for 20 no_units
ok "delete" runlxc delete inside

prints "lxc-launch" launched as_user "$LXC_LAUNCH" -d --name launched --systemd-cgroup -m 64m @busybox sleep 600
like "its supervisor stays in a scope, beside the container's" "$(cut -d : -f 3 "/proc/$(jq .supervisorPid "$TEST_RUNTIME/runlxc/launched/state.json")/cgroup")" \
    "^$user_cgroup/app.slice/runlxc.supervisor-[0-9]*.scope\$"
is "lxc-start too: in the container's is its init alone" "$(cat "$top/user.slice/runlxc-launched.scope/container/cgroup.procs")" \
    "$(jq .pid "$TEST_RUNTIME/runlxc/launched/state.json")"
ok "delete --force" runlxc delete --force launched
like "lxc-launch: a limit on tasks holds" "$(as_user "$LXC_LAUNCH" --rm --systemd-cgroup --pids-limit 5 @busybox sh -c \
    'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait' 2>&1)" "can't fork"
ok "no unit is left" wait_for 20 no_units

suite_end
