#!/bin/bash
# Starts that fail or hang inside lxc-start, and ends that LXC would take for something else.
. "$(dirname "$0")/../lib.sh"
suite_begin private

launch() {
    "$LXC_LAUNCH" --root "$ROOT" --rm "$@"
}

hook() { # NAME BODY: a hook program in the scratch directory
    printf '#!/bin/sh\n%s\n' "$2" >"$SCRATCH/$1"
    chmod +x "$SCRATCH/$1"
}

processes_named() {
    pgrep -fc -- "$1"
}

launch @busybox true # the image is there

# ---- the start's time limit ----

hook hang 'sleep 987 & wait'
begin=$(date +%s%N)
fails_with 125 'not done within the start timeout' launch --start-timeout 1 --lxc-conf "lxc.hook.pre-start=$SCRATCH/hang" @busybox true
took=$((($(date +%s%N) - begin) / 1000000))
is "the limit holds" "$((took >= 1000 && took < 5000 ? 1 : took))" 1
is "what the hook started is gone" "$(processes_named 'sleep 987')" 0
is "no record is left" "$(ls -A "$ROOT")" ""

# ---- failures inside lxc-start ----

hook refuse 'exit 3'
fails_with 125 'Script exited with status 3' launch --lxc-conf "lxc.hook.pre-start=$SCRATCH/refuse" @busybox true
fails_with 125 'nosuch0' launch --lxc-conf lxc.net.0.type=phys --lxc-conf lxc.net.0.link=nosuch0 @busybox true
is "one sentence" "$(launch --lxc-conf "lxc.hook.pre-start=$SCRATCH/refuse" @busybox true 2>&1 | wc -l)" 1

# ---- ends ----

hook stopped "echo stopped >>$SCRATCH/out"
launch --lxc-conf "lxc.hook.post-stop=$SCRATCH/stopped" @busybox sh -c 'exit 5'
is "with a post-stop hook the status is the command's" $? 5
is "and the hook ran" "$(cat "$SCRATCH/out")" stopped
hook where "type ls >$SCRATCH/out"
launch --lxc-conf "lxc.hook.pre-start=$SCRATCH/where" @busybox true
like "a hook finds the host's commands" "$(cat "$SCRATCH/out")" '/bin/ls$'

# reboot(2) in a pid namespace ends its init by SIGHUP, which is a reboot to LXC; for us it has ended.
launch --cap-add SYS_BOOT @busybox reboot -f
is "a reboot ends the container" $? 129
launch --cap-add SYS_BOOT --lxc-conf "lxc.hook.post-stop=$SCRATCH/stopped" @busybox reboot -f
is "with a post-stop hook, too" $? 129
launch --cap-add SYS_BOOT @busybox poweroff -f
is "and so does a halt" $? 130

"$LXC_LAUNCH" --root "$ROOT" -d --name hup --lxc-conf "lxc.hook.post-stop=$SCRATCH/stopped" @busybox sh -c 'trap "" TERM; sleep 100' >/dev/null
init=$(jq .pid "$ROOT/hup/state.json")
"$LXC_LAUNCH" --root "$ROOT" -d --name plain @busybox sh -c 'sleep 100' >/dev/null
# A process 1 without a handler is spared SIGHUP from inside; from its parent namespace only SIGKILL and SIGSTOP are sure.
"$RUNLXC" --root "$ROOT" exec hup sh -c 'kill -HUP 1'
is "without a handler SIGHUP does nothing" "$("$RUNLXC" --root "$ROOT" list -q | xargs)" "hup plain"
kill -9 "$init" "$(jq .pid "$ROOT/plain/state.json")"
"$RUNLXC" --root "$ROOT" wait hup >/dev/null
like "a killed container is stopped" "$("$RUNLXC" --root "$ROOT" state hup)" '"exitStatus": 137'
ok "and removed" "$RUNLXC" --root "$ROOT" delete hup
ok "and so is the other" "$RUNLXC" --root "$ROOT" delete --force plain

launch --pid host @busybox sh -c '(sleep 986 &); (setsid sleep 986 &); sleep 0.1; exit 3'
is "with the host's pid namespace the status is the init's" $? 3
is "and its end is the others'" "$(processes_named 'sleep 986')" 0

suite_end
