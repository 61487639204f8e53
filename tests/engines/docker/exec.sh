# shellcheck shell=bash
# docker exec in all its forms.

s_exec_exit_codes() {
    up
    t dx true
    t dx sh -c 'exit 42'
    t dx sh -c 'kill -9 $$'
}

s_exec_streams() {
    up
    t dx sh -c 'echo out; echo err >&2' 2>err
    sed 's/^/err: /' err
}

s_exec_stdin() {
    up
    printf 'a\nb\n' | t docker exec -i "$C" tr a-z A-Z
    echo unseen | t docker exec "$C" sh -c 'cat; echo end'
    head -c 200000 /dev/zero | docker exec -i "$C" wc -c
}

s_exec_large_output() {
    up
    dx sh -c 'i=0; while [ $i -lt 10000 ]; do echo "line $i of the output"; i=$((i + 1)); done' | cksum
}

s_exec_env() {
    up -e FROM_RUN=1 -e BOTH=run -h name
    dx env | sort
    docker exec -e BOTH=exec -e 'TWO=two words' "$C" sh -c 'echo "$FROM_RUN $BOTH $TWO"'
    printf 'A=file\n' >file
    docker exec --env-file file "$C" sh -c 'echo "$A"'
}

s_exec_user() {
    up
    t docker exec -u user "$C" sh -c 'id; echo $HOME; pwd'
    t docker exec -u 1234:5678 "$C" sh -c 'id -u; id -g; id -G'
    t docker exec -u user:wheel "$C" sh -c 'id -u; id -g; id -G'
    errs docker exec -u whoisthis "$C" true
}

s_exec_user_of_container() {
    up -u user --group-add 4242 -w /home/user
    t dx sh -c 'id -u; id -G; pwd'
    t docker exec -u 0 "$C" sh -c 'id -u; id -G'
    docker exec -u 0 "$C" grep Cap /proc/self/status
    dx grep Cap /proc/self/status
}

s_exec_workdir() {
    up -w /data
    dx pwd
    t docker exec -w /var/log "$C" pwd
    docker exec -w /nowhere/at/all "$C" pwd >/dev/null 2>&1
    echo $?
}

s_exec_tty() {
    up
    pty docker exec -it "$C" sh -c 'tty; echo typed; exit 3'
    echo $?
}

s_exec_tty_size() {
    up
    talk size:31x91 -- docker exec -it "$C" sh -c "$SIZED"'stty size'
}

s_exec_tty_input() {
    up
    # shellcheck disable=SC2016 # the container's
    talk expect:ready 'send:hello\n' -- docker exec -it "$C" sh -c 'echo ready; read -r x; echo "got $x"'
}

s_exec_tty_owner() {
    up
    pty docker exec -it -u user "$C" sh -c 'stat -L -c "%u %a" /proc/self/fd/0; echo fine >/dev/tty'
}

s_exec_detached() {
    up
    must docker exec -d "$C" sh -c 'sleep 0.2; echo done >/tmp/file; sleep 600'
    until_true 10 docker exec "$C" test -s /tmp/file
    dx cat /tmp/file
    dx ps -o comm | sort | uniq -c
}

s_exec_detached_ends() {
    up
    must docker exec -d "$C" sleep 0.1
    # The engine learns of its end.
    until_true 10 field_is '{{json .ExecIDs}}' null
    echo "none is left"
}

s_exec_detach_keys() {
    up
    talk expect:ready 'send:\x01x' -- docker exec -it --detach-keys 'ctrl-a,x' "$C" sh -c 'echo ready; sleep 300'
    dx ps -o comm | grep -c sleep
}

s_exec_privileged() {
    local all with

    all_capabilities || return 0
    up
    with=$(docker exec --privileged "$C" sed -n 's/^CapEff:\t//p' /proc/self/status)
    all=$(dx sed -n 's/^CapEff:\t//p' /proc/self/status)
    echo "$all"
    # What all capabilities are depends on the machine.
    [ "$((0x$with & 0x200000))" -ne 0 ] && echo "has SYS_ADMIN"
    docker exec --privileged "$C" grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
}

s_exec_not_found() {
    up
    errs dx no-such-command
    errs dx /no/such/path
}

s_exec_not_executable() {
    up
    errs dx /etc/passwd
    errs dx /data
}

s_exec_not_found_text() {
    # Docker prints what the runtime said on standard output.
    up
    dx no-such-command 2>&1 | grep -o '"no-such-command"\|no-such-command' | tr -d '"' | sort -u
}

s_exec_stopped() {
    must dr -d "$IMAGE" true
    until_state exited
    errs dx true
}

