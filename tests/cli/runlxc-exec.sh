#!/bin/bash
# runlxc exec: what the process is, what it gets, what it does not see, how it ends.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

runlxc() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
launch() { bounded "$LXC_LAUNCH" --root "$ROOT" "$@"; }
# inside NAME ARG...: exec in it.
inside() { runlxc exec "$@"; }

ok "a container" launch -d --name c1 -e FROM=container -w /tmp --ulimit nofile=321:654 --security-opt no-new-privileges \
    --cap-add NET_ADMIN @busybox sleep 600
at_exit 'for id in c1 c2 user; do runlxc delete --force "$id"; done >/dev/null 2>&1'
init=$(runlxc state c1 | jq .pid)

# ---- exit codes ----

wrong=
for ((code = 0; code < 256; code++)); do
    inside c1 sh -c "exit $code" </dev/null >/dev/null 2>&1
    [ "$?" -eq "$code" ] || wrong+=" $code"
done
is "exit codes 0 to 255" "$wrong" ""
for sig in HUP INT ABRT KILL USR1 SEGV TERM; do
    number=$(kill -l "$sig")
    status_is "128 + $sig" $((128 + number)) inside c1 sh -c "kill -$sig \$\$; sleep 5"
done
fails_with 255 '"nosuch": executable file not found in PATH' inside c1 nosuch
fails_with 255 '"/nosuch": no such file' inside c1 /nosuch
fails_with 255 '"/etc/passwd": permission denied' inside c1 /etc/passwd
fails_with 255 '"/etc": permission denied: a directory' inside c1 /etc
fails_with 255 'container "nosuch" does not exist' inside nosuch true
fails_with 255 'the command to run is missing' inside c1
fails_with 1 'ID is missing' inside
fails_with 255 'user: "nobody-here" is not in the container' inside -u nobody-here c1 true
fails_with 255 'working directory "/nosuch": no such file' inside --cwd /nosuch c1 true
fails_with 255 'working directory "tmp" is not absolute' inside --cwd tmp c1 true
fails_with 255 '--env: "NOVALUE" is not NAME=VALUE' inside -e NOVALUE c1 true
run inside --cap CAP_NOSUCH c1 true
is "an unknown capability is a warning" "$status $err" \
    '0 runlxc: warning: exec: capability: "CAP_NOSUCH" is not the name of a capability'
fails_with 255 "\"x\" is not a group's number" inside -g x c1 true
fails_with 255 'descriptor 3: bad file descriptor' inside --preserve-fds 1 c1 true 3>&-
fails_with 1 'did you mean "--user"' inside --usr 0 c1 true
fails_with 255 '--detach with a terminal needs --console-socket' inside -d -t c1 true
fails_with 255 '--console-socket needs --detach' inside --console-socket /nosuch c1 true
fails_with 255 'console socket /nosuch: no such file' inside -d -t --console-socket /nosuch c1 true

# ---- the process ----

like "the container's environment, and more" "$(inside -e A=b -e 'C=d e' c1 env | sort | tr '\n' '|')" \
    '\|?A=b\|C=d e\|FROM=container\|.*container=lxc'
is "the last of a variable wins" "$(inside -e FROM=exec -e X=1 -e X=2 c1 sh -c 'echo $FROM $X')" "exec 2"
is "values with newlines and quotes" "$(inside -e $'V=a\n"b" \\ä' c1 sh -c 'printf %s "$V"')" $'a\n"b" \\ä'
is "no TERM without a terminal" "$(inside c1 sh -c 'echo ${TERM-none}')" none
is "arguments that look like options are the command's" "$(inside c1 echo -d --help -e)" "-d --help -e"
is "the container's working directory" "$(inside c1 pwd)" /tmp
is "another one" "$(inside --cwd /etc c1 pwd)" /etc
is "a user by numbers" "$(inside -u 5:6 c1 id -u)$(inside -u 5:6 c1 id -g)" 56
is "more groups" "$(inside -u 5:6 -g 7 -g 8 c1 id -G)" "6 7 8"
is "a user by name, whose home is HOME" "$(inside -u nobody c1 sh -c 'id -u; echo $HOME')" \
    "$(inside c1 sed -n 's/^nobody:[^:]*:\([0-9]*\):[^:]*:[^:]*:\([^:]*\):.*/\1\n\2/p' /etc/passwd)"
status=$(inside c1 cat /proc/self/status)
own=$(cat "/proc/$init/status")
for field in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp; do
    is "the container's $field" "$(grep "^$field:" <<<"$status")" "$(grep "^$field:" <<<"$own")"
