# shellcheck shell=bash
# docker run: exit codes, streams, the process and its environment.

s_exit_codes() {
    t drm "$IMAGE" true
    t drm "$IMAGE" false
    t drm "$IMAGE" sh -c 'exit 42'
    t drm "$IMAGE" sh -c 'exit 255'
}

s_exit_by_signal() {
    # pid 1 is only killed by signals from outside or by KILL from there, so the shell's child is.
    t drm "$IMAGE" sh -c 'sh -c "kill -9 \$\$"; echo $?'
    dr -d "$IMAGE" sleep 600 >/dev/null
    must docker kill -s KILL "$C"
    until_state exited
    state
    docker wait "$C"
}

s_streams_apart() {
    t drm "$IMAGE" sh -c 'echo to stdout; echo to stderr >&2' 2>err
    cat err
}

s_output_large() {
    drm "$IMAGE" sh -c 'i=0; while [ $i -lt 20000 ]; do echo "line $i of a long output"; i=$((i + 1)); done' >out
    wc -lc <out
    cksum <out
}

s_output_no_newline() {
    drm "$IMAGE" printf 'no newline at the end' | od -c
}

s_output_binary() {
    drm "$IMAGE" sh -c 'printf "\377\376\1\2\200"' | od -An -tx1
}

s_stdin_piped() {
    printf 'one\ntwo\n' | t drm -i "$IMAGE" cat
    head -c 300000 /dev/zero | drm -i "$IMAGE" wc -c
}

s_stdin_closed() {
    t drm "$IMAGE" sh -c 'cat; echo "end of input"'
    t drm -i "$IMAGE" sh -c 'cat; echo "end of input"'
}

s_attach_stdout_only() {
    t drm -a stdout "$IMAGE" sh -c 'echo out; echo err >&2' 2>err
    cat err
}

s_attach_stderr_only() {
    t drm -a stderr "$IMAGE" sh -c 'echo out; echo err >&2' 2>err
    sed 's/^/err: /' err
}

s_attach_stdin_stdout() {
    echo hello | t drm -i -a stdin -a stdout "$IMAGE" tr a-z A-Z
}

s_env() {
    t drm -e A=1 -e 'B=two words' -e C= -e 'D=a=b' "$IMAGE" sh -c 'echo "$A|$B|${C-unset}|$D"'
    FROM_CLIENT=here drm -e FROM_CLIENT -e NOT_THERE "$IMAGE" sh -c 'echo "$FROM_CLIENT ${NOT_THERE-unset}"'
}

s_env_default() {
    drm -h host "$IMAGE" env | sort
    drm -h host -t "$IMAGE" env | tr -d '\r' | sort
    drm -h host -u user "$IMAGE" env | sort
}

s_env_file() {
    printf '# comment\nONE=1\nSPACES=a b  c\n\nQUOTED="x"\n' >file
    drm --env-file file -e ONE=2 "$IMAGE" sh -c 'echo "$ONE|$SPACES|$QUOTED"'
}

s_env_many() {
    local -a env=()
    local i

    for ((i = 0; i < 300; i++)); do
        env+=(-e "VARIABLE_$i=value number $i")
    done
    drm "${env[@]}" "$IMAGE" env | grep -c '^VARIABLE_'
}

s_env_odd_values() {
    drm -e "NL=$(printf 'a\nb')" -e $'TAB=a\tb' -e 'Q="'"'" -e 'UTF=äöü€' -e 'BACK=\n$x' "$IMAGE" \
        sh -c 'printf "%s|" "$NL" "$TAB" "$Q" "$UTF" "$BACK"'
}

s_args_odd() {
    drm "$IMAGE" sh -c 'for a; do printf "<%s>" "$a"; done; echo' sh '' ' ' 'a b' $'new\nline' '*' '$HOME' "'" '"' \\ 'ü'
}

