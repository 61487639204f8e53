#!/bin/bash
# What config.json says, beside runc (and crun, for what this runc does not know) on the same bundle: what a process in the container
# sees of it, and the exit codes.
# shellcheck source=tests/lib.sh disable=SC2016,SC2317 # programs of jq and of the container's shell; functions called through others
. "$(dirname "$0")/../lib.sh"
suite_begin private net

RUNC=${RUNC:-runc}
CRUN=${CRUN:-crun}
ID=bundle${SCRATCH##*.}
B=$SCRATCH/bundle
chmod 711 "$SCRATCH"
busybox_rootfs "$B/rootfs"
leftovers_snapshot

# config FILTER SCRIPT [JQ-OPTION...]: runc's default bundle, changed by jq, that runs a shell's script.
config() {
    local filter=$1 script=$2

    shift 2
    rm -f "$B/config.json"
    "$RUNC" spec -b "$B" && jq --arg script "$script" "$@" '
        def ns($type): .linux.namespaces |= map(select(.type != $type));
        def ns($type; $path): ns($type) | .linux.namespaces += [{type: $type, path: $path}];
        def own($type): ns($type) | .linux.namespaces += [{type: $type}];
        def ids: own("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
            .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}];
        def caps($names): .process.capabilities[] |= (. + $names | unique);
        def mount($at; $source; $options): .mounts += [{destination: $at, type: "bind", source: $source, options: $options}];
        .process.terminal = false | .root.readonly = false | .process.args = ["sh", "-c", $script] | '"$filter" \
        "$B/config.json" >"$SCRATCH/.config" && mv "$SCRATCH/.config" "$B/config.json"
}

# reference ARG...: what it is compared with. crun takes no hybrid cgroups whose v2 hierarchy has a controller.
reference() {
    if [ "$against" = crun ]; then
        unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"' sh timeout -k 5 "$LIMIT" "$CRUN" --root "$SCRATCH/crun" "$@"
    else
        timeout -k 5 "$LIMIT" "$RUNC" --root "$SCRATCH/runc" "$@"
    fi
}

# both: the bundle by each; want_status, want_out, want_err and status, out, err.
both() {
    [ "${rootfs:-}" ] || rm -rf "${B:?}/rootfs/"{dev,m,opt} && mkdir -p "$B/rootfs/dev"
    run reference run -b "$B" "$ID" </dev/null
    want_status=$status want_out=$out want_err=$err
    [ "${rootfs:-}" ] || rm -rf "${B:?}/rootfs/"{dev,m,opt} && mkdir -p "$B/rootfs/dev"
    run "$RUNLXC" --root "$ROOT" run -b "$B" "$ID" </dev/null
}

against=runc
# same DESC FILTER SCRIPT [JQ-OPTION...]: it runs, and is the same under both.
same() {
    local desc=$1

    config "${@:2}"
    both
    if [ "$want_status" -ne 0 ] || [ -z "$want_out" ]; then
        fail "$desc: $against says something"
        diag "status $want_status: $want_out $want_err"
    fi
    is "$desc" "$status: $out $err" "$want_status: $want_out $want_err"
}
as_crun() { against=crun same "$@"; }
# refused DESC REGEX FILTER [JQ-OPTION...]: by both, ours with this sentence.
refused() {
    local desc=$1 regex=$2

    config "$3" 'echo started' "${@:4}"
    both
    isnt "$desc: refused by runc" "$want_status" 0
    isnt "$desc: refused" "$status" 0
    like "$desc: the sentence" "$err" "$regex"
    is "$desc: nothing has run" "$out" ""
}
# ours DESC WANT FILTER SCRIPT [JQ-OPTION...]: what no other does here, or does otherwise (README.md).
ours() {
    config "${@:3}"
    prints "$1" "$2" "$RUNLXC" --root "$ROOT" run -b "$B" "$ID"
}

# ---- mount options ----

src=$SCRATCH/src
mkdir "$src"
mount -t tmpfs src "$src"
mkdir "$src/sub"
mount -t tmpfs sub "$src/sub"
at_exit 'umount -R "$src" 2>/dev/null'
words='async atime dev diratime exec loud noacl noatime nodev nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid
    nosymfollow relatime ro rw silent strictatime suid symfollow private rprivate rslave slave shared rshared unbindable runbindable'
