#!/bin/bash
# NOTIFY_SOCKET: what a container says of its state to the host's service manager, whose part a listener plays; who it is said by, and
# what is to be watched; beside runc and crun on the same bundle. And all that a hostile container may try with it.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317,SC2016 # functions are called through the assertions; the container's variables
. "$(dirname "$0")/../lib.sh"
suite_begin private net
beside_runc

HOST=$SCRATCH/manager
GOT=$SCRATCH/got
listener=
ok "the helper compiles" "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -static -o "$bundle/rootfs/bin/notify" \
    "$TOP/tests/helpers/notify.c"
NOTIFY=$bundle/rootfs/bin/notify

# listen [SOCKET [FILE]]: the service manager, from now on; with FILE one that reads nothing before that is there.
listen() {
    quiet
    rm -f "$HOST"
    : >"$GOT" # what the last one said is not to be taken for this one
    if [ $# -eq 2 ]; then
        "$NOTIFY" hold "$1" "$2" >"$GOT" &
    else
        "$NOTIFY" listen "${1:-$HOST}" >"$GOT" &
    fi
    listener=$!
    wait_for 5 grep -q ready "$GOT"
}
quiet() {
    [ -z "$listener" ] || { kill -KILL "$listener" && wait "$listener"; } 2>/dev/null
    listener=
}
at_exit quiet
# said: the messages, without who said them; has TEXT; who TEXT: "PID COMMAND" of the first who said a message that begins so.
said() { sed -nE 's/^[0-9]+ [0-9]+ //p' "$GOT"; }
has() { said | grep -qxF -- "$1"; }
who() { grep -F -A1 -- " $1" "$GOT" | sed -nE '1s/^([0-9]+) .*/\1/p; 2s/^who //p' | xargs; }
beginning() { said | grep -q "^$1"; }

# bundle COMMAND [FILTER]: config.json with a shell's COMMAND, and what the jq FILTER makes of it.
configure() {
    rm -f "$bundle/config.json"
    (cd "$bundle" && "$RUNC" spec) && jq --arg command "$1" '.process.terminal = false | .root.readonly = false |
        .process.args = ["sh", "-c", $command] | '"${2:-.}" "$bundle/config.json" >"$bundle/config.new" &&
        mv "$bundle/config.new" "$bundle/config.json"
}
# crun 1.8 refuses a v2 hierarchy beside v1 ones; it is given a view of the machine without it.
crun() {
    bounded unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun --root "$0" "$@"' "$SCRATCH/crun-root" "$@"
}
at_exit 'for id in $(crun list -q); do crun delete --force "$id"; done >/dev/null 2>&1'
notified() { NOTIFY_SOCKET=${HOST_NAME:-$HOST} "$@"; }
stopped() { [ "$("$1" state "$2" | jq -r .status)" = stopped ]; }

# ---- in the foreground, beside runc and crun ----

talk='notify send STATUS=begin "READY=1\nSTATUS=up\nMAINPID=1"; sleep 0.3; notify send RELOADING=1 READY=1 WATCHDOG=1 STOPPING=1; exit 3'
ok "a bundle" configure "$talk"
for who in runc crun runlxc; do
    ok "$who run: the manager" listen
    status_is "$who run: its command's status" 3 notified "$who" run --bundle "$bundle" "f$who" </dev/null
    ok "$who run: the manager was told" wait_for 5 beginning READY=1
    sleep 0.2
    case $who in
        # Not a word after the first.
        runc) is "runc run: what the manager was told" "$(said | sed 's/PID=[0-9]*/PID=N/')" $'READY=1|\nMAINPID=N|' ;;
        crun) is "crun run: what the manager was told" "$(said | sort -u)" $'BARRIER=1\nREADY=1' ;;
        runlxc)
            is "runlxc run: what the manager was told" "$(said | sed -E 's/(PID|USEC)=[0-9]+/\1=N/')" 'STATUS=begin
READY=1|STATUS=up|MAINPID=N
RELOADING=1|MONOTONIC_USEC=N
READY=1
WATCHDOG=1
STOPPING=1'
            # systemd's default hears the main process alone, which is the launcher.
            is "runlxc run: who said it, and the main process is that" \
                "$(sed -nE 's/^([0-9]+) 0 READY=1.STATUS=up.MAINPID=([0-9]+)$/\1 \2/p' "$GOT" | awk '{ print $1 == $2 }')" 1
            is "runlxc run: all of it was said by the same" "$(sed -nE 's/^([0-9]+) 0 .*/\1/p' "$GOT" | sort -u | wc -l)" 1
            is "runlxc run: by the launcher" "$(sed -n 's/^who //p' "$GOT" | head -n 1)" runlxc
            ;;
    esac
