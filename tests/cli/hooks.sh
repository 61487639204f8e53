#!/bin/bash
# Hooks of an OCI bundle at all six points: order, namespaces, what they get, what their failure does; beside runc on the same
# bundle where both are to do the same.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private net

ID=hooks$$
B=$SCRATCH/bundle
LOG=$SCRATCH/log
HOST_POINTS='["prestart","createRuntime","createContainer","poststart","poststop"]'
chmod 711 "$SCRATCH"
mkdir -p "$B" "$LOG"
busybox_rootfs "$B/rootfs"
mkdir "$B/rootfs/log"

# The hook: it appends to LOG/order, and writes what it got to LOG/POINT. In the container the same directory is /log.
cat >"$SCRATCH/hook" <<'HOOK'
#!/bin/sh
# hook LOGDIR POINT [COMMAND]
log=$1 point=$2
echo "$point" >>"$log/order"
cat >"$log/$point.stdin"
{
    echo "args $*"
    echo "cwd $(pwd)"
    env | grep -v '^PWD=\|^SHLVL=\|^_=' | sort | sed 's/^/env /'
    for fd in 3 4 5 6 7 8 9; do [ ! -e "/proc/$$/fd/$fd" ] || echo "leaked $fd"; done # the shell has its own from 10 up
    grep -E '^(Sig(Blk|Ign)|NoNewPrivs|Uid)' /proc/self/status | tr -d '\t'
} >"$log/$point.got"
for ns in cgroup ipc mnt net pid user uts; do readlink "/proc/self/ns/$ns"; done >"$log/$point.ns"
[ -z "$3" ] || eval "$3"
HOOK
chmod 755 "$SCRATCH/hook"
cp "$SCRATCH/hook" "$B/rootfs/hook"

