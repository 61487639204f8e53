#!/bin/bash
# Podman of an ordinary user: each scenario with runc and with runlxc, side by side; output and exit code are the same.
#     tests/engines/podman-rootless.sh
#     ONLY=exec tests/engines/podman-rootless.sh
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # scenarios are called by name
. "$(dirname "$0")/../lib.sh"
suite_begin private net
# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
user_make || exit 1
for dir in /etc/containers /run; do
    mount -t tmpfs -o mode=755 runlxc-test-podman "$dir" || exit 1
done
at_exit user_podman_end

# Of containers that are gone Podman keeps one process, which holds its user namespace.
user_podman_end() {
    local pid

    as_user podman rm -f -a -t 0 >/dev/null 2>&1
    # Without a newline at its end.
    pid=$(cat "$TEST_RUNTIME/libpod/tmp/pause.pid" 2>/dev/null)
    [ -z "$pid" ] || kill -KILL "$pid"
}

user_podman_conf runc 'cgroup_manager = "cgroupfs"'
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >/etc/containers/policy.json
chown -R "$TEST_UID:$TEST_UID" "$TEST_HOME/.config"

I=localhost/busybox
busybox_rootfs "$SCRATCH/image"
printf 'user:x:1000:1000:user:/home:/bin/sh\n' >>"$SCRATCH/image/etc/passwd"
tar -C "$SCRATCH/image" -cf "$TEST_HOME/image.tar" .
ok "an image" as_user podman import -q -c 'CMD ["sh"]' -c 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' "$TEST_HOME/image.tar" "$I"

# p ARG...: podman with the runtime of this turn, and its exit code on standard output.
p() {
    as_user podman --runtime "$RT" "$@" </dev/null
    echo "rc=$?"
}
r() { p run --rm --network none "$@"; }

# logged NAME TEXT: a container has said it.
logged() { as_user podman logs "$1" 2>&1 | grep -q "$2"; }

