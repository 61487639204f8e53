#!/bin/bash
# lxc-launch: exit codes, environment, names, -d, --dry-run, --init, and what a container can see of us.
. "$(dirname "$0")/../lib.sh"
suite_begin private

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }

# ---- exit codes ----

codes=(0 1 2 42 124 125 126 127 128 129 137 200 254 255)
# Another kernel does nothing about most of them.
[ -z "${ONLY_OURS:-}" ] || codes=(0 2 125 255)
for code in "${codes[@]}"; do
    status_is "exit $code" "$code" "$LXC_LAUNCH" --rm @busybox sh -c "exit $code"
    [[ -n "${ONLY_OURS:-}" && $code != 2 ]] || status_is "exit $code, with --init" "$code" "$LXC_LAUNCH" --rm --init @busybox sh -c "exit $code"
done
fails_with 127 'exec: "nosuch": executable file not found in PATH' "$LXC_LAUNCH" --rm @busybox nosuch
fails_with 127 'exec: "/nosuch": no such file or directory' "$LXC_LAUNCH" --rm @busybox /nosuch
fails_with 127 'exec: "nosuch": executable file not found in PATH' "$LXC_LAUNCH" --rm --init @busybox nosuch
fails_with 127 '"sh": executable file not found in PATH' "$LXC_LAUNCH" --rm -e PATH=/nowhere @busybox sh
fails_with 126 'exec: "/etc": permission denied: a directory' "$LXC_LAUNCH" --rm @busybox /etc
fails_with 126 'exec: "/etc/passwd": permission denied' "$LXC_LAUNCH" --rm @busybox /etc/passwd
fails_with 126 'exec: "/etc/passwd": permission denied' "$LXC_LAUNCH" --rm --init @busybox /etc/passwd
fails_with 125 'unknown option' "$LXC_LAUNCH" --rm --nosuch @busybox true

# A program with the wrong architecture, an interpreter that is missing, and text without "#!".
busybox_rootfs "$SCRATCH/fs"
printf '\177ELF\1\1\1' >"$SCRATCH/fs/bin/elf"
printf '#!/nosuch/interpreter\n' >"$SCRATCH/fs/bin/lost"
printf 'exit 3\n' >"$SCRATCH/fs/bin/text"
chmod 755 "$SCRATCH"/fs/bin/{elf,lost,text}
fails_with 126 'exec: "elf": exec format error' "$LXC_LAUNCH" --rm "$SCRATCH/fs" elf
fails_with 127 'exec: "/bin/lost"' "$LXC_LAUNCH" --rm "$SCRATCH/fs" /bin/lost
fails_with 126 'exec: "text": exec format error' "$LXC_LAUNCH" --rm "$SCRATCH/fs" text

# ---- signals, beside runc with the same root ----

# runc_status ARG...: the status of runc run.
runc_status() {
    local bundle=$SCRATCH/bundle

    rm -rf "$bundle"
    mkdir -p "$bundle"
    runc spec -b "$bundle"
    printf '%s\n' "$@" | jq -R . | jq -s . >"$SCRATCH/args"
    jq --slurpfile args "$SCRATCH/args" --arg root "$SCRATCH/fs" \
        '.process.terminal = false | .process.args = $args[0] | .root = {path: $root}' \
        "$bundle/config.json" >"$bundle/new"
    mv "$bundle/new" "$bundle/config.json"
    bounded runc --root "$SCRATCH/runc" run -b "$bundle" "runlxc-test-$$" </dev/null >/dev/null 2>&1
    echo $?
}

# like_runc STATUS ARG...: both give it; where there is no time for others, ours does.
like_runc() {
    local want=$1 code

    shift
    run1 "$SCRATCH/fs" "$@" >/dev/null 2>&1
    code=$?
    if [ -n "${ONLY_OURS:-}" ]; then
        is "lxc-launch: $*" "$code" "$want"
    else
        is "lxc-launch and runc: $*" "$code $(runc_status "$@")" "$want $want"
    fi
}