# bundle FILTER [JQ-OPTION...]: config.json out of runc's, with a hook at each point, and what the filter makes of it.
bundle() {
    local filter=$1

    shift
    rm -rf "$B/config.json" "${LOG:?}"/*
    : >"$LOG/order"
    chmod 777 "$LOG"
    chmod 666 "$LOG/order" # for the root of a user namespace
    (cd "$B" && runc spec) && jq --arg hook "$SCRATCH/hook" --arg log "$LOG" "$@" '
        def hook($point; $path; $log): {path: $path, args: ["hook", $log, $point], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "H=" + $point]};
        def hook($point): hook($point; $hook; $log);
        def command($text): .args[3] = $text;
        .process.terminal = false | .root.readonly = false | .annotations = {"some.key": "v \"q\" ä"} |
        .process.args = ["/bin/sh", "-c", "echo workload | tee -a /log/order"] |
        .mounts += [{destination: "/log", type: "bind", source: $log, options: ["bind", "rw"]}] |
        .hooks = (('"$HOST_POINTS"' | map({(.): [hook(.)]}) | add) + {startContainer: [hook("startContainer"; "/hook"; "/log")]}) |
        '"$filter" "$B/config.json" >"$B/config.new" && mv "$B/config.new" "$B/config.json"
}

rt() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
create() { rt create --bundle "$B" "$ID" </dev/null >"$SCRATCH/workload" 2>"$SCRATCH/create.err"; }
order() { paste -sd ' ' "$LOG/order" 2>/dev/null; }
mark() { echo "-$1" >>"$LOG/order"; }
stopped() { [ "$(rt state "$ID" | jq -r .status)" = stopped ]; }
gone() { [ ! -e "$ROOT/$ID" ]; }
got() { jq -r "$2" "$LOG/$1.stdin"; }
namespaces() { for ns in cgroup ipc mnt net pid user uts; do readlink "/proc/$1/ns/$ns"; done; }
# last_error: the last line that create or run wrote.
last_error() { tail -n 1 "$SCRATCH/create.err"; }

leftovers_snapshot

# ---- a whole life ----

ok "a bundle with a hook at each point" bundle .
ok "create" create
mark created
pid=$(rt state "$ID" | jq .pid)
init_ns=$(namespaces "$pid")
is "prestart, createRuntime and createContainer ran, in this order" "$(order)" "prestart createRuntime createContainer -created"
ok "start" rt start "$ID"
mark started
ok "it ends" wait_for 10 stopped
is "startContainer before the command, poststart before start returns" "$(grep -v workload "$LOG/order" | paste -sd ' ')" \
    "prestart createRuntime createContainer -created startContainer poststart -started"
like "and the command after startContainer" "$(order)" "startContainer.*workload"
ok "delete" rt delete "$ID"
mark deleted
like "poststop before delete returns" "$(order)" "poststop -deleted\$"
is "each ran once" "$(grep -v '^-' "$LOG/order" | sort | uniq -c | awk '$1 != 1')" ""

for point in prestart createRuntime poststart poststop; do
    is "$point runs in our namespaces" "$(cat "$LOG/$point.ns")" "$(namespaces self)"
done
for point in createContainer startContainer; do
    is "$point runs in the container's" "$(cat "$LOG/$point.ns")" "$init_ns"
done

# state POINT: what it reads, but for the two members that tests look at one by one.
state_of() { jq -cS 'del(.ociVersion, .pid)' "$LOG/$1.stdin"; }
expected_state() {
    jq -cnS --arg id "$ID" --arg bundle "$B" --arg status "$1" \
        '{annotations: {"some.key": "v \"q\" ä"}, bundle: $bundle, id: $id, status: $status}'
}
while read -r point status want; do
    is "$point: state" "$(state_of "$point")" "$(expected_state "$status")"
    is "$point: pid" "$(got "$point" .pid)" "$want"
    is "$point: ociVersion" "$(got "$point" .ociVersion)" "$(jq -r .ociVersion "$B/config.json")"
done <<EOT
prestart creating $pid
createRuntime creating $pid
createContainer creating 1
startContainer created 1
poststart running $pid
poststop stopped null
EOT

# ---- the same bundle under runc ----

mkdir "$SCRATCH/ours"
cp "$LOG"/*.got "$LOG"/*.stdin "$SCRATCH/ours/"
ok "the bundle again" bundle .
# poststop runs where delete was called; ours where the bundle is.
runc_all() {
    (cd "$B" && bounded runc --root "$SCRATCH/runc" create --bundle "$B" "$ID" </dev/null >/dev/null 2>"$SCRATCH/create.err" &&
        bounded runc --root "$SCRATCH/runc" start "$ID" && sleep 0.5 && bounded runc --root "$SCRATCH/runc" delete "$ID")
}
ok "runc runs it" runc_all
for point in prestart createRuntime createContainer startContainer poststart poststop; do
    # runc leaks descriptors into createContainer, and blocks signals for nobody.
    # runc hands signal 32 on as it was ignored for itself: a shell cannot change that for the test.
    is "$point gets what runc gives it" "$(cat "$SCRATCH/ours/$point.got")" \
        "$(grep -v leaked "$LOG/$point.got" | sed -E 's/^(SigIgn:0{8})8/\10/')"
    # runc runs poststart at create.
    [ "$point" = poststart ] ||
        is "$point reads what runc lets it read" "$(jq -cS 'del(.ociVersion, .pid)' "$SCRATCH/ours/$point.stdin")" "$(state_of "$point")"
done

# ---- what hooks are for ----

ok "hooks that mount" bundle '.hooks.createContainer[0] |= command("mount -t tmpfs from-container mnt && mkdir mnt/container") |
    .hooks.createRuntime[0] |= command("nsenter -m -t $(sed \"s/.*\\\"pid\\\":\\([0-9]*\\).*/\\1/\" $log/$point.stdin) sh -c \"mount -t tmpfs r \($root)/home && mkdir \($root)/home/runtime\"") |
    .process.args = ["/bin/sh", "-c", "ls -d /mnt/* /home/*"]' --arg root "$B/rootfs"
prints "createContainer finds the mounts in the bundle's root, createRuntime reaches them by the pid" "/home/runtime
/mnt/container" rt run --bundle "$B" "$ID"
is "the host sees none of it" "$(find "$B/rootfs/mnt" "$B/rootfs/home" -mindepth 1)" ""
like "run deletes at its end, and poststop has run" "$(order)" "poststop\$"
ok "nothing is left of it" gone

ok "a hook that sets up the network" bundle '.hooks.createRuntime[0] |= command("ip link add \($id)a type veth peer name eth7 netns $(sed \"s/.*\\\"pid\\\":\\([0-9]*\\).*/\\1/\" $log/$point.stdin)") |
    .process.args = ["/bin/sh", "-c", "ls /sys/class/net"]' --arg id "h$$"
prints "its interface is in the container" "eth7
lo" rt run --bundle "$B" "$ID"

