#!/bin/bash
# Kubernetes as far as one machine goes: Debian's containerd with its CRI plug-in, which is what a kubelet talks to, and a client in the
# kubelet's place. Every scenario of tests/engines/cri runs in pods of the handler runc and of that of our RuntimeClass, which
# `runlxc install` has put into containerd's configuration.
#
# The client (cri/*.go, cri/api.proto) is built from Debian's packages and kept in the build tree.
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
engine_begin

place=$BUILD/tests/cri
containerd=$WORK/containerd
export CONTAINERD_ADDRESS=$containerd/sock CONTAINERD_NAMESPACE=k8s.io CRI_SOCKET=$containerd/sock CRI=$place/cri
export IMAGE=image.test/busybox:test PAUSE=image.test/pause:test DEFAULTS=image.test/defaults:test
# Where a scenario says that containerd is to be started again when it ends, and finds its pid.
export CONTAINERD_AGAIN=$containerd/again CONTAINERD_PID=$containerd/pid
# The kubelet's place for profiles; containerd takes a file's path.
export SECCOMP=$WORK/seccomp

# Without modules: what Debian's packages bring lies where GOPATH says. Two suites may build at once.
build() {
    local dir=$WORK/client

    mkdir -p "$place" "$dir" && cp "$ENGINES"/cri/*.go "$dir/" || return 1
    protoc -I "$ENGINES/cri" --descriptor_set_out="$dir/api.pb" "$ENGINES/cri/api.proto" || return 1
    cd "$dir" || return 1
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$place/cache GOFLAGS='' CGO_ENABLED=0 \
        go build -o "$place/cri.$$" . && mv "$place/cri.$$" "$place/cri"
}

# Only with CAP_SYS_RESOURCE can the sandboxes be put behind others in the OOM killer's eyes: restrict_oom_score_adj.
config() {
    cat <<EOT
version = 2
root = "$containerd/root"
state = "$containerd/state"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$containerd/sock"
[ttrpc]
  address = "$containerd/sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$WORK/cni"
EOT
}

# Pods get an address on a bridge, as most clusters' do.
network() {
    mkdir -p "$WORK/cni"
    jq -n --arg dir "$WORK/cni-data" '{cniVersion: "0.4.0", name: "pods", plugins: [
        {type: "bridge", bridge: "cri0", isGateway: true, hairpinMode: true,
            ipam: {type: "host-local", dataDir: $dir, ranges: [[{subnet: "10.88.0.0/16"}]], routes: [{dst: "0.0.0.0/0"}]}}]}' \
        >"$WORK/cni/10-pods.conflist"
}

# shellcheck disable=SC2317 # called by images
# image TAG CONFIG: of one layer, $WORK/archive/layer.tar, as docker save writes it.
image() {
    local archive=$WORK/archive digest

    digest=$(sha256sum "$archive/layer.tar")
    jq -n --arg diff "sha256:${digest%% *}" --argjson config "$2" \
        '{architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [$diff]}, config: $config}' >"$archive/config.json"
    jq -n --arg tag "$1" '[{Config: "config.json", RepoTags: [$tag], Layers: ["layer.tar"]}]' >"$archive/manifest.json"
    tar -C "$archive" -cf "$WORK/image.tar" manifest.json config.json layer.tar
    ctr image import "$WORK/image.tar"
}

# shellcheck disable=SC2317 # called by ok
images() {
    # The first process of pods that share their processes: it has to reap them.
    local pause='"trap exit TERM INT; while :; do sleep 1000000 & wait $!; done"' path='"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"'

    mkdir "$WORK/archive" && busybox_tar "$WORK/archive/layer.tar"
    image "$IMAGE" "{\"Env\": [$path], \"Cmd\": [\"sh\"]}" &&
        image "$DEFAULTS" "{\"Env\": [$path, \"FROM=image\"], \"Entrypoint\": [\"sh\", \"-c\"],
            \"Cmd\": [\"id -un; pwd; echo \$FROM\"], \"User\": \"user\", \"WorkingDir\": \"/home/user\",
            \"StopSignal\": \"SIGUSR1\"}" &&
        image "$PAUSE" "{\"Entrypoint\": [\"/bin/sh\", \"-c\", $pause]}"
}

if ! build >"$WORK/build.log" 2>&1; then
    diag "$(tail -n 20 "$WORK/build.log")"
    fail "the client is built"
    engine_end
fi
cd "$WORK" || exit 1
mkdir "$containerd" "$SECCOMP"
config >"$containerd/config.toml"
cp "$containerd/config.toml" "$WORK/config.before"
HANDLER=$(sed -n 's/^handler: //p' "$TOP/configs/engines/kubernetes-runtimeclass.yaml")
export HANDLER
# shellcheck disable=SC2317 # called by ok
# switched ARG...: whatever is compared with runc takes our place.
switched() {
    "$BUILD/runlxc" install --engine containerd --config "$containerd/config.toml" --path "$LXC_RUNTIME" "$@"
}
ok "containerd is told of the runtime" switched
network
# shellcheck disable=SC2016 # the inner bash's
daemon_start containerd bash -c '
    trap "kill \$pid; wait \$pid; exit" TERM
    while containerd --config "$0" --log-level warn & pid=$!; echo "$pid" >"$CONTAINERD_PID"; wait "$pid"; [ -e "$CONTAINERD_AGAIN" ]; do
        rm "$CONTAINERD_AGAIN"
    done' "$containerd/config.toml"
daemon_wait containerd 60 "$CRI" Status || exit 1
ok "ctr imports the images" images
# The plug-in hears of them by an event.
for name in "$IMAGE" "$DEFAULTS" "$PAUSE"; do
    ok "the plug-in knows $name" wait_for 10 "$CRI" ImageStatus "{\"image\": {\"image\": \"$name\"}}"
done

# shellcheck disable=SC2034 # the harness's
ENGINE_LIBS=("$ENGINES/cri/lib.sh")
scenarios_run cri "$ENGINES"/cri/{pods,containers,limits,security,streams}.sh

# Pods that name no handler, before and after it is the default. The sandbox's options name the program, in protobuf.
# shellcheck disable=SC2317 # called by prints
default_program() {
    local pod

    pod=$("$CRI" RunPodSandbox "{\"config\": {\"metadata\": {\"name\": \"default\", \"uid\": \"$1\", \"namespace\": \"x\"},
        \"linux\": {\"cgroup_parent\": \"$CGROUP\"}}}" | jq -r .pod_sandbox_id)
    ctr container info "$pod" | jq -r '.Runtime.Options.value // "" | @base64d' | grep -aoF "$LXC_RUNTIME" || echo runc
    for name in StopPodSandbox RemovePodSandbox; do
        "$CRI" "$name" "{\"pod_sandbox_id\": \"$pod\"}" >/dev/null
    done
}
prints "runc is the default" runc default_program one
ok "containerd is told of the default" switched --default
touch "$CONTAINERD_AGAIN"
kill "$(<"$CONTAINERD_PID")"
wait_for 10 test ! -e "$CONTAINERD_AGAIN"
daemon_wait containerd 60 "$CRI" Status
prints "pods without a RuntimeClass have it then" "$LXC_RUNTIME" default_program two
ok "containerd is told to do without" switched --remove
is "its configuration is as it was" "$(<"$containerd/config.toml")" "$(<"$WORK/config.before")"
daemon_stop containerd
engine_end
