#!/bin/bash
# The default filter on the second kernel: every system call, as in tests/cli/seccomp-calls.sh, and the capabilities, of which this
# kernel gives all.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
suite_begin private
# shellcheck source=tests/cli/seccomp-lib.sh
. "$TOP/tests/cli/seccomp-lib.sh"
LIMIT=300
SWEEP_ABIS=(x86-64 i386)
SWEEP_LAST=480
sweep_begin

all=$(printf '%016x' $(((1 << $(capability_names | wc -l)) - 1)))
is "the machine has all capabilities" "$(awk '/^CapBnd/ { print $2 }' /proc/self/status)" "$all"

sweep_check "the default capabilities" "$DEFAULT_CAPS"
SWEEP_ABIS=(x86-64)
sweep_check "all capabilities" "$DEFAULT_CAPS $(jq -r '[.syscalls[] | .includes.caps // [] | .[]] | unique | join(" ")' "$profile")" --cap-add ALL

run "$LXC_LAUNCH" --rm --privileged @busybox grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|Seccomp):' /proc/self/status
is "--privileged: all of them, and no filter" "$status $(cut -f 2 <<<"$out" | paste -sd ' ') $err" \
    "0 0000000000000000 $all $all $all 0000000000000000 0 "
run "$LXC_LAUNCH" --rm --cap-drop ALL --cap-add SYS_RESOURCE @busybox sh -c 'ulimit -Hn 1048577 2>/dev/null || ulimit -Hn; cat /proc/self/status | grep CapEff'
like "CAP_SYS_RESOURCE is given" "$status $err $out" '^0  .*CapEff:.0000000001000000$'

suite_end
