#!/bin/bash
# Attacks that fail on nothing show nothing: each NAME.patch here takes a guard out of a copy of the sources, and the replays of
# tests/attacks that hang on it have to fail on what is built of that. `make check-mutants`; long, and no part of `make check`.
#
#     MUTANTS="procfs null" tests/run.sh mutants      only these
#
# A patch begins with what it takes away, and with a line "Fails: CVE-YYYY-NNNN: TEST" for each test that has to fail. What a suite
# printed is kept in $BUILD/tests/log/mutants/NAME-CVE.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin

tree=$SCRATCH/tree
logs=$BUILD/tests/log/mutants
mkdir -p "$tree" "$logs"

# shellcheck disable=SC2317 # called by ok
build() {
    timeout 900 nice -n 5 make -C "$tree" -j"$(nproc)" BUILD=build WERROR= all
}

# replay NAME CVE: ours only, on the build in $tree.
replay() {
    env -u RUNLXC -u LXC_LAUNCH ONLY_OURS=1 BUILD="$tree/build" timeout -k 20 900 bash "$TOP/tests/attacks/$2.sh" >"$logs/$1-$2" 2>&1 </dev/null
}

# mutant NAME: the patched build, the suites that its patch names, and the tests in them.
mutant() {
    local name=$1 patch=$TOP/tests/mutants/$1.patch cve test
    local -a lines=()

    ok "$name: the patch applies" patch -d "$tree" -p0 -i "$patch"
    [ "$status" -eq 0 ] || return
    ok "$name: it builds" build
    if [ "$status" -eq 0 ]; then
        mapfile -t lines < <(sed -n 's/^Fails: //p' "$patch")
        for cve in $(printf '%s\n' "${lines[@]%%:*}" | sort -u); do
            replay "$name" "$cve"
        done
        for test in "${lines[@]}"; do
            cve=${test%%:*}
            if grep -qE '^not ok [0-9]+ - ' "$logs/$name-$cve" &&
                sed -nE 's/^not ok [0-9]+ - //p' "$logs/$name-$cve" | grep -qxF -- "${test#*: }"; then
                pass "$name: fails: $test"
            else
                fail "$name: fails: $test"
                diag "$(grep -v '^# [<>] ' "$logs/$name-$cve" | tail -n 40)"
            fi
        done
    fi
    patch -s -d "$tree" -p0 -R -i "$patch" >/dev/null
}

tar -C "$TOP" -cf - Makefile VERSION lxcdriver.pc.in driver initshim configs lxc-templates tests | tar -C "$tree" -xf -
ok "what nothing is taken away from builds" build
# shellcheck disable=SC2086 # names
for name in ${MUTANTS:-$(cd "$TOP/tests/mutants" && printf '%s\n' *.patch | sed 's/[.]patch$//')}; do
    mutant "$name"
done
suite_end
