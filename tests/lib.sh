# shellcheck shell=bash
# The library of the command-line suites, sourced by each:
#
#     . "$(dirname "$0")/../lib.sh"
#     suite_begin private net     # or: private; or nothing for a suite that starts no container
#     ok "true gives 0" "$LXC_LAUNCH" --rm @busybox true
#     fails_with 125 "memory" "$LXC_LAUNCH" --rm -m -1 @busybox true
#     suite_end
#
# Output is TAP on standard output. What a suite gets:
#
#   LXC_LAUNCH, RUNLXC   the commands under test; set them to test something else by the same suite
#   TOP, BUILD           the source tree and the build tree, absolute
#   SCRATCH              a directory of the suite's own, removed at its end
#   ROOT                 $SCRATCH/root, for --root
#
# private: the suite runs in a mount namespace of its own, propagation private, with a /dev of its own (a runtime gone wrong
# would otherwise replace the machine's /dev/null) and empty /run/runlxc, /run/lxc, /var/lib/runlxc and /var/lib/lxc.
# net: and in a network namespace of its own, with lo up and a /sys that shows its links (LXC looks for bridges there).
# The shell that stays outside compares what the machine had before with what it has afterwards: cgroups, mounts, network links
# and namespaces, our processes, our files. A difference is a failed test.
#
# Nothing waits without end: an external command is ended after LIMIT seconds (60 unless set), a file by tests/run.sh.

set -u
shopt -s inherit_errexit

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
LXC_LAUNCH=${LXC_LAUNCH:-$BUILD/lxc-launch}
RUNLXC=${RUNLXC:-$BUILD/runlxc}
LIMIT=${LIMIT:-60}
export TOP BUILD LXC_LAUNCH RUNLXC
export LC_ALL=C.UTF-8

# Directories in which a container of ours, or LXC, leaves files.
STATE_DIRS=(/run/runlxc /run/lxc /var/lib/runlxc /var/lib/lxc)

test_count=0
test_failed=0
suite_ended=early
exit_commands=()

# ---- results ----

diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
    test_count=$((test_count + 1))
    printf 'ok %d - %s\n' "$test_count" "${1//$'\n'/ }"
}

fail() {
    test_count=$((test_count + 1))
    test_failed=$((test_failed + 1))
    printf 'not ok %d - %s\n' "$test_count" "${1//$'\n'/ }"
    diag "at ${BASH_SOURCE[-1]##*/}, line ${BASH_LINENO[-2]:-?}"
}

# skip DESC REASON: counts as a failure unless tests/skips lists the reason.
skip() {
    test_count=$((test_count + 1))
    printf 'ok %d - %s # SKIP %s\n' "$test_count" "$1" "$2"
}

# ---- running ----

# bounded CMD...: with a time limit; a shell function is bounded by the limit of the file only.
bounded() {
    if [ "$(type -t "$1")" = file ]; then
        timeout -k 5 "$LIMIT" "$@"
    else
        "$@"
    fi
}

# run CMD...: sets status, out and err (without trailing newlines). Standard input is passed on.
run() {
    bounded "$@" >"$SCRATCH/.out" 2>"$SCRATCH/.err"
    status=$?
    out=$(tr -d '\0' <"$SCRATCH/.out")
    err=$(tr -d '\0' <"$SCRATCH/.err")
}

run_diag() {
    diag "command: $*"
    diag "status: $status$([ "$status" -eq 124 ] && echo " (time limit of $LIMIT s)")"
    diag "stdout: ${out:0:2000}"
    diag "stderr: ${err:0:2000}"
}