ok "several at one point" bundle '.hooks.prestart += [hook("prestart") | .args[2] = "prestart2"] | .hooks.poststop += [hook("poststop") | .args[2] = "poststop2"]'
ok "run them" rt run --bundle "$B" "$ID"
is "run in the order in which they are listed" "$(grep -E 'prestart|poststop' "$LOG/order" | paste -sd ' ')" "prestart prestart2 poststop poststop2"

# ---- other namespaces ----

ok "a user namespace" bundle '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 300000, size: 65536}] |
    .linux.gidMappings = .linux.uidMappings'
chown -R 300000:300000 "$B/rootfs"
prints "run in it" workload rt run --bundle "$B" "$ID"
is "createContainer is the container's root there" "$(grep Uid "$LOG/createContainer.got")" "Uid:0000"
is "prestart is not" "$(cat "$LOG/prestart.ns")" "$(namespaces self)"
isnt "createContainer has the user namespace of the container" "$(sed -n 6p "$LOG/createContainer.ns")" "$(readlink /proc/self/ns/user)"
is "and reads its pid as 1" "$(got createContainer .pid)" 1
chown -R 0:0 "$B/rootfs"

ok "the host's pid namespace" bundle '.linux.namespaces |= map(select(.type != "pid")) | .process.args = ["/bin/sleep", "60"]'
ok "create it" create
pid=$(rt state "$ID" | jq .pid)
is "createContainer reads the host's pid" "$(got createContainer .pid)" "$pid"
ok "start it" rt start "$ID"
is "startContainer too" "$(got startContainer .pid)" "$pid"
ok "delete --force runs poststop" rt delete --force "$ID"
is "once" "$(grep -c poststop "$LOG/order")" 1
fails "and there is nothing to delete again" rt delete "$ID"
is "nor to run" "$(grep -c poststop "$LOG/order")" 1

# ---- failures ----

# fails_at POINT MESSAGE: create fails and says so in its last line; all that is left is that poststop ran, once.
fails_at() {
    local point=$1 text=$2

    status_is "$point fails: create fails" 1 create
    is "$point fails: the last line says why" "$(last_error | sed 's/^runlxc: //')" "$text"
    ok "$point fails: nothing is left" gone
    like "$point fails: poststop has run, and nothing behind it" "$(order)" "$point poststop\$"
}
for point in prestart createRuntime createContainer; do
    ok "$point exits 3" bundle '.hooks[$p][0] |= command("echo out; echo err >&2; exit 3") | .hooks[$p] += [hook("never")]' --arg p $point
    fails_at $point "$point hook \"$SCRATCH/hook\": exit status 3: out; err"
    ok "$point hangs" bundle '.hooks[$p][0] |= (command("echo begun; sleep 61 & wait") | .timeout = 1) | .hooks[$p] += [hook("never")]' --arg p $point
    fails_at $point "$point hook \"$SCRATCH/hook\": timed out after 1 s: begun"
    is "$point hangs: its child has been killed" "$(pgrep -fx 'sleep 61')" ""
    ok "$point is missing" bundle '.hooks[$p] += [hook("never") | .path = "/no/hook"]' --arg p $point
    fails_at $point "$point hook \"/no/hook\": no such file or directory"
done

# fails_later POINT MESSAGE: start fails; the container has stopped and can be deleted.
fails_later() {
    local point=$1 text=$2

    ok "$point: create" create
    fails_with 1 "$text" rt start "$ID"
    ok "$point: the container has stopped" wait_for 5 stopped
    ok "$point: it can be deleted" rt delete "$ID"
    is "$point: poststop has run" "$(tail -n 1 "$LOG/order")" poststop
}
ok "startContainer exits 3" bundle '.hooks.startContainer[0] |= command("echo out; exit 3")'
fails_later startContainer 'startContainer hook "/hook": exit status 3: out'
unlike "the command has not run" "$(order)" workload
ok "startContainer hangs" bundle '.hooks.startContainer[0] |= (command("sleep 62") | .timeout = 1)'
fails_later startContainer 'startContainer hook "/hook": timed out after 1 s'
ok "poststart exits 3" bundle '.process.args = ["/bin/sleep", "63"] | .hooks.poststart[0] |= command("exit 3")'
fails_later poststart "poststart hook \"$SCRATCH/hook\": exit status 3"
is "its command has ended" "$(pgrep -fx '/bin/sleep 63')" ""

