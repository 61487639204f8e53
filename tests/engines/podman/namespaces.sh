# shellcheck shell=bash
# Namespaces: own, shared with a container, the host's, by path.

s_namespaces_own()
{
    local kind

    d "$I" sleep 100
    for kind in mnt pid net ipc uts user cgroup; do
        same_as self "$kind"
    done
    # Engines and tools look at the inspected pid's.
    podman inspect --format '{{.NetworkSettings.SandboxKey}}' "$C" | sed 's/.*netns.*/NETNS/'
    for kind in mnt net ipc uts; do
        same_as "$(pid_of)" "$kind"
    done
}

s_namespaces_host()
{
    d --pid host --ipc host --uts host --network host "$I" sleep 100
    for kind in mnt pid net ipc uts user; do
        same_as self "$kind"
    done
    x sh -c 'test $$ -gt 1 && hostname' | sed "s/^$(hostname)\$/HOST/"
    x sh -c "test -d /proc/$$ && echo sees the host" | sed '/^\[/d'
}

s_namespaces_pid_container()
{
    must podman run -d --name "$C-peer" --network none "$I" sleep 400
    d --pid "container:$C-peer" "$I" sleep 100
    x ps -o pid,args | grep -c '[s]leep'
    x sh -c 'head -n 1 /proc/1/cmdline | tr "\0" " "'
    p exec "$C-peer" ps -o args | grep -c '^sleep'
    must podman kill "$C"
    until_status exited
    state
    state "$C-peer"
}

s_namespaces_pid_container_ends()
{
    # The end of the namespace's process 1 is everybody's end.
    must podman run -d --name "$C-peer" --network none "$I" sleep 400
    d --pid "container:$C-peer" "$I" sleep 100
    must podman kill "$C-peer"
    until_status exited
    state
}

s_namespaces_ipc_container()
{
    must podman run -d --name "$C-peer" --network none --ipc shareable "$I" sh -c 'echo there >/dev/shm/file; exec sleep 400'
    until_true 5 podman exec "$C-peer" test -e /dev/shm/file
    d --ipc "container:$C-peer" "$I" sleep 100
    x cat /dev/shm/file
    same_as "$(pid_of "$C-peer")" ipc
    pe run --rm --network none --ipc none "$I" sh -c 'ls /dev/shm'
    must podman run -d --name "$C-private" --network none --ipc private "$I" sleep 100
    exit_code run --rm --network none --ipc "container:$C-private" "$I" true
}

s_namespaces_network_container()
{
    must podman run -d --name "$C-peer" --network none "$I" sh -c 'ip link set lo mtu 1234; nc -l -p 99 -e echo from the peer'
    d --network "container:$C-peer" --user nobody "$I" sleep 100
    x sh -c 'nc 127.0.0.1 99 </dev/null; ls /sys/class/net'
    same_as "$(pid_of "$C-peer")" net
    test "$(podman exec "$C" hostname)" = "$(podman exec "$C-peer" hostname)" && echo 'one name'
}

s_namespaces_uts()
{
    must podman run -d --name "$C-peer" --network none --hostname peer "$I" sleep 400
    d --uts "container:$C-peer" "$I" sleep 100
    x hostname
    p run --rm --network none --uts host "$I" hostname | sed "s/^$(hostname)\$/HOST/"
}

s_namespaces_path()
{
    touch net uts ipc
    unshare --net="$D/net" --uts="$D/uts" --ipc="$D/ipc" sh -c 'hostname by-path; ip link set lo mtu 1357 up'
    d --network "ns:$D/net" --uts "ns:$D/uts" --ipc "ns:$D/ipc" "$I" sleep 100
    x sh -c 'hostname; cat /sys/class/net/lo/mtu /proc/sys/kernel/hostname'
    [ "$(stat -Lc %i net)" = "$(stat -Lc %i "/proc/$(pid_of)/ns/net")" ] && echo 'that one'
    must podman rm -f -t 0 "$C"
    umount net uts ipc
}

