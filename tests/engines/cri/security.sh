# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Security contexts.

readonly STATUS='grep -E "^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp):" /proc/self/status'

s_confined()
{
    pod
    con one
    x one sh -c "$STATUS"
    # What was started, beside what is executed later.
    x one grep -E '^(Uid|Cap...|NoNewPrivs|Seccomp):' /proc/1/status
}

s_run_as_user()
{
    pod '.linux.security_context.supplemental_groups = [3000]'
    con one '.linux.security_context |= (.run_as_user.value = 1234 | .run_as_group.value = 2345 | .supplemental_groups = [3456, 10])'
    x one id
    x one sh -c "$STATUS"
    con name '.linux.security_context |= (.run_as_username = "user")'
    x name id
    con user '.linux.security_context |= (.run_as_user.value = 1000)'
    x user id
    x user sh -c 'touch /file 2>/dev/null || echo denied; echo $HOME'
}

s_capabilities()
{
    pod
    con added '.linux.security_context.capabilities = {add_capabilities: ["NET_ADMIN", "SYS_TIME"], drop_capabilities: ["CHOWN"]}'
    x added sh -c "$STATUS"
    x added sh -c 'ip link set lo down && ip link set lo up && echo may; chown 1 /tmp 2>/dev/null || echo "may not"'
    con none '.linux.security_context.capabilities = {drop_capabilities: ["ALL"]}'
    x none sh -c "$STATUS"
    con some '.linux.security_context.capabilities = {drop_capabilities: ["ALL"], add_capabilities: ["NET_BIND_SERVICE"]}'
    x some sh -c "$STATUS"
    # Passed over, as by runc.
    con wrong '.linux.security_context.capabilities = {drop_capabilities: ["ALL"], add_capabilities: ["CHOWN", "NO_SUCH"]}'
    x wrong grep CapEff /proc/self/status
}

s_restricted()
{
    pod '.linux.security_context.seccomp.profile_type = "RuntimeDefault"'
    con one '.linux.security_context |= (.capabilities.drop_capabilities = ["ALL"] | .no_new_privs = true | .run_as_user.value = 1000
        | .readonly_rootfs = true | .seccomp.profile_type = "RuntimeDefault") | .mounts = [{container_path: "/tmp", host_path: "'"$D/tmp"'"}]'
    mkdir -p tmp && chmod 1777 tmp
    x one sh -c "$STATUS"
    x one sh -c 'exec 2>&1; touch /tmp/file && echo may; touch /file /dev/shm/file; ls /dev/shm'
}

s_no_new_privileges()
{
    pod
    con one '.linux.security_context.no_new_privs = true'
    x one grep NoNewPrivs /proc/self/status
    x one grep NoNewPrivs /proc/1/status
}

s_read_only_root()
{
    pod
    con one '.linux.security_context.readonly_rootfs = true'
    x one sh -c 'exec 2>&1; touch /file /etc/file; touch /dev/file && echo may; touch /dev/shm/file && echo may'
}

s_masked_paths()
{
    pod
    con one
    x one sh -c 'exec 2>&1; cat /proc/kcore | wc -c; ls -A /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/domainname; echo h >/proc/sysrq-trigger'
    con own '.linux.security_context |= (.masked_paths = ["/etc/passwd", "/data"] | .readonly_paths = ["/home"])'
    x own sh -c 'exec 2>&1; cat /etc/passwd | wc -c; ls -A /data | wc -l; touch /home/x; head -c 0 /proc/kcore && echo readable'
}

s_privileged()
{
    pod '.linux.security_context.privileged = true'
    t make_con one '.linux.security_context |= (.privileged = true | del(.masked_paths, .readonly_paths))'
    t start one
    ended one
    x one sh -c "$STATUS"
    x one sh -c 'mount -t tmpfs none /mnt && echo mounts; touch /proc/sys/kernel/domainname && echo writable'
    x one sh -c 'ls /dev/null /dev/full /dev/zero; grep " /sys " /proc/mounts | cut -d" " -f4 | cut -d, -f1'
    x one sh -c 'grep " /sys/fs/cgroup " /proc/mounts | cut -d" " -f4 | cut -d, -f1'
}

s_seccomp_runtime_default()
{
    pod '.linux.security_context.seccomp.profile_type = "RuntimeDefault"'
    con one '.linux.security_context.seccomp.profile_type = "RuntimeDefault"'
    x one sh -c "$STATUS"
    x one sh -c 'unshare -U true 2>/dev/null || echo denied; mount -t tmpfs none /mnt 2>/dev/null || echo denied'
    con two '.linux.security_context |= (.seccomp.profile_type = "RuntimeDefault" | .capabilities.add_capabilities = ["SYS_ADMIN"])'
    x two sh -c 'mount -t tmpfs none /mnt && echo mounts'
}

s_seccomp_localhost()
{
    jq -n '{defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95},
            {names: ["sethostname"], action: "SCMP_ACT_KILL_PROCESS"}]}' >"$SECCOMP/$C.json"
    pod
    con one '.linux.security_context |= (.seccomp = {profile_type: "Localhost", localhost_ref: "'"$SECCOMP/$C.json"'"}
        | .capabilities.add_capabilities = ["SYS_ADMIN"])'
    x one sh -c 'exec 2>&1; grep Seccomp: /proc/self/status; mkdir /x; hostname x; echo $?'
    make_con missing '.linux.security_context.seccomp = {profile_type: "Localhost", localhost_ref: "'"$SECCOMP/none.json"'"}' 2>&1 |
        grep -o 'no such file or directory' | head -n 1
}

s_exec_confined()
{
    pod
    con one '.linux.security_context |= (.capabilities = {drop_capabilities: ["ALL"], add_capabilities: ["CHOWN"]} | .run_as_user.value = 1000
        | .run_as_group.value = 2000 | .no_new_privs = true | .seccomp.profile_type = "RuntimeDefault")'
    x one sh -c "$STATUS"
    cri exec "$(con_id one)" sh -c "$STATUS"
}
