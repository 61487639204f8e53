#!/bin/bash
# The filter of system calls: the default profile call by call, capabilities that open it, profiles of the user's, exec.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin private

mkdir "$SCRATCH/bin"
ok "the helper compiles" "${CC:-gcc}" -std=gnu17 -O1 -static -Wall -Wextra -Werror -o "$SCRATCH/bin/syscalls" "$TOP/tests/helpers/syscalls.c"
read -ra libraries < <(pkg-config --libs jansson libseccomp libapparmor)
ok "the other one too" "${CC:-gcc}" -std=gnu17 -Wall -Wextra -Werror -iquote "$TOP/driver" -o "$SCRATCH/exec" "$TOP/tests/helpers/exec.c" \
    "$BUILD/liblxcdriver.a" "${libraries[@]}"
profile=$TOP/configs/seccomp/default.json

# calls OPTION... -- WHAT...: what the helper prints in a container with these options, on one line.
calls() {
    local options=()

    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    bounded "$LXC_LAUNCH" --rm "${options[@]}" -v "$SCRATCH/bin:/t:ro" @busybox /t/syscalls "$@" 2>"$SCRATCH/.warnings" | paste -sd ' '
}

# each ERRNO NAME...: the same line if every call gives that error.
each() {
    local errno=$1 name

    shift
    for name in "$@"; do
        printf '%s\n' "${name%%,*} $errno"
    done | paste -sd ' '
}

# ---- state ----

status_of() {
    bounded "$LXC_LAUNCH" --rm "$@" @busybox grep Seccomp: /proc/self/status 2>/dev/null | tr -d '\t'
}

is "a container has a filter" "$(status_of)" Seccomp:2
is "builtin is the default's name" "$(status_of --security-opt seccomp=builtin)" Seccomp:2
is "also with no_new_privs" "$(status_of --security-opt no-new-privileges)" Seccomp:2
is "also with an init" "$(status_of --init)" Seccomp:2
is "also as another user" "$(status_of -u 1000:1000)" Seccomp:2
is "also without any capability" "$(status_of --cap-drop ALL)" Seccomp:2
is "none with seccomp=unconfined" "$(status_of --security-opt seccomp=unconfined)" Seccomp:0
is "none with --privileged" "$(status_of --privileged)" Seccomp:0
is "but the one that was asked for" "$(status_of --privileged --security-opt seccomp="$profile")" Seccomp:2

# ---- what the default profile forbids ----

never=(add_key io_uring_enter io_uring_register io_uring_setup kexec_load keyctl migrate_pages move_pages pivot_root request_key swapoff
    swapon userfaultfd)
[ "$(uname -m)" != x86_64 ] || never+=(kexec_file_load _sysctl create_module get_kernel_syms nfsservctl query_module sysfs uselib ustat)
admin=(bpf fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl
    quotactl_fd setdomainname sethostname setns syslog umount2 unshare clone)
declare -A by_cap=([SYS_PACCT]="acct" [SYS_CHROOT]="chroot" [SYS_TIME]="clock_settime settimeofday"
    [SYS_MODULE]="delete_module finit_module init_module" [SYS_NICE]="get_mempolicy set_mempolicy mbind"
    [SYS_PTRACE]="kcmp pidfd_getfd process_madvise" [DAC_READ_SEARCH]="open_by_handle_at" [SYS_BOOT]="reboot"
    [SYS_TTY_CONFIG]="vhangup" [SYSLOG]="syslog" [BPF]="bpf" [PERFMON]="perf_event_open")
[ "$(uname -m)" != x86_64 ] || by_cap[SYS_RAWIO]="iopl ioperm"
# An error that none of these calls gives by itself: what gives it is the filter.
mark=15 # ENOTBLK
sed "s/\"defaultErrnoRet\": 1,/\"defaultErrnoRet\": $mark,/" "$profile" >"$SCRATCH/marked.json"
marked=(--security-opt "seccomp=$SCRATCH/marked.json")