# Process 1 of a pid namespace gets no signal from inside that it has no handler for, SIGKILL included (pid_namespaces(7)): its
# "kill -9 $$" does nothing, and it ends with a status of its own. Another process is killed; and with --init the command is one.
# shellcheck disable=SC2016
{
    like_runc 3 sh -c 'kill -9 $$; exit 3'
    like_runc 3 sh -c 'kill -TERM $$; exit 3'
    like_runc 137 sh -c 'sh -c "kill -9 \$\$"; exit $?'
    like_runc 143 sh -c 'sh -c "kill -TERM \$\$"; exit $?'
    like_runc 139 sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
    for signal in KILL:137 TERM:143 SEGV:139 HUP:129 USR1:138; do
        status_is "kill -${signal%:*} \$\$ with --init" "${signal#*:}" \
            "$LXC_LAUNCH" --rm --init @busybox sh -c "kill -${signal%:*} \$\$"
    done
}
like_runc 255 sh -c 'exit 255'

# Killed from outside, process 1 is dead like any other.
outside_kill() {
    local id=outside pid

    "$LXC_LAUNCH" --rm --name "$id" @busybox sleep 60 &
    wait_for 10 test -s "/run/runlxc/$id/state.json" || return 1
    wait_for 10 sh -c "jq -e '.status == \"running\"' /run/runlxc/$id/state.json"
    pid=$(jq .pid "/run/runlxc/$id/state.json")
    kill "-$1" "$pid"
    wait $!
    echo $?
}
is "SIGKILL from outside" "$(outside_kill KILL 2>/dev/null)" 137

# ---- --init ----

prints "the command is not process 1 with --init" 2 "$LXC_LAUNCH" --rm --init @busybox sh -c 'echo $$'
# shellcheck disable=SC2016
prints "--init reaps orphans" "0" "$LXC_LAUNCH" --rm --init @busybox sh -c \
    'for i in 1 2 3; do (sleep 0.05 & exec true); done; sleep 0.3; grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l'
prints "the init's own name" "init" "$LXC_LAUNCH" --rm --init @busybox sh -c 'sed -n "s/^Name:.//p" /proc/1/status | sed s/^runlxc-//'

# ---- environment ----

default_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# environ ARG...: the command's environment as it got it, sorted, NULs as newlines.
environ() { run1 "$@" @busybox cat /proc/self/environ | tr '\0' '\n' | sort; }

is "the whole environment" "$(environ --name envtest)" "HOME=/root
HOSTNAME=envtest
PATH=$default_path
container=lxc"
is "TERM with -t" "$(run1 -t @busybox cat /proc/self/environ </dev/null | tr -d '\r' | tr '\0' '\n' | grep ^TERM)" TERM=xterm
is "what is given is left" "$(environ --name envtest -e HOME=/x -e PATH=/bin -e HOSTNAME=h -e TERM=dumb)" "HOME=/x
HOSTNAME=h
PATH=/bin
TERM=dumb
container=lxc"
is "container cannot be hidden" "$(environ -e container=none | grep ^container=)" container=lxc
is "HOME is the user's" "$(environ -u nobody | grep ^HOME=)" HOME=/nonexistent
export FROM_HERE='as it is here'
is "-e K takes it from here" "$(environ -e FROM_HERE -e NOT_HERE | grep -E '^(FROM|NOT)_HERE')" 'FROM_HERE=as it is here'
is "nothing else comes from here" "$(environ | grep -c FROM_HERE)" 0
is "an empty value" "$(environ -e EMPTY= | grep EMPTY)" EMPTY=
is "the last one counts" "$(environ -e A=1 -e B=2 -e A=3 | grep ^A=)" A=3
is "nothing that lxc-start leaves" "$(LXC_NAME=x LXC_LOG_LEVEL=y environ | grep -ic 'lxc_')" 0
is "nor what lxc.environment sets" "$(environ --lxc-conf lxc.environment=FROM_LXC=1 | grep -c FROM_LXC)" 0

