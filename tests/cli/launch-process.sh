#!/bin/bash
# lxc-launch: the user and his groups, the working directory, capabilities, limits, namespaces, devices.
. "$(dirname "$0")/../lib.sh"
suite_begin private net

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }

# ---- users ----

fs=$SCRATCH/fs
busybox_rootfs "$fs"
cat >>"$fs/etc/passwd" <<'END'
app:x:1000:1001:An app:/home/app:/bin/sh
nohome:x:1002:1002::
short:x:1003
1005:x:2005:2006:a number as a name:/five:/bin/sh
END
cat >>"$fs/etc/group" <<'END'
app:x:1001:
video:x:44:app,nobody
audio:x:29:nobody,app
wheel:x:10:application,ap
END

# who ARG...: "uid gid groups home", as the kernel has them.
# shellcheck disable=SC2016
who() {
    run1 "$@" sh -c 'set -- $(awk "/^Uid/ { u = \$2 \$3 \$4 \$5; n = \$2 } /^Gid/ { g = \$2 } /^Groups/ { \$1 = \"\"; print n, g, \$0 }" \
        /proc/self/status); echo "$* $HOME"' 2>&1
}
is "root without -u" "$(who "$fs")" "0 0 0 /root"
is "-u name" "$(who -u app "$fs")" "1000 1001 29 44 1001 /home/app"
is "-u uid of the file" "$(who -u 1000 "$fs")" "1000 1001 29 44 1001 /home/app"
is "-u uid that is not in it" "$(who -u 4242 "$fs")" "4242 0 0 /"
is "-u name:group" "$(who -u app:video "$fs")" "1000 44 44 /home/app"
is "-u uid:gid" "$(who -u 4242:4343 "$fs")" "4242 4343 4343 /"
is "-u name:gid" "$(who -u app:77 "$fs")" "1000 77 77 /home/app"
is "-u uid:group" "$(who -u 4242:audio "$fs")" "4242 29 29 /"
is "-u 0" "$(who -u 0 "$fs")" "0 0 0 /root"
is "the highest uid" "$(who -u 4294967294:4294967294 "$fs")" "4294967294 4294967294 4294967294 /"
is "a number is a uid even where it is a name" "$(who -u 1005 "$fs")" "1005 0 0 /"
is "no home in the file" "$(who -u nohome "$fs")" "1002 1002 1002 /"
fails_with 125 '"nosuch" is not in the container' "$LXC_LAUNCH" --rm -u nosuch "$fs" true
fails_with 125 '"nosuch" is not in the container' "$LXC_LAUNCH" --rm -u app:nosuch "$fs" true
fails_with 125 '"short" is not in the container' "$LXC_LAUNCH" --rm -u short "$fs" true
fails_with 125 '4294967295' "$LXC_LAUNCH" --rm -u 4294967295 "$fs" true
is "--group-add" "$(who -u app --group-add 7 --group-add wheel --group-add 7 "$fs")" "1000 1001 7 10 29 44 1001 /home/app"
is "--group-add for root" "$(who --group-add audio "$fs")" "0 0 0 29 /root"
fails_with 125 '"nosuch" is not in the container' "$LXC_LAUNCH" --rm --group-add nosuch "$fs" true
printf 'adm:x:4:root,app\n' >>"$fs/etc/group"
is "root's groups, with -u or without" "$(who "$fs") $(who -u root "$fs")" "0 0 0 4 /root 0 0 0 4 /root"
many=()
for ((i = 100; i < 132; i++)); do many+=(--group-add "$i"); done
is "32 groups" "$(run1 "${many[@]}" "$fs" id -G | wc -w)" 34