done

ok "a bundle that looks around" configure 'env | grep ^NOTIFY; ls -ld /run/notify /run/notify/*; cat /proc/self/mountinfo | grep /run/notify;
    touch /run/notify/new; rm -f /run/notify/notify.sock; true' '.process.env += ["NOTIFY_SOCKET=/of/its/own", "NOTIFY_SOCKET=twice"]'
ok "the manager" listen
run notified runc run --bundle "$bundle" look </dev/null
rmdir "$bundle/rootfs/run/notify" # which it leaves
theirs=$(grep ^NOTIFY <<<"$out" | sort -u)
run notified runlxc run --bundle "$bundle" look </dev/null
is "the variable is the one of runc, in place of those in config.json" "$(grep ^NOTIFY <<<"$out")" "$theirs"
like "anybody may send to the socket" "$out" 'srwxrwxrwx +1 root +root .*/run/notify/notify.sock'
like "it is on a mount of its own, and nothing can be made there" "$out" ' /run/notify ro,nosuid,nodev,noexec,relatime - tmpfs '
like "nor taken away" "$err" "touch: /run/notify/new: Read-only file system.*can't remove '/run/notify/notify.sock': Read-only file system"
run runlxc run --bundle "$bundle" look </dev/null
is "without a manager the variable is the command's own" "$(grep ^NOTIFY <<<"$out")" NOTIFY_SOCKET=twice
fails "no directory is left in its root" test -e "$bundle/rootfs/run/notify"

# ---- where the socket can be ----

for case in 'root read-only:.root.readonly = true' \
    'tmpfs on /run:.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["mode=755"]}]' \
    'an ordinary user:.process.user = {uid: 1234, gid: 1234} | .process.capabilities = {}' \
    'a user namespace:.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
        .linux.gidMappings = .linux.uidMappings' \
    'network of the host:.linux.namespaces |= map(select(.type != "network"))' \
    'no /proc:.mounts |= map(select(.destination != "/proc")) | del(.linux.maskedPaths, .linux.readonlyPaths)'; do
    ok "${case%%:*}: the bundle" configure 'notify send READY=1 && id -u' "${case#*:}"
    ok "${case%%:*}: the manager" listen
    status_is "${case%%:*}: it is ready" 0 notified runlxc run --bundle "$bundle" place </dev/null
    ok "${case%%:*}: the manager was told" wait_for 5 beginning 'READY=1|MAINPID='
done
mkdir -p "$bundle/rootfs/run/elsewhere" && ln -s elsewhere "$bundle/rootfs/run/notify"
ok "the mount point is a link" configure 'notify send READY=1'
ok "a link: the manager" listen
status_is "a link: it is ready" 0 notified runlxc run --bundle "$bundle" place </dev/null
ok "a link: the manager was told" wait_for 5 beginning 'READY=1|MAINPID='
rm -r "$bundle/rootfs/run/notify" "$bundle/rootfs/run/elsewhere"
mkdir -p "$SCRATCH/engines"
ok "an engine's own mount" configure 'ls -A /run/notify; env | grep ^NOTIFY' '.process.env += ["NOTIFY_SOCKET=/run/notify/its"] |
    .mounts += [{destination: "/run/notify/", type: "bind", source: "'"$SCRATCH/engines"'", options: ["bind"]}]'
prints "an engine that does it by itself is left to" NOTIFY_SOCKET=/run/notify/its notified runlxc run --bundle "$bundle" place </dev/null

ok "an abstract name: the bundle" configure 'notify send READY=1'
ok "an abstract name: the manager" listen "@runlxc-notify-$$"
HOST_NAME=@runlxc-notify-$$ status_is "an abstract name" 0 notified runlxc run --bundle "$bundle" abstract </dev/null
ok "an abstract name: the manager was told" wait_for 5 beginning 'READY=1|MAINPID='

# ---- nobody listens ----

