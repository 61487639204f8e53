#!/bin/bash
# lxc-launch --userns: ids inside and outside, of processes and files, and what a container's root cannot do here.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private net

# The cgroups are the machine's: names that no other run has.
a=usera$$ b=userb$$
BASE=1000000 SIZE=65536

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }
state() { jq -r "$2" "/run/runlxc/$1/state.json"; }
gone() { [ ! -e "/run/runlxc/$1" ]; }
end() {
    kill -KILL "$(state "$1" .pid)"
    ok "$1 is removed at its end" wait_for 10 gone "$1"
}
# map BASE SIZE: as /proc/PID/uid_map and gid_map print it.
map() { printf '%10u %10u %10u\n%10u %10u %10u' 0 "$1" "$2" 0 "$1" "$2"; }
# shellcheck disable=SC2016 # for the container's shell
maps='cat /proc/self/uid_map /proc/self/gid_map'
owner() { stat -c '%u:%g' "$1"; }

busybox_rootfs "$SCRATCH/fs"
chmod 711 "$SCRATCH"
ok "a container starts" "$LXC_LAUNCH" --rm @busybox true
leftovers_snapshot

# ---- with layers (the shared image): an overlay with shifted owners; with a directory: an idmapped mount ----

for image in @busybox "$SCRATCH/fs"; do
    is "auto: the map, ${image##*/}" "$(run1 --userns auto "$image" sh -c "$maps")" "$(map $BASE $SIZE)"
    is "BASE:SIZE: the map, ${image##*/}" "$(run1 --userns 500000:4000 "$image" sh -c "$maps")" "$(map 500000 4000)"
    is "the files are the container's root's, ${image##*/}" \
        "$(run1 --userns auto "$image" sh -c 'stat -c "%u:%g %n" / /bin/busybox /etc/passwd /proc/1 /.dockerenv /etc/hosts /dev/pts /dev/shm')" "0:0 /
0:0 /bin/busybox
0:0 /etc/passwd
0:0 /proc/1
0:0 /.dockerenv
0:0 /etc/hosts
0:0 /dev/pts
0:0 /dev/shm"
    # shellcheck disable=SC2016
    is "what it makes is its own, ${image##*/}" "$(run1 --userns auto "$image" sh -c \
        'for f in /a /root/b /tmp/c /dev/shm/d; do echo x >$f && stat -c %u:%g $f && rm $f; done; echo 1.2.3.4 x >>/etc/hosts && echo written')" \
        "0:0
0:0
0:0
0:0
written"
    is "-u, ${image##*/}" "$(run1 --userns auto -u 100:200 --group-add 300 "$image" sh -c \
        'echo $(id -u) $(id -g) $(id -G); touch /tmp/u; stat -c %u:%g /tmp/u; rm /tmp/u')" "100 200 200 300
100:200"
    is "-u by name, ${image##*/}" "$(run1 --userns auto -u nobody "$image" id -un)" nobody
    is "devices work, ${image##*/}" "$(run1 --userns auto "$image" sh -c \
        'echo x >/dev/null; head -c 2 /dev/zero | wc -c; head -c 3 /dev/urandom | wc -c; : >/dev/tty' 2>/dev/null | paste -sd ' ')" "2 3"
done
is "pipes are its own" "$(echo in | run1 --userns auto -i @busybox sh -c 'cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr' 2>&1)" "in
out
err"
# shellcheck disable=SC2016
is "a terminal too" "$(run1 --userns auto -t @busybox sh -c 'stat -c %u "$(tty)" /dev/console; echo x >/dev/tty' </dev/null | tr -d '\r' | paste -sd ' ')" \
    "0 0 x"
is "limits hold as well" "$(run1 --userns auto --pids-limit 20 @busybox sh -c 'cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max' 2>/dev/null)" 20
is "--tmpfs is its own" "$(run1 --userns auto --read-only --tmpfs /tmp @busybox sh -c 'touch /tmp/x && stat -c %u /tmp /tmp/x; touch /x' 2>&1)" "0
0
touch: /x: Read-only file system"

# ---- owners seen from here ----

