#!/bin/bash
# Every system call of ours made to fail, once: in create, start, exec, kill, state and delete, in run and lxc-launch, in the supervisor and
# the shim; and lxc-start's. Each time the verb says so, or does nevertheless all that it was asked for; it never hangs, and nothing is left.
#     tests/run.sh failures/matrix         of each (role, call) the first and one of the others, with errors in turn
#     FAILURES=all tests/run.sh failures   every call with every error: hours
#     FAILURES='^oci supervise:poll:'      the lines of the whole that match
# What the part consists of hangs on the list of calls and on VERSION alone. Each line that fails can be run again by the third form.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/failures/lib.sh
. "$(dirname "$0")/lib.sh"
suite_begin private

FAILURES=${FAILURES:-}
ERRORS=(ENOMEM EIO EINTR ENOSPC EPERM)
JOBS=${JOBS:-$(nproc)}
SECONDS_EACH=45
# Calls that do not return, and those that always succeed: their man pages say so. brk(2) fails by giving the old break; an error number
# in its place the C library takes for an address, and any program that allocates ends with SIGSEGV.
NEVER='brk|exit|exit_group|rt_sigreturn|set_tid_address|umask|getp?pid|gettid|gete?[ug]id'

# scenario NAME ROLE...: what is made to fail in it.
scenarios=(
    'oci create create+ start start+ exec exec+ kill state delete delete+ supervise supervise+ init init+ hook-init exec-init lxc-start lxc-start+'
    'force delete-force supervise'
    'run run run+ supervise'
    'launch lxc-launch lxc-launch+ supervise init'
    'userns lxc-launch supervise init lxc-start lxc-start+'
    'detached lxc-launch supervise init'
)

life() {
    W=$1 SCENARIO=$2 "$FAULT" -t "$SECONDS_EACH" -o "$1/calls" "${@:3}" -- bash "$TOP/tests/failures/life.sh"
}

# What each worker's lives look like when nothing fails, and which calls the first one's make. A call may be left out once: what a process
# finds in its pipes hangs on the moment.
record() {
    local job name

    for ((job = 0; job < JOBS; job++)); do
        life_bundle "$SCRATCH/w$job"
        for name in oci force run launch userns detached; do
            for _ in 1 2; do
                REFERENCE=1 life "$SCRATCH/w$job" "$name" || echo "$name: status $?"
                sed "s/^/$name /" "$SCRATCH/w$job/calls" >>"$SCRATCH/calls.$name.$job"
            done
        done
    done
}

# cases: "SCENARIO ROLE:CALL:N:ERROR" a line.
cases() {
    local line

    for line in "${scenarios[@]}"; do
        awk -v wanted=" ${line#* } " -v never="^($NEVER)\$" 'index(wanted, " " $2 " ") && $3 !~ never {
                key = $1 " " $2 " " $3; if ($4 > n[key]) n[key] = $4 }
            END { for (key in n) print key, n[key] }' "$SCRATCH/calls.${line%% *}.0"
    done | LC_ALL=C sort | awk -v all="$FAILURES" -v version="$(<"$TOP/VERSION")" -v list="${ERRORS[*]}" '
        BEGIN { split(list, error, " "); for (i = 1; i <= length(version); i++) turn += index("0123456789.abcdefghijklmnopqrstuvwxyz", substr(version, i, 1)) }
        function put(n) { print $1, $2 ":" $3 ":" n ":" error[turn++ % 5 + 1] }
        {
            lxc = $2 ~ /^lxc-start/
            repeated = $1 != "oci" && $2 ~ /^(supervise|init|lxc-start)/
            if (all != "") {
                for (n = 1; n <= $4; n++)
                    for (e = 1; e <= 5; e++)
                        print $1, $2 ":" $3 ":" n ":" error[e]
                next
            }
            if (repeated) next
            put(1)
            if ($4 > 1 && !lxc) put(2 + turn % ($4 - 1))
        }'
}

# worker N: its share of the cases; "CASE: what was wrong" a line, and a count of what came to pass.
worker() {
    local w=$SCRATCH/w$1 name failure output code hit=0 missed=0

    while read -r name failure; do
        output=$(life "$w" "$name" -f "$failure" 2>&1 </dev/null)
        code=$?
        if [ "$(head -c 3 "$w/calls")" = hit ]; then hit=$((hit + 1)); else missed=$((missed + 1)); fi
        # The C library's loader ends as it likes, before our main().
        [[ $(<"$w/calls") != *loader* ]] || output=$(grep -Ev ': exit status (127|139)|Segmentation fault' <<<"$output")
        # LXC passes over a cgroup v1 hierarchy that it cannot look at, and what is to be set in that one fails; and over a devpts that
        # it cannot take away from below ours.
        [[ $failure != lxc-start* ]] || output=$(sed -E 's#(init|exec) succeeded, but: (< +/ /sys/fs/cgroup/[^ ]+ ro[^|]*\|| *> +/ /dev/pts [^|]*\|)+(; )?##g' <<<"$output")
        [ "$code" -eq 0 ] || output+=${output:+$'\n'}"status $code: $(grep -v ^hit "$w/calls" | tr '\n' ';')"
        [ -z "$output" ] || printf '%s %s: %s\n' "$name" "$failure" "${output//$'\n'/; }"
        # What was left is nobody else's finding.
        if [ "$code" -ne 0 ] || [ -n "$output" ]; then
            wait_for 5 "$RUNLXC" --root "$w/root" delete --force "$(<"$w/id")"
        fi
    done < <(awk -v n="$1" -v jobs="$JOBS" 'NR % jobs == n' "$SCRATCH/cases") >"$SCRATCH/found.$1"
    echo "$hit $missed" >"$SCRATCH/count.$1"
}

ok "the tool compiles" fault_build
is "lives in which nothing fails" "$(record 2>&1)" ""
cases >"$SCRATCH/cases.all"
case $FAILURES in
'' | all) cp "$SCRATCH/cases.all" "$SCRATCH/cases" ;;
*) grep -E -- "$FAILURES" "$SCRATCH/cases.all" >"$SCRATCH/cases" ;;
esac
diag "$(wc -l <"$SCRATCH/cases") failures"
workers=()
for ((job = 0; job < JOBS; job++)); do
    worker "$job" &
    workers+=("$!")
done
wait "${workers[@]}"
diag "happened, not reached: $(awk '{ h += $1; m += $2 } END { print h ", " m }' "$SCRATCH"/count.*)"
for line in "${scenarios[@]}"; do
    for role in ${line#* }; do
        count=$(grep -c -F "${line%% *} $role:" "$SCRATCH/cases")
        [ "$count" -eq 0 ] || is "${line%% *}: $count failures of $role" "$(grep -hF "${line%% *} $role:" "$SCRATCH"/found.*)" ""
    done
done
[ -z "${FINDINGS:-}" ] || cat "$SCRATCH"/found.* >"$FINDINGS"
within "nearly all of them happened" "$(awk '{ h += $1; m += $2 } END { print int(100 * h / (h + m + 1)) }' "$SCRATCH"/count.*)" 80 100
suite_end
