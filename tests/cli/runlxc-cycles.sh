#!/bin/bash
# What an engine does all day: a thousand times create, start, kill, delete; fifty containers that live at once; and each process
# killed at moments spread over create, start and life, with `delete --force` behind it. Nothing may be left or grow.
. "$(dirname "$0")/../lib.sh"
LIMIT=240
suite_begin private

CYCLES=${CYCLES:-1000}
ROUNDS=25
STEP_US=1300

make_bundle() {
    mkdir -p "$1/rootfs"/{bin,proc,sys,dev,tmp}
    cp "$(command -v busybox)" "$1/rootfs/bin/busybox"
    ln -s busybox "$1/rootfs/bin/sleep"
    jq -n '{ociVersion: "1.0.2", root: {path: "rootfs"}, hostname: "cycle",
        process: {args: ["sleep", "100"], cwd: "/", user: {uid: 0, gid: 0}, env: ["PATH=/bin"]},
        mounts: [{destination: "/proc", type: "proc", source: "proc"}],
        linux: {namespaces: ["pid", "mount", "ipc", "uts", "network"] | map({type: .})}}' >"$1/config.json"
}

rl() {
    "$RUNLXC" --root "$ROOT" "$@"
}

# cycle ID: says what went wrong.
cycle() {
    rl create -b "$SCRATCH/bundle" "$1" </dev/null >/dev/null || echo "create $1: $?"
    rl start "$1" || echo "start $1: $?"
    rl kill "$1" KILL || echo "kill $1: $?"
    until_stopped "$1" || echo "$1 does not stop"
    rl delete "$1" || echo "delete $1: $?"
}

until_stopped() {
    local try

    for ((try = 0; try < 500; try++)); do
        [ "$(rl state "$1" | jq -r .status)" = stopped ] && return 0
    done
    return 1
}

# What a leak would make grow: mounts, cgroups (those that are gone but still held, too), processes, open files, our files.
census() {
    wc -l </proc/self/mountinfo
    find /sys/fs/cgroup -maxdepth 2 -regex '.*/runlxc\.[a-z]*\.\(first\|c[0-9]*\)\(\.[0-9a-f]*\)?' | wc -l
    pgrep -c -f -- "$ROOT"
    find "$ROOT" | wc -l
}

cycles() {
    local i

    for ((i = 0; i < CYCLES; i++)); do
        cycle "c$i"
    done
}

make_bundle "$SCRATCH/bundle"
cycle first
before=$(census)
files=$(cut -f 1 /proc/sys/fs/file-nr)
is "$CYCLES times create, start, kill, delete" "$(cycles)" ""
is "no mount, cgroup, process or file more than before" "$(census)" "$before"
grown=$(($(cut -f 1 /proc/sys/fs/file-nr) - files))
# Other programs of this machine open and close files too; a leak of one a cycle would show.
is "no open files for each cycle" "$([ "$grown" -lt $((CYCLES / 2)) ] || echo "$grown more")" ""

at_once() {
    local i pids=()

    for ((i = 0; i < 50; i++)); do
        { rl create -b "$SCRATCH/bundle" "l$i" </dev/null >/dev/null && rl start "l$i"; } &
        pids+=("$!")
    done
    wait "${pids[@]}"
    rl list -f json | jq -r '.[].status' | sort | uniq -c | xargs
    for ((i = 0; i < 50; i++)); do
        rl delete --force "l$i" &
        pids+=("$!")
    done
    wait "${pids[@]}"
    rl list -q
}

is "50 live at once" "$(at_once)" "50 running"

# ---- killed anywhere ----

mkfifo "$SCRATCH/never"

pause_us() {
    read -r -t "$(printf '0.%06d' "$1")" <>"$SCRATCH/never"
}

child_named() {
    local list pid name

    [ -n "$1" ] || return 1
    read -r list 2>/dev/null <"/proc/$1/task/$1/children" || return 1
    for pid in $list; do
        read -r name 2>/dev/null <"/proc/$pid/comm" || continue
        [ "$#" -eq 1 ] || [ "$name" = "$2" ] || continue
        printf '%s\n' "$pid"
        return 0
    done
    return 1
}

# One of the container's processes by its place below `create`; nothing when it is not there (any more). Only what descends from a
# process of ours is ever named.
victim() {
    local sup lxc

    case $1 in
    create) echo "$create" && return ;;
    esac
    sup=$(child_named "$create" runlxc-supervis) || sup=$(jq .supervisorPid "$ROOT/victim/state.json" 2>/dev/null)
    [ -n "$sup" ] && [ "$(tr '\0' ' ' 2>/dev/null <"/proc/$sup/cmdline" | cut -d ' ' -f 2-3)" = "$ROOT victim" ] || return
    [ "$1" = supervisor ] && echo "$sup" && return
    lxc=$(child_named "$sup" lxc-start) || return
    [ "$1" = lxc ] && echo "$lxc" && return
    child_named "$lxc"
}

gone() {
    local try left

    for ((try = 0; try < 100; try++)); do
        left=$(ls -A "$ROOT" 2>/dev/null
            find /sys/fs/cgroup -maxdepth 2 -name 'runlxc.*victim*' 2>/dev/null
            pgrep -af -- "$ROOT victim ")
        [ -z "$left" ] && return 0
        sleep 0.05
    done
    printf '%s\n' "$left"
    return 1
}

# strike WHO US: what is there of it US microseconds after create began, while start follows.
strike() {
    local create

    "$RUNLXC" --root "$ROOT" create -b "$SCRATCH/bundle" victim </dev/null >/dev/null 2>&1 &
    create=$!
    pause_us "$2"
    for pid in $(victim "$1"); do
        kill -9 "$pid" 2>/dev/null
    done
    wait "$create"
    rl start victim >/dev/null 2>&1
    rl delete --force victim || echo "after $2 us: delete --force: $?"
    gone || echo "after $2 us: the above is left"
}

volley() {
    local i

    for ((i = 0; i < ROUNDS; i++)); do
        strike "$1" $((i * STEP_US))
    done
}

for who in create supervisor lxc init; do
    is "$who killed at $ROUNDS moments, then delete --force" "$(volley "$who")" ""
done

# The supervisor is what an engine has for the container: once it has waited for that it deletes without --force, and only once. What
# the supervisor takes with it may be on its way out still; in a frozen freezer below the container's own it does not come to that.
orphaned() {
    local dir

    if ! { rl create -b "$SCRATCH/bundle" victim </dev/null >/dev/null 2>&1 && rl start victim; }; then
        echo "it does not start"
    fi
    dir=$(jq -r '.cgroups | to_entries[] | select(.key | test("freezer")) | .value' "$ROOT/victim/state.json")
    if [ "${1:-}" = frozen ] && [ -n "$dir" ]; then
        mkdir "$dir/below" && jq .pid "$ROOT/victim/state.json" >"$dir/below/cgroup.procs" && echo FROZEN >"$dir/below/freezer.state"
    fi
    kill -9 "$(jq .supervisorPid "$ROOT/victim/state.json")"
    rl delete victim || echo "delete: $?"
    rl state victim >/dev/null 2>&1 && echo "it is still there"
    rl delete --force victim
    gone
}

is "its supervisor killed, deleted at once, $ROUNDS times" "$(for ((i = 0; i < ROUNDS; i++)); do orphaned; done 2>&1)" ""
is "its supervisor killed, its init frozen, deleted" "$(orphaned frozen 2>&1)" ""

suite_end
