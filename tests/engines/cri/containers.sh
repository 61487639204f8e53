# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Containers: their life, status and logs, what they are given.

s_states()
{
    pod
    t make_con one -- sh -c 'sleep 0.5; exit 0'
    ended one
    t start one
    ended one
    until_true 10 state_is one CONTAINER_EXITED
    ended one
    status one '(.created_at <= .started_at), (.started_at != "0"), (.finished_at >= .started_at), .image.image, .metadata'
    errs start one
    t cri RemoveContainer "$(con_json one)"
    t cri RemoveContainer "$(con_json one)"
    cri ContainerStatus "$(con_json one)" 2>&1 | grep -o 'not found$'
}

s_exit_codes()
{
    pod
    run_con zero -- true
    run_con seven -- sh -c 'echo said; exit 7'
    run_con killed -- sh -c 'sh -c "kill -9 \$\$"; exit $?'
    con from_outside
    must ctr task kill --signal KILL "$(con_id from_outside)"
    until_true 10 state_is from_outside CONTAINER_EXITED
    ended from_outside
}

s_cannot_start()
{
    pod
    must make_con missing -- /no/such/program
    errs start missing
    ended missing
    must make_con mode -- /bin/not-executable
    errs start mode
    ended mode
    must make_con dir '.working_dir = "/bin/sh"' -- true
    start dir >/dev/null 2>&1
    echo "[$?]"
    status dir '.state, .reason'
    con good -- true
    until_true 10 state_is good CONTAINER_EXITED
    ended good
}

s_never_started()
{
    pod
    must make_con one
    t cri RemoveContainer "$(con_json one)"
    must make_con two
    t stop two 1
    ended two
}

s_list()
{
    pod
    con one
    con two -- true
    until_true 10 state_is two CONTAINER_EXITED
    cri ListContainers "$(jq -n --arg id "$(pod_id)" '{filter: {pod_sandbox_id: $id}}')" |
        jq -c '[.containers[] | [.metadata.name, .state]] | sort'
    cri ListContainers "$(jq -n --arg id "$(pod_id)" '{filter: {pod_sandbox_id: $id, state: {state: "CONTAINER_RUNNING"}}}')" |
        jq -c '[.containers[].metadata.name]'
}

s_stop_gracefully()
{
    pod
    con one -- sh -c 'trap "echo term; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
    until_true 10 says one ready
    t stop one 20
    ended one
    said one
    t stop one 20
}

s_stop_by_force()
{
    pod
    con one -- sh -c 'trap "echo no" TERM; echo ready; while :; do sleep 0.1; done'
    until_true 10 says one ready
    t stop one 1
    ended one
    said one
}

s_stop_at_once()
{
    pod
    con one -- sh -c 'trap "echo no" TERM; echo ready; while :; do sleep 0.1; done'
    until_true 10 says one ready
    t stop one 0
    ended one
    said one
}

s_stop_children()
{
    pod
    con one -- sh -c 'sleep 801 & sleep 802 & echo ready; wait'
    until_true 10 says one ready
    t stop one 0
    ended one
    x one true 2>/dev/null
}

s_image_defaults()
{
    pod
    run_con one '.image.image = "'"$DEFAULTS"'" | del(.command)' --
    run_con args '.image.image = "'"$DEFAULTS"'" | del(.command) | .args = ["id -u; echo $0"]' --
    # Its STOPSIGNAL.
    con two '.image.image = "'"$DEFAULTS"'"' -- sh -c 'trap "exit 6" USR1; echo ready; while :; do sleep 0.1; done'
    until_true 10 says two ready
    t stop two 20
    ended two
}

s_environment()
{
    pod
    run_con one '.envs = [{key: "A", value: "x y"}, {key: "EMPTY", value: ""}, {key: "PATH", value: "/bin"}] | .working_dir = "/made/for/it"' \
        -- sh -c 'env | sort; pwd'
}

s_remove_running()
{
    pod
    con one
    task=$(pid one)
    t cri RemoveContainer "$(con_json one)"
    wait_for 10 not_there "/proc/$task" && echo gone
}

# As a kubelet restarts what has failed: a new container of the same name.
s_restarts()
{
    pod
    for attempt in 0 1 2; do
        con one ".metadata.attempt = $attempt | .log_path = \"one.log\"" -- sh -c "echo attempt $attempt; exit 1"
        until_true 10 state_is one CONTAINER_EXITED
        ended one
    done
    said one
}

# Init containers, then the pod's own, with an emptyDir between them.
s_init_container()
{
    mkdir empty
    pod
    run_con init '.mounts = [{container_path: "/work", host_path: "'"$D/empty"'"}]' -- sh -c 'echo prepared >/work/file'
    t cri RemoveContainer "$(con_json init)"
    run_con main '.mounts = [{container_path: "/work", host_path: "'"$D/empty"'", readonly: true}]' \
        -- sh -c 'cat /work/file; touch /work/other 2>/dev/null || echo read-only'
}

# What a kubelet mounts into each container: files of its own over the image's, and one where the container leaves its last words.
s_kubelet_files()
{
    touch termination
    printf '127.0.0.1 localhost\n192.0.2.9 pod\n' >hosts
    mkdir -p secrets/..data && echo token >secrets/..data/token && ln -s ..data/token secrets/token
    pod
    run_con one '.mounts = [{container_path: "/dev/termination-log", host_path: "'"$D/termination"'"},
        {container_path: "/etc/hosts", host_path: "'"$D/hosts"'"},
        {container_path: "/var/run/secrets/kubernetes.io/serviceaccount", host_path: "'"$D/secrets"'", readonly: true}]' \
        -- sh -c 'cat /etc/hosts /run/secrets/kubernetes.io/serviceaccount/token; echo last words >/dev/termination-log; exit 3'
    cat termination
}

