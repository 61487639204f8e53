#!/bin/bash
# runlxc install with Debian's own dockerd, containerd and Podman: each is told of the runtime in its configuration, runs a container
# by its name and as the default, and is back to runc when it has been taken out. (Pods by the name: cri.sh.)
# shellcheck source-path=SCRIPTDIR disable=SC2317 # functions that ok, wait_for and others call
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
engine_begin
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
busybox_tar "$WORK/busybox.tar"

# install ENGINE OPTION...: into the file $config, with this build's program.
install() {
    bounded "$RUNLXC" install --engine "$1" --config "$config" --path "$LXC_RUNTIME" "${@:2}"
}

# ---- Docker ----

export DOCKER_HOST=unix://$WORK/docker.sock
config=$WORK/daemon.json
printf '{\n  "log-level": "warn",\n  "shutdown-timeout": 3\n}\n' >"$config"
cp "$config" "$WORK/before"

docker_start() {
    daemon_start dockerd dockerd --config-file "$config" --data-root "$WORK/docker/root" --exec-root "$WORK/docker/exec" \
        -p "$WORK/docker.pid" -H "$DOCKER_HOST" --cgroup-parent "$CGROUP"
    daemon_wait dockerd 60 docker version
}

runtimes() {
    docker info --format '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}default {{.DefaultRuntime}}'
}

runtimes_are() {
    [[ $(runtimes) =~ $1 ]]
}

# docker_runs OPTION...: by which runtime it says that it runs a container, and whether LXC does.
docker_runs() {
    local id

    id=$(docker run -d --network none "$@" busybox sleep 600) || return 1
    docker inspect -f '{{.HostConfig.Runtime}} {{.State.Status}}' "$id"
    if [ -n "$(find "$WORK/docker/exec" -path "*/$id/config" -exec grep -l '^lxc[.]' {} +)" ]; then
        echo "by LXC"
    fi
    docker rm -f "$id" >/dev/null
}

mkdir -p "$WORK/docker"
docker_start || { fail "dockerd starts" && suite_end; }
must docker import "$WORK/busybox.tar" busybox
stock=$(runtimes)
ok "docker: install" install docker
is "a file that says more is not seen before the reload" "$(runtimes)" "$stock"
kill -HUP "${daemon_pids[dockerd]}"
wait_for 20 runtimes_are ' runlxc default runc$'
like "docker: the reload that install names does it" "$(runtimes)" ' runlxc default runc$'
is "docker run --runtime runlxc" "$(docker_runs --runtime runlxc)" $'runlxc running\nby LXC'
is "docker run" "$(docker_runs)" 'runc running'
ok "docker: install --default" install docker --default
kill -HUP "${daemon_pids[dockerd]}"
wait_for 20 runtimes_are ' runlxc default runlxc$'
is "docker run with it as the default" "$(docker_runs)" $'runlxc running\nby LXC'
prints "docker run --rm" "hello" docker run --rm --network none busybox echo hello
daemon_stop dockerd
docker_start || fail "dockerd starts with the file"
is "docker: the same after a restart" "$(runtimes)" "${stock% default*} runlxc default runlxc"
ok "docker: install --remove" install docker --remove
ok "docker: the file is what it was" cmp "$config" "$WORK/before"
daemon_stop dockerd
docker_start || fail "dockerd starts without it"
is "docker: back to runc" "$(runtimes)" "$stock"
is "docker run by runc" "$(docker_runs)" 'runc running'
daemon_stop dockerd

# Another default that was there is kept in the runtime's own object: dockerd takes that.
jq -n --arg crun "$(command -v crun)" '{runtimes: {crun: {path: $crun}}, "default-runtime": "crun"}' >"$config"
cp "$config" "$WORK/before"
ok "docker: install --default over another one" install docker --default
like "it remembers it" "$(cat "$config")" '"former-default-runtime": "crun"'
docker_start || fail "dockerd starts with a file that remembers"
like "docker: ours is the default" "$(runtimes)" ' default runlxc$'
ok "docker: install --remove over another one" install docker --remove
ok "docker: that file is what it was, too" cmp "$config" "$WORK/before"
daemon_stop dockerd

# ---- containerd ----

