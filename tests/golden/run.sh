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

# Few processes, all cases in each: under emulation it is their number that takes the time.
make -s --no-print-directory BUILD="$BUILD" golden-programs >"$scratch/make" 2>&1 </dev/null || { cat "$scratch/make"; exit 1; }
mkdir "$scratch/got" "$scratch/read"
"$BUILD/tests/golden-cases" "$scratch/got" tests/golden/*.case 2>"$scratch/err"
[ -z "${UPDATE:-}" ] || cp "$scratch"/got/*.v[12].conf tests/golden/
# Each that is not an error is for liblxc.
mapfile -t configurations < <(cd "$scratch/got" && grep -L '^error: ' -- *.v[12].conf)
(
    templates=$PWD/lxc-templates reader=$(realpath "$BUILD/tests/golden-read")
    cd "$scratch/got" && cp "${configurations[@]}" "$scratch/read/" && cd "$scratch/read" || exit 1
    sed -i "s|@TEMPLATES@|$templates|" -- *
    "$reader" "${configurations[@]}" >"$scratch/accepted"
)
declare -A configuration=() accepted=()
for file in "${configurations[@]}"; do configuration[$file]=1; done
while read -r file; do accepted[$file]=1; done <"$scratch/accepted"

# compared NAME GOT WANT: the file GOT is WANT's byte for byte.
compared() {
    local got='' want=''

    [ ! -e "$2" ] || IFS= read -r -d '' got <"$2"
    [ ! -e "$3" ] || IFS= read -r -d '' want <"$3"
    if [ -n "$got" ] && [ "$got" = "$want" ]; then
        report "$1"
    else
        report "$1" "$(diff -u "$3" "$2" 2>&1)" "$(cat "$scratch/err")"
    fi
}

for case in tests/golden/*.case; do
    name=${case##*/}
    name=${name%.case}
    for mode in v1 v2; do
        file=$name.$mode.conf
        compared "$name $mode" "$scratch/got/$file" "tests/golden/$file"
        if [ -z "${configuration[$file]:-}" ]; then
            continue
        elif [ -n "${accepted[$file]:-}" ]; then
            report "$name $mode is read by liblxc"
        else
            report "$name $mode is read by liblxc" "$("$BUILD/runlxc-lxc-check" "$scratch/read/$file" 2>&1)"
        fi
    done
    # A hybrid host has its controllers in v1 hierarchies.
    compared "$name hybrid as v1" "$scratch/got/$name.hybrid.conf" "tests/golden/$name.v1.conf"
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
