#!/bin/bash
# lxc-launch beside bare lxc-start with the same configuration, in turn.
# Asserts no figure, but that every command succeeds and that nothing is left.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
suite_begin private
bench_begin

ROOTFS=$SCRATCH/rootfs
busybox_rootfs "$ROOTFS"
# The mount points that lxc-launch makes and takes away again: bare lxc-start needs them to stay.
touch "$ROOTFS"/etc/{hosts,hostname} "$ROOTFS/.dockerenv"

"$LXC_LAUNCH" --root "$ROOT" -d --name bench "$ROOTFS" /bin/sleep 100 >/dev/null || bench_fail "lxc-launch"
bench_bare bench
"$RUNLXC" --root "$ROOT" delete --force bench || bench_fail "delete"

bench_measure -n "$ROUNDS" lxc-launch "$LXC_LAUNCH --root $ROOT --rm --name @ $ROOTFS /bin/true" / \
    lxc-start "lxc-start -F -n bench -P $SCRATCH/bare -- /bin/true"
bench_row '`lxc-launch --rm DIR /bin/true`'

bench_end