ok "poststop exits 3" bundle '.hooks.poststop[0] |= command("echo bad; exit 3") | .hooks.poststop += [hook("poststop2")]'
ok "create it" create
ok "delete succeeds" rt delete --force "$ID"
like "and warns" "$err" "warning.*poststop hook .*exit status 3: bad"
like "the next one runs all the same" "$(order)" "poststop poststop2\$"
ok "poststop hangs" bundle '.hooks.poststop[0] |= (command("sleep 64") | .timeout = 1)'
ok "create it" create
ok "delete succeeds" rt delete --force "$ID"
like "and warns of the time" "$err" "timed out after 1 s"

ok "poststart fails under run" bundle '.process.args = ["/bin/sleep", "65"] | .hooks.poststart[0] |= command("exit 3")'
status_is "run fails" 1 rt run --bundle "$B" "$ID"
ok "nothing is left" gone
ok "and under run --detach" rm -f "$LOG/order"
status_is "run --detach fails" 1 rt run --detach --bundle "$B" "$ID"
ok "nothing is left of that" gone
is "poststop has run once" "$(grep -c poststop "$LOG/order")" 1

# What we do ourselves under the container's filter is as old as filters are.
ok "a filter that kills for new calls" bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_KILL_PROCESS",
    names: ["close_range", "pidfd_open", "pidfd_send_signal", "clone3", "waitid", "memfd_create"]}]} | .process.noNewPrivileges = true'
prints "lets a hook run" workload rt run --bundle "$B" "$ID"
is "which is confined as the command is" "$(grep NoNewPrivs "$LOG/startContainer.got")" "NoNewPrivs:1"
ok "and time out" bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_KILL_PROCESS", names: ["close_range", "pidfd_open"]}]} |
    .hooks.startContainer[0] |= (command("exec >&- 2>&-; sleep 66") | .timeout = 1)'
fails_later startContainer "timed out after 1 s"

# ---- time, sizes, ends ----

# An /etc of the suite's own, for the administrator's file.
mkdir "$SCRATCH/etc-upper" "$SCRATCH/etc-work"
ok "an own /etc" mount -t overlay -o "lowerdir=/etc,upperdir=$SCRATCH/etc-upper,workdir=$SCRATCH/etc-work" overlay /etc
mkdir -p /etc/runlxc && echo 'start_timeout = 2' >/etc/runlxc/runlxc.conf
ok "hooks that take longer than a start may" bundle '.hooks.createRuntime[0] |= command("sleep 3") | .hooks.createContainer[0] |= command("sleep 3")'
prints "do not count towards it" workload rt run --bundle "$B" "$ID"
ok "back to the machine's /etc" umount /etc

ok "a state of more than a pipe holds, which nobody reads" bundle '.annotations.long = ("x" * 200000) | .hooks |= map_values(map(.path = "/bin/true" | .args = ["true"])) | .hooks.createContainer += [hook("createContainer")]'
ok "run" rt run --bundle "$B" "$ID"
is "comes whole to who reads it" "$(got createContainer '.annotations.long | length')" 200000

ok "config.json is changed after create" bundle .
ok "create" create
jq '.hooks.poststop = [] | .hooks.poststart = [] | .hooks.startContainer = []' "$B/config.json" >"$B/config.new" && mv "$B/config.new" "$B/config.json"
ok "start" rt start "$ID"
ok "it ends" wait_for 10 stopped
rm -rf "$B.gone" && mv "$B" "$B.gone"
ok "delete without a bundle" rt delete "$ID"
mv "$B.gone" "$B"
is "what was asked for at create was run" "$(grep -v workload "$LOG/order" | paste -sd ' ')" \
    "prestart createRuntime createContainer startContainer poststart poststop"

ended() { ! pgrep -fx 'sleep 66'; }
ok "the runtime is killed while a hook runs" bundle '.hooks.createRuntime[0] |= command("exec sleep 66")'
"$RUNLXC" --root "$ROOT" create --bundle "$B" "$ID" </dev/null >/dev/null 2>&1 &
runtime=$!
ok "it runs" wait_for 10 grep -q createRuntime "$LOG/order"
kill -KILL "$runtime"
wait "$runtime" 2>/dev/null
ok "is ended with it" wait_for 10 ended
ok "nothing is left of the container" wait_for 10 gone
is "poststop has run once" "$(grep -c poststop "$LOG/order")" 1

leftovers_check "no hook leaves anything behind"
suite_end
