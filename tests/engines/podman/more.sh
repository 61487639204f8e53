# shellcheck shell=bash
# Hooks, systemd in a container, many at once, checkpoints.

# hook STAGE: writes an OCI hook for the containers whose annotation run-hook is the scenario's name.
hook() {
    local stage=$1

    cat >"$D/hook.sh" <<'SCRIPT'
#!/bin/sh
state=$(cat)
echo "$1 $(echo "$state" | jq -r '[.status, .annotations["run-hook"] != null, (.bundle | length > 0), (.pid // 0) > 0] | @text') $HOOKED" >>"$2"
SCRIPT
    chmod 755 "$D/hook.sh"
    jq -n --arg stage "$stage" --arg script "$D/hook.sh" --arg log "$D/hooks.log" --arg name "$C" '{version: "1.0.0",
        hook: {path: $script, args: ["hook.sh", $stage, $log], env: ["HOOKED=yes", "PATH=/usr/bin:/bin"], timeout: 10},
        when: {annotations: {"^run-hook$": ("^" + $name + "$")}}, stages: [$stage]}' >"$D/hooks/$stage.json"
}

s_more_hooks()
{
    local stage

    mkdir hooks
    for stage in prestart createRuntime createContainer startContainer poststart poststop; do
        hook "$stage"
    done
    # startContainer runs in the container, which has no such program: without it.
    rm hooks/startContainer.json
    t podman --hooks-dir "$D/hooks" run --rm --network none --name "$C" --annotation "run-hook=$C" "$I" echo ran
    until_true 10 grep -q poststop hooks.log
    # runc 1.1 still says created to poststart.
    sed '/^poststart/s/"created"/"running"/' hooks.log
    rm hooks.log
    t podman --hooks-dir "$D/hooks" run --rm --network none --name "$C" "$I" echo 'without hooks'
    find hooks.log 2>/dev/null
}

s_more_hook_in_container()
{
    mkdir hooks
    printf '{"version": "1.0.0", "hook": {"path": "/bin/touch", "args": ["touch", "/made-by-hook"]}, "when": {"always": true}, "stages": ["startContainer"]}' >hooks/a.json
    t podman --hooks-dir "$D/hooks" run --rm --network none --name "$C" "$I" find /made-by-hook
}

s_more_hook_fails()
{
    local stage

    mkdir hooks
    # startContainer apart: with runc 1.1 the container starts, and ends with 1.
    for stage in prestart createRuntime createContainer; do
        printf '{"version": "1.0.0", "hook": {"path": "/bin/false"}, "when": {"always": true}, "stages": ["%s"]}' "$stage" >hooks/a.json
        podman --hooks-dir "$D/hooks" run --network none --name "$C" "$I" echo unseen
        echo "$stage: $?"
        exit_code container exists "$C"
        must podman rm -f -t 0 "$C"
    done
    for stage in poststart poststop; do
        printf '{"version": "1.0.0", "hook": {"path": "/bin/false"}, "when": {"always": true}, "stages": ["%s"]}' "$stage" >hooks/a.json
        podman --hooks-dir "$D/hooks" run --rm --network none --name "$C" "$I" sh -c 'sleep 0.2; echo seen'
        echo "$stage: $?"
    done
}

s_more_checkpoint()
{
    d "$I" sleep 100
    exit_code container checkpoint "$C"
    state
}

s_more_ten_at_once()
{
    local pids=() i

    for i in 1 2 3 4 5 6 7 8 9 10; do
        podman run --rm --network none --name "$C-$i" "$I" sh -c "echo $i; exit $i" >"out.$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
        echo $?
    done
    cat out.? out.10 | sort -n | tr '\n' ' '
    podman ps -aq --filter "name=^$C" | wc -l
}

s_more_ten_living()
{
    local i

    for i in 1 2 3 4 5 6 7 8 9 10; do
        must podman create --network none --name "$C-$i" "$I" sleep 100
    done
    must podman start "$C-1" "$C-2" "$C-3" "$C-4" "$C-5" "$C-6" "$C-7" "$C-8" "$C-9" "$C-10"
    podman ps -q --filter "name=^$C" | wc -l
    must podman stop -t 0 "$C-1" "$C-2" "$C-3" "$C-4" "$C-5" "$C-6" "$C-7" "$C-8" "$C-9" "$C-10"
    podman ps -q --filter "name=^$C" | wc -l
    podman ps -a --filter "name=^$C" --format '{{.Status}}' | sed 's/ [0-9L].*//' | sort | uniq -c | sed 's/^ *//'
}

s_more_systemd_mode()
{
    # Without systemd itself: the mounts and the signal that --systemd=always stands for.
    d --systemd always "$I" sh -c 'trap "echo asked to stop; exit 0" RTMIN+3 37; echo ready; while :; do sleep 0.1; done'
    until_log ready
    x sh -c 'for d in /run /run/lock /tmp /sys/fs/cgroup/systemd /var/log/journal; do awk -v d=$d "\$2 == d { print \$2, \$3, substr(\$4, 1, 2) }" /proc/self/mounts | tail -n 1; done; echo $container; test -s /etc/machine-id && echo id'
    x sh -c 'mkdir /sys/fs/cgroup/systemd$(sed -n "s/.*name=systemd://p" /proc/self/cgroup)/made && echo made'
    podman inspect --format '{{.Config.StopSignal}} {{.Config.SystemdMode}}' "$C"
}