s_args_long() {
    drm "$IMAGE" sh -c 'echo ${#1}' sh "$(head -c 100000 /dev/zero | tr '\0' x)"
}

s_workdir() {
    t drm -w /data "$IMAGE" pwd
    t drm -w /linked "$IMAGE" pwd
    t drm -w '/a b/c' "$IMAGE" pwd
}

s_workdir_missing() {
    t drm -w /not/there/yet "$IMAGE" sh -c 'pwd; ls -ld . | cut -d" " -f1'
    t drm -u user -w /not/there/either "$IMAGE" sh -c 'pwd; stat -c "%u %g %a" .'
}

s_workdir_is_a_file() {
    errs drm -w /etc/passwd "$IMAGE" pwd
}

s_workdir_relative() {
    errs drm -w data "$IMAGE" pwd
}

s_user_forms() {
    local user

    for user in user 1000:2000 user:extra :extra 12345 12345:54321; do
        t drm -u "$user" "$IMAGE" sh -c 'id -u; id -g; id -G; echo "$HOME"'
    done
}

s_user_unknown() {
    errs drm -u nobodyhere "$IMAGE" true
    errs drm -u root:nogrouphere "$IMAGE" true
    errs drm -u 99999999999 "$IMAGE" true
}

s_group_add() {
    t drm --group-add extra --group-add 777 "$IMAGE" id -G
    t drm -u user --group-add wheel "$IMAGE" id -G
    errs drm --group-add notthere "$IMAGE" true
}

s_user_caps() {
    t drm -u user "$IMAGE" grep Cap /proc/self/status
    t drm -u root "$IMAGE" grep Cap /proc/self/status
}

s_entrypoint() {
    t drm --entrypoint echo "$IMAGE" from the entrypoint
    t drm --entrypoint /bin/sh "$IMAGE" -c 'echo "$0"'
    t drm --entrypoint '' "$IMAGE" echo without
}

s_command_not_found() {
    errs drm "$IMAGE" no-such-command
    errs drm "$IMAGE" /no/such/path
    errs drm --entrypoint /nowhere "$IMAGE"
}

s_command_not_executable() {
    errs drm "$IMAGE" /etc/passwd
    errs drm "$IMAGE" /bin/not-executable
    # By PATH it is 127 for runc, and 126 for crun, us and a shell.
    drm "$IMAGE" not-executable 2>/dev/null
    echo "$(($? >= 126))"
}

s_command_is_a_directory() {
    local code

    drm "$IMAGE" /data 2>err
    code=$?
    # runc says "permission denied" or "is a directory", as the kernel does.
    grep -ciE 'permission denied|is a directory' err
    echo "$code"
}

s_command_bad_interpreter() {
    # Nobody can tell before it runs. runc ends with 1 then, we with the 127 of a shell.
    drm "$IMAGE" /bin/bad-interpreter 2>err
    echo "$(($? != 0))"
    grep -o 'no such file or directory' err | sort -u
}

s_command_bad_format() {
    drm "$IMAGE" /bin/bad-format 2>err
    echo "$(($? != 0))"
    grep -o 'exec format error' err | sort -u
}

s_command_relative() {
    t drm -w /bin "$IMAGE" ./echo relative
    t drm -e PATH=/data:/bin "$IMAGE" echo "by PATH"
    errs drm -e PATH=/data "$IMAGE" echo "not in PATH"
}

s_command_fails_state() {
    dr "$IMAGE" no-such-command 2>/dev/null
    field '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}} {{.State.OOMKilled}}'
    docker inspect -f '{{.State.Error}}' "$C" | grep -o 'no-such-command' | sort -u
    # And the name is free again after its removal.
    q docker rm "$C"
    t dr "$IMAGE" echo second
}

s_pid_1() {
    drm "$IMAGE" sh -c 'echo $$; tr "\0" " " </proc/1/cmdline; echo; cat /proc/1/comm; grep -E "^(PPid|Uid)" /proc/self/status'
}

