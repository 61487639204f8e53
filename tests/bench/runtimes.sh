#!/bin/bash
# runlxc beside runc, crun and bare lxc-start, in turn, with one bundle: `runc spec`'s own configuration without a terminal, on a root
# of busybox. Bare lxc-start has the configuration that runlxc generates for the bundle.
# Asserts no figure, but that every command succeeds and that nothing is left.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
suite_begin private
bench_begin

runtimes=("$RUNLXC" runc crun)
PARALLEL=20

# make_bundle NAME ARG...: a bundle with this command, on the root that all share.
make_bundle() {
    local bundle=$SCRATCH/$1

    shift
    mkdir -p "$bundle"
    ln -sfn "$SCRATCH/rootfs" "$bundle/rootfs"
    (cd "$bundle" && runc spec)
    jq --arg root "$SCRATCH/rootfs" '.process.terminal = false | .root.path = $root | .process.args = $ARGS.positional' \
        "$bundle/config.json" --args "$@" >"$bundle/new" && mv "$bundle/new" "$bundle/config.json"
}

# contenders STEP...: sets list, the timer's arguments; in the steps, RT is the runtime with its --root. In commands, RT is one of them.
contenders() {
    local runtime name step

    list=()
    for runtime in "${runtimes[@]}"; do
        name=${runtime##*/}
        [ "$name" != crun ] || name+=@$crun_ns
        list+=(${list[@]+/} "$name")
        for step in "$@"; do
            list+=("${step/RT/"$runtime --root $ROOT/${runtime##*/}"}")
        done
    done
}

# with RUNTIME ARG...: where it can run, outside of any measurement.
with() {
    local ns=$$

    [ "${1##*/}" != crun ] || ns=$crun_ns
    nsenter -m -t "$ns" "$1" --root "$ROOT/${1##*/}" "${@:2}" </dev/null >"$SCRATCH/out" 2>&1
}

every() {
    local runtime

    for runtime in "${runtimes[@]}"; do
        with "$runtime" "$@" || { diag "$(<"$SCRATCH/out")" && bench_fail "${runtime##*/} $*"; }
    done
}

# For a command that failed half-way.
# shellcheck disable=SC2317 # called at the end
remove_all() {
    local runtime dir

    for runtime in "${runtimes[@]}"; do
        for dir in "$ROOT/${runtime##*/}"/*/; do
            [ ! -d "$dir" ] || with "$runtime" delete --force "$(basename "$dir")"
        done
    done
}

busybox_rootfs "$SCRATCH/rootfs"
make_bundle ends /bin/true
make_bundle stays /bin/sleep 1000
bench_crun_namespace
at_exit remove_all

# ---- run ----

"$RUNLXC" --root "$ROOT" create --bundle "$SCRATCH/ends" bench </dev/null >/dev/null || bench_fail "create"
bench_bare bench
"$RUNLXC" --root "$ROOT" delete --force bench || bench_fail "delete"
contenders "RT run --bundle $SCRATCH/ends @"
bench_measure -n "$ROUNDS" "${list[@]}" / lxc-start "lxc-start -F -n bench -P $SCRATCH/bare -- /bin/true"
bench_row '`run` of /bin/true'

# ---- the three steps of an engine ----

contenders "RT create --bundle $SCRATCH/ends --pid-file $SCRATCH/pid @" "RT start @" "reaped $SCRATCH/pid" "RT delete @"
bench_measure -n "$ROUNDS" "${list[@]}"
bench_row '`create`, `start`, its end, `delete`'

# ---- exec ----

every run --detach --bundle "$SCRATCH/stays" stays
contenders "RT exec stays /bin/true"
bench_measure -n "$ROUNDS" "${list[@]}"
bench_row '`exec` of /bin/true'
bench_note "The supervisor of a container: $(ROOT=$ROOT/runlxc bench_memory stays)."
every delete --force stays

# ---- kill ----

contenders "- RT run --detach --bundle $SCRATCH/stays --pid-file $SCRATCH/pid @" "RT kill @ KILL" "reaped $SCRATCH/pid" "- RT delete @"
bench_measure -n "$ROUNDS" "${list[@]}"
bench_row '`kill` until the engine has reaped'

# ---- many ----

contenders "RT run --bundle $SCRATCH/ends @"
few=$(((ROUNDS + 3) / 4))
bench_measure -n "$few" -j "$PARALLEL" "${list[@]}"
bench_row "$PARALLEL \`run\` at once, all of them (medians of $few)"

bench_end
