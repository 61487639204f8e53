# shellcheck shell=bash
# What needs a daemon of its own: remapped users, another default runtime, a daemon that is killed or started again.

s_build() {
    own_dockerd --default-runtime "$RT"
    mkdir context
    echo content >context/file
    cat >context/Dockerfile <<'END'
FROM busybox
ARG who=nobody
ENV PATH=/opt/bin:/bin
COPY file /copied/file
RUN echo "built by $who" >/built && mkdir -p /opt/bin
RUN ["sh", "-c", "printf '#!/bin/sh\necho tool\n' >/opt/bin/tool; chmod 755 /opt/bin/tool"]
WORKDIR /work
RUN pwd >where; tool >>where
USER user
RUN id -u >/tmp/id; ! touch /denied 2>/dev/null
SHELL ["/bin/busybox", "sh", "-c"]
RUN echo "$0" >/tmp/shell
VOLUME /vol
HEALTHCHECK --interval=1s CMD true
ENTRYPOINT ["cat"]
CMD ["/built"]
END
    must docker build -q --network none --build-arg who=me -t "$C" context
    t docker run --rm --name "$C" "$C"
    docker run --rm --name "$C" "$C" /copied/file /work/where /tmp/id
    docker inspect -f '{{.Config.WorkingDir}} {{.Config.User}} {{json .Config.Volumes}} {{json .Config.Entrypoint}}' "$C"
    own_dockerd_end
}

s_build_failing() {
    own_dockerd --default-runtime "$RT"
    printf 'FROM busybox\nRUN echo before\nRUN exit 7\n' >Dockerfile
    docker build --network none -t "$C" . >out 2>&1
    echo $?
    grep -o "returned a non-zero code: 7" out
    printf 'FROM busybox\nRUN ["no-such-program"]\n' >Dockerfile
    docker build --network none -t "$C" . >out 2>&1
    echo "$(($? != 0))"
    grep -oE 'no such file or directory|executable file not found' out | head -n 1 | sed 's/.*/not found/'
    # Nothing is left of the containers that failed.
    docker ps -aq --filter status=running | wc -l
    own_dockerd_end
}

s_build_layers() {
    # What a RUN leaves in its layer is what it did.
    own_dockerd --default-runtime "$RT"
    printf 'FROM busybox\nRUN echo x >/data/new && rm /data/file\nRUN true\n' >Dockerfile
    must docker build -q --network none -t "$C" .
    docker save "$C" | tar -x
    for layer in $(jq -r '.[0].Layers[1:][]' manifest.json); do
        echo "layer:"
        tar -tf "$layer" | sort
    done
    own_dockerd_end
}

s_default_runtime() {
    own_dockerd --default-runtime "$RT"
    t docker run --name "$C" "$IMAGE" echo by default
    docker inspect -f '{{.HostConfig.Runtime}}' "$C" | sed "s/^$RT\$/RT/"
    docker info --format '{{.DefaultRuntime}}' | sed "s/^$RT\$/RT/"
    own_dockerd_end
}

remap_users() {
    # The range that Docker is told to use. Whatever the machine has, it is this for the suite's mount namespace.
    printf 'dockremap:200000:65536\n' >ids
    printf '%s\n' 'dockremap:x:999:999::/:/bin/false' | cat /etc/passwd - >passwd
    printf '%s\n' 'dockremap:x:999:' | cat /etc/group - >group
}

s_userns_remap() {
    remapped_dockerd
    t docker run --rm --network none --runtime "$RT" --name "$C" "$IMAGE" sh -c 'id -u; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map; cat /proc/self/setgroups; touch /x; stat -c "%u:%g" /x /etc/passwd /data/file'
    docker run --rm --network none --runtime "$RT" --name "$C" "$IMAGE" grep -E '^Cap|NoNewPrivs' /proc/self/status
    up
    stat -c '%u:%g' "/proc/$(docker top "$C" -o pid | sed -n 2p | tr -d ' ')"
    t dx id -u
    t docker exec -u user "$C" sh -c 'id -u; touch /tmp/mine; stat -c %u /tmp/mine'
    docker diff "$C"
    own_dockerd_end
}

s_userns_remap_volumes() {
    remapped_dockerd
    mkdir src
    chown 200000:200000 src
    t docker run --rm --network none --runtime "$RT" --name "$C" -v "$PWD/src:/mnt" -v "$C-v:/vol" --tmpfs /scratch "$IMAGE" \
        sh -c 'touch /mnt/file /vol/file /scratch/file && stat -c %u /mnt/file /vol/file /scratch/file'
    stat -c %u src/file
    own_dockerd_end
}

s_userns_remap_bridge() {
    remapped_dockerd
    up2=$(docker run -d --runtime "$RT" --name "$C" --sysctl net.ipv4.ip_forward=1 "$IMAGE" sleep 600)
    echo "${#up2}"
    dx sh -c 'ip -o link | cut -d: -f2 | cut -d@ -f1; cat /proc/sys/net/ipv4/ip_forward'
    dx ping -c 1 -W 2 "$(field '{{.NetworkSettings.Gateway}}')" | grep -c '1 packets received'
    q docker stop -t 0 "$C"
    own_dockerd_end
}

s_userns_remap_tty() {
    remapped_dockerd
    pty docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" sh -c 'tty; stat -L -c "%u %a" /proc/self/fd/0; ls -l /dev/console | cut -c1; exit 4'
    echo $?
    own_dockerd_end
}

s_userns_remap_limits() {
    remapped_dockerd
    up --memory 64m --pids-limit 50 --read-only --cap-drop NET_RAW --security-opt no-new-privileges
    cg memory/memory.limit_in_bytes memory.max
    dx grep -E '^CapBnd|NoNewPrivs|^Seccomp:' /proc/self/status
    must docker pause "$C"
    must docker unpause "$C"
    top_args
    own_dockerd_end
}

