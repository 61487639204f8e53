#!/bin/bash
# System containers: a Debian's systemd under Docker with neither --privileged nor a mount made by hand.
# shellcheck source=tests/engines/lib.sh
# shellcheck disable=SC2317 # functions are called through others
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
# shellcheck source=tests/engines/docker-lib.sh
. "$ENGINES/docker-lib.sh"
engine_begin

export DOCKER_HOST=unix://$WORK/docker.sock
dockerd_start dockerd "$WORK/docker" "$WORK/docker.sock" || { fail "dockerd starts" && suite_end; }
debian_tar "$WORK/debian.tar" && ok "Docker imports a Debian" docker import "$WORK/debian.tar" debian
busybox_tar "$WORK/busybox.tar" && must docker import "$WORK/busybox.tar" busybox

system_run() { docker run --runtime lxc --network none "$@"; }
# settled NAME: systemd says how it is once it is done with its start; degraded is as good as running when what failed is known.
settled() { [[ $(docker exec "$1" systemctl is-system-running 2>&1) =~ ^(running|degraded)$ ]]; }
is_running() {
    local said failed

    wait_for 30 settled "$2"
    said=$(docker exec "$2" systemctl is-system-running 2>&1)
    failed=$(docker exec "$2" systemctl list-units --failed --plain --no-legend 2>/dev/null)
    if [ "$said" = running ] && [ -z "$failed" ]; then
        pass "$1"
    else
        fail "$1"
        diag "systemd says: $said; failed units: $failed"
        diag "$(docker exec "$2" journalctl -p warning --no-pager 2>&1 | tail -n 20)"
    fi
}
exit_code() { docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1"; }

# ---- its life ----

ok "docker run IMAGE /sbin/init" system_run -d --name plain debian /sbin/init
is_running "systemd runs" plain
is "it is pid 1" "$(docker exec plain cat /proc/1/comm)" systemd
is "it knows that it is in a container" "$(docker exec plain systemd-detect-virt --container)" lxc
is "/run is a tmpfs" "$(docker exec plain stat -f -c %T /run /run/lock | paste -sd' ')" "tmpfs tmpfs"
like "its units have cgroups" "$(docker exec plain systemctl show -P ControlGroup systemd-journald.service)" '/system\.slice/systemd-journald\.service'
prints "a unit is started" 7 docker exec plain sh -c 'systemd-run --wait -q sh -c "echo 7 >/tmp/said"; cat /tmp/said'
prints "the journal has it" yes docker exec plain sh -c 'journalctl --no-pager | grep -q "Multi-User System" && echo yes'
fails "its limits are out of its reach" docker exec plain sh -c \
    'echo 1000000000 >/sys/fs/cgroup/memory/memory.limit_in_bytes || echo 1000000000 >/sys/fs/cgroup/memory.max'
fails "and so are its devices" docker exec plain sh -c 'echo a >/sys/fs/cgroup/devices/devices.allow'
is "it has no capability more than others" "$(docker exec plain grep CapBnd /proc/1/status)" \
    "$(docker run --rm --network none busybox grep CapBnd /proc/1/status)"
is "nor a filter less" "$(docker exec plain grep -w Seccomp: /proc/1/status)" "$(docker run --rm --network none busybox grep -w Seccomp: /proc/1/status)"

# ---- its end ----

must docker exec plain sh -c 'printf "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/bin/sh -c \"echo stopped in order >/root/said\"\n" >/etc/systemd/system/last.service && systemctl start last'
begin=$SECONDS
ok "docker stop" docker stop -t 60 plain
within "ends it within the time" $((SECONDS - begin)) 0 30
is "in order" "$(exit_code plain)" "exited 0"
must docker cp plain:/root/said "$WORK/said"
is "by stopping its units" "$(cat "$WORK/said" 2>&1)" "stopped in order"
is "no cgroup of its units is left" "$(find /sys/fs/cgroup -path "*$CGROUP/*" -name '*.scope' 2>/dev/null)" ""
ok "it starts again" docker start plain
is_running "and runs" plain
ok "docker restart" docker restart -t 60 plain
is_running "runs again" plain
prints "poweroff from inside is accepted" "" docker exec plain systemctl poweroff --no-block
until_true 30 field_is '{{.State.Status}}' exited plain
is "and ends it" "$(exit_code plain)" "exited 0"
must docker rm -f plain
ok "another" system_run -d --name other -t -v "$WORK:/run/data:ro" --tmpfs /tmp debian /lib/systemd/systemd
is_running "by its own name, with a terminal and a volume below /run" other
is "which it has" "$(docker exec other cat /run/data/said)" "stopped in order"
like "its start is on its console" "$(docker logs other)" 'Multi-User System'
ok "docker kill is the end" docker kill other
is "at once" "$(exit_code other)" "exited 137"
must docker rm -f other

# ---- what is none ----

prints "a shell in the same image has no tmpfs on /run" no system_run --rm debian sh -c 'mountpoint -q /run || echo no'
fails "and no container variable" system_run --rm debian printenv container
must docker run -d --runtime lxc --network none --name plain busybox /sbin/init
is "busybox' init is no systemd" "$(docker exec plain sh -c 'grep -q " /run " /proc/mounts || echo no')" no
must docker rm -f plain

daemon_stop dockerd
engine_end
