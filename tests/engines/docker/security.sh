# shellcheck shell=bash
# Capabilities, seccomp, devices, sysctls, privileges.

caps() {
    drm "$@" "$IMAGE" grep -E '^Cap|NoNewPrivs|^Seccomp:' /proc/self/status
}

s_caps_default() {
    caps
}

s_caps_add() {
    caps --cap-add NET_ADMIN --cap-add SYS_TIME
    caps --cap-add CAP_SYS_PTRACE --cap-add sys_nice
}

s_caps_drop() {
    caps --cap-drop NET_RAW --cap-drop MKNOD
    caps --cap-drop ALL
}

s_caps_drop_all_add() {
    caps --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SETUID
}

s_caps_unknown() {
    drm --cap-add NO_SUCH "$IMAGE" true 2>&1 | grep -oi 'unknown capability.*NO_SUCH"'
}

s_caps_in_force() {
    t drm --cap-drop CHOWN "$IMAGE" sh -c 'touch /x; chown 1 /x 2>&1 | sed "s/.*: //"'
    t drm --cap-drop ALL "$IMAGE" sh -c 'chroot / true 2>&1 | sed "s/.*: //"'
    t drm --cap-add NET_ADMIN "$IMAGE" sh -c 'ip link add d0 type dummy 2>/dev/null || ip link set lo down; echo $?'
    t drm "$IMAGE" sh -c 'ip link set lo down 2>&1 | sed "s/.*: //"'
}

s_privileged() {
    all_capabilities || return 0
    drm --privileged "$IMAGE" sh -c 'grep -E "NoNewPrivs|^Seccomp:" /proc/self/status; [ $((0x$(sed -n "s/^CapEff:.//p" /proc/self/status) & 0x200000)) -ne 0 ] && echo SYS_ADMIN' 2>err
    echo $?
}

s_privileged_devices() {
    all_capabilities || return 0
    drm --privileged "$IMAGE" sh -c 'ls /dev | grep -cE "^(loop-control|mem|kmsg|null|zero)$"' 2>err
    echo $?
}

s_privileged_mounts() {
    all_capabilities || return 0
    drm --privileged "$IMAGE" sh -c 'mount -t tmpfs x /mnt && echo mounted; echo 1 >/proc/sys/net/ipv4/ip_forward && echo written; [ -w /sys/kernel ] && grep " /sys sysfs" /proc/self/mounts | cut -d" " -f4 | cut -d, -f1' 2>err
    echo $?
}

s_privileged_masks() {
    all_capabilities || return 0
    drm --privileged "$IMAGE" sh -c 'grep -c -E " /proc/(kcore|keys|timer_list|sysrq-trigger|sys) " /proc/self/mountinfo' 2>err
}

s_no_new_privileges() {
    caps --security-opt no-new-privileges
    caps --security-opt no-new-privileges=true -u user
}

s_setuid_program() {
    # With no_new_privs the bit has no effect.
    must dr -d "$IMAGE" sh -c 'cp /bin/busybox /bin/su-id; chmod 4755 /bin/su-id'
    until_state exited
    must docker commit "$C" "$C-image"
    t docker run --rm --network none --runtime "$RT" --name "$C-two" -u user "$C-image" /bin/su-id id -u
    t docker run --rm --network none --runtime "$RT" --name "$C-two" -u user --security-opt no-new-privileges "$C-image" grep NoNewPrivs /proc/self/status
    must docker rmi "$C-image"
}

s_seccomp_default() {
    caps
    drm "$IMAGE" sh -c 'unshare -m true 2>&1 | sed "s/.*: //"; mount -t tmpfs x /mnt 2>&1 | sed "s/.*: //"; swapoff /nothing 2>&1 | sed "s/.*: //"'
}

s_seccomp_unconfined() {
    caps --security-opt seccomp=unconfined
    drm --security-opt seccomp=unconfined "$IMAGE" sh -c 'swapoff /nothing 2>&1 | sed "s/.*: //"'
}

s_seccomp_profile() {
    printf '%s' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}, {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}' >profile
    drm --security-opt seccomp=profile "$IMAGE" sh -c 'mkdir /x 2>&1 | sed "s/.*: //"; chmod 700 /data 2>&1 | sed "s/.*: //"; echo lives'
}

# The profile of lxc-launch is one for Docker, too.
s_seccomp_of_lxc_launch() {
    local calls=(mount keyctl add_key clone3 'clone,0x10000000,0' bpf io_uring_setup setns 'unshare,0' reboot 'socket,38,5,0' 'socket,40,1,0'
        'socket,12,1,0' 'socket,2,1,0' 'socket,1,1,0' 'personality,0x40000' 'personality,0xffffffff' chroot kcmp getpid)

    "${CC:-gcc}" -O1 -static -o syscalls "$TOP/tests/helpers/syscalls.c"
    caps --security-opt seccomp="$TOP/configs/seccomp/default.json"
    t drm --security-opt seccomp="$TOP/configs/seccomp/default.json" -v "$PWD:/t:ro" "$IMAGE" /t/syscalls "${calls[@]}"
    t drm --security-opt seccomp="$TOP/configs/seccomp/default.json" --cap-add SYS_ADMIN --cap-add SYS_PTRACE --cap-drop SYS_CHROOT \
        -v "$PWD:/t:ro" "$IMAGE" /t/syscalls "${calls[@]/#clone,*/clone}"
}

