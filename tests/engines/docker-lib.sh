# shellcheck shell=bash
# What the scenarios for Docker have at hand; sourced after lib.sh.

# dockerd_start NAME DIR SOCKET [OPTION...]: with both runtimes, runc being the default one, and waits for it.
dockerd_start() {
    local name=$1 dir=$2 socket=$3

    shift 3
    mkdir -p "$dir"
    # shellcheck disable=SC2086 # words
    daemon_start "$name" ${DOCKERD_NETNS:+nsenter "--net=$DOCKERD_NETNS"} ${DOCKERD_WRAPPER:-} dockerd --data-root "$dir/root" \
        --exec-root "$dir/exec" -p "$dir/pid" -H "unix://$socket" --add-runtime "lxc=$LXC_RUNTIME" --cgroup-parent "$CGROUP" \
        --shutdown-timeout 3 "$@"
    daemon_wait "$name" 60 docker -H "unix://$socket" version
}

# dr OPTION... IMAGE...: docker run of the scenario's container. A bridge costs more than all the rest, so there is none but where NET
# says bridge (or host).
dr() {
    docker run --runtime "$RT" --name "$C" --network "${NET:-none}" "$@"
}

drm() {
    dr --rm "$@"
}

# up OPTION... [-- CMD...]: the scenario's container, in the background; sleeps unless told otherwise.
up() {
    local -a options=() cmd=(sleep 600)

    while [ "$#" -gt 0 ]; do
        if [ "$1" = -- ]; then
            shift
            cmd=("$@")
            break
        fi
        options+=("$1")
        shift
    done
    must dr -d "${options[@]}" "$IMAGE" "${cmd[@]}"
}

# also NAME OPTION...: a second container, "$C-NAME", that sleeps.
also() {
    local name=$1

    shift
    must docker run -d --runtime "$RT" --name "$C-$name" --network "${NET:-none}" "$@" "$IMAGE" sleep 600
}

# dx CMD...: docker exec without options.
dx() {
    docker exec "$C" "$@"
}

# field FORMAT [NAME]: of docker inspect.
field() {
    docker inspect -f "$1" "${2:-$C}"
}

# state [NAME]: what is stable of a container's state.
state() {
    field '{{with .State}}{{.Status}} exit={{.ExitCode}} oom={{.OOMKilled}} dead={{.Dead}} error="{{.Error}}"{{end}}' "$@"
}

field_is() {
    [ "$(docker inspect -f "$1" "${3:-$C}" 2>/dev/null)" = "$2" ]
}

# until_state STATUS [NAME]
until_state() {
    until_true 20 field_is '{{.State.Status}}' "$@"
}

# until_log TEXT [NAME]: the container has printed it.
log_has() {
    docker logs "${2:-$C}" 2>&1 | grep -qF -- "$1"
}

until_log() {
    until_true 20 log_has "$@"
}

# until_attached N: so many clients have attached to the scenario's container.
attached() {
    [ "$(docker events --since 60s --until 0s --filter "container=$C" --filter event=attach --format . | wc -l)" -ge "$1" ]
}

until_attached() {
    until_true 20 attached "$1"
    # Docker says so just before it connects the streams.
    sleep 0.3
}

# talk STEP... -- CMD...: CMD on a terminal of its own, talked to by the steps of talk.py; its output, then its status.
talk() {
    t python3 "$ENGINES/talk.py" "$@"
}

# top_args: what docker top shows, command lines only.
top_args() {
    docker top "$C" -o pid,args | sed -E '1d; s/^ *[0-9]+ +//' | sort
}

in_top() {
    top_args | grep -q "$1"
}

# events_begin FORMAT, events_end: what Docker says of the scenario's container meanwhile. Looked for afterwards, events may be gone:
# Docker keeps some hundred.
events_begin() {
    docker events --filter "container=$C" --filter type=container --format "$1" >said &
    events_pid=$!
    sleep 0.5
}

events_end() {
    sleep 0.5
    kill "$events_pid"
    cat said
}

# cg V1FILE V2FILE: the container's own cgroup file, as it sees it.
cg() {
    # shellcheck disable=SC2016 # the container's
    docker exec "$C" sh -c 'if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat "/sys/fs/cgroup/$2"; else cat "/sys/fs/cgroup/$1"; fi' \
        sh "$1" "$2"
}

# runc gives --privileged what it cannot give and fails; then there is nothing to compare.
all_capabilities() {
    [ "$(sed -n 's/^CapBnd:\t//p' /proc/self/status)" = "$(printf '%016x' "$(((2 << $(cat /proc/sys/kernel/cap_last_cap)) - 1))")" ] ||
        { echo 'SKIP this machine has not all capabilities' && return 1; }
}

# own_dockerd [OPTION...]: a daemon of the scenario's own, in a network namespace of its own, with the image. Docker's client
# then speaks to it.
own_dockerd() {
    DOCKERD_NETNS=/run/netns/$C
    must ip netns add "$C"
    must ip -n "$C" link set lo up
    own_dockerd_start "$@" || echo '!! the daemon does not start'
    must docker import "$WORK/busybox.tar" "$IMAGE"
}

own_dockerd_start() {
    # The path of a socket has to be short.
    OWN=${OWN:-$(mktemp -d "$WORK/o.XXXX")}
    chmod 711 "$OWN"
    export DOCKER_HOST=unix://$OWN/sock
    # Its messages belong to the scenario.
    WORK=$OWN dockerd_start own "$OWN" "$OWN/sock" "$@" >&2
}

# As by the kernel or an operator. Its containerd is killed with it, but who inherited that may not have looked yet, and the next
# dockerd would take it for alive.
own_dockerd_kill() {
    daemon_stop own KILL
    rm -f "$OWN/exec/containerd/containerd.pid"
}

own_dockerd_end() {
    local left

    left=$(docker ps -aq)
    # shellcheck disable=SC2086 # a list
    [ -z "$left" ] || docker rm -fv $left >/dev/null
    daemon_stop own
    umount -R "$OWN/root" 2>/dev/null
    rm -rf --one-file-system "$OWN"
    ip netns del "$C"
}

# Whatever the scenario started, its own daemon's containers excepted.
engine_scenario_end() {
    local left

    left=$(docker ps -aq --filter "name=^$C")
    # shellcheck disable=SC2086 # a list
    [ -z "$left" ] || docker rm -fv $left >/dev/null
}
