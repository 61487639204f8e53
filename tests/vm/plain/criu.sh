#!/bin/bash
# checkpoint and restore with the real CRIU, which Debian's kernel lets work: a program goes on where it was, its output at the new
# stream, as confined and limited as before; beside runc. And what is said and left when it cannot be done.
# shellcheck source=tests/lib.sh disable=SC2317,SC2016 # functions are called through the assertions; words for the containers' shells
. "$(dirname "$0")/../../lib.sh"
suite_begin private

mount -o remount,nsdelegate,memory_recursiveprot /sys/fs/cgroup
hierarchy=$(findmnt -no FS-OPTIONS /sys/fs/cgroup)
parent=/runlxc-test-criu-$$
at_exit 'find "/sys/fs/cgroup$parent" -depth -type d -exec rmdir {} + 2>/dev/null'
beside_runc
apparmor_parser -q -r <<'PROFILE'
profile runlxc-test-criu flags=(attach_disconnected,mediate_deleted) {
  file, capability, network, signal, ptrace, unix, mount,
  deny /etc/secret rw,
}
PROFILE
echo secret >"$bundle/rootfs/etc/secret"
echo given >"$SCRATCH/given"
touch "$bundle/rootfs/mnt/given"

# bundle_of PROGRAM FILTER: config.json of a counter, by jq.
bundle_of() {
    rm -f "$bundle/config.json"
    runc spec -b "$bundle"
    jq '.process.terminal = false | .process.args = ["sh", "-c", "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.2; done"] |
        .process.apparmorProfile = "runlxc-test-criu" | .linux.resources.memory = {limit: 67108864} | .linux.resources.pids = {limit: 40} |
        .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]} |
        .mounts += [{destination: "/mnt/given", type: "bind", source: "'"$SCRATCH"'/given", options: ["bind", "ro"]}] |
        .linux.cgroupsPath = "'"$parent/$1"'" | '"${2:-.}" "$bundle/config.json" >"$SCRATCH/.config"
    cp "$SCRATCH/.config" "$bundle/config.json"
}
pid_of() { "$1" state "$2" | jq .pid; }
# What a container may do: of its init, its cgroup, and by trying.
look() {
    local pid dir

    pid=$(pid_of "$1" "$2")
    dir=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
    grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' "/proc/$pid/status"
    cat "/proc/$pid/attr/current" "/proc/$pid/oom_score_adj" "/proc/$pid/limits" "$dir/memory.max" "$dir/pids.max"
    awk '{ for (i = 7; $i != "-"; i++); print $5, $6, $(i + 1) }' "/proc/$pid/mountinfo" | sort
    "$1" exec "$2" sh -c 'touch /file; mknod /dev/mem c 1 1 && head -c 1 /dev/mem; rm -f /dev/mem; cat /etc/secret /mnt/given
        echo x >/proc/sys/kernel/sysrq; head -c 1 /dev/zero | wc -c; ls /' 2>&1
}
last() { tail -n 1 "$1"; }
grown() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# ---- there and back ----

# By pipes, as an engine has them.
for program in runlxc runc; do
    bundle_of "$program"
    "$program" run -d -b "$bundle" c1 </dev/null > >(exec cat >"$program.1") 2>&1
    wait_for 20 grown "$program.1" 3 || fail "$program: the counter counts"
    look "$program" c1 >"$program.before"
    ok "$program checkpoint" "$program" checkpoint --image-path "$PWD/$program.images" --work-path "$PWD/$program.work" c1
    ok "$program: the log is in the work directory" test -s "$program.work/dump.log"
    fails "$program: it is gone" "$program" state c1
    [ "$program" = runc ] || is "the host's cgroups are as they were" "$(findmnt -no FS-OPTIONS /sys/fs/cgroup)" "$hierarchy"
    before=$(last "$program.1")
    "$program" restore -d -b "$bundle" --image-path "$PWD/$program.images" --work-path "$PWD/$program.work" --pid-file "$program.pid" c1 \
        </dev/null > >(exec cat >"$program.2") 2>"$program.error"
    is "$program restore" "$? $(<"$program.error")" "0 "
    wait_for 20 grown "$program.2" 3
    is "$program: it goes on counting where it was" "$(head -n 1 "$program.2")" "$((before + 1))"
    is "$program: it is running" "$("$program" state c1 | jq -r .status)" running
    look "$program" c1 >"$program.after"
    [ "$program" = runc ] || is "and again" "$(findmnt -no FS-OPTIONS /sys/fs/cgroup)" "$hierarchy"
done
is "as confined and limited as before" "$(<runlxc.after)" "$(<runlxc.before)"
diag "runc, before and after: $(diff runc.before runc.after)"
is "the pid file has the supervisor" "$(<runlxc.pid)" "$(runlxc state c1 | jq .supervisorPid)"
fails_with 1 'container "c1" exists already' runlxc restore -d -b "$bundle" --image-path "$PWD/runlxc.images" c1
is "which goes on" "$(runlxc state c1 | jq -r .status)" running
like "LXC's own tools have it" "$(lxc-info -P "$ROOT" -n c1 -s)" RUNNING
rm -rf /run/lxc/lock
ok "pause" runlxc pause c1
ok "resume" runlxc resume c1
ok "kill" runlxc kill c1 KILL
wait_for 10 test "$(runlxc state c1 | jq -r .status)" = stopped
is "its status is known" "$(runlxc state c1 | jq -c '[.status, .exitStatus, .oom]')" '["stopped",137,false]'
ok "delete" runlxc delete c1

# ---- waiting for its end, with its status ----

bundle_of runlxc '.process.args = ["sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.1; done; cat; echo end; exit 7"] | .root.readonly = false'
rm -f "$bundle/rootfs/tmp/go"
# A pipe for each, as CRIU gives a stream back by its kind.
: | runlxc run -d -b "$bundle" c2 > >(exec cat >c2.1) 2>&1
ok "checkpoint" runlxc checkpoint --image-path images.2 c2
touch "$bundle/rootfs/tmp/go"
echo input | { runlxc restore -b "$bundle" --image-path images.2 c2; echo "status $?"; } 2>&1 | cat >c2.2
is "restore waits, and ends as the command" "$(<c2.2)" $'input\nend\nstatus 7'
fails_with 1 'container "c2" does not exist' runlxc state c2

# ---- what cannot be done ----

run env PATH=/nosuch "$RUNLXC" --root "$ROOT" restore -b "$bundle" --image-path images.2 c3
like "without CRIU: what to install" "$status $err" '^1 runlxc: restore: CRIU is not installed: .*package criu has it\)$'
fails_with 1 'nosuch/inventory.img: no such file' runlxc restore -b "$bundle" --image-path nosuch c3
cp -a images.2 images.3
rm images.3/core-1.img
fails_with 1 "images.3/restore.log)" runlxc restore -d -b "$bundle" --image-path images.3 c3
rm images.3/descriptors.json
fails_with 1 'is not what a checkpoint has written' runlxc restore -d -b "$bundle" --image-path images.3 c3
bundle_of runlxc '.process.terminal = true'
fails_with 1 'process.terminal: true: CRIU brings no terminal' runlxc restore -b "$bundle" --image-path images.2 c3
bundle_of runlxc '.hooks.createContainer = [{path: "/bin/true"}]'
fails_with 1 'hooks: prestart' runlxc restore -d -b "$bundle" --image-path images.2 c3
is "nothing is left of any" "$(ls "$ROOT"; find "/sys/fs/cgroup$parent" -mindepth 1 -name 'runlxc*'; find /run/lxc -mindepth 1)" ""
suite_end
