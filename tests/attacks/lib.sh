# shellcheck shell=bash
# The library of the attacks: on top of ../lib.sh, sourced by each as
#
#     . "$(dirname "$0")/lib.sh"
#     attack_begin "what the attacker does, in a few words: the table's last column"
#     climb() {                                  # RUNTIME: one of runlxc, runc, crun
#         config '.process.args = ["sh", "-c", "..."]'
#         start "$1" || return "$NOT_TRIED"
#         canary_unchanged
#     }
#     resists "the host's file is not written" climb
#     attack_end
#
# One file an advisory, tests/attacks/CVE-YYYY-NNNN.sh; its header says on which guard of ours it hangs. What happened goes to
# $BUILD/tests/attacks/CVE-YYYY-NNNN.tsv, one line: CVE, runlxc, runc, crun, what; zz-table.sh holds README.md's table against these.
# A runtime's column is `resists`, `vulnerable`, or `not tried: why`.
#
#   resists DESC FUNC ARG...   FUNC RUNTIME ARG..., in a shell of its own, for each of the three. It returns 0 when the attack was made
#                              and failed, $NOT_TRIED when it could not be made (its last line of output says why), anything else when
#                              it succeeded. For runlxc, a test that fails unless it is 0; for the others, only the table's entry.
#   ours_resists DESC FUNC ARG...        the same for runlxc alone; ONLY_OURS=1 in the environment has all of them so
#   outcome RUNTIME WORD                 by hand: `resists`, `vulnerable`, `not tried: why`. vulnerable stays whatever comes later.
#   not_tried RUNTIME WHY                the same as the last, unless it is known already
#
#   bundle, bundle_new DIR     $bundle: an OCI bundle, made by attack_begin; another one in DIR, which $bundle then names
#   config [FILTER ARG...]     $bundle/config.json: what an engine gives to a container without options (no terminal, Docker's
#                              capabilities, masked paths), changed by jq's FILTER with jq's ARGs
#   runlxc, runc, crun         each with a root directory of its own; containers left are deleted at the end. The latter two have
#                              OTHERS_LIMIT seconds, 5 unless set: they hang in some attacks
#   helper NAME                tests/helpers/NAME.c, compiled, as /bin/NAME of the bundle
#   start RUNTIME ARG...       run $bundle under a name of its own ($id), bounded; output in $out and $err, status in $status
#   background RUNTIME SECONDS CMD...    create and start a container with $bundle, which stays; succeeds once CMD does, in SECONDS
#   remove RUNTIME             $id
#
#   $host                      a directory that no container is given, with `file`, `program` (a script), `empty/`: what attacks aim at
#   canary_watch PATH...       watched are $host and these: a file with its contents, a directory with all that is in it
#   canary_unchanged           1 when anything of it differs from what it was, with the differences on standard output
#
#   each_point RUNTIME REGEX A B CMD...    a race in which nothing is left to chance: CMD once for each of the system calls that `run` of the
#                              runtime, and all that it starts, makes with a path that REGEX matches (helpers/between.c says how), the
#                              directory entries A and B exchanged right before that call, until CMD fails. Then, for runlxc, the same
#                              with A and B exchanged for one such call only. Returns as FUNC above.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

NOT_TRIED=77
OTHERS_LIMIT=${OTHERS_LIMIT:-5}
CRUN=${CRUN:-$(command -v crun)}
RUNC=${RUNC:-$(command -v runc)}
CVE=$(basename "$0" .sh)
# What `run` of a runtime is run through.
between=()
declare -A found=()

# ---- results ----

outcome() {
    case ${found[$1]:-},$2 in
        vulnerable,*) ;;
        resists,not\ tried*) ;;
        *) found[$1]=$2 ;;
    esac
}

not_tried() {
    outcome "$1" "not tried: $2"
}

