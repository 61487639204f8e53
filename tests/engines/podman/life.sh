# shellcheck shell=bash
# A container's life: create, start, attach, wait, stop, kill, restart, pause, remove.

s_life_create_start()
{
    must podman create --network none --name "$C" "$I" sh -c 'echo started; exit 4'
    state
    p start "$C" | sed 1d
    p wait "$C"
    state
    podman logs "$C"
    p start -a "$C"
    podman inspect --format '{{.State.ExitCode}}' "$C"
    p rm "$C" | sed 1d
    exit_code container exists "$C"
}

s_life_init()
{
    must podman create --network none --name "$C" "$I" sh -c 'echo really started; sleep 100'
    must podman init "$C"
    state
    podman logs "$C"
    must podman start "$C"
    until_log 'really started'
    state
}

s_life_init_remove()
{
    must podman create --network none --name "$C" "$I" sleep 100
    must podman init "$C"
    state
    must podman rm -f -t 0 "$C"
    exit_code container exists "$C"
}

s_life_start_stdin()
{
    must podman create -i --network none --name "$C" "$I" sh -c 'read a; echo "got $a"; exit 8'
    echo word | p start -a -i "$C"
    state
}

s_life_attach()
{
    d -i "$I" sh -c 'read a; echo "got $a"; echo err >&2; exit 11'
    { sleep 0.5 && echo word; } | t podman attach "$C" 2>err
    cat err
    until_status exited
    state
    podman logs "$C" 2>&1 | sort
}

s_life_attach_no_stdin()
{
    d "$I" sh -c 'while [ ! -e /tmp/go ]; do sleep 0.1; done; echo seen; exit 2'
    { sleep 0.5 && podman exec "$C" touch /tmp/go; } &
    t podman attach --no-stdin "$C"
    state
}

s_life_wait()
{
    d "$I" sh -c 'sleep 0.5; exit 17'
    p wait "$C"
    p wait "$C"
    d2=$C-2
    must podman run -d --network none --name "$d2" "$I" sleep 0.3
    p wait --condition stopped "$d2"
    must podman create --network none --name "$C-3" "$I" sleep 100
    { sleep 0.3 && podman start "$C-3" >/dev/null; } &
    p wait --condition running "$C-3"
}

s_life_stop()
{
    d "$I" sh -c 'trap "echo asked; exit 21" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    p stop -t 10 "$C" | sed 1d
    state
    podman logs "$C"
    exit_code stop "$C"
}

s_life_stop_by_force()
{
    d "$I" sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    SECONDS=0
    p stop -t 1 "$C" | sed 1d
    [ "$SECONDS" -lt 8 ] || echo 'took too long'
    state
}

s_life_stop_signal()
{
    d --stop-signal USR1 --stop-timeout 5 "$I" sh -c 'trap "exit 31" USR1; trap "exit 32" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    must podman stop "$C"
    state
}

s_life_kill()
{
    local signal name

    for signal in KILL 9 SIGTERM USR2 HUP RTMIN+3; do
        name=$C-${signal/+/-}
        must podman run -d --network none --name "$name" "$I" \
            sh -c 'for s in TERM USR2 HUP 37; do trap "echo got $s; exit 50" $s; done; echo ready; while :; do sleep 0.1; done'
        until_log ready "$name"
        p kill -s "$signal" "$name" | sed 1d
        until_status exited "$name"
        podman logs "$name"
        state "$name"
    done
    pe kill "$C-KILL"
    pe kill -s NO_SUCH "$C-KILL"
}

s_life_kill_handled()
{
    d "$I" sh -c 'trap "echo again" USR1; echo ready; while :; do sleep 0.1; done'
    until_log ready
    for _ in 1 2 3; do
        must podman kill -s USR1 "$C"
        sleep 0.3
    done
    until_true 10 sh -c "test \$(podman logs '$C' | grep -c again) = 3"
    podman logs "$C"
    state
}

s_life_killed_children()
{
    local time=4321

    # What process 1 started ends with it, whatever it ignores and whichever session it is in.
    [ "$RT" = runc ] || time=4322
    d "$I" sh -c "trap '' TERM HUP; (setsid sleep $time &); sleep $time & echo ready; wait; while :; do sleep 1; done"
    until_log ready
    must podman kill "$C"
    until_status exited
    state
    pgrep -fx "sleep $time" | wc -l
}

s_life_restart()
{
    d "$I" sh -c 'trap "exit 0" TERM; echo run; echo x >>/count; while :; do sleep 0.1; done'
    until_log run
    first=$(pid_of)
    p restart -t 5 "$C" | sed 1d
    until_true 10 sh -c "test \$(podman exec '$C' wc -l </count 2>/dev/null; podman logs '$C' | grep -c run) -ge 2"
    x wc -l /count
    [ "$(pid_of)" != "$first" ] && echo 'another process'
    state
}

