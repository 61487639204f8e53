#!/bin/bash
# README.md's tables of what runc, crun and ours can do and do otherwise, held against what the three of them do when they are
# asked. A row is found by its first cell and has a probe, which prints the cell of the runtime that it is called with, or a suite
# elsewhere that shows it. A cell is what the probe prints; behind a comma, a colon or a semicolon it may go on with what no run
# tells, a reason. ", as crun" is asked of crun.
# The others' cells are for the versions in the table's header on a host with cgroup v1 hierarchies: elsewhere, what is seen otherwise
# is remarked, not failed.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called by their names
. "$(dirname "$0")/../lib.sh"
suite_begin private net
# An /etc of the suite's own, for the administrator's file and for an ordinary user.
mkdir etc-upper etc-work
mount -t overlay -o "lowerdir=/etc,upperdir=$SCRATCH/etc-upper,workdir=$SCRATCH/etc-work" overlay /etc || exit 1
mkdir -p /etc/runlxc && echo 'annotation_lxc_keys = lxc.proc.*' >/etc/runlxc/runlxc.conf
# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
user_make || exit 1

# ---- the rows ----

declare -A key_of=() elsewhere_of=() had=() seen=()
# row KEY CELL: the row that begins with CELL is what probe_KEY prints.
row() {
    key_of[$2]=$1
}

# elsewhere CELL SUITE TEXT: needs an engine, systemd, an ordinary user or the second kernel; SUITE shows it where it has TEXT.
elsewhere() {
    elsewhere_of[$1]=$2
    ok "$2 has \"$3\"" grep -qF -e "$3" "$TOP/tests/$2"
}

# ---- what probes use ----

# say CELL: what was seen, in the table's words.
say() {
    printf '%s\n' "$1"
}

# unknown: what was seen has no words.
unknown() {
    say "seen: $*"
}

