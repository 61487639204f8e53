# shellcheck shell=bash
# podman exec, in all forms.

s_exec_exit_code()
{
    d "$I" sleep 100
    for code in 0 1 42 125 126 127 255; do
        podman exec "$C" sh -c "exit $code"
        echo $?
    done
    x sh -c 'kill -KILL $$'
    x sh -c 'kill -TERM $$'
    pe exec "$C" /no/such/program
    pe exec "$C" no-such-program
    pe exec "$C" /etc/passwd
    pe exec "$C" /etc
    pe exec no-such-container true
    state
}

s_exec_environment()
{
    d --env FROM_RUN=1 --env CHANGED=before --workdir /home "$I" sleep 100
    printf 'FILE=a b\n' >variables
    x --env=NEW='two words' --env=CHANGED=after --env-file=variables sh -c 'pwd; env | grep -v HOSTNAME | sort'
    x --workdir=/tmp pwd
    pe exec --workdir /no/such "$C" pwd
}

s_exec_user()
{
    local user

    d --user nobody --group-add 77 "$I" sleep 100
    x id
    for user in root 0 1234 1234:99 root:nogroup; do
        x --user="$user" sh -c 'id; echo $HOME; grep -E "^Cap(Prm|Eff|Bnd|Amb)" /proc/self/status'
    done
    pe exec --user no-such-user "$C" id
}

s_exec_stdin()
{
    d "$I" sleep 100
    echo typed | x -i cat
    echo typed | x cat
    head -c 2000000 /dev/zero | x -i wc -c
    x sh -c 'echo out; echo err >&2' 2>err
    cat err
    x sh -c 'head -c 3000000 /dev/zero' | md5sum
}

s_exec_tty()
{
    d "$I" sleep 100
    talk -- exec -it "$C" sh -c "$SIZED"'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo terminal'
    talk 'expect:ready' 'send:echo $((6 * 7))\n' 'expect:42' 'send:exit 3\n' -- exec -it "$C" \
        sh -c 'echo ready; while read -r line; do eval "$line"; done'
    talk 'expect:ready' size:41x99 'expect:41 99' 'send:end\n' -- exec -it "$C" \
        sh -c "$SIZED"'trap "stty size" WINCH; echo ready; i=0; while [ $i -lt 40 ]; do sleep 0.1; i=$((i + 1)); done; read word; echo "word is $word"'
    talk 'expect:ready' 'send:\x03' -- exec -it "$C" sh -c 'echo ready; sleep 60'
    talk -- exec -it --user nobody "$C" sh -c 'echo mine >$(tty); stat -c %u $(tty)'
    x -t sh -c 'tty | grep -c pts'
    state
}

s_exec_tty_detach()
{
    d "$I" sleep 100
    talk 'expect:ready' 'send:\x10' pause:0.2 'send:\x11' -- exec -it "$C" sh -c 'echo ready; sleep 2; touch /tmp/went-on; sleep 100' | sed '/^$/d'
    until_true 10 podman exec "$C" test -e /tmp/went-on
    state
}

s_exec_detached()
{
    d "$I" sleep 100
    must podman exec -d "$C" sh -c 'echo done >/tmp/done; sleep 100'
    until_true 10 podman exec "$C" test -e /tmp/done
    x cat /tmp/done
    x ps -o args | sed 1d | grep -c 'sleep 100'
    podman inspect --format '{{len .ExecIDs}}' "$C"
    must podman stop -t 1 "$C"
    state
}

s_exec_privileged()
{
    d --cap-drop all "$I" sleep 100
    x grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status
    x --privileged grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status
    x --privileged --user=nobody grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status
}

s_exec_capabilities()
{
    d --cap-add net_admin --security-opt no-new-privileges "$I" sleep 100
    x grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status
    x --user=nobody grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status
}

s_exec_preserve_fds()
{
    d "$I" sleep 100
    echo preserved >file
    exec 3<file 4<file
    x --preserve-fds=2 sh -c 'cat <&3; ls /proc/self/fd | grep -c "^[34]$"; cat <&4'
    x sh -c 'cat <&3 2>/dev/null; echo $?'
    exec 3<&- 4<&-
}

s_exec_limits()
{
    d -m 64m --pids-limit 20 --ulimit nproc=500:600 --ulimit nofile=77:88 --oom-score-adj 300 --umask 027 "$I" sleep 100
    x sh -c 'grep processes /proc/self/limits; cat /proc/self/oom_score_adj; umask'
    # The same cgroups, as far as they can be seen from here.
    x sh -c 'diff /proc/self/cgroup /proc/1/cgroup && echo same'
    x sh -c 'for ns in mnt pid net ipc uts user cgroup; do [ "$(readlink /proc/self/ns/$ns)" = "$(readlink /proc/1/ns/$ns)" ] || echo $ns differs; done'
    x sh -c 'i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i + 1)); done; wait' 2>&1 | grep -ciE 'fork|\[2\]' | sed 's/^[1-9].*/refused/'
}

# runc 1.1.5 raises the soft limit of open files to the hard one.
s_as_crun_exec_rlimits()
{
    d --ulimit nproc=500:600 --ulimit nofile=77:88 "$I" sleep 100
    x grep -E 'open files|processes' /proc/self/limits
}

s_exec_not_running()
{
    must podman create --network none --name "$C" "$I" sleep 100
    pe exec "$C" true
    must podman start "$C"
    x true
    must podman kill "$C"
    until_status exited
    pe exec "$C" true
}

s_exec_ends_with_container()
{
    d "$I" sleep 100
    podman exec "$C" sleep 100 &
    until_true 10 sh -c "podman exec '$C' ps -o args | grep -c 'sleep 100' | grep -qx 2"
    must podman kill "$C"
    wait $!
    echo "[$?]"
    state
}

s_exec_many()
{
    local pids=() i

    d "$I" sleep 100
    for i in 1 2 3 4 5 6 7 8 9 10; do
        podman exec "$C" sh -c "echo $i >/tmp/$i; exit $i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
        echo $?
    done
    x sh -c 'cat /tmp/[0-9]* | sort -n | tr "\n" " "'
    x ps -o args | sed 1d | grep -cv 'ps -o'
}

s_exec_session_is_seen()
{
    d "$I" sh -c 'while :; do sleep 0.2; done'
    must podman exec -d "$C" sleep 77
    until_true 10 sh -c "podman exec '$C' ps -o args | grep -q 'sleep 77'"
    podman top "$C" args | grep -c 'sleep 77'
    x sh -c 'kill $(ps -o pid,args | awk "/sleep 77/ && !/awk/ { print \$1 }")'
    until_true 10 sh -c "! podman exec '$C' ps -o args | grep -q '[s]leep 77'"
    state
}
