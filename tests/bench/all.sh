#!/bin/bash
# Every benchmark, then one table of all for the README, then where the time of a run goes.
#     ROUNDS=100 tests/bench/all.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build} CC=${CC:-gcc} ROUNDS=${ROUNDS:-40}

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failed=0

for name in runtimes engines launch; do
    echo "measuring: $name" >&2
    BENCH_ROWS=$scratch/rows BENCH_NOTES=$scratch/notes bash "tests/bench/$name.sh" >"$scratch/out" || { failed=1 && cat "$scratch/out"; }
done
TOP=. && . tests/bench/lib.sh
[ ! -s "$scratch/rows" ] || bench_table "$scratch/rows" "$scratch/notes"
echo
bash tests/bench/profile.sh || failed=1
exit "$failed"