recursive='rdev rdiratime rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnosuid rnosymfollow rrelatime rro rrw rstrictatime rsuid
    rsymfollow'
# But for the superblock's own ro: runc makes a tmpfs read-only by its mount, LXC by both.
show_mounts='awk "\$5 ~ \"^/m/\" { for (i = 7; \$i != \"-\"; i++) sub(/:.*/, \"\", \$i); \$1 = \$2 = \$3 = \"\"; sub(/^r[ow]/, \"\", \$NF); print }" /proc/self/mountinfo | sort -k 2'
list() { # WORD...: as JSON
    # shellcheck disable=SC2086 # split into words
    jq -nc '$ARGS.positional' --args $1
}
same "options of a bind" '.mounts += [$w[] | {destination: "/m/\(.)", type: "bind", source: $src, options: ["bind", .]}]' "$show_mounts" \
    --arg src "$src" --argjson w "$(list "$words")"
same "options of an rbind" '.mounts += [$w[] | {destination: "/m/\(.)", type: "bind", source: $src, options: ["rbind", .]}]' "$show_mounts" \
    --arg src "$src" --argjson w "$(list "$words")"
same "recursive options" '.mounts += [$w[] | {destination: "/m/\(.)", type: "bind", source: $src, options: ["rbind", .]}]' "$show_mounts" \
    --arg src "$src" --argjson w "$(list "$recursive")"
same "options of a tmpfs" '.mounts += [$w[] | {destination: "/m/\(.)", type: "tmpfs", source: "t", options: [.]}]' "$show_mounts" \
    --argjson w "$(list "$words dirsync sync lazytime mand iversion acl size=64k mode=700 nr_inodes=100")"
same "options together" '.mounts += [["bind","ro","rw"],["bind","ro","nodev","noexec","nosuid"],["rbind","ro","rrw"],["rbind","ro","rprivate"],
        ["bind","rro","rnosuid"],["rbind","noatime","rslave"],["rbind","rro","rw"] | {destination: "/m/\(join("-"))", type: "bind", source: $src,
        options: .}]' "$show_mounts" --arg src "$src"
same "filesystems" '.mounts += [{destination: "/m/t", type: "tmpfs", source: "x"}, {destination: "/m/s", type: "sysfs", source: "y", options: ["ro"]},
    {destination: "/m/p", type: "proc", source: "z", options: ["hidepid=2"]}, {destination: "/m/m", type: "mqueue", source: "mqueue"},
    {destination: "/m/r", type: "ramfs", source: "r"}]' "$show_mounts; ls -A /m/t"
for word in ratime rnostrictatime; do
    ours "$word" "rw,relatime" 'mount("/m/x"; $src; ["rbind", $word])' 'awk "\$5 == \"/m/x\" { print \$6 }" /proc/self/mountinfo' \
        --arg src "$src" --arg word "$word"
done
ours "defaults" "rw,relatime" '.mounts += [{destination: "/m/x", type: "tmpfs", source: "t", options: ["defaults"]}]' \
    'awk "\$5 == \"/m/x\" { print \$6 }" /proc/self/mountinfo'
mount -o remount,bind,nosuid,nodev "$src"
ours "a bind keeps what its source has" "ro,nosuid,nodev,relatime" 'mount("/m/x"; $src; ["bind", "ro"])' \
    'awk "\$5 == \"/m/x\" { print \$6 }" /proc/self/mountinfo' --arg src "$src"
ours "unless its options take it away" "rw,nodev,relatime" 'mount("/m/x"; $src; ["bind", "suid"])' \
    'awk "\$5 == \"/m/x\" { print \$6 }" /proc/self/mountinfo' --arg src "$src"
mount -o remount,bind,suid,dev "$src"

# ---- other mounts ----

