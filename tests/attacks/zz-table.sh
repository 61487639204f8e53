#!/bin/bash
# README.md's table of attacks says what the other files of this directory saw when they ran; so it comes last.
#     tests/attacks/zz-table.sh --write      write the table into README.md
# A row that a suite elsewhere shows is in elsewhere.tsv: the suite's path, then the same columns as in the others.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
attacks=$TOP/tests/attacks
readme=$TOP/README.md

# rows: one line an attack: CVE, runlxc, runc, crun, what.
rows() {
    local script name

    for script in "$attacks"/CVE-*.sh; do
        name=$(basename "$script" .sh)
        cat "$BUILD/tests/attacks/$name.tsv" || return 1
    done
    [ ! -e "$attacks/elsewhere.tsv" ] || grep -v '^#' "$attacks/elsewhere.tsv" | cut -f 2-
}

table() {
    printf '| | attack | runlxc | runc %s | crun %s |\n|---|---|---|---|---|\n' \
        "$(runc --version | awk 'NR == 1 { sub(/\+.*/, "", $3); print $3 }')" "$(crun --version | awk 'NR == 1 { print $3 }')"
    rows | sort -V | awk -F '\t' '{ gsub(/\|/, "\\|"); printf "| %s | %s | %s | %s | %s |\n", $1, $5, $2, $3, $4 }'
}

if [ "${1:-}" = --write ]; then
    grep -q '^<!-- attacks -->$' "$readme" || { echo "README.md has no place for the table" >&2 && exit 1; }
    rows >/dev/null || { echo "not all have run" >&2 && exit 1; }
    list=$(mktemp) && table >"$list" || exit 1
    sed -i -e '/^<!-- attacks -->$/,/^<!-- \/attacks -->$/ { /^<!-- attacks -->$/ { r '"$list"'
        p }; /^<!-- \/attacks -->$/ p; d }' "$readme"
    rm "$list"
    exit
fi

suite_begin
for script in "$attacks"/CVE-*.sh; do
    name=$(basename "$script" .sh)
    ok "$name has run" test -s "$BUILD/tests/attacks/$name.tsv"
done
if [ -e "$attacks/elsewhere.tsv" ]; then
    while IFS=$'\t' read -r suite cve _; do
        ok "$suite is about $cve" grep -q "$cve" "$TOP/$suite"
    done < <(grep -v '^#' "$attacks/elsewhere.tsv")
fi
# What other runtimes do in one run depends on the machine's load and on the packages of the day: it is remarked, not failed.
ours() { sed -E 's/ \| [^|]* \| [^|]* \|$//'; }
written=$(sed -n '/^<!-- attacks -->$/,/^<!-- \/attacks -->$/ { /^<!--/ d; p }' "$readme")
seen=$(table)
is "README.md's table is what was seen of us" "$(ours <<<"$written")" "$(ours <<<"$seen")"
diff <(echo "$written") <(echo "$seen") | sed -n 's/^</# README.md:/p; s,^>,# seen now: ,p'
is "nothing gets through to us" "$(rows | awk -F '\t' '$2 != "resists" { print $1, $2 }')" ""
suite_end