# wait_for SECONDS CMD...: until CMD succeeds; 1 when it does not in that time.
wait_for() {
    local end=$((SECONDS + $1))

    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# ---- assertions ----

# ok DESC CMD...: it succeeds.
ok() {
    local desc=$1

    shift
    run "$@"
    if [ "$status" -eq 0 ]; then
        pass "$desc"
    else
        fail "$desc"
        run_diag "$@"
    fi
}

# fails DESC CMD...: it does not succeed, and not for a signal or the time limit either.
fails() {
    local desc=$1

    shift
    run "$@"
    if [ "$status" -ne 0 ] && [ "$status" -lt 124 ]; then
        pass "$desc"
    else
        fail "$desc"
        run_diag "$@"
    fi
}

# status_is DESC CODE CMD...
status_is() {
    local desc=$1 want=$2

    shift 2
    run "$@"
    if [ "$status" -eq "$want" ]; then
        pass "$desc"
    else
        fail "$desc"
        diag "expected status: $want"
        run_diag "$@"
    fi
}

# prints DESC WANT CMD...: it succeeds and its standard output is WANT.
prints() {
    local desc=$1 want=$2

    shift 2
    run "$@"
    if [ "$status" -eq 0 ] && [ "$out" = "$want" ]; then
        pass "$desc"
    else
        fail "$desc"
        diag "expected stdout: $want"
        run_diag "$@"
    fi
}

# fails_with CODE SUBSTRING CMD...: exit code CODE, one line on standard error that holds SUBSTRING, nothing on standard output.
fails_with() {
    local code=$1 text=$2 desc

    shift 2
    desc="${*##*/}"
    desc="$code, \"$text\": ${desc:0:120}"
    run "$@"
    if [ "$status" -eq "$code" ] && [[ $err == *"$text"* ]] && [[ $err != *$'\n'* ]] && [ -z "$out" ]; then
        pass "$desc"
    else
        fail "$desc"
        diag "expected status $code and one line on stderr with: $text"
        run_diag "$@"
    fi
}

# is DESC GOT WANT
is() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1"
        if [[ $2$3 == *$'\n'* ]]; then
            diag "$(diff -U 1 --label expected --label got <(printf '%s\n' "$3") <(printf '%s\n' "$2"))"
        else
            diag "got:      $2"
            diag "expected: $3"
        fi
    fi
}

# isnt DESC GOT UNWANTED
isnt() {
    if [ "$2" != "$3" ]; then
        pass "$1"
    else
        fail "$1"
        diag "got what must not be: $2"
    fi
}

# like DESC GOT REGEX (extended)
like() {
    if [[ $2 =~ $3 ]]; then
        pass "$1"
    else
        fail "$1"
        diag "got:            ${2:0:2000}"
        diag "does not match: $3"
    fi
}

# unlike DESC GOT REGEX
unlike() {
    if [[ ! $2 =~ $3 ]]; then
        pass "$1"
    else
        fail "$1"
        diag "got:          ${2:0:2000}"
        diag "must not match: $3"
    fi
}

