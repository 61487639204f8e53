# shellcheck shell=bash
# podman run: what each option gives the process.

s_run_exit_code()
{
    for code in 0 1 42 126 127 255; do
        r "$I" sh -c "exit $code"
    done
    r "$I" sh -c 'sh -c "kill -KILL \$\$"'
    # Process 1 itself, by a signal that no handler of its own is there for.
    r "$I" sh -c 'kill -SEGV 1; kill -TERM 1; echo immune'
}

s_run_missing_command()
{
    pe run --rm --network none "$I" /no/such/program
    pe run --rm --network none "$I" no-such-program
    pe run --rm --network none "$I" /etc
    pe run --rm --network none "$I" /etc/passwd
    pe run --rm --network none --user no-such-user "$I" true
    pe run --rm --network none --user nobody --entrypoint /root/none "$I"
    # What failed to start is there, created, and can be removed.
    pe create --network none --name "$C" "$I" /no/such/program
    pe start "$C"
    podman inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$C"
    p rm "$C" | sed 1d
}

s_run_workdir()
{
    r --workdir /home "$I" pwd
    pe run --rm --network none --workdir /no/such/directory "$I" true
    r --workdir /proc/self "$I" sh -c 'pwd -P | tr -d 0-9'
    r --workdir / --user nobody "$I" pwd
    pe run --rm --network none --workdir /etc/passwd "$I" true
}

s_run_env()
{
    printf 'FROM_FILE=1\n# comment\nSECOND=a b c\n' >variables
    export PASSED_ON=yes
    r --env A=1 --env B='two words' --env C= --env PASSED_ON --env-file variables --env UNICODE=äöü "$I" sh -c 'env | sort | grep -v HOSTNAME'
    r --unsetenv-all "$I" /bin/env
    r --unsetenv TERM --http-proxy=false "$I" sh -c 'env | sort | grep -v HOSTNAME'
    r --env PATH=/nowhere "$I" /bin/sh -c 'echo $PATH'
    pe run --rm --network none --env PATH=/nowhere "$I" sh -c true
}

s_run_user()
{
    local user

    for user in 0 nobody 65534 1000:1000 nobody:nogroup 12345 root:nogroup; do
        r --user "$user" "$I" sh -c 'id; echo $HOME; touch /root/file 2>&1; touch /tmp/file && stat -c %u:%g /tmp/file'
    done
    r --user nobody --group-add 5 --group-add 777 "$I" id -G
    r --group-add root --group-add nogroup "$I" id
    r --user 4294967 "$I" id -u
}

s_run_umask()
{
    r "$I" sh -c umask
    r --umask 0077 "$I" sh -c 'umask; touch /tmp/a; stat -c %a /tmp/a'
    r --umask 0777 "$I" sh -c umask
}

s_run_hostname()
{
    r --hostname some-name.example "$I" sh -c 'hostname; cat /proc/sys/kernel/hostname /etc/hostname; echo $HOSTNAME'
    r "$I" sh -c 'test "$(hostname)" = "$HOSTNAME" && hostname | wc -c'
    # A bridge that another scenario's containers have at the time puts the host into it.
    r --hostname x --add-host other:192.0.2.7 "$I" grep -v host.containers.internal /etc/hosts
    r --no-hosts "$I" cat /etc/hosts
    p run --rm --dns 192.0.2.1 --dns-search example.org --dns-option ndots:3 "$I" cat /etc/resolv.conf
}

s_run_stdin()
{
    echo input | r -i "$I" cat
    echo input | r "$I" cat
    head -c 3000000 /dev/zero | r -i "$I" sh -c 'wc -c; exit 3'
    echo one two | r -i "$I" sh -c 'read a b; echo "$b $a"; cat'
}

s_run_streams()
{
    t podman run --rm --network none "$I" sh -c 'echo out; echo err >&2' 2>err
    cat err
    t podman run --rm --network none -a stdout "$I" sh -c 'echo out; echo err >&2' 2>err
    cat err
    t podman run --rm --network none -a stderr "$I" sh -c 'echo out; echo err >&2' 2>err
    cat err
    r "$I" sh -c 'head -c 2000000 /dev/zero | tr "\0" x' | md5sum
    r "$I" sh -c 'for i in 0 1 2; do readlink /proc/self/fd/$i | tr -d "0-9"; done; ls /proc/self/fd | wc -l'
}

