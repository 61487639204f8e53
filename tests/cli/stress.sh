#!/bin/bash
# Many containers: 500 one after the other, then 50 at once, every exit status right and nothing left (lib.sh looks for that).
. "$(dirname "$0")/../lib.sh"
LIMIT=240
suite_begin private

launch() {
    "$LXC_LAUNCH" --root "$ROOT" "$@"
}

# one N: a container whose exit status and output tell which one it was.
one() {
    local want=$(($1 % 256)) got said

    said=$(launch --rm --name "s$1" @busybox sh -c "echo $1; exit $want" 2>"$SCRATCH/err.$1")
    got=$?
    if [ "$got" != "$want" ] || [ "$said" != "$1" ]; then
        echo "container $1: status $got, expected $want; output \"$said\"; $(cat "$SCRATCH/err.$1")"
    fi
    rm -f "$SCRATCH/err.$1"
}

one_after_the_other() {
    local i

    for ((i = 0; i < 500; i++)); do
        one "$i"
    done
}

at_once() {
    local i pids=()

    for ((i = 0; i < 50; i++)); do
        one "$i" &
        pids+=("$!")
    done
    wait "${pids[@]}"
}

is "500 starts, each with its own exit status and output" "$(one_after_the_other)" ""
is "50 at once, each with its own exit status and output" "$(at_once)" ""
is "no container is left" "$(ls -A "$ROOT")" ""

# Fifty that live at once, then all ended at once.
live_at_once() {
    local i pids=() codes=()

    for ((i = 0; i < 50; i++)); do
        launch --rm --name "l$i" @busybox sleep 100 2>"$SCRATCH/live.$i" &
        pids+=("$!")
    done
    for ((i = 0; i < 600; i++)); do
        [ "$(grep -ls '"status": "running"' "$ROOT"/l*/state.json | wc -l)" = 50 ] && break
        sleep 0.05
    done
    grep -ls '"status": "running"' "$ROOT"/l*/state.json | wc -l
    # pid 1 has no handler for SIGTERM, and the kernel spares it: SIGKILL from outside it is.
    for i in $(jq .pid "$ROOT"/l*/state.json); do
        kill -9 "$i"
    done
    for i in "${pids[@]}"; do
        wait "$i"
        codes+=("$?")
    done
    printf '%s\n' "${codes[@]}" | sort | uniq -c | xargs
}

is "50 live at once, and each reports SIGKILL as 137" "$(live_at_once)" $'50\n50 137'
is "no container is left" "$(ls -A "$ROOT")" ""

suite_end