s_descriptors() {
    # 3 is the directory that ls reads.
    drm "$IMAGE" ls /proc/self/fd
    drm "$IMAGE" sh -c 'for f in 0 1 2; do readlink /proc/self/fd/$f | sed "s/[0-9]\+/N/"; done'
}

s_process_attributes() {
    drm "$IMAGE" sh -c 'umask; cat /proc/self/oom_score_adj; grep -E "^(Sig(Q|Pnd|Blk|Ign)|ShdPnd|NoNewPrivs|Seccomp|Cpus_allowed_list|Uid|Gid|Groups|THP_enabled)" /proc/self/status | sed -E "s/^SigQ.*/SigQ/; s/^(SigIgn:.0{8})8/\10/"'
}

s_sessions() {
    # Session and process group of pid 1, with and without a terminal.
    drm "$IMAGE" sh -c 'cut -d" " -f5,6,7,8 /proc/1/stat'
    pty docker run --rm --runtime "$RT" --name "$C" -t "$IMAGE" sh -c 'cut -d" " -f5,6,7,8 /proc/1/stat'
}

s_rlimits_default() {
    drm "$IMAGE" cat /proc/self/limits | grep -vE 'pending|processes'
}

s_ulimit() {
    drm --ulimit nofile=123:456 --ulimit core=0 --ulimit nproc=333 --ulimit stack=4194304:8388608 --ulimit fsize=1000000 "$IMAGE" \
        grep -E 'open files|core|processes|stack|file size' /proc/self/limits
}

s_ulimit_bad() {
    errs drm --ulimit nofile=9:3 "$IMAGE" true
    errs drm --ulimit nosuch=3 "$IMAGE" true
}

s_oom_score_adj() {
    t drm --oom-score-adj 321 "$IMAGE" cat /proc/self/oom_score_adj
    t drm --oom-score-adj 1000 "$IMAGE" sh -c 'cat /proc/self/oom_score_adj /proc/1/oom_score_adj'
}

s_hostname() {
    t drm -h some-host "$IMAGE" sh -c 'hostname; cat /etc/hostname; grep -c some-host /etc/hosts'
    t drm -h name.of.domain "$IMAGE" hostname
    # The default is the id.
    drm "$IMAGE" hostname
}

s_domainname() {
    t drm -h web --domainname example.test "$IMAGE" sh -c 'hostname; cat /proc/sys/kernel/domainname; hostname -f; grep web /etc/hosts | cut -f2'
}

s_hostname_too_long() {
    drm -h "$(head -c 80 /dev/zero | tr '\0' h)" "$IMAGE" true >/dev/null 2>&1
    echo "$(($? != 0))"
}

s_uts_host() {
    t drm --uts host "$IMAGE" hostname
    errs drm --uts host -h name "$IMAGE" true
}

s_add_host() {
    drm --add-host one:10.1.2.3 --add-host 'two:fd00::1' "$IMAGE" grep -E 'one|two' /etc/hosts
}

s_dns() {
    drm --dns 10.9.8.7 --dns-search example.test --dns-option ndots:3 "$IMAGE" cat /etc/resolv.conf
}

s_labels() {
    printf 'file.label=from file\n' >labels
    must dr -d -l one=1 --label two=b --label-file labels "$IMAGE" true
    field '{{json .Config.Labels}}'
    docker ps -aq --filter "label=two=b" --filter "name=^$C\$" | wc -l
}

s_cidfile() {
    must dr --cidfile cid -d "$IMAGE" true
    [ "$(cat cid)" = "$(field '{{.Id}}')" ] && echo the same
    errs docker run --runtime "$RT" --cidfile cid "$IMAGE" true
}

s_rm() {
    t drm "$IMAGE" true
    q docker inspect "$C"
    t dr --rm -d "$IMAGE" sleep 0.1 | sed 's/.*\(.\)$/\1/' | tail -n 1
    until_true 10 gone
    echo "removed"
}

