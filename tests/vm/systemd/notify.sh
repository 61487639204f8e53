#!/bin/bash
# Services of Type=notify, with systemd's default of hearing the main process alone, that are containers: started when the container
# says so, watched by the process that ends with its status; in the foreground and in the background, with AppArmor enforcing.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../../lib.sh"
suite_begin

LIMIT=100
unit=runlxctest$$
B=$SCRATCH/bundle
at_exit 'systemctl stop "$unit-run" "$unit-back" 2>/dev/null; "$RUNLXC" --root "$ROOT" delete --force back 2>/dev/null'
busybox_rootfs "$B/rootfs"
ok "the helper compiles" "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O1 -static -o "$B/rootfs/bin/notify" "$TOP/tests/helpers/notify.c"
(cd "$B" && runc spec) && jq '.process.terminal = false | .process.args = ["sh", "-c",
    "trap \"notify send STOPPING=1 STATUS=going; exit 7\" TERM; sleep 2; notify send \"READY=1\\nSTATUS=up\\nMAINPID=1\";
     sleep 1; notify send STATUS=later; while :; do sleep 1; done"]' \
    "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
show() { systemctl show "$unit-$1" -P "$2"; }
says() { [ "$(show "$1" StatusText)" = "$2" ]; }

# start NAME ARGUMENT...: comes back when systemd has it for started.
start() {
    systemd-run --quiet --unit "$unit-$1" -p Type=notify -p TimeoutStartSec=80 -p RemainAfterExit=yes \
        "$RUNLXC" --root "$ROOT" run --bundle "$B" "${@:2}" "$1"
}
SECONDS=0
ok "in the foreground: it is started" start run
within "in the foreground: when the container says so, seconds" "$SECONDS" 2 80
is "in the foreground: it runs" "$(show run ActiveState) $(show run SubState)" "active running"
like "in the foreground: what is watched is the launcher" "$(cat "/proc/$(show run MainPID)/comm")" '^runlxc$'
ok "in the foreground: a word later" wait_for 20 says run later
ok "in the foreground: stop" systemctl stop "$unit-run"
is "in the foreground: its status is the container's" "$(show run ExecMainStatus) $(show run Result)" "7 exit-code"

ok "in the background: it is started" start back --detach --pid-file "$SCRATCH/pid"
is "in the background: it runs" "$(show back ActiveState) $(show back SubState)" "active running"
is "in the background: what is watched is the supervisor" "$(show back MainPID)" "$(cat "$SCRATCH/pid")"
ok "in the background: a word later" wait_for 20 says back later
ok "in the background: stop" systemctl stop "$unit-back"
is "in the background: its status is the container's" "$(show back ExecMainStatus) $(show back Result)" "7 exit-code"
ok "in the background: delete" "$RUNLXC" --root "$ROOT" delete --force back
is "no container is left" "$("$RUNLXC" --root "$ROOT" list -q)" ""
suite_end
