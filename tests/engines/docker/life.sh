# shellcheck shell=bash
# Stopping, killing, restarting, pausing; what Docker knows of a container meanwhile.

s_stop() {
    up -- sh -c 'trap "echo stopping; exit 4" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    q docker stop "$C"
    state
    docker logs "$C"
}

s_stop_kills() {
    # A shell without a trap is pid 1: TERM does nothing to it.
    up -- sh -c 'while :; do sleep 1; done'
    q docker stop -t 1 "$C"
    state
}

s_stop_stopped() {
    must dr -d "$IMAGE" true
    until_state exited
    t docker stop "$C"
    state
}

s_kill() {
    up
    t docker kill "$C"
    until_state exited
    state
    errs docker kill "$C"
}

s_kill_signals() {
    local signal

    up -- sh -c 'for s in HUP INT QUIT USR1 USR2 ALRM TERM CONT WINCH; do trap "echo $s" $s; done; echo ready; while :; do sleep 0.05; done'
    until_log ready
    for signal in HUP SIGINT 3 USR1 12 alrm TERM CONT WINCH; do
        q docker kill -s "$signal" "$C"
        sleep 0.2
    done
    docker logs "$C"
    field '{{.State.Status}}'
}

s_kill_unknown_signal() {
    up
    docker kill -s NOSUCH "$C" 2>&1 | grep -o 'Invalid signal: NOSUCH'
    docker kill -s 99 "$C" 2>&1 | grep -oi 'invalid signal: 99'
    field '{{.State.Status}}'
}

s_kill_real_time_signal() {
    up -- sh -c 'trap "echo got it; exit 3" 35; echo ready; while :; do sleep 0.1; done'
    until_log ready
    q docker kill -s RTMIN+1 "$C"
    until_state exited
    state
}

s_kill_during_start() {
    must docker create --network none --runtime "$RT" --name "$C" "$IMAGE" sleep 600
    must docker start "$C"
    t docker kill "$C"
    until_state exited
    state
}

s_wait() {
    up -- sh -c 'sleep 1; exit 17'
    t docker wait "$C"
    t docker wait "$C"
}

s_restart() {
    up -- sh -c 'echo "run $(ls /runs* 2>/dev/null | wc -l)"; touch "/runs.$(cat /proc/sys/kernel/random/uuid)"; sleep 600'
    until_log 'run 0'
    q docker restart -t 0 "$C"
    until_log 'run 1'
    docker logs "$C"
    state
    field '{{.RestartCount}}'
}

s_start_stop_many() {
    must docker create --network none --runtime "$RT" --name "$C" "$IMAGE" sh -c 'echo once >>/count; wc -l </count; exec sleep 600'
    for _ in 1 2 3 4; do
        must docker start "$C"
        must docker kill "$C"
        until_state exited
    done
    docker start "$C" >/dev/null
    until_log 5
    docker logs "$C"
}

s_restart_policy_on_failure() {
    up --restart on-failure:2 -- sh -c 'echo try; exit 3'
    until_true 20 field_is '{{.RestartCount}} {{.State.Status}}' '2 exited'
    state
    docker logs "$C"
}

s_restart_policy_success() {
    up --restart on-failure -- sh -c 'echo once; exit 0'
    until_state exited
    sleep 0.5
    field '{{.RestartCount}}'
    docker logs "$C"
}

s_restart_policy_always() {
    up --restart always -- sh -c 'echo try; sleep 0.3; exit 0'
    until_true 20 tried_twice
    must docker stop -t 0 "$C"
    sleep 0.5
    field '{{.State.Status}}'
}

tried_twice() {
    [ "$(docker logs "$C" | wc -l)" -ge 2 ]
}

s_restart_policy_unless_stopped() {
    up --restart unless-stopped
    # Killed behind Docker's back, it is started again.
    must kill -9 "$(field '{{.State.Pid}}')"
    until_true 20 field_is '{{.RestartCount}} {{.State.Status}}' '1 running'
    t dx echo again
}

