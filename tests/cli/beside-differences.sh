# shellcheck shell=bash
# shellcheck disable=SC2016,SC2153,SC2154,SC2317 # programs of other languages; functions called by name; variables of beside.sh
# Probes of the second table, sourced by beside.sh: what the runtimes do otherwise.

# ---- the process that an engine is given ----

# Which namespaces of A are B's.
shared_namespaces() { # A B
    local name shared=()

    for name in cgroup ipc mnt net pid user uts; do
        [ "$(readlink "/proc/$1/ns/$name")" != "$(readlink "/proc/$2/ns/$name")" ] || shared+=("$name")
    done
    echo "${shared[*]}"
}

# What a subreaper, as an engine's shim is one, gets as the exit code of the process whose pid CMD writes to PIDFILE.
waited_for() { # PIDFILE CMD...
    bounded python3 -c 'import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
null = subprocess.DEVNULL
subprocess.run(sys.argv[2:], check=True, stdin=null, stdout=null, stderr=null)
print(os.waitstatus_to_exitcode(os.waitpid(int(open(sys.argv[1]).read()), 0)[1]))' "$@"
}

row pid_file '`--pid-file`, `docker inspect .State.Pid`'
probe_pid_file() {
    local who=$1 pid init code shared hosts same=no

    config 'own("cgroup") | own("user") | .linux.uidMappings = [{containerID: 0, hostID: 300000, size: 65536}] | .linux.gidMappings = .linux.uidMappings |
        hook("createRuntime"; "cat >\($file)")' --arg file "$SCRATCH/hook-$who.json"
    up "$who" --pid-file "$SCRATCH/$id.pid" || { unknown "$(<"$SCRATCH/.create")" && return; }
    pid=$(<"$SCRATCH/$id.pid") init=$(field "$who" pid)
    [ "$(jq .pid "$SCRATCH/hook-$who.json")" = "$init" ] || { unknown "the hook's pid is not the state's" && return; }
    shared=$(shared_namespaces "$pid" "$init") hosts=$(shared_namespaces "$pid" $$)
    ! cmp -s "/proc/$pid/cgroup" "/proc/$init/cgroup" || same=yes
    "$who" delete --force "$id"
    config 'sh("sleep 0.3; exit 7")'
    command_of "$who"
    code=$(waited_for "$SCRATCH/$id.pid2" "${command[@]}" run --detach -b "$bundle" --pid-file "$SCRATCH/$id.pid2" "$id")
    if [ "$code" != 7 ]; then
        unknown "who waits for it gets $code"
    elif [ "$pid" = "$init" ]; then
        say 'the init'
    elif [ "$shared, $hosts, $same" = 'cgroup ipc mnt net uts, pid user, yes' ]; then
        say "the supervisor, which an engine can wait for. Its network, mount, IPC, UTS and cgroup namespaces and its cgroups are the container's; its pid and user namespaces are the host's. \`state\` and hooks give the init"
    else
        unknown "the container's are: $shared; the host's: $hosts; the container's cgroups: $same"
    fi
}

# pid_namespace_with RUNTIME PID: in which one a further container is that is to be in that process's.
pid_namespace_with() {
    local id=$id-with

    config '(.linux.namespaces[] | select(.type == "pid")).path = "/proc/\($pid)/ns/pid" | sh("readlink /proc/self/ns/pid")' --arg pid "$2"
    once "$1"
    "$1" delete --force "$id" >/dev/null 2>&1
    echo "$out"
}

row pid_join '`--pid container:X`, X being the same runtime'"'"'s'
probe_pid_join() {
    local who=$1 pid init own mixed

    up "$who" --pid-file "$SCRATCH/$id.pid"
    pid=$(<"$SCRATCH/$id.pid") init=$(readlink "/proc/$(field "$who" pid)/ns/pid")
    own=$(pid_namespace_with "$who" "$pid") mixed=$(pid_namespace_with runc "$pid")
    if [ "$own" != "$init" ]; then
        unknown "$own, and not $init"
    elif [ "$mixed" = "$init" ]; then
        say joined
    elif [ "$mixed" = "$(readlink /proc/self/ns/pid)" ]; then
        say "joined. **A container of another runtime would get the host's pid namespace**"
    else
        unknown "runc's container has $mixed"
    fi
}

row nsenter '`podman pod top`, `nsenter -t PID -p`'
probe_nsenter() {
    local who=$1 init

    up "$who" --pid-file "$SCRATCH/$id.pid"
    init=$(field "$who" pid)
    "$who" ps -f json "$id" | jq -e --argjson init "$init" '. == [$init]' >/dev/null || { unknown "ps is not the init's alone" && return; }
    case $(nsenter -t "$(<"$SCRATCH/$id.pid")" -p readlink /proc/self/ns/pid) in
        "$(readlink "/proc/$init/ns/pid")") say "the container's pid namespace" ;;
        "$(readlink /proc/self/ns/pid)") say "the host's" ;;
        *) unknown "neither" ;;
    esac
}