quiet
ok "nobody: the bundle" configure 'echo "${NOTIFY_SOCKET-none}"; exit 4'
for name in "$SCRATCH/nosuch" "$HOST" @nosuch relative @ vsock:2:3 "/$(printf '%0200d' 0)"; do
    HOST_NAME=$name run notified runlxc run --bundle "$bundle" nobody </dev/null
    is "${name:0:40}: it runs without" "$status $out" "4 none"
    like "${name:0:40}: a warning" "$err" "^runlxc: warning: NOTIFY_SOCKET: \"${name:0:40}[^\"]*\"[^"$'\n'"]*\$"
    HOST_NAME=$name run notified runc run --bundle "$bundle" nobody </dev/null
    is "${name:0:40}: and under runc" "$status" 4
done
HOST_NAME='' prints "an empty one is none" none sh -c 'NOTIFY_SOCKET= "$@" || [ $? -eq 4 ]' sh "$RUNLXC" --root "$ROOT" run --bundle "$bundle" nobody

# ---- in the background: the launcher stays until it is ready ----

ok "the background: the bundle" configure 'touch /tmp/began; notify send STATUS=begin; while [ ! -e /tmp/go ]; do sleep 0.05; done; notify send READY=1
    while [ ! -e /tmp/on ]; do sleep 0.05; done; notify send STATUS=later; exec sleep 60'
# started DESC CMD...: a launch with NOTIFY_SOCKET that comes back when the container is ready, as it is beside runc.
started() {
    local desc=$1 launcher=

    shift
    rm -f "$bundle/rootfs/tmp/"{began,go,on}
    ok "$desc: the manager" listen
    notified "$@" </dev/null >"$SCRATCH/launcher" 2>&1 &
    launcher=$!
    ok "$desc: it runs" wait_for 10 test -e "$bundle/rootfs/tmp/began"
    sleep 0.3
    ok "$desc: the launcher waits" kill -0 "$launcher"
    touch "$bundle/rootfs/tmp/go"
    status_is "$desc: until it is ready" 0 wait "$launcher"
    is "$desc: in silence" "$(cat "$SCRATCH/launcher")" ""
}
launched_as() {
    local supervisor

    supervisor=$(cat "$SCRATCH/pid")
    like "$1: the manager was told by the launcher, to watch the supervisor" "$(said) $(who READY=1)" \
        "^STATUS=begin"$'\n'"READY=1.MAINPID=$supervisor"$'\n'"BARRIER=1 [0-9]+ runlxc\$"
    isnt "$1: which is another" "$(who READY=1 | cut -d ' ' -f 1)" "$supervisor"
    touch "$bundle/rootfs/tmp/on"
    ok "$1: what comes later" wait_for 5 has STATUS=later
    like "$1: is said by the supervisor" "$(who STATUS=later)" "^$supervisor runlxc-supervis"
    run runlxc exec "$2" sh -c 'env; ls /run/notify'
    is "$1: exec has the socket, but not the variable" "$(grep -E '^NOTIFY|notify.sock' <<<"$out")" notify.sock
    within "$1: the supervisor's memory, KiB PSS" "$(awk '/^Pss:/ { print $2 }' "/proc/$supervisor/smaps_rollup")" 1 330
    ok "$1: delete --force" runlxc delete --force "$2"
}
started "run --detach" "$RUNLXC" --root "$ROOT" run --detach --pid-file "$SCRATCH/pid" --bundle "$bundle" back
launched_as "run --detach" back
ok "create" notified runlxc create --pid-file "$SCRATCH/pid" --bundle "$bundle" made </dev/null
started "start" "$RUNLXC" --root "$ROOT" start made 2>/dev/null
launched_as "start" made
for who in runc crun; do
    started "$who run --detach" "$who" run --detach --bundle "$bundle" back
    # What is to be watched is told by runc alone, and it is what nobody can wait for but the one who watches over orphans.
    is "$who run --detach: what the manager was told" "$(said | sed 's/PID=[0-9]*/PID=N/; s/|$//' | xargs)" \
        "READY=1 $([ "$who" = runc ] && echo MAINPID=N || echo BARRIER=1)"
    touch "$bundle/rootfs/tmp/on"
    sleep 0.3
    is "$who run --detach: what comes later reaches nobody" "$(said | grep -c STATUS)" 0
    ok "$who: delete" "$who" delete --force back
done
rmdir "$bundle/rootfs/run/notify"