gone() {
    ! docker inspect "$C" >/dev/null 2>&1
}

s_name_taken() {
    must dr -d "$IMAGE" true
    errs dr "$IMAGE" true
}

s_detached() {
    dr -d "$IMAGE" sh -c 'echo in background; sleep 600' | wc -c
    until_log background
    state
    field '{{.HostConfig.Runtime}} {{.Path}} {{.Args}} {{.RestartCount}} {{.Driver}}' | sed "s/^$RT/RT/"
}

s_create_start() {
    must docker create --runtime "$RT" --name "$C" -e X=1 "$IMAGE" sh -c 'echo "x is $X"; exit 3'
    state
    t docker start -a "$C"
    state
    t docker start -a "$C"
    docker logs "$C"
}

s_create_start_interactive() {
    must docker create -i --runtime "$RT" --name "$C" "$IMAGE" sh -c 'while read -r l; do echo "got $l"; done; exit 4'
    printf 'a\nb\n' | t docker start -ai "$C"
}

s_stop_signal() {
    up --stop-signal USR1 -- sh -c 'trap "echo got USR1; exit 9" USR1; trap "echo got TERM; exit 8" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    q docker stop "$C"
    docker logs "$C"
    state
}

s_stop_timeout() {
    local begin=$SECONDS

    up --stop-timeout 1 -- sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    until_log ready
    q docker stop "$C"
    state
    [ $((SECONDS - begin)) -lt 9 ] && echo "in time"
}

s_pull_never() {
    errs drm --pull never no-such-image-here true
    t drm --pull never --platform linux/amd64 "$IMAGE" echo local
}

s_disable_content_trust() {
    t drm --disable-content-trust "$IMAGE" echo fine
}

s_gpus_missing() {
    drm --gpus all "$IMAGE" true 2>err
    echo $?
    grep -o 'could not select device driver' err
}

s_isolation() {
    t drm --isolation default "$IMAGE" echo default
}

s_annotations_of_init() {
    # /proc/1/exe must be the container's own program, not something of the host.
    drm "$IMAGE" readlink /proc/1/exe
    drm "$IMAGE" sh -c 'cat /proc/1/environ | tr "\0" "\n" | cut -d= -f1 | sort'
}

alone_twenty_at_once() {
    local i
    local -a pids=()

    for i in $(seq 20); do
        docker run --rm --runtime "$RT" --name "$C-$i" "$IMAGE" sh -c "echo container $i; sleep 0.2; exit $i" >"out.$i" 2>&1 &
        pids[i]=$!
    done
    for i in $(seq 20); do
        wait "${pids[i]}"
        echo "$i: $? $(cat "out.$i")"
    done
}

alone_failing_at_once() {
    # What fails at its start leaves nothing either: the suite's end looks for it.
    local i
    local -a pids=()

    for i in $(seq 16); do
        docker run --rm --network none --runtime "$RT" --name "$C-$i" "$IMAGE" no-such-command >"out.$i" 2>&1 &
        pids[i]=$!
    done
    for i in $(seq 16); do
        wait "${pids[i]}"
        echo "$i: $?"
    done
    docker ps -aq --filter "name=^$C-" | wc -l
    sleep 1
    # A shim is there as long as its container is to containerd.
    pgrep -fc "containerd-shim.*$WORK/docker/" >left || true
    [ "$(cat left)" -eq 0 ] && echo "no shim is left"
}

alone_twenty_living() {
    local i

    for i in $(seq 20); do
        docker run -d --runtime "$RT" --name "$C-$i" --network none "$IMAGE" sleep 600 >/dev/null &
    done
    wait
    docker ps -q --filter "name=^$C-" | wc -l
    for i in 1 7 20; do
        docker exec "$C-$i" cat /proc/1/comm
    done
    docker ps -q --filter "name=^$C-" | xargs docker rm -f | wc -l
    docker ps -aq --filter "name=^$C-" | wc -l
}