# within DESC GOT MIN MAX: a whole number in [MIN, MAX].
within() {
    if [[ $2 =~ ^-?[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
        pass "$1"
    else
        fail "$1"
        diag "got: $2"
        diag "expected a number from $3 to $4"
    fi
}

# ---- root file systems ----

# busybox_rootfs DIR: a root file system of the static busybox and what a small system needs.
busybox_rootfs() {
    local dir=$1 tool

    mkdir -p "$dir"/{bin,dev,etc,proc,root,sys,run,tmp,var,home,mnt}
    chmod 1777 "$dir/tmp"
    cp "$(command -v busybox)" "$dir/bin/busybox"
    while read -r tool; do
        [ "$tool" = busybox ] || ln -sf busybox "$dir/bin/$tool"
    done < <(busybox --list)
    ln -sfn bin "$dir/sbin"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$dir/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$dir/etc/group"
}

# ---- leftovers ----

# The processes that are ours by name. A zombie is gone: only its parent, perhaps the machine's own init, has not looked yet.
list_processes() {
    local stat comm rest

    for stat in /proc/[0-9]*/stat; do
        # A process may end between the listing and the reading.
        { read -r stat <"$stat"; } 2>/dev/null || continue
        rest=${stat##*) }
        comm=${stat#*(}
        comm=${comm%)*}
        case $comm in
            runlxc* | lxc-*) [ "${rest%% *}" = Z ] || echo "process $comm ${stat%% *}" ;;
        esac
    done
}

# mountinfo of a process: root, mount point, options, type, source; ids change without a meaning.
list_mounts() {
    awk '{ for (i = 7; $i != "-"; i++); print "mount", $4, $5, $(i + 1), $(i + 2) }' "/proc/$1/mountinfo"
}

# systemd makes and removes units of its own at any time.
list_cgroups() {
    find /sys/fs/cgroup -mindepth 1 -type d -printf 'cgroup %p\n' 2>/dev/null |
        grep -Ev '/(user\.slice|system\.slice|machine\.slice|init\.scope)(/|$)' || true
    find /sys/fs/cgroup -mindepth 1 -type d -ipath '*lxc*' -printf 'cgroup %p\n' 2>/dev/null
}

leftovers_list() {
    list_processes
    list_cgroups
    list_mounts self
    ip -o link | sed -E 's/^[0-9]+: ([^:@]+).*/link \1/'
    find /run/netns -mindepth 1 -printf 'netns %p\n' 2>/dev/null
    # But for compiled seccomp filters, which are kept on purpose, as images are.
    find "${STATE_DIRS[@]}" -mindepth 1 -not -path '/var/lib/runlxc/seccomp*' -printf 'file %p\n' 2>/dev/null
    find /tmp /var/tmp -maxdepth 1 \( -name '*runlxc*' -o -name '*lxc-launch*' \) -printf 'file %p\n' 2>/dev/null
    # Seen from inside: the machine's own side, of which the outer shell is the window.
    if [ -n "${SUITE_OUTER:-}" ] && [ "$SUITE_OUTER" != "$$" ]; then
        list_mounts "$SUITE_OUTER" | sed 's/^/outer /'
        nsenter -t "$SUITE_OUTER" -n ip -o link | sed -E 's/^[0-9]+: ([^:@]+).*/outer link \1/'
    fi
}

leftovers_snapshot() {
    leftovers_list | sort -u >"$SCRATCH/.before.$$"
}

# leftovers_check DESC: as at the snapshot, at once or within LEFTOVERS_WAIT seconds (5 unless set: a cgroup's removal and a link's are the
# kernel's deferred work). A process or a cgroup that was there before may end.
leftovers_check() {
    local desc=$1 try differ=

    for ((try = 0; try < 5 * ${LEFTOVERS_WAIT:-5}; try++)); do
        differ=$(leftovers_list | sort -u | diff "$SCRATCH/.before.$$" - |
            grep -E '^(>|< (outer )?(mount|link|netns|file))')
        [ -n "$differ" ] || break
        sleep 0.2
    done
    if [ -z "$differ" ]; then
        pass "$desc"
    else
        fail "$desc"
        diag "< is missing, > is left:"
        diag "$(head -n 60 <<<"$differ")"
    fi
}

# ---- the private environment ----

# A /dev of the suite's own. Open files of the real one (standard input and output) stay what they are.
private_dev() {
    local dir=$SCRATCH/.dev name

    mkdir "$dir" && mount -t tmpfs -o mode=755,size=64m runlxc-test-dev "$dir" || return 1
    mknod -m 666 "$dir/null" c 1 3 && mknod -m 666 "$dir/zero" c 1 5 && mknod -m 666 "$dir/full" c 1 7 &&
        mknod -m 666 "$dir/random" c 1 8 && mknod -m 666 "$dir/urandom" c 1 9 &&
        mknod -m 666 "$dir/tty" c 5 0 || return 1
    mkdir "$dir/pts" "$dir/shm" "$dir/mqueue" &&
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$dir/pts" &&
        mount -t tmpfs -o mode=1777,size=64m shm "$dir/shm" || return 1
    ln -s pts/ptmx "$dir/ptmx"
    ln -s /proc/self/fd "$dir/fd"
    for name in 0:stdin 1:stdout 2:stderr; do
        ln -s "/proc/self/fd/${name%%:*}" "$dir/${name#*:}"
    done
    if [ -e /dev/fuse ]; then
        mknod -m 666 "$dir/fuse" c 10 229
    fi
    mount --move "$dir" /dev && rmdir "$dir"
}

private_state() {
    local dir

    for dir in "${STATE_DIRS[@]}"; do
        mount -t tmpfs -o mode=755 runlxc-test-state "$dir" || return 1
    done
}

# A sysfs shows the network namespace that it was mounted in; the cgroups' mounts stay where they are.
private_sys() {
    local dir=$SCRATCH/.sys

    mkdir "$dir" && mount -t sysfs runlxc-test-sys "$dir" && mount --rbind /sys/fs/cgroup "$dir/fs/cgroup" || return 1
    # A host with AppArmor is one in here too.
    if mountpoint -q /sys/kernel/security; then
        mount --rbind /sys/kernel/security "$dir/kernel/security" || return 1
    fi
    mount --move "$dir" /sys && rmdir "$dir"
}

# The shell outside: starts the inside, then looks at what is left. Never returns.
suite_outside() {
    local net=$1 dir made=() code ended=

    shift
    for dir in "${STATE_DIRS[@]}"; do
        [ -d "$dir" ] || { mkdir -p "$dir" && made+=("$dir"); }
    done
    leftovers_snapshot
    SUITE_OUTER=$$ SUITE_SCRATCH=$SCRATCH unshare --mount --propagation private ${net:+--net} bash "$0" "$@"
    code=$?
    [ ! -e "$SCRATCH/.counts" ] || read -r test_count test_failed ended <"$SCRATCH/.counts"
    [ "$ended" = ended ] || fail "${0##*/} runs to its end (status $code)"
    leftovers_check "${0##*/} leaves nothing behind"
    if [ "${#made[@]}" -gt 0 ]; then
        rmdir "${made[@]}" 2>/dev/null
    fi
    printf '1..%d\n' "$test_count"
    exit $((test_failed > 0))
}

# at_exit COMMAND: a line of shell that runs when the suite ends, however it ends; the last given runs first. For what a suite
# started. (The EXIT trap is the library's.)
at_exit() {
    exit_commands=("$1" ${exit_commands[@]+"${exit_commands[@]}"})
}

suite_exit() {
    local command

    for command in ${exit_commands[@]+"${exit_commands[@]}"}; do
        eval "$command"
    done
    if [ -n "${SUITE_OUTER:-}" ]; then
        echo "$test_count $test_failed $suite_ended" >"$SCRATCH/.counts"
    else
        rm -rf --one-file-system "$SCRATCH"
    fi
}

# beside_runc: $bundle with a root of busybox, and the commands runc and runlxc as functions, each with a root directory of its own;
# what they leave is deleted at the end.
beside_runc() {
    # By its path: the function has its name.
    RUNC=${RUNC:-$(command -v runc)}
    bundle=$SCRATCH/bundle
    busybox_rootfs "$bundle/rootfs"
    # shellcheck disable=SC2317 # called by the suite
    runc() { bounded "$RUNC" --root "$SCRATCH/runc-root" "$@"; }
    # shellcheck disable=SC2317
    runlxc() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
    # shellcheck disable=SC2016 # expanded at the end
    at_exit 'for id in $(runlxc list -q); do runlxc delete --force "$id"; done >/dev/null 2>&1'
    # shellcheck disable=SC2016
    at_exit 'for id in $(runc list -q); do runc delete --force "$id"; done >/dev/null 2>&1'
}

# suite_begin [private] [net]
suite_begin() {
    local private='' net='' word

    for word in "$@"; do
        case $word in
            private) private=1 ;;
            net) private=1 net=1 ;;
            *) echo "suite_begin: $word?" >&2 && exit 2 ;;
        esac
    done
    if [ -n "${SUITE_SCRATCH:-}" ]; then
        SCRATCH=$SUITE_SCRATCH
        unset SUITE_SCRATCH
        trap suite_exit EXIT
        private_dev && private_state || exit 1
        [ -z "$net" ] || { private_sys && ip link set lo up; } || exit 1
    else
        # Taken as it is, an id or a path of another suite's run would be found again.
        SCRATCH=$(mktemp -d /var/tmp/runlxc-test.XXXXXX) || exit 1
        trap suite_exit EXIT
        [ -z "$private" ] || suite_outside "$net"
    fi
    ROOT=$SCRATCH/root
    mkdir -p "$ROOT"
    cd "$SCRATCH" || exit 1
}

suite_end() {
    suite_ended=ended
    [ -n "${SUITE_OUTER:-}" ] || printf '1..%d\n' "$test_count"
    exit $((test_failed > 0))
}