s_exec_paused() {
    up
    must docker pause "$C"
    errs dx true
    must docker unpause "$C"
    t dx echo awake
}

s_exec_capabilities() {
    up --cap-drop ALL --cap-add CHOWN
    dx grep Cap /proc/self/status
}

s_exec_no_new_privs() {
    up --security-opt no-new-privileges
    dx grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
}

s_exec_seccomp() {
    up
    dx grep -E 'NoNewPrivs|Seccomp:' /proc/self/status
    dx sh -c 'unshare -m true 2>/dev/null || echo refused'
}

s_exec_rlimits() {
    # Not nofile: runc's own runtime may have raised that one.
    up --ulimit core=1024:2048 --ulimit fsize=1000000
    dx grep -E 'core|file size' /proc/self/limits
}

s_exec_namespaces() {
    up
    # In every namespace of pid 1.
    dx sh -c 'for n in cgroup ipc mnt net pid uts user; do [ "$(readlink /proc/self/ns/$n)" = "$(readlink /proc/1/ns/$n)" ] && echo $n; done'
}

s_exec_cgroup() {
    up --memory 64m
    # In every cgroup of pid 1.
    dx sh -c 'cat /proc/1/cgroup >/tmp/1; cat /proc/self/cgroup >/tmp/self; cmp /tmp/1 /tmp/self && echo the same'
}

s_exec_process_attributes() {
    up --oom-score-adj 77
    dx sh -c 'umask; cat /proc/self/oom_score_adj; grep -E "^(Sig(Pnd|Blk|Ign)|ShdPnd|Cpus_allowed_list|Uid|Gid|Groups)" /proc/self/status | sed -E "s/^(SigIgn:.0{8})8/\10/"; ls /proc/self/fd | wc -l'
    dx sh -c 'cut -d" " -f4 /proc/$$/stat'
}

s_exec_sees_container() {
    up --hostname inside -v "$C-v:/vol" --tmpfs /scratch
    dx sh -c 'hostname; grep -E " (/vol|/scratch) " /proc/self/mounts | cut -d" " -f2,3'
    must docker rm -f "$C"
    must docker volume rm "$C-v"
}

s_exec_many() {
    local i
    local -a pids=()

    up
    for i in 1 2 3 4 5 6 7 8; do
        dx sh -c "sleep 0.1; echo $i; exit $i" >"out.$i" &
        pids[i]=$!
    done
    for i in 1 2 3 4 5 6 7 8; do
        wait "${pids[i]}"
        echo "$i $? $(cat "out.$i")"
    done
}

s_exec_child_outlives() {
    up
    # The client waits for the streams' end, the child of an exec is adopted by pid 1.
    t dx sh -c 'sleep 300 >/dev/null 2>&1 </dev/null & echo started'
    dx ps -o ppid,comm | grep sleep | sort
}

s_exec_killed_with_container() {
    local pid

    up
    docker exec "$C" sh -c 'echo begins; sleep 300' >out 2>&1 &
    pid=$!
    until_true 10 grep -q begins out
    must docker kill "$C"
    wait "$pid"
    echo $?
    cat out
}

s_exec_after_restart() {
    up
    must dx sh -c 'echo kept >/tmp/file'
    must docker restart -t 0 "$C"
    t dx cat /tmp/file
    t docker exec -i "$C" cat <<<"input"
}

s_exec_inspect() {
    up
    must docker exec -d -u user -w /data "$C" sleep 300
    field '{{len .ExecIDs}}'
    curl_exec "$(field '{{index .ExecIDs 0}}')"
}

# What the API says of an exec; the client has no command for it.
curl_exec() {
    printf 'GET /v1.41/exec/%s/json HTTP/1.0\r\n\r\n' "$1" | socat -t 3 - "UNIX-CONNECT:${DOCKER_HOST#unix://}" | sed '1,/^\r$/d' |
        jq -c '{Running, ExitCode, p: .ProcessConfig | {user, entrypoint, arguments, privileged}, pid: (.Pid > 0)}'
}

s_exec_read_only_root() {
    up --read-only --tmpfs /tmp
    dx sh -c 'echo x >/file' 2>&1 | grep -o 'Read-only file system'
    t dx sh -c 'echo x >/tmp/file; cat /tmp/file'
}

s_exec_path_lookup() {
    up -e PATH=/data/bin:/bin
    must dx sh -c 'mkdir /data/bin; printf "#!/bin/sh\necho own program\n" >/data/bin/own; chmod 755 /data/bin/own'
    t dx own
    t docker exec -w /data/bin "$C" ./own
    t docker exec -e PATH=/nowhere "$C" /bin/echo absolute
}
