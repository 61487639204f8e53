#!/bin/bash
# runlxc events beside runc, on the same bundle: the members of the document and those of its values that do not run.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

beside_runc

runc spec -b "$bundle"
# Some work for each counter; what is written goes through to the disk.
work='dd if=/dev/zero of=/file bs=64k count=32 conv=fsync 2>/dev/null; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
jq --arg work "$work" '.process.terminal = false | .process.args = ["sh", "-c", $work + "; sleep 600"] | .root.readonly = false |
    .linux.resources += {memory: {limit: 67108864, swap: 134217728}, pids: {limit: 30}, cpu: {quota: 20000, period: 50000, cpus: "0"}}' \
    "$bundle/config.json" >"$SCRATCH/.config" && mv "$SCRATCH/.config" "$bundle/config.json"
for program in runc runlxc; do
    ok "$program run" "$program" run -d -b "$bundle" c1 </dev/null
    ok "$program: its work is done" wait_for 30 eval "$program ps c1 | grep -q 'sleep 600$'"
done

theirs=$(runc events --stats c1)
ours=$(runlxc events --stats c1)
# Of a hybrid host runc sees the v1 hierarchies alone; huge pages may be counted in the other.
if [ -d /sys/fs/cgroup/unified ] && ! [ -d /sys/fs/cgroup/hugetlb ]; then
    ours=$(jq -c '.data.hugetlb = {}' <<<"$ours")
fi
is "one line of JSON" "$(jq -c 'keys' <<<"$ours") $(wc -l <<<"$ours")" '["data","id","type"] 1'
# The places of all values, without the numbers of lists; those that only one of two runs may have had something to count for.
places() { jq -c '[paths(scalars) | map(if type == "number" then "N" else . end) | join(".")] | unique' <<<"$1"; }
# How often one of them ran for a period, or met its quota, is chance, and a zero is left out by both.
throttled='["data.cpu.throttling.periods", "data.cpu.throttling.throttledPeriods", "data.cpu.throttling.throttledTime"]'
is "every value that runc has" "$(jq -nc --argjson throttled "$throttled" --argjson a "$(places "$theirs")" --argjson b "$(places "$ours")" \
    '$a - $b - $throttled - ["data.network_interfaces"]')" "[]"
is "and no other" "$(jq -nc --argjson throttled "$throttled" --argjson a "$(places "$theirs")" --argjson b "$(places "$ours")" \
    '$b - $a - $throttled - ["data.memory.cache", "data.memory.kernelTCP.usage", "data.memory.kernelTCP.max"]')" "[]"
for path in .data.cpuset .data.memory.usage.limit .data.memory.swap.limit .data.memory.kernel.limit .data.memory.kernelTCP \
    .data.memory.raw.hierarchical_memory_limit .data.pids .data.hugetlb .data.intel_rdt '.data.cpu.usage.percpu | length'; do
    is "$path" "$(jq -c "$path" <<<"$ours")" "$(jq -c "$path" <<<"$theirs")"
done
# Bytes that were written are the same ones but for a page of the file system's own.
written() { jq '[.data.blkio.ioServiceBytesRecursive[]? | select(.op == "Write").value // 0] | add // 0' <<<"$1"; }
if [ "$(written "$theirs")" -gt 0 ]; then
    within "bytes written" "$(written "$ours")" 2097152 4194304
fi
within "CPU time" "$(jq .data.cpu.usage.total <<<"$ours")" 1000000 20000000000
is "the sum of the processors" "$(jq '.data.cpu.usage | (.percpu | add) == .total' <<<"$ours")" true
for value in 5 5x 1s2 -1s ''; do
    fails "--interval \"$value\" with nothing to look at" runlxc events --interval "$value" nosuch
done

suite_end
