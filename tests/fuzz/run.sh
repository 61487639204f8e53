#!/bin/bash
# Every fuzz target for a while, from the kept corpus (corpus/NAME) and with its dictionary (dict/NAME.dict): no finding, and all of
# the corpus was executed. As many run at once as there are processors.
#     tests/fuzz/run.sh                  all targets
#     FUZZ_TARGETS="accounts ..." ...    these
#     FUZZ_SECONDS=600 ...               each for so long with libFuzzer (20)
#     FUZZ_AFL_SECONDS=60 ...            and with AFL++ (5); 0: one of the two engines only
#     FUZZ_KEEP=1 ...                    what libFuzzer found to reach more code is put into the kept corpus, minimised
# A finding is left in build/fuzz/findings.
# shellcheck disable=SC2317 # the functions are called through each()
. "$(dirname "$0")/../lib.sh"
fuzz=$(cd "$(dirname "$0")" && pwd)
suite_begin private

seconds=${FUZZ_SECONDS:-20} afl_seconds=${FUZZ_AFL_SECONDS:-5}
findings=$BUILD/fuzz/findings
mkdir -p "$findings"
export TMPDIR=/dev/shm UBSAN_OPTIONS=print_stacktrace=1

read -ra targets <<<"${FUZZ_TARGETS:-$(cd "$fuzz" && printf '%s ' *.c | sed 's/\.c / /g')}"

# each COMMAND: for every target at once, as many as there are processors.
each() {
    local target

    for target in "${targets[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
            wait -n
        done
        "$1" "$target" &
    done
    wait
}

files_in() {
    find "$1" -type f | wc -l
}

# ---- libFuzzer ----

libfuzzer() {
    local dict=$fuzz/dict/$1.dict work=$SCRATCH/corpus/$1

    mkdir -p "$work"
    cp "$fuzz/corpus/$1"/* "$work"
    # It ends itself; the limit is for one that does not.
    timeout -k 10 $((seconds + 120)) env ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 \
        "$BUILD/fuzz/$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2560 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="$findings/$1-" ${dict:+$([ ! -e "$dict" ] || printf '%s' "-dict=$dict")} "$work" >"$SCRATCH/$1.log" 2>&1
    echo "$?" >"$SCRATCH/$1.status"
}

check_libfuzzer() {
    local log=$SCRATCH/$1.log seeds runs cov

    seeds=$(sed -n 's/^INFO: seed corpus: files: \([0-9]*\) .*/\1/p' "$log")
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    cov=$(grep -aoE 'cov: [0-9]+' "$log" | tail -n 1)
    if [ "$(cat "$SCRATCH/$1.status")" = 0 ] && ! grep -aq '^SUMMARY' "$log"; then
        pass "$1: ${runs:-no} executions in $seconds s by libFuzzer, ${cov:-no coverage}: no finding"
    else
        fail "$1: libFuzzer has a finding in $findings"
        diag "$(grep -av '^#' "$log" | tail -n 60)"
    fi
    is "$1: the kept corpus is read" "${seeds:-0}" "$(files_in "$fuzz/corpus/$1")"
    within "$1: it is executed" "${runs:-0}" "$((seeds + 1))" 1000000000000
}

# Of what was kept and what is new, the few that together reach as much.
keep() {
    local new=$SCRATCH/keep/$1

    mkdir -p "$new"
    "$BUILD/fuzz/$1" -set_cover_merge=1 -max_len=4096 "$new" "$fuzz/corpus/$1" "$SCRATCH/corpus/$1" >"$SCRATCH/$1.merge" 2>&1 &&
        rm -f "$fuzz/corpus/$1"/* && cp "$new"/* "$fuzz/corpus/$1"
}

# ---- AFL++ ----

afl() {
    local dict=$fuzz/dict/$1.dict in=$SCRATCH/afl-in/$1

    mkdir -p "$in" "$SCRATCH/afl"
    # A start tries each of the corpus several times: the smallest files are enough for a short run.
    find "$fuzz/corpus/$1" -type f -printf '%s %p\n' | sort -n | head -n "$((10 + afl_seconds))" | cut -d ' ' -f 2 | xargs cp -t "$in"
    timeout -k 10 $((afl_seconds + 180)) env AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_FAST_CAL=1 \
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_IGNORE_PROBLEMS=1 \
        ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 UBSAN_OPTIONS=abort_on_error=1:symbolize=0 \
        afl-fuzz -m none -t 10000 -V "$afl_seconds" ${dict:+$([ ! -e "$dict" ] || printf '%s' "-x$dict")} \
        -i "$in" -o "$SCRATCH/afl/$1" -- "$BUILD/fuzz-afl/$1" >"$SCRATCH/$1.afl" 2>&1
    echo "$?" >"$SCRATCH/$1.afl-status"
}

check_afl() {
    local out=$SCRATCH/afl/$1/default runs found

    runs=$(sed -n 's/^execs_done *: //p' "$out/fuzzer_stats" 2>/dev/null)
    found=$(find "$out/crashes" "$out/hangs" -type f -name 'id:*' 2>/dev/null)
    if [ "$(cat "$SCRATCH/$1.afl-status")" = 0 ] && [ "${runs:-0}" -gt 0 ] && [ -z "$found" ]; then
        pass "$1: $runs executions in $afl_seconds s by AFL++: no finding"
    else
        fail "$1: AFL++"
        diag "$(tail -n 30 "$SCRATCH/$1.afl")"
        [ -z "$found" ] || xargs cp -t "$findings" <<<"$found"
    fi
}

# ---- both ----

if [ "$seconds" -gt 0 ]; then
    LIMIT=600 ok "the targets are built for libFuzzer" make -C "$TOP" BUILD="$BUILD" -j"$(nproc)" fuzz
    each libfuzzer
    for target in "${targets[@]}"; do
        check_libfuzzer "$target"
    done
    [ -z "${FUZZ_KEEP:-}" ] || each keep
fi
if [ "$afl_seconds" -gt 0 ]; then
    LIMIT=600 ok "the targets are built for AFL++" make -C "$TOP" BUILD="$BUILD" -j"$(nproc)" fuzz-afl
    each afl
    for target in "${targets[@]}"; do
        check_afl "$target"
    done
fi
rmdir "$findings" 2>/dev/null
suite_end
