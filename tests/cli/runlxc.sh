#!/bin/bash
# runlxc on containers that lxc-launch started: list, state, ps, kill, pause, resume, events, wait, stop, delete, its options and
# its log; and LXC's own tools on the same containers. tests/cli/runlxc-exec.sh has exec.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

runlxc() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
launch() { bounded "$LXC_LAUNCH" --root "$ROOT" "$@"; }
# member ID NAME: of the state.
member() { runlxc state "$1" | jq -r ".$2"; }
at_exit 'for id in $(runlxc list -q); do runlxc delete --force "$id"; done >/dev/null 2>&1'

# ---- the command line ----

like "--version" "$("$RUNLXC" --version)" $'^runlxc version [0-9.]+\nspec: 1\\.'
like "--help" "$("$RUNLXC" --help)" 'Usage: runlxc'
is "no command is --help" "$("$RUNLXC")" "$("$RUNLXC" --help)"
is "help is --help" "$("$RUNLXC" help)" "$("$RUNLXC" --help)"
verbs=$("$RUNLXC" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for verb in $verbs; do
    like "$verb --help" "$("$RUNLXC" "$verb" --help)" "Usage: runlxc \\[GLOBAL OPTIONS\\] $verb"
    is "help $verb" "$("$RUNLXC" help "$verb")" "$("$RUNLXC" "$verb" -h)"
    case $verb in check | features | install | list | spec) ;; *) fails_with 1 'ID is missing' runlxc "$verb" ;; esac
    # 1 of check is an answer about the host.
    case $verb in check) code=2 ;; *) code=1 ;; esac
    fails_with "$code" 'unknown option "--nosuch-option"' runlxc "$verb" --nosuch-option x
done
fails_with 1 'unknown command "killl"; did you mean "kill"?' runlxc killl
fails_with 1 'unknown command "frobnicate"; runlxc --help' runlxc frobnicate
fails_with 1 'did you mean "--root"' "$RUNLXC" --rot x list
fails_with 1 'did you mean "--force"' runlxc delete --forse x
fails_with 1 'unknown option "-z"' runlxc delete -z x
fails_with 1 '--root: needs a value (DIR)' "$RUNLXC" --root
fails_with 1 '--format: "yaml" is neither table nor json' runlxc list -f yaml
fails_with 1 '"more" is one argument too many' runlxc state c1 more
fails_with 1 '--log-format: "xml"' runlxc --log-format xml list
fails_with 1 '--log-level: "loud"' runlxc --log-level loud list
for level in panic fatal error warn warning info debug trace ERROR; do
    ok "--log-level $level" runlxc --log-level "$level" list
done
ok "options for runc's sake" runlxc --systemd-cgroup --rootless auto --criu /nosuch --debug list
ok "with values behind =" runlxc --systemd-cgroup=false --rootless=true --criu=criu --debug=false list
fails_with 1 '--rootless: "perhaps" is not one of' runlxc --rootless perhaps list
fails_with 1 '--log: open /nosuch/log: no such file' runlxc --log /nosuch/log list
fails_with 1 '--force: "maybe" is neither true nor false' runlxc delete --force=maybe x
fails_with 1 '--time: "x" is not a number' runlxc stop --time x c1
for verb in state kill pause resume ps events wait stop delete; do
    fails_with 1 'container "nosuch" does not exist' runlxc "$verb" nosuch
done
fails_with 1 'a/b' runlxc state a/b
fails_with 1 '..' runlxc delete --force ..
ok "what is gone can be deleted by force" runlxc delete --force nosuch
is "no containers" "$(runlxc list)" "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
is "as JSON" "$(runlxc list --format=json)" "[]"
is "a root that is not there" "$("$RUNLXC" --root "$SCRATCH/nosuch" list -q)" ""
fails "nor made by looking" test -e "$SCRATCH/nosuch"

# ---- the completion ----