s_life_restart_policy()
{
    d --restart on-failure:2 "$I" sh -c 'echo run; exit 3'
    until_true 20 sh -c "test \$(podman logs '$C' | grep -c run) = 3"
    until_status exited
    state
    podman logs "$C"
}

s_life_restart_always()
{
    # It stays up the third time: a stop between two runs may come to nothing with Podman, whatever the runtime.
    d --restart always "$I" sh -c 'echo run; echo >>/runs; test "$(wc -l </runs)" -lt 3 || exec sleep 600; sleep 0.3'
    until_true 20 sh -c "test \$(podman logs '$C' | grep -c run) -ge 3"
    podman inspect --format '{{.HostConfig.RestartPolicy.Name}}' "$C"
    must podman stop -t 1 "$C"
    podman inspect --format '{{.State.Running}}' "$C"
}

s_life_restart_after_kill()
{
    d --restart unless-stopped "$I" sh -c 'echo run; sleep 100'
    until_log run
    kill -KILL "$(awk '{ print $1 }' <(podman top "$C" hpid | sed 1d))"
    until_true 20 sh -c "test \$(podman logs '$C' | grep -c run) = 2"
    until_status running
    state
}

s_life_pause()
{
    d "$I" sh -c 'while :; do echo tick; sleep 0.1; done'
    until_log tick
    p pause "$C" | sed 1d
    state
    cg freezer freezer.state
    sleep 0.3
    before=$(podman logs "$C" | wc -l)
    sleep 0.5
    [ "$(podman logs "$C" | wc -l)" = "$before" ] && echo 'stands still'
    pe pause "$C"
    pe exec "$C" true
    p unpause "$C" | sed 1d
    state
    until_true 5 sh -c "test \$(podman logs '$C' | wc -l) -gt $before"
    pe unpause "$C"
}

s_life_pause_kill()
{
    d "$I" sleep 100
    must podman pause "$C"
    must podman rm -f -t 0 "$C"
    exit_code container exists "$C"
}

s_life_pause_stop()
{
    d "$I" sleep 100
    must podman pause "$C"
    pe stop -t 1 "$C"
    must podman unpause "$C"
    must podman stop -t 1 "$C"
    state
}

s_life_top()
{
    d --user nobody "$I" sh -c 'sleep 100 & sleep 101'
    until_true 10 sh -c "podman top '$C' args | grep -q 101"
    podman top "$C" user args | sed 's/  */ /g'
    podman top "$C" pid args | grep -c '^1  *sleep 101'
    podman top "$C" ppid state group seccomp | sed 's/  */ /g'
    podman top "$C" capeff capbnd | sed 's/  */ /g' | sort | uniq -c | sed 's/^ *//'
    test "$(podman top "$C" hpid | sed 1d | head -n 1)" -gt 1 && echo 'pids of the host'
    podman top "$C" -o pid,args 2>/dev/null | grep -c 101
}

s_life_stats()
{
    d -m 64m --pids-limit 50 "$I" sh -c 'head -c 20000000 /dev/zero | tail -c 1 >/dev/null; sleep 100 & sleep 100'
    until_true 10 sh -c "podman top '$C' args | grep -c '^sleep 100' | grep -q 2"
    # The supervisor is counted, too, where it is in the container's pids cgroup.
    podman stats --no-stream --format '{{.Name}} {{.PIDs}}' "$C" | sed 's/ [23]$/ 2/'
    podman stats --no-stream --format '{{.MemUsage}}' "$C" | sed 's/.*\///'
    podman stats --no-stream --format json "$C" | jq -r '.[0] | keys | join(" ")'
    podman stats --no-stream --format '{{.MemUsage}}' "$C" | grep -qE '^0B|^--' && echo 'no memory counted'
    podman stats --no-stream --format '{{.CPUPerc}}' "$C" | grep -qE '^[0-9.]+%$' && echo 'CPU counted'
}

s_life_logs()
{
    d "$I" sh -c 'i=0; while [ $i -lt 5 ]; do echo line $i; echo error $i >&2; i=$((i + 1)); sleep 0.1; done; printf "no newline"'
    p wait "$C"
    podman logs "$C" 2>err
    echo
    cat err
    podman logs --tail 2 "$C" 2>/dev/null
    podman logs -t "$C" 2>/dev/null | head -n 1 | sed -E 's/^[0-9T:.+-]+(Z|[+-][0-9:]+) /TIME /'
    must podman run -d --network none --name "$C-f" "$I" sh -c 'for i in 1 2 3; do echo follow $i; sleep 0.2; done'
    podman logs -f "$C-f"
    must podman run -d --network none --log-driver none --name "$C-n" "$I" echo unseen
    podman wait "$C-n"
    podman logs "$C-n" 2>/dev/null
}

