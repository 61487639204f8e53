#!/bin/bash
# lxc-launch and runlxc of an ordinary user: with further ids and without, what he has, what he cannot have and is told so, and a
# bundle as runc's README has it, beside runc.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private net
# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
user_make || exit 1
U=$TEST_UID

launch() { as_user "$LXC_LAUNCH" "$@"; }
run1() { launch --rm "$@" @busybox; }
in1() { launch --rm @busybox sh -c "$*"; }
runlxc() { as_user "$RUNLXC" "$@"; }
status_of() { [ "$(runlxc state "$1" | jq -r .status)" = "$2" ]; }
at_exit 'for id in $(runlxc list -q); do runlxc delete --force "$id"; done >/dev/null 2>&1'

# ---- what works ----

prints "a container" hi launch --rm @busybox echo hi
status_is "its exit code" 7 launch --rm @busybox sh -c 'exit 7'
status_is "a command that is not there" 127 launch --rm @busybox no-such
is "the user is root in it, and the rest his further ids" "$(in1 cat /proc/self/uid_map /proc/self/gid_map | tr -s ' ')" " 0 $U 1
 1 $TEST_SUBID 65536
 0 $U 1
 1 $TEST_SUBID 65536"
is "any user of the image" "$(launch --rm -u 100:200 --group-add 300 @busybox sh -c 'id; touch /tmp/x; stat -c %u:%g /tmp/x')" \
    "uid=100 gid=200 groups=200,300
100:200"
is "its files are its root's" "$(in1 'stat -c %u:%g / /bin/busybox /etc/passwd /proc/1 /dev/pts /etc/hosts; echo x >>/etc/hosts && echo written')" "0:0
0:0
0:0
0:0
0:0
0:0
written"
is "directories that it removes and makes anew are empty" "$(in1 'rm -r /home; mkdir /home && ls -A /home | wc -l')" 0
is "devices work and none can be made" "$(in1 'echo x >/dev/null; head -c 2 /dev/zero | wc -c; mknod /tmp/n c 1 3 2>&1')" "2
mknod: /tmp/n: Operation not permitted"
is "no network but its own" "$(in1 'ip -o link | cut -d : -f 2')" " lo"
is "--net host" "$(launch --rm --net host @busybox readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
is "a terminal" "$(launch --rm -t @busybox sh -c 'stat -c %u "$(tty)"' </dev/null | tr -d '\r')" 0
is "input and output" "$(echo in | launch --rm -i @busybox sh -c 'cat /dev/stdin; echo out >/dev/stdout')" "in
out"
is "--privileged is privileged over its own" "$(launch --rm --privileged @busybox sh -c 'mount -t tmpfs none /mnt && hostname other && hostname')" other
is "seccomp, masks and capabilities are the usual" "$(in1 'grep -E "^(Seccomp|CapEff):" /proc/self/status; cat /proc/keys | wc -c; touch /proc/sys/x 2>/dev/null || echo ro')" \
    "CapEff:	00000000a80425fb
Seccomp:	2
0
ro"
is "a score that cannot be lowered stays" "$(launch --rm --oom-score-adj -500 @busybox cat /proc/self/oom_score_adj)" "$(cat /proc/self/oom_score_adj)"
is "one that is raised is" "$(launch --rm --oom-score-adj 300 @busybox cat /proc/self/oom_score_adj)" 300

as_user mkdir volume
is "a volume" "$(launch --rm -v "$TEST_HOME/volume:/data" @busybox sh -c 'touch /data/root /data/other; chown 33:44 /data/other; stat -c %u:%g /data /data/*')" "0:0
33:44
0:0"
is "its files here are the user's and those of his further ids" "$(stat -c '%u:%g' "$TEST_HOME/volume"/{root,other})" "$U:$U
$((TEST_SUBID + 32)):$((TEST_SUBID + 43))"
echo secret >"$SCRATCH/user/secret" && chmod 600 "$SCRATCH/user/secret"
fails "what is not the user's is not the container's" launch --rm -v "$SCRATCH/user/secret:/secret" @busybox cat /secret
busybox_rootfs "$TEST_HOME/fs" && chown -R "$U:$U" "$TEST_HOME/fs"
is "a directory of the user's as root" "$(launch --rm "$TEST_HOME/fs" sh -c 'touch /made; stat -c %u /made')" 0
is "what is made there is the user's" "$(stat -c %u:%g "$TEST_HOME/fs/made")" "$U:$U"