# Values that are hard to write down, byte for byte, in the environment and in /.dockerenv.
value=$'two\nlines, a \ttab, \'single\' "double" \\back\\slash $dollar `tick` \x01\x7f, and UTF-8: \u00e9 \u4e2d \U0001f600 \ue000, =;#%\r'
is "a hard value" "$(run1 -e "HARD=$value" @busybox sh -c 'printf "%s." "$HARD"')" "$value."
is "a hard value in /.dockerenv" \
    "$(run1 -e "HARD=$value" @busybox cat /.dockerenv | jq -j '.[] | select(startswith("HARD=")) | .[5:] + "."')" "$value."
big=$(head -c 100000 /dev/zero | tr '\0' x)
is "100 kB in one value" "$(run1 -e "BIG=$big" @busybox sh -c 'echo ${#BIG}')" 100000
is "a name that no shell would take" "$(environ -e 'a.b-c d=1' | grep ^a)" 'a.b-c d=1'

cat >"$SCRATCH/env" <<'END'
# a comment

FILE_A=one two
FILE_B="quoted"
FROM_HERE
NOT_HERE
	FILE_C=#x
FILE_D=a=b
END
is "--env-file" "$(environ --env-file "$SCRATCH/env" -e FILE_D=flag | grep -E '^(F|N)')" 'FILE_A=one two
FILE_B="quoted"
FILE_C=#x
FILE_D=flag
FROM_HERE=as it is here'

for bytes in '\xff' 'a\xc0\x80' '\xed\xa0\x80' '\xf4\x90\x80\x80' 'cut \xe2\x82'; do
    # shellcheck disable=SC2059
    fails_with 125 'environment variable BYTES: its bytes are not UTF-8' \
        "$LXC_LAUNCH" --rm -e "BYTES=$(printf "$bytes")" @busybox true
done

# ---- /.dockerenv ----

is "/.dockerenv is the environment as JSON" "$(run1 --name dockerenv -e A=1 @busybox cat /.dockerenv | jq -c 'sort')" \
    "[\"A=1\",\"HOSTNAME=dockerenv\",\"PATH=$default_path\",\"container=lxc\"]"
prints "/.dockerenv: mode and owner" "600 0:0" "$LXC_LAUNCH" --rm @busybox stat -c '%a %u:%g' /.dockerenv
prints "/.dockerenv cannot be written" refused "$LXC_LAUNCH" --rm --privileged @busybox sh -c \
    '{ echo x >>/.dockerenv || chmod 644 /.dockerenv || rm /.dockerenv; } 2>/dev/null || echo refused'
prints "/.dockerenv is one mount, read-only" "/.dockerenv ro,nosuid,nodev,noexec,relatime" "$LXC_LAUNCH" --rm @busybox \
    sh -c "grep dockerenv /proc/self/mountinfo | cut -d ' ' -f 5,6"