s_init_killed_from_outside() {
    up
    must kill -9 "$(field '{{.State.Pid}}')"
    until_state exited
    state
}

s_pause() {
    up -- sh -c 'while :; do echo tick; sleep 0.05; done'
    until_log tick
    q docker pause "$C"
    state
    docker logs "$C" | wc -l >one
    sleep 0.5
    docker logs "$C" | wc -l >two
    cmp one two && echo still
    errs docker pause "$C"
    q docker unpause "$C"
    state
    errs docker unpause "$C"
}

s_pause_stop() {
    up -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    must docker pause "$C"
    q docker stop -t 3 "$C"
    state
}

s_pause_kill() {
    up
    must docker pause "$C"
    q docker kill "$C"
    until_state exited
    state
}

s_pause_rm_force() {
    up
    must docker pause "$C"
    q docker rm -f "$C"
    q docker inspect "$C"
}

s_top() {
    up -- sh -c 'sleep 601 & sleep 602 & wait'
    until_true 10 in_top 602
    docker top "$C" | sed 1q
    top_args
    docker top "$C" -o pid,comm,uid | sed -E '1d; s/^ *[0-9]+ +//' | sort
}

s_top_user() {
    up -u user
    docker top "$C" -o pid,uid,args | sed -E '1d; s/^ *[0-9]+ +//'
}

s_top_after_exec() {
    up
    must docker exec -d "$C" sleep 603
    until_true 10 in_top 603
    top_args
}

s_top_pid_is_init() {
    # Of the processes that Docker shows, one is pid 1 of the container.
    up
    docker top "$C" -o pid | sed 1d | while read -r pid; do sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status"; done
}

# The number of processes that Docker shows, without our supervisor, which is in the container's cgroups (README, what differs).
stats_pids() {
    local pids

    pids=$(docker stats --no-stream --format '{{.PIDs}}' "$C")
    [ "$RT" = runc ] || pids=$((pids - 1))
    echo "$pids"
}

s_stats() {
    up --memory 96m
    dx true
    stats_pids
    docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' "$C" | sed -E 's#[0-9.]+[KM]iB / #SOME / #'
    docker stats --no-stream --format '{{.CPUPerc}} {{.MemPerc}} {{.BlockIO}} {{.NetIO}}' "$C" | sed -E 's/[0-9.]+/N/g; s/[kKMG]?B/B/g'
}

s_stats_pids() {
    up -- sh -c 'sleep 601 & sleep 602 & sleep 603 & wait'
    until_true 10 in_top 603
    stats_pids
}

s_stats_network() {
    NET=bridge up
    docker stats --no-stream --format '{{.NetIO}}' "$C" | grep -cE '^[0-9.]+k?B / [0-9.]+k?B$'
    docker stats --no-stream --format '{{.NetIO}}' "$C" | grep -c '^0B / 0B$'
}

s_stats_cpu() {
    up -- sh -c 'while :; do :; done'
    sleep 0.5
    # Not nothing.
    docker stats --no-stream --format '{{.CPUPerc}}' "$C" | awk '{ print ($1 + 0 > 1) ? "busy" : $1 }'
}

s_stats_memory() {
    up -- sh -c 'x=$(head -c 30000000 /dev/zero | tr "\0" x); echo ready; sleep 600; echo "${#x}"'
    until_log ready
    docker stats --no-stream --format '{{.MemUsage}}' "$C" | awk '{ print ($1 ~ /MiB/ && $1 + 0 > 25) ? "counted" : $0 }'
}

s_update_memory() {
    up --memory 64m --memory-swap 64m
    q docker update --memory 128m --memory-swap 128m "$C"
    cg memory/memory.limit_in_bytes memory.max
    field '{{.HostConfig.Memory}}'
}

s_update_cpu() {
    up
    q docker update --cpu-shares 512 --cpu-period 50000 --cpu-quota 20000 "$C"
    cg cpu/cpu.shares cpu.weight
    cg cpu/cpu.cfs_quota_us cpu.max
    cg cpu/cpu.cfs_period_us cpu.max
}