# ---- a container that goes on: from other processes of the user ----

prints "detached" c1 launch -d --name c1 @busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done'
is "its records are the user's" "$(stat -c %u "$TEST_RUNTIME/runlxc/c1/state.json") $(ls /run/runlxc)" "$U "
is "list" "$(runlxc list -q)" c1
is "state" "$(runlxc state c1 | jq -r .status)" running
is "exec" "$(runlxc exec c1 sh -c 'id -u; readlink /proc/self/ns/user')" "0
$(readlink "/proc/$(jq .pid "$TEST_RUNTIME/runlxc/c1/state.json")/ns/user")"
status_is "exec's exit code" 5 runlxc exec c1 sh -c 'exit 5'
is "exec as another user" "$(runlxc exec -u 7:8 c1 id)" "uid=7 gid=8 groups=8"
like "ps, though it has no cgroup" "$(runlxc ps -f json c1)" '^\[[0-9]+(,[0-9]+)*\]$'
is "the network of another container" "$(launch --rm --net container:c1 @busybox readlink /proc/self/ns/net)" "$(runlxc exec c1 readlink /proc/self/ns/net)"
fails_with 1 'has no cgroup: none is delegated to the user' runlxc pause c1
fails_with 1 'has no cgroup: none is delegated to the user' runlxc events --stats c1
ok "kill" runlxc kill c1 TERM
ok "it stops" wait_for 10 status_of c1 stopped
is "its exit code is recorded" "$(runlxc state c1 | jq .exitStatus)" 3
ok "delete" runlxc delete c1
prints "one more" c2 launch -d --rm --name c2 @busybox sleep 100
ok "kill --all" runlxc kill --all c2 KILL
ok "--rm" wait_for 10 [ ! -e "$TEST_RUNTIME/runlxc/c2" ]
prints "another" c3 launch -d --name c3 @busybox sleep 100
ok "delete --force" runlxc delete --force c3

# ---- what a user cannot have ----

v=v$([ -e /sys/fs/cgroup/cgroup.controllers ] && echo 2 || echo 1)
fails_with 125 "resources.memory: cgroup $v controller \"memory\" is not delegated to this user" launch --rm -m 10m @busybox true
fails_with 125 "resources.pids_limit: cgroup $v controller \"pids\" is not delegated to this user" launch --rm --pids-limit 5 @busybox true
fails_with 125 "network: user $U cannot attach a container to a bridge of the host" launch --rm --net bridge @busybox true
fails_with 125 "userns: user $U has no ids for a further user namespace" launch --rm --userns auto @busybox true
fails_with 125 "/run/runlxc" launch --rm --root /run/runlxc/other @busybox true
run env -u X setpriv --reuid "$U" --regid "$U" --clear-groups env -i HOME="$TEST_HOME" PATH=/usr/bin:/bin "$LXC_LAUNCH" --rm @busybox true
is "without a runtime directory: 125, and why" "$status $err" \
    "125 lxc-launch: XDG_RUNTIME_DIR is not set, and there is no /run/user/$U: the containers of an ordinary user are recorded there"

# ---- a bundle, as runc's README has it, beside runc ----

