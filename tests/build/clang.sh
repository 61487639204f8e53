#!/bin/bash
# Everything builds with clang as well, without a warning, and its unit tests pass.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin
LIMIT=600

tree=$BUILD/clang
ok "clang builds everything" make -C "$TOP" -k -j"$(nproc)" BUILD="$tree" CC=clang all unit-tests
for file in $(make -s --no-print-directory -C "$TOP" BUILD="$tree" products); do
    like "clang's ${file##*/} is position-independent" "$(readelf -hW "$file" 2>&1)" 'Type: +DYN'
done
# From the top directory, as tests/run.sh starts them.
cd "$TOP" || exit 1
for source in "$TOP"/tests/unit/test_*.c; do
    name=$(basename "$source" .c)
    ok "clang's $name" "$tree/tests/$name"
done
suite_end
