#!/bin/bash
# Docker's client, end to end, with runc and with runlxc in one daemon, in turn.
# Asserts no figure, but that every command succeeds and that nothing is left.
. "$(dirname "$0")/../engines/lib.sh"
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/engines/images.sh
. "$ENGINES/images.sh"
# shellcheck source=tests/engines/docker-lib.sh
. "$ENGINES/docker-lib.sh"
engine_begin
bench_begin

export DOCKER_HOST=unix://$WORK/docker.sock IMAGE=busybox
busybox_tar "$WORK/busybox.tar"
dockerd_start dockerd "$WORK/docker" "$WORK/docker.sock" || bench_fail "dockerd starts"
docker import "$WORK/busybox.tar" "$IMAGE" >/dev/null || bench_fail "docker import"

run='docker run --rm --network none --name @ --runtime'
bench_measure -n "$ROUNDS" lxc "$run lxc $IMAGE true" / runc "$run runc $IMAGE true"
bench_row '`docker run --rm --network none`'

run='docker run --rm --name @ --runtime'
bench_measure -n "$ROUNDS" lxc "$run lxc $IMAGE true" / runc "$run runc $IMAGE true"
bench_row '`docker run --rm`'

for runtime in lxc runc; do
    docker run -d --runtime "$runtime" --name "$runtime" "$IMAGE" sleep 1000 >/dev/null || bench_fail "docker run -d"
done
bench_measure -n "$ROUNDS" lxc "docker exec lxc true" / runc "docker exec runc true"
bench_row '`docker exec`'
docker rm -f lxc runc >/dev/null || bench_fail "docker rm"

daemon_stop dockerd
[ -n "${BENCH_ROWS:-}" ] || bench_table "$rows" "$notes"
engine_end