s_run() { r "$I" sh -c 'id; echo out; echo err >&2; exit 7'; }
s_maps() { r "$I" cat /proc/self/uid_map /proc/self/gid_map; }
s_user() {
    r --user 1000:1000 "$I" sh -c 'id; touch /tmp/x; stat -c %u:%g /tmp/x'
    r --user user "$I" id
}
s_devices() {
    r "$I" sh -c 'ls /dev | tr "\n" " "; echo x >/dev/null; head -c 3 /dev/zero | wc -c; : >/dev/full && cat /dev/full | head -c 1 | wc -c; mknod /tmp/n c 1 3'
}
s_volume() {
    as_user rm -rf "v-$RT" && as_user mkdir "v-$RT"
    r -v "$TEST_HOME/v-$RT:/data" "$I" sh -c 'touch /data/root; touch /data/other; chown 1000:1000 /data/other; ls -n /data | tr -s " " | cut -d " " -f 3,4,9'
    stat -c '%n %u:%g' "$TEST_HOME/v-$RT"/* | sed 's|.*/||'
    r -v "$TEST_HOME/v-$RT:/data:ro" "$I" touch /data/x
}
s_keep_id() {
    as_user rm -rf "k-$RT" && as_user mkdir "k-$RT"
    r --userns keep-id -v "$TEST_HOME/k-$RT:/data" "$I" sh -c 'id -u; touch /data/mine; stat -c %u:%g /data/mine; cat /proc/self/uid_map'
    stat -c '%u:%g' "$TEST_HOME/k-$RT/mine"
}
s_uidmap() { r --uidmap 0:1:1000 --gidmap 0:1:1000 "$I" sh -c 'id; cat /proc/self/uid_map; touch /x; stat -c %u /x'; }
s_userns_auto() { r --userns auto:size=500 "$I" sh -c 'id -u; cut -c 1-10,22- /proc/self/uid_map; touch /x && stat -c %u /x'; }
s_exec() {
    as_user podman --runtime "$RT" run -d --network none --name "c-$RT" "$I" sleep 100 >/dev/null
    p exec "c-$RT" sh -c 'id; cat /proc/self/uid_map; readlink /proc/self/ns/pid >/dev/null && ps | grep -c "sleep 100"; exit 5'
    p exec --user 1000 -e A=b -w /tmp "c-$RT" sh -c 'id -u; echo $A; pwd'
    p exec "c-$RT" no-such-program
    p rm -f -t 0 "c-$RT" | sed "s/c-$RT/c/"
}
s_stop() {
    as_user podman --runtime "$RT" run -d --network none --name "c-$RT" "$I" sh -c 'trap "echo bye; exit 4" TERM; echo up; while :; do sleep 0.1; done' >/dev/null
    wait_for 10 logged "c-$RT" up
    p stop -t 20 "c-$RT" | sed "s/c-$RT/c/"
    p logs "c-$RT"
    p inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' "c-$RT"
    p rm "c-$RT" | grep rc
}
s_kill() {
    as_user podman --runtime "$RT" run -d --network none --name "c-$RT" "$I" sleep 100 >/dev/null
    p kill "c-$RT" | sed "s/c-$RT/c/"
    p wait "c-$RT"
    p rm "c-$RT" | grep rc
}
s_top() {
    as_user podman --runtime "$RT" run -d --network none --name "c-$RT" "$I" sleep 100 >/dev/null
    p top "c-$RT" user pid args
    p rm -f -t 0 "c-$RT" | grep rc
}
s_tty() {
    as_user script -qec "podman --runtime $RT run --rm --network none -it $I sh -c 'tty; stat -c %u \$(tty); echo x >/dev/tty'" /dev/null </dev/null | tr -d '\r\0' | sed 's/\^@//g'
    echo "rc=${PIPESTATUS[0]}"
}
s_stdin() { echo data | as_user podman --runtime "$RT" run --rm -i --network none "$I" sh -c 'cat; cat /dev/stdin; echo x >/dev/stdout'; }
s_not_found() {
    r "$I" no-such-program
    r "$I" /etc/passwd
}
s_read_only() { r --read-only --tmpfs /t "$I" sh -c 'touch /x; touch /t/x && echo made; grep " / " /proc/mounts | grep -c "[ ,]ro,"'; }
s_caps() {
    r "$I" grep ^Cap /proc/self/status
    r --cap-drop all "$I" grep ^Cap /proc/self/status
    r --privileged "$I" sh -c 'mount -t tmpfs none /mnt && echo mounted; hostname other && hostname'
}
s_host_network() { r --network host "$I" sh -c 'ls /sys/class/net | grep -x lo; hostname x 2>&1'; }
s_slirp() {
    p run --rm "$I" sh -c 'ip -o -4 addr show tap0 | tr -s " " | cut -d " " -f 4; ip route | grep -c default'
}
s_port() {
    local port=$((20000 + RANDOM % 10000))

    as_user podman --runtime "$RT" run -d -p "127.0.0.1:$port:80" --name "c-$RT" "$I" sh -c 'mkdir /w; echo page >/w/index.html; exec httpd -f -h /w' >/dev/null
    wait_for 10 busybox wget -q -O - "http://127.0.0.1:$port/"
    busybox wget -q -O - "http://127.0.0.1:$port/"
    p rm -f -t 0 "c-$RT" | grep rc
}
s_pod() {
    as_user podman --runtime "$RT" pod create --name "pod-$RT" --network none --infra-name "i-$RT" --infra-image "$I" --infra-command 'sleep 100' >/dev/null
    p run -d --pod "pod-$RT" --name "a-$RT" "$I" sh -c 'hostname inpod; sleep 100' | grep rc
    p run --rm --pod "pod-$RT" "$I" sh -c 'ip -o link | wc -l; ls /proc | grep -c "^1$"'
    p pod rm -f -t 0 "pod-$RT" | grep rc
}
s_namespaces() {
    r --ipc host --uts host "$I" sh -c 'echo joined; hostname x 2>&1'
    r --pid host "$I" sh -c 'test -d /proc/2 && echo host'
}
s_sysctl() {
    r --sysctl net.ipv4.ip_forward=1 "$I" cat /proc/sys/net/ipv4/ip_forward
    r "$I" sh -c 'echo 1 >/proc/sys/vm/drop_caches'
}
s_ulimit() { r --ulimit nofile=100:200 "$I" sh -c 'ulimit -n; ulimit -Hn'; }
s_seccomp() { r "$I" sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true'; }
s_masked() { r "$I" sh -c 'cat /proc/kcore | wc -c; ls /proc/acpi | wc -c; touch /proc/sys/x; cat /proc/keys | wc -c'; }
s_cgroupns() { r --cgroupns private "$I" sh -c 'test -d /sys/fs/cgroup && echo shown; mkdir /sys/fs/cgroup/*/x 2>/dev/null || echo read-only'; }
s_init() { r --init "$I" sh -c 'ps | head -n 2 | tail -n 1 | grep -c init; exit 3'; }

names=$(declare -F | sed -n 's/^declare -f s_//p' | grep -E "${ONLY:-.}")
for name in $names; do
    for RT in runc runlxc; do
        (set +e && "s_$name") >"$SCRATCH/$name.$RT" 2>"$SCRATCH/$name.$RT.err"
        sed -i -e "s/-$RT/-RT/g" "$SCRATCH/$name.$RT"
    done
    is "$name: as with runc" "$(cat "$SCRATCH/$name.runlxc")" "$(cat "$SCRATCH/$name.runc")"
    if [ ! -s "$SCRATCH/$name.runlxc" ] || ! grep -q 'rc=' "$SCRATCH/$name.runlxc" && [ "$name" != stdin ]; then
        fail "$name says something"
    fi
    cmp -s "$SCRATCH/$name.runlxc" "$SCRATCH/$name.runc" || diag "$(tail -n 20 "$SCRATCH/$name.runc.err" "$SCRATCH/$name.runlxc.err")"
    [ -z "${VERBOSE:-}" ] || diag "$(cat "$SCRATCH/$name.runlxc")"
done

is "no container is left" "$(as_user podman ps -aq)" ""
is "nothing is recorded" "$(ls -A "$TEST_RUNTIME/runlxc")" ""
suite_end
