#!/bin/bash
# SCMP_ACT_NOTIFY: the notification descriptor and the container process state reach the agent that listens at listenerPath, for
# the container's process and for those of exec, and what the agent answers is what the calls give; beside runc on the same bundle.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private net

ID=notify$$
B=$SCRATCH/bundle
SOCKET=$SCRATCH/agent/socket
GOT=$SCRATCH/got
CODE=123 # ENOMEDIUM: nobody else says it
agent=

mkdir -p "$B" "$SCRATCH/agent"
busybox_rootfs "$B/rootfs"
ok "the helper compiles" "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o "$SCRATCH/agent/agent" \
    "$TOP/tests/helpers/agent.c"

# start_agent [SOCKET]; stop_agent: each knows of one.
start_agent() {
    : >"$GOT"
    "$SCRATCH/agent/agent" "${1:-$SOCKET}" "$GOT" "$CODE" >"$SCRATCH/agent.out" &
    agent=$!
    wait_for 5 grep -q ready "$SCRATCH/agent.out"
}
stop_agent() {
    [ -z "$agent" ] || { kill -KILL "$agent" && wait "$agent"; } 2>/dev/null
    agent=
}
at_exit stop_agent

# bundle FILTER: a filter that asks about mkdir, and what FILTER makes of config.json.
bundle() {
    rm -f "$B/config.json"
    (cd "$B" && runc spec) && jq --arg socket "$SOCKET" '
        .process.terminal = false | .root.readonly = false | .annotations = {"a": "b"} |
        .process.args = ["/bin/sh", "-c", "mkdir /tmp/new; touch /tmp/other && echo touched"] |
        .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket, listenerMetadata: "some \"data\"",
            syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]} | '"$1" "$B/config.json" >"$B/config.new" &&
        mv "$B/config.new" "$B/config.json"
}
rt() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
create() { rt create --bundle "$B" "$ID" </dev/null >"$SCRATCH/workload" 2>&1; }
stopped() { [ "$(rt state "$ID" | jq -r .status)" = stopped ]; }
workload() { cat "$SCRATCH/workload"; }
# answered [PREFIX]: what mkdir prints when the agent has answered.
answered() { echo "mkdir: can't create directory '$1': No medium found"; }
count() { wc -l <"$GOT"; }
# The agent writes it down on its own time.
has() { [ "$(count)" -eq "$1" ]; }

leftovers_snapshot

for nnp in true false; do
    ok "noNewPrivileges $nnp: the agent listens" start_agent
    ok "noNewPrivileges $nnp: the bundle" bundle ".process.noNewPrivileges = $nnp"
    run rt run --bundle "$B" "$ID"
    is "noNewPrivileges $nnp: the agent's answer arrives, other calls go on" "$status $err $out" "0 $(answered /tmp/new) touched"
    ok "noNewPrivileges $nnp: one state came" wait_for 5 has 1
    stop_agent
done

ok "the agent" start_agent
ok "a bundle that stays" bundle '.process.args = ["/bin/sh", "-c", "mkdir /tmp/new; exec sleep 60"]'
ok "create it" create
is "nothing comes before the start" "$(count)" 0
pid=$(rt state "$ID" | jq .pid)
ok "start it" rt start "$ID"
ok "one state has come" wait_for 5 has 1
ok "the answer arrives" wait_for 5 grep -q "No medium found" "$SCRATCH/workload"
is "the state is what the specification says" "$(jq -cS . "$GOT")" "$(jq -cnS --argjson pid "$pid" --arg id "$ID" --arg bundle "$B" \
    --arg version "$(jq -r .ociVersion "$B/config.json")" '{ociVersion: $version, fds: ["seccompFd"], pid: $pid, metadata: "some \"data\"",
    state: {ociVersion: $version, id: $id, status: "created", pid: $pid, bundle: $bundle, annotations: {a: "b"}}}')"

# ---- exec ----