# answers LINE: what is offered at the end of the line, sorted, on one line.
answers() (
    # shellcheck source=/dev/null
    . "$TOP/configs/completion/runlxc.bash"
    COMP_LINE=$1
    COMP_POINT=${#COMP_LINE}
    _runlxc
    printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | grep . | sort | tr '\n' ' '
)
# options_of ARG...: of its --help, but --help itself.
options_of() {
    "$RUNLXC" "$@" --help | sed -n 's/^  \(-., \|    \)\(--[a-z0-9-]*\).*/\2/p' | sort | tr '\n' ' '
}
# shellcheck disable=SC2086 # words
is "commands" "$(answers 'runlxc ')" "$(printf '%s\n' $verbs help | sort | tr '\n' ' ')"
is "global options" "$(answers 'runlxc --')" "$(options_of)"
for verb in $verbs; do
    is "options of $verb" "$(answers "runlxc --root /nosuch $verb --")" "$(options_of "$verb")"
done
is "a log format" "$(answers 'runlxc --log-format=j')" "json "
is "signals" "$(answers 'runlxc kill x SIGTER')" "SIGTERM "
is "levels" "$(answers 'runlxc --log-level ')" "debug error info warning "

# ---- the log ----

runlxc --log "$SCRATCH/log" --log-format json state nosuch 2>"$SCRATCH/err"
is "an error in the log" "$(jq -r '.level + " " + .msg' "$SCRATCH/log")" 'error container "nosuch" does not exist'
like "with its time" "$(jq -r .time "$SCRATCH/log")" '^20[0-9-]{8}T[0-9:]{8}Z$'
is "exactly these members" "$(jq -c keys "$SCRATCH/log")" '["level","msg","time"]'
is "and on standard error" "$(<"$SCRATCH/err")" 'runlxc: container "nosuch" does not exist'
runlxc --log "$SCRATCH/log" --log-format json delete nosuch 2>/dev/null
is "the log is appended to" "$(wc -l <"$SCRATCH/log")" 2
runlxc --log-format json state nosuch 2>"$SCRATCH/err"
is "JSON on standard error" "$(jq -r .level "$SCRATCH/err")" error
runlxc --log "$SCRATCH/text" state nosuch 2>/dev/null
like "as text" "$(<"$SCRATCH/text")" '^time="20.*Z" level=error msg="container \\"nosuch\\" does not exist"$'
runlxc --log "$SCRATCH/utf" --log-format json exec -p $'/no\xff\nsuch' x 2>/dev/null
is "bytes that are no UTF-8 still make JSON" "$(jq -r .msg "$SCRATCH/utf")" '--process: read /no\xff\nsuch: no such file or directory'
# A value of whatever length and bytes: one line that says what is wrong with it.
mkdir -p "$SCRATCH/long/rootfs"
"$RUNLXC" spec -b "$SCRATCH/long"
jq '.hostname = "h" * 65000 + "\u001b[31m\n\u0085\u00e9"' "$SCRATCH/long/config.json" >"$SCRATCH/long/new" && mv "$SCRATCH/long/new" "$SCRATCH/long/config.json"
LIMIT=10 run "$RUNLXC" --root "$ROOT" --log "$SCRATCH/long/log" --log-format json create -b "$SCRATCH/long" long
is "a long value is refused" "$status" 1
like "by a line with its beginning and its end" "$err" '^runlxc: hostname: "h{384}\.\.\.h+\\x1b\[31m\\n\\xc2\\x85é" '
is "which is one, and short" "$(printf '%s\n' "$err" | wc -l) $((${#err} < 700))" "1 1"
is "and is JSON in the log" "runlxc: $(jq -r .msg "$SCRATCH/long/log")" "$err"
LIMIT=10 run bash -c '"$0" state nosuch >/dev/full; "$0" list >/dev/full' "$RUNLXC"
like "a full disk is an error" "$err" 'write standard output: no space left'

# ---- list, state, ps ----

ok "c1" launch -d --name c1 @busybox sleep 600
ok "c2" launch -d --name c2 --annotation k=v @busybox sh -c 'sleep 601 & sleep 602; true'
pid=$(member c1 pid)
is "ids are completed" "$(answers "runlxc --root $ROOT exec -t ")" "c1 c2 "
is "commands behind them are not" "$(answers "runlxc --root $ROOT exec c1 ")" ""
is "ids" "$(runlxc list -q)" $'c1\nc2'
is "list as JSON" "$(runlxc list -f json | jq -r '.[] | "\(.id) \(.status) \(.owner) \(.annotations.k)"')" \
    $'c1 running root null\nc2 running root v'
like "list as table" "$(runlxc list | sed -n 2p)" "^c1 +$pid +running +.* 20[0-9T:.-]+Z +root$"
is "state" "$(member c1 id) $(member c1 status) $(member c1 ociVersion)" "c1 running 1.3.0"
is "its pid is the init's" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 600 "
ok "a relative root" bash -c 'cd "$(dirname "$1")" && "$0" --root root state c1' "$RUNLXC" "$ROOT"
is "ps as JSON" "$(runlxc ps -f json c2 | jq length)" 3
is "which are the container's" "$(runlxc ps -f json c2 | jq -r '.[]' | xargs -I{} readlink /proc/{}/ns/pid | sort -u)" \
    "$(readlink "/proc/$(member c2 pid)/ns/pid")"
like "ps" "$(runlxc ps c2)" 'UID +PID .*CMD.*sleep 601.*'
is "ps with options of ps" "$(runlxc ps c2 -eo pid,args | sed '1d; s/^ *[0-9]* //' | sort)" \
    $'sh -c sleep 601 & sleep 602; true\nsleep 601\nsleep 602'
fails_with 1 'no column PID' runlxc ps c2 -eo comm
fails "ps with options that ps does not know" runlxc ps c2 --nosuch

# ---- pause and resume ----

ok "pause" runlxc pause c2
is "paused" "$(member c2 status)" paused
fails_with 1 'container not running: "c2" is paused' runlxc pause c2
is "its processes are still listed" "$(runlxc ps -f json c2 | jq length)" 3
ok "its numbers are read" runlxc events --stats c2
ok "resume" runlxc resume c2
is "running" "$(member c2 status)" running
fails_with 1 'container not paused' runlxc resume c2

# ---- events ----

number='[0-9]+'
stats=$(runlxc events --stats c1)
is "one document" "$(wc -l <<<"$stats")" 1
is "type and id" "$(jq -r '.type + " " + .id' <<<"$stats")" "stats c1"
for path in .cpu.usage.total .memory.usage.usage .pids.current; do
    like "data$path" "$(jq ".data$path" <<<"$stats")" "^$number\$"
done
is "one process" "$(jq .data.pids.current <<<"$stats")" 1
# Members of runc's document that are read by engines.
is "the same members as runc's" \
    "$(jq -c '.data | [has("cpu", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces")] | unique' <<<"$stats")" \
    "[true]"