s_run_tty()
{
    talk -- run --rm --network none -it "$I" sh -c "$SIZED"'tty; stty size; stty -a | grep -c icanon; test -t 0 && test -t 1 && test -t 2 && echo terminal; ls -l /dev/console | cut -c1-10'
    talk size:33x101 -- run --rm --network none -it --name "$C" "$I" sh -c "$SIZED"'stty size'
    talk -- run --rm --network none -it "$I" sh -c 'exit 7'
    talk -- run --rm --network none -it --user nobody "$I" sh -c 'echo to the terminal >/dev/tty; stat -c %u:%g $(tty); stat -c %t:%T /dev/console'
    r -t "$I" sh -c 'tty; echo $TERM'
}

s_run_tty_resize()
{
    # shellcheck disable=SC2016 # the container's
    talk 'expect:ready' size:40x111 'expect:40 111' 'send:end\n' -- run --rm --network none -it "$I" \
        sh -c "$SIZED"'trap "stty size | grep -v \"24 80\"" WINCH; echo ready; i=0; while [ $i -lt 40 ]; do sleep 0.1; i=$((i + 1)); done; read word; echo "word is $word"'
}

s_run_tty_interrupt()
{
    talk 'expect:ready' 'send:\x03' -- run --rm --network none -it "$I" sh -c 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.1; done'
    talk 'expect:ready' 'send:echo $((6 * 7))\n' 'expect:42' 'send:exit 9\n' -- run --rm --network none -it "$I" \
        sh -c 'echo ready; while read -r line; do eval "$line"; done'
    # As process 1 without a handler it is not ended by the terminal's signal.
    talk 'expect:ready' 'send:\x03' 'expect:still' -- run --rm --network none -it "$I" sh -c 'echo ready; sleep 1; echo still here'
}

s_run_tty_detach()
{
    talk 'expect:ready' 'send:\x10' pause:0.2 'send:\x11' -- run --network none -it --name "$C" "$I" \
        sh -c 'echo ready; until read -t 1 line; do echo tick; done; echo "got $line"; exit 6' | sed '/^$/d; /^tick$/d'
    state
    # Typed once it is attached: before, the terminal on this side would echo it, too.
    talk 'expect:tick' 'send:word\n' 'expect:got word' -- attach "$C" | sed '/^tick$/d'
    until_status exited
    state
    talk 'expect:ready' 'send:x' pause:0.2 'send:x' -- run --network none -it --detach-keys x,x --name "$C-2" "$I" sh -c 'echo ready; sleep 30' | sed '/^$/d'
    state "$C-2"
}

s_run_capabilities()
{
    r "$I" grep ^Cap /proc/self/status
    r --cap-add net_admin --cap-add SYS_TIME "$I" grep ^Cap /proc/self/status
    r --cap-drop all "$I" grep ^Cap /proc/self/status
    r --cap-drop all --cap-add chown "$I" sh -c 'grep ^Cap /proc/self/status; chown nobody /tmp && echo done; chroot / true; echo $?'
    r --user nobody "$I" grep ^Cap /proc/self/status
    r --user nobody --cap-add net_raw "$I" grep ^Cap /proc/self/status
    r --user nobody --privileged "$I" grep ^Cap /proc/self/status | sed 1,3d
}

s_run_privileged()
{
    r --privileged "$I" sh -c 'grep ^Cap /proc/self/status; grep ^Seccomp: /proc/self/status; mount -t tmpfs none /mnt && echo mounted;
        touch /proc/sys/kernel/printk && echo writable; ls /proc/kcore | wc -l; test -e /dev/full && test -c /dev/loop-control; echo 4 >/proc/sys/kernel/printk && echo written'
    r --privileged "$I" sh -c 'ls /dev | grep -vE "pts|shm|mqueue|core" | sort'
    r --privileged "$I" sh -c 'awk "\$2 == \"/sys\" || \$2 == \"/proc\" { print \$2, substr(\$4, 1, 2) }" /proc/self/mounts'
}

s_run_no_new_privs()
{
    r --security-opt no-new-privileges "$I" grep NoNewPrivs /proc/self/status
    r --security-opt no-new-privileges=false "$I" grep NoNewPrivs /proc/self/status
    r --user nobody --security-opt no-new-privileges "$I" grep -E 'NoNewPrivs|CapEff' /proc/self/status
}

s_run_seccomp()
{
    r "$I" sh -c 'grep -E "^Seccomp:" /proc/self/status; unshare -U true; echo $?'
    r --security-opt seccomp=unconfined "$I" sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true; echo $?'
    cat >deny.json <<JSON
{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
 {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
 {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO"},
 {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]},
 {"names": ["sethostname"], "action": "SCMP_ACT_KILL_PROCESS"}]}
JSON
    r --security-opt seccomp=deny.json "$I" sh -c 'mkdir /tmp/a 2>&1; chmod 700 /tmp 2>&1; echo on'
    r --security-opt seccomp=deny.json --cap-add sys_admin "$I" sh -c 'hostname x; echo $?'
    echo '{"defaultAction": "SCMP_ACT_NONE"}' >bad.json
    pe run --rm --network none --security-opt seccomp=bad.json "$I" true
    pe run --rm --network none --security-opt seccomp=/no/such/file "$I" true
}

