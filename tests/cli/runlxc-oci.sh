#!/bin/bash
# runlxc beside runc, on the same bundles: what each prints, its exit codes, how it fails, what is left.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

RUNC=${RUNC:-runc}
RUNC_ROOT=$SCRATCH/runc-root
bundle=$SCRATCH/bundle
busybox_rootfs "$bundle/rootfs"
at_exit '"$RUNLXC" --root "$ROOT" list -q | xargs -rn 1 "$RUNLXC" --root "$ROOT" delete --force >/dev/null 2>&1'
at_exit '"$RUNC" --root "$RUNC_ROOT" list -q | xargs -rn 1 "$RUNC" --root "$RUNC_ROOT" delete --force >/dev/null 2>&1'

# plain TEXT: without what differs by itself: pids, times, roots, the name of the program.
plain() {
    sed -E "s#($RUNC_ROOT|$ROOT)#ROOT#g; s/20[0-9]{2}-[0-9-]+T[0-9:.]+Z/TIME/g; s/\\b[0-9]{2}:[0-9]{2}\\b/CLOCK/g; s/[0-9]{3,}/NUMBER/g; s/ +/ /g"
}

# beside ARG...: both do it; runc_status, runc_out, runc_err and status, out, err.
beside() {
    local input=$SCRATCH/.input

    [ "${STDIN:-}" ] || input=/dev/null
    run "$RUNC" --root "$RUNC_ROOT" "$@" <"$input"
    runc_status=$status runc_out=$out runc_err=$err
    run "$RUNLXC" --root "$ROOT" "$@" <"$input"
}
# alike DESC ARG...: with the same exit code.
alike() {
    local desc=$1

    shift
    beside "$@"
    if [ "$status" = "$runc_status" ]; then
        pass "$desc ($status)"
    else
        fail "$desc"
        diag "runc $*: $runc_status $runc_err"
        diag "runlxc: $status $err"
    fi
}
# same DESC ARG...: and the same standard output.
same() {
    local desc=$1

    alike "$@"
    is "$desc: what is printed" "$(plain <<<"$out")" "$(plain <<<"$runc_out")"
}
# refused DESC REGEX ARG...: by both, ours with this sentence.
refused() {
    local desc=$1 regex=$2

    shift 2
    alike "$desc" "$@"
    isnt "$desc: an error" "$status" 0
    like "$desc: the sentence" "$err" "$regex"
}

# config FILTER: the bundle's config.json: the default one, changed by jq.
config() {
    rm -f "$bundle/config.json"
    "$RUNC" spec -b "$bundle"
    jq ".process.terminal = false | .root.readonly = false | $1" "$bundle/config.json" >"$SCRATCH/.config"
    mv "$SCRATCH/.config" "$bundle/config.json"
}
command() {
    config ".process.args = $(printf '%s\n' "$@" | jq -R . | jq -sc .)"
}

# ---- spec and features ----

mkdir "$SCRATCH/spec" && cd "$SCRATCH/spec" || exit 1
for option in '' --rootless; do
    # shellcheck disable=SC2086 # none or one word
    is "spec $option" "$("$RUNLXC" spec $option && jq -S 'del(.ociVersion, .hostname)' config.json && rm config.json)" \
        "$("$RUNC" spec $option && jq -S 'del(.ociVersion, .hostname)' config.json && rm config.json)"
done
touch config.json
refused "a config.json that is there" 'config.json exists' spec
ok "is not touched" test ! -s config.json
refused "spec in a directory that is not there" '/nosuch: no such file' spec -b /nosuch
cd "$SCRATCH" || exit 1
beside features
is "features are JSON of both" "$status $runc_status $(jq -r .ociVersionMin <<<"$out")" "0 0 $(jq -r .ociVersionMin <<<"$runc_out")"
for list in .hooks .mountOptions .linux.namespaces .linux.capabilities .linux.seccomp.actions .linux.seccomp.operators \
    .linux.seccomp.archs; do
    is "features: all of runc's $list" "$(jq -nc --argjson a "$runc_out" --argjson b "$out" "\$a$list - \$b$list")" "[]"
