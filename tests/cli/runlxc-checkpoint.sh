#!/bin/bash
# runlxc checkpoint and restore: what is handed to CRIU, and what is said when it is missing, fails, or cannot be asked. CRIU itself
# is a script here, for not every kernel can be checkpointed by every CRIU; the real one is asked once.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

runlxc() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
at_exit 'for id in $(runlxc list -q); do runlxc delete --force "$id"; done >/dev/null 2>&1'
status_of() { runlxc state "$1" | jq -r .status; }

mkdir bin
cat >bin/criu <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo "Version: 3.17.1"; exit 0; }
verb=$1 arguments="$*" pid='' log='' dir='' keep=''
while [ $# -gt 0 ]; do
    case $1 in
        -t) pid=$2 ;;
        -o) log=$2 ;;
        -D) dir=$2 ;;
        --leave-running) keep=1 ;;
    esac
    shift
done
echo "$arguments" >"$dir/arguments"
echo "$PWD" >"$log"
if [ -n "${CRIU_FAILS:-}" ]; then
    { echo "(00.1) Warn  (x.c:1): a warning"; echo "(00.2) Error (x.c:2): the cause"; echo "(00.3) Error (x.c:3): Dumping FAILED."; } >"$log"
    exit 1
fi
[ "$verb" = pre-dump ] || [ -n "$keep" ] || kill -KILL "$pid"
END
chmod +x bin/criu
real=$PATH
PATH=$SCRATCH/bin:$PATH

ok "a container" "$LXC_LAUNCH" --root "$ROOT" -d --name c1 @busybox sleep 600
pid=$(runlxc state c1 | jq .pid)
fails_with 1 'container "nosuch" does not exist' runlxc checkpoint nosuch
for option in --lazy-pages --status-fd=3 --empty-ns=network; do
    fails_with 1 "${option%%=*}: liblxc cannot ask CRIU for it" runlxc checkpoint "$option" c1
done
fails_with 1 '"some" is not one of soft, full and strict' runlxc checkpoint --manage-cgroups-mode some c1
run env PATH=/nosuch "$RUNLXC" --root "$ROOT" checkpoint c1
is "without CRIU: what to install" "$status $err" \
    "1 runlxc: checkpoint: CRIU is not installed: there is no program \"criu\" in PATH (Debian's package criu has it)"
run env CRIU_FAILS=1 "$RUNLXC" --root "$ROOT" checkpoint --image-path failed --work-path work c1
is "CRIU's error is the reason" "$status $err" "1 runlxc: checkpoint: CRIU: the cause ($PWD/failed/dump.log)"
ok "its log is in the work directory too" cmp failed/dump.log work/dump.log
is "the container goes on" "$(status_of c1)" running
ok "pre-dump" runlxc checkpoint --image-path one --pre-dump c1
like "is asked for" "$(<one/arguments)" "^pre-dump .* -D $PWD/one .*-t $pid "
is "the container goes on" "$(status_of c1)" running
ok "on top of it, elsewhere, and go on" runlxc checkpoint --image-path two --parent-path ../one --page-server 192.0.2.1:77 \
    --leave-running --tcp-established --file-locks --manage-cgroups-mode full c1
for word in "^dump " " -D $PWD/two " " -t $pid " "--prev-images-dir ../one" "--address 192.0.2.1 --port 77" "--leave-running" \
    "--tcp-established" "--file-locks" "--manage-cgroups=full"; do
    like "CRIU is told $word" "$(<two/arguments)" "$word"
done
is "the container goes on" "$(status_of c1)" running
ok "pause" runlxc pause c1
fails_with 1 'container not running: "c1" is paused' runlxc checkpoint c1
ok "resume" runlxc resume c1
ok "a checkpoint with which it ends" runlxc checkpoint c1
is "what its streams are called is beside it" "$(jq -c 'length' checkpoint/descriptors.json)" 3
ok "is in ./checkpoint" test -e checkpoint/dump.log
unlike "does not go on" "$(<checkpoint/arguments)" '--leave-running'
fails_with 1 'container "c1" does not exist' runlxc state c1

# ---- the real CRIU ----

PATH=$real
if command -v criu >/dev/null; then
    ok "a container" "$LXC_LAUNCH" --root "$ROOT" -d --name c2 @busybox sleep 600
    run runlxc checkpoint --image-path real --leave-running c2
    if [ "$status" -eq 0 ]; then
        ok "CRIU has written it down" test -s real/inventory.img
    else
        like "CRIU cannot, and says why" "$err" "^runlxc: checkpoint: CRIU: .+ \\($PWD/real/dump.log\\)\$"
    fi
    is "the container goes on" "$(status_of c2)" running
    ok "delete" runlxc delete --force c2
fi

is "LXC's lock is gone" "$(find /run/lxc -mindepth 1)" ""

# ---- restore: tests/vm/plain/criu.sh does it, here is what this host cannot ----

busybox_rootfs bundle/rootfs
runc spec -b bundle && jq '.process.terminal = false' bundle/config.json >config && cp config bundle/config.json
fails_with 1 'checkpoint/inventory.img: no such file' runlxc restore -b bundle c1
for option in --lazy-pages --empty-ns=network --lsm-mount-context=x; do
    fails_with 1 "${option%%=*}: liblxc cannot ask CRIU for it" runlxc restore "$option" -b bundle c1
done
fails_with 1 '--lsm-profile: the profile is the bundle' runlxc restore --lsm-profile apparmor:x -b bundle c1
fails_with 1 '--console-socket: CRIU brings no terminal' runlxc restore --console-socket x -b bundle c1
touch checkpoint/inventory.img
fails_with 1 'restore: this host has cgroup v1' runlxc restore --detach -b bundle c1
is "nothing is left" "$(ls "$ROOT"; find /run/lxc -mindepth 1)" ""
suite_end