ok "a limit" launch -d --name limited -m 64m --pids-limit 7 @busybox sleep 600
is "limits are shown" "$(runlxc events --stats limited | jq -c '.data | [.memory.usage.limit, .pids.limit]')" "[67108864,7]"
cpu() { runlxc events --stats limited | jq .data.cpu.usage.total; }
before=$(cpu)
runlxc exec limited sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'
ok "CPU time grows with work" test "$(cpu)" -gt $((before + 50000000))
fails_with 1 '"0s" is not between' runlxc events --interval 0s limited
fails_with 1 '"5x" is not a time' runlxc events --interval 5x limited
runlxc events --interval 200ms limited >"$SCRATCH/events" &
events=$!
wait_for 10 sh -c "[ \$(wc -l <$SCRATCH/events) -ge 3 ]"
is "an event each interval" "$(jq -r .type "$SCRATCH/events" | sort -u)" stats
runlxc exec limited sh -c 'head -c 200000000 /dev/zero | tail -c 200000000 >/dev/null' 2>/dev/null
ok "an event when memory ran out" wait_for 10 grep -q '"type":"oom"' "$SCRATCH/events"
is "of the container" "$(jq -r 'select(.type == "oom").id' "$SCRATCH/events" | sort -u)" limited
ok "stop" runlxc stop --time 0 limited
wait "$events"
is "events end with the container" "$?" 0
ok "a container that memory kills" launch -d --name oom -m 32m @busybox sh -c \
    'sleep 2; exec tail /dev/zero'
