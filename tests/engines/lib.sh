# shellcheck shell=bash
# What the engines' suites share, on top of tests/lib.sh:
#
#     . "$(dirname "$0")/lib.sh"
#     engine_begin                               private mounts, /dev, /sys and network; WORK; CGROUP; LXC_RUNTIME
#     daemon_start dockerd dockerd ...           in the background; its output is in $WORK/dockerd.log
#     daemon_wait dockerd 30 docker version      until it answers
#     scenarios_run docker FILE...               each scenario with runc and with lxc, side by side; TAP
#     daemon_stop dockerd
#     engine_end                                 looks for what is left, ends the suite
#
# A scenario is a shell function in one of the FILEs. It runs twice in the same engine, once with RT=runc and once with RT=lxc, each
# time in a bash of its own, and its standard output and exit status are compared. s_NAME runs beside others, and once more alone
# where it differs there; alone_NAME while no other does (its two runs one after the other). What it gets:
#
#   RT       the runtime's name for the engine, runc or lxc
#   C        a name for its container, NAME-RT; what else it starts is named "$C-something"
#   D        a directory of its own, in which it starts
#   port N   a port number of its own, for N in 1 to 9999
#
# In its output, $C and $D read NAME and DIR, and ids ID64 and ID12. Standard error is shown with a difference but not compared. A line
# "SKIP reason", of both, takes the scenario out of the count. A line that begins with "!!" (see must and until_true) is a failure
# although both say it, and so is silence of both: otherwise two engines that do nothing would be the same.
#
# engine_scenario_env, engine_scenario_end: functions that a suite may define, called in the scenario's bash before and after it.
# ENGINE_LIBS: files to source before the scenario's own. From the environment: ONLY, a regular expression of scenarios' names;
# LXC_RUNTIME, the command to be compared with runc (build/runlxc); ENGINE_JOBS, how many scenarios run at once; ENGINE_TIMES=1 to
# have their times shown.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

ENGINES=$TOP/tests/engines
LXC_RUNTIME=${LXC_RUNTIME:-$RUNLXC}
ENGINE_JOBS=${ENGINE_JOBS:-$((2 * $(nproc)))}
SCENARIO_LIMIT=${SCENARIO_LIMIT:-90}
ENGINE_LIBS=()

# Where engines and runtimes leave files whatever they are told: empty and private for the suite, and looked at afterwards outside.
STATE_DIRS+=(/run/containerd /run/docker /run/runc /run/crun /run/netns /run/containers /run/libpod /run/crio
    /etc/docker /etc/cni/net.d /var/lib/cni /var/lib/containerd /var/lib/containers /var/lib/docker)

declare -A daemon_pids=()

# ---- the environment ----