run rt exec "$ID" mkdir /tmp/exec
is "exec: its calls are answered too" "$status $err" "1 $(answered /tmp/exec)"
ok "exec: one more state" wait_for 5 has 2
is "exec: of a running container" "$(tail -n 1 "$GOT" | jq -cS '[.state.status, .state.pid, .fds]')" "[\"running\",$pid,[\"seccompFd\"]]"
isnt "exec: with the pid of its process" "$(tail -n 1 "$GOT" | jq .pid)" "$pid"
stop_agent
rm -f "$SOCKET"
fails_with 255 "seccomp listener to $SOCKET: no such file or directory" rt exec "$ID" true
ok "exec: the container lives" [ "$(rt state "$ID" | jq -r .status)" = running ]
ok "delete it" rt delete --force "$ID"

# ---- who listens, and where ----

ok "the bundle again" bundle .
ok "create while nobody listens" create
ok "the agent comes" start_agent
ok "start" rt start "$ID"
ok "it ends" wait_for 10 stopped
is "the agent answered" "$(workload)" "$(answered /tmp/new)
touched"
ok "delete" rt delete "$ID"
stop_agent

ok "create while a socket is there that nobody listens at" create
fails_with 1 "hand the seccomp listener to $SOCKET: connection refused" rt start "$ID"
ok "the container has stopped" wait_for 5 stopped
is "its command has not run" "$(workload)" ""
ok "delete" rt delete "$ID"

ok "a directory that is not there" bundle '.linux.seccomp.listenerPath = "/no/such/directory/socket"'
status_is "create fails" 1 create
like "and says why" "$(workload)" "find the seccomp listener: no such file or directory"
ok "a relative path" bundle '.linux.seccomp.listenerPath = "socket"'
status_is "create fails" 1 create
like "and names the member" "$(workload)" "linux.seccomp.listenerPath: .*not an absolute path"

long=$SCRATCH/$(printf 'd%.0s' {1..120})
mkdir "$long"
SOCKET=$long/socket
ok "a directory longer than a socket's address" start_agent
ok "its bundle" bundle .
run rt run --bundle "$B" "$ID"
is "the agent answers" "$err $out" "$(answered /tmp/new) touched"
stop_agent
SOCKET=$SCRATCH/agent/socket

ok "a filter that asks nobody" bundle '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO" | .linux.seccomp.listenerPath = "/no/such/directory/socket"'
run rt run --bundle "$B" "$ID"
is "has no use for the path" "$err $out" "mkdir: can't create directory '/tmp/new': Operation not permitted touched"

# ---- hooks and --init beside it; runc ----

ok "the agent" start_agent
ok "a startContainer hook under the filter" bundle '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "mkdir /tmp/hook 2>/tmp/said; true"]}]'
ok "run" rt run --bundle "$B" "$ID"
is "its calls are answered as well" "$(cat "$B/rootfs/tmp/said")" "$(answered /tmp/hook)"
rm -f "$B/rootfs/tmp/said"
ok "the bundle for both" bundle .
: >"$GOT"
ok "run it" rt run --bundle "$B" "$ID"
ok "a state came" wait_for 5 has 1
ours=$(cat "$GOT")
: >"$GOT"
ok "runc" bounded runc --root "$SCRATCH/runc" run --bundle "$B" "$ID"
ok "one of its" wait_for 5 has 1
# runc loads the filter at create.
same() { jq -cS 'del(.ociVersion, .pid, .state.ociVersion, .state.pid, .state.status)'; }
is "sends the same" "$(same <<<"$ours")" "$(same <"$GOT")"

# ---- what an agent can answer ----

