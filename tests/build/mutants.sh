#!/bin/bash
# The patches of tests/mutants apply to the sources as they are, and name tests that there are: whoever changes a guard changes its mutant.
# That the tests fail on what is built of them is `make check-mutants`.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin

# dry FILE: nothing is written.
# shellcheck disable=SC2317 # called by ok
dry() {
    patch --dry-run --silent -d "$TOP" -p0 -i "$1"
}
for file in "$TOP"/tests/mutants/*.patch; do
    name=$(basename "$file" .patch)
    ok "$name applies" dry "$file"
    like "$name says which test fails" "$(grep -c '^Fails: CVE-' "$file")" '^[1-9]'
    while IFS= read -r test; do
        suite=$TOP/tests/attacks/${test%%:*}.sh
        ok "$name: there is \"$test\"" grep -qF -e "resists \"${test#*: }\"" "$suite"
    done < <(sed -n 's/^Fails: //p' "$file")
done
suite_end