row pids_max '`pids.max`, and PIDS in `docker stats`'
probe_pids_max() {
    local who=$1 dir told

    config '.linux.resources.pids.limit = 20'
    up "$who"
    dir=$(cgroup_dir "$(field "$who" pid)")
    told=$("$who" events --stats "$id" | jq -r '.data.pids.current')
    [ "$("$who" ps -f json "$id" | jq length)" = "$told" ] || { unknown "ps and events are not of one mind: $told" && return; }
    case $(<"$dir/pids.max"),$(<"$dir/pids.current"),$told in
        20,1,1) say 'as asked' ;;
        21,2,1) say 'one more, for the supervisor; `runlxc events` and `ps` leave it out' ;;
        *) unknown "$(<"$dir/pids.max"), $(<"$dir/pids.current"), $told" ;;
    esac
}

# ---- what cannot be executed ----

# start_of RUNTIME: what `start` comes to.
start_of() {
    create "$1" || { echo "create fails" && return; }
    if "$1" start "$id" >"$SCRATCH/.start" 2>&1; then
        "$1" delete --force "$id"
        once "$1"
        echo "the container ends with $status"
    else
        echo "the start fails, $(field "$1" exitStatus)"
    fi
}

row not_executable 'a program that cannot be executed though it is there (wrong format or interpreter)'
probe_not_executable() {
    local format

    printf '\177ELFnothing' >"$bundle/rootfs/program" && chmod 755 "$bundle/rootfs/program"
    config '.process.args = ["/program"]'
    format=$(start_of "$1")
    "$1" delete --force "$id" >/dev/null 2>&1
    printf '#!/nosuch\n' >"$bundle/rootfs/program"
    case "$format; $(start_of "$1")" in
        'the container ends with 1; the container ends with 1') say 'the container ends with 1' ;;
        'the start fails, 126; the start fails, 127') say 'the start fails, 126 or 127' ;;
        *) unknown "$format; $(<"$SCRATCH/.start")" ;;
    esac
}

# An engine has only the sentence to make its exit code of.
row no_permission 'a file that is not executable, found by PATH'
probe_no_permission() {
    echo text >"$bundle/rootfs/bin/text" && chmod 644 "$bundle/rootfs/bin/text"
    config '.process.args = ["text"]'
    once "$1"
    case ${err,,} in
        *'permission denied'*) say 126 ;;
        *'executable file not found'*) say 127 ;;
        *) unknown "$err" ;;
    esac
}

row no_path 'no PATH in the environment'
probe_no_path() {
    config '.process.env = [] | .process.args = ["busybox", "echo", "found"]'
    once "$1"
    case $status,$out in
        0,found) say 'the usual path is searched' ;;
        1,) say fails ;;
        *) unknown "$status $out" ;;
    esac
}

# ---- hooks ----

row poststart 'poststart hooks'
probe_poststart() {
    local file=$SCRATCH/poststart-$1

    config 'hook("poststart"; "date >\($file)")' --arg file "$file"
    create "$1"
    if [ -e "$file" ]; then
        say 'at `create`'
    elif "$1" start "$id" && [ -e "$file" ]; then
        say 'after the start, as the specification has it'
    else
        unknown never
    fi
}

# LXC knows no lazytime: that mount is the shim's. A devpts that is to be the container's lets everybody have a terminal.
row create_container 'createContainer hooks'
probe_create_container() {
    config 'bind("/data"; $source) | .mounts += [{destination: "/late", type: "tmpfs", source: "late", options: ["lazytime"]}] |
        hook("createContainer"; "{ for m in data late; do ! mountpoint -q $m || echo $m; done; cd dev; ls null; stat -c %a pts/ptmx; } >\($file) 2>/dev/null; exit 0")' \
        --arg source "$SCRATCH/source" --arg file "$SCRATCH/create-container-$1"
    create "$1"
    case $(paste -sd ' ' "$SCRATCH/create-container-$1") in
        'data late null 666') say 'after all mounts' ;;
        'data 0') say 'after the mounts of config.json but for those that the init shim makes, /dev/pts and device nodes' ;;
        *) unknown "$(<"$SCRATCH/create-container-$1")" ;;
    esac
}

row start_container 'a startContainer hook that fails'
probe_start_container() {
    config '.hooks.startContainer = [{path: "/bin/false"}]'
    case $(start_of "$1") in
        'the container ends with 1') say 'the container ends with 1' ;;
        'the start fails, '*) say 'the start fails' ;;
        *) unknown "$(<"$SCRATCH/.create")" ;;
    esac
}