# served RUNTIME ARG...: what a container's process, one of exec and one that outlives its agent see, with the states that came.
served() {
    : >"$GOT"
    "$@" create --bundle "$B" "$ID" </dev/null >"$SCRATCH/workload" 2>&1 && "$@" start "$ID"
    wait_for 10 grep -q "No medium" "$SCRATCH/workload"
    "$@" exec "$ID" sh -c 'echo "$PPID"; cat /served; cat /desert; mkdir /tmp/more; cat /etc/passwd' </dev/null 2>&1 | sort
    echo "exec: ${PIPESTATUS[0]}"
    "$@" exec "$ID" cat /served </dev/null 2>&1
    workload
    wait_for 5 has 3
    jq -cS 'del(.ociVersion, .pid, .state.ociVersion, .state.pid) | if .state.status == "running" then . else del(.state.status) end' "$GOT"
    "$@" delete --force "$ID"
}
asks='.linux.seccomp.syscalls[0].names += ["openat", "getppid"] |
    .process.args = ["/bin/sh", "-c", "echo $PPID; cat /served; mkdir /tmp/new; exec sleep 60"]'
ok "a bundle that asks for more" bundle "$asks"
ours=$(served "$RUNLXC" --root "$ROOT")
like "a value, a descriptor and an error are the agent's" "$ours" \
    $'\n4242\nthe words of the agent\nmkdir: can\'t create directory \'/tmp/new\': No medium found\n'
like "exec: so are they; with the agent gone the calls are not there" "$ours" "^4242
cat: can't open '/desert': Function not implemented
cat: can't open '/etc/passwd': Function not implemented
mkdir: can't create directory '/tmp/more': Function not implemented
the words of the agent
exec: 1
the words of the agent
"
is "as with runc, and the states too" "$ours" "$(served runc --root "$SCRATCH/runc")"

ok "the bundle" bundle .
kill -STOP "$agent"
: >"$GOT"
ok "an agent that is stopped: create" create
ok "start" rt start "$ID"
is "the container waits" "$(rt state "$ID" | jq -r .status) $(workload)" "running "
ok "and is killed" rt kill "$ID" KILL
ok "at once" wait_for 5 stopped
ok "delete" rt delete "$ID"
kill -CONT "$agent"

SOCKET=$SCRATCH/agent/$(printf 'n%.0s' {1..90})
ok "a name longer than a socket's address" bundle .
status_is "create fails" 1 create
like "and names the member" "$(workload)" 'linux.seccomp.listenerPath: ".*": its last part is longer than [0-9]+'
SOCKET=$SCRATCH/agent/socket

# ---- lxc-launch ----

cat >"$SCRATCH/notify.json" <<EOF
{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "$SOCKET", "listenerMetadata": "of a profile",
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}
EOF
sleep 2.1 # from then on a compiled profile is kept; not one that notifies
for time in first second; do
    : >"$GOT"
    run "$LXC_LAUNCH" --rm --security-opt seccomp="$SCRATCH/notify.json" "$B/rootfs" mkdir /tmp/new
    is "lxc-launch: a profile that notifies, the $time time" "$status $err" "1 $(answered /tmp/new)"
    ok "lxc-launch: a state came" wait_for 5 has 1
    is "lxc-launch: with the profile's metadata" "$(jq -c '[.fds, .metadata, .state.status]' "$GOT")" '[["seccompFd"],"of a profile","created"]'
done
ok "lxc-launch: a container to exec into" "$LXC_LAUNCH" -d --root "$ROOT" --name "$ID" --security-opt seccomp="$SCRATCH/notify.json" "$B/rootfs" sleep 60
run rt exec "$ID" mkdir /tmp/exec
is "lxc-launch: its calls are answered too" "$status $err" "1 $(answered /tmp/exec)"
ok "lxc-launch: delete it" rt delete --force "$ID"
stop_agent
rm -f "$SOCKET"
fails_with 125 "hand the seccomp listener to $SOCKET: no such file or directory" \
    "$LXC_LAUNCH" --rm --security-opt seccomp="$SCRATCH/notify.json" "$B/rootfs" true

leftovers_check "nothing is left"
suite_end
