#!/bin/bash
# An ordinary user on a host with cgroup v2 who was given a cgroup: his containers' limits hold, and he acts on them as root does.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../../lib.sh"
LIMIT=100
suite_begin private
# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
user_make || exit 1

CG=/sys/fs/cgroup/runlxctest
echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control
mkdir "$CG" "$CG/shell"
chown -R "$TEST_UID:$TEST_UID" "$CG"
# delegated CMD...: as the user, in that cgroup.
delegated() {
    (echo "$BASHPID" >"$CG/shell/cgroup.procs" && as_user "$@")
}
launch() { delegated "$LXC_LAUNCH" "$@"; }
runlxc() { delegated "$RUNLXC" "$@"; }
at_exit 'find /sys/fs/cgroup/runlxctest -depth -type d -exec rmdir {} + 2>/dev/null'

# A suite before this one may have had it loaded.
printf runlxc-default 2>/dev/null >/sys/kernel/security/apparmor/.remove
like "only root can load the default profile: said, and no obstacle" "$(launch --rm @busybox echo hi 2>&1)" \
    'runlxc-default" is not loaded, and only root can load it.*hi'
ok "the profile is loaded by root's first container" "$LXC_LAUNCH" --rm @busybox true
is "its limits, as it sees them and cannot change them; and it is confined" \
    "$(launch --rm -m 32m --pids-limit 20 --cpus 0.5 @busybox sh -c 'cd /sys/fs/cgroup && cat memory.max pids.max cpu.max; while read -r pid; do echo $pid; done <cgroup.procs; cat /proc/self/attr/current; echo max >memory.max' 2>&1)" \
    "33554432
20
50000 100000
1
runlxc-default (enforce)
sh: can't create memory.max: Read-only file system"
status_is "memory is limited" 137 launch --rm -m 16m --memory-swap 16m @busybox tail /dev/zero
like "tasks are limited" "$(launch --rm --pids-limit 5 @busybox sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait' 2>&1)" "can't fork"
prints "one that goes on" c1 launch -d --name c1 -m 32m @busybox sleep 1000
is "its cgroup" "$(jq -c .cgroups "$TEST_RUNTIME/runlxc/c1/state.json")" "{\"\":\"$CG/runlxc.payload.c1\"}"
is "in it is its init alone" "$(cat "$CG/runlxc.payload.c1/cgroup.procs")" "$(jq .pid "$TEST_RUNTIME/runlxc/c1/state.json")"
is "lxc-start is where it came from" "$(cut -d : -f 3 "/proc/$(pgrep -x lxc-start -u "$TEST_UID")/cgroup")" /runlxctest/shell
is "exec is in it" "$(runlxc exec c1 sh -c 'wc -l </sys/fs/cgroup/cgroup.procs')" 2
ok "pause" runlxc pause c1
is "it is" "$(cat "$CG/runlxc.payload.c1/cgroup.freeze")" 1
ok "resume" runlxc resume c1
within "its numbers" "$(runlxc events --stats c1 | jq .data.memory.usage.usage)" 1 33554432
ok "update" runlxc update --memory 64m c1
is "its new limit" "$(cat "$CG/runlxc.payload.c1/memory.max")" 67108864
ok "delete --force" runlxc delete --force c1
is "its cgroups are gone" "$(ls -d "$CG"/*/)" "$CG/shell/"
fails_with 125 'resources.memory: cgroup v2 controller "memory" is not delegated to this user' as_user "$LXC_LAUNCH" --rm -m 10m @busybox true
suite_end
