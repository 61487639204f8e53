#!/bin/bash
# What lxc-launch refuses, as flags and as execdriver JSON: exit code 125, one line that names the field and the value, nothing left.
# What each reader refuses is tested word for word by tests/unit; here whole commands are, with what only the kernel, LXC or the root
# filesystem can refuse.
. "$(dirname "$0")/../lib.sh"
suite_begin private net

fs=$SCRATCH/fs
busybox_rootfs "$fs"
fs_before=$(cd "$fs" && find . -printf '%p %y %m\n' | sort)
"$LXC_LAUNCH" --rm @busybox true

# refused SUBSTRING ARG...: lxc-launch --rm ARG... is.
refused() {
    local text=$1

    shift
    LIMIT=20 fails_with 125 "$text" "$LXC_LAUNCH" --rm "$@"
}

# ---- the command line itself ----

refused 'IMAGE is missing'
refused 'IMAGE is empty' ''
refused 'unknown option "--memroy"; did you mean "--memory"?' --memroy 5m @busybox true
refused 'unknown option "--vol"' --vol=/a:/b @busybox true
refused 'unknown option "-x" in -ixt' -ixt @busybox true
refused '--name: needs a value (NAME)' --name
refused '--rm: "maybe" is neither true nor false' --rm=maybe @busybox true
refused '--name: "a/b" is not an id' --name a/b @busybox true
refused '--name: "../x" is not an id' --name ../x @busybox true
refused '--log-level: "loud"' --log-level loud @busybox true
refused '--start-timeout: 0 is not between 1 and 86400' --start-timeout 0 @busybox true
refused '--detach-keys: "ctrl-"' --detach-keys ctrl- @busybox true
refused "root directory $fs/etc/passwd: not a directory" --root "$fs/etc/passwd" @busybox true
refused 'root directory: "relative" is not an absolute path' --root relative @busybox true

# ---- images ----

refused 'image nosuch: no such directory' nosuch true
refused 'image ./nosuch: ' ./nosuch true
refused "$fs/etc/passwd is not a directory" "$fs/etc/passwd" true
refused 'image oci:/nosuch: ' oci:/nosuch true
refused 'image docker-archive:/nosuch: ' docker-archive:/nosuch true
refused 'there is only @busybox and @host' @nosuch true
refused 'image docker://: the reference is empty' docker:// true
mkdir "$SCRATCH/empty"
LIMIT=20 fails_with 127 'exec: "/bin/sh"' "$LXC_LAUNCH" --rm "$SCRATCH/empty" /bin/sh
rm -rf "$SCRATCH/empty"

# ---- process ----

refused '-e: the value is empty' -e '' @busybox true
refused '--env: "=x" has no variable name' -e =x @busybox true
refused 'environment variable X: its bytes are not UTF-8' -e "X=$(printf '\377')" @busybox true
refused '--env-file /nosuch/env: no such file or directory' --env-file /nosuch/env @busybox true
printf 'A=1\nA B=2\n' >"$SCRATCH/env"
refused "--env-file $SCRATCH/env: line 2: \"A B=2\" has white space in the variable's name" --env-file "$SCRATCH/env" @busybox true
refused 'user: "nosuch" is not in the container' -u nosuch @busybox true
refused '"nosuch" is not in the container' -u root:nosuch @busybox true
refused '-u: "4294967295" is above the last id' -u 4294967295 @busybox true
refused '-u: "2:3" is neither the name nor the number of a group' -u 1:2:3 @busybox true
refused '"nosuch" is not in the container' --group-add nosuch @busybox true
refused '-w: "app" is not an absolute path' -w app @busybox true
refused 'working directory "/etc/passwd": not a directory' -w /etc/passwd "$fs" true
refused '--stop-signal: "NOPE" is not a signal' --stop-signal NOPE @busybox true
refused '--ulimit: "files" is not the name of a limit' --ulimit files=1 @busybox true
refused '--ulimit: "nofile=2:1": the soft limit is above the hard limit' --ulimit nofile=2:1 @busybox true
refused 'RLIMIT_NOFILE: 4000000000: operation not permitted' --ulimit nofile=4000000000 @busybox true
refused '--oom-score-adj: "1001"' --oom-score-adj 1001 @busybox true

# ---- files and devices ----