run1 --userns auto "$SCRATCH/fs" sh -c 'echo x >/root/made; touch /tmp/made; chown 7:8 /tmp/made; mkdir -p /srv/deep/er'
is "files in a directory root are those of ids without a shift" \
    "$(owner fs/root/made) $(owner fs/tmp/made) $(owner fs/srv/deep/er)" "0:0 7:8 0:0"
run1 --userns auto -u 100:200 "$SCRATCH/fs" touch /tmp/mine
is "of any user" "$(owner fs/tmp/mine)" 100:200
is "the root itself is as it was" "$(owner fs) $(owner fs/bin/busybox)" "0:0 0:0"

"$LXC_LAUNCH" -d --rm --name "$a" --userns auto -u 5:6 @busybox sleep 60 >/dev/null
"$LXC_LAUNCH" -d --rm --name "$b" --userns auto "$SCRATCH/fs" sleep 60 >/dev/null
is "processes of the first" "$(owner "/proc/$(state "$a" .pid)")" "$((BASE + 5)):$((BASE + 6))"
is "processes of the second: another range" "$(owner "/proc/$(state "$b" .pid)")" "$((BASE + SIZE)):$((BASE + SIZE))"
is "the second's map" "$(cat "/proc/$(state "$b" .pid)/uid_map" "/proc/$(state "$b" .pid)/gid_map")" "$(map $((BASE + SIZE)) $SIZE)"
is "a third has a third" "$(run1 --userns auto @busybox sh -c "$maps")" "$(map $((BASE + 2 * SIZE)) $SIZE)"
isnt "they are user namespaces of their own" "$(readlink "/proc/$(state "$a" .pid)/ns/user")" "$(readlink "/proc/$(state "$b" .pid)/ns/user")"

exec1() { bounded "$RUNLXC" --root /run/runlxc exec "$@"; }
is "exec: the map" "$(exec1 "$b" sh -c "$maps")" "$(map $((BASE + SIZE)) $SIZE)"
is "exec: the user namespace" "$(exec1 "$b" readlink /proc/self/ns/user)" "$(readlink "/proc/$(state "$b" .pid)/ns/user")"
is "exec is the container's user" "$(exec1 "$a" sh -c 'echo $(id -u) $(id -g)')" "5 6"
exec1 "$b" touch /root/by-exec
is "exec: what it makes" "$(owner fs/root/by-exec)" 0:0
end "$a"
is "a range that was given back is the next" "$(run1 --userns auto @busybox sh -c "$maps")" "$(map $BASE $SIZE)"
end "$b"
pids=()
for i in 0 1 2 3 4 5; do
    run1 --userns auto @busybox sh -c 'head -n 1 /proc/self/uid_map; sleep 1' >"$SCRATCH/map.$i" 2>&1 &
    pids+=($!)
done
for i in "${pids[@]}"; do wait "$i"; done
is "six at once have six ranges" "$(cat "$SCRATCH"/map.* | awk '{ print $1, ($2 - '$BASE') % '$SIZE', $3, $2 }' | sort -u | grep -c "^0 0 $SIZE ")" 6

# ---- what its root cannot do ----

mkdir shared mine
echo secret >shared/f
chmod 600 shared/f
chown $BASE:$BASE mine
touch shared/open && chmod 666 shared/open
volume=(-v "$SCRATCH/shared:/shared" -v "$SCRATCH/mine:/mine")
is "files of the host's root are nobody's" "$(run1 --userns auto "${volume[@]}" @busybox stat -c %u:%g /shared /shared/f)" "65534:65534
65534:65534"
for line in 'cat /shared/f' 'echo x >/shared/f' 'touch /shared/new' 'rm /shared/f' 'chown 0:0 /shared' 'chmod 777 /shared' 'mkdir /shared/d' \
    'mv /shared/f /shared/g' 'mknod /tmp/null c 1 3' 'mount -t tmpfs none /mnt' 'echo 1 >/proc/sys/vm/drop_caches' 'hostname other' 'kill -0 2' \
    'ip link set lo down'; do
    fails "cannot: $line" "$LXC_LAUNCH" --rm --userns auto "${volume[@]}" @busybox sh -c "exec 2>/dev/null; $line"
