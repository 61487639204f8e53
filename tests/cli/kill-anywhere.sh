#!/bin/bash
# SIGKILL to each process of a container, at moments spread over its start and beyond: nothing may be left, and whoever still can
# reports 137.
. "$(dirname "$0")/../lib.sh"
LIMIT=60
suite_begin private

ROUNDS=30     # a process
STEP_US=900   # between two moments: 30 of them reach beyond a start
NAME=victim

# The first child, but for the one that only waits for the kernel in the beginning.
child_of() {
    local list pid name

    read -r list 2>/dev/null <"/proc/$1/task/$1/children" || return 1
    for pid in $list; do
        read -r name 2>/dev/null <"/proc/$pid/comm" || continue
        [ "$name" = runlxc-warm ] && continue
        printf '%s\n' "$pid"
        return 0
    done
    return 1
}

# pid_of DEPTH PID: the DEPTHth first child below PID, waited for while PID lives (bounded).
pid_of() {
    local depth=$1 pid=$2 try next

    while [ "$depth" -gt 0 ]; do
        next=
        for ((try = 0; try < 2000; try++)); do
            next=$(child_of "$pid") && break
            kill -0 "$2" 2>/dev/null || return 1
        done
        [ -n "$next" ] || return 1
        pid=$next
        depth=$((depth - 1))
    done
    printf '%s\n' "$pid"
}

ours_alive() {
    pgrep -f -- "$ROOT" >/dev/null
}

# gone: nothing of the container is left, within five seconds.
gone() {
    local try left

    for ((try = 0; try < 100; try++)); do
        left=$(ls -A "$ROOT" 2>/dev/null
            find /sys/fs/cgroup -maxdepth 3 -name "runlxc.*.$NAME" 2>/dev/null
            find /var/lib/runlxc/upper -mindepth 1 -maxdepth 1 2>/dev/null)
        [ -z "$left" ] && ! ours_alive && return 0
        sleep 0.05
    done
    printf '%s\n' "$left"
    pgrep -af -- "$ROOT"
    return 1
}

# strike DEPTH US: start, kill the process DEPTH levels below lxc-launch US microseconds after it is there.
strike() {
    local launch victim code

    "$LXC_LAUNCH" --rm --root "$ROOT" --name "$NAME" @busybox sleep 0.15 2>"$SCRATCH/err" &
    launch=$!
    if victim=$(pid_of "$1" "$launch"); then
        # The shell's own read is the timer: no process is started for it.
        read -r -t "$(printf '0.%06d' "$2")" <>"$SCRATCH/never"
        kill -9 "$victim" 2>/dev/null
    fi
    wait "$launch"
    code=$?
    # 0: it was over before the blow. 125: killed before the command ran; 137: the container, or lxc-launch itself, was killed.
    case $code in
    0 | 125 | 137) ;;
    *) echo "after $2 us: exit code $code: $(cat "$SCRATCH/err")" ;;
    esac
    gone || echo "after $2 us: the above is left"
}

volley() {
    local i

    for ((i = 0; i < ROUNDS; i++)); do
        strike "$1" $((i * STEP_US))
    done
}

mkfifo "$SCRATCH/never"
"$LXC_LAUNCH" --rm --root "$ROOT" @busybox true # the image is there

is "lxc-launch killed at $ROUNDS moments" "$(volley 0)" ""
is "the supervisor killed at $ROUNDS moments" "$(volley 1)" ""
is "lxc-start killed at $ROUNDS moments" "$(volley 2)" ""
is "the init killed at $ROUNDS moments" "$(volley 3)" ""

suite_end