refused '-v: "data" is not a path' -v data:/dst @busybox true
refused '-v: "dst" is not an absolute path' -v "$SCRATCH:dst" @busybox true
refused '-v: the destination cannot be "/"' -v "$SCRATCH:/x/.." @busybox true
refused '-v: "rx" is not an option of a volume' -v "$SCRATCH:/x:rx" @busybox true
refused '-v: "rw" contradicts' -v "$SCRATCH:/x:ro,rw" @busybox true
refused '"/x" is a duplicate mount point' -v "$SCRATCH:/x" --tmpfs /x @busybox true
refused 'mount destination /etc/passwd/x: /etc/passwd: not a directory' -v "$SCRATCH:/etc/passwd/x" "$fs" true
refused 'mount destination /etc: ' -v "$SCRATCH/env:/etc" "$fs" true
refused 'mount destination /proc/nosuch: ' -v "$SCRATCH:/proc/nosuch" "$fs" true
refused "source $SCRATCH/nosuch: no such file or directory" --mount "type=bind,src=$SCRATCH/nosuch,dst=/x" "$fs" true
refused '--mount: type: "volume" is neither bind nor tmpfs' --mount type=volume,target=/x @busybox true
refused '--mount: "colour" is not a key' --mount type=bind,colour=red @busybox true
refused '--tmpfs: "sise=1m" is not an option of tmpfs' --tmpfs /t:sise=1m @busybox true
refused '--tmpfs: "size=x" is not an option of tmpfs' --tmpfs /t:size=x @busybox true
refused '--tmpfs: "mode=9" is not an option of tmpfs' --tmpfs /t:mode=9 @busybox true
refused '--shm-size: "0" is not a size above 0' --shm-size 0 @busybox true
refused '--device: "/nosuch": no such file or directory' --device /nosuch @busybox true
refused '--device: "/etc/passwd" is not a device' --device /etc/passwd @busybox true
refused '--device-cgroup-rule: "c 1:3"' --device-cgroup-rule 'c 1:3' @busybox true

# ---- network ----

refused '--net: "averylongbridgename" is not an interface' --net averylongbridgename @busybox true
refused 'nosuchbr' --net nosuchbr @busybox true
refused 'network interface lo is no bridge' --net lo @busybox true
refused '/nosuch/netns' --net ns:/nosuch/netns @busybox true
refused '/etc/passwd' --net ns:/etc/passwd @busybox true
refused 'nosuch' --net container:nosuch @busybox true
refused '--ip cannot be used with --net none' --ip 10.0.0.2 @busybox true
refused '--ip: "10.0.0" is not an IP address' --net bridge --ip 10.0.0 @busybox true
refused '--mac-address: "02:42"' --net bridge --mac-address 02:42 @busybox true
refused '--mtu: "67"' --mtu 67 @busybox true
refused '--dns: "one.one"' --dns one.one @busybox true
refused '--add-host: "db:x"' --add-host db:x @busybox true
refused '--hostname: "-x" is not a host name' -h -x @busybox true
refused '--hostname "x" cannot be used with --uts host' --hostname x --uts host @busybox true

# ---- security and namespaces ----

refused '--cap-add: "NOPE" is not the name of a capability' --cap-add NOPE @busybox true
refused '--security-opt: "secomp=x"' --security-opt secomp=x @busybox true
refused '/nosuch/filter' --security-opt seccomp=/nosuch/filter @busybox true
echo '{"defaultAction": "SCMP_ACT_NOPE"}' >"$SCRATCH/seccomp.json"
refused 'SCMP_ACT_NOPE' --security-opt "seccomp=$SCRATCH/seccomp.json" @busybox true
if [ ! -d /sys/kernel/security/apparmor ]; then
    refused 'AppArmor profile "nosuch"' --security-opt apparmor=nosuch @busybox true
    refused 'AppArmor profile "generated"' --security-opt apparmor=generated @busybox true
    refused 'AppArmor profile "nosuch"' --lxc-conf lxc.apparmor.profile=nosuch @busybox true
fi
refused 'lxc.apparmor.allow_nesting: "2"' --lxc-conf lxc.apparmor.allow_nesting=2 @busybox true
refused 'lxc.apparmor.allow_nesting is for the profile "generated"' --lxc-conf lxc.apparmor.allow_nesting=1 @busybox true
refused 'lxc.apparmor.raw is for the profile "generated"' --lxc-conf 'lxc.apparmor.raw=deny /x r,' @busybox true
refused '--userns: "1000:0"' --userns 1000:0 @busybox true
refused '--privileged cannot be used with --userns auto' --userns auto --privileged @busybox true
refused '--sysctl: "kernel.panic" belongs to the whole machine' --sysctl kernel.panic=1 @busybox true
refused 'kernel.msgmax=x' --sysctl kernel.msgmax=x @busybox true
refused 'net.nosuch' --sysctl net.nosuch=1 @busybox true
refused '--pid: "hots"' --pid hots @busybox true
refused 'nosuch' --pid container:nosuch @busybox true
refused 'nosuch' --ipc container:nosuch @busybox true

