#!/bin/bash
# The library exports what lxcdriver.h declares, no more and no less, and lxc-launch goes through it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin

library=$BUILD/liblxcdriver.so.0
archive=$BUILD/liblxcdriver.a

gcc -E -P "$TOP/driver/lxcdriver.h" | grep -oE '\blxcdriver_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u >declared
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u >exported
is "the shared library exports what lxcdriver.h declares" "$(<exported)" "$(<declared)"
isnt "which is something" "$(wc -l <declared)" 0
is "each under its version" "$(nm -D --defined-only "$library" | awk '$2 != "A"' | grep -vc '@@LXCDRIVER_0$')" 0
is "nothing is exported that can be written" "$(nm -D --defined-only "$library" | awk '$2 ~ /[BDC]/')" ""
like "its name is versioned" "$(readelf -dW "$library")" 'SONAME.*\[liblxcdriver\.so\.0\]'
is "the name without a version leads to it" "$(readlink "$BUILD/liblxcdriver.so")" liblxcdriver.so.0

# The commands parse and show; what acts is behind the header. They share base/ and the readers of spec/ with the library.
nm --defined-only -g "$BUILD"/obj/driver/{config,host,run}/*.o 2>/dev/null | awk 'NF == 3 { print $3 }' |
    grep -v '^lxcdriver_' | sort -u >inside
for object in "$BUILD"/obj/driver/cli/*/*.o; do
    [ -e "$object" ] || continue
    nm -u "$object" | awk '{ print $2 }' | sort -u | comm -12 - inside >used
    is "${object#"$BUILD"/obj/} uses only lxcdriver.h" "$(<used)" ""
done

is "no name is defined twice in the static library" \
    "$(nm --defined-only -g "$archive" | awk '$2 == "T" { print $3 }' | sort | uniq -d)" ""
suite_end