# The profile of lxc-launch is one for Podman, too.
s_run_seccomp_of_lxc_launch()
{
    # shellcheck disable=SC2054 # calls with their arguments
    local calls=(mount keyctl add_key clone3 clone,0x10000000,0 bpf io_uring_setup setns unshare,0 reboot socket,38,5,0 socket,40,1,0
        socket,12,1,0 socket,2,1,0 socket,1,1,0 personality,0x40000 personality,0xffffffff chroot kcmp getpid)

    "${CC:-gcc}" -O1 -static -o syscalls "$TOP/tests/helpers/syscalls.c"
    r --security-opt seccomp="$TOP/configs/seccomp/default.json" "$I" grep -E '^Seccomp:' /proc/self/status
    r --security-opt seccomp="$TOP/configs/seccomp/default.json" -v "$PWD:/t:ro" "$I" /t/syscalls "${calls[@]}"
    r --security-opt seccomp="$TOP/configs/seccomp/default.json" --cap-add sys_admin,sys_ptrace --cap-drop sys_chroot \
        -v "$PWD:/t:ro" "$I" /t/syscalls "${calls[@]/#clone,*/clone}"
}

s_run_masked_paths()
{
    r "$I" sh -c 'for f in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /sys/firmware /proc/acpi /proc/scsi; do
        [ ! -e $f ] || { echo $f; ls -A $f | grep -v "^$f" | wc -l; cat $f 2>/dev/null | wc -c; }; done;
        for f in /proc/sys/kernel/domainname /proc/irq/default_smp_affinity /proc/sysrq-trigger; do (: >>$f) 2>&1 | sed "s/.*: //"; done'
    r --security-opt mask=/etc/group:/home --security-opt unmask=/proc/acpi "$I" sh -c 'wc -c </etc/group; touch /home/x; ls /proc/acpi | head -n 1; ls -A /home | wc -l'
    r --security-opt unmask=ALL "$I" sh -c 'head -c 1 /proc/keys | wc -c; grep -c " /proc/" /proc/self/mounts; ls /sys/firmware | head -n 1 | wc -l'
}

s_run_ulimits()
{
    r --ulimit nproc=500:600 --ulimit nofile=100:200 --ulimit core=0 --ulimit stack=4194304 --ulimit cpu=100:200 --ulimit fsize=1048576 "$I" \
        sh -c 'grep -E "open files|core|stack|cpu|file size|processes" /proc/self/limits; head -c 2000000 /dev/zero >/tmp/big; stat -c %s /tmp/big'
    r "$I" grep -E 'open files|processes' /proc/self/limits
    pe run --rm --network none --ulimit nproc=500:600 --ulimit nofile=99999999:99999999 "$I" true
}

s_run_sysctl()
{
    r --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4000 --sysctl kernel.shm_rmid_forced=1 --sysctl net.ipv4.ping_group_range='0 0' "$I" \
        sh -c 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ping_group_range'
    pe run --rm --network none --sysctl net.ipv4.no_such_thing=1 "$I" true
}

s_run_oom_score()
{
    r --oom-score-adj 500 "$I" cat /proc/self/oom_score_adj
    r --oom-score-adj 1000 "$I" cat /proc/1/oom_score_adj
}

s_as_crun_personality()
{
    r --personality LINUX32 "$I" uname -m
    r "$I" uname -m
}

s_run_init()
{
    r --init "$I" sh -c 'head -n 1 /proc/1/status; cat /proc/1/cmdline | tr "\0" "\n" | head -n 3; test $$ -ne 1 && echo not 1'
    r --init "$I" sh -c 'exit 33'
    # A zombie whose parent has ended is the init's to reap.
    r --init "$I" sh -c 'sh -c "sleep 0.1 & exec true"; sleep 0.5; grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l'
    d --init "$I" sleep 100
    must podman stop -t 5 "$C"
    state
}

s_run_timezone()
{
    r --tz Asia/Tokyo "$I" sh -c 'ls -l /etc/localtime | wc -l; wc -c </etc/localtime'
    r --env TZ=UTC-9 "$I" sh -c 'date -d @0 +%H'
}

