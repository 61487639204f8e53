# shellcheck shell=bash
# What Podman's scenarios use, on top of tests/engines/lib.sh. Sourced by the suite, which calls podman_conf, and for each scenario.

PODMAN=$WORK/podman
# The images, for the scenarios.
export I=localhost/busybox DEBIAN=localhost/debian

# podman_conf: Podman's configuration, made on the spot, and the environment by which it is read; nothing of the machine's is read or
# written. Both runtimes share one store, as they would on a host.
podman_conf() {
    local name

    mkdir -p "$PODMAN"/{tmp,networks,hooks.d,home,run}
    # The machine's own policy and registries are hidden; what is below is all that there is. /run is Podman's and netavark's, too.
    mkdir "$PODMAN/machine" && mount --rbind /run "$PODMAN/machine" || return 1
    mount -t tmpfs -o mode=755 runlxc-test-etc /etc/containers &&
        mount -t tmpfs -o mode=755 runlxc-test-run /run || return 1
    mkdir -p /run/lock /run/lxc /run/runlxc
    # But for systemd, where it is whom Podman asks for cgroups.
    for name in systemd dbus; do
        [ "${PODMAN_CGROUPS:-}" != systemd ] || { mkdir "/run/$name" && mount --bind "$PODMAN/machine/$name" "/run/$name"; } || return 1
    done
    umount -R "$PODMAN/machine"
    # The hard limits are no higher than what an engine without CAP_SYS_RESOURCE may give.
    cat >"$PODMAN/containers.conf" <<CONF
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=4096:4096", "nproc=32768:32768"]
[network]
network_backend = "netavark"
network_config_dir = "$PODMAN/networks"
[engine]
cgroup_manager = "${PODMAN_CGROUPS:-cgroupfs}"
events_logger = "file"
tmp_dir = "$PODMAN/tmp"
helper_binaries_dir = ["/usr/lib/podman", "/usr/libexec/podman", "/usr/bin"]
runtime_supports_json = ["crun", "runc", "runlxc"]
hooks_dir = ["$PODMAN/hooks.d"]
[engine.runtimes]
runc = ["$(command -v runc)"]
crun = ["$PODMAN/crun"]
runlxc = ["$LXC_RUNTIME"]
CONF
    cat >"$PODMAN/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$PODMAN/storage"
runroot = "$PODMAN/run"
CONF
    echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
    printf 'unqualified-search-registries = []\nshort-name-mode = "disabled"\n' >/etc/containers/registries.conf
    podman_crun
    podman_environment
}

# crun 1.8 refuses a v2 hierarchy beside v1 ones; it is given a view of the machine without it.
podman_crun() {
    cat >"$PODMAN/crun" <<'SCRIPT'
#!/bin/sh
if mountpoint -q /sys/fs/cgroup/unified; then
    exec unshare -m sh -c 'umount /sys/fs/cgroup/unified; exec crun "$@"' crun "$@"
fi
exec crun "$@"
SCRIPT
    chmod 755 "$PODMAN/crun"
}

podman_environment() {
    export CONTAINERS_CONF=$PODMAN/containers.conf CONTAINERS_STORAGE_CONF=$PODMAN/storage.conf
    export CONTAINERS_REGISTRIES_CONF=/etc/containers/registries.conf HOME=$PODMAN/home
    unset DOCKER_CONFIG XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS NOTIFY_SOCKET
}

# What runc 1.1 does not know and crun does is compared with crun: scenarios as-crun-*.
runtime_name() {
    case $RT-$C in
        runc-as-crun-*) echo crun ;;
        runc-*) echo runc ;;
        *) echo runlxc ;;
    esac
}

podman() {
    command podman --runtime "$RUNTIME" "$@"
}

# RUNTIME is the name by which Podman knows the runtime, RUNTIME_PATH the program.
engine_scenario_env() {
    RUNTIME=$(runtime_name)
    # shellcheck disable=SC2034 # for scenarios
    RUNTIME_PATH=$(sed -n "s/^$RUNTIME = \[\"\(.*\)\"\]/\1/p" "$PODMAN/containers.conf")
    podman_environment
}

# What the scenario started goes, pods with their containers first.
engine_scenario_end() {
    local pods=() containers=()

    case $C in
        pod-* | kube-*)
            mapfile -t pods < <(podman pod ps -q --filter "name=^$C")
            [ "${#pods[@]}" -eq 0 ] || podman pod rm -f -t 0 "${pods[@]}"
            ;;
    esac
    mapfile -t containers < <(podman ps -aq --filter "name=^$C")
    [ "${#containers[@]}" -eq 0 ] || podman rm -f -t 0 --depend -v "${containers[@]}"
}

