#!/bin/bash
# lxc-launch against bare lxc-start with the same configuration, in turn, A B A B; and what the supervisor costs in memory.
# Prints medians and the ratio pair by pair; asserts nothing: `make bench` is for people.
. "$(dirname "$0")/../lib.sh"
suite_begin private

RUNS=${RUNS:-60}
ROOTFS=$SCRATCH/rootfs
ID=bench

make_rootfs() {
    mkdir -p "$ROOTFS"/{bin,proc,sys,dev,etc,tmp}
    cp "$(command -v busybox)" "$ROOTFS/bin/busybox"
    ln -s busybox "$ROOTFS/bin/true"
    # The mount points that lxc-launch makes and takes away again: bare lxc-start needs them to stay.
    touch "$ROOTFS"/etc/{hosts,hostname} "$ROOTFS/.dockerenv"
}

# The configuration that lxc-launch generates, under another name, and the files that it mounts.
make_bare() {
    local bare=$SCRATCH/bare/$ID

    "$LXC_LAUNCH" --root "$ROOT" -d --name "$ID" "$ROOTFS" /bin/busybox sleep 100 >/dev/null
    mkdir -p "$bare"
    cp "$ROOT/$ID"/{config,hosts,hostname,config.env} "$bare"
    sed -i "s|$ROOT/$ID|$bare|g; s|runlxc\.\([a-z]*\)\.$ID|bare.\1.$ID|" "$bare/config"
    SUPERVISOR=$(jq .supervisorPid "$ROOT/$ID/state.json")
    PSS=$(awk '/^Pss:/ {print $2}' "/proc/$SUPERVISOR/smaps_rollup")
    THREADS=$(awk '/^Threads:/ {print $2}' "/proc/$SUPERVISOR/status")
    "$RUNLXC" --root "$ROOT" delete --force "$ID"
}

now_us() {
    printf '%s\n' "${EPOCHREALTIME/./}"
}

timed() {
    local from

    from=$(now_us)
    "$@" >/dev/null 2>&1 || echo "failed: $*" >&2
    echo $(($(now_us) - from))
}

median() {
    sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

compare() {
    local i a b

    for ((i = 0; i < RUNS; i++)); do
        a=$(timed "$LXC_LAUNCH" --root "$ROOT" --rm --name "$ID" "$ROOTFS" /bin/true)
        b=$(timed lxc-start -F -n "$ID" -P "$SCRATCH/bare" -- /bin/true)
        echo "$a $b"
    done >"$SCRATCH/times"
    printf 'lxc-launch --rm DIR /bin/true: %s us\n' "$(awk '{print $1}' "$SCRATCH/times" | median)"
    printf 'lxc-start -F, same configuration: %s us\n' "$(awk '{print $2}' "$SCRATCH/times" | median)"
    printf 'ratio (median of %s pairs): %s\n' "$RUNS" \
        "$(awk '{printf "%.3f\n", $1 / $2}' "$SCRATCH/times" | median)"
}

make_rootfs
make_bare
diag "$(compare)"
diag "supervisor: $PSS KiB PSS, $THREADS thread"
rmdir /sys/fs/cgroup/*/bare.pivot."$ID"/lxc.pivot /sys/fs/cgroup/*/bare.*."$ID" 2>/dev/null
pass "measured"
suite_end