s_update_cpuset() {
    up
    q docker update --cpuset-cpus 0 --cpuset-mems 0 "$C"
    cg cpuset/cpuset.cpus cpuset.cpus
    dx grep Cpus_allowed_list /proc/self/status
}

s_update_pids() {
    up --pids-limit 100
    q docker update --pids-limit 50 "$C"
    field '{{.HostConfig.PidsLimit}}'
    dx sh -c 'i=0; while [ $i -lt 60 ]; do sleep 1 2>/dev/null & i=$((i + 1)); done' 2>&1 | grep -c "can't fork"
}

s_update_restart() {
    up --restart no
    q docker update --restart on-failure:3 "$C"
    field '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}'
}

s_update_stopped() {
    must docker create --network none --runtime "$RT" --name "$C" --memory 64m "$IMAGE" sleep 600
    must docker update --memory 80m --memory-swap 80m "$C"
    must docker start "$C"
    cg memory/memory.limit_in_bytes memory.max
}

s_update_paused() {
    up
    must docker pause "$C"
    q docker update --cpu-shares 300 "$C"
    must docker unpause "$C"
    cg cpu/cpu.shares cpu.weight
}

s_rename() {
    up
    q docker rename "$C" "$C-new"
    t docker exec "$C-new" echo renamed
    field '{{.Name}}' "$C-new"
    q docker rename "$C-new" "$C"
}

s_rm_running() {
    up
    errs docker rm "$C"
    q docker rm -f "$C"
    errs docker rm "$C"
}

s_oom() {
    dr --memory 24m --memory-swap 24m "$IMAGE" sh -c 'x=$(head -c 60000000 /dev/zero | tr "\0" x); echo "not reached: ${#x}"' >/dev/null 2>&1
    echo $?
    state
}

s_oom_of_child() {
    # A child is killed, pid 1 goes on: Docker notes that it happened.
    dr --memory 24m --memory-swap 24m "$IMAGE" sh -c 'sh -c "echo 500 >/proc/self/oom_score_adj; head -c 60000000 /dev/zero | tail -c 59000000 | wc -c"; echo "went on"; sleep 0.5; exit 3' 2>/dev/null | grep 'went on'
    until_state exited
    field '{{.State.OOMKilled}} {{.State.ExitCode}}'
}

s_oom_event() {
    events_begin '{{.Action}}'
    dr --memory 24m --memory-swap 24m "$IMAGE" sh -c 'x=$(head -c 60000000 /dev/zero | tr "\0" x); echo "${#x}"' >/dev/null 2>&1
    events_end | sort -u
}

s_oom_after_update() {
    up --memory 128m --memory-swap 128m -- sh -c 'while [ ! -e /go ]; do sleep 0.1; done; x=$(head -c 60000000 /dev/zero | tr "\0" x); echo "${#x}"'
    must docker update --memory 24m --memory-swap 24m "$C"
    must dx touch /go
    until_state exited
    state
}

s_health_healthy() {
    up --health-cmd 'test -e /ok' --health-interval 0.3s --health-retries 2 --health-timeout 5s
    until_true 20 field_is '{{.State.Health.Status}}' unhealthy
    echo "unhealthy first"
    must dx touch /ok
    until_true 20 field_is '{{.State.Health.Status}}' healthy
    field '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'
}

s_health_output() {
    up --health-cmd 'echo "the output"; exit 1' --health-interval 0.3s --health-retries 1
    until_true 20 field_is '{{.State.Health.Status}}' unhealthy
    field '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}'
}

s_health_timeout() {
    up --health-cmd 'sleep 30' --health-interval 0.3s --health-retries 1 --health-timeout 0.5s
    until_true 20 field_is '{{.State.Health.Status}}' unhealthy
    field '{{with index .State.Health.Log 0}}{{.ExitCode}}{{end}}'
}

