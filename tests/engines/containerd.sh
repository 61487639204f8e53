#!/bin/bash
# Debian's containerd and its ctr with runlxc beside runc: every scenario of tests/engines/containerd with both.
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
engine_begin

containerd=$WORK/containerd
mkdir "$containerd"
# Everything in the scratch directory; of the plug-ins those that ctr needs.
cat >"$containerd/config.toml" <<EOT
version = 2
root = "$containerd/root"
state = "$containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "$containerd/sock"
[ttrpc]
  address = "$containerd/sock.ttrpc"
EOT
export CONTAINERD_ADDRESS=$containerd/sock CONTAINERD_NAMESPACE=test IMAGE=image.test/busybox:test
daemon_start containerd containerd --config "$containerd/config.toml" --log-level warn
daemon_wait containerd 60 ctr version || exit 1

# An image as docker save writes it, of one layer.
busybox_tar "$WORK/layer.tar"
mkdir "$WORK/archive" && mv "$WORK/layer.tar" "$WORK/archive/"
digest=$(sha256sum "$WORK/archive/layer.tar")
jq -n --arg diff "sha256:${digest%% *}" '{architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [$diff]},
    config: {Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["sh"]}}' >"$WORK/archive/config.json"
jq -n --arg tag "$IMAGE" '[{Config: "config.json", RepoTags: [$tag], Layers: ["layer.tar"]}]' \
    >"$WORK/archive/manifest.json"
tar -C "$WORK/archive" -cf "$WORK/busybox.tar" manifest.json config.json layer.tar
ok "ctr imports an image" ctr image import "$WORK/busybox.tar"

# shellcheck disable=SC2034 # the harness's
ENGINE_LIBS=("$ENGINES/containerd/lib.sh")
scenarios_run containerd "$ENGINES"/containerd/tasks.sh "$ENGINES"/containerd/limits.sh
daemon_stop containerd
# Containers' cgroups are below one of the namespace, which ctr asks for and no runtime takes away.
for cgroup in /sys/fs/cgroup/{,*/}"$CONTAINERD_NAMESPACE"; do
    [ ! -d "$cgroup" ] || rmdir "$cgroup"
done
engine_end