ok "never ready: the bundle" configure 'sleep 0.5'
ok "never ready: the manager" listen
ok "a container that ends before it is ready ends the wait" notified runlxc run --detach --bundle "$bundle" never </dev/null
ok "it has stopped" wait_for 5 stopped runlxc never
ok "delete it" runlxc delete never
ok "create one" notified runlxc create --bundle "$bundle" never </dev/null
ok "the same for start" notified runlxc start never
ok "delete that" runlxc delete --force never
ok "created with, " notified runlxc create --bundle "$bundle" half </dev/null
ok "started without: nothing is waited for" runlxc start half
ok "and it ends" wait_for 5 stopped runlxc half
ok "delete" runlxc delete half
ok "created without" runlxc create --bundle "$bundle" half </dev/null
fails_with 1 'container "half": NOTIFY_SOCKET: it was created without' notified runlxc start half
is "started with: refused, and still created" "$(runlxc state half | jq -r .status)" created
ok "as by runc: created without" runc create --bundle "$bundle" half </dev/null
run notified runc start half
is "as by runc" "$status $(runc state half | jq -r .status)" "1 created"
ok "delete it there" runc delete --force half
HOST_NAME=@nosuch run notified runlxc start half
is "with one that nobody listens on it is started" "$status" 0
ok "delete --force" runlxc delete --force half

# A launcher that is killed while it waits leaves what it has started, as without a manager.
ok "the launcher's death: the bundle" configure 'exec sleep 60'
ok "the launcher's death: the manager" listen
NOTIFY_SOCKET=$HOST "$RUNLXC" --root "$ROOT" run --detach --bundle "$bundle" killed </dev/null >/dev/null 2>&1 &
launcher=$!
running() { [ "$(runlxc state killed | jq -r .status)" = running ]; }
ok "the launcher's death: it runs" wait_for 10 running
{ kill -KILL "$launcher" && wait "$launcher"; } 2>/dev/null
sleep 0.2
ok "the launcher's death: it runs on" running
ok "the launcher's death: delete --force" runlxc delete --force killed

# ---- lxc-launch ----

launch() { bounded "$LXC_LAUNCH" --root "$ROOT" "$@"; }
ok "lxc-launch: the manager" listen
status_is "lxc-launch" 5 notified launch --rm -v "$NOTIFY:/bin/notify:ro" @busybox sh -c 'notify send READY=1; exit 5'
ok "lxc-launch: the manager was told" wait_for 5 beginning 'READY=1|MAINPID='
like "lxc-launch: by the launcher" "$(who READY=1)" ' lxc-launch$'
ok "lxc-launch -d: the manager" listen
run notified launch -d --name back -v "$NOTIFY:/bin/notify:ro" @busybox sh -c 'sleep 0.3; notify send READY=1; exec sleep 60'
is "lxc-launch -d" "$status $out $(said | sed -E 's/=[0-9]+$/=N/' | head -n 1)" "0 back READY=1|MAINPID=N"
ok "lxc-launch -d: delete --force" runlxc delete --force back
ok "lxc-launch -d --rm of one that is never ready" notified launch -d --rm --name gone @busybox sleep 0.5
is "it is gone when the launcher is" "$(runlxc list -q)" ""
ok "lxc-launch in a user namespace: the manager" listen
ok "lxc-launch in a user namespace" notified launch --rm --userns 200000:65536 -v "$NOTIFY:/bin/notify:ro" @busybox notify send READY=1
ok "lxc-launch in a user namespace: the manager was told" wait_for 5 beginning 'READY=1|MAINPID='

# ---- hostile ----