# What an image can do to those who read its /etc/passwd: each of these is no file of ours, so names are unknown and numbers work.
# hostile NAME COMMAND: COMMAND makes $etc/passwd.
hostile() {
    local etc=$SCRATCH/hostile/etc

    rm -rf "$SCRATCH/hostile"
    mkdir -p "$SCRATCH/hostile"
    cp -a "$fs/." "$SCRATCH/hostile/"
    rm "$etc/passwd"
    (cd "$etc" && eval "$2")
    is "/etc/passwd is $1: a number" "$(who -u 1000:7 "$SCRATCH/hostile")" "1000 7 7 ${3:-/}"
    LIMIT=20 fails_with 125 '"app" is not in the container' "$LXC_LAUNCH" --rm -u app "$SCRATCH/hostile" true
}
hostile "missing" true
hostile "a FIFO" 'mkfifo passwd'
hostile "a directory" 'mkdir passwd'
hostile "a device" 'mknod passwd c 1 5'
hostile "a socket" 'socat UNIX-LISTEN:passwd,fork /dev/null & wait_for 5 test -S passwd; kill $!'
hostile "a link to itself" 'ln -s passwd passwd'
hostile "a link out of the root" "echo 'app:x:1000:1001::/stolen:' >$SCRATCH/outside; ln -s ../../../../../..$SCRATCH/outside passwd"
hostile "a link into /proc" 'ln -s /proc/self/environ passwd'
hostile "a magic link" 'ln -s /proc/1/root/etc/passwd passwd'
hostile "a line of 100 MB" 'truncate -s 100M passwd; printf "app:x:1000:1001::/x:\n" >>passwd'
hostile "a huge entry" '{ printf app; head -c 3000000 /dev/zero | tr "\0" x; printf ":x:1000:1001::/x:\n"; } >passwd'
hostile "full of NULs" 'printf "app\0:x:1000:1001::/x:\n\0app:x:1000:1001::/x:\n" >passwd'
hostile "numbers that are none" 'printf "app:x:-1:0::/:\napp:x:4294967295:0::/:\napp:x:99999999999:0::/:\napp:x:0x1:0::/:\napp:x::0::/:\n" >passwd'
hostile "NIS entries" 'printf "+app:x:1000:1001::/x:\n-app:x:1000:1001::/x:\n+\n" >passwd'
hostile "empty" ': >passwd'
hostile "a comment" 'echo "#app:x:1000:1001::/x:" >passwd'
hostile "an empty name's" 'echo ":x:1000:1001::/nameless:" >passwd'
rm -rf "$SCRATCH/hostile"
mkdir -p "$SCRATCH/hostile"
cp -a "$fs/." "$SCRATCH/hostile/"
{ printf '%0100000d\n' 0; printf 'app:x:1000:1001::/found:\n'; printf 'app:x:0:0::/second:\n'; } >"$SCRATCH/hostile/etc/passwd"
is "an entry behind a line that is too long, and the first of two" "$(who -u app "$SCRATCH/hostile" | tail -c 7)" /found
rm "$SCRATCH/hostile/etc/group"
mkfifo "$SCRATCH/hostile/etc/group"
is "/etc/group is a FIFO" "$(who -u app "$SCRATCH/hostile")" "1000 1001 1001 /found"
ln -sfn ../usr/lib/passwd "$SCRATCH/hostile/etc/passwd"
mkdir -p "$SCRATCH/hostile/usr/lib"
echo 'app:x:1000:1001::/linked:' >"$SCRATCH/hostile/usr/lib/passwd"
is "/etc/passwd is a link within the root" "$(who -u app "$SCRATCH/hostile" | tail -c 8)" /linked
printf '%s\n' 'app:x:1000:1001::/relative/../home\nx:' >"$SCRATCH/hostile/usr/lib/passwd"
# shellcheck disable=SC2016
is "HOME is what the file says" "$(run1 -u app "$SCRATCH/hostile" sh -c 'printf %s "$HOME"')" '/relative/../home\nx'

# ---- working directory ----

