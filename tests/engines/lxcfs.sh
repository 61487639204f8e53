#!/bin/bash
# lxcfs under Docker: by configuration and by annotation, with its own file system in the suite's mount namespace.
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
# shellcheck source=tests/engines/docker-lib.sh
. "$ENGINES/docker-lib.sh"
STATE_DIRS+=(/var/lib/lxcfs /etc/runlxc)
engine_begin

export DOCKER_HOST=unix://$WORK/docker.sock
conf=/etc/runlxc/runlxc.conf
dockerd_start dockerd "$WORK/docker" "$WORK/docker.sock" || { fail "dockerd starts" && suite_end; }
debian_tar "$WORK/debian.tar" && ok "Docker imports a Debian" docker import "$WORK/debian.tar" debian

in_container() { docker run --rm --runtime lxc --network none "$@"; }
lxcfs_start() {
    daemon_start lxcfs lxcfs -f -p "$WORK/lxcfs.pid" /var/lib/lxcfs
    daemon_wait lxcfs 10 test -e /var/lib/lxcfs/proc/meminfo
}
lxcfs_stop() {
    daemon_stop lxcfs
    umount -l /var/lib/lxcfs 2>/dev/null
    mountpoint -q /var/lib/lxcfs && mount -t tmpfs -o mode=755 runlxc-test-state /var/lib/lxcfs
}
limits=(-m 64m --memory-swap 64m --cpuset-cpus 0)
total() { awk '/^MemTotal/ { print $2 }' "$@"; }

# ---- not asked for ----

lxcfs_start
is "without being asked, /proc is the kernel's" "$(in_container "${limits[@]}" debian cat /proc/meminfo | total)" "$(total /proc/meminfo)"

# ---- by configuration ----

echo 'lxcfs = yes' >"$conf"
is "free shows the container's memory" "$(in_container "${limits[@]}" debian free -k | awk '/^Mem:/ { print $2 }')" 65536
is "nproc shows its processors" "$(in_container "${limits[@]}" debian nproc)" 1
is "and so does /proc/cpuinfo" "$(in_container "${limits[@]}" debian grep -c ^processor /proc/cpuinfo)" 1
is "and /sys/devices/system/cpu/online" "$(in_container "${limits[@]}" debian cat /sys/devices/system/cpu/online)" 0
within "uptime counts from its start" "$(in_container debian cut -d. -f1 /proc/uptime)" 0 60
like "uptime says so" "$(in_container debian uptime)" ' up [01] min'
is "swaps are the container's" "$(in_container "${limits[@]}" debian sh -c 'tail -n +2 /proc/swaps | wc -l')" 0
prints "without limits, the machine's memory" "$(total /proc/meminfo)" in_container debian awk '/^MemTotal/ { print $2 }' /proc/meminfo
prints "a read-only container can have it" 65536 in_container --read-only "${limits[@]}" debian awk '/^MemTotal/ { print $2 }' /proc/meminfo
echo mine >"$WORK/mine"
prints "what the user mounts there is his" "mine" in_container -v "$WORK/mine:/proc/uptime:ro" "${limits[@]}" debian cat /proc/uptime
must docker run -d --runtime lxc --network none --name limited "${limits[@]}" debian sleep 300
prints "exec sees the same" 65536 docker exec limited awk '/^MemTotal/ { print $2 }' /proc/meminfo
if ok "the limit is changed" docker update -m 128m --memory-swap 128m limited; then
    prints "and is seen" 131072 docker exec limited awk '/^MemTotal/ { print $2 }' /proc/meminfo
fi
must docker rm -f limited

# ---- by annotation ----

bundle=$WORK/bundle
mkdir -p "$bundle/rootfs"
tar -C "$bundle/rootfs" -xf "$WORK/debian.tar"
# annotated VALUE [ARG...]: runlxc run with that annotation.
annotated() {
    local value=$1

    shift
    (cd "$bundle" && rm -f config.json && runc spec && jq --arg value "$value" --arg group "$CGROUP/annotated" \
        '.annotations["org.linuxcontainers.lxcfs"] = $value | .process.terminal = false | .process.args = $ARGS.positional |
            .linux.cgroupsPath = $group | .linux.resources.memory = {limit: 67108864}' \
        --args -- "$@" <config.json >new.json && mv new.json config.json)
    run bounded "$LXC_RUNTIME" --root "$ROOT" run -b "$bundle" annotated </dev/null
}
annotated false sh -c 'free -k'
[ "$status" -eq 0 ] || diag "$err"
is "an annotation says no" "$(awk '/^Mem:/ { print $2 }' <<<"$out")" "$(free -k | awk '/^Mem:/ { print $2 }')"
rm "$conf"
annotated true sh -c 'free -k'
is "an annotation says yes" "$(awk '/^Mem:/ { print $2 }' <<<"$out")" 65536
annotated perhaps true
isnt "an annotation that says neither is refused" "$status" 0
like "by its name" "$err" 'org\.linuxcontainers\.lxcfs.*perhaps'

# ---- where it does not run ----

lxcfs_stop
annotated true true
isnt "asked for by annotation, a start without it fails" "$status" 0
like "and says why" "$err" 'lxcfs: is not running'
echo 'lxcfs = yes' >"$conf"
prints "asked for by configuration, a start goes on" "$(total /proc/meminfo)" in_container debian awk '/^MemTotal/ { print $2 }' /proc/meminfo
rm "$conf"

daemon_stop dockerd
engine_end