s_health_start_period() {
    up --health-cmd 'exit 1' --health-interval 0.3s --health-retries 1 --health-start-period 60s
    sleep 1.2
    field '{{.State.Health.Status}}'
}

s_no_healthcheck() {
    up --no-healthcheck
    field '{{json .Config.Healthcheck}} {{json .State.Health}}'
}

s_events() {
    events_begin '{{.Action}}{{if eq .Action "die"}} {{index .Actor.Attributes "exitCode"}}{{end}}'
    up
    must dx true
    must docker pause "$C"
    must docker unpause "$C"
    must docker kill -s KILL "$C"
    until_state exited
    must docker rm "$C"
    # Exec's end is not in order with what follows.
    events_end | grep -v exec_die
}

s_events_of_exec() {
    up
    events_begin '{{.Action}} {{index .Actor.Attributes "exitCode"}}'
    q dx sh -c 'exit 7'
    sleep 0.3
    events_end | sed 's/<no value>//'
}

s_init_option() {
    up --init -- sh -c 'sleep 601 & exec sleep 602'
    dx sh -c 'tr "\0" " " </proc/1/cmdline; echo'
    top_args
    # It reaps what is orphaned, and passes signals on.
    must dx sh -c '(sleep 0.1 &) ; sleep 0.5'
    dx ps -o stat | grep -c Z
    q docker stop -t 5 "$C"
    state
}

s_init_option_exit_code() {
    t drm --init "$IMAGE" sh -c 'exit 9'
    drm --init "$IMAGE" no-such-command >/dev/null 2>&1
    echo $?
}

s_zombies() {
    up -- sh -c 'sleep 0.2 & sleep 0.2 & wait; echo reaped; sleep 600'
    until_log reaped
    dx ps -o stat | grep -c Z
}

s_ps_fields() {
    up
    docker ps --filter "name=^$C\$" --format '{{.Names}} {{.Command}} {{.State}} {{.Image}} {{.Size}}' --no-trunc | sed -E 's/[0-9.]+k?B/SIZE/g'
    must docker pause "$C"
    docker ps --filter "name=^$C\$" --format '{{.Status}}' | grep -o Paused
    must docker unpause "$C"
    must docker kill "$C"
    until_state exited
    docker ps -a --filter "name=^$C\$" --format '{{.Status}}' | sed 's/ [^ ]* [a-z]* ago//; s/Less.*//'
}

s_inspect_running() {
    up
    field '{{.State.Running}} {{.State.Paused}} {{.State.Restarting}} {{gt .State.Pid 0}} {{.State.StartedAt.IsZero}}' 2>/dev/null ||
        field '{{.State.Running}} {{.State.Paused}} {{.State.Restarting}} {{gt .State.Pid 0}}'
    # The pid that Docker has is a living process in the container's namespaces.
    sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$(field '{{.State.Pid}}')/status"
    for ns in mnt net ipc uts; do
        [ "$(readlink "/proc/$(field '{{.State.Pid}}')/ns/$ns")" = "$(dx readlink "/proc/1/ns/$ns")" ] && echo "$ns"
    done
}

s_inspect_stopped() {
    must dr -d "$IMAGE" sh -c 'exit 6'
    until_state exited
    field '{{.State.Running}} {{.State.Pid}} {{.State.ExitCode}} {{.NetworkSettings.SandboxKey}}' | sed -E 's#/[^ ]*#PATH#'
}

s_stop_several() {
    up
    also two
    also three
    docker stop -t 0 "$C" "$C-two" "$C-three"
    docker ps -aq --filter "name=^$C" --filter status=exited | wc -l
}

s_fork_bomb_ends() {
    up --pids-limit 40 -- sh -c 'i=0; while [ $i -lt 100 ]; do sleep 600 2>/dev/null & i=$((i + 1)); done; echo full; wait; sleep 600'
    sleep 1
    q docker kill "$C"
    until_state exited
    state
}