touch "$src/file" "$src/other" && chown 3:4 "$src/file" && chown 10:4 "$src/other"
as_crun "idmap" '.mounts += [{destination: "/m", type: "bind", source: $src, options: ["bind", "idmap"],
    uidMappings: [{containerID: 0, hostID: 1000, size: 10}], gidMappings: [{containerID: 0, hostID: 2000, size: 10}]}]' \
    'stat -c "%n %u:%g" /m /m/file /m/other' --arg src "$src"
is "idmap: the ids are shifted" "$out" "/m 1000:2000"$'\n'"/m/file 1003:2004"$'\n'"/m/other 65534:2004"
ours "idmap of a tree" "2000 65534 2000" 'mount("/m"; $src; ["rbind", "ridmap"]) | mount("/n"; $src; ["rbind", "idmap"]) | .mounts[-2:][] |= (.uidMappings =
    [{containerID: 0, hostID: 2000, size: 1}] | .gidMappings = .uidMappings)' 'echo $(stat -c %u /m/sub) $(stat -c %u /m/file /n | tr "\n" " ")' --arg src "$src"
rm -f "$src/file" "$src/other"
mkdir -p "$B/rootfs/copy/dir"
echo text >"$B/rootfs/copy/dir/file"
ln -s dir/file "$B/rootfs/copy/link"
chmod 1770 "$B/rootfs/copy"
chown 5:6 "$B/rootfs/copy/dir/file"
same "tmpcopyup" '.mounts += [{destination: "/copy", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "nosuid"]}]' \
    'cd /copy && find . | sort | while read -r f; do stat -c "%n %F %a %u:%g %N" "$f"; done; cat link; awk "\$5 == \"/copy\"" /proc/self/mountinfo | cut -d" " -f 4-6'
rm -rf "$B/rootfs/copy"

# Where destinations lead.
mkdir -p "$B/rootfs/real" "$src/dir"
ln -s /real "$B/rootfs/abs"
ln -s real "$B/rootfs/rel"
ln -s ../../../../real "$B/rootfs/up"
ln -s /new/a "$B/rootfs/dangling"
ln -sfn /run "$B/rootfs/var/run"
echo text >"$src/file"
for destination in /abs/x /rel/x /up/x /dangling/x /var/run/x /real/../y //z/.//a/ /up /new/b/c; do
    same "a directory at $destination" 'mount($to; $src; ["bind"])' 'awk "\$4 == \"/dir\" { print \$5 }" /proc/self/mountinfo' \
        --arg src "$src/dir" --arg to "$destination"
    same "a file at $destination.file" 'mount($to; $src; ["bind"])' 'awk "\$4 == \"/file\" { print \$5 }" /proc/self/mountinfo' \
        --arg src "$src/file" --arg to "${destination%/}.file"
done
refused "a destination in /proc" '/proc/x' 'mount("/proc/x"; $src; ["bind"])' --arg src "$src"
refused "a directory on a file" '/etc/passwd' 'mount("/etc/passwd"; $src; ["bind"])' --arg src "$src"
refused "a file on a directory" '/etc' 'mount("/etc"; $src; ["bind"])' --arg src "$src/file"
refused "a source that is not there" '/nosuch' 'mount("/m"; "/nosuch"; ["bind"])'
same "one mount in another" 'mount("/m"; $src; ["bind"]) | mount("/m/sub"; $src; ["bind"]) | mount("/m/sub/file"; "/etc/hostname"; ["bind", "ro"])' \
    "$show_mounts; ls /m /m/sub" --arg src "$src"
(cd "$B" && echo beside >data)
same "a source of the bundle" 'mount("/m"; "data"; ["bind"])' 'cat /m'
rm -rf "$B/rootfs/"{abs,rel,up,dangling,real,new,z,y} "$B/rootfs/"*.file "$B/data"

