# shellcheck shell=bash disable=SC2016
# What the suites of failures share.

# fault_build: $FAULT, which makes one system call fail.
fault_build() {
    FAULT=$SCRATCH/fault
    "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$FAULT" "$TOP"/tests/helpers/{fault,place,trace}.c -lseccomp
}

# What the container says of itself; the argument is its exit status, without one it stays.
PROBE='echo start
cat /proc/self/status /proc/self/mountinfo /proc/self/oom_score_adj /proc/self/cgroup /proc/sys/net/ipv4/ip_forward
cat /proc/keys
hostname; ulimit -a; umask; pwd; export -p
ls -l /dev
ls /proc/self/fd
echo x 2>/dev/null >/proc/sys/kernel/domainname && echo writable
chmod 700 /out/hooks
echo END
[ -z "$1" ] || exit "$1"
exec sleep 1000'

# life_bundle W: the root and the bundles of life.sh below W.
life_bundle() {
    local w=$1

    mkdir -p "$w/root"
    mkfifo "$w/never"
    # Cgroups are the machine's: no other run has this id.
    printf 'f%s.%s\n' "${w##*/}" "${SCRATCH##*.}" >"$w/id"
    busybox_rootfs "$w/bundle/rootfs"
    printf '%s\n' "$PROBE" >"$w/bundle/rootfs/probe"
    hook() { jq -n --arg name "$1" --arg file "$2" '[{path: "/bin/sh", args: ["sh", "-c", "echo \($name) >>\($file)"]}]'; }
    jq -n --arg w "$w" --argjson prestart "$(hook prestart "$w/out/hooks")" \
        --argjson runtime "$(hook createRuntime "$w/out/hooks")" --argjson create "$(hook createContainer "$w/out/hooks")" \
        --argjson start "$(hook startContainer /out/hooks)" --argjson poststart "$(hook poststart "$w/out/hooks")" \
        --argjson poststop "$(hook poststop "$w/out/hooks")" '
        ["CAP_CHOWN", "CAP_KILL", "CAP_FOWNER"] as $caps |
        {ociVersion: "1.0.2", root: {path: "rootfs", readonly: true}, hostname: "life", domainname: "domain",
        process: {args: ["sh", "/probe"], cwd: "/tmp", user: {uid: 5, gid: 6, additionalGids: [7], umask: 23}, env: ["PATH=/bin", "A=b"],
            capabilities: {bounding: $caps, effective: $caps, permitted: $caps, inheritable: [], ambient: []},
            rlimits: [{type: "RLIMIT_NOFILE", soft: 40, hard: 50}], noNewPrivileges: true, oomScoreAdj: 300,
            scheduler: {policy: "SCHED_OTHER", nice: 3}, ioPriority: {class: "IOPRIO_CLASS_BE", priority: 5}},
        mounts: [{destination: "/proc", type: "proc", source: "proc"},
            {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=65536k"]},
            {destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666", "mode=0620"]},
            {destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro", "nosuid"]},
            {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]},
            {destination: "/out", type: "none", source: "\($w)/out", options: ["rbind", "rw", "rprivate"]},
            {destination: "/made/here", type: "tmpfs", source: "tmpfs", options: ["size=1m"]}],
        hooks: {prestart: $prestart, createRuntime: $runtime, createContainer: $create, startContainer: $start,
            poststart: $poststart, poststop: $poststop},
        linux: {namespaces: ["pid", "mount", "ipc", "uts", "network", "cgroup"] | map({type: .}),
            maskedPaths: ["/proc/keys", "/proc/timer_list"], readonlyPaths: ["/proc/sys"], sysctl: {"net.ipv4.ip_forward": "1"},
            resources: {memory: {limit: 67108864}, pids: {limit: 50}, devices: [{allow: false, access: "rwm"}]},
            devices: [{path: "/dev/special", type: "c", major: 1, minor: 7, fileMode: 384, uid: 5, gid: 6}],
            seccomp: {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["chmod", "fchmodat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}}}' \
        >"$w/bundle/config.json"
    mkdir "$w/bundle-run"
    jq --arg root "$w/bundle/rootfs" '.process.args += ["7"] | .root.path = $root | del(.hooks)' "$w/bundle/config.json" >"$w/bundle-run/config.json"
}