s_run_read_only()
{
    r --read-only "$I" sh -c 'touch /etc/x 2>&1; touch /tmp/x /run/x /var/tmp/x /dev/shm/x && echo written; awk "\$2 == \"/\" { print substr(\$4, 1, 3) }" /proc/self/mounts'
    r --read-only --read-only-tmpfs=false "$I" sh -c 'touch /tmp/x 2>&1; touch /dev/shm/x && echo written'
    r --read-only --tmpfs /new:size=1m,mode=700 -v "$D:/data" "$I" sh -c 'touch /new/a /data/b && echo written; stat -c %a /new; df -k /new | tail -n 1 | awk "{ print \$2 }"'
    ls
}

s_run_entrypoint()
{
    r --entrypoint '["echo", "from", "the list"]' "$I" more
    r --entrypoint echo "$I" 'one argument' ''
    r --entrypoint '' "$I" echo command
}

s_run_annotations()
{
    r --annotation some.key=value --annotation other=with=equals "$I" true
    d --annotation some.key=value "$I" sleep 100
    podman inspect --format '{{index .Config.Annotations "some.key"}}' "$C"
}

s_run_files()
{
    r --cidfile cid --pidfile pid --conmon-pidfile conmon "$I" sleep 0.2
    wc -c <cid
    d --pidfile pid2 --conmon-pidfile conmon2 "$I" sleep 100
    test "$(cat pid2)" = "$(pid_of)" && echo 'the pid file holds the inspected pid'
    kill -0 "$(cat pid2)" && echo 'it is alive'
    test "$(awk '/^PPid/ { print $2 }' "/proc/$(cat pid2)/status")" = "$(cat conmon2)" && echo 'its parent is conmon'
}

s_run_preserve_fds()
{
    echo preserved >file
    exec 3<file 4<file
    r --preserve-fds 2 "$I" sh -c 'cat <&3; ls /proc/self/fd | grep -c "^[34]$"; cat <&4'
    r "$I" sh -c 'cat <&3 2>/dev/null; echo $?'
    exec 3<&- 4<&-
}

s_run_rootfs()
{
    mkdir root
    cp -a "$WORK/busybox-root/." root/
    p run --rm --network none --name "$C" --rootfs "$D/root" sh -c 'cat /etc/passwd | head -n 1; touch /made; mount | grep -c " / "'
    find root/made
    p run --rm --network none --name "$C" --rootfs "$D/root:O" sh -c 'touch /not-kept; ls /made'
    find root -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' '
    p run --rm --network none --name "$C" --read-only --rootfs "$D/root" sh -c 'touch /x 2>&1'
}

s_run_timeout()
{
    r --timeout 1 "$I" sleep 60
}

s_run_odd_arguments()
{
    r "$I" printf '%s|' '' ' ' 'a b' "new
line" '$HOME' '*' "\\" '"' "'" $'\t' ä
    r --env "MULTI=one
two" --label 'l=a "b"' "$I" sh -c 'echo "$MULTI"'
    r "$I" echo "$(printf '%10000s' '' | tr ' ' x)" | md5sum
}

s_run_devices()
{
    r --device /dev/full --device /dev/zero:/dev/my-zero:r "$I" sh -c 'ls -l /dev/full /dev/my-zero | awk "{ print \$1, \$5, \$6, \$10 }"; head -c 4 /dev/my-zero | wc -c; echo >/dev/full; (echo x >/dev/my-zero) 2>&1 | sed "s/.*: //"'
    # runc links core only where the kernel has /proc/kcore.
    r "$I" sh -c 'ls /dev | grep -vx core | sort | tr "\n" " "; mknod /tmp/n c 1 3 && (echo x >/tmp/n) && echo null; mknod /tmp/m c 1 1 && (head -c 1 /tmp/m) 2>&1 | sed "s/.*: //"'
    r --device-cgroup-rule 'c 1:7 rwm' "$I" sh -c 'mknod /tmp/f c 1 7 && (echo >/tmp/f) 2>&1 | sed "s/.*: //"'
    r "$I" sh -c 'for i in null zero full random urandom tty ptmx; do stat -c "%n %a %t:%T" /dev/$i; done; for i in stdin stdout stderr fd ptmx; do readlink /dev/$i; done'
}

s_run_secret()
{
    echo 'a secret' >file
    must podman secret create "$C-s" file
    r --secret "$C-s" "$I" sh -c "cat /run/secrets/*; stat -c '%a %u' /run/secrets/*"
    r --secret "$C-s,type=env,target=FROM_SECRET" "$I" sh -c 'echo $FROM_SECRET'
    r --secret "$C-s,uid=1000,gid=1000,mode=0400,target=mine" "$I" stat -c '%a %u:%g' /run/secrets/mine
    must podman secret rm "$C-s"
}