containerd=$WORK/containerd
config=$containerd/config.toml
export CONTAINERD_ADDRESS=$containerd/sock CONTAINERD_NAMESPACE=test
mkdir "$containerd"
cat >"$config" <<EOT
version = 2
root = "$containerd/root" # all of it
state = "$containerd/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$containerd/sock"
[ttrpc]
  address = "$containerd/sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri".containerd]
  # this one is measured
  snapshotter = "native"
EOT
cp "$config" "$WORK/before"
cri='plugins."io.containerd.grpc.v1.cri".containerd'

dump() {
    bounded containerd --config "$config" config dump
}

# dumped TABLE KEY: of containerd's own view of its configuration.
dumped() {
    dump | awk -v table="[$1]" -v key="$2" '{ gsub(/^ +/, "") } /^\[/ { inside = $0 == table } inside && $1 == key { print $3 }'
}

# The plug-in does not start with a default runtime that it does not know.
cri_plugin() {
    ctr plugins ls | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" { print $NF }'
}

containerd_start() {
    daemon_start containerd containerd --config "$config" --log-level warn
    daemon_wait containerd 60 ctr version || fail "containerd starts"
}

is "containerd: before" "$(dumped "$cri.runtimes.runlxc.options" BinaryName)" ""
before=$(dump)
ok "containerd: install" install containerd
is "containerd config dump shows the program" "$(dumped "$cri.runtimes.runlxc.options" BinaryName)" "\"$LXC_RUNTIME\""
is "and its type" "$(dumped "$cri.runtimes.runlxc" runtime_type)" '"io.containerd.runc.v2"'
is "runc is there as well" "$(dumped "$cri.runtimes.runc" runtime_type)" '"io.containerd.runc.v2"'
is "and is the default" "$(dumped "$cri" default_runtime_name)" '"runc"'
is "what was said is kept" "$(dumped "$cri" snapshotter)" '"native"'
containerd_start
is "the CRI plug-in starts" "$(cri_plugin)" ok
daemon_stop containerd
ok "containerd: install --default" install containerd --default
is "it is the default" "$(dumped "$cri" default_runtime_name)" '"runlxc"'
containerd_start
is "the CRI plug-in starts with it as the default" "$(cri_plugin)" ok
mkdir "$WORK/archive" && cp "$WORK/busybox.tar" "$WORK/archive/layer.tar"
digest=$(sha256sum "$WORK/archive/layer.tar")
jq -n --arg diff "sha256:${digest%% *}" '{architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [$diff]}, config: {}}' \
    >"$WORK/archive/config.json"
jq -n '[{Config: "config.json", RepoTags: ["image.test/busybox:test"], Layers: ["layer.tar"]}]' >"$WORK/archive/manifest.json"
tar -C "$WORK/archive" -cf "$WORK/image.tar" manifest.json config.json layer.tar
must ctr image import "$WORK/image.tar"
binary=$(dumped "$cri.runtimes.runlxc.options" BinaryName)
prints "ctr runs a container by the program that the configuration names" "hello" \
    ctr run --rm --runtime io.containerd.runc.v2 --runc-binary "${binary//\"/}" --cgroup "$CGROUP/install" \
    image.test/busybox:test install echo hello
daemon_stop containerd
ok "containerd: install --remove" install containerd --remove
ok "containerd: the file is what it was" cmp "$config" "$WORK/before"
is "containerd: so is its configuration" "$(dump)" "$before"

# What containerd itself prints as its configuration; version 1 of the format; and none.
containerd config default >"$config"
cp "$config" "$WORK/before"
ok "containerd's default configuration: install --default" install containerd --default
is "is valid, with it as the default" "$(dumped "$cri" default_runtime_name) $(dumped "$cri.runtimes.runlxc.options" BinaryName)" \
    "\"runlxc\" \"$LXC_RUNTIME\""
ok "install --remove" install containerd --remove
ok "it is what it was" cmp "$config" "$WORK/before"
printf 'oom_score = -999\n' >"$config"
ok "version 1: install --default" install containerd --default
is "containerd understands it" "$(dumped "$cri" default_runtime_name) $(dumped "$cri.runtimes.runlxc.options" BinaryName)" \
    "\"runlxc\" \"$LXC_RUNTIME\""