done
is "no_new_privs is set" "$(grep -c 'NoNewPrivs:.1' <<<"$status")" 1
is "one more capability" "$(inside --cap CAP_SYS_TIME c1 sh -c 'grep CapEff /proc/self/status')" \
    "$(printf 'CapEff:\t%016x' $((0x$(sed -n 's/CapEff:\t//p' <<<"$own") | 1 << 25)))"
is "the container's limits" "$(inside c1 sh -c 'ulimit -n; ulimit -Hn')" $'321\n654'
is "its umask" "$(inside c1 sh -c umask)" 0022
is "its oom_score_adj" "$(inside c1 cat /proc/self/oom_score_adj)" "$(cat "/proc/$init/oom_score_adj")"

# ---- where it is ----

for ns in cgroup ipc mnt net pid uts user time; do
    is "the container's $ns namespace" "$(inside c1 readlink /proc/self/ns/$ns)" "$(readlink "/proc/$init/ns/$ns")"
done
ok "one that stays" inside -d --pid-file "$SCRATCH/pid" c1 sleep 600
pid=$(<"$SCRATCH/pid")
is "the cgroups of the init" "$(cat "/proc/$pid/cgroup")" "$(cat "/proc/$init/cgroup")"
is "it is the command" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 600 "
is "its root is the container's" "$(stat -Lc %d:%i "/proc/$pid/root")" "$(stat -Lc %d:%i "/proc/$init/root")"
is "an AppArmor label is the init's" "$(cat "/proc/$pid/attr/current" 2>/dev/null)" \
    "$(cat "/proc/$init/attr/current" 2>/dev/null)"
is "no descriptor but the three" "$(find "/proc/$pid/fd" -mindepth 1 -printf '%f ')" "0 1 2 "
is "nothing of ours is mapped" "$(grep -c runlxc "/proc/$pid/maps")" 0
is "its parent is none of the container's" "$(inside c1 sed -n 's/^PPid:.//p' /proc/self/status)" 0
like "ps shows it" "$(runlxc ps c1)" "sleep 600"
ok "it can be killed from the host" kill -KILL "$pid"

# Cgroups of the caller's below the container's.
mapfile -t controllers < <(runlxc state c1 | jq -r '.cgroups | keys[]')
declare -A cgroup
for controller in "${controllers[@]}"; do
    cgroup[x$controller]=$(runlxc state c1 | jq -r --arg c "$controller" '.cgroups[$c]')
done
# of CONTROLLER ARG...: what an exec with these options finds itself in.
of() {
    local controller=$1
    shift
    inside "$@" c1 sed -n "s/^[0-9]*:$controller://p" /proc/self/cgroup
}
if [ -n "${cgroup[xpids]:-}" ]; then
    for controller in "${controllers[@]}"; do
        mkdir "${cgroup[x$controller]}/sub"
    done
    is "a cgroup in one hierarchy" "$(of pids --cgroup pids:sub) $(of freezer --cgroup pids:sub)" "/sub /"
    is "a leading slash is the container's" "$(of pids --cgroup pids:/sub/)" "/sub"
    is "in two" "$(of pids --cgroup pids,freezer:sub) $(of freezer --cgroup pids,freezer:sub)" "/sub /sub"
    is "in each its own" "$(of pids --cgroup pids:sub --cgroup freezer:/) $(of freezer --cgroup pids:sub --cgroup freezer:/)" "/sub /"
    fails_with 255 'both "pids:/" and "pids:sub" are for pids' inside --cgroup pids:/ --cgroup pids:sub c1 true
    fails_with 255 'has no cgroup of controller "nosuch"' inside --cgroup nosuch:sub c1 true
    for controller in "${controllers[@]}"; do
        wait_for 5 rmdir "${cgroup[x$controller]}/sub"
    done
fi
fails_with 255 '/nosuch": no such file or directory' inside --cgroup nosuch c1 true
fails_with 255 'cgroup "../x": not below' inside --cgroup ../x c1 true
fails_with 255 'cgroup "a/../../x": not below' inside --cgroup a/../../x c1 true

# Descriptors: a file of the caller's that no option names, with and without close-on-exec, stays here.
exec 7</etc/hostname
is "a descriptor of the caller's is not passed on" \
    "$(inside c1 sh -c 'for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || readlink /proc/$$/fd/$fd; done')" ""
exec 7<&-
printf three >"$SCRATCH/three"
printf four >"$SCRATCH/four"
is "unless it is preserved" \
    "$(inside --preserve-fds 2 c1 sh -c 'cat <&3; cat <&4' 3<"$SCRATCH/three" 4<"$SCRATCH/four")" threefour
is "or LISTEN_FDS names it" "$(LISTEN_FDS=1 inside c1 sh -c 'cat <&3; echo " $LISTEN_FDS"' 3<"$SCRATCH/three")" "three 1"

