#!/bin/bash
# Every system call of ours made to fail, once: in create, start, exec, kill, state and delete, in run and lxc-launch, in the supervisor and
# the shim; and lxc-start's. Each time the verb says so, or does nevertheless all that it was asked for; it never hangs, and nothing is left.
#     tests/run.sh failures/matrix                  of each (role, call) the first and one of the others, with errors in turn
#     FAILURES=all tests/run.sh failures/matrix     the whole: each place of a program that makes a call, with every error
#     FAILURES='^oci supervise:poll:' ...           the lines of the whole that match; so each that fails can be run again
#     DONE=FILE FAILURES=all ...                    what FILE names is left out, and what passes is added to it: to go on another time
# What the part consists of hangs on the list of calls and on VERSION alone. A place is what fault.c takes for one: the calls of a loop
# have one in common, and the last of them fails once. lxc-start's, which are not ours, fail with one error each.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/failures/lib.sh
. "$(dirname "$0")/lib.sh"
suite_begin private

FAILURES=${FAILURES:-}
DONE=${DONE:-}
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
            REFERENCE=1 life "$SCRATCH/w$job" "$name" || echo "$name: status $?"
            [ "$job" -gt 0 ] || sed "s/^/$name /" "$SCRATCH/w0/calls" >"$SCRATCH/calls.$name"
        done
    done
}

# places: "SCENARIO ROLE CALL N PLACE" a line, of the roles that are made to fail in the scenario.
places() {
    local line

    for line in "${scenarios[@]}"; do
        awk -v wanted=" ${line#* } " -v never="^($NEVER)\$" 'index(wanted, " " $2 " ") && $3 !~ never' "$SCRATCH/calls.${line%% *}"
    done
}

# part and whole: of the places, "SCENARIO ROLE:CALL:N:ERROR" a line.
part() {
    awk -v version="$(<"$TOP/VERSION")" -v list="${ERRORS[*]}" '
        BEGIN { split(list, error, " "); for (i = 1; i <= length(version); i++) turn += index("0123456789.abcdefghijklmnopqrstuvwxyz", substr(version, i, 1)) }
        function put(key, n) { print key ":" n ":" error[turn++ % 5 + 1] }
        $1 != "oci" && $2 ~ /^(supervise|init|lxc-start)/ { next }
        { key = $1 " " $2 ":" $3; if ($4 == 1) keys[++n_keys] = key; last[key] = $4 }
        END {
            for (i = 1; i <= n_keys; i++) {
                put(keys[i], 1)
                if (last[keys[i]] > 1 && keys[i] !~ / lxc-start/) put(keys[i], 2 + turn % (last[keys[i]] - 1))
                # The copies that it makes of its configuration: it once went on without one.
                for (n = 2; keys[i] == "oci lxc-start:write" && n < 12; n++) put(keys[i], n)
            }
        }'
}

# First all with one error, in turn: what is ended early has seen each place.
whole() {
    awk -v list="${ERRORS[*]}" '
        BEGIN { split(list, error, " ") }
        {
            place = ($5 ~ /^loader:/ ? "" : $2) " " $3 " " $5
            if (place in first) { last[place] = $1 " " $2 ":" $3 ":" $4; next }
            first[place] = $1 " " $2 ":" $3 ":" $4
            places[++n] = place
        }
        END {
            for (pass = 0; pass < 5; pass++)
                for (i = 1; i <= n; i++)
                    if (pass == 0 || first[places[i]] !~ / lxc-start/)
                        print first[places[i]] ":" error[(i + pass) % 5 + 1]
            for (i = 1; i <= n; i++)
                if (places[i] in last) print last[places[i]] ":" error[i % 5 + 1]
        }'
}

# worker N: its share of the cases; "CASE: what was wrong" a line, and a count of what came to pass.
worker() {
    local w=$SCRATCH/w$1 name failure output code calls hit=0 missed=0

    while read -r name failure; do
        output=$(life "$w" "$name" -f "$failure" 2>&1 </dev/null)
        code=$?
        calls=$(<"$w/calls")
        if [[ $calls == hit* ]]; then hit=$((hit + 1)); else missed=$((missed + 1)); fi
        # The C library's loader ends as it likes, before our main().
        [ -z "$output" ] || [[ $calls != *loader* ]] || output=$(grep -Ev ': exit status (127|139)|Segmentation fault' <<<"$output")
        # LXC passes over a cgroup v1 hierarchy that it cannot look at, and what is to be set in that one fails; over a devpts that
        # it cannot take away from below ours; and over an option of the devpts that it mounts.
        [ -z "$output" ] || [[ $failure != lxc-start* ]] ||
            output=$(sed -E 's#(init|exec) succeeded, but: (< +/ /sys/fs/cgroup/[^ ]+ ro[^|]*(\||$)| *[<>] +/ /dev/pts [^|]*\|)+(; )?##g' <<<"$output")
        [ "$code" -eq 0 ] || output+=${output:+$'\n'}"status $code: $(grep -v ^hit <<<"$calls" | tr '\n' ';')"
        [ -z "$output" ] || printf '%s %s: %s\n' "$name" "$failure" "${output//$'\n'/; }" >&3
        # What was left is nobody else's finding.
        if [ -n "$output" ]; then
            wait_for 5 "$RUNLXC" --root "$w/root" delete --force "$(<"$w/id")"
        elif [ -n "$DONE" ]; then
            printf '%s %s\n' "$name" "$failure" >>"$DONE"
        fi
    done < <(awk -v n="$1" -v jobs="$JOBS" 'NR % jobs == n' "$SCRATCH/cases") 3>>"$SCRATCH/found.$1"
    echo "$hit $missed" >"$SCRATCH/count.$1"
}

ok "the tool compiles" fault_build
is "lives in which nothing fails" "$(record 2>&1)" ""
case $FAILURES in
'') places | part ;;
all) places | whole ;;
*) places | whole | grep -E -- "$FAILURES" ;;
esac | { if [ -s "$DONE" ]; then grep -vxF -f "$DONE"; else cat; fi; } >"$SCRATCH/cases"
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
        [ "$count" -eq 0 ] || is "${line%% *}: $count failures of $role" "$(cat "$SCRATCH"/found.* | grep -F "${line%% *} $role:")" ""
    done
done
within "nearly all of them happened" "$(awk '{ h += $1; m += $2 } END { print int(100 * h / (h + m + 1)) }' "$SCRATCH"/count.*)" 80 100
suite_end
