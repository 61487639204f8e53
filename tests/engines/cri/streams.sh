# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# kubectl's exec, attach and cp; probes.

s_exec_sync()
{
    pod
    con one
    x one echo hello
    x one sh -c 'echo out; echo err >&2; exit 9' 2>&1
    x one sh -c 'kill -9 $$'
    x one sh -c 'env | sort; pwd; cat'
    errs cri sync 5 "$(con_id one)" /no/such/program
    errs cri sync 5 "$(con_id one)" /bin/not-executable
}

# A probe that takes too long, and what it leaves.
s_exec_sync_timeout()
{
    pod
    con one
    cri sync 1 "$(con_id one)" sh -c 'sleep 811' 2>&1 | grep -o 'timeout 1s exceeded'
    until_true 10 runs_no_more one 'sleep 811'
    x one echo 'goes on'
}

# A probe whose child keeps the output open.
s_exec_sync_left_behind()
{
    pod
    con one
    x one sh -c 'sleep 821 >/dev/null 2>&1 & echo started'
    runs one 'sleep 821' && echo runs
}

s_exec_sync_many()
{
    pod
    con one
    for number in 1 2 3 4 5 6; do
        x one sh -c "echo $number" >"out.$number" &
    done
    wait
    cat out.*
}

s_exec_stopped()
{
    pod
    con one -- true
    until_true 10 state_is one CONTAINER_EXITED
    cri sync 5 "$(con_id one)" true 2>&1 | grep -o 'container is in CONTAINER_EXITED state'
    cri exec "$(con_id one)" true 2>&1 | grep -o 'container is in CONTAINER_EXITED state' | head -n 1
}

s_exec_stream()
{
    pod
    con one
    t cri exec "$(con_id one)" sh -c 'echo out; echo err >&2; exit 4' 2>&1 | sort
    # Input, to its end.
    seq 1 50000 | t cri exec -i "$(con_id one)" sha256sum
    seq 1 50000 | sha256sum
    printf 'one\ntwo\n' | t cri exec -i "$(con_id one)" sh -c 'read -r line; echo "$line"; exit 3'
    t cri exec "$(con_id one)" cat
    t cri exec "$(con_id one)" /no/such/program 2>/dev/null
}

s_exec_much_output()
{
    pod
    con one
    cri exec "$(con_id one)" seq 1 300000 | sha256sum
    seq 1 300000 | sha256sum
}

s_exec_tty()
{
    pod
    con one
    t cri exec -t "$(con_id one)" sh -c 'sleep 0.5; tty; stty size; echo $TERM; exit 2' | tr -d '\r'
    { sleep 1; printf 'echo typed\n'; sleep 1; printf 'exit 5\n'; sleep 1; } | t cri exec -i -t "$(con_id one)" sh | tr -d '\r'
}

# kubectl cp: tar through exec.
s_copy()
{
    mkdir -p there/sub && seq 1 1000 >there/sub/file && ln -s sub/file there/link && chmod 640 there/sub/file
    pod
    con one
    tar -C there -cf - . | t cri exec -i "$(con_id one)" tar -C /tmp -xf -
    x one sh -c 'ls -l /tmp/sub/file | cut -c1-10; readlink /tmp/link; sha256sum </tmp/sub/file'
    mkdir back && cri exec "$(con_id one)" tar -C /tmp -cf - sub link | tar -C back -xf -
    cmp back/sub/file there/sub/file && echo same
}

s_attach()
{
    pod
    con one -- sh -c 'while ! [ -e /go ]; do sleep 0.1; done; echo out; echo err >&2; sleep 0.5; exit 6'
    t cri attach "$(con_id one)" >attached 2>&1 &
    sleep 1
    x one touch /go
    wait
    sort attached
    until_true 10 state_is one CONTAINER_EXITED
    ended one
    said one | sort
}

s_attach_stdin()
{
    pod
    con one '.stdin = true' -- sh -c 'while read -r line; do echo "got $line"; [ "$line" != end ] || exit 8; done'
    { printf 'one\ntwo\n'; sleep 1; } | timeout 3 "$CRI" attach -i "$(con_id one)" >/dev/null 2>&1
    # Without stdin_once, the next one may go on.
    { printf 'three\nend\n'; sleep 1; } | timeout 5 "$CRI" attach -i "$(con_id one)" >/dev/null 2>&1
    until_true 10 state_is one CONTAINER_EXITED
    ended one
    said one
}

s_attach_stdin_once()
{
    pod
    con one '.stdin = true | .stdin_once = true' -- sh -c 'cat; echo ended'
    printf 'one\ntwo\n' | t cri attach -i "$(con_id one)"
    until_true 10 state_is one CONTAINER_EXITED
    ended one
    said one
}

s_attach_tty()
{
    pod
    con one '.stdin = true | .tty = true' -- sh -c 'while ! [ -e /go ]; do sleep 0.1; done; tty; stty size; read -r line; echo "got $line"; exit 3'
    { sleep 1; cri sync 5 "$(con_id one)" touch /go; sleep 1; printf 'typed\n'; sleep 1; } |
        t cri attach -i -t "$(con_id one)" | tr -d '\r' | grep -v '^$'
    until_true 10 state_is one CONTAINER_EXITED
    ended one
}
