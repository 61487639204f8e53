#!/bin/bash
# Podman as it is by default on a host with systemd: what a container of ours has for a unit, beside one of runc's.
# shellcheck source=tests/engines/lib.sh disable=SC2317,SC2034,SC2154 # functions are called through the assertions; others' variables
. "$(dirname "$0")/../../engines/lib.sh"
engine_begin
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
# shellcheck source=tests/vm/units.sh
. "$TOP/tests/vm/units.sh"

# ---- Podman ----

# Docker's configuration is not Podman's.
unset DOCKER_CONFIG
podman() {
    command podman --root "$WORK/podman" --runroot "$WORK/podman-run" --tmpdir "$WORK/podman-tmp" --cgroup-manager systemd \
        --events-backend file --runtime "$runtime" "$@"
}
run_podman() { podman run -d --name "$1" --network none --log-driver k8s-file "${@:2}" localhost/busybox sleep 600; }
pid_of() { podman inspect --format '{{.State.Pid}}' "$1"; }

runtime=$LXC_RUNTIME
ok "podman import" podman import "$WORK/busybox.tar" localhost/busybox
for name in runc lxc; do
    runtime=$LXC_RUNTIME
    [ "$name" = lxc ] || runtime=$(command -v runc)
    ok "podman run with $name" run_podman "$name" --memory 64m --cpus 0.5 --pids-limit 50
    units[$name]=$(unit_of "$(pid_of "$name")")
done
like "podman run: the scope's name" "${units[lxc]}" '^libpod-[0-9a-f]{64}\.scope$'
beside "podman run" 'Slice=machine.slice'
prints "podman exec" "0::/" podman exec lxc cat /proc/self/cgroup
like "podman stats" "$(podman stats --no-stream --format '{{.MemUsage}} {{.PIDS}}' lxc)" '/ 67.11MB [1-9]'
ok "podman stop" podman stop -t 1 lxc
ok "podman stop: the unit is gone" wait_for 20 unit_gone "${units[lxc]}"
ok "podman run --cgroup-parent" run_podman parent --cgroup-parent "$slice"
like "podman run --cgroup-parent: where it is" "$(cat "/proc/$(pid_of parent)/cgroup")" "^0::/$slice/libpod-[0-9a-f]*.scope/container\$"
ok "podman rm -f" podman rm -f -t 0 runc lxc parent
is "podman rm: no unit is left" "$(systemctl list-units --all --plain --no-legend 'libpod-*.scope' | grep -v conmon)" ""

# What it looks for controllers with stays, and its driver keeps the store's directory mounted on itself.
rmdir /sys/fs/cgroup/podman_probe 2>/dev/null
umount "$WORK/podman/overlay" 2>/dev/null
engine_end
