#!/bin/bash
# The test library tells a failure from a success, and the runner counts both.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin

# suite NAME LINE...: a suite of these lines in a copy of the tests' frame.
mkdir -p tree/tests/mini
cp "$TOP"/tests/{lib,run}.sh tree/tests/
printf '# reasons\nlisted reason\n' >tree/tests/skips
printf 'all:\n' >tree/Makefile
suite() {
    local name=$1

    shift
    # shellcheck disable=SC2016 # it is the suite's shell that expands
    printf '%s\n' '#!/bin/bash' '. "$(dirname "$0")/../lib.sh"' "$@" >"tree/tests/mini/$name.sh"
}

# counts DESC NAME PASSED FAILED
counts() {
    local code=0

    [ "$4" -eq 0 ] || code=1
    run env LEFTOVERS_WAIT=1 BUILD="$SCRATCH/tree/build" CC=gcc bash tree/tests/run.sh "mini/$2"
    out+=", status $status"
    is "$1" "${out##*$'\n'}" "$3 passed, $4 failed, status $code"
    [ "${out##*$'\n'}" = "$3 passed, $4 failed, status $code" ] || diag "$out"
}

suite good 'suite_begin' 'ok a true' 'is b 1 1' 'isnt c 1 2' 'like d abc ^a' 'unlike e abc z' 'within f 5 1 9' 'fails g false' \
    'status_is h 7 sh -c "exit 7"' 'prints i x echo x' 'fails_with 3 oh sh -c "echo oh >&2; exit 3"' 'suite_end'
counts "assertions that hold" good 10 0
suite bad 'suite_begin' 'ok a false' 'is b 1 2' 'isnt c 1 1' 'like d abc ^b' 'unlike e abc a' 'within f 10 1 9' 'fails g true' \
    'status_is h 7 true' 'prints i x echo y' 'fails_with 3 oh sh -c "echo no >&2; exit 3"' 'within j "" 0 1' 'suite_end'
counts "assertions that do not" bad 0 11
suite messages 'suite_begin' 'fails_with 3 oh sh -c "echo oh >&2; exit 4"' 'fails_with 3 oh sh -c "echo oh; echo oh >&2; exit 3"' \
    'fails_with 3 oh sh -c "echo oh >&2; echo >&2; echo more >&2; exit 3"' 'fails a sh -c "kill -9 \$\$"' 'suite_end'
counts "an error is one line, the right status, no output, no crash" messages 0 4
suite slow 'LIMIT=1' 'suite_begin' 'ok a sleep 20' 'fails b sleep 20' 'suite_end'
counts "a command that hangs" slow 0 2
suite early 'suite_begin' 'ok a true' 'exit 0'
counts "a suite that ends too early" early 1 1
suite early_private 'suite_begin private' 'ok a true' 'exit 0'
counts "and a private one" early_private 2 1
suite empty 'suite_begin' 'suite_end'
counts "a suite without a test" empty 0 1
suite skips 'suite_begin' 'ok a true' 'skip b "listed reason"' 'skip c "another reason"' 'suite_end'
counts "only a listed reason excuses a skip" skips 1 1
suite plan 'echo "ok 1 - a"; echo 1..2; exit 0'
counts "fewer tests than planned" plan 1 1
suite crash 'suite_begin' 'ok a true' 'kill -SEGV $$'
counts "a crash" crash 1 1
suite crash_after 'echo "ok 1 - a"; echo 1..1; exit 3'
counts "a bad status after good tests" crash_after 1 1
suite plain 'echo "4 passed, 2 failed"; exit 1'
counts "a suite that counts by itself" plain 4 2
counts "a suite that is not there" missing 0 1
suite left_file 'suite_begin private' 'mkdir /var/tmp/left-runlxc' 'suite_end'
counts "a file that is left" left_file 0 1
rmdir /var/tmp/left-runlxc
suite left_link 'suite_begin net' 'leftovers_snapshot' 'ip link add left0 type veth peer left1' 'leftovers_check a' 'ip link del left0' \
    'leftovers_check b' 'suite_end'
counts "a network link that is left" left_link 2 1
suite left_mount 'suite_begin private' 'leftovers_snapshot' 'mount -t tmpfs left /mnt' 'leftovers_check a' 'suite_end'
counts "a mount that is left, and goes with its namespace" left_mount 1 1
suite left_process 'suite_begin private' 'cp "$(command -v sleep)" lxc-start' 'leftovers_snapshot' './lxc-start 60 & p=$!' \
    'sleep 0.2' 'leftovers_check a' 'kill $p; wait $p' 'leftovers_check b' 'suite_end'
counts "a process that is left" left_process 2 1
suite own_dev 'suite_begin private' 'rm /dev/null && echo bad >/dev/null && ok a test -f /dev/null' 'suite_end'
counts "a runtime that ruins /dev ruins its own" own_dev 2 0
ok "the machine's is as before" test -c /dev/null
suite_end
