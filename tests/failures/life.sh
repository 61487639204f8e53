# shellcheck shell=bash
# One life of a container, in which at most one thing goes wrong: run by `fault` for matrix.sh.
#     W=DIR SCENARIO=NAME [REFERENCE=1] bash tests/failures/life.sh
# Prints what is not as it has to be, a line each; nothing is what is hoped for. With REFERENCE what the container shows of itself is kept
# and later compared with: a verb that succeeds has done all that it was asked for.
set -u
shopt -s nullglob

ROOT=$W/root
OUT=$W/out
ID=$(<"$W/id")
SLOW_MS=12000 # the supervisor's patience with an lxc-start that does not end is 10 s

problem() {
    local text=$*

    printf '%s\n' "${text:0:600}"
}

runlxc() {
    "$RUNLXC" --root "$ROOT" "$@"
}

# verb NAME GOOD CMD...: sets status and err. GOOD is its exit status when nothing fails; with any other it says why.
verb() {
    local name=$1 good=$2 begin=${EPOCHREALTIME/[.,]/} took

    shift 2
    "$@" 2>"$OUT/err"
    status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    err=$(<"$OUT/err")
    printf '%s %s %s\n' "$name" "$status" "${err//$'\n'/ | }" >>"$OUT/verbs"
    [ "$took" -le "$SLOW_MS" ] || problem "$name took $took ms"
    [ "$status" -ne "$good" ] || return 0
    case $status in
    124 | 12[89] | 1[3-9]? | 2[0-4]?) problem "$name: exit status $status: $err" ;;
    esac
    # The loader of the C library has words of its own, with which it ends before our main().
    case $err in
    *"runlxc: "* | *"lxc-launch: "* | *"error while loading shared libraries"* | *"Fatal glibc error"*) ;;
    *) problem "$name: exit status $status without a word: $err" ;;
    esac
}

# What there is of the container.
traces() {
    local path

    for path in "$ROOT"/* "$ROOT"/.[!.]* /sys/fs/cgroup/{,*/}runlxc.*."$ID"* /var/lib/runlxc/upper/* "$W"/bundle/rootfs/made*; do
        printf '%s\n' "$path"
    done | grep -v -x "$ROOT/\.leases" || true
    grep -F "$W/" /proc/self/mountinfo || true
    pgrep -a -f -- "--root $ROOT |runlxc-supervise $ROOT " | sed 's/^/process /'
}

# Given up: nothing of it may be left, but for what the kernel does later.
nothing_left() {
    local try left

    for ((try = 0; try < 60; try++)); do
        left=$(traces)
        [ -n "$left" ] || return 0
        sleep 0.05
    done
    problem "$1: left: ${left//$'\n'/ | }"
}

# What is the same in each life: of mounts the numbers are not.
normal() {
    awk '/^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Umask)/ { print; next }
        /^[A-Za-z_]+:\t/ { next }
        / - / && $1 ~ /^[0-9]+$/ { $1 = $2 = $3 = ""; gsub(/(shared|master|propagate_from):[0-9]+ /, ""); gsub(/rw,.*fs=[^ ]*/, "") }
        { sub(/[A-Z][a-z][a-z] +[0-9]+ +[0-9:]+ /, ""); gsub(/(ino|inode32|inode64|nr_inodes=[0-9]+[a-z]?|lowerdir|upperdir|workdir)[^, ]*/, ""); print }' "$1"
}

# same NAME: what $OUT/NAME holds is what it was when nothing failed.
same() {
    normal "$OUT/$1" >"$OUT/$1.normal"
    if [ -n "${REFERENCE:-}" ]; then
        cp "$OUT/$1.normal" "$W/$1.$SCENARIO.reference"
        grep -q '^END$' "$OUT/$1" || problem "$1: the probe did not run: $(<"$OUT/$1")"
        return
    fi
    cmp -s "$OUT/$1.normal" "$W/$1.$SCENARIO.reference" ||
        problem "$1 succeeded, but: $(diff "$W/$1.$SCENARIO.reference" "$OUT/$1.normal" | grep '^[<>]' | head -n 8 | tr '\n' '|')"
}

# until_line FILE LINE
until_line() {
    local try

    for ((try = 0; try < 400; try++)); do
        case $(<"$1") in *"$2"*) return 0 ;; esac
        read -r -t 0.005 <>"$W/never"
    done
    return 1
}

# removed: deleted by force, at the second try if the first was made to fail.
removed() {
    verb delete-force 0 runlxc delete --force "$ID"
    [ "$status" -eq 0 ] || verb "delete-force again" 0 runlxc delete --force "$ID"
    [ "$status" -eq 0 ] || problem "it cannot be deleted: $(<"$OUT/err")"
    nothing_left "after delete"
}

