#!/bin/bash
# Debian's dockerd with runlxc beside runc: every scenario of tests/engines/docker runs with both, and must say the same.
#     ONLY='^exec' tests/engines/docker.sh            some of them
#     LXC_RUNTIME=/usr/bin/crun tests/engines/docker.sh   something else than runlxc
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
# shellcheck source=tests/engines/docker-lib.sh
. "$ENGINES/docker-lib.sh"
# shellcheck disable=SC2034 # the library's
ENGINE_LIBS=("$ENGINES/docker-lib.sh")
engine_begin

export DOCKER_HOST=unix://$WORK/docker.sock IMAGE=busybox
busybox_tar "$WORK/busybox.tar"
dockerd_start dockerd "$WORK/docker" "$WORK/docker.sock" || { fail "dockerd starts" && suite_end; }
must docker import "$WORK/busybox.tar" "$IMAGE"
diag "$(docker version --format 'docker {{.Server.Version}}'), $("$LXC_RUNTIME" --version 2>&1 | head -n 1)"

# Of which scenario a container was, should one be left somewhere.
daemon_start events docker events --filter event=create --format '{{.ID}} {{.Actor.Attributes.name}}'

# What else is to be seen of this daemon.
if [ -n "${BEFORE_SCENARIOS:-}" ]; then
    # shellcheck source=tests/vm/docker-apparmor.sh
    . "$BEFORE_SCENARIOS" || fail "$BEFORE_SCENARIOS is read"
fi
scenarios_run docker "$ENGINES"/docker/*.sh

is "no container is left to Docker" "$(docker ps -aq)" ""
is "no volume is left" "$(docker volume ls -q)" ""
is "no network is left" "$(docker network ls -q --filter type=custom)" ""
is "no image but the suite's own is left" "$(docker images --format '{{.Repository}}')" "$IMAGE"
daemon_stop events
daemon_stop dockerd
engine_end
