#!/bin/bash
# Where there is no room: a state directory without blocks, without inodes, read-only; limits of the caller's own: of descriptors, of file
# size, of processes, of memory. Each time it works or says what it wanted; nothing is left, and what runs can be deleted.
# shellcheck source=tests/lib.sh disable=SC2317,SC2016 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
LIMIT=60
suite_begin private

TINY=$SCRATCH/tiny
bundle=$SCRATCH/bundle
mkdir "$TINY"
busybox_rootfs "$bundle/rootfs"
jq -n '{ociVersion: "1.0.2", root: {path: "rootfs"}, hostname: "full",
    process: {args: ["sleep", "1000"], cwd: "/", user: {uid: 0, gid: 0}, env: ["PATH=/bin"]},
    mounts: [{destination: "/proc", type: "proc", source: "proc"}],
    linux: {namespaces: ["pid", "mount", "ipc", "uts", "network"] | map({type: .})}}' >"$bundle/config.json"
SHORT=$SCRATCH/short
mkdir "$SHORT"
jq --arg root "$bundle/rootfs" '.root.path = $root | .process.args = ["sh", "-c", "exit 7"]' "$bundle/config.json" >"$SHORT/config.json"

runlxc() { bounded "$RUNLXC" --root "$TINY/root" "$@"; }

# tiny OPTIONS: a new file system for the state.
tiny() {
    umount "$TINY" 2>/dev/null
    mount -t tmpfs -o "mode=755,$1" runlxc-test-tiny "$TINY"
    at_exit 'umount "$TINY" 2>/dev/null'
}

left() {
    find "$TINY" -mindepth 2 -not -name .leases
    compgen -G '/sys/fs/cgroup/*/runlxc.*.tiny*'
    compgen -G '/sys/fs/cgroup/runlxc.*.tiny*'
    pgrep -a -f -- "$TINY/root"
    grep -F "$SCRATCH/bundle" /proc/self/mountinfo
}

# nothing WHAT: left, within three seconds.
nothing() {
    local try found

    for ((try = 0; try < 60; try++)); do
        found=$(left)
        [ -n "$found" ] || return 0
        sleep 0.05
    done
    echo "$1: left: $found"
}

# attempt WHAT WORDS CMD...: it works (0, or 7 of a command that ends so), or its error line has one of WORDS (extended).
attempt() {
    local what=$1 words=$2

    shift 2
    run "$@"
    case $status in
    0 | 7) worked=$((worked + 1)) && return ;;
    124 | 12[89] | 1[3-9]? | 2[0-4]?) echo "$what: status $status: $err" ;;
    esac
    refused=$((refused + 1))
    [[ $err =~ $words ]] || echo "$what: status $status, without its reason: $err"
}

# life WHAT WORDS: create, start, exec, delete, as far as they come.
life() {
    attempt "$1: create" "$2" runlxc create -b "$bundle" tiny </dev/null >/dev/null
    if [ "$status" -ne 0 ]; then
        nothing "$1: create failed"
        return
    fi
    attempt "$1: start" "$2" runlxc start tiny
    attempt "$1: exec" "$2" runlxc exec tiny true </dev/null
    attempt "$1: update" "$2" runlxc update --pids-limit 20 tiny
    run runlxc delete --force tiny
    [ "$status" -eq 0 ] || echo "$1: delete: $err"
    nothing "$1: deleted"
}

# Both are to have been met.
both() {
    within "$1: works where there is room" "$worked" 1 1000
    within "$1: is refused where there is none" "$refused" 1 1000
}

# ---- blocks ----

# A tmpfs has pages; the filler leaves this many.
blocks() {
    local free

    for free in 0 1 2 3 4 6 8 12 24; do
        rm -f "$TINY/filler"
        head -c $((256 * 1024)) /dev/zero >"$TINY/filler" 2>/dev/null
        truncate -s -$((free * 4096)) "$TINY/filler"
        life "$free pages" 'no space left on device|lxc-start: .*[Nn]o space left'
    done
}
tiny size=128k
mkdir "$TINY/root"
worked=0 refused=0
is "a full state directory" "$(blocks; echo "$worked $refused" >"$SCRATCH/tally")" ""
read -r worked refused <"$SCRATCH/tally"
both "a full state directory"

head -c 1M /dev/zero >"$TINY/filler" 2>/dev/null
run runlxc create -b "$bundle" tiny
like "the error names the file" "$err" "runlxc: .*$TINY/root.*no space left on device|write [a-z.]*: no space left on device"
rm "$TINY/filler"
run runlxc create -b "$bundle" tiny
is "created" "$status $err" "0 "
head -c 1M /dev/zero >"$TINY/filler" 2>/dev/null
ok "started on a full disk" runlxc start tiny
ok "seen" runlxc state tiny
ok "killed" runlxc kill tiny KILL
ok "deleted from a full disk" runlxc delete --force tiny
is "and gone" "$(nothing full)" ""

# ---- inodes ----

inodes() {
    local free

    for ((free = 0; free < 20; free += 2)); do
        tiny "size=4m,nr_inodes=$((free + 3))"
        mkdir "$TINY/root"
        life "$free inodes" 'no space left on device|lxc-start: .*[Nn]o space left'
    done
}
worked=0 refused=0
is "a state directory without inodes" "$(inodes; echo "$worked $refused" >"$SCRATCH/tally")" ""
read -r worked refused <"$SCRATCH/tally"
both "inodes"