# engine_begin: like suite_begin private net, and then
#   WORK     a tmpfs, for data roots, sockets and images in use: overlay works on it wherever the source tree lies
#   CGROUP   the parent of all cgroups of this suite, as engines take it (/runlxc-test-N)
engine_begin() {
    suite_begin private net
    WORK=$SCRATCH/w
    CGROUP=/${SCRATCH##*/}
    # Users that an engine maps root to have to reach their own directories.
    chmod 711 "$SCRATCH"
    mkdir "$WORK" && mount -t tmpfs -o mode=755,size=6g runlxc-test-work "$WORK" || exit 1
    export WORK CGROUP LXC_RUNTIME
    # Debian's own engines, whatever else the machine has in /usr/local.
    export PATH=/usr/sbin:/usr/bin:/sbin:/bin
    export DOCKER_CONFIG=$WORK/client TMPDIR=$WORK/tmp
    mkdir "$DOCKER_CONFIG" "$TMPDIR"
    at_exit engine_cleanup
    # crun refuses a v2 hierarchy beside v1 ones.
    if [ "${LXC_RUNTIME##*/}" = crun ] && mountpoint -q /sys/fs/cgroup/unified; then
        umount /sys/fs/cgroup/unified
    fi
}

# Every process of the suite has the scratch directory's unlike name in its command line, but for what runs in containers.
engine_processes() {
    local file pid

    # The pattern comes by a descriptor: in its command line grep would find itself.
    while read -r file; do
        pid=${file#/proc/}
        pid=${pid%/cmdline}
        [ "$pid" = "$$" ] || [ "$pid" = "$BASHPID" ] || printf '%s %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"$file")"
    done < <(grep -slF -f /dev/fd/9 /proc/[0-9]*/cmdline 9<<<"$SCRATCH/")
}

# The parent itself is the engine's; on pure v2 it is one of the places to begin at.
engine_cgroups() {
    find /sys/fs/cgroup/*/ -mindepth 1 -xdev -depth -type d -path "*$CGROUP/*" 2>/dev/null
}

# For a suite that ends early, too: nothing of it may go on.
engine_cleanup() {
    local name pid cgroup try

    for name in "${!daemon_pids[@]}"; do
        daemon_stop "$name"
    done
    for ((try = 0; try < 20; try++)); do
        while read -r pid _; do
            kill -KILL "$pid" 2>/dev/null
        done < <(engine_processes)
        while read -r cgroup; do
            while read -r pid; do
                kill -KILL "$pid" 2>/dev/null
            done <"$cgroup/cgroup.procs"
            [ ! -e "$cgroup/freezer.state" ] || echo THAWED >"$cgroup/freezer.state"
            rmdir "$cgroup" 2>/dev/null
            # What a killed supervisor of ours had beside the container's.
            find /sys/fs/cgroup -maxdepth 3 -depth -type d -path "*/runlxc.*${cgroup##*/}*" -exec rmdir {} + 2>/dev/null
        done < <(engine_cgroups)
        find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "${CGROUP#/}*" -exec rmdir {} + 2>/dev/null
        [ -n "$(engine_cgroups)" ] || break
        sleep 0.1
    done
}

# What a suite whose containers are removed and whose daemons are stopped must not have.
engine_left() {
    engine_processes | sed 's/^/process /'
    engine_cgroups | sed 's/^/cgroup /'
    # shellcheck disable=SC2016 # awk's
    # dockerd keeps the host's network for itself.
    awk -v work="$WORK/" 'index($5, work) == 1 && $5 !~ "/netns/default$" { print "mount", $5 }' /proc/self/mountinfo
    ip -o link | awk -F'[ :@]+' '/veth/ { print "link", $2 }'
    find /run/runlxc /run/lxc /var/lib/runlxc /var/lib/lxc -mindepth 1 -not -path '/var/lib/runlxc/seccomp*' \
        -printf 'file %p\n' 2>/dev/null
    # The container directories of runtimes, under each engine's own --root.
    find "$WORK" -mindepth 1 \( -path '*/runtime-*/moby/*' -o -path '*/runtime-*/plugins.moby/*' \) -prune -printf 'file %p\n'
}

engine_end() {
    local try left=

    for ((try = 0; try < 50; try++)); do
        left=$(engine_left)
        [ -n "$left" ] || break
        sleep 0.1
    done
    # By their names, where the suite has a list of them, "ID NAME" a line.
    if [ -s "$WORK/events.log" ]; then
        left=$(awk 'NR == FNR { name[$1] = $2; next } { for (id in name) gsub(id, name[id] ":" substr(id, 1, 12)) } 1' \
            "$WORK/events.log" - <<<"$left")
    fi
    is "${0##*/}: containers leave no process, cgroup, mount, link or file" "$(head -n 20 <<<"$left")" ""
    suite_end
}

# ---- daemons ----

# daemon_start NAME CMD...: CMD must be a program, not a function, so that the pid is its own.
daemon_start() {
    local name=$1

    shift
    "$@" </dev/null >>"$WORK/$name.log" 2>&1 &
    daemon_pids[$name]=$!
}

# daemon_wait NAME SECONDS CHECK...: until CHECK succeeds; 1, with the end of the log, when NAME ends or the time does.
daemon_wait() {
    local name=$1 end=$((SECONDS + $2))

    shift 2
    until timeout 5 "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ] || ! kill -0 "${daemon_pids[$name]}" 2>/dev/null; then
            diag "$name does not answer; the end of its log:"
            diag "$(tail -n 20 "$WORK/$name.log")"
            return 1
        fi
        sleep 0.1
    done
}

# daemon_stop NAME [SIGNAL]: by its pid; after 30 seconds by KILL.
daemon_stop() {
    local pid=${daemon_pids[$1]} try

    unset "daemon_pids[$1]"
    kill -"${2:-TERM}" "$pid" 2>/dev/null
    for ((try = 0; try < 300; try++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

# ---- for scenarios ----

# t CMD...: its output, both streams' order apart, then its status in brackets, whatever it is.
t() {
    "$@"
    printf '[%s]\n' "$?"
}

# q CMD...: nothing but its status.
q() {
    "$@" >/dev/null
    printf '[%s]\n' "$?"
}

# must CMD...: without its output; what it does is no part of the comparison, but the scenario is nothing without it.
must() {
    local code

    "$@" >/dev/null
    code=$?
    [ "$code" -eq 0 ] || printf '!! %s: status %d\n' "$*" "$code"
}

# until_true SECONDS CMD...: polls; says so when it does not come true.
until_true() {
    local seconds=$1

    shift
    wait_for "$seconds" "$@" || printf '!! not within %d s: %s\n' "$seconds" "$*"
}

# errs CMD...: its standard error only, with what is particular to the runtime reduced to the cause, then its status.
errs() {
    local code text

    text=$("$@" 2>&1 >/dev/null)
    code=$?
    grep -oiE 'no such file or directory|executable file not found|not found|permission denied|is a directory|not a directory|no such user|unable to find user|unable to find group|invalid argument|operation not permitted|already exists|already in use|device or resource busy|not running|is not paused|already paused|is paused' \
        <<<"$text" | tr '[:upper:]' '[:lower:]' | sed 's/.*not found$/no such file or directory/' | sort -u
    printf '[%s]\n' "$code"
}

port() {
    case $RT in
        runc) echo $((10000 + $1)) ;;
        *) echo $((20000 + $1)) ;;
    esac
}

# pty CMD...: with a terminal of 24 rows and 80 columns; carriage returns and escape sequences are taken out. What is typed comes from
# a pipe if standard input is one; its end is typed as well, so it has to stay open as long as the command runs.
pty() {
    local line

    if ! [ -p /dev/stdin ]; then
        [ -p "$D/.silence" ] || mkfifo "$D/.silence"
        pty "$@" <>"$D/.silence"
        return
    fi
    printf -v line '%q ' "$@"
    script -qefc "stty rows 24 cols 80; exec $line" /dev/null | sed -e 's/\r//g' -e 's/\x1b\[[0-9;?]*[a-zA-Z]//g'
    return "${PIPESTATUS[0]}"
}

# For a container's shell: engines tell the size of a terminal once the program runs. Until then busybox's stty says nothing, others 0 0.
# shellcheck disable=SC2034,SC2016 # for scenarios; the container's
SIZED='i=0; until stty size 2>/dev/null | grep -q "^[1-9]" || [ $i -ge 50 ]; do sleep 0.1; i=$((i + 1)); done; '

# ---- running scenarios ----

# scenario_run FILE FUNCTION RT: leaves DIR/{out,err,status,ms}.
scenario_run() {
    local file=$1 function=$2 rt=$3 name dir begin

    name=${function#*_}
    name=${name//_/-}
    dir=$WORK/s/$name-$rt
    mkdir -p "$dir/d"
    begin=$(date +%s%N)
    (
        cd "$dir/d" || exit 1
        export RT=$rt C=$name-$rt D=$dir/d SCRATCH=$dir
        # shellcheck disable=SC2016 # the inner bash's
        exec timeout -k 10 "$SCENARIO_LIMIT" bash -c '
            for lib in "${@:3}"; do . "$lib"; done
            . "$1"
            if declare -F engine_scenario_env >/dev/null; then engine_scenario_env; fi
            "$2"
            code=$?
            if declare -F engine_scenario_end >/dev/null; then engine_scenario_end </dev/null >&2; fi
            exit "$code"' scenario "$file" "$function" "$ENGINES/lib.sh" "${ENGINE_LIBS[@]}"
    ) </dev/null >"$dir/raw" 2>"$dir/err"
    echo "status $?" >"$dir/status"
    echo $((($(date +%s%N) - begin) / 1000000)) >"$dir/ms"
    tr -d '\0' <"$dir/raw" | sed -E -e "s#$dir/d#DIR#g" -e "s#$name-$rt#NAME#g" \
        -e 's/\<[0-9a-f]{64}\>/ID64/g' -e 's/\<[0-9a-f]{12}\>/ID12/g' >"$dir/out"
    cat "$dir/status" >>"$dir/out"
    rm -rf --one-file-system "$dir/d" 2>/dev/null
}

# scenario_compare FUNCTION: one line of TAP.
scenario_compare() {
    local name=${1#*_} runc lxc

    name=${name//_/-}
    runc=$WORK/s/$name-runc lxc=$WORK/s/$name-lxc
    if grep -q '^SKIP ' "$runc/raw" && grep -q '^SKIP ' "$lxc/raw"; then
        skip "$engine_name: $name" "$(sed -n 's/^SKIP //p' "$lxc/raw")"
        return
    fi
    scenarios_count=$((scenarios_count + 1))
    [ -z "${ENGINE_TIMES:-}" ] || diag "time $name $(<"$runc/ms") $(<"$lxc/ms")"
    if ! diff -U 2 --label runc --label lxc "$runc/out" "$lxc/out" >"$lxc/diff"; then
        fail "$engine_name: $name is the same"
        diag "$(head -n 60 "$lxc/diff")"
    elif grep -q '^!!' "$runc/out"; then
        fail "$engine_name: $name does what it is there for"
        diag "$(head -n 40 "$runc/out")"
    elif ! [ -s "$runc/raw" ] || grep -qE '^status (124|137)$' "$runc/out"; then
        fail "$engine_name: $name says something, in time"
        diag "$(<"$runc/out")"
    else
        scenarios_same=$((scenarios_same + 1))
        pass "$engine_name: $name is the same"
        return 0
    fi
    diag "stderr with runc:"
    diag "$(tail -n 8 "$runc/err")"
    diag "stderr with lxc:"
    diag "$(tail -n 8 "$lxc/err")"
}

# scenario_again FUNCTION FILE: what differs while others run beside it is run once more by itself, with both runtimes, and it is that
# which is compared; for a few of them only. It says so, so that what needs it can be found.
scenario_again() {
    local name=${1#*_} rt dir

    name=${name//_/-}
    dir=$WORK/s/$name
    if cmp -s "$dir-runc/out" "$dir-lxc/out" || [ "$scenarios_again" -ge 10 ]; then
        return
    fi
    scenarios_again=$((scenarios_again + 1))
    diag "$engine_name: $name differed beside others, once more alone:"
    diag "$(diff -U 1 --label runc --label lxc "$dir-runc/out" "$dir-lxc/out" | head -n 30)"
    for rt in runc lxc; do
        rm -rf --one-file-system "${dir:?}-$rt"
        scenario_run "$2" "$1" "$rt"
    done
}

# scenario_names PREFIX FILE: those that ONLY lets pass, in the order of the file.
scenario_names() {
    local name

    while read -r name; do
        if [[ ${name#*_} =~ ${only//-/_} ]]; then
            echo "$name"
        fi
    done < <(sed -nE "s/^(($1)_[a-z0-9_]+)\\(\\).*/\\1/p" "$2")
}

# Apart from the suite's shell, whose daemons would be waited for as well.
scenarios_beside_others() (
    running=0
    for file in "$@"; do
        for function in $(scenario_names s "$file"); do
            for rt in runc lxc; do
                if [ "$running" -ge "$ENGINE_JOBS" ]; then
                    wait -n
                    running=$((running - 1))
                fi
                scenario_run "$file" "$function" "$rt" &
                running=$((running + 1))
            done
        done
    done
    wait
)

# scenarios_run ENGINE FILE...: all s_* of all files, ENGINE_JOBS at once, then each alone_*. Prints "ENGINE scenarios same=N/N".
scenarios_run() {
    local engine_name=$1 scenarios_same=0 scenarios_count=0 scenarios_again=0 only=${ONLY:-.} file function rt

    shift
    scenarios_beside_others "$@"
    for file in "$@"; do
        for function in $(scenario_names alone "$file"); do
            for rt in runc lxc; do
                scenario_run "$file" "$function" "$rt"
            done
        done
        for function in $(scenario_names s "$file"); do
            scenario_again "$function" "$file"
        done
        for function in $(scenario_names '(s|alone)' "$file"); do
            scenario_compare "$function"
        done
    done
    printf '%s scenarios same=%d/%d\n' "$engine_name" "$scenarios_same" "$scenarios_count"
}