bundle=$TEST_HOME/bundle
busybox_rootfs "$bundle/rootfs"
chown -R "$U:$U" "$bundle"
RUNC=$(command -v runc)
runc() { as_user "$RUNC" "$@"; }
runlxc spec --rootless --bundle "$bundle"
is "spec --rootless maps the user" "$(jq -c '.linux.uidMappings' "$bundle/config.json")" "[{\"containerID\":0,\"hostID\":$U,\"size\":1}]"
cp "$bundle/config.json" "$SCRATCH/spec.json"
# both FILTER: what the bundle prints and its exit code with runc, and with ours.
both() {
    local rt

    jq --arg me "$U" '.process.terminal = false | .root.readonly = false | '"$1" "$SCRATCH/spec.json" >"$bundle/config.json"
    for rt in runc runlxc; do
        "$rt" run --bundle "$bundle" "b-$rt" </dev/null >"$SCRATCH/out.$rt" 2>"$SCRATCH/err.$rt"
        echo "rc=$?" >>"$SCRATCH/out.$rt"
    done
}
same() {
    both "$2"
    is "as runc: $1" "$(cat "$SCRATCH/out.runlxc")" "$(cat "$SCRATCH/out.runc")"
    cmp -s "$SCRATCH/out.runc" "$SCRATCH/out.runlxc" || diag "$(cat "$SCRATCH/err.runlxc")"
}
# words SCRIPT: a filter for the command.
words() { printf '.process.args = ["sh", "-c", %s]' "$(jq -n --arg script "$1" '$script')"; }
same "the spec's own container" "$(words 'id -u; ls /dev | sort; exit 3')"
same "files" "$(words 'touch /x && stat -c %u:%g /x; chown 1 /x; rm /x')"
same "its hostname" "$(words hostname)"
same "its processes" "$(words 'echo $$; echo /proc/[0-9]*')"
same "mount flags" "$(words 'grep -E " /(proc|dev|dev/shm|dev/mqueue|dev/pts) " /proc/mounts | cut -d " " -f 2,3 | sort')"
same "a bind" '.mounts += [{destination: "/data", type: "bind", source: "'"$TEST_HOME/volume"'", options: ["rbind", "ro"]}] | '"$(words 'ls /data; touch /data/x')"
same "cgroups mounted twice" '.mounts += [.mounts[] | select(.type == "cgroup")] | '"$(words 'grep -c " /sys/fs/cgroup.* ro," /proc/mounts | sed s/[1-9].*/some/')"
same "another user is not mapped" '.process.user = {uid: 5, gid: 5} | '"$(words id)"
both '.linux.uidMappings[0].hostID = 1 | '"$(words true)"
like "ids that are not the user's are refused by name" "$(cat "$SCRATCH/err.runlxc")" 'linux.uidMappings\[0\]: not all 1 ids from 1 on are user '"$U's"
both '.linux.uidMappings = [{containerID: 0, hostID: '"$TEST_SUBID"', size: 100}] | .linux.gidMappings = .linux.uidMappings | '"$(words 'cat /proc/self/uid_map | tr -s " "')"
is "of his further ids some" "$(cat "$SCRATCH/out.runlxc")" " 0 1 100
rc=0"
both '.linux.resources.memory.limit = 10000000 | '"$(words true)"
like "a limit that cannot be had is refused" "$(cat "$SCRATCH/err.runlxc")" 'resources.memory: cgroup v[12] controller "memory" is not delegated to this user'
both '.linux.resources.pids.limit = 0 | '"$(words 'echo ran')"
is "none is none" "$(cat "$SCRATCH/out.runlxc")" $'ran\nrc=0'

# ---- a user without further ids ----

umount /etc/subuid /etc/subgid
: >"$SCRATCH/user/etc/subuid"
mount --bind "$SCRATCH/user/etc/subuid" /etc/subuid
mount --bind "$SCRATCH/user/etc/subuid" /etc/subgid
is "one id alone" "$(in1 'tr -s " " </proc/self/uid_map; cat /proc/self/setgroups; id -u; touch /x && stat -c %u /x')" " 0 $U 1
deny
0
0"
fails_with 125 "user: the container's user namespace has no id 100" launch --rm -u 100 @busybox true
prints "it goes on" c4 launch -d --name c4 @busybox sleep 100
is "exec" "$(runlxc exec c4 id -u)" 0
ok "and ends" runlxc delete --force c4

is "no record is left" "$(ls -A "$TEST_RUNTIME/runlxc")" ""
is "no layer is left" "$(ls -A "$TEST_HOME/.local/share/runlxc/upper")" ""
suite_end