done
is "features: mount options are in order" "$(jq -c .mountOptions <<<"$out")" "$(jq -c '.mountOptions | sort' <<<"$out")"
is "features: the version that --version has" "$(jq -r .ociVersionMax <<<"$out")" "$("$RUNLXC" --version | sed -n 's/^spec: //p')"

# ---- a container's life ----

command sh -c 'trap "exit 7" TERM; while :; do sleep 0.05; done'
refused "state of nothing" 'container "c1" does not exist' state c1
same "create" create -b "$bundle" c1
refused "an id twice" 'container "c1" exists' create -b "$bundle" c1
alike "state" state c1
for member in id status bundle rootfs; do
    is "state: $member" "$(jq -r ".$member" <<<"$out")" "$(jq -r ".$member" <<<"$runc_out")"
done
is "state: all of runc's members" "$(jq -nc --argjson a "$runc_out" --argjson b "$out" '($a | keys) - ($b | keys)')" "[]"
is "state: first of all, in runc's order" "$(jq -c '[keys_unsorted[:7][]]' <<<"$out")" "$(jq -c '[keys_unsorted[:7][]]' <<<"$runc_out")"
same "list of a created one" list
same "its ids" list -q
is "nothing runs in it but its init" "$("$RUNLXC" --root "$ROOT" ps -f json c1 | jq length)" 1
same "exec in a created one" exec c1 echo early
refused "resume of a created one" 'container not paused' resume c1
same "start" start c1
refused "start twice" 'running already' start c1
is "state: running" "$("$RUNLXC" --root "$ROOT" state c1 | jq -r .status)" running
refused "delete of a running one" 'container "c1" is running' delete c1
is "ps: the supervisor is none of them" "$("$RUNLXC" --root "$ROOT" ps c1 | grep -c runlxc)" 0
refused "ps: another format" 'xml' ps -f xml c1
alike "list as JSON" list -f json
is "list: all of runc's members" "$(jq -nc --argjson a "$runc_out" --argjson b "$out" '($a[0] | keys) - ($b[0] | keys)')" "[]"
refused "list: another format" 'xml' list -f xml

# ---- exec ----

same "exec" exec c1 sh -c 'echo $((6*7)); pwd; id; echo err >&2'
is "standard error" "$err" "$runc_err"
same "environment" exec -e A=b -e C= c1 sh -c 'echo "$A $C $PATH"'
same "working directory" exec --cwd /etc c1 pwd
same "user" exec --user 5:6 -g 7 -g 8 c1 sh -c 'id -u; id -G'
same "no_new_privs, capabilities" exec --no-new-privs --cap CAP_SYS_TIME c1 grep -E 'NoNewPrivs|CapEff|CapBnd|CapPrm' /proc/self/status
alike "a capability that nobody knows" exec --cap CAP_NOSUCH c1 true
like "is a warning" "$err" 'warning.*CAP_NOSUCH'
for code in 0 1 42 125 126 127 255; do
    alike "exit code" exec c1 sh -c "exit $code"
done
for sig in TERM KILL INT; do
    alike "end by SIG$sig" exec c1 sh -c "kill -$sig \$\$; sleep 5"
done
echo input >"$SCRATCH/.input"
STDIN=1 same "standard input" exec c1 cat
jq '.process | .args = ["id", "-u"] | .user.uid = 9' "$bundle/config.json" >"$SCRATCH/process.json"
same "a process as JSON" exec -p "$SCRATCH/process.json" c1
same "detached" exec -d --pid-file "$SCRATCH/exec.pid" c1 sleep 0
ok "its pid is written" grep -qxE '[0-9]+' "$SCRATCH/exec.pid"
# What engines make of it: tests/unit/test_failure.c.
refused "a command that is not there" '"nosuch": executable file not found in' exec c1 nosuch
refused "a path that is not there" '"/nosuch": no such file or directory' exec c1 /nosuch
refused "a file that cannot be executed" '"/etc/passwd": permission denied' exec c1 /etc/passwd
refused "a directory" '"/etc": permission denied' exec c1 /etc
refused "below a file" '"/etc/passwd/x": not a directory' exec c1 /etc/passwd/x
refused "a working directory that is not there" '"/nosuch": no such file or directory' exec --cwd /nosuch c1 true
refused "an environment without =" 'NOVALUE' exec -e NOVALUE c1 true
refused "a container that is not there" 'container "nosuch" does not exist' exec nosuch true
refused "no command" 'command' exec c1
refused "no id" 'ID is missing' exec
refused "no process file" '/nosuch: no such file or directory' exec -p /nosuch c1
refused "a terminal for nobody" 'console-socket' exec -t -d c1 true
refused "nobody at the socket" '/nosuch: no such file or directory' exec -t -d --console-socket /nosuch c1 true
refused "no such cgroup" 'no such file or directory' exec --cgroup nosuch c1 true
refused "no such controller" 'nosuch' exec --cgroup nosuch:nosuch c1 true
refused "a cgroup outside" '\.\./x' exec --cgroup ../x c1 true
refused "no AppArmor profile" 'nosuch' exec --apparmor nosuch c1 true
refused "no SELinux" 'nosuch|SELinux' exec --process-label nosuch c1 true