# propagated OPTION PROPAGATION: what the host sees of a mount that the container makes.
propagated() {
    local program=$1 there=no

    config 'mount("/m"; $src; ["rbind", $option]) | .linux.rootfsPropagation = $root | caps(["CAP_SYS_ADMIN"]) | del(.linux.seccomp)' \
        'mount -t tmpfs inner /m/dir && touch /m/dir/x && ls /m/dir' --arg src "$src" --arg option "$2" --arg root "$3"
    run $program run -b "$B" "$ID"
    if mountpoint -q "$src/dir"; then
        there=yes
        umount "$src/dir"
    fi
    echo "$status $out, on the host: $there"
}
mount --make-shared "$src"
for option in rshared:shared rslave:rslave rprivate:rprivate rshared:rslave; do
    is "$option: a mount made in the container" "$(propagated "$RUNLXC --root $ROOT" "${option%:*}" "${option#*:}")" \
        "$(propagated "$RUNC --root $SCRATCH/runc" "${option%:*}" "${option#*:}")"
done
is "rshared reaches the host" "$(propagated "$RUNLXC --root $ROOT" rshared shared)" "0 x, on the host: yes"
mount --make-private "$src"

# ---- paths ----

same "masked and read-only paths" '.linux.maskedPaths += ["/etc/passwd", "/home", "/nosuch"] | .linux.readonlyPaths += ["/root", "/etc/group", "/nosuch/x"]' \
    'wc -c </etc/passwd; ls -A /home; touch /home/x; touch /root/x; echo >/etc/group; awk "\$5 != \"/\" { print \$5, substr(\$6, 1, 2) }" /proc/self/mountinfo | grep -v cgroup | sort; cat /proc/timer_list'
same "none of them" '.linux.maskedPaths = [] | .linux.readonlyPaths = []' 'awk "{ print \$5, \$6 }" /proc/self/mountinfo | grep -v cgroup | sort; echo 0 >/proc/sys/kernel/shm_rmid_forced && echo written'
same "a read-only root" '.root.readonly = true' 'touch /x; touch /dev/x && echo dev; awk "\$5 == \"/\" { print \$6 }" /proc/self/mountinfo'
same "sysctl" '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000", "net.ipv4.ip_local_port_range": "2000 3000", "fs.mqueue.msg_max": "20"}' \
    'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_local_port_range /proc/sys/fs/mqueue/msg_max'
refused "sysctl of the host" 'vm.swappiness' '.linux.sysctl = {"vm.swappiness": "1"}'
refused "sysctl of a host's network" 'net.ipv4.ip_forward' 'ns("network") | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'

# ---- the process ----

# Nobody here may raise a hard limit.
list_limits() {
    prlimit --noheadings --raw -o RESOURCE,HARD | sed 's/unlimited/2000000000/' | jq -Rnc '[inputs | split(" ") | {(.[0]): [([(.[1] | tonumber), 2000000000] | min)]}] | add'
}
same "rlimits" '.process.rlimits = ["AS","CORE","CPU","DATA","FSIZE","LOCKS","MEMLOCK","MSGQUEUE","NICE","NOFILE","NPROC","RSS","RTPRIO","RTTIME","SIGPENDING","STACK" |
    {type: "RLIMIT_\(.)", soft: $now[.][0], hard: $now[.][0]}]' \
    'cat /proc/self/limits' --argjson now "$(list_limits)"
refused "a limit that is none" 'RLIMIT_NOSUCH' '.process.rlimits = [{type: "RLIMIT_NOSUCH", soft: 1, hard: 1}]'
refused "soft above hard" 'RLIMIT_CORE|rlimits' '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
same "umask" '.process.user.umask = 63' 'umask; touch /tmp/f; stat -c %a /tmp/f; rm /tmp/f'
same "ids" '.process.user = {uid: 5, gid: 6, additionalGids: [7, 8, 70000]}' 'id -u; id -g; id -G; grep -E "^(Uid|Gid|Groups)" /proc/self/status'
same "five capability sets" '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW"], permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
    effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL", "CAP_NET_RAW"], ambient: ["CAP_KILL"]}' 'grep Cap /proc/self/status'
same "capabilities of a user" '.process.user.uid = 5 | .process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"],
    effective: ["CAP_CHOWN", "CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}' 'grep Cap /proc/self/status'
same "no capabilities" 'del(.process.capabilities)' 'grep Cap /proc/self/status'
same "no_new_privs" '.process.noNewPrivileges = true' 'grep NoNewPrivs /proc/self/status'
same "privileges that may grow" '.process.noNewPrivileges = false' 'grep NoNewPrivs /proc/self/status'
same "oomScoreAdj" '.process.oomScoreAdj = 321' 'cat /proc/self/oom_score_adj'
same "no oomScoreAdj" '.' 'cat /proc/self/oom_score_adj'
same "environment, as it is" '.process.env = ["A=1", "B=", "A=2", "PATH=/bin", "C=x=y", "D= sp ace "]' 'env | sort'
same "cwd" '.process.cwd = "/etc"' 'pwd; pwd -P'
same "a cwd that is made" '.process.cwd = "/opt/new/cwd"' 'pwd; stat -c %a /opt/new'
# Signal 32 is left out: runc hands on that it is ignored, where it was for runc itself.
same "signals" '.' 'grep -E "^Sig(Blk|Ign|Cgt)" /proc/1/status | sed -E "s/^(SigIgn:.0{8})8/\10/"; trap; ls /proc/self/fd | wc -l'
# at_socket PROGRAM...: the same with nobody at the terminal: the engine's side of a console socket.
at_socket() {
    local at=$SCRATCH/${1##*/}.sock

    python3 "$TOP/tests/helpers/recvtty.py" "$at" >"$at.out" &
    wait_for 10 test -e "$at.ready"
    "$@" run -d --console-socket "$at" -b "$B" "$ID" && wait $! && cat "$at.out"
    "$@" delete --force "$ID"
}
config '.process.terminal = true | .process.consoleSize = {height: 33, width: 99}' 'stty size; tty'
is "consoleSize" "$(at_socket "$RUNLXC" --root "$ROOT")" "1 True 33 99 /dev/pts/0"
is "consoleSize of runc" "$(at_socket "$RUNC" --root "$SCRATCH/runc")" "1 True 33 99 /dev/pts/0"
# proc(5): policy and nice value of the first process.
# at_terminal PROGRAM...: the bundle at a terminal, its output without carriage returns.
at_terminal() {
    script -qefc "stty rows 40 cols 120; $* run -b '$B' '$ID'" /dev/null </dev/null | tr -d '\r'
}
config '.process.terminal = true | .process.consoleSize = {height: 33, width: 99}' 'tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; stat -c %u:%g:%a /dev/console
    for i in 1 2 3 4 5 6 7 8 9; do [ "$(stty size)" = "40 120" ] || sleep 0.1; done; stty size'
is "a terminal" "$(at_terminal "$RUNLXC" --root "$ROOT")" "$(at_terminal "$RUNC" --root "$SCRATCH/runc")"
for policy in SCHED_OTHER:5:0 SCHED_BATCH:3:3 SCHED_IDLE:0:5; do
    IFS=: read -r word nice number <<<"$policy"
    ours "scheduler $word" "$number $nice" '.process.scheduler = {policy: $policy, nice: ($nice | tonumber)}' \
        'awk "{ print \$41, \$19 }" /proc/1/stat' --arg policy "$word" --arg nice "$nice"
done
for class in RT:realtime:3 BE:best-effort:6 IDLE:idle:0; do
    IFS=: read -r word name priority <<<"$class"
    ours "ioPriority IOPRIO_CLASS_$word" "$([ "$word" = IDLE ] && echo idle || echo "$name: prio $priority")" \
        '.process.ioPriority = {class: $class, priority: ($priority | tonumber)}' 'ionice -p 1' --arg class "IOPRIO_CLASS_$word" --arg priority "$priority"
done
as_crun "personality" '.linux.personality = {domain: "LINUX32"}' 'uname -m'
ours "no personality" "$(uname -m)" '.linux.personality = {domain: "LINUX"}' 'uname -m'
same "hostname" '.hostname = "a-name.of-mine"' 'hostname; cat /proc/sys/kernel/hostname'
as_crun "domainname" '.domainname = "example.org"' 'cat /proc/sys/kernel/domainname'

# ---- namespaces ----

unshare --fork --pid --mount --net --ipc --uts --cgroup --time --boottime 1000 sleep 600 2>/dev/null &
sleep 0.2
holder=$(pgrep -P $!)
at_exit 'kill -9 "$holder" 2>/dev/null'
for kind in network:net ipc:ipc uts:uts pid:pid cgroup:cgroup; do
    type=${kind%:*} file=${kind#*:}
    same "join of a $type namespace" 'del(.hostname) | ns($type; $path)' "readlink /proc/self/ns/$file" --arg type "$type" --arg path "/proc/$holder/ns/$file"
    is "join of a $type namespace: it is that one" "$out" "$(readlink "/proc/$holder/ns/$file")"
    same "the host's $type namespace" 'del(.hostname) | ns($type)' "readlink /proc/self/ns/$file" --arg type "$type"
    is "the host's $type namespace: it is that one" "$out" "$(readlink "/proc/self/ns/$file")"
    refused "a $type namespace that is not there" '/nosuch' 'del(.hostname) | ns($type; "/nosuch")' --arg type "$type"
    refused "a $type namespace of another kind" 'namespace' 'del(.hostname) | ns($type; $path)' --arg type "$type" \
        --arg path "/proc/$holder/ns/$([ "$file" = net ] && echo ipc || echo net)"
done
same "several joined, the others left as they are" 'del(.hostname) | ns("cgroup") | ns("network"; "/proc/\($pid)/ns/net") | ns("ipc"; "/proc/\($pid)/ns/ipc")' \
    'for n in cgroup net ipc; do readlink /proc/self/ns/$n; done' --arg pid "$holder"
ours "join of a time namespace" "$(readlink "/proc/$holder/ns/time")" 'ns("time"; $path)' 'readlink /proc/self/ns/time' --arg path "/proc/$holder/ns/time"
ours "time offsets" "monotonic 100000 0 boottime 200000 0 later" 'own("time") | .linux.timeOffsets = {monotonic: {secs: 100000}, boottime: {secs: 200000}}' 'echo $(cat /proc/self/timens_offsets; [ "$(cut -d. -f1 /proc/uptime)" -gt 200000 ] && echo later)'
same "no namespace but mount's" 'del(.hostname) | .linux.namespaces |= map(select(.type == "mount"))' 'for n in cgroup ipc net pid uts user; do readlink /proc/self/ns/$n; done'
chown -R 100000:200000 "$B/rootfs"
same "a user namespace" 'ids' 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; id -g; id -G; touch /tmp/x && stat -c %u:%g /tmp/x; rm /tmp/x; grep Cap /proc/self/status; ls -ln /dev | awk "/null|zero|tty\$|full/ { print \$1, \$3, \$4, \$NF }"'
same "a user namespace, its root" 'ids | .process.user = {uid: 0, gid: 0, additionalGids: [7]} | .process.cwd = "/root"' 'id; pwd; mount -t tmpfs t /mnt || echo no'
same "a user namespace of several ranges" 'own("user") | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 10, hostID: 300000, size: 5}] |
    .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 6}] | .process.user.uid = 12' 'id -u; cat /proc/self/uid_map /proc/self/gid_map'
refused "a user namespace without maps" 'user|Mappings' 'own("user")'
chown -R 0:0 "$B/rootfs"

# ---- cgroups ----

# A relative one belongs to the hierarchy's base here, to the runtime's own cgroup there.
for path in "/$ID.a/b/c" "/$ID.a/d" "/$ID.e"; do
    same "cgroupsPath $path" '.linux.cgroupsPath = $path' "grep -vE ':(|name=systemd):' /proc/self/cgroup | sort" --arg path "$path"
done
ours "cgroupsPath, relative" "/$ID.a/f" '.linux.cgroupsPath = $path' 'sed -n "s/.*:pids://p" /proc/self/cgroup' --arg path "$ID.a/f"
same "limits" '.linux.resources = {memory: {limit: 67108864, reservation: 33554432}, pids: {limit: 77}, cpu: {shares: 512, quota: 50000, period: 100000, cpus: "0"}}' \
    'cd /sys/fs/cgroup && cat memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us cpuset/cpuset.cpus; ls | grep -v unified; find memory cpu -maxdepth 1 | sort | head -n 50'
# The container's own cgroups and nothing else, in a namespace and without; what runc does not show is v2 beside v1, and the tmpfs is
# read-only with the rest.
for kind in host new; do
    for mode in ro rw; do
        same "the cgroup mount, $mode, $kind namespace" 'if $kind == "new" then own("cgroup") else ns("cgroup") end | .linux.resources.memory.limit = 67108864 |
            .mounts |= map(if .type == "cgroup" then .options |= map(if . == "ro" then $mode else . end) else . end)' \
            'awk "/ cgroup / { print \$4, \$5, \$6 }" /proc/self/mountinfo | sed "s,^/[^ ]*,OWN," | sort; cat /sys/fs/cgroup/memory/memory.limit_in_bytes
            ls -A /sys/fs/cgroup | grep -v unified; find /sys/fs/cgroup/memory | sort; mkdir /sys/fs/cgroup/memory/x 2>&1 && rmdir /sys/fs/cgroup/memory/x; true' \
            --arg kind "$kind" --arg mode "$mode"
        ours "the tmpfs in it, $mode, $kind namespace" "$mode" 'if $kind == "new" then own("cgroup") else ns("cgroup") end |
            .mounts |= map(if .type == "cgroup" then .options |= map(if . == "ro" then $mode else . end) else . end)' \
            'awk "\$5 == \"/sys/fs/cgroup\" { print substr(\$6, 1, 2) }" /proc/self/mountinfo' --arg kind "$kind" --arg mode "$mode"
    done
done
# A parent that somebody has limited stays so, though LXC gives it the root's.
mkdir "/sys/fs/cgroup/cpuset/$ID.p" && echo 0 >"/sys/fs/cgroup/cpuset/$ID.p/cpuset.cpus" && echo 0 >"/sys/fs/cgroup/cpuset/$ID.p/cpuset.mems"
for path in "/$ID.p/x" "/$ID.p/a/b"; do
    same "a parent with CPUs of its own: $path" '.linux.cgroupsPath = $path' 'cat /sys/fs/cgroup/cpuset/cpuset.cpus; grep Cpus_allowed_list /proc/self/status' \
        --arg path "$path"
    is "it has what it had" "$(cat "/sys/fs/cgroup/cpuset/$ID.p/"{cpuset.cpus,cpuset.mems,cgroup.clone_children} | tr '\n' ' ')" "0 0 0 "
done
refused "CPUs that the parent has not" 'cpuset.cpus' '.linux.cgroupsPath = $path | .linux.resources.cpu.cpus = "1"' --arg path "/$ID.p/y"
is "it has what it had" "$(cat "/sys/fs/cgroup/cpuset/$ID.p/"{cpuset.cpus,cpuset.mems,cgroup.clone_children} | tr '\n' ' ')" "0 0 0 "
refused "files of cgroup v2 on a host with v1" 'unified' '.linux.resources.unified = {"memory.max": "100000000"}'
for resource in '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}' '{rdma: {mlx5_1: {hcaHandles: 3}}}' '{network: {classID: 1}}'; do
    config '.linux.resources = $resource' 'echo started' --argjson resource "$(jq -nc "$resource")"
    both
    is "$resource: as runc" "$status$out" "$want_status$want_out"
done

# ---- seccomp ----

same "seccomp" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [
        {names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 11}, {names: ["sethostname"], action: "SCMP_ACT_ERRNO"},
        {names: ["kill"], action: "SCMP_ACT_ERRNO", errnoRet: 4, args: [{index: 1, value: 10, op: "SCMP_CMP_EQ"}]},
        {names: ["umask"], action: "SCMP_ACT_ERRNO", errnoRet: 95}, {names: ["nosuchcall"], action: "SCMP_ACT_ERRNO"}]}' \
    '(mkdir /tmp/x; kill -USR1 $$; kill -CONT $$; hostname x; grep Seccomp /proc/self/status) 2>&1'
refused "an action that is none" 'SCMP_ACT_NOSUCH' '.linux.seccomp = {defaultAction: "SCMP_ACT_NOSUCH"}'

# ---- bundles that are odd ----

no_masks='.linux.maskedPaths = [] | .linux.readonlyPaths = []'
ours "without /proc" 0 'del(.mounts[] | select(.destination == "/proc")) | '"$no_masks" 'ls -A /proc | wc -l'
same "without /dev" 'del(.mounts[] | select(.destination | startswith("/dev")))' 'ls -l /dev | awk "{ print \$1, \$5, \$6, \$NF }" | grep -v :; echo x >/dev/null && echo written'
ours "without any mount" "fd full null ptmx random stderr stdin stdout tty urandom zero" '.mounts = [] | '"$no_masks" 'echo $(ls /dev /proc /sys | grep -v :)'
odd="$SCRATCH/o dd:b\"u'n"
mkdir "$odd"
cp -a "$B/rootfs" "$odd/rootfs"
config '.' 'echo odd; pwd' && cp "$B/config.json" "$odd"
prints "a bundle and a root with spaces, colons and quotes" $'odd\n/' "$RUNLXC" --root "$SCRATCH/o dd:r\"o't" run -b "$odd" "$ID"
ok "nothing of it is left" test -z "$(ls -A "$SCRATCH/o dd:r\"o't")"
rm -rf "$odd" "$SCRATCH/o dd:r\"o't"

