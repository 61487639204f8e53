#!/bin/bash
# Podman of an ordinary user as it is by default on a host with systemd: containers are scopes of his own manager's. The same with crun
# and with runlxc.
# shellcheck source=tests/lib.sh disable=SC2317,SC2154 # functions are called through the assertions
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/vm/user-session.sh
. "$TOP/tests/vm/user-session.sh"
suite_begin private

LIMIT=120
for dir in /etc/containers /run/containers; do
    mkdir -p "$dir" && mount -t tmpfs -o mode=755 runlxc-test-podman "$dir" || exit 1
done
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
user_podman_conf crun
busybox_rootfs "$SCRATCH/image"
tar -C "$SCRATCH/image" -cf "$TEST_HOME/image.tar" .
chown -R "$TEST_UID:$TEST_UID" "$TEST_HOME"
chmod 711 "$SCRATCH"

podman() { as_user podman --runtime "$runtime" "$@" </dev/null; }
# Of containers that are gone Podman keeps a process that holds its user namespace, in a scope.
at_exit 'userctl stop "podman-pause-*.scope" 2>/dev/null; rm -rf "$TEST_HOME/.config" "$TEST_HOME/image.tar"'
at_exit 'podman rm -f -a -t 0 >/dev/null 2>&1; podman rmi -a -f >/dev/null 2>&1'
userctl() { as_user systemctl --user "$@"; }
image=localhost/busybox
scope_of() { sed -nE 's,^0::.*/(libpod-[0-9a-f]*[.]scope)(/.*)?$,\1,p' "/proc/$(podman inspect -f '{{.State.Pid}}' c)/cgroup"; }
scopes() { userctl list-units --all --plain --no-legend 'libpod-*.scope' | cut -d ' ' -f 1; }
no_scopes() { [ -z "$(scopes)" ]; }
rc() {
    "$@" 2>/dev/null
    echo "rc=$?"
}

runtime=runlxc
ok "an image" podman import -q "$TEST_HOME/image.tar" "$image"
prints "Podman has systemd's cgroups, as far as they are a user's" "systemd [cpu memory pids]" podman info --format \
    '{{.Host.CgroupManager}} {{.Host.CgroupControllers}}'

# What a container's life looks like, ids apart.
life() {
    rc podman run -d --name c --network none --memory 64m --memory-reservation 32m --cpus 0.5 --pids-limit 50 "$image" sh -c \
        'trap "exit 4" TERM; while :; do sleep 0.2; done' | sed -E 's/[0-9a-f]{64}/ID/'
    sed -E 's/libpod-[0-9a-f]+/libpod-ID/' "/proc/$(podman inspect -f '{{.State.Pid}}' c)/cgroup"
    rc podman exec c sh -c 'cat /proc/self/cgroup; cd /sys/fs/cgroup && cat memory.max memory.low cpu.max; echo 1 >memory.max'
    rc podman stats --no-stream --format '{{.Name}} {{.MemUsage}}' c | sed -E 's,[0-9.]+k?M?B / ,USED / ,'
    rc podman pause c
    rc podman inspect -f '{{.State.Status}}' c
    rc podman unpause c
    rc podman update --memory 80m --cpus 0.25 c | sed -E 's/[0-9a-f]{64}/ID/'
    rc podman exec c cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max
    [ "$runtime" = crun ] || facts
    rc podman stop -t 30 c
    rc podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' c
    rc podman rm c
    rc podman run --rm --network none --memory 16m --memory-swap 16m "$image" tail /dev/zero
    rc podman run --rm --network none --pids-limit 10 "$image" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done 2>/dev/null; exit 9'
}
# What is runlxc's alone, that crun says nothing of to systemd.
facts() {
    {
        unit=$(scope_of)
        userctl show "$unit" -p Slice,Delegate,MemoryMax,TasksMax,CPUQuotaPerSecUSec | sort
        cat "/sys/fs/cgroup$user_cgroup/user.slice/$unit/memory.max"
        podman stats --no-stream --format '{{.PIDs}}' c
    } >"$SCRATCH/facts" 2>&1
}
runtime=crun
theirs=$(life)
runtime=runlxc
ours=$(life)
is "runlxc's life is crun's" "$ours" "$theirs"
like "which says something" "$theirs" "$user_cgroup/user.slice/libpod-ID.scope/container.*67108864.*33554432.*50000 100000.*USED / 67.11MB.*paused.*83886080.*exited 4"
like "the scope has the limits, after the update" "$(cat "$SCRATCH/facts")" "^CPUQuotaPerSecUSec=250ms
Delegate=yes
MemoryMax=83886080
Slice=user.slice
TasksMax=51
83886080
[234]\$"
ok "no scope is left" wait_for 20 no_scopes

suite_end
