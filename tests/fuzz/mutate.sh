#!/bin/bash
# 2,000 mutated config.json (mutate.py) under AddressSanitizer and UndefinedBehaviorSanitizer. All of them in one process that reads,
# validates and makes the configuration and the bootstrap (config_json.c); some through the command itself, which starts what is
# left of the container: success, or an error with a message, and nothing left over.
#     SEED=2 MUTATIONS=10000 COMMANDS=2000 tests/fuzz/mutate.sh
# The command's directory has the sanitized runlxc, and the other programs as usual: in a container the libraries of a sanitizer are
# missing. No cgroup path is mutated there: the directories above a path that an engine chose stay, as with runc.
. "$(dirname "$0")/../lib.sh"
fuzz=$(cd "$(dirname "$0")" && pwd)
suite_begin private

seed=${SEED:-1} mutations=${MUTATIONS:-2000} commands=${COMMANDS:-300}
export TMPDIR=/dev/shm ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export LIMIT=900
golden=("$TOP"/tests/golden/oci-*.json)

# ---- in one process ----

ok "the reader is built for libFuzzer" make -C "$TOP" BUILD="$BUILD" -j"$(nproc)" fuzz
ok "$mutations config.json are made" python3 "$fuzz/mutate.py" "$SCRATCH/all" "$mutations" "$seed" "${golden[@]}"
find "$SCRATCH/all" -name '*.json' -print0 | sort -z | xargs -0 "$BUILD/fuzz/config_json" -timeout=10 >"$SCRATCH/log" 2>&1
is "it reads all of them and ends well" "$?" 0
is "each was executed" "$(grep -ac '^Executed ' "$SCRATCH/log")" "$mutations"
if grep -aqE 'ERROR: |runtime error|does not hold' "$SCRATCH/log"; then
    fail "no finding"
    diag "$(grep -avE '^(Running|Executed)' "$SCRATCH/log" | tail -n 60)"
else
    pass "no finding"
fi
rm -rf "$SCRATCH/all"

# ---- by the command ----

ok "a sanitized runlxc is built" make -C "$TOP" BUILD="$BUILD/asan" SANITIZE=1 -j"$(nproc)" all
mkdir "$SCRATCH/bin" && cp -L "$BUILD/asan/runlxc" "$SCRATCH/bin" && cp "$BUILD"/runlxc-* "$SCRATCH/bin" &&
    cp -rL "$BUILD/lxc-templates" "$BUILD/configs" "$SCRATCH/bin" || exit 1
busybox_rootfs "$SCRATCH/bundle/rootfs"
(cd "$SCRATCH/bundle" && "$BUILD/runlxc" spec) || exit 1
jq --arg root "$SCRATCH/bundle/rootfs" '.process.args = ["true"] | .process.terminal = false | .root.readonly = false |
    .root.path = $root' "$SCRATCH/bundle/config.json" >"$SCRATCH/plain.json"
jq '.process.user.uid = 1000 | .hostname = "box" | .linux.namespaces += [{"type": "cgroup"}, {"type": "user"}] |
    .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings |
    .linux.resources.memory.limit = 67108864 | .linux.resources.pids.limit = 100 |
    .linux.sysctl = {"net.ipv4.ip_forward": "1"} | .process.oomScoreAdj = 100 |
    .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]} |
    .mounts += [{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["size=1m", "tmpcopyup"]},
    {"destination": "/b", "type": "bind", "source": "/srv", "options": ["rbind", "ro", "nosuid"]}]' \
    "$SCRATCH/plain.json" >"$SCRATCH/rich.json"
ok "$commands config.json are made" python3 "$fuzz/mutate.py" "$SCRATCH/some" "$commands" "$seed" "$SCRATCH/plain.json" "$SCRATCH/rich.json"

# runlxc of worker N; nothing that it does takes long.
command_of() {
    local worker=$1

    shift
    timeout -k 5 30 "$SCRATCH/bin/runlxc" --root "$SCRATCH/root$worker" "$@" </dev/null
}

# one WORKER FILE: run, or create and delete, it; a line of the result.
one() {
    local bundle=$SCRATCH/bundle$1 name=m${2##*/} out=$SCRATCH/out$1 err=$SCRATCH/err$1 status verdict=fine

    name=${name%.json}
    mkdir -p "$bundle" && cp "$2" "$bundle/config.json" || return
    if [ $((10#${name#m} % 2)) -eq 0 ]; then
        command_of "$1" run --bundle "$bundle" "$name" >"$out" 2>"$err"
        status=$?
    else
        command_of "$1" create --bundle "$bundle" "$name" >"$out" 2>"$err"
        status=$?
        if [ "$status" -eq 0 ]; then
            command_of "$1" delete --force "$name" >>"$out" 2>>"$err" || verdict="delete: $?"
        fi
    fi
    if grep -aqE 'Sanitizer|runtime error' "$out" "$err"; then
        verdict="a sanitizer's report"
    elif [ "$status" -eq 124 ] || [ "$status" -ge 128 ]; then
        verdict="status $status"
    elif [ "$status" -ne 0 ] && [ ! -s "$err" ] && [ ! -s "$out" ] && [ "$status" -ge 125 ]; then
        verdict="status $status without a message"
    elif [ -e "$SCRATCH/root$1/$name" ]; then
        verdict="its records are left"
    fi
    echo "$name $status $verdict"
    [ "$verdict" = fine ] || { echo "# $2:" && head -c 600 "$err" | sed 's/^/# /'; } >>"$SCRATCH/details"
}

# Every n-th file is worker N's.
work() {
    local worker=$1 i=0 file

    for file in "$SCRATCH"/some/*.json; do
        i=$((i + 1))
        [ $((i % workers)) -ne "$worker" ] || one "$worker" "$file"
    done >"$SCRATCH/results$worker"
}

workers=$(nproc)
touch "$SCRATCH/details"
for ((w = 0; w < workers; w++)); do
    work "$w" &
done
wait
cat "$SCRATCH"/results* | sort >"$SCRATCH/results"
is "each was given to the command" "$(wc -l <"$SCRATCH/results")" "$commands"
is "each is a success or an error with a message" "$(grep -v ' fine$' "$SCRATCH/results")" ''
[ ! -s "$SCRATCH/details" ] || diag "$(head -n 60 "$SCRATCH/details")"
diag "$(awk '{ n[$2]++ } END { for (s in n) printf "status %s: %d  ", s, n[s] }' "$SCRATCH/results")"
# Otherwise all were refused, or none.
within "some containers have run" "$(grep -c ' 0 fine$' "$SCRATCH/results")" "$((commands / 20))" "$((commands - 1))"
suite_end