s_mounts()
{
    mkdir -p dir/sub && echo text >dir/file && ln -s dir link
    pod
    con one '.mounts = [{container_path: "/one", host_path: "'"$D/link"'"}, {container_path: "/one/two", host_path: "'"$D/dir/sub"'", readonly: true},
        {container_path: "/file", host_path: "'"$D/dir/file"'", readonly: true}, {container_path: "/created", host_path: "'"$D/made"'"}]'
    x one sh -c 'exec 2>&1; cat /one/file /file; ls -A /created; touch /one/two/x; touch /one/x /created/x; echo no >/file'
    ls dir made
    # The empty directories over masked ones have more flags with us, and the cgroups come in another order.
    x one awk '{ print $5, $6 }' /proc/self/mountinfo | sed -E '/ ro,/s/,nosuid,nodev,noexec,relatime/,relatime/; /cgroup/d'
    status one '[.mounts[] | .container_path, .readonly, .propagation]'
}

s_mount_missing()
{
    pod
    # What is not there is made, as a directory; what cannot be is refused.
    touch file
    make_con one '.mounts = [{container_path: "/x", host_path: "'"$D/file/x"'"}]' >/dev/null 2>&1 && start one >/dev/null 2>&1
    echo "[$?]"
}

s_mount_propagation()
{
    mkdir shared && mount -t tmpfs runlxc-test-shared shared && mount --make-rshared shared && mkdir shared/{to,from,not}
    pod
    con to '.mounts = [{container_path: "/s", host_path: "'"$D/shared"'", propagation: "PROPAGATION_HOST_TO_CONTAINER"}]'
    con both '.mounts = [{container_path: "/s", host_path: "'"$D/shared"'", propagation: "PROPAGATION_BIDIRECTIONAL"}]
        | .linux.security_context.capabilities.add_capabilities = ["SYS_ADMIN"]'
    con private '.mounts = [{container_path: "/s", host_path: "'"$D/shared"'", propagation: "PROPAGATION_PRIVATE"}]'
    mount -t tmpfs runlxc-test-to shared/to && touch shared/to/file
    for name in to both private; do
        x "$name" ls /s/to
    done
    x both sh -c 'mount -t tmpfs none /s/from && touch /s/from/file'
    ls shared/from
    x to ls /s/from
    x private ls /s/from
    status both '[.mounts[].propagation]'
    umount shared/from shared/to
    for name in to both private; do
        t cri RemoveContainer "$(con_json "$name")"
    done
    umount shared
}

s_mount_propagation_refused()
{
    mkdir private && mount -t tmpfs runlxc-test-private private && mount --make-private private
    pod
    make_con one '.mounts = [{container_path: "/s", host_path: "'"$D/private"'", propagation: "PROPAGATION_BIDIRECTIONAL"}]' 2>&1 |
        grep -o 'not a shared mount'
    umount private
}

s_devices()
{
    pod
    con one '.devices = [{container_path: "/dev/mine", host_path: "/dev/zero", permissions: "r"}]'
    x one sh -c 'exec 2>&1; ls -l /dev/mine | cut -c1-10; head -c 4 /dev/mine | wc -c; echo x >/dev/mine'
    x one sh -c 'ls -A /dev | sort'
    x one sh -c 'exec 2>&1; mknod /tmp/n b 7 0 && cat /tmp/n'
}

s_logs()
{
    pod
    con one -- sh -c 'echo out; sleep 0.3; echo err >&2; sleep 0.3; printf "no newline"; sleep 0.3; echo; printf end'
    until_true 10 state_is one CONTAINER_EXITED
    log_lines one
    # Lines longer than 16 KiB come in parts.
    con long -- sh -c 'head -c 40000 /dev/zero | tr "\0" x; echo'
    until_true 10 state_is long CONTAINER_EXITED
    log_lines long | awk '{ print $1, $2, length($3) }'
    con tty '.tty = true' -- sh -c 'tty; echo out; echo err >&2'
    until_true 10 state_is tty CONTAINER_EXITED
    log_lines tty | tr -d '\r'
    con much -- seq 1 20000
    until_true 10 state_is much CONTAINER_EXITED
    said much | sha256sum
    status one '.log_path' | sed 's#.*/##'
}

s_log_rotated()
{
    pod
    con one -- sh -c 'echo first; while ! [ -e /go ]; do sleep 0.1; done; echo second'
    until_true 10 says one first
    mv logs/one.log logs/one.log.1
    t cri ReopenContainerLog "$(con_json one)"
    x one touch /go
    until_true 10 state_is one CONTAINER_EXITED
    said one
    cut -d' ' -f2- logs/one.log.1
}

# The node's containerd is restarted under running pods.
alone_containerd_restarted()
{
    pod
    con one -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'
    con two -- sh -c 'echo ready; while ! [ -e /go ]; do sleep 0.1; done; exit 9'
    con three -- sh -c 'sleep 1; exit 7'
    until_true 10 says one ready
    touch "$CONTAINERD_AGAIN"
    must kill -TERM "$(<"$CONTAINERD_PID")"
    until_true 10 not_there "$CONTAINERD_AGAIN"
    until_true 20 cri Status
    pod_status .state
    ended one
    x two touch /go
    until_true 10 state_is two CONTAINER_EXITED
    ended two
    until_true 10 state_is three CONTAINER_EXITED
    ended three
    t stop one 20
    ended one
}

not_there()
{
    [ ! -e "$1" ]
}