# ---- streams ----

head -c 10000000 /dev/urandom >"$SCRATCH/bytes"
inside c1 cat <"$SCRATCH/bytes" >"$SCRATCH/copy"
is "10 MB through stdin and stdout" "$(cmp "$SCRATCH/bytes" "$SCRATCH/copy" && echo same)" same
# shellcheck disable=SC2002 # a pipe is what is tested
cat "$SCRATCH/bytes" | inside c1 cat | cmp - "$SCRATCH/bytes" >"$SCRATCH/diff" 2>&1
is "through pipes on both sides" "$?$(cat "$SCRATCH/diff")" 0
run inside c1 sh -c 'echo out; echo err >&2'
is "stdout and stderr are two" "$out|$err" "out|err"
is "the end of stdin is seen, and the output after it arrives" "$(printf abc | inside c1 sh -c 'wc -c; sleep 0.2; echo end')" $'3\nend'
is "a reader that goes away ends a writer" "$(inside c1 sh -c 'yes; echo "$?" >/tmp/yes' | head -n 1)" y
is "stdin closed here is at its end there" "$(inside c1 cat <&-; echo $?)" 0
is "a detached one writes where we write" "$(inside -d c1 sh -c 'echo detached')" detached
printf 'to a detached one' >"$SCRATCH/in"
inside -d c1 cat <"$SCRATCH/in" >"$SCRATCH/detached-out"
ok "and reads where we read" wait_for 5 test -s "$SCRATCH/detached-out"
is "all of it" "$(<"$SCRATCH/detached-out")" "to a detached one"
ok "signals to us go to it" bash -c '
    "$0" --root "$1" exec c1 sh -c "trap \"exit 42\" USR1; echo ready; while :; do sleep 0.1; done" >"$2" & pid=$!
    for i in $(seq 100); do [ -s "$2" ] && break; sleep 0.05; done
    kill -USR1 "$pid"; wait "$pid"; [ "$?" -eq 42 ]' "$RUNLXC" "$ROOT" "$SCRATCH/ready"

# ---- a terminal ----

# on_tty COMMAND...: with a terminal of 33 rows and 101 columns for stdin, stdout and stderr; its output.
on_tty() {
    local line

    printf -v line '%q ' "$@"
    SHELL=/bin/bash timeout "$LIMIT" script -qec "stty rows 33 cols 101; $line" /dev/null </dev/null | tr -d '\r'
    return "${PIPESTATUS[0]}"
}
like "a terminal" "$(on_tty "$RUNLXC" --root "$ROOT" exec -t c1 tty)" '/dev/(pts/[0-9]+|console)'
like "its size" "$(on_tty "$RUNLXC" --root "$ROOT" exec -t c1 stty size)" '33 101'
like "TERM is set" "$(on_tty "$RUNLXC" --root "$ROOT" exec -t c1 sh -c 'echo "T=$TERM"')" 'T=[a-z]'
on_tty "$RUNLXC" --root "$ROOT" exec -t c1 sh -c 'exit 9' >/dev/null
is "its exit code" "$?" 9
like "it is the controlling one" "$(on_tty "$RUNLXC" --root "$ROOT" exec -t c1 sh -c ': </dev/tty && echo yes')" yes

# The engine's side of a console socket, in Python where there is one.
if command -v python3 >/dev/null; then
    python3 "$TOP/tests/helpers/recvtty.py" "$SCRATCH/con" >"$SCRATCH/con.out" &
    recvtty=$!
    wait_for 10 test -e "$SCRATCH/con.ready"
    ok "exec -d -t with a console socket" inside -d -t --console-socket "$SCRATCH/con" --pid-file "$SCRATCH/pid" c1 \
        sh -c 'tty >/dev/null && echo on a terminal'
    wait "$recvtty"
    is "the socket's owner gets the master" "$(<"$SCRATCH/con.out")" "1 True on a terminal"
else
    skip "exec -d -t with a console socket" "python3 is missing"
fi

# ---- --process ----

