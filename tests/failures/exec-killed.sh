#!/bin/bash
# The driver of an exec killed, the supervisor killed, at moments spread over an exec: the container goes on or is over, `delete --force`
# leaves nothing, and who was not killed says what became of it.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

MOMENTS=15
STEP_US=700
bundle=$SCRATCH/bundle
busybox_rootfs "$bundle/rootfs"
jq -n '{ociVersion: "1.0.2", root: {path: "rootfs"},
    process: {args: ["sleep", "1000"], cwd: "/", user: {uid: 0, gid: 0}, env: ["PATH=/bin"]},
    mounts: [{destination: "/proc", type: "proc", source: "proc"}],
    linux: {namespaces: ["pid", "mount", "ipc", "uts", "network"] | map({type: .})}}' >"$bundle/config.json"
mkfifo "$SCRATCH/never"

runlxc() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
at_exit 'runlxc delete --force victim >/dev/null 2>&1'

created() {
    runlxc create -b "$bundle" victim </dev/null >/dev/null && runlxc start victim
}

supervisor() {
    pgrep -f -- "runlxc-supervise $ROOT victim "
}

pause_us() {
    read -r -t "$(printf '0.%06d' "$1")" <>"$SCRATCH/never"
}

ended() {
    ! supervisor && ! pgrep -f -- "-P $ROOT " && [ -z "$(compgen -G "/sys/fs/cgroup/*/runlxc.*.victim*")" ] && [ ! -e "$ROOT/victim" ]
}

# The exec's driver is gone: what it started may live on, being the container's; the container is as it was.
driver_killed() {
    local i pid

    created || return
    for ((i = 0; i < MOMENTS; i++)); do
        "$RUNLXC" --root "$ROOT" exec victim sleep 0.01 </dev/null >/dev/null 2>&1 &
        pid=$!
        pause_us $((i * STEP_US))
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        [ "$(runlxc exec victim echo alive)" = alive ] || echo "$i: the container does not go on"
    done
    wait_for 10 bash -c '[ "$("$1" --root "$2" ps --format json victim | jq length)" -eq 1 ]' - "$RUNLXC" "$ROOT" ||
        echo "processes are left in the container: $(runlxc ps victim)"
    pgrep -af 'runlxc-init exec'
    runlxc delete --force victim
    wait_for 5 ended || echo "left: $(ls -A "$ROOT")"
}

# With the supervisor goes the container, and so the exec: its driver has a status and does not wait.
supervisor_killed() {
    local i pid victim code

    for ((i = 0; i < MOMENTS; i++)); do
        created || return
        victim=$(supervisor)
        timeout -k 5 30 "$RUNLXC" --root "$ROOT" exec victim sleep 5 </dev/null >/dev/null 2>"$SCRATCH/exec-err" &
        pid=$!
        pause_us $((i * STEP_US))
        kill -KILL "$victim"
        wait "$pid" 2>/dev/null
        code=$?
        case $code in
        137) ;;
        124) echo "$i: exec waits for ever" ;;
        255) grep -q '^runlxc: ' "$SCRATCH/exec-err" || echo "$i: 255 without a word" ;;
        *) echo "$i: exec gave $code: $(<"$SCRATCH/exec-err")" ;;
        esac
        runlxc delete --force victim || echo "$i: delete: $?"
        wait_for 5 ended || echo "$i: left: $(ls -A "$ROOT")"
    done
}

is "an exec's driver killed at $MOMENTS moments" "$(driver_killed 2>&1)" ""
runlxc delete --force victim >/dev/null 2>&1
is "the supervisor killed at $MOMENTS moments of an exec" "$(supervisor_killed 2>&1)" ""
suite_end