# ---- pause, kill, delete ----

same "pause" pause c1
refused "pause again" 'container not running' pause c1
is "state: paused" "$("$RUNLXC" --root "$ROOT" state c1 | jq -r .status)" paused
refused "exec in a paused one" 'paused' exec c1 true
refused "delete of a paused one" 'paused' delete c1
same "resume" resume c1
refused "resume again" 'container not paused' resume c1
refused "a signal that is none" 'FOO' kill c1 FOO
refused "a number that is none" '99' kill c1 99
alike "signal 0" kill c1 0
for sig in CONT SIGCONT cont 18; do
    same "kill $sig" kill c1 "$sig"
done
refused "kill of nothing" 'does not exist' kill nosuch
same "kill" kill c1
ok "it ends" wait_for 10 sh -c '[ "$("$0" --root "$1" state c1 | jq -r .status)" = stopped ]' "$RUNLXC" "$ROOT"
ok "so does runc's" wait_for 10 sh -c '[ "$("$0" --root "$1" state c1 | jq -r .status)" = stopped ]' "$RUNC" "$RUNC_ROOT"
beside state c1
is "state: no pid" "$(jq -c '[.status, .pid]' <<<"$out")" "$(jq -c '[.status, .pid]' <<<"$runc_out")"
# containerd takes it for an end that was reached already.
refused "kill of a stopped one" 'container not running' kill c1 KILL
same "kill --all of a stopped one" kill --all c1 KILL
refused "pause of a stopped one" 'container not running' pause c1
refused "resume of a stopped one" 'container not paused' resume c1
refused "exec in a stopped one" 'stopped' exec c1 true
refused "start of a stopped one" 'has stopped' start c1
refused "events of a stopped one" 'not running' events --stats c1
alike "ps of a stopped one" ps c1
same "list of a stopped one" list
same "delete" delete c1
refused "delete again" 'does not exist' delete c1
same "delete --force of what is gone" delete --force c1
same "an empty list" list

command sleep 600
same "create" create -b "$bundle" c2
same "kill --all of a created one" kill --all c2 KILL
same "delete --force" delete --force c2
same "create" create -b "$bundle" c3
same "delete of a created one" delete c3
same "run -d" run -d -b "$bundle" --pid-file "$SCRATCH/run.pid" c4
same "ps as table, by columns" ps c4 -o args
same "ps as JSON" ps -f json c4
alike "ps as table" ps c4
is "ps: the same columns" "$(head -n 1 <<<"$out")" "$(head -n 1 <<<"$runc_out")"
same "delete --force of a running one" delete --force c4

# ---- run ----

for code in 0 1 42 127 255; do
    command sh -c "echo out; exit $code"
    same "run to its end" run -b "$bundle" r1
    refused "after which it is gone" 'does not exist' state r1
done
for sig in TERM KILL SEGV; do
    command sh -c "kill -$sig \$\$; exit 4"
    alike "run of what sends itself SIG$sig" run -b "$bundle" r1