# told_or_gone NAME: what has not been removed at the end of a verb that removes has been said, and goes with the next `delete`.
told_or_gone() {
    case $err in
    *remove* | *"look at"*) removed ;;
    *) nothing_left "$1" ;;
    esac
}

# limits: of the cgroup, by the host.
limits() {
    local file

    for file in /sys/fs/cgroup/{,*/}runlxc.*."$ID"*/{pids.max,memory.limit_in_bytes,memory.max}; do
        case $file in *monitor*) continue ;; esac
        printf '%s %s\n' "${file##*/}" "$(<"$file")"
    done
    echo END
}

created() {
    verb create 0 runlxc create -b "$W/bundle" --pid-file "$OUT/pid" "$ID" </dev/null >"$OUT/init"
    [ "$status" -eq 0 ] && return
    nothing_left "a failed create"
    return 1
}

started() {
    verb start 0 runlxc start "$ID"
    [ "$status" -eq 0 ] || return 1
    if until_line "$OUT/init" END; then
        same init
        limits >"$OUT/limits"
        same limits
    else
        alive || return 1
        problem "started, but the command said: $(<"$OUT/init")"
    fi
}

# A supervisor that failed after the start takes its container with it, and that is seen.
alive() {
    [ "$(runlxc state "$ID" 2>/dev/null | jq -r .status)" = running ]
}

executed() {
    verb exec 5 runlxc exec --cwd /out -e MORE=1 "$ID" sh /probe 5 </dev/null >"$OUT/exec"
    [ "$status" -eq 5 ] && same exec
}

killed() {
    local try

    verb kill 0 runlxc kill "$ID" KILL
    [ "$status" -eq 0 ] || return 0
    for ((try = 0; try < 400; try++)); do
        verb state 0 runlxc state "$ID" >"$OUT/state"
        case $(<"$OUT/state") in *'"stopped"'*) return 0 ;; esac
        [ "$status" -eq 0 ] || return 0
        read -r -t 0.005 <>"$W/never"
    done
    problem "killed, but its state is $(tr -d '\n' <"$OUT/state")"
}

life_oci() {
    created || return
    if started; then
        executed
        killed
    fi
    verb delete 0 runlxc delete "$ID"
    [ "$status" -ne 0 ] || nothing_left "a delete that succeeded"
}

life_force() {
    created && started
}

life_run() {
    verb run 7 runlxc run -b "$W/bundle-run" "$ID" </dev/null >"$OUT/init"
    [ "$status" -ne 7 ] || same init
    told_or_gone run
}

life_launch() {
    verb lxc-launch 7 "$LXC_LAUNCH" --root "$ROOT" --rm --name "$ID" -v "$OUT:/out" --tmpfs /made/here --read-only -m 64m --pids-limit 50 \
        --ulimit nofile=50 --cap-drop NET_RAW --security-opt no-new-privileges -h life -u 5:6 -w /tmp --net none --userns "${1:-host}" \
        "$W/bundle/rootfs" sh /probe 7 </dev/null >"$OUT/init"
    if [ "$status" -eq 7 ]; then
        case $err in
        # The command's own status stands; what was lost has been said.
        *"warning: output was lost"*) ;;
        *) same init ;;
        esac
    fi
    told_or_gone "lxc-launch --rm"
}

life_detached() {
    verb lxc-launch 0 "$LXC_LAUNCH" --root "$ROOT" -d -t --name "$ID" "$W/bundle/rootfs" sh /probe </dev/null >"$OUT/id"
    [ "$status" -eq 0 ] || { nothing_left "lxc-launch -d"; return; }
    until_line "$ROOT/$ID/log" END || ! alive || problem "started, but its log says: $(<"$ROOT/$ID/log")"
}

# A hook behind the end that cannot be run is a warning.
poststop() {
    ! grep -qs '^start$' "$OUT/init" || [ "$(tail -n 1 "$OUT/hooks")" = poststop ] || grep -q 'warning: poststop hook' "$OUT/verbs" ||
        problem "hooks: $(tr '\n' ' ' <"$OUT/hooks")"
}

rm -rf "$OUT"
rm -rf "$W/bundle/rootfs/made"
mkdir -p "$OUT"
: >"$OUT/hooks"
chmod 666 "$OUT/hooks"
case $SCENARIO in
userns) life_launch 100000:65536 ;;
*) "life_$SCENARIO" ;;
esac
removed
[ "$SCENARIO" != oci ] || poststop