for place in symlink:'ln -s /etc/passwd' dangling:'ln -s /nosuch/place' file:'touch'; do
    busybox_rootfs "$SCRATCH/env-$place"
    ${place#*:} "$SCRATCH/env-$place/.dockerenv"
    is "/.dockerenv where the image has a ${place%%:*}" \
        "$(run1 -e A=1 "$SCRATCH/env-$place" cat /.dockerenv | jq -c 'map(select(. == "A=1"))')" '["A=1"]'
done

# ---- what the workload gets of us ----

# The one who looks is another process: to look is to open the directory.
descriptors=$'0\n1\n2'
prints "open descriptors" "$descriptors" "$LXC_LAUNCH" --rm @busybox sh -c 'ls /proc/1/fd; true'
prints "open descriptors with -i" "$descriptors" "$LXC_LAUNCH" --rm -i @busybox sh -c 'ls /proc/1/fd; true'
prints "open descriptors with --init" "$descriptors" "$LXC_LAUNCH" --rm --init @busybox sh -c 'ls /proc/2/fd; true'
is "open descriptors with -t" "$(run1 -t @busybox sh -c 'ls -1 /proc/1/fd; true' </dev/null | tr -d '\r')" "$descriptors"
exec 7</etc/passwd 9>"$SCRATCH/nine"
prints "descriptors of the caller stay here" "$descriptors" "$LXC_LAUNCH" --rm @busybox sh -c 'ls /proc/1/fd; true'
exec 7<&- 9>&-
prints "umask" 0022 "$LXC_LAUNCH" --rm @busybox sh -c umask
is "umask, whatever it is here" "$(umask 077 && run1 @busybox sh -c umask)" 0022
blocked_ignored() { run1 @busybox awk '/^Sig(Blk|Ign)/ { print $2 }' /proc/self/status | uniq; }
is "signals are neither blocked nor ignored" "$(blocked_ignored)" 0000000000000000
is "nor if the caller ignores them" "$(trap '' USR1 PIPE HUP CHLD && blocked_ignored)" 0000000000000000
prints "one process" "1" "$LXC_LAUNCH" --rm @busybox sh -c 'set -- /proc/[0-9]*; echo $#'
prints "its own session" "1 1" "$LXC_LAUNCH" --rm @busybox awk '{ print $5, $6 }' /proc/1/stat
is "no mount of ours" "$(run1 @busybox cut -d ' ' -f 5 /proc/self/mountinfo |
    grep -Ev '^/sys/fs/cgroup/|^/proc/|^/sys/(firmware|devices)' | sort | tr '\n' ' ')" \
    "/ /.dockerenv /dev /dev/mqueue /dev/pts /dev/shm /etc/hostname /etc/hosts /proc /sys /sys/fs/cgroup "
is "no host path of the root" "$(run1 "$SCRATCH/fs" awk '$5 == "/" { print $6 }' /proc/self/mountinfo)" rw,relatime
prints "only the program itself" "/bin/busybox" "$LXC_LAUNCH" --rm @busybox readlink /proc/1/exe
prints "working directory" / "$LXC_LAUNCH" --rm @busybox pwd
prints "files of the root" ".dockerenv bin dev etc home mnt proc root run sbin sys tmp usr var" \
    "$LXC_LAUNCH" --rm @busybox sh -c 'ls -A / | tr "\n" " " | sed "s/ $//"'
is "no keyring of ours" "$(run1 @busybox sh -c 'cat /proc/keys | wc -l')" 0

# ---- names ----

prints "--name is the host name" web "$LXC_LAUNCH" --rm --name web @busybox hostname
prints "a name no host can have" a-b.c "$LXC_LAUNCH" --rm --name _a_b.c_ @busybox hostname
prints "-h" host.example "$LXC_LAUNCH" --rm --name web -h host.example @busybox hostname
# shellcheck disable=SC2016
prints "--hostname in /etc/hostname and HOSTNAME" "host1 host1" "$LXC_LAUNCH" --rm --hostname host1 @busybox \
    sh -c 'echo $(cat /etc/hostname) $HOSTNAME'
like "without --name" "$(run1 @busybox hostname)" '^[0-9a-f]{12}$'
# The longest, for an image and for a directory.
long=$(head -c 255 /dev/zero | tr '\0' n)
for length in 240 241 254 255; do
    prints "a name of $length characters" "${long:0:63}" "$LXC_LAUNCH" --rm --name "${long:0:length}" @busybox hostname
    prints "a name of $length characters, for a directory" "${long:0:63}" "$LXC_LAUNCH" --rm --name "${long:0:length}" "$SCRATCH/fs" hostname
done
fails_with 125 'is longer than 255 characters' "$LXC_LAUNCH" --rm --name "${long}n" @busybox true