# ---- mounts ----

# flags_of PATH: of the mount there that a container has, those that are there for safety.
flags_of() {
    printf 'awk "\\$2 == \\"%s\\" { print \\$4 }" /proc/mounts | tr , "\\n" | grep -E "^(ro|rw|nosuid|nodev|noexec)\\$" | paste -sd " "' "$1"
}

row masked 'masked directories'
probe_masked() {
    mkdir "$bundle/rootfs/masked"
    config '.linux.maskedPaths = ["/masked"] | sh($flags)' --arg flags "$(flags_of /masked)"
    once "$1"
    case $out in
        ro) say read-only ;;
        'ro nosuid nodev noexec') say 'also nosuid, nodev, noexec' ;;
        *) unknown "$out" ;;
    esac
}

row over_proc 'a mount over /proc'
probe_over_proc() {
    local over below

    config '(.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", type: "tmpfs", source: "t"} | sh("ls /proc | wc -l")'
    once "$1"
    over=$status,$out
    echo text >"$SCRATCH/text"
    config 'bind("/proc/kallsyms"; $file) | sh("cat /proc/kallsyms | head -n 1")' --arg file "$SCRATCH/text"
    "$1" delete --force "$id" >/dev/null 2>&1
    once "$1"
    below=$status,$out
    case "$over $below" in
        '1, 1,') say refused ;;
        '0,0 0,text') say allowed ;;
        *) unknown "$over, below it $below" ;;
    esac
}

# The caller's is this suite's: another one stands for it.
row no_mount_namespace 'no mount namespace'
probe_no_mount_namespace() {
    local without='.linux.namespaces |= map(select(.type != "mount")) | sh("readlink /proc/self/ns/mnt")' filter got=''

    command_of "$1"
    for filter in 'del(.linux.maskedPaths, .linux.readonlyPaths)' 'del(.linux.maskedPaths)' 'del(.linux.readonlyPaths)'; do
        config "$filter | $without"
        run unshare --mount --propagation private sh -c 'readlink /proc/self/ns/mnt; "$@"' sh "${command[@]}" run -b "$bundle" "$id" </dev/null
        case $(uniq -c <<<"$out" | awk '{ print $1 }' | paste -sd ' ') in
            2) got+="the caller's " ;;
            1) got+="refused " ;;
            *) got+="its own " ;;
        esac
        "$1" delete --force "$id" >/dev/null 2>&1
    done
    case $got in
        "the caller's refused refused ") say "the caller's, unless anything is masked or read-only" ;;
        "refused refused refused ") say refused ;;
        *) unknown "$got" ;;
    esac
}

row mount_points "mount points made in a root of the user's"
probe_mount_points() {
    config 'bind("/made/for/it"; $source) | sh("cd /made/for/it")' --arg source "$SCRATCH/source"
    once "$1"
    case $status,$(find "$bundle/rootfs/made" 2>/dev/null | wc -l) in
        0,3) say left ;;
        0,0) say 'removed again' ;;
        *) unknown "$status $err" ;;
    esac
}

row tmpfs_mode '`--tmpfs` with `mode=` on a directory that the image has'
probe_tmpfs_mode() {
    chmod 751 "$bundle/rootfs/var"
    config '.mounts += [{destination: "/var", type: "tmpfs", source: "tmpfs", options: ["mode=710"]}] | sh("stat -c %a /var")'
    once "$1"
    case $out in
        751) say "the directory's mode" ;;
        710) say 'the mode asked for' ;;
        *) unknown "$out" ;;
    esac
}

# ---- cgroups ----

# In a cgroup of the suite's own, which is another than the base of the hierarchy.
from_below() { # CMD...
    (
        mkdir -p "$pids_top/beside-$$" && echo "$BASHPID" >"$pids_top/beside-$$/cgroup.procs" && "$@"
    )
}
at_exit 'rmdir "$pids_top/beside-$$" 2>/dev/null'
at_exit 'find /sys/fs/cgroup -depth -type d -name "beside-relative-$$" -exec rmdir {} + 2>/dev/null'

cgroup_seen() { # RUNTIME
    from_below create "$1"
    cgroup_of "$(field "$1" pid)"
}

row relative_cgroup 'a relative `cgroupsPath`'
probe_relative_cgroup() {
    local got

    config '.linux.cgroupsPath = $path' --arg path "beside-relative-$$/$1"
    got=$(cgroup_seen "$1")
    case $got in
        "/beside-$$/beside-relative-$$/$1") say "relative to the caller's cgroup" ;;
        "/beside-relative-$$/$1") say "relative to the hierarchy's base" ;;
        *) unknown "$got" ;;
    esac
}

