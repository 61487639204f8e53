# shellcheck shell=bash
# Terminals, attaching, detaching, logs.

s_tty_output() {
    pty docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" sh -c 'tty; echo out; echo err >&2; exit 7'
    echo $?
}

s_tty_without_client_tty() {
    drm -t "$IMAGE" sh -c 'tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all three; echo err >&2' | od -c | tail -n 3
    errs drm -it "$IMAGE" true </dev/null
}

s_tty_size() {
    pty docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" sh -c "$SIZED"'stty size'
}

s_tty_resize() {
    # The client's own terminal changes while the container runs.
    # shellcheck disable=SC2016 # the container's
    talk size:20x70 expect:ready size:33x99 -- docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" \
        sh -c "$SIZED"'trap "stty size | grep -v \"20 70\" && exit 0" WINCH; stty size; echo ready; i=0; while [ $i -lt 80 ]; do sleep 0.1; i=$((i + 1)); done; echo none'
}

s_tty_line_discipline() {
    # Echo, and an interrupt typed on the terminal.
    # shellcheck disable=SC2016 # the container's
    talk expect:ready 'send:typed\n' 'expect:read typed' 'send:\x03' -- docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" \
        sh -c 'trap "echo interrupted; exit 5" INT; echo ready; read -r x; echo "read $x"; while :; do sleep 0.1; done'
}

s_tty_console_device() {
    pty docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" sh -c 'ls -l /dev/console | cut -c1; echo to the console >/dev/console; ls /dev/pts; stat -c %t:%T /dev/tty'
}

s_tty_owner() {
    pty docker run --rm --network none --runtime "$RT" --name "$C" -it -u user "$IMAGE" sh -c 'stat -L -c "%u %a" /proc/self/fd/0; echo fine >/dev/pts/0; echo fine >/dev/tty'
}

s_tty_eof() {
    talk expect:ready 'send:last words\n\x04' -- docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" sh -c 'echo ready; cat; echo end'
}

s_tty_job_control() {
    pty docker run --rm --network none --runtime "$RT" --name "$C" -it "$IMAGE" sh -c 'set -m; sleep 0.2 & wait; ps -o pid,tty,comm | grep -c pts; echo done' 2>&1
}

s_detach_keys_run() {
    talk expect:ready 'send:\x01x' -- docker run --network none --runtime "$RT" --name "$C" -it --detach-keys 'ctrl-a,x' "$IMAGE" sh -c 'echo ready; sleep 600'
    field '{{.State.Status}}'
}

s_detach_keys_default() {
    up -it -- sh -c 'while :; do echo tick; sleep 0.1; done'
    talk expect:tick 'send:\x10\x11' -- docker attach "$C" | sed '/^tick$/d'
    field '{{.State.Status}}'
}

s_attach() {
    # docker(1) 20.10 may drop what comes after the end of its input, with either runtime: the input stays open.
    up -i -- sh -c 'while read -r l; do echo "echo $l"; [ "$l" = end ] && sleep 0.5 && exit 6; done'
    { printf 'one\nend\n' && sleep 2; } | t docker attach "$C"
}

s_attach_no_stdin() {
    up -- sh -c 'while [ ! -e /go ]; do sleep 0.1; done; echo went; exit 2'
    docker attach --no-stdin "$C" >out &
    until_attached 1
    must dx touch /go
    wait $!
    echo $?
    cat out
}

s_attach_sig_proxy() {
    local pid

    up -- sh -c 'trap "echo got TERM; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    docker attach "$C" >out &
    pid=$!
    until_attached 1
    kill -TERM "$pid"
    wait "$pid"
    echo $?
    cat out
    until_state exited
    state
}

s_run_sig_proxy() {
    local pid

    docker run --network none --runtime "$RT" --name "$C" "$IMAGE" sh -c 'trap "echo got HUP; exit 11" HUP; echo ready; while :; do sleep 0.1; done' >out &
    pid=$!
    until_log ready
    kill -HUP "$pid"
    wait "$pid"
    echo $?
    cat out
}

s_run_sig_proxy_off() {
    local pid

    docker run --network none --sig-proxy=false --runtime "$RT" --name "$C" "$IMAGE" sh -c 'trap "echo got TERM" TERM; echo ready; while :; do sleep 0.1; done' >out &
    pid=$!
    until_log ready
    kill -TERM "$pid"
    wait "$pid"
    echo $?
    field '{{.State.Status}}'
    cat out
}

s_attach_twice() {
    up -- sh -c 'while [ ! -e /go ]; do sleep 0.1; done; echo to both'
    docker attach --no-stdin "$C" >one &
    docker attach --no-stdin "$C" >two &
    until_attached 2
    must dx touch /go
    wait
    cat one two
}

s_attach_stopped() {
    must dr -d "$IMAGE" true
    until_state exited
    docker attach "$C" 2>&1 | grep -o 'cannot attach to a stopped container'
}

s_output_closed_by_container() {
    # A container that closes its output lives on.
    up -- sh -c 'echo before; exec >/dev/null 2>&1; sleep 600'
    until_log before
    sleep 0.3
    field '{{.State.Status}}'
    dx cat /proc/1/comm
}

s_background_child_keeps_output() {
    # The container ends with pid 1, whatever a child still holds.
    t drm "$IMAGE" sh -c 'sleep 30 & echo done'
}

s_reader_goes_away() {
    docker run --network none --runtime "$RT" --name "$C" "$IMAGE" sh -c 'i=0; while [ $i -lt 30000 ]; do echo "line $i"; i=$((i + 1)); done; exit 5' | head -n 2
    until_state exited
    state
}

s_logs() {
    must dr -d "$IMAGE" sh -c 'echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three'
    until_state exited
    t docker logs "$C" 2>err
    sed 's/^/err: /' err
    docker logs --tail 1 "$C"
    docker logs -t "$C" 2>&1 | sed -E 's/^[0-9T:.-]+Z/TIME/' | sort
}

s_logs_follow() {
    up -- sh -c 'for i in 1 2 3; do echo "line $i"; sleep 0.2; done'
    t docker logs -f "$C"
    state
}

s_logs_since_until() {
    must dr -d "$IMAGE" echo said
    until_state exited
    docker logs --since 10m "$C"
    docker logs --until 10m "$C" | wc -l
}

s_log_driver_none() {
    t dr --log-driver none "$IMAGE" echo to the client only
    docker logs "$C" 2>&1 | grep -o 'does not support reading'
}

s_log_driver_local() {
    must dr --log-driver local --log-opt max-size=1m --log-opt max-file=2 "$IMAGE" echo kept
    t docker logs "$C"
    field '{{.HostConfig.LogConfig.Type}}'
}

s_log_opts() {
    must dr --log-driver json-file --log-opt max-size=2k --log-opt max-file=2 --log-opt tag=x "$IMAGE" \
        sh -c 'i=0; while [ $i -lt 200 ]; do echo "a line that is rotated away $i"; i=$((i + 1)); done'
    docker logs "$C" | tail -n 1
    [ "$(docker logs "$C" | wc -l)" -lt 200 ] && echo rotated
}

s_logs_of_tty() {
    must dr -t -d "$IMAGE" sh -c 'echo out; echo err >&2'
    until_state exited
    docker logs "$C" | od -c
}

s_stdin_once() {
    # Without -a the input stays open for the next client.
    must docker create -i --runtime "$RT" --name "$C" "$IMAGE" cat
    field '{{.Config.OpenStdin}} {{.Config.StdinOnce}}'
    must docker start "$C"
    echo first | timeout 3 docker attach "$C"
    until_log first
    field '{{.State.Status}}'
}
