#!/bin/bash
# dockerd that leaves cgroups to systemd (native.cgroupdriver=systemd): what a container of ours has for a unit, beside one of runc's.
# shellcheck source=tests/engines/lib.sh disable=SC2317,SC2034,SC2154 # functions are called through the assertions; others' variables
. "$(dirname "$0")/../../engines/lib.sh"
engine_begin
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
# shellcheck source=tests/engines/docker-lib.sh
. "$ENGINES/docker-lib.sh"
# shellcheck source=tests/vm/units.sh
. "$TOP/tests/vm/units.sh"

# ---- Docker ----

export DOCKER_HOST=unix://$WORK/docker.sock IMAGE=busybox
CGROUP=$slice dockerd_start dockerd "$WORK/docker" "$WORK/docker.sock" --exec-opt native.cgroupdriver=systemd --bridge none --iptables=false --ip6tables=false ||
    { fail "dockerd starts" && suite_end; }
must docker import "$WORK/busybox.tar" "$IMAGE"
prints "docker: the driver" "systemd 2" docker info --format '{{.CgroupDriver}} {{.CgroupVersion}}'
for runtime in runc lxc; do
    ok "docker run with $runtime" docker run -d --name "$runtime" --runtime "$runtime" --network none --memory 64m --memory-reservation 32m \
        --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --pids-limit 50 "$IMAGE" sleep 600
    units[$runtime]=$(unit_of "$(docker inspect -f '{{.State.Pid}}' "$runtime")")
done
is "docker run: the scope's name" "${units[lxc]}" "docker-$(docker inspect -f '{{.Id}}' lxc).scope"
beside "docker run" "Slice=$slice"
for runtime in runc lxc; do
    ok "docker update with $runtime" docker update --memory 80m --memory-swap 100m --cpus 0.25 --cpu-shares 256 --pids-limit 40 "$runtime"
done
beside "docker update" "MemoryMax=83886080"
prints "docker exec" "0::/" docker exec lxc cat /proc/self/cgroup
like "docker stats" "$(docker stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' lxc)" '^[0-9.]+[KM]iB / 80MiB [1-9]'
ok "docker pause" docker pause lxc
ok "docker unpause" docker unpause lxc
ok "docker stop" docker stop -t 1 lxc
ok "docker stop: the unit is gone" wait_for 20 unit_gone "${units[lxc]}"
ok "docker start: it is there again" docker start lxc
is "docker start: under the same name" "$(unit_of "$(docker inspect -f '{{.State.Pid}}' lxc)")" "${units[lxc]}"
prints "docker run --cgroup-parent" "running" sh -c 'docker run -d --name parent --runtime lxc --network none --cgroup-parent "$1" "$2" sleep 600 >/dev/null &&
    docker inspect -f "{{.State.Status}}" parent' sh "${slice%.slice}-a.slice" "$IMAGE"
like "docker run --cgroup-parent: where it is" "$(cat "/proc/$(docker inspect -f '{{.State.Pid}}' parent)/cgroup")" \
    "^0::/$slice/${slice%.slice}-a.slice/docker-[0-9a-f]*.scope/container\$"
ok "docker rm -f" docker rm -f runc lxc parent
is "docker rm: no unit is left" "$(systemctl list-units --all --plain --no-legend 'docker-*.scope')" ""
daemon_stop dockerd

engine_end
