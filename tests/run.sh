#!/bin/bash
# Build, then run test suites and count.
#     tests/run.sh                     all suites
#     tests/run.sh unit cli            two of them
#     tests/run.sh cli/console         one file of one
#     tests/run.sh vm/plain/apparmor   one of those for the second kernel
# The last line is "N passed, N failed", the exit status 1 when anything failed. What a test program printed is kept in
# build/tests/log/SUITE/NAME.log. A skipped test is a failure unless tests/skips lists its reason.
set -u
export LC_ALL=C.UTF-8

cd "$(dirname "$0")/.." || exit 1
# Options of a make above us are not for the makes below.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
export BUILD=${BUILD:-build} CC=${CC:-gcc}
jobs=$(nproc)
passed=0
failed=0

# make_quietly LABEL ARG...: the output only when it fails.
make_quietly() {
    local label=$1 log

    shift
    log=$(mktemp)
    if ! make -j"$jobs" -k --no-print-directory "$@" >"$log" 2>&1 </dev/null; then
        grep -Ev '^  (CC|AR|LINK) ' "$log"
        echo "$label: the build failed"
        failed=$((failed + 1))
    fi
    rm -f "$log"
}

# Count one program's output, TAP or (without any line of TAP) a last line "N passed, N failed". Prints "passed failed" and then
# what is to be shown.
count() {
    awk -v status="$2" -v skips="$(grep -v '^#' tests/skips)" '
        BEGIN { n = split(skips, list, "\n"); for (i = 1; i <= n; i++) if (list[i] != "") allowed[list[i]] = 1 }
        !/^#/ { detail = 0 }
        /^1\.\.[0-9]+/ { planned = substr($1, 4) + 0; has_plan = 1; next }
        /^ok [0-9]+/ {
            tap++
            if (match($0, / # SKIP ?/)) {
                name = substr($0, 1, RSTART - 1); reason = substr($0, RSTART + RLENGTH)
                sub(/^ok [0-9]+ (- )?/, "", name)
                if (reason == "") reason = name
                if (!(reason in allowed)) { bad++; shown = shown "    skipped, not in tests/skips: " name ": " reason "\n"; next }
                skipped++; next
            }
            good++; next
        }
        /^not ok [0-9]+/ { tap++; bad++; shown = shown "    " $0 "\n"; detail = 40; next }
        # What a test says of its failure follows it at once.
        /^#/ { if (detail-- > 0) shown = shown "    " $0 "\n"; next }
        /^[0-9]+ passed, [0-9]+ failed/ { plain_good = $1; plain_bad = $3 + 0; plain = 1 }
        END {
            if (!tap && plain) { good = plain_good; bad = plain_bad }
            else if (!has_plan) { bad++; shown = shown "    ended without its plan\n" }
            else if (planned != tap) { bad++; shown = shown "    planned " planned " tests, ran " tap "\n" }
            if (status == 124) { bad++; shown = shown "    ran into the time limit\n" }
            else if (status != 0 && bad == 0) { bad++; shown = shown "    exit status " status "\n" }
            else if (good + bad == 0 && !skipped) { bad++; shown = shown "    ran no test\n" }
            print good + 0, bad + 0
            printf "%s", shown
        }' "$1"
}

# report SUITE NAME LOG STATUS MS: what a program printed, as a line, or with what failed.
report() {
    local suite=$1 name=$2 log=$3 good bad shown

    { read -r good bad && shown=$(cat); } < <(count "$log" "$4")
    suite_passed=$((suite_passed + good))
    suite_failed=$((suite_failed + bad))
    if [ "$bad" -gt 0 ]; then
        printf '  FAILED %s/%s: %d of %d\n%s\n' "$suite" "$name" "$bad" "$((good + bad))" "$shown"
        # The lines about it stand above; what a program said at its end may help with one that just ended.
        tail -n 15 "$log" | sed 's/^/    | /'
    else
        printf '  %-32s %5d ok %6d ms\n' "$suite/$name" "$good" "$5"
    fi
    # An engine's summary, for people and for machines; the second kernel has a part of the scenarios only.
    [ "$suite" = vm ] || grep -E '^[a-z]+ scenarios same=[0-9]+/[0-9]+$' "$log" || true
}

# run_file SUITE NAME LIMIT CMD...
run_file() {
    local suite=$1 name=$2 limit=$3 log begin

    shift 3
    log=$BUILD/tests/log/$suite/$name.log
    mkdir -p "${log%/*}"
    begin=$(date +%s%N)
    timeout -k 20 "$limit" "$@" >"$log" 2>&1 </dev/null
    report "$suite" "$name" "$log" "$?" $((($(date +%s%N) - begin) / 1000000))
}

unit_suite() {
    local suite=$1 tree=$2 only=$3 source name
    local -a sanitize=()

    [ "$suite" = unit ] || sanitize=(SANITIZE=1)
    make_quietly "$suite" BUILD="$tree" "${sanitize[@]}" "${only:+$tree/tests/}${only:-unit-tests}"
    for source in tests/unit/test_*.c; do
        name=$(basename "$source" .c)
        [ -z "$only" ] || [ "$only" = "$name" ] || continue
        run_file "$suite" "$name" "${TEST_LIMIT:-120}" env CMOCKA_MESSAGE_OUTPUT=TAP "$tree/tests/$name"
    done
}

script_suite() {
    local suite=$1 only=$2 limit=$3 script name found=

    for script in tests/"$suite"/*.sh; do
        # What others source has no #! line.
        [ "$(head -c 2 "$script" 2>/dev/null)" = '#!' ] || continue
        name=$(basename "$script" .sh)
        [ -z "$only" ] || [ "$only" = "$name" ] || continue
        found=1
        run_file "$suite" "$name" "${TEST_LIMIT:-$limit}" bash "$script"
    done
    if [ -z "$found" ] && [ -n "$only" ]; then
        echo "tests/run.sh: no file tests/$suite/$only.sh"
        suite_failed=1
    fi
}

# The names of suites that a machine of KIND runs, as tests/vm/list has them; VM_SUITES=all has all of the command line's on the plain one.
vm_names() {
    awk -v kind="$1" -v all="${VM_SUITES:-}" '$1 == kind && (NF == 2 || all == "all") { print $2 }' tests/vm/list
    if [ "${VM_SUITES:-}" = all ] && [ "$1" = plain ]; then
        printf '%s\n' tests/cli/*.sh | sed 's,^tests/\(.*\)[.]sh$,\1,' | grep -vxFf <(awk '/^[^#]/ { print $2 }' tests/vm/list)
    fi
}

# vm_boot KIND LIMIT NAME...: all in one boot; one that gave no result has failed.
vm_boot() {
    local kind=$1 limit=$2 dir=$BUILD/tests/log/vm/$1

    shift 2
    rm -rf "$dir" && mkdir -p "$dir"
    # It builds nothing, nor does a suite there: the packages are those of the suite of that name.
    if [[ " $* " == *" vm/plain/packages "* ]]; then
        # shellcheck disable=SC2016 # that shell's
        DEBS=$(bash -c '. tests/packages/lib.sh && prepare_packages && echo "$DEBS"')
        export DEBS
    fi
    tests/vm/boot.sh -t "$limit" -o "$dir" "$kind" tests/vm/suites.sh "$limit" "$@" >"$dir/console" 2>&1
}

# Two machines side by side, each on a processor. vm/plain, or vm/plain/NAME: a part of them.
vm_suite() {
    local only=$1 kind name file limit=${TEST_LIMIT:-1800}
    local -a kinds=(plain systemd) names=()

    if [ "${VM_SUITES:-}" = all ]; then
        limit=5400
        kinds+=(systemd-v1 systemd-hybrid)
    else
        export ONLY_OURS=1
    fi
    case $only in
        '') ;;
        */*) kinds=("${only%%/*}") ;;
        *) kinds=("$only") ;;
    esac
    # The guest builds nothing.
    make_quietly vm golden-programs
    if ! tests/vm/kernel.sh >/dev/null; then
        echo "vm: there is no kernel to boot"
        suite_failed=1
        return
    fi
    for kind in "${kinds[@]}"; do
        if [[ $only == */* ]]; then
            mapfile -t names < <(VM_SUITES=all vm_names "$kind" | grep -xF -e "vm/$only" -e "${only#*/}")
        else
            mapfile -t names < <(vm_names "$kind")
        fi
        [ "${#names[@]}" -gt 0 ] || { echo "tests/run.sh: no suite vm/$only" && suite_failed=1 && return; }
        printf '%s\n' "${names[@]}" >"$BUILD/vm/$kind.names"
        [ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n
        vm_boot "$kind" "$limit" "${names[@]}" &
    done
    wait
    unset ONLY_OURS
    for name in tests/vm/{plain,systemd}/*.sh; do
        name=${name#tests/}
        grep -q " ${name%.sh}\( all\)\?$" tests/vm/list || { echo "vm: $name is not in tests/vm/list" && suite_failed=$((suite_failed + 1)); }
    done
    for kind in "${kinds[@]}"; do
        while read -r name; do
            file=$BUILD/tests/log/vm/$kind/${name//\//-}
            if [ -s "$file.log" ]; then
                report vm "$kind:${name#vm/"$kind"/}" "$file.log" "$(<"$file.status")" "$(<"$file.ms")"
            else
                printf '  FAILED vm/%s/%s: no result\n' "$kind" "$name"
                tail -n 20 "$BUILD/tests/log/vm/$kind/console" | sed 's/^/    | /'
                suite_failed=$((suite_failed + 1))
            fi
        done <"$BUILD/vm/$kind.names"
    done
}

run_suite() {
    local suite=${1%%/*} only='' begin=$SECONDS

    [ "$suite" = "$1" ] || only=${1#*/}
    suite_passed=0
    suite_failed=0
    case $suite in
        unit) unit_suite unit "$BUILD" "$only" ;;
        asan) unit_suite asan "$BUILD/asan" "$only" ;;
        vm) vm_suite "$only" ;;
        golden) [ ! -e tests/golden/run.sh ] || run_file golden run 300 bash tests/golden/run.sh ;;
        *)
            if [ ! -d "tests/$suite" ]; then
                echo "tests/run.sh: no suite $suite"
                suite_failed=1
            else
                script_suite "$suite" "$only" 900
            fi
            ;;
    esac
    printf '%s: %d tests passed, %d failed, in %d s\n' "$1" "$suite_passed" "$suite_failed" $((SECONDS - begin))
    passed=$((passed + suite_passed))
    failed=$((failed + suite_failed))
}

[ "$#" -gt 0 ] || set -- unit asan golden build packages vm cli attacks failures engines fuzz
# An engine above us may have left these: the tests say themselves what they want.
unset SUITE_OUTER SUITE_SCRATCH LXC_LOG_LEVEL
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
# The unit tests of the shim start it, too.
make_quietly all all
for suite in "$@"; do
    run_suite "$suite"
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
