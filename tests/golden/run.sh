#!/bin/bash
# Every case on a host with cgroup v1 and one with v2: the configuration byte for byte as CASE.v1.conf and CASE.v2.conf hold it, and
# read back by liblxc. UPDATE=1 writes these files anew. Output is TAP.
set -u
export LC_ALL=C.UTF-8

cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
number=0
mkdir "$scratch/tmp"
export TMPDIR=$scratch/tmp

report() { # NAME [DETAIL...]
    local name=$1

    shift
    number=$((number + 1))
    if [ "$#" -eq 0 ]; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        printf '%s\n' "$@"
    fi
}

# shellcheck disable=SC2046
${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -iquote driver -iquote initshim -iquote tests/golden -o "$scratch/golden" tests/golden/*.c \
    "$BUILD/liblxcdriver.a" $(pkg-config --libs jansson libseccomp libapparmor) || exit 1

for case in tests/golden/*.case; do
    name=$(basename "$case" .case)
    for mode in v1 v2; do
        want=tests/golden/$name.$mode.conf
        got=$scratch/$name.$mode.conf
        if ! "$scratch/golden" $mode "$case" >"$got" 2>"$scratch/err"; then
            report "$name $mode" "$(cat "$scratch/err")"
            continue
        fi
        [ -z "${UPDATE:-}" ] || cp "$got" "$want"
        if difference=$(diff -u "$want" "$got" 2>&1); then
            report "$name $mode"
        else
            report "$name $mode" "$difference"
        fi
        grep -q '^error: ' "$got" && continue
        sed "s|@TEMPLATES@|$PWD/lxc-templates|" "$got" >"$scratch/config"
        if said=$("$BUILD/runlxc-lxc-check" "$scratch/config" 2>&1); then
            report "$name $mode is read by liblxc"
        else
            report "$name $mode is read by liblxc" "$said"
        fi
    done
    # A hybrid host has its controllers in v1 hierarchies.
    if "$scratch/golden" hybrid "$case" 2>&1 | cmp -s - "tests/golden/$name.v1.conf"; then
        report "$name hybrid as v1"
    else
        report "$name hybrid as v1" "$("$scratch/golden" hybrid "$case" 2>&1 | diff -u "tests/golden/$name.v1.conf" -)"
    fi
done

# A golden file that no case makes is a case that was lost.
for want in tests/golden/*.conf; do
    case=${want%.v[12].conf}.case
    [ -e "$case" ] || report "$want has a case" "there is no $case"
done
# What LXC makes of it, not only that it takes it.
for template in lxc-templates/*.conf; do
    if said=$("$BUILD/runlxc-lxc-check" "$template" 2>&1); then
        report "$(basename "$template") is read by liblxc"
    else
        report "$(basename "$template") is read by liblxc" "$said"
    fi
done

# The helper itself.
said() { # NAME WANTED-STATUS WANTED-TEXT ARG...
    local name=$1 status=$2 text=$3 out got=0

    shift 3
    out=$("$BUILD/runlxc-lxc-check" "$@" 2>&1) || got=$?
    if [ "$got" = "$status" ] && [ "$out" = "$text" ]; then
        report "$name"
    else
        report "$name" "expected $status: $text" "got $got: $out"
    fi
}

printf 'lxc.mount.entry = /a\\040b c none bind 0 0\nlxc.mount.entry = x y tmpfs size=1 0 0\n' >"$scratch/good"
printf 'lxc.uts.name = a\n\nlxc.no.such = 1\n' >"$scratch/bad"
said 'items are read back' 0 'lxc.mount.entry = /a\040b c none bind 0 0
lxc.mount.entry = x y tmpfs size=1 0 0
lxc.uts.name = ' "$scratch/good" --get lxc.mount.entry lxc.uts.name
said 'an unknown key in a file' 1 "runlxc-lxc-check: $scratch/bad: Unsupported config key \"lxc.no.such\"; \
Failed to parse config file \"$scratch/bad\" at line \"lxc.no.such = 1\"" "$scratch/bad"
said 'a file that is not there' 1 "runlxc-lxc-check: $scratch/none: No such file or directory - \
Failed to open file \"$scratch/none\"" "$scratch/none"
said 'a good key' 0 '' --key lxc.uts.name web
said 'an unknown key' 1 'runlxc-lxc-check: lxc.foo = bar: Unsupported config key "lxc.foo"' --key lxc.foo bar
said 'a bad value' 1 'runlxc-lxc-check: lxc.net.0.type = zzz: Invalid network type zzz' --key lxc.net.0.type zzz
if left=$(ls -A "$scratch/tmp") && [ -z "$left" ]; then
    report 'nothing is left'
else
    report 'nothing is left' "$left"
fi
echo "1..$number"