prints "-w" /etc "$LXC_LAUNCH" --rm -w /etc @busybox pwd
prints "-w of a directory that is missing" "/a/b/c 755 0:0" "$LXC_LAUNCH" --rm -w /a/b/c @busybox sh -c 'echo $(pwd) $(stat -c "%a %u:%g" /a)'
prints "-w through a link" /run "$LXC_LAUNCH" --rm -w /var/run @busybox pwd -P
fails_with 125 'working directory "/etc/passwd": not a directory' "$LXC_LAUNCH" --rm -w /etc/passwd @busybox pwd
prints "-w is entered before the privileges are gone, as with docker run" /root "$LXC_LAUNCH" --rm -u nobody --cap-drop ALL -w /root @busybox pwd
fails_with 125 'working directory "/proc/self/fd/0' "$LXC_LAUNCH" --rm -w /proc/self/fd/0 @busybox pwd
ln -s ../../../../../.. "$fs/up"
# shellcheck disable=SC2012
is "-w cannot leave the root" "$(run1 -w /up "$fs" ls | sort | head -n 3 | tr '\n' ' ')" "bin dev etc "
rm "$fs/up"

# ---- capabilities ----

# caps ARG...: inheritable, permitted, effective, bounding, ambient.
caps() { run1 "$@" awk '/^Cap/ { printf "%s%s", sep, substr($2, 7); sep = " " }' /proc/self/status 2>/dev/null; }
none=0000000000
docker=00a80425fb
bounding=$(awk '/^CapBnd/ { print substr($2, 7) }' /proc/self/status)

is "docker run's fourteen" "$(caps @busybox)" "$none $docker $docker $docker $none"
is "--cap-add" "$(caps --cap-add SYS_TIME --cap-add cap_net_admin @busybox)" "$none 00aa0435fb 00aa0435fb 00aa0435fb $none"
is "--cap-drop" "$(caps --cap-drop CHOWN --cap-drop CAP_KILL @busybox)" "$none 00a80425da 00a80425da 00a80425da $none"
is "--cap-drop ALL" "$(caps --cap-drop ALL @busybox)" "$none $none $none $none $none"
is "--cap-drop ALL --cap-add" "$(caps --cap-drop all --cap-add NET_RAW @busybox)" "$none 0000002000 0000002000 0000002000 $none"
is "--cap-add ALL" "$(caps --cap-add ALL @busybox)" "$none $bounding $bounding $bounding $none"
is "--cap-add ALL --cap-drop" "$(caps --cap-add ALL --cap-drop CHOWN @busybox)" \
    "$none $(printf '%010x %010x %010x' $((0x$bounding & ~1)) $((0x$bounding & ~1)) $((0x$bounding & ~1))) $none"
is "--privileged" "$(caps --privileged @busybox)" "$none $bounding $bounding $bounding $none"
is "another user has only the bound" "$(caps -u nobody @busybox)" "$none $none $none $docker $none"
is "--privileged with another user" "$(caps --privileged -u nobody @busybox)" "$none $none $none $bounding $none"
run "$LXC_LAUNCH" --rm --cap-add SYS_RESOURCE @busybox true
if ((0x$bounding & 1 << 24)); then
    is "a capability that the host gives" "$status $err" "0 "
else
    is "a capability that the host cannot give is a warning" "$status $err" \
        "0 lxc-launch: warning: capabilities: this host cannot give CAP_SYS_RESOURCE"
fi
prints "what is dropped cannot be used" refused "$LXC_LAUNCH" --rm --cap-drop CHOWN @busybox sh -c 'chown 1 /tmp 2>/dev/null || echo refused'
prints "mount(2) is refused by default" refused "$LXC_LAUNCH" --rm @busybox sh -c 'mount -t tmpfs x /mnt 2>/dev/null || echo refused'
prints "and works with SYS_ADMIN" ok "$LXC_LAUNCH" --rm --cap-add SYS_ADMIN @busybox sh -c 'mount -t tmpfs x /mnt && echo ok'
prints "no_new_privs is off" 0 "$LXC_LAUNCH" --rm @busybox awk '/^NoNewPrivs/ { print $2 }' /proc/self/status
prints "--security-opt no-new-privileges" 1 "$LXC_LAUNCH" --rm --security-opt no-new-privileges @busybox \
    awk '/^NoNewPrivs/ { print $2 }' /proc/self/status