cat >"$SCRATCH/process.json" <<'END'
{"terminal": false, "user": {"uid": 11, "gid": 12, "umask": 63, "additionalGids": [13, 14]}, "cwd": "/var",
 "args": ["sh", "-c", "id -u; id -G; umask; pwd; env | sort; ulimit -n; grep -E 'Cap(Bnd|Prm)|NoNewPrivs' /proc/self/status"],
 "env": ["PATH=/bin", "ONLY=this", "HOME=/var"],
 "capabilities": {"bounding": ["CAP_KILL", "CAP_OF_TOMORROW"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
 "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 100}], "noNewPrivileges": true, "unknown": 1}
END
run inside --process "$SCRATCH/process.json" c1
is "a process as JSON" "$out" "$(printf '%s\n' 11 '12 13 14' 0077 /var HOME=/var ONLY=this PATH=/bin PWD=/var SHLVL=1 99 \
    $'CapPrm:\t0000000000000000' $'CapBnd:\t0000000000000020' $'NoNewPrivs:\t1')"
like "an unknown capability is a warning" "$err" 'runlxc: warning: .*"CAP_OF_TOMORROW"'
is "its exit code is the process's" "$status" 0
jq -c '{args: ["sh", "-c", "ulimit -n; grep CapBnd /proc/self/status; umask"], cwd, env}' "$SCRATCH/process.json" \
    >"$SCRATCH/small.json"
is "what it does not say is the container's" "$(inside -p "$SCRATCH/small.json" c1)" \
    "$(printf '%s\n' 321 "$(grep CapBnd <<<"$own")" 0022)"
for bad in '.args = []#process.args' '.args = "sh"#args: expected an array' 'del(.cwd)#cwd' '.cwd = "x"#cwd: not an absolute path' \
    '.env = ["X"]#env[0]' '.user.uid = -1#user.uid' '.user.umask = 4096#user.umask' \
    '.rlimits[0].type = "RLIMIT_X"#rlimits[0].type' '.rlimits[0].soft = 101#rlimits[0]' '.rlimits += .rlimits#said twice' \
    '.oomScoreAdj = 1001#oomScoreAdj' '.terminal = 1#terminal' '.scheduler = {}#scheduler.policy' \
    '.ioPriority = {"class": "X"}#ioPriority.class' '.capabilities = []#capabilities'; do
    jq "${bad%%#*}" "$SCRATCH/process.json" >"$SCRATCH/bad.json"
    fails_with 255 "${bad#*#}" inside --process "$SCRATCH/bad.json" c1
done
echo '{' >"$SCRATCH/bad.json"
fails_with 255 "--process $SCRATCH/bad.json" inside --process "$SCRATCH/bad.json" c1
fails_with 255 "--process: read /nosuch: no such file" inside --process /nosuch c1
fails_with 255 '"sh" is one too many' inside --process "$SCRATCH/process.json" c1 sh

# ---- paused, stopped, removed while it runs ----

ok "paused" runlxc pause c1
fails_with 255 'container "c1" is paused' inside c1 true
inside --ignore-paused c1 sh -c 'echo went on' >"$SCRATCH/later" &
later=$!
sleep 0.5
is "with --ignore-paused it waits" "$(<"$SCRATCH/later")" ""
ok "resumed" runlxc resume c1
wait "$later"
is "and goes on when that does" "$? $(<"$SCRATCH/later")" "0 went on"
inside c1 sleep 606 &
sleeping=$!
wait_for 10 sh -c "$RUNLXC --root $ROOT ps c1 | grep -q 'sleep 606'"
# A process that failed on its way into the container, and that nobody waits for, would keep the init from ending.
fails_with 255 'user: "nosuch" is not in the container' inside -u 99:nosuch c1 true
ok "the container ends" runlxc stop --time 0 c1
wait "$sleeping"
is "and what was executed in it" "$?" 137
fails_with 255 'container not running: "c1" is stopped' inside c1 true
ok "delete" runlxc delete c1
fails_with 255 'container "c1" does not exist' inside c1 true

# ---- a user namespace, a terminal of the container's own, a profile with a filter ----

# Its root has to reach the root directory.
chmod 711 "$SCRATCH"
ok "with a user namespace" launch -d --name user --userns auto @busybox sleep 600
is "root in it" "$(inside user id -u)" 0
ok "one that stays" inside -d --pid-file "$SCRATCH/pid" user sleep 600
is "is nobody here" "$(stat -c %u "/proc/$(<"$SCRATCH/pid")")" \
    "$(stat -c %u "/proc/$(runlxc state user | jq .pid)")"
is "its cgroups" "$(cat "/proc/$(<"$SCRATCH/pid")/cgroup")" "$(cat "/proc/$(runlxc state user | jq .pid)/cgroup")"
is "another user of it" "$(inside -u 5:6 user id -u)" 5
ok "a filter" launch -d --name c2 @busybox sleep 600
is "holds in exec as well" "$(inside c2 sed -n 's/^Seccomp:.//p' /proc/self/status)" \
    "$(sed -n 's/^Seccomp:.//p' "/proc/$(runlxc state c2 | jq .pid)/status")"
for id in user c2; do
    ok "delete --force $id" runlxc delete --force "$id"
done
suite_end