CRUN=${CRUN:-$(command -v crun)}
beside_runc
# What it is, without a word of ours around it: for what starts it otherwise.
command_of() { # RUNTIME: sets command
    case $1 in
        runc) command=("$RUNC" --root "$SCRATCH/runc-root") ;;
        crun) command=("$CRUN" --root "$SCRATCH/crun-root") ;;
        runlxc) command=("$RUNLXC" --root "$ROOT") ;;
    esac
}
# crun 1.8 refuses a v2 hierarchy beside v1 ones; it is given a view of the machine without it.
V1_ONLY=(unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' crun)
crun() {
    bounded "${V1_ONLY[@]}" "$CRUN" --root "$SCRATCH/crun-root" "$@"
}

chmod 711 "$SCRATCH"
"$RUNC" spec -b "$bundle" || exit 1
mv "$bundle/config.json" spec.json
for who in runc crun runlxc; do
    cp -a "$bundle" "$SCRATCH/$who" || exit 1
done
mkdir source

# config [FILTER ARG...]: runc's own container without a terminal, changed by jq. It sleeps.
config() {
    local filter=${1:-.}

    [ "$#" -eq 0 ] || shift
    jq "$@" 'def own($type): .linux.namespaces |= (map(select(.type != $type)) + [{type: $type}]);
        def bind($at; $source): .mounts += [{destination: $at, type: "bind", source: $source, options: ["bind"]}];
        def hook($point; $script): .hooks[$point] = [{path: "/bin/sh", args: ["sh", "-c", $script]}];
        def sh($script): .process.args = ["sh", "-c", $script];
        .process.terminal = false | .root.readonly = false | .process.args = ["sleep", "600"] | '"$filter" "$SCRATCH/spec.json" >"$bundle/config.json"
}

# once RUNTIME: $bundle, to its end; status, out and err.
once() {
    run "$1" run -b "$bundle" "$id" </dev/null
}

# create RUNTIME ARG..., up RUNTIME ARG...: $id, not started, and started.
create() {
    "$1" create -b "$bundle" "${@:2}" "$id" </dev/null >"$SCRATCH/.create" 2>&1
}
up() {
    create "$@" && "$1" start "$id" >"$SCRATCH/.start" 2>&1
}

field() { # RUNTIME NAME
    "$1" state "$id" | jq -r ".$2"
}

# cgroup_of PID: where the kernel has it, by the hierarchy that limits processes; cgroup_dir PID: its directory.
cgroup_of() {
    awk -F: '$2 ~ /(^|,)pids(,|$)/ { v1 = $3 } $2 == "" { v2 = $3 } END { print v1 == "" ? v2 : v1 }' "/proc/$1/cgroup"
}
if [ -d /sys/fs/cgroup/pids ]; then pids_top=/sys/fs/cgroup/pids; else pids_top=/sys/fs/cgroup; fi
cgroup_dir() {
    echo "$pids_top$(cgroup_of "$1")"
}

# probe KEY RUNTIME: what it prints, which is asked once.
probe() {
    local key=$1 who=$2

    if [ -z "${seen[$key,$who]:-}" ]; then
        seen[$key,$who]=$(
            bundle=$SCRATCH/$who id=beside-$key-$who-$$
            config
            "probe_$key" "$who" 2>"$SCRATCH/.said" </dev/null
            "$who" delete --force "$id" >/dev/null 2>&1 </dev/null
        )
    fi
    cell=${seen[$key,$who]}
}

. "$TOP/tests/cli/beside-capabilities.sh"
. "$TOP/tests/cli/beside-differences.sh"

# ---- the tables ----

declare -A version=([runc]="runc $(runc --version | awk 'NR == 1 { sub(/\+.*/, "", $3); print $3 }')"
    [crun]="crun $(crun --version | awk 'NR == 1 { print $3 }')" [runlxc]=runlxc)

# cells: of each row that is read, in lines of their own, ended by an empty one.
cells() {
    sed -E 's/^\| ?//; s/ ?\|$//; s/ \| /\n/g; s/$/\n/'
}

# holds KEY RUNTIME CELL: what is written is what is seen.
holds() {
    local key=$1 who=$2 want=$3 cell

    probe "$key" "$who"
    if [ "$want" = "$cell" ] || [[ $want == "$cell"[,:\;]* ]]; then
        pass "$who: $key: $cell"
    elif [[ $cell == "not here: "* ]]; then
        diag "$who: $key: $cell"
    elif [ "$who" != runlxc ] && { [ "${version[$who]}" != "${named[$who]:-}" ] || [ "$pids_top" = /sys/fs/cgroup ]; }; then
        diag "${version[$who]}: $key: $cell. README.md has for ${named[$who]:-another}: $want"
    else
        fail "$who: $key"
        diag "README.md: $want"
        diag "seen:      $cell"
        diag "$(head -c 600 "$SCRATCH/.said")"
    fi
}

# check_row RUNTIME...: first and columns are the row's.
check_row() {
    local key=${key_of[$first]:-} i who want

    had[$first]=1
    if [ -n "${elsewhere_of[$first]:-}" ]; then
        pass "shown in ${elsewhere_of[$first]}: $first"
        return
    fi
    isnt "there is a probe for: $first" "$key" ""
    [ -n "$key" ] || return
    for i in "${!columns[@]}"; do
        who=$1 want=${columns[i]}
        shift
        [ "$want" != "the same" ] || want=${columns[i - 1]}
        if [[ $want == *", as crun" ]]; then
            want=${want%, as crun}
            holds "$key" crun "$want"
        fi
        holds "$key" "$who" "$want"
    done
}

# check_table NAME RUNTIME...: README.md's table between <!-- NAME --> and <!-- /NAME -->. README is another file than ours for one who
# tests this suite.
check_table() {
    local name=$1 first header line n=0
    local -a columns

    shift
    sed -n "/^<!-- $name -->\$/,/^<!-- \/$name -->\$/p" "${README:-$TOP/README.md}" | grep '^|' >"$SCRATCH/$name.table"
    header=$(head -n 1 "$SCRATCH/$name.table")
    for line in "$@"; do
        named[$line]=$(grep -oE "$line( [0-9.]+)?" <<<"$header" | head -n 1)
    done
    is "$name: columns" "$(sed -E 's/ [0-9.]+//g; s/[| ]+/ /g' <<<"$header")" " $* "
    while IFS= read -r first; do
        columns=()
        while IFS= read -r line && [ -n "$line" ]; do columns+=("$line"); done
        is "$name: \"$first\" has its cells" "${#columns[@]}" "$#"
        check_row "$@"
        n=$((n + 1))
    done < <(tail -n +3 "$SCRATCH/$name.table" | cells)
    within "$name: rows" "$n" 10 60
}

declare -A named=()
check_table beside runc crun runlxc
# crun is asked there, too, by the version above.
check_table differs runc runlxc
for first in "${!key_of[@]}" "${!elsewhere_of[@]}"; do
    [ -n "${had[$first]:-}" ] || fail "README.md has a row: $first"
done

suite_end