# ---- limits ----

prints "--ulimit" "100 200 0 0 unlimited 77" "$LXC_LAUNCH" --rm --ulimit nofile=100:200 --ulimit core=0 --ulimit nproc=77 @busybox \
    sh -c 'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -Sc) $(ulimit -Hc) $(ulimit -St) $(ulimit -u)'
prints "--ulimit for another user" "50 60" "$LXC_LAUNCH" --rm -u nobody --ulimit nofile=50:60 @busybox \
    sh -c 'echo $(ulimit -Sn) $(ulimit -Hn)'
run "$LXC_LAUNCH" --rm --ulimit nofile=2000000000:2000000000 @busybox true
is "a limit above the kernel's is an error" "$status $err" '125 lxc-launch: process.rlimits: RLIMIT_NOFILE: 2000000000: operation not permitted'
prints "--oom-score-adj" 500 "$LXC_LAUNCH" --rm --oom-score-adj 500 @busybox cat /proc/self/oom_score_adj
prints "without it, as here" "$(cat /proc/self/oom_score_adj)" "$LXC_LAUNCH" --rm @busybox cat /proc/self/oom_score_adj

# ---- namespaces ----

# own KIND ARG...: whether the container's differs from ours.
own() {
    local kind=$1 here

    shift
    here=$(readlink "/proc/self/ns/$kind")
    if [ "$(run1 "$@" @busybox readlink "/proc/self/ns/$kind")" = "$here" ]; then echo host; else echo own; fi
}
for kind in pid net mnt ipc uts cgroup; do
    is "$kind namespace" "$(own "$kind")" own
done
is "user namespace" "$(own user)" host
is "time namespace" "$(own time)" host
for kind in pid ipc uts; do
    is "--$kind host" "$(own "$kind" "--$kind" host)" host
    is "--$kind private" "$(own "$kind" "--$kind" private)" own
done
prints "--pid host sees us" found "$LXC_LAUNCH" --rm --pid host @busybox sh -c "[ -d /proc/$$ ] && echo found"
status_is "exit codes with --pid host" 7 "$LXC_LAUNCH" --rm --pid host @busybox sh -c 'exit 7'
# shellcheck disable=SC2016
status_is "kill -9 \$\$ with --pid host" 137 "$LXC_LAUNCH" --rm --pid host @busybox sh -c 'kill -9 $$'
# The first sleep below is the container's own, which its end has to take along; its time is its mark.
run1 --pid host @busybox sh -c 'sleep 4711.25 & exit 0'
ok "--pid host: the end of the init is the end of all" sh -c '! pgrep -fx "sleep 4711.25"'
prints "--uts host" "$(hostname)" "$LXC_LAUNCH" --rm --uts host @busybox hostname
fails_with 125 'hostname' "$LXC_LAUNCH" --rm --uts host --hostname x @busybox hostname
like "--ipc host shares /dev/shm" "$(touch /dev/shm/mark && run1 --ipc host @busybox ls /dev/shm)" mark
rm -f /dev/shm/mark

"$LXC_LAUNCH" --name peer @busybox sleep 60 &
peer=$!
wait_for 10 sh -c 'jq -e ".status == \"running\"" /run/runlxc/peer/state.json'
peer_pid=$(jq .pid /run/runlxc/peer/state.json)
prints "--pid container:" "$(readlink "/proc/$peer_pid/ns/pid")" "$LXC_LAUNCH" --rm --pid container:peer @busybox readlink /proc/self/ns/pid
prints "--pid container: sees the other's init" sleep "$LXC_LAUNCH" --rm --pid container:peer @busybox cat /proc/1/comm
status_is "exit codes with --pid container:" 9 "$LXC_LAUNCH" --rm --pid container:peer @busybox sh -c 'exit 9'
prints "--ipc container:" "$(readlink "/proc/$peer_pid/ns/ipc")" "$LXC_LAUNCH" --rm --ipc container:peer @busybox readlink /proc/self/ns/ipc
prints "--net container:" "$(readlink "/proc/$peer_pid/ns/net")" "$LXC_LAUNCH" --rm --net container:peer @busybox readlink /proc/self/ns/net
kill -0 "$peer_pid"
is "the other one goes on" $? 0
kill -KILL "$peer_pid"
wait "$peer"
fails_with 125 'peer' "$LXC_LAUNCH" --rm --pid container:peer @busybox true
fails_with 125 'nosuch' "$LXC_LAUNCH" --rm --ipc container:nosuch @busybox true