is "never allowed" "$(calls "${marked[@]}" -- "${never[@]}")" "$(each "$mark" "${never[@]}")"
is "EPERM without the mark" "$(calls -- "${never[@]}" "${admin[@]}")" "$(each 1 "${never[@]}" "${admin[@]}")"
is "not even with all capabilities" "$(calls --cap-add ALL "${marked[@]}" -- "${never[@]}")" "$(each "$mark" "${never[@]}")"
is "not without CAP_SYS_ADMIN" "$(calls "${marked[@]}" -- "${admin[@]}")" "$(each "$mark" "${admin[@]}")"
# lsm_get_self_attr, lsm_set_self_attr, lsm_list_modules; beyond the last that is named, open_tree_attr.
is "nor what is younger" "$(calls "${marked[@]}" -- 459 460 461 467)" "459 $mark 460 $mark 461 $mark 467 38"
unlike "but with it" "$(calls --cap-add SYS_ADMIN "${marked[@]}" -- "${admin[@]}") " " $mark "
is "clone3 is as if it were not there" "$(calls "${marked[@]}" -- clone3)" "clone3 38"
unlike "but with CAP_SYS_ADMIN" "$(calls --cap-add SYS_ADMIN "${marked[@]}" -- clone3) " " ($mark|38) "
for cap in "${!by_cap[@]}"; do
    read -ra names <<<"${by_cap[$cap]}"
    is "not without CAP_$cap" "$(calls --cap-drop "$cap" "${marked[@]}" -- "${names[@]}")" "$(each "$mark" "${names[@]}")"
    got=$(calls --cap-add "$cap" "${marked[@]}" -- "${names[@]}")
    unlike "but with CAP_$cap" "$got " " $mark "
    is "and all were tried with CAP_$cap" "$(wc -w <<<"$got")" $((2 * ${#names[@]}))
done

# ---- by argument ----

is "AF_ALG and AF_VSOCK, also with bits that the kernel does not read" \
    "$(calls "${marked[@]}" -- socket,38,5,0 socket,40,1,0 socket,0x100000026,5,0 socket,0xffffffff00000028,1,0)" \
    "$(each "$mark" socket socket socket socket)"
# Every family, with a type that none of them has: the kernel knows better errors (EINVAL, EAFNOSUPPORT, ...).
families=()
for family in {0..63}; do families+=("socket,$family,77,0"); done
is "the families that the kernel has, no others" "$(calls "${marked[@]}" -- "${families[@]}" | xargs -n 2 | grep -n " $mark$" | cut -d : -f 1 |
    awk '{ print $1 - 1 }' | paste -sd ' ')" "12 19 20 23 25 34 37 38 40 $(seq -s ' ' 46 63)"
is "sockets of the usual families" "$(calls "${marked[@]}" -- socket,1,1,0 socket,2,1,0 socket,10,2,0 socket,16,3,0)" "socket ok socket ok socket ok socket ok"
is "personality, by value" "$(calls "${marked[@]}" -- personality,0xffffffff personality,0x40000 personality,0)" "personality ok personality $mark personality ok"
new=()
for flag in 0x20000 0x2000000 0x4000000 0x8000000 0x10000000 0x20000000 0x40000000; do new+=("clone,$flag,0" "clone,$((flag | 17)),0"); done
is "clone with each kind of new namespace" "$(calls "${marked[@]}" -- "${new[@]}" | xargs -n 2 | sort | uniq -c | xargs)" "14 clone $mark"
is "clone without new namespaces" "$(calls "${marked[@]}" -- clone,0x10010000,0 clone,0x02010000,0 clone,0x00010000,0)" "clone $mark clone $mark clone 22"

if [ "$(uname -m)" = x86_64 ] && grep -q " ia32_sys_call_table$\| do_int80_emulation$\| __ia32_sys_read$" /proc/kallsyms; then
    # mount, unshare, add_key, socket; then getpid.
    is "the calls of 32-bit programs" "$(calls "${marked[@]}" -- i386:21 i386:310 i386:286 i386:359,38,5,0 i386:20)" \
        "$(each "$mark" i386:21 i386:310 i386:286 i386:359) i386:20 ok"
    is "with CAP_SYS_ADMIN too" "$(calls --cap-add SYS_ADMIN "${marked[@]}" -- i386:286)" "i386:286 $mark"
fi

# ---- younger than the profile ----

# Without all calls since Linux 6.4, of which cachestat is the first.
jq '.syscalls |= map(.names -= ["cachestat", "fchmodat2", "map_shadow_stack", "futex_wake", "futex_wait", "futex_requeue", "statmount",
    "listmount", "mseal", "setxattrat", "getxattrat", "listxattrat", "removexattrat"] | select(.names != []))' \
    "$SCRATCH/marked.json" >"$SCRATCH/old.json"
is "calls that a profile is too old for are as if they were not there" \
    "$(calls --security-opt "seccomp=$SCRATCH/old.json" -- 452 462 463 io_uring_setup)" "452 38 462 38 463 38 io_uring_setup $mark"
# futex_waitv, fchmodat2, mseal; the last is younger than libseccomp may be.
if [ "$(printf '%s\n' 6.10 "$(uname -r)" | sort -V | head -n 1)" = 6.10 ]; then
    is "ours is not" "$(calls "${marked[@]}" -- 449 452 462)" "449 22 452 22 462 22"
