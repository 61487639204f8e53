#!/bin/bash
# Formatting and static analysis of all sources; every finding is an error.
#     tests/lint.sh [FILE.c ...]     only these files are analysed
# shellcheck disable=SC2317 # the functions are called through step()
set -u
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C.UTF-8

failed=0
step() {
    local name=$1 begin=$SECONDS

    shift
    if "$@"; then
        echo "lint: $name: clean ($((SECONDS - begin)) s)"
    else
        echo "lint: $name: FAILED"
        failed=1
    fi
}

mapfile -t sources < <(find driver initshim tests -name '*.c' | sort)
mapfile -t headers < <(find driver initshim tests -name '*.h' | sort)
mapfile -t scripts < <(find tests .ci configs debian \( -name '*.sh' -o -path .ci/run -o -path '*/completion/*.bash' \) -type f 2>/dev/null | sort)
mapfile -t pages < <(find man -name '*.[1-8]' 2>/dev/null | sort)
[ "$#" -eq 0 ] || sources=("$@")

# The flags that change what is compiled; warnings are the compiler's.
flags=(-std=gnu17 -D_GNU_SOURCE -DVERSION='"0"' -DLIBEXECDIR='"/l"' -DTEMPLATEDIR='"/t"' -DSYSCONFDIR='"/e"'
    -iquote driver -idirafter initshim -idirafter driver -iquote driver/cli -iquote tests/unit -iquote tests/fuzz -iquote .)
read -ra found < <(pkg-config --cflags jansson libapparmor libseccomp lxc cmocka)
flags+=("${found[@]}")

format() {
    "${CLANG_FORMAT:-clang-format}" --dry-run -Werror "${sources[@]}" "${headers[@]}"
}

# Its counts of warnings in system headers are of no interest.
tidy() {
    local log status

    log=$(mktemp)
    printf '%s\0' "${sources[@]}" |
        xargs -0 -I{} -P "$(nproc)" clang-tidy --quiet {} -- "${flags[@]}" >"$log" 2>&1
    status=$?
    grep -vE '^[0-9]+ warnings? |^Suppressed |^Use -header-filter|^$' "$log"
    rm -f "$log"
    return "$status"
}

# Library headers are not read (jansson, liblxc): cppcheck takes unknown functions as they come. It does not know the cleanup
# attribute either, so leaks are left to the sanitizers.
cpp_check() {
    cppcheck --quiet --error-exitcode=1 -j "$(nproc)" --std=c11 --enable=warning,performance,portability \
        --inline-suppr --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=varFuncNullUB --suppress=memleak --suppress=resourceLeak \
        --suppress=internalAstError \
        -D__GNUC__ -D_GNU_SOURCE -DVERSION='"0"' -DLIBEXECDIR='"/l"' -DTEMPLATEDIR='"/t"' -DSYSCONFDIR='"/e"' \
        -Idriver -Iinitshim -Idriver/cli -Itests/fuzz "${sources[@]}"
}

# Each script is read with all that it sources, which takes a second.
shell() {
    printf '%s\0' "${scripts[@]}" | xargs -0 -n 8 -P "$(nproc)" shellcheck
}

manual() {
    [ "${#pages[@]}" -eq 0 ] || mandoc -T lint -W warning "${pages[@]}"
}

step clang-format format
step shellcheck shell
step "man pages" manual
step cppcheck cpp_check
step clang-tidy tidy
exit "$failed"