# ---- -d ----

# ended ID
# shellcheck disable=SC2317 # called through wait_for
ended() { [ "$(jq -r .status "/run/runlxc/$1/state.json")" = stopped ]; }

# shellcheck disable=SC2016
prints "-d prints the name" back "$LXC_LAUNCH" -d --name back -l k=v @busybox \
    sh -c 'echo to stdout; echo to stderr >&2; read x; echo "end of file: $?"; sleep 0.2; exit 5'
fails_with 125 'back' "$LXC_LAUNCH" --name back @busybox true
fails_with 125 'exist' "$LXC_LAUNCH" --rm --name back @busybox true
ok "the container of that name goes on" wait_for 10 ended back
is "its output is in the log" "$(cat /run/runlxc/back/log)" 'to stdout
to stderr
end of file: 1'
is "the log's mode" "$(stat -c %a /run/runlxc/back/log)" 600
is "its state" "$(jq -c '[.id, .status, .annotations.k]' /run/runlxc/back/state.json)" '["back","stopped","v"]'
is "its exit status" "$(jq .waitStatus /run/runlxc/back/state.json)" $((5 << 8))
is "config.env's mode" "$(stat -c %a /run/runlxc/back/config.env)" 600
fails_with 127 'nosuch' "$LXC_LAUNCH" -d --name failed @busybox nosuch
ok "nothing is left of a start that failed" test ! -e /run/runlxc/failed
id=$("$LXC_LAUNCH" -d --rm @busybox sleep 0.3)
like "-d without a name prints one" "$id" '^[0-9a-f]{12}$'
ok "it is there while it runs" test -e "/run/runlxc/$id/state.json"
ok "-d --rm removes it at its end" wait_for 10 test ! -e "/run/runlxc/$id"
prints "--root" elsewhere "$LXC_LAUNCH" --root "$ROOT" --name elsewhere -d @busybox true
ok "--root has its state" test -e "$ROOT/elsewhere/state.json"
ok "and not the usual place" test ! -e /run/runlxc/elsewhere
status_is "the same name in another root" 0 "$LXC_LAUNCH" --name elsewhere @busybox true
ok "without --rm the records stay" test -e /run/runlxc/elsewhere/state.json

# ---- --dry-run ----

find /run/runlxc /var/lib/runlxc "$SCRATCH/fs" "$ROOT" | sort >"$SCRATCH/before"
run "$LXC_LAUNCH" --dry-run --name dry -m 64m -v "$SCRATCH/none:/new" --tmpfs /newtmp --lxc-conf lxc.hook.version=1 "$SCRATCH/fs" true
is "--dry-run succeeds silently" "$status $err" "0 "
like "it prints the configuration" "$out" "(^|
)lxc.rootfs.path = dir:$SCRATCH/fs
"
like "the volume" "$out" "lxc.mount.entry = $SCRATCH/none new "
like "the environment file" "$out" 'lxc.mount.entry = /run/runlxc/dry/config.env .dockerenv '
like "the memory limit" "$out" 'memory.*67108864'
is "raw keys come last" "$(tail -n 1 <<<"$out")" 'lxc.hook.version = 1'
run "$LXC_LAUNCH" --dry-run --name dry @busybox true
like "--dry-run of @busybox" "$out" 'lxc.uts.name = dry'
is "--dry-run makes nothing" "$(find /run/runlxc /var/lib/runlxc "$SCRATCH/fs" "$ROOT" | sort | diff "$SCRATCH/before" -)" ""
fails_with 125 'no such file or directory' "$LXC_LAUNCH" --dry-run --mount "type=bind,src=$SCRATCH/none,dst=/x" @busybox true
"$LXC_LAUNCH" --name same "$SCRATCH/fs" true
is "what is printed is what is used" "$("$LXC_LAUNCH" --dry-run --name same2 "$SCRATCH/fs" true | sed s/same2/same/g)" \
    "$(cat /run/runlxc/same/config)"

