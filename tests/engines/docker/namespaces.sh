# shellcheck shell=bash
# Sharing namespaces with the host and with other containers.

# same_ns NAME PID: whether the container's pid 1 is in that process's namespace.
same_ns() {
    if [ "$(readlink "/proc/$2/ns/$1")" = "$(dx readlink "/proc/self/ns/$1")" ]; then
        echo "$1 is shared"
    else
        echo "$1 is its own"
    fi
}

s_namespaces_default() {
    local ns

    up
    for ns in mnt pid net ipc uts cgroup user; do
        same_ns "$ns" $$
    done
}

s_pid_host() {
    # A number of its own: the other runtime's container is seen as well.
    up --pid host -- sleep "$(port 604)"
    same_ns pid $$
    dx ps -o args | grep -c "^sleep $(port 604)"
    dx sh -c '[ -d /proc/'$$' ] && echo sees the host'
    q docker stop -t 1 "$C"
    state
}

s_pid_host_exec() {
    up --pid host -- sleep 605
    t dx echo run
    must docker exec -d "$C" sleep 606
    until_true 10 in_top 606
    top_args
    must docker kill "$C"
    until_state exited
    # Without a pid namespace nobody but the runtime ends the rest.
    sleep 0.3
    pgrep -f '^sleep 606$' | while read -r pid; do grep -l "$(field '{{.Id}}')" "/proc/$pid/cgroup"; done
    # Another runtime's may be there, or have just gone.
    true
}

s_pid_host_children_end() {
    up --pid host -- sh -c 'sleep 607 & sleep 608 & wait'
    until_true 10 in_top 608
    field '{{.Id}}' >id
    must docker rm -f "$C"
    sleep 0.3
    grep -l -F -f id /proc/[0-9]*/cgroup 2>/dev/null | wc -l
}

s_pid_container() {
    up -- sleep 609
    must docker run -d --network none --runtime "$RT" --name "$C-two" --pid "container:$C" "$IMAGE" sleep 610
    docker exec "$C-two" sh -c 'tr "\0" " " </proc/1/cmdline; echo; ps -o args | grep ^sleep | sort'
    t docker run --rm --network none --runtime "$RT" --name "$C-three" --pid "container:$C" "$IMAGE" sh -c 'kill -9 $(pidof sleep | tr " " "\n" | sort -n | tail -n 1); echo $?'
}

s_pid_container_ends() {
    up
    must docker run -d --network none --runtime "$RT" --name "$C-two" --pid "container:$C" "$IMAGE" sleep 600
    # With the owner's pid 1 all others of its namespace end.
    must docker kill "$C"
    until_state exited "$C-two"
    field '{{.State.ExitCode}}' "$C-two"
}

s_pid_container_missing() {
    errs docker run --rm --network none --runtime "$RT" --name "$C" --pid container:no-such-one "$IMAGE" true
}

s_ipc_private() {
    up --ipc private
    same_ns ipc $$
    dx sh -c 'grep -c " /dev/shm " /proc/self/mounts'
    docker run --rm --network none --runtime "$RT" --name "$C-two" --ipc "container:$C" "$IMAGE" true 2>&1 | grep -o 'non-shareable IPC'
}

s_ipc_host() {
    up --ipc host
    same_ns ipc $$
    touch "/dev/shm/$C"
    dx ls "/dev/shm/$C"
    rm "/dev/shm/$C"
}

s_ipc_shareable() {
    up --ipc shareable
    must dx sh -c 'echo in shared memory >/dev/shm/file'
    t docker run --rm --network none --runtime "$RT" --name "$C-two" --ipc "container:$C" "$IMAGE" cat /dev/shm/file
    must docker run -d --network none --runtime "$RT" --name "$C-two" --ipc "container:$C" "$IMAGE" sleep 600
    [ "$(dx readlink /proc/self/ns/ipc)" = "$(docker exec "$C-two" readlink /proc/self/ns/ipc)" ] && echo "the same"
}

s_ipc_none() {
    up --ipc none
    same_ns ipc $$
    dx sh -c 'grep -c " /dev/shm " /proc/self/mounts; ls -d /dev/shm'
}

s_ipc_system_v() {
    up --ipc shareable
    dx sh -c 'cat /proc/sysvipc/shm | wc -l; ipcs -q | grep -c "^0x"'
}

s_net_none() {
    drm "$IMAGE" sh -c 'ip -o link | cut -d: -f2 | cut -d@ -f1; ip route | wc -l; ping -c 1 -W 1 127.0.0.1 | grep -c "1 packets received"; cat /proc/net/dev | wc -l'
}

s_net_host() {
    NET=host up
    same_ns net $$
    same_ns uts $$
    [ "$(dx cat /sys/class/net/lo/ifindex)" = 1 ] && dx ls /sys/class/net/docker0/ifindex
    [ "$(dx hostname)" = "$(hostname)" ] && echo "the host's name"
}

s_net_container() {
    NET=bridge up -h owner
    must docker run -d --network "container:$C" --runtime "$RT" --name "$C-two" "$IMAGE" sleep 600
    [ "$(dx ip -o addr)" = "$(docker exec "$C-two" ip -o addr)" ] && echo "the same addresses"
    docker exec "$C-two" hostname
    must docker exec -d "$C-two" sh -c 'echo over the loopback | nc -l -p 5000 127.0.0.1'
    until_true 5 docker exec "$C-two" sh -c 'netstat -ltn | grep -q :5000'
    t dx nc -w 2 127.0.0.1 5000
}

s_net_container_restart() {
    NET=bridge up
    must docker run -d --network "container:$C" --runtime "$RT" --name "$C-two" "$IMAGE" sleep 600
    must docker restart -t 0 "$C-two"
    docker exec "$C-two" ip -o link | cut -d: -f2 | cut -d@ -f1
}

s_uts_container_names() {
    up -h one --cap-add SYS_ADMIN
    also two -h two
    dx hostname
    docker exec "$C-two" hostname
    must dx hostname changed
    dx hostname
    docker exec "$C-two" hostname
}

s_userns_host() {
    t drm --userns host "$IMAGE" cat /proc/self/uid_map
}

s_time_and_clock() {
    drm "$IMAGE" sh -c 'date -u -d @0 +%s; [ "$(date +%s)" -gt 1600000000 ] && echo after'
}

s_share_with_other_runtime() {
    # A container of this runtime in the namespaces of one of the other's, and the other way round. Not the pid namespace: the pid
    # that Docker has is our supervisor's, and only we know whose it should be (README, what differs).
    local other=runc

    [ "$RT" != runc ] || other=lxc
    NET=bridge up --ipc shareable -- sleep 611
    must docker run -d --runtime "$other" --name "$C-two" --network "container:$C" --ipc "container:$C" "$IMAGE" sleep 612
    [ "$(dx ip -o addr)" = "$(docker exec "$C-two" ip -o addr)" ] && echo "the same addresses"
    must dx sh -c 'echo shm >/dev/shm/x'
    t docker exec "$C-two" cat /dev/shm/x
}
