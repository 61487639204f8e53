#!/bin/bash
# LXC's own commands on the containers of engines: what dockerd, Podman and ctr started is listed, looked into, entered, frozen and
# stopped by them, and the engine knows of it afterwards.
# shellcheck source=tests/engines/lib.sh
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # functions are called through others
. "$(dirname "$0")/lib.sh"
engine_begin
. "$ENGINES/images.sh"
. "$ENGINES/docker-lib.sh"
. "$ENGINES/podman/lib.sh"

busybox_tar "$WORK/busybox.tar"

# lxc COMMAND ENGINE ARG...: of an engine's containers.
declare -A roots=()
lxc() {
    local command=$1 engine=$2

    shift 2
    bounded "lxc-$command" -P "${roots[$engine]}" "$@"
}
info() { lxc info "$1" -n "$2" -H "$3" | sed 's/^[^:]*: *//'; }
# It wants a terminal, and a q to end.
top() { (sleep 2 && printf q) | timeout 10 script -qefc "stty rows 40 cols 200; exec lxc-top -P '${roots[$1]}' -d 1" /dev/null; }
frozen() { [ "$("$LXC_RUNTIME" --root "${roots[$1]}" state "$2" | jq -r .status)" = "$3" ]; }

# tools ENGINE ID ADDRESS SAYS GONE: SAYS a command that prints how the engine has the container, GONE what it prints in the end.
tools() {
    local engine=$1 id=$2 address=$3 engine_says=$4 gone=$5 pid

    like "$engine: lxc-ls --fancy lists it" "$(lxc ls "$engine" --fancy -F NAME,STATE,PID,IPV4)" "$id +RUNNING +[0-9]+ +${address:--}"
    is "$engine: lxc-ls --running, too" "$(lxc ls "$engine" --running -1 | grep -c "^$id")" 1
    is "$engine: lxc-info, its state" "$(info "$engine" "$id" -s)" RUNNING
    pid=$(info "$engine" "$id" -p)
    is "$engine: lxc-info, its process" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 600 "
    [ -z "$address" ] || is "$engine: lxc-info, its address" "$(info "$engine" "$id" -i)" "$address"
    like "$engine: lxc-info, what it uses" "$(lxc info "$engine" -n "$id" -S)" 'Memory use: +[0-9.]+ [KM]iB'
    prints "$engine: lxc-attach enters it" "$(hostname_of "$engine" "$id")" lxc attach "$engine" -n "$id" --clear-env -- /bin/hostname
    prints "$engine: and is in its process list" "sleep 600" lxc attach "$engine" -n "$id" --clear-env -- /bin/sh -c 'tr "\0" " " </proc/1/cmdline | sed "s/ *$//"'
    like "$engine: lxc-top shows it" "$(top "$engine")" "${id:0:18}"
    ok "$engine: lxc-freeze" lxc freeze "$engine" -n "$id"
    is "$engine: lxc-info says so" "$(info "$engine" "$id" -s)" FROZEN
    ok "$engine: as does the runtime" frozen "$engine" "$id" paused
    ok "$engine: lxc-unfreeze" lxc unfreeze "$engine" -n "$id"
    ok "$engine: it runs" frozen "$engine" "$id" running
    is "$engine: for the engine, too" "$($engine_says)" running
    ok "$engine: lxc-wait has nothing to wait for" lxc wait "$engine" -n "$id" -s RUNNING -t 5
    ok "$engine: lxc-stop" lxc stop "$engine" -n "$id" -k
    wait_for 20 ended "$engine_says" "$gone"
    is "$engine: the engine knows" "$($engine_says)" "$gone"
}
ended() { [ "$($1)" = "$2" ]; }
hostname_of() { nsenter -t "$(info "$1" "$2" -p)" -u hostname; }

# ---- Docker, with a bridge, so that there is an address to show ----

export DOCKER_HOST=unix://$WORK/docker.sock
dockerd_start dockerd "$WORK/docker" "$WORK/docker.sock" || { fail "dockerd starts" && suite_end; }
must docker import "$WORK/busybox.tar" busybox
must docker run -d --runtime lxc --name one busybox sleep 600
# The root that dockerd gives to this runtime.
roots[docker]=$(find "$WORK/docker/exec" -path '*/runtime-*' -name "$(docker inspect -f '{{.Id}}' one)" -printf '%h\n')
docker_status() { docker inspect -f '{{.State.Status}}' one; }
tools docker "$(docker inspect -f '{{.Id}}' one)" "$(docker inspect -f '{{.NetworkSettings.IPAddress}}' one)" docker_status exited
is "docker: with its status" "$(docker inspect -f '{{.State.ExitCode}}' one)" 137
must docker rm -f one
daemon_stop dockerd

# ---- containerd ----

mkdir "$WORK/containerd"
printf 'version = 2\nroot = "%s/root"\nstate = "%s/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\n  address = "%s/sock"\n[ttrpc]\n  address = "%s/ttrpc"\n' \
    "$WORK/containerd" "$WORK/containerd" "$WORK/containerd" "$WORK/containerd" >"$WORK/containerd/config.toml"
export CONTAINERD_ADDRESS=$WORK/containerd/sock CONTAINERD_NAMESPACE=test
daemon_start containerd containerd --config "$WORK/containerd/config.toml" --log-level warn
daemon_wait containerd 60 ctr version
busybox_rootfs "$WORK/rootfs"
must ctr run --detach --null-io --runc-binary "$LXC_RUNTIME" --cgroup "$CGROUP/two" --rootfs "$WORK/rootfs" two sleep 600
roots[containerd]=/run/containerd/runc/test
containerd_status() { ctr task ls | awk '$1 == "two" { print tolower($3) }'; }
tools containerd two "" containerd_status stopped
must ctr task delete --force two
must ctr container delete two
daemon_stop containerd

# ---- Podman ----

podman_conf || exit 1
must command podman import -q "$WORK/busybox.tar" "$I"
must command podman --runtime runlxc run -d --network none --name three "$I" sleep 600
roots[podman]=/run/runlxc
podman_status() { command podman inspect -f '{{.State.Status}}' three; }
tools podman "$(command podman inspect -f '{{.Id}}' three)" "" podman_status exited
is "podman: with its status" "$(command podman inspect -f '{{.State.ExitCode}}' three)" 137
must command podman rm -f -t 0 three
find /sys/fs/cgroup/*/libpod_parent -depth -type d -exec rmdir {} + 2>/dev/null
umount "$PODMAN/storage/overlay" 2>/dev/null
# Where LXC's commands keep their locks.
rm -rf /run/lxc/lock
engine_end