# attempt RUNTIME FUNC ARG...: in a shell of its own; output and code in $said and $code.
attempt() {
    local who=$1 func=$2

    shift 2
    said=$(set +e; "$func" "$who" "$@" 2>&1)
    code=$?
    canary_reset
}

ours_resists() {
    local desc=$1 said code

    shift
    attempt runlxc "$@"
    if [ -e "$SCRATCH/.crashed" ]; then
        code=1 said="$(<"$SCRATCH/.crashed")"$'\n'$said
        rm "$SCRATCH/.crashed"
    fi
    if [ "$code" -eq 0 ]; then
        pass "$desc"
        [ -z "$said" ] || diag "${said:0:600}"
        outcome runlxc resists
    else
        fail "$desc"
        diag "$([ "$code" -eq "$NOT_TRIED" ] && echo "the attack could not be made" || echo "the attack succeeded")"
        diag "${said:0:4000}"
        outcome runlxc vulnerable
    fi
}

resists() {
    local desc=$1 said code who

    ours_resists "$@"
    [ -z "${ONLY_OURS:-}" ] || return 0
    shift
    for who in runc crun; do
        attempt "$who" "$@"
        case $code in
            0) outcome "$who" resists ;;
            "$NOT_TRIED") not_tried "$who" "${said##*$'\n'}" ;;
            *) outcome "$who" vulnerable ;;
        esac
        diag "$who: ${found[$who]}: $desc${said:+: ${said:0:600}}"
    done
}

# ---- containers ----

# A runtime that dies of the attack has not resisted it.
runlxc() {
    local code through=()

    [ "$1" != run ] || through=(${between[@]+"${between[@]}"})
    bounded ${through[@]+"${through[@]}"} "$RUNLXC" --root "$ROOT" "$@"
    code=$?
    case $code in 132 | 134 | 135 | 136 | 139) echo "runlxc $*: status $code" >>"$SCRATCH/.crashed" ;; esac
    return "$code"
}
runc() {
    local through=() LIMIT=$OTHERS_LIMIT

    [ "$1" != run ] || through=(${between[@]+"${between[@]}"})
    bounded ${through[@]+"${through[@]}"} "$RUNC" --root "$SCRATCH/runc-root" "$@"
}
# crun 1.8 refuses a v2 hierarchy beside v1 ones; it is given a view of the machine without it.
crun() {
    local through=() LIMIT=$OTHERS_LIMIT

    [ "$1" != run ] || through=(${between[@]+"${between[@]}"})
    bounded ${through[@]+"${through[@]}"} unshare -m --propagation private sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' crun \
        "$CRUN" --root "$SCRATCH/crun-root" "$@"
}

bundle_new() {
    bundle=$1
    busybox_rootfs "$bundle/rootfs"
    config
}

config() {
    local filter=${1:-.}

    [ "$#" -eq 0 ] || shift
    if [ ! -e "$SCRATCH/.base.json" ]; then
        mkdir "$SCRATCH/.spec" && "$RUNC" spec -b "$SCRATCH/.spec" || return 1
        jq '.process.terminal = false | .process.args = ["true"] | .root.readonly = false |
            ("CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE" |
                split(" ") | map("CAP_" + .)) as $caps |
            .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}' \
            "$SCRATCH/.spec/config.json" >"$SCRATCH/.base.json" || return 1
    fi
    jq "$@" "$filter" "$SCRATCH/.base.json" >"$bundle/config.json"
}

# A name that no other suite has: cgroups are the machine's.
name_next() {
    id=attack-$BASHPID-$RANDOM
}

start() {
    local who=$1

    shift
    name_next
    run "$who" run -b "$bundle" "$@" "$id" </dev/null
    # runc leaves a container that it failed to start.
    "$who" delete --force "$id" >/dev/null 2>&1 </dev/null
    return "$status"
}

background() {
    local who=$1 seconds=$2

    shift 2
    name_next
    run "$who" create -b "$bundle" "$id" </dev/null
    [ "$status" -eq 0 ] && "$who" start "$id" && wait_for "$seconds" "$@"
}