s_userns_remap_host() {
    # One container of a daemon with remapping may go without.
    remapped_dockerd
    t docker run --rm --network none --runtime "$RT" --name "$C" --userns host "$IMAGE" cat /proc/self/uid_map
    own_dockerd_end
}

# A daemon with remapping, in a mount namespace whose /etc knows the range.
remapped_dockerd() {
    remap_users
    cat >start <<END
#!/bin/sh
mount --bind "$D/ids" /etc/subuid && mount --bind "$D/ids" /etc/subgid &&
mount --bind "$D/passwd" /etc/passwd && mount --bind "$D/group" /etc/group && exec "\$@"
END
    chmod 755 start
    touch /etc/subuid /etc/subgid
    export DOCKERD_WRAPPER="unshare --mount --propagation slave $D/start"
    own_dockerd --userns-remap dockremap
}

s_live_restore() {
    own_dockerd --live-restore
    up -- sh -c 'i=0; while :; do i=$((i + 1)); echo "tick $i"; sleep 0.1; done'
    also ends --restart no
    until_log 'tick 3'
    field '{{.State.Pid}}' >pid.before
    own_dockerd_kill
    # It goes on without a daemon.
    kill -0 "$(cat pid.before)" && echo "lives"
    own_dockerd_start --live-restore
    field '{{.State.Pid}}' | cmp - pid.before && echo "the same process"
    state
    t dx echo "exec after"
    docker logs "$C" | tail -n 1 >one
    sleep 0.5
    docker logs "$C" | tail -n 1 >two
    cmp -s one two || echo "the log goes on"
    q docker stop -t 0 "$C"
    state
    t docker start "$C"
    q docker rm -f "$C"
    own_dockerd_end
}

s_live_restore_ended_meanwhile() {
    own_dockerd --live-restore
    up -- sh -c 'while [ ! -e /go ]; do sleep 0.1; done; exit 23'
    field '{{.State.Pid}}' >pid
    own_dockerd_kill
    touch "/proc/$(cat pid)/root/go"
    until_true 5 ended "$(cat pid)"
    own_dockerd_start --live-restore
    until_state exited
    field '{{.State.ExitCode}}'
    q docker rm "$C"
    own_dockerd_end
}

ended() {
    ! kill -0 "$1" 2>/dev/null
}

s_live_restore_graceful() {
    own_dockerd --live-restore
    up
    field '{{.State.Pid}}' >pid.before
    daemon_stop own
    own_dockerd_start --live-restore
    field '{{.State.Pid}}' | cmp - pid.before && echo "the same process"
    t dx echo alive
    own_dockerd_end
}

s_daemon_restart() {
    own_dockerd
    up --restart always -- sh -c 'trap "exit 0" TERM; echo started; while :; do sleep 0.1; done'
    also plain
    until_log started
    daemon_stop own
    own_dockerd_start
    until_state running
    docker logs "$C"
    field '{{.State.Status}} {{.State.ExitCode}}' "$C-plain"
    t docker start "$C-plain"
    own_dockerd_end
}

s_daemon_killed() {
    # Without live-restore what ran is ended when the daemon comes back.
    own_dockerd
    up
    own_dockerd_kill
    own_dockerd_start
    until_state exited
    field '{{.State.Status}}'
    t docker start "$C"
    t dx echo again
    own_dockerd_end
}

s_shim_killed() {
    local shim

    own_dockerd
    up
    shim=$(awk '/^PPid:/ { print $2 }' "/proc/$(shim_child)/status")
    must kill -9 "$shim"
    until_state exited
    field '{{.State.ExitCode}}'
    q docker rm -f "$C"
    t docker run --rm --runtime "$RT" --name "$C" "$IMAGE" echo again
    own_dockerd_end
}

# The child of containerd's shim: runc's container, or the supervisor. Docker has its pid.
shim_child() {
    local pid

    pid=$(field '{{.State.Pid}}')
    echo "$pid"
}

s_daemon_default_options() {
    own_dockerd --default-ulimit nofile=77:88 --default-shm-size 3m --no-new-privileges --init
    docker run --rm --network none --runtime "$RT" --name "$C" "$IMAGE" sh -c 'grep "open files" /proc/self/limits; df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2; grep NoNewPrivs /proc/self/status; cat /proc/1/comm'
    own_dockerd_end
}

s_daemon_seccomp_profile() {
    printf '%s' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}' >profile
    own_dockerd --seccomp-profile "$D/profile"
    docker run --rm --network none --runtime "$RT" --name "$C" "$IMAGE" sh -c 'mkdir /x 2>&1 | sed "s/.*: //"'
    own_dockerd_end
}

s_daemon_cgroup_parent() {
    own_dockerd --cgroup-parent "$CGROUP-$C"
    up --memory 64m
    dx sed -nE 's/^[0-9]+:(memory|pids|devices|):/\1 /p' /proc/1/cgroup | sed "s#$CGROUP-$C#PARENT#" | sort
    own_dockerd_end
    rmdir /sys/fs/cgroup/*"$CGROUP-$C" /sys/fs/cgroup"$CGROUP-$C" 2>/dev/null
}

s_data_root_with_space() {
    # A bundle and a root file system whose paths have spaces and colons.
    mkdir "$D/data root: one"
    own_dockerd --data-root "$D/data root: one"
    t docker run --rm --network none --runtime "$RT" --name "$C" -v "$C-v:/vol" "$IMAGE" sh -c 'touch /vol/x /y; ls /vol'
    own_dockerd_end
}