# ---- podman as a scenario calls it ----

# p ARGS...: its standard output and exit code. An error of Podman's own is not what a scenario is there for: two sides that fail
# alike have compared nothing.
p() {
    local code

    podman "$@" 2>"$SCRATCH/p.err"
    code=$?
    cat "$SCRATCH/p.err" >&2
    if [ "$code" -eq 125 ] || grep -q '^Error:' "$SCRATCH/p.err"; then
        echo "!! podman $*: $code $(cat "$SCRATCH/p.err")"
    else
        printf '[%s]\n' "$code"
    fi
}

# exit_code ARGS...: nothing but the exit code, whatever it is.
exit_code() {
    podman "$@" >/dev/null
    printf '[%s]\n' "$?"
}

# pe ARGS...: where a failure is expected: the code, and the kind that Podman has recognised in the runtime's message.
pe() {
    local code text

    text=$(podman "$@" 2>&1)
    code=$?
    printf '%s\n' "$text" >&2
    printf '[%s] %s\n' "$code" "$(grep -oE 'OCI permission denied|OCI runtime attempted to invoke a command that was not found|OCI runtime error' \
        <<<"$text" | tail -n 1)"
}

# network_of ARGS...: sets network to what run is told of one: none, unless ARGS name one.
network_of() {
    network=(--network none)
    if [[ " $* " == *' --network '* ]]; then
        network=()
    fi
}

# r ARGS...: run the scenario's container and remove it.
r() {
    local network

    network_of "$@"
    p run --rm ${network[@]+"${network[@]}"} --name "$C" "$@"
}

# d ARGS...: run it in the background.
d() {
    local network

    network_of "$@"
    must podman run -d ${network[@]+"${network[@]}"} --name "$C" "$@"
}

# x [-OPTION...] COMMAND...: exec in it; options with their values in one word.
x() {
    local options=()

    while [[ $1 == -* ]]; do
        options+=("$1")
        shift
    done
    p exec ${options[@]+"${options[@]}"} "$C" "$@"
}

# same_as PID KIND [NAME]: is the namespace of the container's processes that of PID?
same_as() {
    if [ "$(readlink "/proc/$1/ns/$2")" = "$(podman exec "${3:-$C}" readlink "/proc/self/ns/$2")" ]; then
        echo "$2 is the same"
    else
        echo "$2 differs"
    fi
}

# state [NAME]: what is inspected of a container.
state() {
    # Until its clean-up has run, a container is stopped and not yet exited.
    podman inspect --type container --format '{{.State.Status}} exit={{.State.ExitCode}} oom={{.State.OOMKilled}} running={{.State.Running}} paused={{.State.Paused}} restarts={{.RestartCount}} error={{.State.Error}} pid={{if .State.Pid}}yes{{else}}no{{end}}' "${1:-$C}" |
        sed 's/^stopped/exited/'
}

pid_of() {
    podman inspect --type container --format '{{.State.Pid}}' "${1:-$C}"
}

# cg CONTROLLER FILE [NAME]: a file in the cgroup of the inspected pid, found as a monitoring tool finds it.
cg() {
    local path

    path=$(sed -nE "s/^[0-9]+:([^:]*,)?$1(,[^:]*)?:(.*)/\3/p" "/proc/$(pid_of "${3:-$C}")/cgroup")
    if [ -e "/sys/fs/cgroup/$1$path/$2" ]; then
        echo "$2: $(tr '\n' ' ' <"/sys/fs/cgroup/$1$path/$2")"
    else
        echo "$2: there is none"
    fi
}

log_has() {
    podman logs "$1" 2>&1 | grep -qF -- "$2"
}

status_equals() {
    [ "$(podman inspect --type container --format '{{.State.Status}}' "$1")" = "$2" ]
}

# until_log TEXT [NAME], until_status STATUS [NAME]
until_log() {
    until_true 15 log_has "${2:-$C}" "$1"
}

until_status() {
    until_true 15 status_equals "${2:-$C}" "$1"
}

# talk STEP... -- ARGS...: podman on a terminal, talked to by the steps of talk.py.
talk() {
    local steps=()

    while [ "$1" != -- ]; do
        steps+=("$1")
        shift
    done
    shift
    # A terminal that Podman resizes when its container has just ended is no news.
    t python3 "$ENGINES/talk.py" ${steps[@]+"${steps[@]}"} -- podman --runtime "$RUNTIME" "$@" | grep -viE 'container (is )?not running'
}