remove() {
    "$1" delete --force "$id" >/dev/null 2>&1 </dev/null
}

remove_all() {
    local who id

    for who in runlxc runc crun; do
        for id in $("$who" list -q 2>/dev/null </dev/null); do
            "$who" delete --force "$id" >/dev/null 2>&1 </dev/null
        done
    done
}

# ---- the host ----

# canary_list: all that is watched, and how it is. Times of access are nobody's change.
canary_list() {
    find "${watched[@]}" -printf '%p %y %m %U:%G %i %l' \( -type f -printf ' %s %T@ ' -exec sha256sum {} \; -o -printf '\n' \)
}

canary_watch() {
    watched+=("$@")
    canary_list >"$SCRATCH/.canary"
}

canary_unchanged() {
    canary_list | diff "$SCRATCH/.canary" -
}

# What one runtime ruined is not the next one's fault. What it ruined elsewhere than in $host, the test has to mend.
canary_reset() {
    canary_unchanged >/dev/null && return
    rm -rf --one-file-system "$host"
    mkdir "$host" "$host/empty"
    echo "the host's" >"$host/file"
    printf '#!/bin/sh\necho original\n' >"$host/program"
    chmod 755 "$host/program"
    canary_list >"$SCRATCH/.canary"
}

# ---- programs for the image ----

# helper NAME: tests/helpers/NAME.c, static, at /bin/NAME of the bundle's root.
helper() {
    local program=$SCRATCH/.helper.$1

    [ -x "$program" ] || "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -o "$program" "$TOP/tests/helpers/$1.c" || return 1
    cp "$program" "$bundle/rootfs/bin/$1"
}

# ---- races ----

# More than any of them has.
POINTS_MAX=200

# points WORD RUNTIME REGEX A B CMD...: WORD is an option of between's, or nothing. $point is one more than were tried.
points() {
    local word=$1 who=$2 regex=$3 a=$4 b=$5 code

    shift 5
    for ((point = 1; point <= POINTS_MAX; point++)); do
        # shellcheck disable=SC2206 # nothing, if it is nothing
        between=("$SCRATCH/between" -t 20 -k "$point" $word -o "$SCRATCH/.points" "$regex" "$a" "$b" --)
        "$@"
        code=$?
        between=()
        [ "$code" -eq 0 ] || { echo "$word exchanged before $(grep -A 1 '^exchanged' "$SCRATCH/.points" | tail -n 1)" && return 1; }
        grep -q '^exchanged' "$SCRATCH/.points" || return 0
    done
    echo "more than $POINTS_MAX points"
    return 1
}

each_point() {
    local who=$1 code=0 point

    [ -x "$SCRATCH/between" ] ||
        "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$SCRATCH/between" "$TOP"/tests/helpers/{between,trace}.c -lseccomp || return 1
    points '' "$@" && { [ "$who" != runlxc ] || points -b "$@"; }
    code=$?
    remove_all
    echo "$who: $((point - 1)) points"
    # A runtime that never looks there was not attacked.
    [ "$code" -ne 0 ] || [ "$point" -gt 1 ] || return "$NOT_TRIED"
    return "$code"
}

# ---- a file ----

attack_begin() {
    what=$1
    suite_begin private
    host=$SCRATCH/host
    watched=("$host")
    canary_reset 2>/dev/null
    bundle_new "$SCRATCH/bundle"
    at_exit remove_all
}

attack_end() {
    local dir=$BUILD/tests/attacks who row=$CVE

    mkdir -p "$dir"
    [ "$test_failed" -eq 0 ] || found[runlxc]=vulnerable
    for who in runlxc runc crun; do
        row+=$'\t'${found[$who]:-not tried: no equivalent}
    done
    printf '%s\t%s\n' "$row" "$what" >"$dir/$CVE.tsv"
    suite_end
}