s_life_events()
{
    d "$I" sleep 100
    must podman exec "$C" true
    must podman pause "$C"
    must podman unpause "$C"
    must podman kill "$C"
    until_status exited
    must podman rm "$C"
    podman events --stream=false --filter "container=$C" --format '{{.Status}} {{.ContainerExitCode}}' | sed '/cleanup/d' | uniq
}

s_life_rename()
{
    d "$I" sleep 100
    must podman rename "$C" "$C-new"
    p exec "$C-new" echo 'still here'
    podman ps --filter "name=$C" --format '{{.Names}} {{.State}}' | sed 's/Up .*/Up/'
    must podman stop -t 1 "$C-new"
    state "$C-new"
}

s_life_ps()
{
    d --label "test=$C" "$I" sleep 100
    podman ps --filter "label=test=$C" --format '{{.Names}} {{.Image}} {{.Command}} {{.Ports}} {{.Networks}}'
    podman ps --filter "label=test=$C" --format '{{.Status}}' | sed 's/ .*//'
    podman ps --ns --filter "label=test=$C" --format '{{if .Pid}}pid{{end}} {{.Namespaces.NET}} {{.Namespaces.PIDNS}}' | tr -d '0-9'
    must podman stop -t 1 "$C"
    podman ps -a --filter "label=test=$C" --format '{{.Status}}' | sed 's/ [0-9]* .*/ AGO/; s/ Less.*/ AGO/'
}

s_life_remove_running()
{
    d "$I" sleep 100
    exit_code rm "$C"
    must podman rm -f -t 1 "$C"
    exit_code container exists "$C"
    must podman run -d --rm --network none --name "$C" "$I" sleep 0.2
    until_true 10 sh -c "! podman container exists '$C'"
}

s_life_replace()
{
    d "$I" sleep 100
    p run --rm --replace --network none --name "$C" "$I" echo replaced
    exit_code container exists "$C"
}

s_life_sig_proxy()
{
    podman run --network none --name "$C" "$I" sh -c 'trap "echo proxied; exit 12" USR1; echo ready; while :; do sleep 0.1; done' &
    pid=$!
    until_log ready
    # This Podman begins to forward signals after it has started the container (its pull request 17489), and drops them till then.
    until_true 15 signalled "$pid"
    wait "$pid"
    echo "[$?]"
    state
}

# signalled PID: what PID forwards has arrived. The shell's child is a shell around podman.
signalled()
{
    kill -USR1 "$(pgrep -P "$1" -x podman || echo "$1")" 2>/dev/null
    sleep 0.5
    log_has "$C" proxied
}

s_life_oom()
{
    d -m 24m --memory-swap 24m "$I" sh -c 'sh -c "echo 1000 >/proc/self/oom_score_adj; exec tail -n 1 /dev/zero"; echo "ended with $?"; exec tail -n 1 /dev/zero'
    p wait "$C"
    state
    podman logs "$C"
}

s_life_conmon_dies()
{
    # Its container goes on, and podman can still end it.
    d --conmon-pidfile conmon "$I" sleep 100
    kill -KILL "$(cat conmon)"
    sleep 0.3
    x echo 'still here'
    # Without it nobody is told how the container ended.
    exit_code kill "$C"
    podman inspect --format '{{.State.Running}}' "$C"
    must podman rm -f -t 0 "$C"
}

s_life_runtime_state()
{
    # The runtime itself, by the id that podman gave.
    d "$I" sleep 100
    id=$(podman inspect --format '{{.Id}}' "$C")
    "$RUNTIME_PATH" state "$id" | jq -r '[.status, .bundle == "'"$(podman inspect --format '{{.OCIConfigPath}}' "$C" | xargs dirname)"'", (.pid > 1), .ociVersion[0:2]] | @text'
    "$RUNTIME_PATH" list -q | grep -cx "$id"
    "$RUNTIME_PATH" list -f json | jq -r '.[] | select(.id == "'"$id"'") | .status'
    "$RUNTIME_PATH" exec "$id" echo 'by the runtime'
    "$RUNTIME_PATH" pause "$id"
    "$RUNTIME_PATH" state "$id" | jq -r .status
    "$RUNTIME_PATH" resume "$id"
    "$RUNTIME_PATH" ps -f json "$id" | jq length
    "$RUNTIME_PATH" kill "$id" KILL
    until_status exited
    state
}
