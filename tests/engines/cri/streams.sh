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

# The size comes when it comes.
readonly SIZE='for i in $(seq 100); do [ "$(stty size 2>/dev/null)" = "24 80" ] && break; sleep 0.1; done; tty; stty size'

s_exec_tty()
{
    pod
    con one
    t cri exec -t "$(con_id one)" sh -c "$SIZE"'; echo $TERM; exit 2' | tr -d '\r'
    { printf 'typed\n'; sleep 2; } | t cri exec -i -t "$(con_id one)" sh -c 'read -r line; echo "got $line"; exit 5' | tr -d '\r'
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
    con one -- sh -c 'while ! [ -e /go ]; do echo tick; sleep 0.1; done; echo out; echo err >&2; sleep 0.5; exit 6'
    t cri attach "$(con_id one)" >attached 2>&1 &
    until_true 10 grep -q tick attached
    x one touch /go
    wait
    grep -v tick attached | sort
    until_true 10 state_is one CONTAINER_EXITED
    ended one
    said one | grep -v tick | sort
}

# attach_until NAME TEXT LINE...: types, and leaves when the container has said TEXT.
attach_until()
{
    local name=$1 text=$2 pid try

    shift 2
    mkfifo "typed.$text"
    "$CRI" attach -i "$(con_id "$name")" <"typed.$text" >/dev/null 2>&1 &
    pid=$!
    printf '%s\n' "$@" >"typed.$text"
    until_true 10 says "$name" "$text"
    # Where the container has ended, so has this.
    for ((try = 0; try < 20; try++)); do
        kill "$pid" 2>/dev/null || break
        sleep 0.1
    done
    wait "$pid" 2>/dev/null
}

s_attach_stdin()
{
    pod
    con one '.stdin = true' -- sh -c 'while read -r line; do echo "got $line"; [ "$line" != end ] || exit 8; done'
    attach_until one two one two
    # Without stdin_once, the next one may go on.
    attach_until one end three end
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
    con one '.stdin = true | .tty = true' -- sh -c 'read -r line; echo "got $line"; '"$SIZE"'; exit 3'
    # What is typed is echoed, at some time.
    { printf 'typed\n'; sleep 3; } | t cri attach -i -t "$(con_id one)" | tr -d '\r' | sort
    until_true 10 state_is one CONTAINER_EXITED
    ended one
}