# ---- resources ----

refused '-m: "5m" is less than the 6 MiB' -m 5m @busybox true
refused '-m: "lots" is not a size' -m lots @busybox true
refused '--memory-swap 33554432 is less than --memory 67108864' -m 64m --memory-swap 32m @busybox true
refused '--memory-swappiness: 101' --memory-swappiness 101 @busybox true
refused '--cpus: "x"' --cpus x @busybox true
refused '--cpu-shares: 1' --cpu-shares 1 @busybox true
refused '--cpuset-cpus: "3-1"' --cpuset-cpus 3-1 @busybox true
refused '60000' --cpuset-cpus 60000 "$fs" true
refused '60000' --cpuset-mems 60000 "$fs" true
refused '--pids-limit: "-2"' --pids-limit -2 @busybox true
refused '--blkio-weight: 9' --blkio-weight 9 @busybox true
refused '--device-read-bps: "/dev/null" is not a device and a number' --device-read-bps /dev/null @busybox true
refused '"/a/../../b" leads upwards' --cgroup-parent /a/../../b @busybox true

# ---- LXC's own keys ----

refused '--lxc-conf: "net" is not an LXC key' --lxc-conf net=x @busybox true
refused 'Unsupported config key "lxc.nosuch"' --lxc-conf lxc.nosuch=1 "$fs" true
refused 'lxc.net.0.type = zzz: Invalid network type zzz' --lxc-conf lxc.net.0.type=zzz "$fs" true
refused 'control character (0x0a)' --lxc-conf $'lxc.uts.name=a\nlxc.hook.pre-start=/bin/false' "$fs" true
refused 'Script exited with status 1' --lxc-conf lxc.hook.pre-start=/bin/false "$fs" true
refused '/nosuch/source' --lxc-conf 'lxc.mount.entry=/nosuch/source mnt none bind 0 0' "$fs" true

# ---- --command ----

base=$(jq -n --arg fs "$fs" '{id: "bad", rootfs: $fs, process_config: {entrypoint: "/bin/true", arguments: []}, resources: {}}')
ok "the document is right" sh -c "'$LXC_LAUNCH' --rm --command - <<'END'
$base
END"

# json SUBSTRING PATCH: the document with PATCH merged into it.
json() {
    jq -c ". * $2" <<<"$base" >"$SCRATCH/command.json"
    run "$LXC_LAUNCH" --rm --command "$SCRATCH/command.json"
    if [ "$status" -eq 125 ] && [[ $err == *"$1"* ]] && [[ $err != *$'\n'* ]] && [ -z "$out" ]; then
        pass "--command $2: $1"
    else
        fail "--command $2: $1"
        run_diag "$2"
    fi
}