runlxc kill limited TERM 2>/dev/null
runlxc events --interval 1h oom >"$SCRATCH/events" 2>"$SCRATCH/err"
like "the kill of the init is an event" "$(<"$SCRATCH/events")$(member oom status)" '\{"type":"oom","id":"oom"\}|stopped'
is "and in the state" "$(member oom oom) $(member oom exitStatus)" "true 137"

# ---- kill ----

# traps NAME SIGNAL...: a container whose init writes down which of these it got.
traps() {
    local name=$1 sig script=

    shift
    for sig in "$@"; do
        script+="trap 'echo $sig >>/got' $sig; "
    done
    launch -d --name "$name" @busybox sh -c "$script echo >/ready; while :; do sleep 0.05; done"
    wait_for 10 runlxc exec "$name" test -e /ready || runlxc state "$name"
}
got() { runlxc exec "$1" cat /got; }

ok "one that traps signals" traps traps HUP INT QUIT USR1 USR2 ALRM TERM WINCH CONT PIPE IO PWR XCPU
for sig in HUP SIGINT quit 10 SIGUSR2 sigalrm TERM WINCH CONT 13 POLL PWR 24; do
    ok "kill traps $sig" runlxc kill traps "$sig"
    wait_for 5 sh -c "[ \$($RUNLXC --root $ROOT exec traps sh -c 'wc -l <got' 2>/dev/null || echo 0) -gt ${n:-0} ]"
    n=$((${n:-0} + 1))
done
is "each arrived" "$(got traps | tr '\n' ' ')" "HUP INT QUIT USR1 USR2 ALRM TERM WINCH CONT PIPE IO PWR XCPU "
ok "without a signal it is TERM" runlxc kill traps
ok "which arrives" wait_for 5 sh -c "$RUNLXC --root $ROOT exec traps tail -n 1 /got | grep -q TERM"
ok "0 probes" runlxc kill traps 0
ok "a signal behind options" runlxc kill --all traps CONT
ok "options behind the arguments" runlxc kill traps CONT --all
for bad in FOO 65 -1 1x ''; do
    fails "kill traps '$bad' is refused" runlxc kill -- traps "$bad"
done
ok "KILL" runlxc kill traps KILL
is "wait" "$(runlxc wait traps)" 137
is "ps of a stopped one" "$(runlxc ps traps | wc -l) $(runlxc ps -f json traps)" "1 []"
fails_with 1 'container not running' runlxc kill traps TERM
ok "kill --all of a stopped one" runlxc kill --all traps KILL
ok "one with children" launch -d --name many @busybox sh -c 'sleep 600 & sleep 600 & wait; wait; sleep 600'
wait_for 5 sh -c "[ \$($RUNLXC --root $ROOT ps -f json many | jq length) -ge 3 ]"
ok "kill --all" runlxc kill --all many KILL
is "ends it" "$(runlxc wait many)" 137

# The host's pid namespace: the init's end is not the end of the others for the kernel, but for us.
ok "with the host's pid namespace" launch -d --name hostpid --pid host @busybox sh -c \
    'sleep 603 & setsid sleep 603 & (trap "" HUP; exec sleep 603) & sleep 604; true'
wait_for 5 sh -c "[ \$($RUNLXC --root $ROOT ps -f json hostpid | jq length) -eq 5 ]"
mapfile -t pids < <(runlxc ps -f json hostpid | jq -r '.[]')
is "five processes" "${#pids[@]}" 5
ok "an exec in it" runlxc exec -d --pid-file "$SCRATCH/pid" hostpid sleep 605
pids+=("$(<"$SCRATCH/pid")")
ok "kill the init" runlxc kill hostpid KILL
is "wait" "$(runlxc wait hostpid)" 137
left=
for pid in "${pids[@]}"; do
    [ ! -e "/proc/$pid" ] || [ "$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null)" = Z ] || left+=" $pid"