s_namespaces_pid_path()
{
    must podman run -d --name "$C-peer" --network none "$I" sleep 400
    hpid=$(podman top "$C-peer" hpid | sed 1d | tr -d ' ')
    d --pid "ns:/proc/$hpid/ns/pid" "$I" sleep 100
    x sh -c 'head -n 1 /proc/1/cmdline | tr "\0" " "; ps -o args | grep -c "^sleep"'
}

s_namespaces_none()
{
    r "$I" sh -c 'ls /sys/class/net; ip -o addr show lo | grep -c 127.0.0.1; cat /sys/class/net/lo/flags'
    r --network none "$I" ping -c 1 -w 2 127.0.0.1 | grep -c 'bytes from'
}

s_namespaces_cgroup()
{
    r --cgroupns private "$I" sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u; grep "/sys/fs/cgroup" /proc/self/mounts | grep -vc unified; ls -d /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/tasks'
    r --cgroupns host "$I" sh -c 'grep memory: /proc/self/cgroup | cut -d: -f3 | sed "s/[0-9a-f]\{64\}/ID/"; grep "/sys/fs/cgroup" /proc/self/mounts | grep -vc unified'
    r --cgroupns private -m 32m "$I" cat /sys/fs/cgroup/memory/memory.limit_in_bytes
}

s_namespaces_user_map()
{
    d --uidmap 0:100000:2000 --gidmap 0:200000:2000 "$I" sleep 100
    x sh -c 'cat /proc/self/uid_map /proc/self/gid_map; id; touch /file && stat -c %u:%g /file /etc/passwd'
    stat -c '%u:%g' "/proc/$(podman top "$C" hpid | sed 1d | tr -d ' ')"
    same_as self user
    x --user=5:6 id
    p run --rm --network none --name "$C-2" --uidmap 0:100000:2000 --gidmap 0:200000:2000 "$I" grep ^CapEff /proc/self/status
    p run --rm --network none --name "$C-2" --uidmap 0:100000:2000 --gidmap 0:200000:2000 --user 1005:1005 "$I" id
    p run --rm --network none --name "$C-2" --uidmap 0:100000:2000 --gidmap 0:200000:2000 --tmpfs /t --read-only -v "$D:/data:ro" "$I" sh -c 'touch /t/x; stat -c %u:%g /t /data; ls -ld /proc/1 | tr -s " " | cut -d " " -f 3'
    p run --rm --network none --name "$C-2" --uidmap 0:100000:2000 --gidmap 0:200000:2000 --privileged "$I" sh -c 'mount -t tmpfs none /mnt && echo mounted'
}

s_namespaces_user_tty()
{
    talk -- run --rm --network none -it --uidmap 0:100000:2000 --gidmap 0:100000:2000 "$I" sh -c 'tty; stat -c %u $(tty); echo x >/dev/tty; exit 3'
    d --uidmap 0:100000:2000 --gidmap 0:100000:2000 "$I" sleep 100
    talk -- exec -it "$C" sh -c 'tty; id -u; exit 4'
    echo input | x -i cat
}

s_namespaces_user_auto()
{
    d --userns auto:size=2000,uidmapping=0:300000:2000,gidmapping=0:300000:2000 "$I" sleep 100
    x sh -c 'awk "{ print \$1, \$3 }" /proc/self/uid_map; id -u'
}

s_namespaces_user_container()
{
    must podman run -d --name "$C-peer" --network none --uidmap 0:100000:2000 --gidmap 0:100000:2000 "$I" sleep 400
    d --userns "container:$C-peer" "$I" sleep 100
    x sh -c 'cat /proc/self/uid_map; touch /file && stat -c %u /file'
    same_as "$(podman top "$C-peer" hpid | sed 1d | tr -d ' ')" user
}

s_namespaces_user_host()
{
    r --userns host "$I" cat /proc/self/uid_map
}

s_namespaces_user_exec()
{
    d --uidmap 0:100000:2000 --gidmap 0:100000:2000 --cap-drop all "$I" sleep 100
    x grep ^Cap /proc/self/status
    x --privileged grep ^Cap /proc/self/status
    x sh -c 'echo $$ >/dev/null; cat /proc/1/uid_map; readlink /proc/1/ns/user >/dev/null && echo readable'
    echo file >file
    p cp file "$C:/tmp/file"
    x stat -c %u:%g /tmp/file
}