# ---- --entrypoint, --annotation, --stop-signal, --lxc-conf ----

prints "--entrypoint" "a b" "$LXC_LAUNCH" --rm --entrypoint echo @busybox a b
prints "--entrypoint drops the image's command" "" "$LXC_LAUNCH" --rm --entrypoint echo @busybox
prints "an empty --entrypoint" "a b" "$LXC_LAUNCH" --rm --entrypoint '' @busybox echo a b
fails_with 125 'no command' "$LXC_LAUNCH" --rm "$SCRATCH/fs"
prints "arguments arrive as they are" "[][ ][a  b][*][-x][é][\\][\"]" "$LXC_LAUNCH" --rm @busybox \
    printf '[%s]' '' ' ' 'a  b' '*' -x é "\\" '"'
prints "--annotation" "" "$LXC_LAUNCH" --name noted --annotation a.b/c=d=e --annotation 'x=ü "' @busybox true
is "annotations in state.json" "$(jq -c '[.annotations["a.b/c"], .annotations.x]' /run/runlxc/noted/state.json)" '["d=e","ü \""]'
"$LXC_LAUNCH" --name stopped --stop-signal USR1 @busybox true
like "--stop-signal" "$(cat /run/runlxc/stopped/config)" 'lxc.signal.halt = (SIG)?(USR1|10)'
"$LXC_LAUNCH" --name raw --lxc-conf lxc.uts.name=raw-name --lxc-conf 'lxc.log.syslog = daemon' @busybox hostname >"$SCRATCH/raw" 2>&1
is "a raw key wins" "$(cat "$SCRATCH/raw")" raw-name
fails_with 125 'lxc.nosuch = 1: Unsupported config key "lxc.nosuch"' "$LXC_LAUNCH" --rm --lxc-conf lxc.nosuch=1 @busybox true
fails_with 125 'lxc.net.0.type = zzz: Invalid network type zzz' "$LXC_LAUNCH" --rm --lxc-conf lxc.net.0.type=zzz @busybox true
fails_with 125 'control character (0x0a)' "$LXC_LAUNCH" --rm --lxc-conf $'lxc.uts.name=x\nlxc.hook.pre-start=/bin/false' @busybox true
fails_with 125 '"cgroup.x"' "$LXC_LAUNCH" --rm --lxc-conf cgroup.x=1 @busybox true
ok "LXC's log is there" test -e /run/runlxc/raw/lxc.log

# ---- LXC's own tools see the container ----

"$LXC_LAUNCH" -d --name seen @busybox sleep 30 >/dev/null
is "lxc-ls" "$(lxc-ls -P /run/runlxc --running -1 | tr -d ' ')" seen
is "lxc-info" "$(lxc-info -P /run/runlxc -n seen -s -H)" RUNNING
is "lxc-info: the init's pid" "$(lxc-info -P /run/runlxc -n seen -p -H)" "$(jq .pid /run/runlxc/seen/state.json)"
is "lxc-attach" "$(lxc-attach -P /run/runlxc -n seen -- hostname 2>/dev/null)" seen
ok "lxc-stop" lxc-stop -P /run/runlxc -n seen -k
ok "lxc-stop ends it" wait_for 10 ended seen
is "and its status is that of the signal" "$(jq .waitStatus /run/runlxc/seen/state.json)" 9

# ---- nothing is left ----

for id in back same noted stopped raw seen elsewhere; do
    ok "runlxc delete $id" "$RUNLXC" delete "$id"
done
ok "runlxc --root delete" "$RUNLXC" --root "$ROOT" delete elsewhere
is "records of ours" "$(find /run/runlxc "$ROOT" -mindepth 1 -maxdepth 1)" ""
is "throw-away layers" "$(ls -A /var/lib/runlxc/upper)" ""

suite_end