done
is "nobody is left" "$left" ""

# ---- wait, stop ----

ok "one that ends by itself" launch -d --name ends @busybox sh -c 'sleep 0.3; exit 42'
is "wait prints its code" "$(runlxc wait ends)" 42
is "also afterwards" "$(runlxc wait ends)" 42
is "state has it" "$(member ends exitStatus) $(member ends status) $(member ends pid)" "42 stopped 0"
ok "stop of a stopped one" runlxc stop ends
ok "one that ends on TERM" launch -d --name polite @busybox sh -c 'trap "exit 5" TERM; echo >/r; while :; do sleep 0.05; done'
wait_for 5 runlxc exec polite test -e /r
ok "stop" runlxc stop polite
is "with its code" "$(runlxc wait polite)" 5
ok "one with a stop signal" launch -d --name quits --stop-signal QUIT @busybox sh -c \
    'trap "exit 6" QUIT; echo >/r; while :; do sleep 0.05; done'
wait_for 5 runlxc exec quits test -e /r
ok "stop of a paused one" bash -c '"$0" --root "$1" pause quits && "$0" --root "$1" stop quits' "$RUNLXC" "$ROOT"
is "by the container's signal" "$(runlxc wait quits)" 6
ok "one that does not listen" launch -d --name deaf @busybox sh -c 'trap "" TERM; while :; do sleep 0.05; done'
begin=$SECONDS
ok "stop with a time" runlxc stop -t 1 deaf
within "which it is given" $((SECONDS - begin)) 1 4
is "and then killed" "$(runlxc wait deaf)" 137
ok "stop --signal" runlxc stop --signal KILL c2
fails_with 1 '--signal: "FOO" is not a signal' runlxc stop --signal FOO c1

# ---- delete ----

for id in limited oom traps many hostpid ends polite quits deaf c2; do
    ok "delete $id" runlxc delete "$id"
done
is "only c1 is left" "$(runlxc list -q)" c1
fails_with 1 'container "c1" is running' runlxc delete c1
ok "c1 is as it was" runlxc exec c1 true
ok "delete --force" runlxc delete --force c1
fails_with 1 'does not exist' runlxc state c1
ok "delete of a paused one" bash -c '"$0" --root "$2" -d --name p @busybox sleep 600 && "$1" --root "$2" pause p &&
    "$1" --root "$2" delete -f p' "$LXC_LAUNCH" "$RUNLXC" "$ROOT"
is "nothing is recorded" "$(find "$ROOT" -mindepth 1 -maxdepth 1 ! -name '.*')" ""

# ---- LXC's tools ----

ok "a container" launch -d --name tools @busybox sleep 600
pid=$(member tools pid)
like "lxc-ls --fancy" "$(lxc-ls -P "$ROOT" --fancy | sed -n 2p)" '^tools +RUNNING'
is "lxc-ls" "$(lxc-ls -P "$ROOT" --running -1 | tr -d ' ')" tools
like "lxc-info" "$(lxc-info -P "$ROOT" -n tools)" "State: +RUNNING"$'\n'"PID: +$pid"
is "lxc-attach" "$(bounded lxc-attach -P "$ROOT" -n tools -- readlink /proc/self/ns/pid 2>/dev/null)" \
    "$(readlink "/proc/$pid/ns/pid")"
ok "lxc-freeze" bounded lxc-freeze -P "$ROOT" -n tools
like "lxc-info sees it" "$(lxc-info -P "$ROOT" -n tools -s)" 'FROZEN'
is "is our pause" "$(member tools status)" paused
ok "lxc-unfreeze" bounded lxc-unfreeze -P "$ROOT" -n tools
like "lxc-info sees that" "$(lxc-info -P "$ROOT" -n tools -s)" 'RUNNING'
is "is our resume" "$(member tools status)" running
ok "lxc-stop" bounded lxc-stop -P "$ROOT" -n tools -k
is "ends it" "$(runlxc wait tools)" 137
ok "delete" runlxc delete tools
suite_end