# ---- read-only ----

tiny size=4m
mkdir "$TINY/root"
ok "a container before" runlxc create -b "$bundle" tiny
mount -o remount,bind,ro "$TINY"
fails_with 1 'read-only file system' runlxc create -b "$bundle" other
run runlxc start tiny
isnt "a start ends" "$status" 124
run runlxc exec tiny true
isnt "an exec ends" "$status" 124
run runlxc delete --force tiny
like "a delete that cannot forget it says so" "$status $err" '^1 runlxc: .*read-only file system'
mount -o remount,bind,rw "$TINY"
ok "and does it later" runlxc delete --force tiny
is "nothing is left" "$(nothing 'read-only')" ""

# ---- an image, a log, the layers of a root ----

mount -t tmpfs -o mode=755,size=300k runlxc-test-images /var/lib/runlxc
fails_with 125 'no space left on device' "$LXC_LAUNCH" --root "$TINY/root" --rm --name tiny @busybox true
is "nothing of the image is left" "$(find /var/lib/runlxc -type f)" ""
umount /var/lib/runlxc
tiny size=300k
mkdir "$TINY/root"
ok "a container whose log fills the disk" "$LXC_LAUNCH" --root "$TINY/root" -d --name tiny "$bundle/rootfs" sh -c 'head -c 2000000 /dev/zero; exit 3'
is "does not wait for it" "$(runlxc wait tiny)" 3
ok "its supervisor ends" wait_for 10 bash -c '! pgrep -f "runlxc-supervise $1 tiny"' - "$TINY/root"
is "and its status is known afterwards" "$(runlxc wait tiny)" 3
ok "and is deleted" runlxc delete tiny
is "nothing of it is left" "$(nothing log)" ""

full() { "$LXC_LAUNCH" --root "$TINY/root" --rm --name tiny "$bundle/rootfs" sh -c 'echo text; exit 3' >/dev/full; }
run full
is "by a warning; the status stands" "$status $err" "3 lxc-launch: warning: output was lost: no space left on device"

# ---- the caller's own limits ----

# limited NAME FROM TO STEP WORDS: prlimit's NAME through a range.
limited() {
    local n

    for ((n = $2; n <= $3; n += $4)); do
        attempt "$1 $n: run" "$5" prlimit "--$1=$n" "$RUNLXC" --root "$TINY/root" run -b "$SHORT" tiny </dev/null
        nothing "$1 $n"
    done
}
tiny size=4m
mkdir "$TINY/root"
worked=0 refused=0
is "few descriptors" "$(limited nofile 3 99 8 'oo many open files|shared libraries|supervisor|invalid argument|lxc-start' ; echo "$worked $refused" >"$SCRATCH/tally")" ""
read -r worked refused <"$SCRATCH/tally"
both "descriptors"
worked=0 refused=0
is "short files" "$(limited fsize 1000 15000 2000 'ile too large|lxc-start' ; echo "$worked $refused" >"$SCRATCH/tally")" ""
read -r worked refused <"$SCRATCH/tally"
both "file size"

# ---- the caller's own cgroup ----

# within_cgroup CONTROLLER FILE VALUE CMD...
within_cgroup() {
    echo "$3" >"/sys/fs/cgroup/$1/runlxc-test-full/$2" &&
        timeout 60 bash -c 'echo 0 >"/sys/fs/cgroup/$0/runlxc-test-full/cgroup.procs"; exec "${@:1}"' "$1" "${@:4}"
}

processes() {
    local n

    for n in 1 2 3 4 6 12; do
        attempt "$n processes" 'temporarily unavailable|supervisor|lxc-start' within_cgroup pids pids.max "$n" \
            "$RUNLXC" --root "$TINY/root" run -b "$SHORT" tiny </dev/null
        nothing "$n processes"
    done
}

# The kernel kills whom it likes: what is left behind is removed by `delete --force`.
memory() {
    local kib

    for kib in 256 512 1024 2048 8192; do
        run within_cgroup memory memory.limit_in_bytes "${kib}K" "$RUNLXC" --root "$TINY/root" create -b "$bundle" tiny </dev/null
        case $status in
        0) worked=$((worked + 1)) ;;
        124) echo "$kib KiB: it hangs" ;;
        *) refused=$((refused + 1)) ;;
        esac
        run runlxc delete --force tiny
        [ "$status" -eq 0 ] || echo "$kib KiB: delete: $err"
        nothing "$kib KiB"
    done
}
if [ -e /sys/fs/cgroup/pids/cgroup.procs ] && [ -e /sys/fs/cgroup/memory/cgroup.procs ]; then
    for controller in pids memory; do
        mkdir "/sys/fs/cgroup/$controller/runlxc-test-full"
        at_exit "rmdir /sys/fs/cgroup/$controller/runlxc-test-full"
    done
    worked=0 refused=0
    is "few processes" "$(processes; echo "$worked $refused" >"$SCRATCH/tally")" ""
    read -r worked refused <"$SCRATCH/tally"
    both "processes"
    worked=0 refused=0
    is "little memory" "$(memory; echo "$worked $refused" >"$SCRATCH/tally")" ""
    read -r worked refused <"$SCRATCH/tally"
    both "memory"
fi
suite_end