done
# ended DESC ARG...: what "run" ends with when both containers are acted on like this.
ended() {
    local desc=$1 ours runcs

    shift
    command sh -c 'sleep 600 & exec sleep 600'
    "$RUNC" --root "$RUNC_ROOT" run -b "$bundle" r2 </dev/null >/dev/null 2>&1 &
    runcs=$!
    "$RUNLXC" --root "$ROOT" run -b "$bundle" r2 </dev/null >/dev/null 2>&1 &
    ours=$!
    wait_for 10 sh -c '[ "$("$0" --root "$1" ps -f json r2 | jq length)" = 2 ]' "$RUNC" "$RUNC_ROOT"
    wait_for 10 sh -c '[ "$("$0" --root "$1" ps -f json r2 | jq length)" = 2 ]' "$RUNLXC" "$ROOT"
    same "$desc" "$@"
    wait "$runcs"
    runcs=$?
    wait "$ours"
    is "$desc: run ends with" "$?" "$runcs"
}
ended "kill of the init" kill r2 KILL
ended "kill of all, but for the supervisor" kill --all r2 KILL
command cat
STDIN=1 same "run with standard input" run -b "$bundle" r1
command sh -c 'exit 3'
same "run --keep" run --keep -b "$bundle" r1
same "keeps it" list -q
same "to be deleted" delete r1
command nosuch
refused "run of a command that is not there" '"nosuch": executable file not found in' run -b "$bundle" r1
command /etc/passwd
refused "run of what cannot be executed" '"/etc/passwd": permission denied' run -b "$bundle" r1
refused "after which nothing is left" 'does not exist' state r1

# ---- bundles that are none ----

command true
refused "no bundle" '/nosuch: no such file or directory' create -b /nosuch c5
refused "no config.json" 'config.json' create -b "$SCRATCH" c5
refused "a bad id" 'a/b' create -b "$bundle" a/b
refused "an empty id" 'empty' create -b "$bundle" ''
refused "no id" 'ID is missing' create -b "$bundle"
refused "two ids" 'one argument too many' create -b "$bundle" c5 c6
echo '{' >"$bundle/config.json"
refused "no JSON" 'config.json' create -b "$bundle" c5
for wrong in '.root.path = "nosuch"' '.process.args = []' 'del(.process.cwd)' '.process.cwd = "relative"' \
    '.linux.namespaces += [{"type": "nosuch"}]' '.mounts += [{"destination": "/x", "type": "nosuch", "source": "x"}]' \
    '.mounts += [{"destination": "/x", "type": "bind", "source": "/nosuch", "options": ["bind"]}]' \
    '.linux.namespaces |= map(if .type == "network" then .path = "/nosuch" else . end)' \
    '.hooks.prestart = [{"path": "/nosuch"}]' '.hooks.createRuntime = [{"path": "/bin/false"}]'; do
    command true
    config "$wrong"
    alike "create: $wrong" create -b "$bundle" c5
    isnt "is refused: $wrong" "$status" 0
    refused "and leaves nothing" 'does not exist' state c5
done

# ---- the command line ----

refused "an unknown option" 'unknown option "--nosuch"' state --nosuch c1
refused "an unknown global option" 'unknown option "--nosuch"' --nosuch list
refused "no id" 'ID is missing' state
refused "an id that is none" 'a/b' state a/b
refused "an id that leads out" '\.\./x' state ../x
refused "a log nowhere" '/nosuch/log: no such file' --log /nosuch/log list
refused "a log format that is none" 'xml' --log-format xml list
for verb in start kill pause resume ps delete; do
    refused "$verb of nothing" 'does not exist' "$verb" nosuch
done
command true
if [ ! -d /run/systemd/system ]; then
    refused "systemd's cgroups without systemd" 'systemd' --systemd-cgroup create -b "$bundle" c7
fi
same "options for systemd and users" --systemd-cgroup --rootless=auto --debug=false list

# The log, as engines read it.
for program in "$RUNC" "$RUNLXC"; do
    "$program" --root "$SCRATCH/none" --log "$SCRATCH/log-${program##*/}" --log-format json delete nosuch 2>/dev/null
done
is "a JSON log has the same members" "$(jq -cS 'keys' "$SCRATCH/log-${RUNLXC##*/}")" "$(jq -cS 'keys' "$SCRATCH/log-${RUNC##*/}")"
is "and level" "$(jq -r .level "$SCRATCH/log-${RUNLXC##*/}")" "$(jq -r .level "$SCRATCH/log-${RUNC##*/}")"
suite_end