ok "hostile words: the bundle" configure 'notify send "MAINPID=1" "FDSTORE=1\nFDNAME=x" "NOTIFYACCESS=all" "WATCHDOG=trigger" "WATCHDOG_USEC=1" \
        "EXTEND_TIMEOUT_USEC=999999999" "ERRNO=2" "BUSERROR=a.b" "READY=0" "X=READY=1" "BARRIER=1"
    notify send "STATUS=$(printf "a\033[2Jb\302\2331mc\377")"; notify large 4097; notify large 60000; notify large 4096
    notify descriptors 253 FDSTORE=1; notify descriptors 253 "STATUS=fds"; notify descriptors 1 MAINPID=1
    notify barrier && echo answered; notify send "MAINPID=1\nREADY=1\nMAINPID=1\nFDSTORE=1"'
ok "hostile words: the manager" listen
prints "hostile words: a barrier is answered" answered notified runlxc run --bundle "$bundle" hostile </dev/null
ok "hostile words: the last of them" wait_for 5 has READY=1
text=$(printf '%0256d' 0 | tr 0 x)
is "hostile words: all that passes" "$(said | sed -E 's/MAINPID=[0-9]{2,}$/MAINPID=N/')" "STATUS=a?[2Jb??1mc?
READY=1|STATUS=$text|MAINPID=N
STATUS=fds
READY=1"
is "hostile words: no descriptor" "$(awk '$1 != "who" && $2 > 0' "$GOT")" ""

# A flood costs the container's own processes: the supervisor takes what it takes, and sees all else in time.
ok "a flood: the bundle" configure 'for i in 1 2 3 4; do (while :; do notify flood 1000 STATUS=flood >/dev/null; done) & done; sleep 2.5
    notify send READY=1; exec sleep 60'
ok "a flood: the manager" listen
ok "a flood: a word among it arrives" notified runlxc run --detach --pid-file "$SCRATCH/pid" --bundle "$bundle" flood </dev/null
ticks() { awk '{ print $14 + $15 }' "/proc/$(cat "$SCRATCH/pid")/stat"; }
before=$(ticks) count=$(said | wc -l)
sleep 2
within "a flood: messages in two seconds" "$(($(said | wc -l) - count))" 10 800
within "a flood: the supervisor's time in two seconds, ticks" "$(($(ticks) - before))" 0 40
open=$(find "/proc/$(cat "$SCRATCH/pid")/fd" -mindepth 1 | wc -l)
run runlxc exec flood sh -c 'i=0; while [ $i -lt 20 ]; do notify descriptors 253 STATUS=x; i=$((i + 1)); done'
is "a flood of descriptors: the supervisor has none of them" "$(find "/proc/$(cat "$SCRATCH/pid")/fd" -mindepth 1 | wc -l)" "$open"
SECONDS=0
ok "a flood: kill" runlxc kill flood KILL
ok "a flood: it ends" wait_for 10 stopped runlxc flood
within "a flood: in time, seconds" "$SECONDS" 0 5
ok "a flood: delete" runlxc delete --force flood

# A manager that reads nothing holds up the container's words, and not the container.
ok "a manager that sleeps: the bundle" configure 'i=0; while [ $i -lt 2000 ]; do notify flood 1 STATUS=$i >/dev/null; i=$((i + 1)); done
    (notify send READY=1; echo sent) & sleep 0.5; wait; exit 6'
ok "a manager that sleeps" listen "$HOST" "$SCRATCH/wake"
NOTIFY_SOCKET=$HOST bounded "$RUNLXC" --root "$ROOT" run --bundle "$bundle" sleeps </dev/null >"$SCRATCH/sleeps" 2>&1 &
launcher=$!
sleep 3
is "a manager that sleeps: was told nothing yet" "$(said)" ""
ok "a manager that sleeps: the container is seen and served" runlxc exec sleeps true
touch "$SCRATCH/wake"
status_is "a manager that sleeps: wakes, and all goes on" 6 wait "$launcher"
ok "a manager that sleeps: the word of readiness was not lost" wait_for 5 beginning READY=1

# One that is gone for good.
ok "a manager that dies: the bundle" configure 'while [ ! -e /tmp/go ]; do sleep 0.05; done; notify send READY=1 STATUS=x; exit 7'
rm -f "$bundle/rootfs/tmp/go"
ok "a manager that dies" listen
NOTIFY_SOCKET=$HOST bounded "$RUNLXC" --root "$ROOT" run --bundle "$bundle" dies </dev/null >"$SCRATCH/dies" 2>&1 &
launcher=$!
dies_runs() { [ "$(runlxc state dies | jq -r .status)" = running ]; }
ok "a manager that dies: the container runs" wait_for 10 dies_runs
quiet
touch "$bundle/rootfs/tmp/go"
status_is "a manager that dies: the container goes on" 7 wait "$launcher"
is "a manager that dies: in silence" "$(cat "$SCRATCH/dies")" ""

# ---- failures ----

ok "a failure: the bundle" configure true '.process.args = ["/nosuch"]'
ok "a failure: the manager" listen
status_is "a start that fails is not waited for" 1 notified runlxc run --detach --bundle "$bundle" fails </dev/null
is "nor is anything said of it" "$(said)" ""
fails "nothing is left in its root" test -e "$bundle/rootfs/run/notify"
is "no container is left" "$(runlxc list -q)" ""
suite_end
