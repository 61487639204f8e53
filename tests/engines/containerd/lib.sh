# shellcheck shell=bash
# What the scenarios for containerd have at hand; sourced after lib.sh.

case $RT in
    runc) BINARY=$(command -v runc) ;;
    *) BINARY=$LXC_RUNTIME ;;
esac

# cr OPTION... -- [CMD...]: ctr run of the scenario's container.
cr() {
    local -a options=()

    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    ctr run --runtime io.containerd.runc.v2 --runc-binary "$BINARY" --cgroup "$CGROUP/$C" "${options[@]}" "$IMAGE" "$C" "$@"
}

# up OPTION... [-- CMD...]: in the background; sleeps unless told otherwise.
up() {
    local -a options=()

    while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    [ "$#" -gt 0 ] || set -- sleep 600
    must cr --detach --null-io "${options[@]}" -- "$@"
}

# cx CMD...: exec. Each gets an id of its own.
cx() {
    exec_count=$((${exec_count:-0} + 1))
    ctr task exec --exec-id "x$exec_count" "$C" "$@"
}

# runs COMMAND: whether it does in the container.
runs() {
    cx ps | grep -qx "[ 0-9]*[a-z]* *$1"
}

# status: of the task, as containerd has it.
status() {
    ctr task ls | awk -v id="$C" '$1 == id { print $3 }'
}

status_is() {
    [ "$(status)" = "$1" ]
}

init_pid() {
    ctr task ls | awk -v id="$C" '$1 == id { print $2 }'
}

# events_begin, events_end: containerd's topics for the scenario's container, in order.
events_begin() {
    ctr events >said &
    events_pid=$!
    sleep 0.7
}

events_end() {
    sleep 1
    kill "$events_pid"
    grep -F "\"$C\"" said | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\/(tasks|containers)\//) print $i }' | sed 's/{.*//'
}

engine_scenario_end() {
    ctr task kill --all --signal KILL "$C" >/dev/null 2>&1
    wait_for 10 not_running
    ctr task delete --force "$C" >/dev/null 2>&1
    ctr container delete "$C" >/dev/null 2>&1
    ctr snapshot rm "$C" >/dev/null 2>&1
}

not_running() {
    ! status_is RUNNING
}