fi
cat >"$SCRATCH/young.json" <<'EOF'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mseal", "listmount"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
EOF
is "what a profile forbids of them is forbidden" "$(calls --security-opt "seccomp=$SCRATCH/young.json" -- 458 462)" "458 95 462 95"

# ---- profiles of the user's ----

cat >"$SCRATCH/allow.json" <<'EOF'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["getpid", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95},
  {"name": "chroot", "action": "SCMP_ACT_KILL_PROCESS"}]}
EOF
is "an errno of one's own" "$(calls --security-opt seccomp="$SCRATCH/allow.json" -- getpid)" "getpid 95"
status_is "a call that kills" 159 "$LXC_LAUNCH" --rm --security-opt seccomp="$SCRATCH/allow.json" @busybox chroot / true
mkdir "$SCRATCH/dir"
cp "$SCRATCH/allow.json" "$SCRATCH/dir/p.json"
ok "a relative path" "$LXC_LAUNCH" --rm --security-opt seccomp=dir/p.json @busybox true

# ---- kept filters ----

kept() { find /var/lib/runlxc/seccomp -type f -printf "$1\n" | sort; }
rm -rf /var/lib/runlxc/seccomp
is "the first start" "$(status_of)" Seccomp:2
is "keeps its filter" "$(kept %m | paste -sd ' ')" 600
before=$(kept '%f %T@ %s')
is "the second" "$(status_of)" Seccomp:2
is "uses it" "$(kept '%f %T@ %s')" "$before"
truncate -s 500 "/var/lib/runlxc/seccomp/${before%% *}"
is "a damaged one is not used" "$(status_of)" Seccomp:2
is "but made again" "$(kept '%f %s')" "$(cut -d ' ' -f 1,3 <<<"$before")"
is "other capabilities are another filter" "$(status_of --cap-add SYS_ADMIN; kept x | wc -l)" "Seccomp:2"$'\n'2
sleep 2.1 # what was written just now is not kept
calls --security-opt seccomp="$SCRATCH/allow.json" -- getpid >/dev/null
is "a user's" "$(kept x | wc -l)" 3
is "is the same the next time" "$(calls --security-opt seccomp="$SCRATCH/allow.json" -- getpid)" "getpid 95"
sed -i 's/95/96/' "$SCRATCH/allow.json"
is "until the profile changes" "$(calls --security-opt seccomp="$SCRATCH/allow.json" -- getpid)" "getpid 96"

# refused TEXT MESSAGE
refused() {
    printf '%s' "$1" >"$SCRATCH/bad.json"
    fails_with 125 "$SCRATCH/bad.json: $2" "$LXC_LAUNCH" --rm --security-opt seccomp="$SCRATCH/bad.json" @busybox true
}
fails_with 125 "seccomp profile $SCRATCH/nosuch: no such file or directory" "$LXC_LAUNCH" --rm --security-opt seccomp="$SCRATCH/nosuch" @busybox true
refused '{' 'seccomp profile: line 1'
refused '{"defaultAction": "SCMP_ACT_ALOW"}' 'defaultAction: is not an action, found "SCMP_ACT_ALOW"'
refused '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_Z80"]}' 'architectures[0]: is not an architecture, found "SCMP_ARCH_Z80"'
refused '{"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_X"]}' 'flags[0]: is not a flag, found "SECCOMP_FILTER_FLAG_X"'
refused '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 1, "op": "=="}]}]}' \
    'syscalls[0].args[0].op: is not an operator, found "=="'
refused '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}' 'linux.seccomp: SCMP_ACT_NOTIFY needs a listenerPath'

# ---- exec ----

ok "a container to exec into" "$LXC_LAUNCH" -d --root "$ROOT" --name filtered -v "$SCRATCH/bin:/t:ro" "${marked[@]}" @busybox sleep 60
in_container() { RUNLXC_LIBEXECDIR=$BUILD "$SCRATCH/exec" "$ROOT" filtered "$@"; }
is "exec has the filter" "$(in_container grep -E '^Seccomp' /proc/self/status | tr -d '\t' | paste -sd ' ')" "Seccomp:2 Seccomp_filters:1"
is "the container's own" "$(in_container /t/syscalls mount keyctl clone3 getpid | paste -sd ' ')" "mount $mark keyctl $mark clone3 38 getpid ok"
kill -KILL "$(jq .pid "$ROOT/filtered/state.json")"
wait_for 10 sh -c "! kill -0 $(jq .supervisorPid "$ROOT/filtered/state.json")"

suite_end
