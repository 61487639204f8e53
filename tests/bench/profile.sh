#!/bin/bash
# Where the time of `runlxc run` of /bin/true goes, beside bare lxc-start with the same configuration: how long each phase takes, and
# how many system calls of the kinds that matter, and how long they take. By strace, which stops the processes at these calls only;
# still, what it measures is slower than the untraced run that stands below.
# Asserts no figure, but that every phase is seen.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"
suite_begin private
bench_begin

TRACED=$(((ROUNDS + 1) / 2))
PHASES='clone,clone3,execve'
CALLS=$PHASES,write,mkdir,mkdirat,rmdir,unlinkat,mount,umount2,open_tree,move_mount,mount_setattr,fsmount,fsconfig,pivot_root,unshare,setns
run=("$RUNLXC" --root "$ROOT/runlxc" run --bundle "$SCRATCH/ends" bench)
bare=(lxc-start -F -n bench -P "$SCRATCH/bare" -- /bin/true)

# traced CALLS CMD...: the trace is in $SCRATCH/trace.
traced() {
    local calls=$1

    shift
    strace -f --seccomp-bpf -ttt -T -y -s 16 -e "trace=$calls" -e signal=KILL -o "$SCRATCH/trace" "$@" </dev/null >/dev/null 2>&1
}

# phases: "PHASE US" of one trace, in order. Each line begins with pid and time.
phases() {
    awk '
        function reached(name) { printf "%s %d\n", name, ($2 - last) * 1000000; last = $2 }
        NR == 1 { client = $1; last = $2 }
        /execve\("[^"]*\/runlxc-supervise"/ { supervisor = $1; reached("client") }
        /execve\("[^"]*\/lxc-start"/ { lxc = $1; if (NR > 1) reached("supervisor") }
        $1 == lxc && /CLONE_NEWNS/ { reached("lxc-start") }
        /execve\("[^"]*", \["[^"]*", "init"\]/ { reached("container") }
        /execve\("\/bin\/true"/ { command = $1; reached(supervisor ? "shim" : "container") }
        / \+\+\+ / && $1 == command { reached("command") }
        / \+\+\+ / && $1 == lxc { reached("end") }
        / \+\+\+ / && supervisor && $1 == supervisor { reached("cleanup") }
        / \+\+\+ / && supervisor && $1 == client { reached("report") }' "$SCRATCH/trace"
}

# calls: "KIND COUNT US" of one trace. A call that others interrupt in the trace is known by its process when it is resumed.
calls() {
    awk '
        function kind(line) {
            if (line ~ /cgroup\.procs>/) return "cgroup.procs"
            if (line ~ /mkdir.*\/sys\/fs\/cgroup/) return "cgroup-mkdir"
            if (line ~ /(rmdir|unlinkat).*\/sys\/fs\/cgroup/) return "cgroup-rmdir"
            if (line ~ / (mount|umount2|open_tree|move_mount|mount_setattr|fsmount|fsconfig|pivot_root)\(/) return "mount"
            if (line ~ / (clone3?|unshare|setns)\(/) return "process"
            return line ~ / execve\(/ ? "exec" : ""
        }
        { call = / resumed>/ ? pending[$1] : kind($0) }
        /<unfinished \.\.\.>$/ { pending[$1] = call; next }
        call != "" && match($0, /<[0-9.]+>$/) {
            count[call]++
            us[call] += substr($0, RSTART + 1, RLENGTH - 2) * 1000000
        }
        END { for (call in count) printf "%s %d %d\n", call, count[call], us[call] }' "$SCRATCH/trace"
}

# column FILE NAME FIELD: the median of what FILE says of NAME; "-" when it says nothing.
column() {
    awk -v name="$2" -v field="$3" '$1 == name {print $field}' "$1" | sort -n |
        awk '{ v[NR] = $1 } END { if (NR) print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2; else print "-" }'
}

phase_row() {
    local ours theirs

    ours=$(column "$SCRATCH/run.phases" "$1" 2)
    theirs=$(column "$SCRATCH/bare.phases" "$1" 2)
    [ "$ours" != - ] || bench_fail "the phase $1 is seen"
    awk -v what="$2" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
        printf "| %s | %.2f | %s |\n", what, ours / 1000, theirs == "-" ? "-" : sprintf("%.2f", theirs / 1000) }'
}

call_row() {
    local file cells=

    for file in run bare; do
        cells+=$(awk -v n="$(column "$SCRATCH/$file.calls" "$1" 2)" -v us="$(column "$SCRATCH/$file.calls" "$1" 3)" \
            'BEGIN { printf " %d: %.2f |", n, us / 1000 }')
    done
    printf '| %s |%s\n' "$2" "$cells"
}

busybox_rootfs "$SCRATCH/rootfs"
(cd "$SCRATCH" && mkdir ends && cd ends && runc spec)
jq --arg root "$SCRATCH/rootfs" '.process.terminal = false | .root.path = $root | .process.args = ["/bin/true"]' \
    "$SCRATCH/ends/config.json" >"$SCRATCH/new" && mv "$SCRATCH/new" "$SCRATCH/ends/config.json"
"$RUNLXC" --root "$ROOT" create --bundle "$SCRATCH/ends" bench </dev/null >/dev/null || bench_fail "create"
bench_bare bench
"$RUNLXC" --root "$ROOT" delete --force bench || bench_fail "delete"

for ((i = 0; i < TRACED; i++)); do
    traced "$PHASES" "${run[@]}" || bench_fail "run, traced"
    phases >>"$SCRATCH/run.phases"
    traced "$PHASES" "${bare[@]}" || bench_fail "lxc-start, traced"
    phases >>"$SCRATCH/bare.phases"
    traced "$CALLS" "${run[@]}" || bench_fail "run, traced"
    calls >>"$SCRATCH/run.calls"
    traced "$CALLS" "${bare[@]}" || bench_fail "lxc-start, traced"
    calls >>"$SCRATCH/bare.calls"
done
bench_measure -n "$ROUNDS" runlxc "${run[*]}" / lxc-start "${bare[*]}"

bench_machine
printf '\n| `run` of /bin/true, traced; ms, medians of %s | runlxc | bare lxc-start |\n|---|---|---|\n' "$TRACED"
phase_row client "the client: reading, checking, configuration; until it starts the supervisor"
phase_row supervisor "the supervisor: mount namespace, FIFO; until it starts lxc-start"
phase_row lxc-start "lxc-start: loading, configuration, cgroups; until it clones the container"
phase_row container "network, cgroups, root, mounts; until the container's first exec"
phase_row shim "the shim: devices, masks, capabilities, seccomp; the client's start; until the command's exec"
phase_row command "the command"
phase_row end "its end seen and reported; until lxc-start has ended"
phase_row cleanup "cgroups removed, result told; until the supervisor has ended"
phase_row report "the client: records removed; until it has ended"
printf '| untraced, as a whole | %s | %s |\n' "$(awk 'NR == 1 {printf "%.2f", $2 / 1000}' <<<"$times")" \
    "$(awk 'NR == 2 {printf "%.2f", $2 / 1000}' <<<"$times")"
printf '\n| system calls, number: ms, of all processes | runlxc | bare lxc-start |\n|---|---|---|\n'
call_row cgroup.procs "writes to cgroup.procs"
call_row cgroup-mkdir "directories made in cgroup filesystems, or found there"
call_row cgroup-rmdir "directories removed from them"
call_row mount "mounts"
call_row process "clone, unshare, setns"
call_row exec "exec"
printf '\n'
pass "measured"
suite_end