# ---- sysctl ----

prints "--sysctl" "9000 1" "$LXC_LAUNCH" --rm --sysctl kernel.msgmax=9000 --sysctl net.ipv4.ip_forward=1 @busybox \
    sh -c 'echo $(cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward)'
fails_with 125 'kernel.shm_rmid_forced=x' "$LXC_LAUNCH" --rm --sysctl kernel.shm_rmid_forced=x @busybox true
fails_with 125 'net.nosuch' "$LXC_LAUNCH" --rm --sysctl net.nosuch=1 @busybox true
prints "/proc/sys is read-only" refused "$LXC_LAUNCH" --rm @busybox sh -c '{ echo 1 >/proc/sys/net/ipv4/ip_forward; } 2>/dev/null || echo refused'

# ---- /dev ----

# Only where the kernel has what it links to.
core='' kcore=''
[ ! -e /proc/kcore ] || core='core ' kcore='/proc/kcore '
prints "/dev" "${core}fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero" "$LXC_LAUNCH" --rm @busybox \
    sh -c 'ls /dev | tr "\n" " " | sed "s/ $//"'
prints "the links" "$kcore/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx" "$LXC_LAUNCH" --rm @busybox \
    sh -c 'cd /dev && for l in core fd stdin stdout stderr ptmx; do readlink $l; done | tr "\n" " " | sed "s/ $//"'
prints "the nodes" "1:3 666 1:5 666 1:7 666 1:8 666 1:9 666 5:0 666" "$LXC_LAUNCH" --rm @busybox \
    sh -c 'cd /dev && stat -c "%t:%T %a" null zero full random urandom tty | tr "\n" " " | sed "s/ $//"'
like "/dev/pts" "$(run1 @busybox grep ' /dev/pts ' /proc/mounts)" 'gid=5,mode=620,ptmxmode=666'
like "/dev/shm" "$(run1 @busybox sh -c 'grep " /dev/shm " /proc/mounts; stat -c %a /dev/shm')" 'nosuid,nodev,noexec,.*size=65536k.*1777$'
like "--shm-size" "$(run1 --shm-size 1m @busybox grep ' /dev/shm ' /proc/mounts)" 'size=1024k'
prints "what the links stand for" "in out" "$LXC_LAUNCH" --rm -i @busybox sh -c 'read x </dev/stdin; echo "$x out" >/dev/stdout' <<<in
prints "/dev/null is null" "0 1:3" "$LXC_LAUNCH" --rm @busybox sh -c 'echo x >/dev/null; echo $(wc -c </dev/null) $(stat -c %t:%T /dev/null)'

# ---- devices ----

prints "--device" "1:3 666" "$LXC_LAUNCH" --rm --device /dev/null:/dev/sub/nil @busybox stat -c '%t:%T %a' /dev/sub/nil
prints "--device, its permissions and owner" "620 0:5" "$LXC_LAUNCH" --rm --device "$(mknod -m 620 "$SCRATCH/dev" c 1 3 && chgrp 5 "$SCRATCH/dev" &&
    echo "$SCRATCH/dev"):/dev/mine" @busybox stat -c '%a %u:%g' /dev/mine
mknod -m 666 "$SCRATCH/kmsg" c 1 11
# kmsg MODE ARG...: what can be done with /dev/kmsg's number.
try='for w in "cat </dev/k" "echo runlxc-test >/dev/k" "mknod /tmp/k c 1 11"; do
    if timeout 1 sh -c "$w" >/dev/null 2>&1; then echo -n y; else [ $? -gt 100 ] && echo -n y || echo -n n; fi; done'