row no_cgroup 'no `cgroupsPath`'
probe_no_cgroup() {
    local got

    config 'del(.linux.cgroupsPath)'
    got=$(cgroup_seen "$1")
    case $got in
        "/beside-$$/$id") say "the caller's cgroup, \`/ID\`" ;;
        "/runlxc.payload.$id".*) say '`/runlxc.payload.ID` and a hash of the root directory and the ID' ;;
        *) unknown "$got" ;;
    esac
}

row unified 'the v2 hierarchy of a hybrid host'
probe_unified() {
    local path

    [ -e /sys/fs/cgroup/unified/cgroup.procs ] || { say "not here: no hybrid cgroups" && return; }
    config 'own("cgroup")'
    up "$1"
    path=$(sed -n 's/^0:://p' "/proc/$(field "$1" pid)/cgroup")
    case $("$1" exec "$id" sh -c '[ ! -e /sys/fs/cgroup/unified ] && echo absent || stat -c %i /sys/fs/cgroup/unified') in
        absent) say 'not shown' ;;
        "$(stat -c %i "/sys/fs/cgroup/unified$path")") say "the container's own part, at /sys/fs/cgroup/unified" ;;
        *) unknown "another part than $path" ;;
    esac
}

row pids_zero '`pids.limit` 0'
probe_pids_zero() {
    config '.linux.resources.pids.limit = 0 | sh("true | echo forked | cat")'
    once "$1"
    case $out in
        forked) say 'no limit' ;;
        *) unknown "$status $err" ;;
    esac
}

# ---- the process ----

# Go's runtime raises it in a process that comes up, while runc gives it the one asked for: who is last has it.
row exec_limit 'soft limit of open files in an exec'
probe_exec_limit() {
    local got=''

    up "$1"
    jq '.process | .args = ["sh", "-c", "ulimit -Sn; ulimit -Hn"] | .rlimits = [{type: "RLIMIT_NOFILE", soft: 200, hard: 400}]' \
        "$bundle/config.json" >"$SCRATCH/process.json"
    for _ in 1 2 3; do got+="$("$1" exec -p "$SCRATCH/process.json" "$id" | paste -sd ' '),"; done
    case $1,$got in
        runlxc,'200 400,200 400,200 400,') say 'as asked' ;;
        runc,[24]'00 400,'[24]'00 400,'[24]'00 400,') say 'by chance as asked or raised to the hard one' ;;
        *) unknown "$got" ;;
    esac
}

row kill_itself '`kill -9 $$` as pid 1'
probe_kill_itself() {
    config 'sh("kill -9 $$; echo alive")'
    once "$1"
    case $status,$out in
        0,alive) say 'no effect, exit code 0' ;;
        *) unknown "$status $out" ;;
    esac
}

# statmount is younger than libseccomp 2.5.4; a number that no kernel returns for it comes from the filter.
row young_call 'a system call that libseccomp is too young to know, in a profile'
probe_young_call() {
    "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -static -o "$bundle/rootfs/bin/syscalls" "$TOP/tests/helpers/syscalls.c"
    config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_" + $machine], syscalls: [{action: "SCMP_ACT_ALLOW", names: ($profile[0] | [.syscalls[].names[]] | unique - ["statmount"])},
        {action: "SCMP_ACT_ERRNO", errnoRet: 77, names: ["statmount"]}]} | .process.args = ["syscalls", "457"]' \
        --slurpfile profile "$BUILD/configs/seccomp/default.json" --arg machine "$(uname -m | tr '[:lower:]' '[:upper:]')"
    once "$1"
    case $out in
        '457 38') say 'ENOSYS, whatever the profile says' ;;
        '457 77') say 'as the profile says' ;;
        *) unknown "$status $out $err" ;;
    esac
}

# ---- what other suites show ----

elsewhere 'the MAINPID that systemd is told of a detached container' cli/notify.sh 'to watch the supervisor'
elsewhere '`TasksMax` of a scope' vm/systemd/cgroup-driver.sh '$1 == "TasksMax"'
elsewhere 'annotations `org.systemd.property.NAME`' vm/systemd/cgroup-driver.sh 'the property is not one that annotation_systemd_properties of runlxc.conf allows'
elsewhere "a container in the host's cgroup namespace, v2" vm/plain/cgroup-v2.sh "the host's delegation stays"
elsewhere 'a limit that an ordinary user cannot have' cli/rootless.sh 'a limit that cannot be had is refused'
elsewhere '`exec` in a container that has cgroups of its own (systemd), v2' vm/plain/cgroup-v2.sh 'in a leaf'
