# shellcheck shell=bash
# What the benchmarks share, on top of tests/lib.sh (or tests/engines/lib.sh), after suite_begin:
#
#     bench_begin                      TIMER
#     bench_measure ARG...             tests/helpers/timer.c; sets times; a command that fails ends the suite
#     bench_row "what it is"           a row of the table out of the times
#     bench_end
#
# The contenders' names are the table's columns: ours first (lxc, runlxc, lxc-launch), then of runc, crun and lxc-start those that there
# are. The rows go to BENCH_ROWS (tests/bench/all.sh makes one table of all); a benchmark that runs alone prints its own table.
# ROUNDS: how many times everything is measured.

ROUNDS=${ROUNDS:-40}

# What the runtimes record lies on a tmpfs, as /run does.
bench_begin() {
    if [ -n "${ROOT:-}" ]; then
        mkdir -p "$ROOT"
        mount -t tmpfs -o mode=755 bench "$ROOT" || bench_fail "a tmpfs for what the runtimes record"
        at_exit "umount '$ROOT'"
    fi
    TIMER=$SCRATCH/timer
    if ! "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$TIMER" "$TOP/tests/helpers/timer.c"; then
        bench_fail "the timer does not compile"
    fi
    rows=${BENCH_ROWS:-$SCRATCH/rows}
    notes=${BENCH_NOTES:-$SCRATCH/notes}
    touch "$rows" "$notes"
}

bench_end() {
    [ -n "${BENCH_ROWS:-}" ] || bench_table "$rows" "$notes"
    suite_end
}

bench_fail() {
    fail "$1"
    suite_end
}

bench_measure() {
    times=$("$TIMER" "$@") || bench_fail "a command that is measured does what it should"
    diag "$times"
}

# bench_row WHAT: "ours takes" is the median of the ratios of each round, not the ratio of the medians.
bench_row() {
    awk -v what="$1" '
        { median[NR == 1 ? "ours" : $1] = $2; ratio[$1] = $5 }
        function ms(name) { return name in median ? sprintf("%.1f", median[name] / 1000) : "-" }
        END {
            n = split("runc crun lxc-start", others)
            for (i = 1; i <= n; i++)
                if (others[i] in median)
                    ratios = ratios (ratios == "" ? "" : ", ") sprintf("%.2f of %s", ratio[others[i]], others[i])
            printf "| %s | %s | %s | %s | %s | %s |\n", what, ms("ours"), ms("runc"), ms("crun"), ms("lxc-start"), ratios
        }' <<<"$times" >>"$rows"
    pass "measured: $1"
}

# bench_note TEXT: a line below the table.
bench_note() {
    printf '%s\n' "$*" >>"$notes"
}

# cpus, kernel, how cgroups are mounted, and who is compared.
bench_machine() {
    local cgroups

    case $(stat -f -c %T /sys/fs/cgroup) in
        cgroup2fs) cgroups='cgroup v2' ;;
        *)
            cgroups="$(awk '$5 ~ "^/sys/fs/cgroup/" && / - cgroup / {print $5}' /proc/self/mountinfo | sort -u | wc -l) cgroup v1 hierarchies"
            [ ! -e /sys/fs/cgroup/unified/cgroup.procs ] || cgroups+=' and v2'
            ;;
    esac
    printf '%s CPUs, Linux %s, %s; runc %s, crun %s, LXC %s; load %s\n' "$(nproc)" "$(uname -r)" "$cgroups" \
        "$(runc --version | awk 'NR == 1 {print $3}')" "$(crun --version | awk 'NR == 1 {print $3}')" "$(lxc-start --version)" \
        "$(cut -d ' ' -f 1 /proc/loadavg)"
}

# bench_table ROWS NOTES
bench_table() {
    bench_machine
    printf '\n| ms, medians of %s | runlxc | runc | crun | bare lxc-start | ours takes |\n|---|---|---|---|---|---|\n' "$ROUNDS"
    cat "$1"
    [ ! -s "$2" ] || { echo && cat "$2"; }
}

# ---- for runtimes ----

# crun refuses a v2 hierarchy beside those of v1. Sets crun_ns, the pid of a process in whose mount namespace there is none.
bench_crun_namespace() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare --mount --propagation private bash -c 'if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
        touch "$1" && exec sleep 3600' bash "$SCRATCH/crun-ready" &
    crun_ns=$!
    at_exit "kill $crun_ns"
    wait_for 10 test -e "$SCRATCH/crun-ready" || bench_fail "crun has a mount namespace"
}

# bench_bare ID: the LXC configuration that runlxc has generated for this created container, under another name in $SCRATCH/bare.
bench_bare() {
    local own=$ROOT/$1 bare=$SCRATCH/bare/$1 file

    mkdir -p "$bare"
    for file in config hosts hostname resolv.conf config.env; do
        [ ! -e "$own/$file" ] || cp "$own/$file" "$bare"
    done
    sed -i "s|$own/|$bare/|g; s|runlxc\.\([a-z]*\.$1\)|bare.\1|g" "$bare/config"
    at_exit "find /sys/fs/cgroup -mindepth 2 -maxdepth 3 -depth -path '*/bare.*.$1*' -type d -exec rmdir {} + 2>/dev/null"
}

# bench_memory ID: of its supervisor.
bench_memory() {
    local pid

    pid=$(jq .supervisorPid "$ROOT/$1/state.json")
    awk '/^Pss:/ {printf "%s KiB PSS", $2} /^Pss_Anon:/ {printf " (%s KiB without its executable)", $2}' "/proc/$pid/smaps_rollup"
    awk '/^Threads:/ {printf ", %s thread\n", $2}' "/proc/$pid/status"
}