is "--device rwm" "$(run1 --device "$SCRATCH/kmsg:/dev/k" --cap-add SYSLOG @busybox sh -c "$try")" yyy
is "--device r" "$(run1 --device "$SCRATCH/kmsg:/dev/k:r" --cap-add SYSLOG @busybox sh -c "$try")" yny
is "--device w" "$(run1 --device "$SCRATCH/kmsg:/dev/k:w" --cap-add SYSLOG @busybox sh -c "$try")" nyy
prints "a device that is not allowed" "cat: can't open '/tmp/k': Operation not permitted" "$LXC_LAUNCH" --rm --cap-add SYSLOG @busybox \
    sh -c 'mknod /tmp/k c 1 11 && cat /tmp/k 2>&1 || true'
prints "--device-cgroup-rule" y "$LXC_LAUNCH" --rm --cap-add SYSLOG --device-cgroup-rule 'c 1:11 w' @busybox \
    sh -c 'mknod /tmp/k c 1 11 && echo runlxc-test >/tmp/k && echo y'
prints "--device-cgroup-rule with *" y "$LXC_LAUNCH" --rm --cap-add SYSLOG --device-cgroup-rule 'c 1:* rwm' @busybox \
    sh -c 'mknod /tmp/k c 1 11 && echo runlxc-test >/tmp/k && echo y'
prints "--privileged allows all" y "$LXC_LAUNCH" --rm --privileged @busybox sh -c 'mknod /tmp/k c 1 11 && echo runlxc-test >/tmp/k && echo y'

# ---- masked and read-only paths ----

prints "masked files are empty" "0 0" "$LXC_LAUNCH" --rm @busybox sh -c 'echo $(cat /proc/keys /proc/timer_list | wc -c) $(ls -A /sys/firmware | wc -l)'
for path in /proc/bus /proc/fs /proc/irq /proc/sys; do
    prints "$path is read-only" ro "$LXC_LAUNCH" --rm @busybox sh -c "awk '\$5 == \"$path\" { print substr(\$6, 1, 2) }' /proc/self/mountinfo"
done
prints "/sys is read-only" ro "$LXC_LAUNCH" --rm @busybox sh -c "awk '\$5 == \"/sys\" { print substr(\$6, 1, 2) }' /proc/self/mountinfo"
is "cgroups are read-only" "$(run1 @busybox awk '$5 ~ "^/sys/fs/cgroup" && $6 !~ "^ro"' /proc/self/mountinfo)" ""
prints "/proc/sysrq-trigger cannot be written" refused "$LXC_LAUNCH" --rm @busybox sh -c '{ echo h >/proc/sysrq-trigger; } 2>/dev/null || echo refused'
is "systempaths=unconfined" "$(run1 --security-opt systempaths=unconfined @busybox awk '$5 ~ "^/proc/" { print $5 }' /proc/self/mountinfo)" ""
is "--privileged: nothing is masked, /sys can be written" \
    "$(run1 --privileged @busybox awk '$5 ~ "^/(proc/|sys/firmware)" || $5 == "/sys" { print $5, substr($6, 1, 2) }' /proc/self/mountinfo)" "/sys rw"

# ---- a read-only root ----

prints "--read-only" "refused refused shm pts" "$LXC_LAUNCH" --rm --read-only @busybox sh -c \
    '{ touch /x || echo refused; touch /etc/x || echo refused; touch /dev/shm/x && echo shm; [ -w /dev/pts ] && echo pts; } 2>/dev/null | tr "\n" " " | sed "s/ $//"'
prints "--read-only and a volume" "rw" "$LXC_LAUNCH" --rm --read-only -v "$SCRATCH/vol:/vol" @busybox sh -c 'touch /vol/x && echo rw'
prints "--read-only of a directory" refused "$LXC_LAUNCH" --rm --read-only "$fs" sh -c 'touch /x 2>/dev/null || echo refused'
ok "the directory can be written afterwards" touch "$fs/x"

suite_end
