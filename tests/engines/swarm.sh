#!/bin/bash
# Docker Swarm with runlxc as the default runtime: a service that is scaled up and down and updated, then a second dockerd, in a
# network namespace of its own, as a node.
# shellcheck source=tests/engines/lib.sh
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2317 # functions are called through others
. "$(dirname "$0")/lib.sh"
engine_begin
. "$ENGINES/images.sh"
. "$ENGINES/docker-lib.sh"

busybox_tar "$WORK/busybox.tar"

# Two machines, as far as Docker can see: a bridge between their namespaces, and a name for each.
ip netns add manager
ip netns add worker
ip link add swarm0 type bridge
ip link set swarm0 up
for node in manager worker; do
    ip link add "to-$node" type veth peer name eth0 netns "$node"
    ip link set "to-$node" master swarm0 up
    ip -n "$node" link set lo up
    ip -n "$node" link set eth0 up
done
ip -n manager address add 192.0.2.1/24 dev eth0
ip -n worker address add 192.0.2.2/24 dev eth0

# node_start NAME: its dockerd, with files of its own where Docker has one place for all.
node_start() {
    local name=$1

    mkdir -p "$WORK/$name/run"
    printf '#!/bin/sh\nhostname %s\nmount --bind "%s/run" /run/docker\nexec "$@"\n' "$name" "$WORK/$name" >"$WORK/$name/start"
    chmod 755 "$WORK/$name/start"
    # shellcheck disable=SC2034 # dockerd_start's
    DOCKERD_NETNS=/run/netns/$name DOCKERD_WRAPPER="unshare --mount --uts --propagation private $WORK/$name/start" \
        dockerd_start "$name" "$WORK/$name" "$WORK/$name.sock" --default-runtime lxc || { fail "dockerd of $name starts" && suite_end; }
    must on "$name" import "$WORK/busybox.tar" busybox:1
    must on "$name" tag busybox:1 busybox:2
}
on() {
    local name=$1

    shift
    docker -H "unix://$WORK/$name.sock" "$@"
}
m() { on manager "$@"; }

# replicas N: that many tasks run, and no other is on its way.
replicas() { [ "$(m service ls --filter name=web --format '{{.Replicas}}')" = "$1/$1" ] && [ "$(tasks | wc -l)" = "$1" ]; }
tasks() { m service ps web --filter desired-state=running --format '{{.CurrentState}} {{.Node}} {{.Image}}' | grep '^Running'; }
containers() { on "$1" ps -q | wc -l; }
idle() { [ "$(containers "$1")" = 0 ]; }
no_containers() { [ "$(on "$1" ps -aq | wc -l)" = 0 ]; }
updated() { [ "$(tasks | grep -c 'busybox:2$')" = "$1" ]; }
ready() { [ "$(m node ls --format '{{.Hostname}} {{.Status}}' | grep -c "$1 Ready")" = 1 ]; }
lxcs() { find "$WORK/$1/exec" -path '*/runtime-*' -name state.json | wc -l; }

mkdir -p /run/docker
node_start manager
ok "swarm init" m swarm init --advertise-addr 192.0.2.1 --default-addr-pool 10.201.0.0/16
ok "a service of ten" m service create -q -d --name web --replicas 10 --no-resolve-image --stop-grace-period 2s busybox:1 \
    sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 1 & wait $!; done'
ok "all of it runs" wait_for 60 replicas 10
is "each in a container of ours" "$(lxcs manager)" 10
is "by the default runtime" "$(m ps -q | xargs docker -H "unix://$WORK/manager.sock" inspect -f '{{.HostConfig.Runtime}}' | sort -u)" lxc
ok "scaled up" m service scale -d web=14
ok "there are fourteen" wait_for 60 replicas 14
ok "scaled down" m service scale -d web=4
ok "there are four" wait_for 60 replicas 4
ok "and their containers are four" wait_for 30 sh -c '[ "$(docker -H "unix://$1" ps -q | wc -l)" = 4 ]' sh "$WORK/manager.sock"
like "the service has its log" "$(m service logs --raw web 2>&1 | sort -u)" '^up$'
killed=$(m ps -q | head -n 1)
must m kill "$killed"
ok "a task that is killed is replaced" wait_for 60 replicas 4

# ---- a second node ----

node_start worker
token=$(m swarm join-token -q worker)
ok "a second dockerd joins" on worker swarm join --token "$token" --advertise-addr 192.0.2.2 192.0.2.1:2377
ok "the manager has it ready" wait_for 30 ready worker
ok "an update of the service" m service update -q -d --no-resolve-image --image busybox:2 --update-parallelism 4 --update-delay 0s --replicas 10 web
ok "ends with the new image everywhere" wait_for 90 updated 10
ok "ten run" wait_for 60 replicas 10
within "tasks on the manager" "$(containers manager)" 1 9
within "tasks on the worker" "$(containers worker)" 1 9
is "all on the second in containers of ours, too" "$(lxcs worker)" "$(containers worker)"
ok "the worker is drained" m node update --availability drain "$(m node ls --filter role=worker -q)"
ok "its tasks go to the manager" wait_for 60 idle worker
ok "ten run, still" wait_for 60 replicas 10
ok "the worker leaves" on worker swarm leave

# ---- the end ----

ok "the service is removed" m service rm web
ok "with all its containers" wait_for 60 no_containers manager
ok "the swarm ends" m swarm leave --force
is "nothing of ours is left" "$(($(lxcs manager) + $(lxcs worker)))" 0
daemon_stop worker
daemon_stop manager
ip netns del worker
ip netns del manager
ip link del swarm0
engine_end
