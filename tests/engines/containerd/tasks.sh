# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Running, executing, signalling, ending.

s_true()
{
    t cr --rm -- true
}

s_exit_code()
{
    t cr --rm -- sh -c 'echo out; echo err >&2; exit 7'
}

s_killed_by_signal()
{
    t cr --rm -- sh -c 'sh -c "kill -9 \$\$"; echo $?'
}

s_program_missing()
{
    errs cr --rm -- /no/such/program
}

s_program_not_executable()
{
    errs cr --rm -- /bin/not-executable
}

s_environment()
{
    t cr --rm --env A=b --env 'SPACE=x y' -- env | sort
}

s_cwd()
{
    t cr --rm --cwd /usr/bin -- pwd
}

s_hostname()
{
    t cr --rm -- hostname
}

s_mounts()
{
    # The empty directories over masked ones have more flags with us.
    t cr --rm -- awk '{ print $5, $6 }' /proc/self/mountinfo | sed -E '/ ro,/s/,nosuid,nodev,noexec,relatime/,relatime/'
}

s_bind()
{
    echo content >file
    t cr --rm --mount "type=bind,src=$D,dst=/data,options=rbind:ro" -- sh -c 'cat /data/file; echo no >/data/file || echo read-only'
}

s_read_only()
{
    t cr --rm --read-only -- sh -c 'echo x >/file || echo read-only; echo x >/dev/shm/file && echo writable'
}

s_capabilities()
{
    t cr --rm --cap-add CAP_NET_ADMIN --cap-drop CAP_CHOWN -- grep -E '^(Cap|NoNewPrivs)' /proc/self/status
}

s_privileged()
{
    t cr --rm --privileged -- grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status
}

s_seccomp()
{
    t cr --rm --seccomp -- sh -c 'grep Seccomp: /proc/self/status; unshare -U true 2>/dev/null || echo denied'
}

s_devices()
{
    t cr --rm -- sh -c 'ls -l /dev | awk "{ print \$1, \$NF }"; echo x >/dev/null; head -c 3 /dev/zero | wc -c'
}

s_device()
{
    t cr --rm --device /dev/full -- sh -c 'ls -l /dev/full | cut -c1-10; echo x >/dev/full || echo full'
}

s_namespaces()
{
    local host kind

    host=$(readlink /proc/self/ns/{net,ipc,uts,pid,mnt,cgroup})
    for kind in $(cr --rm -- sh -c 'for n in net ipc uts pid mnt cgroup; do readlink /proc/self/ns/$n; done'); do
        case $host in *"$kind"*) echo "${kind%%:*} host" ;; *) echo "${kind%%:*} own" ;; esac
    done
}

s_host_network()
{
    [ "$(cr --rm --net-host -- readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ] && echo host
}

s_joined_namespaces()
{
    up
    t ctr run --rm --runtime io.containerd.runc.v2 --runc-binary "$BINARY" --with-ns "network:/proc/$(init_pid)/ns/net" \
        --with-ns "ipc:/proc/$(init_pid)/ns/ipc" "$IMAGE" "$C-two" \
        sh -c '[ "$(readlink /proc/self/ns/net)" = "$1" ] && [ "$(readlink /proc/self/ns/ipc)" = "$2" ] && echo same' sh \
        "$(cx readlink /proc/1/ns/net)" "$(cx readlink /proc/1/ns/ipc)"
}

s_tty()
{
    pty ctr run --rm --tty --runtime io.containerd.runc.v2 --runc-binary "$BINARY" "$IMAGE" "$C" sh -c "$SIZED"'tty; stty size; ls /dev/console'
    echo "[$?]"
}

s_stdin()
{
    # ctr does not tell the container that its input has ended.
    echo input | t cr --rm -- head -n 1
}

s_much_output()
{
    cr --rm -- seq 1 200000 | sha256sum
}

s_exec()
{
    up
    t cx echo hello
    t cx sh -c 'exit 9'
    errs cx /no/such/program
}

s_exec_user_and_cwd()
{
    up
    t ctr task exec --exec-id one --user 1000:2000 --cwd /usr "$C" sh -c 'id -u; id -g; pwd'
}

s_exec_tty()
{
    up
    pty ctr task exec --tty --exec-id one "$C" sh -c "$SIZED"'tty; stty size'
    echo "[$?]"
}

s_exec_kill()
{
    up
    must ctr task exec --detach --exec-id one "$C" sleep 500
    until_true 10 runs 'sleep 500'
    t ctr task kill --exec-id one --signal KILL "$C"
    until_true 10 no_sleep
    status
}

no_sleep()
{
    ! runs 'sleep 500'
}

s_exec_confined()
{
    up --cap-drop CAP_CHOWN
    t cx grep -E '^(Cap|NoNewPrivs)' /proc/self/status
}

s_status()
{
    up
    status
    t ctr task pause "$C"
    status
    errs cx true
    t ctr task resume "$C"
    status
    t cx echo back
}

s_kill_term()
{
    up -- sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
    sleep 0.5
    t ctr task kill "$C"
    until_true 10 status_is STOPPED
    t ctr task delete "$C"
}

s_kill_kill()
{
    up
    t ctr task kill --signal SIGKILL "$C"
    until_true 10 status_is STOPPED
    t ctr task delete "$C"
}

s_kill_all()
{
    up -- sh -c 'sleep 501 & sleep 502 & wait'
    until_true 10 runs 'sleep 502'
    t ctr task kill --all --signal KILL "$C"
    until_true 10 status_is STOPPED
    t ctr task delete "$C"
}

s_delete_running()
{
    up
    errs ctr task delete "$C"
    t ctr task delete --force "$C"
    status
}

s_ps()
{
    up -- sh -c 'sleep 501 & sleep 502'
    until_true 10 runs 'sleep 502'
    for pid in $(ctr task ps "$C" | awk 'NR > 1 { print $1 }'); do
        tr '\0' ' ' <"/proc/$pid/cmdline"
        echo
    done | sort
}

s_pid_file()
{
    up --pid-file "$D/pid"
    [ "$(<pid)" = "$(init_pid)" ] && echo same
    # What an engine looks up through it: the container's own.
    for kind in net ipc uts mnt; do
        [ "$(readlink "/proc/$(<pid)/ns/$kind")" = "$(cx readlink "/proc/1/ns/$kind")" ] && echo "$kind"
    done
}

s_twice()
{
    up
    errs cr --rm -- true
}

s_events()
{
    events_begin
    t cr --rm -- sh -c 'exit 3'
    events_end
}

s_events_exec()
{
    up
    events_begin
    t cx true
    t ctr task pause "$C"
    t ctr task resume "$C"
    events_end
}

s_many_execs()
{
    up
    for _ in 1 2 3 4 5 6 7 8; do
        cx echo x
    done
}

alone_shim_killed()
{
    up
    pid=$(init_pid)
    shim=$(pgrep -f "containerd-shim-runc-v2.*-id $C\$" || pgrep -f "containerd-shim-runc-v2.*-id $C ")
    must kill -KILL "$shim"
    until_true 20 not_running
    wait_for 10 gone "$pid" && echo 'the container has ended'
}

gone()
{
    [ ! -e "/proc/$1" ]
}

s_checkpoint()
{
    up
    # Without CRIU: refused, and the container goes on.
    ctr task checkpoint "$C" >/dev/null 2>err
    echo "[$?]"
    grep -qi criu err && echo 'says that CRIU is missing'
    status
}