done
# With every capability of its own namespace it can what is its own, and still nothing of ours.
is "with all capabilities its own namespaces are its own" "$(run1 --userns auto --cap-add ALL "${volume[@]}" @busybox sh -c \
    'hostname other && hostname; ip link set lo down && echo lo; mount -t tmpfs none /mnt && echo mounted' 2>&1 | paste -sd ' ')" "other lo mounted"
for line in 'cat /shared/f' 'echo x >/shared/f' 'touch /shared/new' 'chown 0:0 /shared' 'chmod 777 /shared/open' 'mknod /tmp/null c 1 3' \
    'echo 1 >/proc/sys/vm/drop_caches' 'echo 1 >/proc/sys/kernel/printk_delay' 'mount -o remount,rw /shared'; do
    fails "cannot with all capabilities: $line" "$LXC_LAUNCH" --rm --userns auto --cap-add ALL "${volume[@]}" @busybox sh -c "exec 2>/dev/null; $line"
done
is "what the host lets anybody write it can" "$(run1 --userns auto "${volume[@]}" @busybox sh -c 'echo x >/shared/open && cat /shared/open')" x
run1 --userns $BASE:$SIZE "${volume[@]}" @busybox touch /mine/new
is "and what belongs to its ids" "$(owner mine/new)" "$BASE:$BASE"
is "the host's files are as they were" "$(cat shared/f) $(owner shared) $(stat -c '%a %U' shared/f) $(find shared | wc -l) $(stat -c %a shared/open)" \
    "secret 0:0 600 root 3 666"

# ---- with a network of its own ----

ip link add rlusr0 type bridge
ip addr add 10.81.0.1/24 dev rlusr0
ip link set rlusr0 up
is "a bridge" "$(run1 --userns auto --net rlusr0 @busybox sh -c \
    'ip -o -4 addr show eth0 | sed "s/.* inet \([^ ]*\) .*/\1/"; ping -c 1 -W 2 10.81.0.1 >/dev/null && echo reached; ls /sys/class/net' | paste -sd ' ')" \
    "10.81.0.2/24 reached eth0 lo"
ip link del rlusr0

# ---- exec, and a directory of containers that is for root alone ----

mkdir -m 0700 "$SCRATCH/closed" "$SCRATCH/closed/more"
echo entry >"$SCRATCH/closed/file"
"$LXC_LAUNCH" --root "$SCRATCH/closed/more/root" -d --name usrexec --userns auto --oom-score-adj 100 @busybox sleep 100 >/dev/null
is "exec has the container's OOM score" \
    "$("$RUNLXC" --root "$SCRATCH/closed/more/root" exec usrexec cat /proc/self/oom_score_adj)" 100
ok "it ends" "$RUNLXC" --root "$SCRATCH/closed/more/root" delete --force usrexec
is "the directories above are as they were" "$(stat -c '%a %n' "$SCRATCH/closed" "$SCRATCH"/closed/* | sed "s|$SCRATCH/||")" \
    $'700 closed\n644 closed/file\n700 closed/more'

# ---- errors ----

for value in x 500000 500000:0 :5 5: -1:5 500000:x; do
    fails_with 125 "--userns: \"$value\" is none of host, auto, BASE:SIZE" "$LXC_LAUNCH" --rm --userns $value @busybox true
done
fails_with 125 'goes beyond the last id' "$LXC_LAUNCH" --rm --userns 4294967000:65536 @busybox true
fails_with 125 'user: the container'"'"'s user namespace has no id 65534' "$LXC_LAUNCH" --rm --userns 500000:10 -u nobody @busybox true
fails_with 125 'user: the container'"'"'s user namespace has no id 77' "$LXC_LAUNCH" --rm --userns 500000:10 -u 77:1 @busybox true
fails_with 125 'user: the container'"'"'s user namespace has no id 78' "$LXC_LAUNCH" --rm --userns 500000:10 --group-add 78 @busybox true
for options in '--net host' '--pid host' '--privileged'; do
    # shellcheck disable=SC2086
    fails_with 125 'cannot be used with --userns auto' "$LXC_LAUNCH" --rm --userns auto $options @busybox true
done
is "--userns host" "$(run1 --userns host @busybox cat /proc/self/uid_map)" "$(cat /proc/self/uid_map)"

is "no record and no range is left" "$(ls -A /run/runlxc)" ""
leftovers_check "nothing is left"
suite_end