# A read-only overlay, as engines make one, in which mount points are missing.
mkdir "$SCRATCH"/{upper,work,lower}
cp -a "$B/rootfs/." "$SCRATCH/lower/"
rm -rf "$SCRATCH/lower/"{proc,sys,dev}
mkdir -p "$SCRATCH/lower/"{proc,sys,dev}
mv "$B/rootfs" "$SCRATCH/rootfs.saved" && mkdir "$B/rootfs"
mount -t overlay overlay -o "lowerdir=$SCRATCH/lower,upperdir=$SCRATCH/upper,workdir=$SCRATCH/work" "$B/rootfs"
rootfs=overlay
same "a read-only root on overlay" '.root.readonly = true | mount("/new/dir"; $src; ["bind"])' 'touch /x; echo $?; ls /new/dir; awk "\$5 == \"/\" { print \$6 }" /proc/self/mountinfo' --arg src "$src"
umount "$B/rootfs" && rmdir "$B/rootfs" && mv "$SCRATCH/rootfs.saved" "$B/rootfs"
rootfs=

# ---- ids ----

id=$(head -c 255 /dev/zero | tr '\0' n)
for path in null '"/'"$ID"'/x"' '"'"$id"'"'; do
    config '.linux.cgroupsPath = $path' 'sleep 600' --argjson path "$path"
    ok "create with an id of 255 characters, cgroupsPath ${path:0:12}" "$RUNLXC" --root "$ROOT" create -b "$B" "$id"
    ok "start" "$RUNLXC" --root "$ROOT" start "$id"
    prints "exec" in "$RUNLXC" --root "$ROOT" exec "$id" echo in
    prints "list" "$id" "$RUNLXC" --root "$ROOT" list -q
    ok "pause" "$RUNLXC" --root "$ROOT" pause "$id"
    ok "resume" "$RUNLXC" --root "$ROOT" resume "$id"
    name=$(xargs -0 <"/proc/$(ps -eo pid,args | awk -v root="$ROOT" '$2 ~ /lxc-start$/ && $5 == root { print $1 }')/cmdline" | sed 's/.* -n \([^ ]*\) .*/\1/')
    prints "lxc-info knows it by a shorter name" RUNNING lxc-info -P "$ROOT" -n "$name" -sH
    prints "so does lxc-attach" attached lxc-attach -P "$ROOT" -n "$name" -- echo attached
    ok "kill" "$RUNLXC" --root "$ROOT" kill "$id" KILL
    ok "it ends" wait_for 10 sh -c '[ "$("$0" --root "$1" state "$2" | jq -r .status)" = stopped ]' "$RUNLXC" "$ROOT" "$id"
    ok "delete" "$RUNLXC" --root "$ROOT" delete "$id"
done
fails_with 1 'longer than 255' "$RUNLXC" --root "$ROOT" create -b "$B" "${id}n"
umount -R "$src"
rm -rf /run/lxc/lock # of lxc-info
find /sys/fs/cgroup -depth -type d -path "*/$ID*" -exec rmdir {} + 2>/dev/null # parents, which both leave
leftovers_check "nothing is left"
suite_end
