# shellcheck shell=bash
# shellcheck disable=SC2154 # tests/lib.sh's
# README.md's table of what was installed where, sourced after tests/lib.sh. A suite says the cells of its row as it goes:
#
#     table_row WHERE HOW     the first two
#     ran TEXT                a part of the last, if nothing has failed since the one before
#     table_row_end           README.md has this row
#
# tests/packages/build.sh counts that each row is one of a suite's.

# table_rows: those of README.md, without the header.
table_rows() {
    sed -n '/^<!-- installed -->$/,/^<!-- \/installed -->$/ s/^| \(.*\) |$/\1/p' "${README:-$TOP/README.md}" | tail -n +2
}

table_row() {
    row=$1
    cell="| $1 | $2 | "
    ran_separator=
    ran_failed=$test_failed
}

ran() {
    if [ "$test_failed" -eq "$ran_failed" ]; then
        cell+=$ran_separator$1
        ran_separator='; '
    fi
    ran_failed=$test_failed
}

# How long it took is of the day: remarked, not compared.
table_row_end() {
    local written

    written=$(table_rows | grep -F "$row | " | sed 's/.*/| & |/')
    is "README.md: $row" "$(sed -E 's/[0-9.]+ s /N s /' <<<"$written")" "$(sed -E 's/[0-9.]+ s /N s /' <<<"$cell |")"
    [ "$written" = "$cell |" ] || diag "seen now: $cell |"
}