ok "install --remove from it" install containerd --remove
is "that is what it was" "$(cat "$config")" 'oom_score = -999'
rm "$config"
ok "no file: install" install containerd
is "containerd understands what is made" "$(dumped "$cri" default_runtime_name) $(dumped "$cri.runtimes.runlxc.options" BinaryName)" \
    "\"runc\" \"$LXC_RUNTIME\""
ok "install --remove, no file" install containerd --remove
is "none is left" "$(ls "$config" 2>&1)" "ls: cannot access '$config': No such file or directory"
# The file that is to be copied from, as it is.
is "configs/engines/containerd-config.toml" "$(config=$TOP/configs/engines/containerd-config.toml dumped "$cri.runtimes.runlxc.options" BinaryName)" \
    '"/usr/local/bin/runlxc"'

# ---- Podman ----

# shellcheck source=tests/engines/podman/lib.sh
. "$ENGINES/podman/lib.sh"
podman_conf || exit 1
# Where it looks by itself, without what the other suites tell it.
sed -e '/^runlxc = /d' -e 's/^\[engine\]$/[engine]\nruntime = "runc"/' "$CONTAINERS_CONF" >/etc/containers/containers.conf
unset CONTAINERS_CONF
cp /etc/containers/containers.conf "$WORK/before"
must command podman import -q "$WORK/busybox.tar" localhost/busybox
config=/etc/containers/containers.conf.d/runlxc.conf

default_runtime() {
    command podman info --format '{{.Host.OCIRuntime.Name}}'
}

podman_runs() {
    command podman run --rm --network none --cgroup-parent "$CGROUP" "$@" localhost/busybox echo hello
}

# podman_runtime OPTION...: that of a container, which is not started.
podman_runtime() {
    local id

    id=$(command podman create --network none --cgroup-parent "$CGROUP" "$@" localhost/busybox true) || return 1
    command podman inspect -f '{{.OCIRuntime}}' "$id"
    command podman rm "$id" >/dev/null
}

status_is "podman: before" 125 podman_runs --runtime runlxc
is "podman: the default before" "$(default_runtime)" runc
run bounded "$RUNLXC" install --engine podman --path "$LXC_RUNTIME"
is "podman: install, where it looks by itself" "$status ${out%%$'\n'*}" "0 $config: added the runtime \"runlxc\", $LXC_RUNTIME"
prints "podman --runtime runlxc run" hello command podman --runtime runlxc run --rm --network none --cgroup-parent "$CGROUP" \
    localhost/busybox echo hello
is "podman: the default is still runc" "$(default_runtime) $(podman_runtime)" "runc runc"
ok "podman: install --default" install podman --default
is "podman: it is the default" "$(default_runtime) $(podman_runtime)" "runlxc runlxc"
prints "podman run" hello podman_runs
ok "podman: install --remove" install podman --remove
is "podman: back to runc" "$(default_runtime) $(podman_runtime)" "runc runc"
prints "podman run by runc" hello podman_runs
is "podman: its own file is gone" "$(ls -A /etc/containers/containers.conf.d)" ""

# In Podman's main file.
config=/etc/containers/containers.conf
ok "podman: install --default into a file of many" install podman --default
is "podman: the default by that" "$(default_runtime) $(podman_runtime)" "runlxc runlxc"
ok "podman: install --remove from it" install podman --remove
ok "podman: that file is what it was" cmp "$config" "$WORK/before"
is "podman: and so is the default" "$(default_runtime)" runc
is "podman.conf to copy from" "$(CONTAINERS_CONF=$TOP/configs/engines/podman-runlxc.conf command podman info --format '{{.Host.OCIRuntime.Name}}' 2>&1 |
    grep -c 'toml')" 0
# What it made for its monitors, and for pods.
find /sys/fs/cgroup -depth -type d -path "*$CGROUP/conmon" -exec rmdir {} + 2>/dev/null
find /sys/fs/cgroup/libpod_parent /sys/fs/cgroup/podman_probe /sys/fs/cgroup/*/libpod_parent -depth -type d -exec rmdir {} + 2>/dev/null
umount "$PODMAN/storage/overlay" 2>/dev/null
engine_end
