# shellcheck shell=bash
# One life of a container, in which at most one thing goes wrong: run by `fault` for matrix.sh.
#     W=DIR SCENARIO=NAME [REFERENCE=1] bash tests/failures/life.sh
# Prints what is not as it has to be, a line each; nothing is what is hoped for. With REFERENCE what the container shows of itself is kept
# and later compared with: a verb that succeeds has done all that it was asked for.
set -u
shopt -s nullglob

ROOT=$W/root
OUT=$W/out
SLOW_MS=12000 # the supervisor's patience with an lxc-start that does not end is 10 s

problem() {
    local text=$*

    printf '%s\n' "${text:0:4000}"
}

runlxc() {
    "$RUNLXC" --root "$ROOT" "$@"
}

# slurp NAME FILE: what $(<FILE) would give, without a process: there are thousands of lives.
slurp() {
    IFS= read -r -d '' "$1" <"$2"
    printf -v "$1" %s "${!1%$'\n'}"
}

# verb NAME GOOD CMD...: sets status and err. GOOD is its exit status when nothing fails; with any other it says why. Each has a file
# of its own for that: a container goes on writing to the one of its start.
verb() {
    local name=$1 good=$2 begin=${EPOCHREALTIME/[.,]/} took file=$OUT/err.$((++verbs))

    shift 2
    "$@" 2>"$file"
    status=$?
    took=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    slurp err "$file"
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

# left: what there is of the container. What has lost its parent is a child of the tool's, which is ours.
traces() {
    local path line pid pids

    left=
    for path in "$ROOT"/* "$ROOT"/.[!.]* /sys/fs/cgroup/{,*/}runlxc.*."$ID"* /var/lib/runlxc/upper/* "$W"/bundle/rootfs/made*; do
        [ "$path" = "$ROOT/.leases" ] || left+="$path | "
    done
    while read -r line; do
        case $line in *"$W/"*) left+="$line | " ;; esac
    done </proc/self/mountinfo
    read -r pids <"/proc/$PPID/task/$PPID/children"
    for pid in $pids; do
        if [ "$pid" != "$$" ] && { read -r line <"/proc/$pid/stat"; } 2>/dev/null; then
            case ${line#*) } in Z*) ;; *) left+="process ${line%%)*}) | " ;; esac
        fi
    done
}

# Given up: nothing of it may be left, but for what the kernel does later.
nothing_left() {
    local try left

    for ((try = 0; try < 150; try++)); do
        traces
        [ -n "$left" ] || return 0
        nap 0.02
    done
    problem "$1: left: $left"
}

# nap SECONDS
nap() {
    read -r -t "$1" <>"$W/never"
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
    local got want reference=$W/$1.$SCENARIO.reference

    normal "$OUT/$1" >"$OUT/$1.normal"
    slurp got "$OUT/$1.normal"
    if [ -n "${REFERENCE:-}" ]; then
        printf '%s\n' "$got" >"$reference"
        case $got in *END) ;; *) problem "$1: the probe did not run: $got" ;; esac
        return
    fi
    slurp want "$reference"
    [ "$got" = "$want" ] || problem "$1 succeeded, but: $(diff "$reference" "$OUT/$1.normal" | grep '^[<>]' | head -n 8 | tr '\n' '|')"
}

# until_line FILE LINE
until_line() {
    local try text

    for ((try = 0; try < 400; try++)); do
        slurp text "$1"
        case $text in *"$2"*) return 0 ;; esac
        nap 0.005
    done
    return 1
}

# removed: deleted by force, at the second try if the first was made to fail.
removed() {
    verb delete-force 0 runlxc delete --force "$ID"
    [ "$status" -eq 0 ] || verb "delete-force again" 0 runlxc delete --force "$ID"
    [ "$status" -eq 0 ] || problem "it cannot be deleted: $err"
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
    local file value

    for file in /sys/fs/cgroup/{,*/}runlxc.*."$ID"*/{pids.max,memory.limit_in_bytes,memory.max}; do
        case $file in *monitor*) continue ;; esac
        slurp value "$file"
        printf '%s %s\n' "${file##*/}" "$value"
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
    local try text

    verb kill 0 runlxc kill "$ID" KILL
    [ "$status" -eq 0 ] || return 0
    for ((try = 0; try < 400; try++)); do
        verb state 0 runlxc state "$ID" >"$OUT/state"
        slurp text "$OUT/state"
        case $text in *'"stopped"'*) return 0 ;; esac
        [ "$status" -eq 0 ] || return 0
        nap 0.005
    done
    problem "killed, but its state is $text"
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

verbs=0
err=
slurp ID "$W/id"
rm -rf "$OUT" "$W/bundle/rootfs/made"
mkdir "$OUT"
umask 0
: >"$OUT/hooks" # the container's user writes to it
umask 22
case $SCENARIO in
userns) life_launch 100000:65536 ;;
*) "life_$SCENARIO" ;;
esac
removed
[ "$SCENARIO" != oci ] || poststop