json 'id: is missing' '{id: null}'
json 'id: expected a string, found 7' '{id: 7}'
json 'id: "a b" is not an id' '{id: "a b"}'
json 'rootfs: is missing' '{rootfs: null}'
json 'rootfs: "srv" is not an absolute path' '{rootfs: "srv"}'
json '/nosuch/root: no such file or directory' '{rootfs: "/nosuch/root"}'
json '/etc/passwd: not a directory' '{rootfs: "/etc/passwd"}'
json 'readonly_rootfs: expected true or false, found "yes"' '{readonly_rootfs: "yes"}'
json 'working_dir: "app" is not an absolute path' '{working_dir: "app"}'
json 'cgroup_parent: "/a/../b" leads upwards' '{cgroup_parent: "/a/../b"}'
json 'process_config: is missing' '{process_config: null}'
json 'process_config.entrypoint: the program is empty' '{process_config: {entrypoint: ""}}'
json 'process_config.arguments[1]: expected a string, found 7' '{process_config: {arguments: ["-c", 7]}}'
json 'process_config.tty: expected true or false, found "no"' '{process_config: {tty: "no"}}'
json 'process_config.env[1]: "B" is not NAME=VALUE' '{process_config: {env: ["A=1", "B"]}}'
json '"nosuch" is not in the container' '{process_config: {user: "nosuch"}}'
json 'process_config.privileged: expected true or false, found 1' '{process_config: {privileged: 1}}'
json 'cap_add: "NOPE" is not the name of a capability' '{cap_add: ["NOPE"]}'
json 'cap_drop[0]: expected a string, found 1' '{cap_drop: [1]}'
json 'group_add[0]: "a:b"' '{group_add: ["a:b"]}'
json 'network.mtu: 67 is not between 68 and 65535' '{network: {mtu: 67}}'
json 'network: only one of interface' '{network: {host_networking: true, container_id: "a"}}'
json 'network.interface.ip: "10.0.0" is not an IP address' '{network: {interface: {bridge: "br0", ip: "10.0.0"}}}'
json 'network.namespace_path: "x" is not an absolute path' '{network: {namespace_path: "x"}}'
json '/nosuch/ns' '{network: {namespace_path: "/nosuch/ns"}}'
json 'nosuchbr' '{network: {interface: {bridge: "nosuchbr", ip: "10.0.0.2", ip_prefix_len: 24}}}'
json 'ipc.host_ipc: expected true or false, found "true"' '{ipc: {host_ipc: "true"}}'
json 'ipc.container_id: "a" contradicts ipc.host_ipc' '{ipc: {container_id: "a", host_ipc: true}}'
json 'nosuch' '{ipc: {container_id: "nosuch"}}'
json 'pid.host_pid: expected true or false, found 1' '{pid: {host_pid: 1}}'
json 'uidmapping[0].size: 0' '{uidmapping: [{container_id: 0, host_id: 1, size: 0}]}'
json 'gidmapping: is missing' '{uidmapping: [{container_id: 0, host_id: 1, size: 1}]}'
json 'resources.memory' '{resources: {memory: 1}}'
json 'resources.memory: expected a whole number, found "64m"' '{resources: {memory: "64m"}}'
json 'resources.cpu_shares: 1 is not between' '{resources: {cpu_shares: 1}}'
json 'resources.cpuset_cpus' '{resources: {cpuset_cpus: "3-1"}}'
json 'resources.memory_swappiness: 101' '{resources: {memory_swappiness: 101}}'
json 'resources.blkio_weight' '{resources: {blkio_weight: 5}}'
json 'resources.rlimits[0]' '{resources: {rlimits: [{Name: "files", Soft: 1, Hard: 1}]}}'
json 'mounts[0].destination' '{mounts: [{source: "/tmp", destination: "x"}]}'
json 'mounts[0]' '{mounts: [{destination: "/x"}]}'
json '/nosuch/source: no such file or directory' '{mounts: [{source: "/nosuch/source", destination: "/x"}]}'
json 'mounts: expected an array, found {}' '{mounts: {}}'
json 'allowed_devices' '{allowed_devices: [{type: 120}]}'
json 'lxc_config[0]' '{lxc_config: ["nonsense"]}'
json 'Unsupported config key "lxc.nosuch"' '{lxc_config: ["lxc.nosuch=1"]}'

# text SUBSTRING TEXT: a document that is not one.
text() {
    printf '%b' "$2" >"$SCRATCH/command.json"
    fails_with 125 "$1" "$LXC_LAUNCH" --rm --command "$SCRATCH/command.json"
}
text "$SCRATCH/command.json" ''
text "$SCRATCH/command.json" '{'
text "$SCRATCH/command.json" '{"id": "a", "id": "b"}'
text "$SCRATCH/command.json" '{"id": "\xff"}'
text "$SCRATCH/command.json" '[]'
text "$SCRATCH/command.json" '{} {}'
text "$SCRATCH/command.json" "$(printf '[%.0s' {1..5000})"
fails_with 125 '/nosuch/command' "$LXC_LAUNCH" --rm --command /nosuch/command
fails_with 125 '/etc' "$LXC_LAUNCH" --rm --command /etc
fails_with 125 'standard input' sh -c "'$LXC_LAUNCH' --rm --command - </dev/null"
refused '--memory cannot be used with --command' --command x -m 64m
refused '"@busybox" is one too many' --command x @busybox

# ---- nothing is left ----

is "no records" "$(find /run/runlxc -mindepth 1 ! -path '*/.leases*')" ""
is "no throw-away layers" "$(ls -A /var/lib/runlxc/upper)" ""
is "no mount points in the directory" "$(cd "$fs" && find . -printf '%p %y %m\n' | sort | diff - <(echo "$fs_before"))" ""
is "no interfaces" "$(ip -o link | wc -l)" 1
ok "more than 120 of them" test "$test_count" -gt 120

suite_end