s_more_systemd()
{
    d --systemd always --tmpfs /var/log/journal "$DEBIAN" /sbin/init
    until_true 60 sh -c "podman exec '$C' systemctl is-system-running 2>/dev/null | grep -qE '^(running|degraded)'"
    podman exec "$C" systemctl is-system-running
    podman exec "$C" systemctl list-units --failed --no-legend --plain | awk '{ print $1 }' | sort
    p exec "$C" systemctl is-active systemd-journald dbus
    p exec "$C" sh -c 'tr "\0" " " </proc/1/cmdline; systemctl show -p Version | grep -c Version'
    p exec "$C" systemd-run --wait -q touch /run/by-systemd
    p exec "$C" find /run/by-systemd
    must podman stop -t 30 "$C"
    state
    must podman start "$C"
    until_true 60 sh -c "podman exec '$C' systemctl is-system-running 2>/dev/null | grep -qE '^(running|degraded)'"
    must podman stop -t 30 "$C"
    state
}

s_more_debian()
{
    r "$DEBIAN" bash -c 'id; cat /etc/debian_version | cut -d. -f1; ls -d /proc/self /sys/kernel /dev/shm; getent passwd nobody; true && exit 5'
    r --user nobody "$DEBIAN" python3 -c 1 2>/dev/null | sed 's/^!!.*/no python/'
    talk -- run --rm --network none -it "$DEBIAN" bash -c "$SIZED"'tty; stty size'
}

s_more_lxc_annotation_is_no_harm()
{
    r --annotation org.linuxcontainers.none=1 "$I" echo runs
}

s_more_large_environment()
{
    local i args=()

    for ((i = 0; i < 300; i++)); do
        args+=(--env "V$i=$(printf '%200s' '' | tr ' ' x)")
    done
    r "${args[@]}" "$I" sh -c 'env | grep -c "^V[0-9]*=x*$"'
}

s_more_slow_reader()
{
    r "$I" sh -c 'head -c 1000000 /dev/zero | tr "\0" x' | { sleep 1 && wc -c; }
    # A reader that goes away early.
    r "$I" sh -c 'yes 2>/dev/null | head -n 100000; true' | head -n 1
}

s_more_closed_output()
{
    # A container that closes its output is seen to close it.
    d "$I" sh -c 'exec >/dev/null 2>&1; sleep 100'
    timeout 5 podman logs -f --since 1h "$C"
    echo "[$?]"
    state
}

s_more_background_child_keeps_output()
{
    r "$I" sh -c '(sleep 1; echo late) & echo early'
}

s_more_long_name()
{
    local name

    name=$C-$(printf '%100s' '' | tr ' ' n)
    p run --rm --network none --name "$name" "$I" echo runs
}

s_more_events_of_runtime()
{
    d -m 64m "$I" sleep 100
    id=$(podman inspect --format '{{.Id}}' "$C")
    "$RUNTIME_PATH" events --stats "$id" | jq -r '.type, .data.pids.current, (.data.memory.usage.limit), (.data.cpu.usage.total > 0)'
}

# ---- sd_notify ----

# notify_manager; notify_said: the service manager whose socket NOTIFY_SOCKET names, and what it was told by whom: conmon and Podman are
# known by their names, a pid by whose it is.
notify_manager()
{
    must "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O1 -static -o "$PWD/notify" "$TOP/tests/helpers/notify.c"
    "$PWD/notify" listen "$PWD/manager" >"$PWD/said" &
    notify_listener=$!
    until_true 5 grep -q ready "$PWD/said"
    export NOTIFY_SOCKET=$PWD/manager
}
notify_said()
{
    local conmon

    conmon=$(podman inspect --format '{{.State.ConmonPid}}' "$C")
    sed -nE "s/^[0-9]+ [0-9]+ //; s/MAINPID=$conmon\b/MAINPID=conmon/; /^(who|ready)/!p" "$PWD/said" | grep -vxF BARRIER=1
    kill -KILL "$notify_listener"
}

s_as_crun_sdnotify_container()
{
    notify_manager
    must podman run -d --network none --name "$C" --sdnotify container -v "$PWD/notify:/bin/notify:ro" "$I" \
        sh -c 'env | grep ^NOTIFY; notify send "STATUS=x" "READY=1\nMAINPID=1"; echo sent; exec sleep 60'
    until_log sent
    podman logs "$C"
    x sh -c 'env | grep ^NOTIFY; ls /run/notify'
    until_true 5 grep -q READY=1 "$PWD/said"
    notify_said | sort # conmon and Podman tell it, each in his own time
}

s_as_crun_sdnotify_conmon()
{
    notify_manager
    must podman run -d --network none --name "$C" --sdnotify conmon "$I" sh -c 'env | grep ^NOTIFY; ls /run/notify; exec sleep 60'
    until_true 5 grep -q READY=1 "$PWD/said"
    podman logs "$C"
    notify_said
}

s_as_crun_sdnotify_ignore()
{
    notify_manager
    must podman run -d --network none --name "$C" --sdnotify ignore "$I" sh -c 'env | grep ^NOTIFY; ls /run/notify; echo up; exec sleep 60'
    until_log up
    podman logs "$C"
    notify_said
}