s_seccomp_args() {
    printf '%s' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}]}' >profile
    drm --security-opt seccomp=profile "$IMAGE" sh -c 'sleep 9 & kill -10 $! 2>&1 | sed "s/.*: //"; kill -9 $! && echo killed'
}

s_seccomp_kill() {
    printf '%s' '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL"}]}' >profile
    t drm --security-opt seccomp=profile "$IMAGE" sh -c 'mkdir /x; echo $?'
}

s_seccomp_bad_profile() {
    echo '{"defaultAction": 7' >profile
    drm --security-opt seccomp=profile "$IMAGE" true >/dev/null 2>&1
    echo $?
    printf '%s' '{"defaultAction": "SCMP_ACT_NONSENSE"}' >profile
    drm --security-opt seccomp=profile "$IMAGE" true >/dev/null 2>&1
    echo "$(($? != 0))"
}

s_security_opt_apparmor() {
    t drm --security-opt apparmor=unconfined "$IMAGE" echo unconfined
}

s_security_opt_systempaths() {
    drm --security-opt systempaths=unconfined "$IMAGE" sh -c 'grep -c -E " /proc/(kcore|keys|timer_list|sysrq-trigger|sys) " /proc/self/mountinfo'
}

s_security_opt_label() {
    t drm --security-opt label=disable "$IMAGE" echo no label
}

s_device() {
    drm --device /dev/full --device /dev/zero:/dev/renamed "$IMAGE" sh -c 'stat -c "%n %F %t:%T %a %u:%g" /dev/full /dev/renamed; head -c 3 /dev/renamed | wc -c; (echo x >/dev/full) 2>&1 | sed "s/.*: //"'
}

s_device_permissions() {
    drm --device /dev/zero:/dev/in:r "$IMAGE" sh -c 'head -c 2 /dev/in | wc -c; (echo x >/dev/in) 2>&1 | sed "s/.*: //"'
}

s_device_directory() {
    mkdir devices
    mknod devices/a c 1 5
    mknod devices/b c 1 3
    drm --device "$PWD/devices:/dev/dir" "$IMAGE" sh -c 'ls /dev/dir; head -c 2 /dev/dir/a | wc -c'
}

s_device_missing() {
    drm --device /dev/no-such-device "$IMAGE" true 2>&1 | grep -o 'no such file or directory'
}

s_device_cgroup_rule() {
    drm --device-cgroup-rule 'c 1:5 rwm' "$IMAGE" sh -c 'mknod /z c 1 5; head -c 2 /z | wc -c'
    # /dev/mem is allowed to nobody, and some other character device only with a rule.
    drm "$IMAGE" sh -c 'mknod /m c 1 11; (head -c 0 /m; : </m) 2>&1 | sed "s/.*: //"'
    drm --device-cgroup-rule 'c 1:11 r' "$IMAGE" sh -c 'mknod /m c 1 11; : </m && echo opened'
}

s_device_default_denied() {
    drm "$IMAGE" sh -c 'mknod /disk b 7 0; (: </disk) 2>&1 | sed "s/.*: //"; for d in null zero full random urandom tty; do [ -c /dev/$d ] && echo $d; done'
}

s_device_no_mknod() {
    t drm --cap-drop MKNOD "$IMAGE" sh -c 'mknod /n c 1 3 2>&1 | sed "s/.*: //"'
}

s_sysctl() {
    t drm --sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=12345678 --sysctl net.core.somaxconn=777 --sysctl fs.mqueue.msg_max=11 "$IMAGE" \
        cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/net/core/somaxconn /proc/sys/fs/mqueue/msg_max
}

s_sysctl_refused() {
    drm --sysctl kernel.panic=1 "$IMAGE" true 2>&1 | grep -oi 'not whitelisted\|not allowed\|not in a separate kernel namespace' | sort -u
    drm --sysctl net.ipv4.no_such=1 "$IMAGE" true >/dev/null 2>&1
    echo "$(($? != 0))"
}

s_sysctl_host_network() {
    errs docker run --rm --runtime "$RT" --name "$C" --network host --sysctl net.ipv4.ip_forward=1 "$IMAGE" true
}

s_sysctl_default() {
    drm "$IMAGE" cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range
}

s_low_port_as_user() {
    t drm -u user "$IMAGE" sh -c 'nc -l -p 80 127.0.0.1 & sleep 0.3; netstat -ltn 2>/dev/null | grep -c ":80 "; kill $!'
}

s_ptrace_and_proc() {
    # What a user sees of pid 1, which is root's.
    drm -u root "$IMAGE" sh -c 'ls /proc/1/ns | wc -l; head -c 4 /proc/1/mem 2>&1 | sed "s/.*: //"'
}

s_proc_sys_read_only() {
    drm "$IMAGE" sh -c '(echo x >/proc/sys/kernel/domainname) 2>&1 | sed "s/.*: //"; hostname newname 2>&1 | sed "s/.*: //"'
    drm --cap-add SYS_ADMIN "$IMAGE" sh -c 'hostname newname; hostname'
}

s_keyring() {
    drm "$IMAGE" sh -c 'cat /proc/keys | wc -c; cat /proc/key-users 2>/dev/null | wc -l' | head -n 1
}

s_host_files_hidden() {
    # Nothing of the host's is among the mounts that a container sees.
    drm "$IMAGE" sh -c 'grep -cE "runlxc|runc|/etc/docker" /proc/self/mounts; ls /.oldroot /.pivot* 2>&1 | wc -l; ls -A / | grep -v -E "^(bin|data|dev|etc|home|linked|mnt|proc|root|run|sbin|sys|tmp|usr|var)$"'
}
