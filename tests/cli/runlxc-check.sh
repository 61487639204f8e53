#!/bin/bash
# runlxc check: what it says of this host, and of hosts from which something was really taken away; whether its verdict is that of
# lxc-launch.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and status_is
. "$(dirname "$0")/../lib.sh"
suite_begin private net
# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
user_make || exit 1

EPERM=1 ENOSYS=38
ok "the helper compiles" "${CC:-gcc}" -std=gnu17 -O1 -Wall -Wextra -Werror -o "$SCRATCH/deny" "$TOP/tests/helpers/deny.c" -lseccomp
chmod 755 "$SCRATCH/deny"

# ---- reading what it says ----

# item JSON NAME MEMBER
item() {
    jq -r --arg name "$2" --arg member "$3" '.sections[].items[] | select(.name == $name) | .[$member]' <<<"$1"
}

missing() { jq -r '[.sections[].items[] | select(.required and .status == "missing") | .name] | join(",")' <<<"$1"; }

# apart COMMAND...: in a mount namespace of its own, in which what precedes "--" was done first: apart 'mount ...' -- CMD...
apart() {
    local prepare=$1

    shift 2
    unshare -m --propagation private bash -c "$prepare"' || exit 99; exec "$@"' apart "$@"
}

# verdict DESC WHAT ADVICE WRAPPER...: behind the wrapper the check says 1, that exactly WHAT (names, with commas) is missing, for the first
# of them something like ADVICE, and lxc-launch starts nothing. Sets json.
verdict() {
    local desc=$1 what=$2 advice=$3

    shift 3
    json=$("$@" "$RUNLXC" check --format json 2>"$SCRATCH/verdict.err")
    is "$desc: exit code, and what is missing" "$? $(missing "$json") $(jq .canRun <<<"$json") $(<"$SCRATCH/verdict.err")" "1 $what false "
    like "$desc: how it is mended" "$(item "$json" "${what%%,*}" advice)" "$advice"
    status_is "$desc: lxc-launch starts no container" 125 "$@" "$LXC_LAUNCH" --rm @busybox true
}

# ---- here ----

run "$RUNLXC" check
is "this host can run containers: 0, and nothing on standard error" "$status $err" "0 "
table=$out
prints "and does" "up" "$LXC_LAUNCH" --rm @busybox echo up
like "the table ends with the verdict" "$table" $'\n\nContainers can run\.$'
unlike "without colours in a pipe" "$table" $'\e'
json=$("$RUNLXC" check -f json)
is "--format json: the exit code's meaning" "$(jq -c '[.canRun, .uid, .rootless, .version]' <<<"$json")" "[true,0,false,\"$(<"$TOP/VERSION")\"]"
is "sections" "$(jq -r '[.sections[].name] | join(" ")' <<<"$json")" "kernel users cgroups confinement network files tools engines"
is "every item has a word of the four" "$(jq '[.sections[].items[].status] - ["ok", "limited", "off", "missing"]' <<<"$json")" "[]"
is "every item has a name, a detail and whether it is required" \
    "$(jq -c '[.sections[].items[] | select((.name | type) != "string" or .name == "" or (.detail | type) != "string" or .detail == "" or (.required | type) != "boolean")]' <<<"$json")" "[]"
is "names are unique" "$(jq -c '[.sections[].items[].name] | length - (unique | length)' <<<"$json")" 0
is "what is not ok has an advice, and nothing else" "$(jq -c '[.sections[].items[] | select((.status == "ok") == has("advice")) | .name]' <<<"$json")" "[]"
# CRIU says of itself what it will: another run may say it with other words.
is "the table has every item of it, with its word" "$(awk '/^  [^ ]/ { print }' <<<"$table" | grep -cE '^  .*  (ok|limited|off|missing)  +[^ ]')" \
    "$(jq '[.sections[].items[]] | length' <<<"$json")"
is "and every advice" "$(sed -n 's/^ *-> //p' <<<"$table")" "$(jq -r '.sections[].items[].advice | select(.)' <<<"$json")"
is "the versions are those of the programs" \
    "$(item "$json" "LXC version" detail) $(item "$json" libseccomp detail | cut -d , -f 1) $(item "$json" Docker detail | cut -d ';' -f 1)" \
    "$(lxc-start --version) $(dpkg-query -W -f '${Version}' libseccomp2 | cut -d - -f 1) $(dockerd --version | grep -oE '[0-9]+\.[0-9]+\.[0-9a-z+.]+' | head -n 1)"
is "the kernel is uname's" "$(item "$json" version detail)" "$(uname -rm)"
is "templates that are looked for are those that there are" \
    "$(grep -oE '"[a-z-]+\.conf"' "$TOP/driver/run/check_files.c" | tr -d '"' | sort)" "$(cd "$TOP/lxc-templates" && find . -name '*.conf' -printf '%P\n' | sort)"
is "AppArmor is on exactly where the kernel says so" "$(item "$json" AppArmor status)" \
    "$(grep -qx Y /sys/module/apparmor/parameters/enabled 2>/dev/null && echo ok || echo off)"

# ---- beside lxc-checkconfig, which reads the kernel's configuration where we try ----

lxc-checkconfig 2>/dev/null | sed 's/\x1b\[[0-9;]*m//g' >"$SCRATCH/checkconfig"
# A kernel that keeps it nowhere, as that of tests/vm, gives it nothing to read.
grep -q '^Namespaces: ' "$SCRATCH/checkconfig" && while IFS=: read -r theirs ours; do
    is "lxc-checkconfig: $theirs" "$(sed -n "s/^$theirs: *\([a-z]*\).*/\1/p" "$SCRATCH/checkconfig")" \
        "$(case $(item "$json" "$ours" status) in ok) echo enabled ;; *) echo missing ;; esac)"
done <<'END'
Utsname namespace:uts namespaces
Ipc namespace:ipc namespaces
Pid namespace:pid namespaces
User namespace:user namespaces
Network namespace:network namespaces
Cgroup namespace:cgroup namespaces
Cgroup device:devices
Cgroup sched:cpu
Cgroup memory controller:memory
Cgroup cpuset:cpuset
Veth pair device:veth
Bridges:bridge
END
[ ! -s "$SCRATCH/checkconfig" ] || ! grep -q '^Cgroups: ' "$SCRATCH/checkconfig" || is "it finds the hierarchies that we find" "$(item "$json" mode detail | grep -oE '[0-9]+ hierarch')" \
    "$(awk '$1 == "-" && $2 ~ "^/" && !seen[$2]++ { n++ } END { print n " hierarch" }' "$SCRATCH/checkconfig")"

# ---- without a word ----

prints "--quiet" "" "$RUNLXC" check --quiet
prints "--quiet is quiet about JSON too" "" "$RUNLXC" check -q -f json

# ---- called wrongly: 2, for 1 has a meaning ----

fails_with 2 '--format: "xml" is neither table nor json' "$RUNLXC" check --format xml
fails_with 2 'did you mean "--quiet"' "$RUNLXC" check --quite
fails_with 2 'one argument too many' "$RUNLXC" check web
status_is "a full disk is an error" 2 bash -c '"$0" check >/dev/full' "$RUNLXC"

# ---- colours ----

on_terminal() { script -qec "$*" /dev/null </dev/null; }
like "on a terminal, colours" "$(TERM=xterm on_terminal "$RUNLXC" check)" $'\e\\[32mok\e\\[0m'
unlike "but with NO_COLOR" "$(TERM=xterm NO_COLOR=1 on_terminal "$RUNLXC" check)" $'\e'
like "an empty NO_COLOR is none" "$(TERM=xterm NO_COLOR='' on_terminal "$RUNLXC" check)" $'\e'
unlike "nor on a dumb one" "$(TERM=dumb on_terminal "$RUNLXC" check)" $'\e'
unlike "nor in JSON" "$(TERM=xterm on_terminal "$RUNLXC" check -f json)" $'\e'

# ---- nothing is changed ----

layers=(etc var root home usr opt srv)
# Not in what is covered, as $SCRATCH is.
mkdir "$SCRATCH/layers" /dev/shm/layers
mount -t tmpfs runlxc-test-layers /dev/shm/layers && mount --bind /dev/shm/layers "$SCRATCH/layers" || exit 1
prepare=''
for layer in "${layers[@]}"; do
    mkdir "$SCRATCH/layers/$layer"{,.work}
    prepare+="mount -t overlay -o lowerdir=/$layer,upperdir=/dev/shm/layers/$layer,workdir=/dev/shm/layers/$layer.work none /$layer && "
done
before=$(ip -o link; find /run /tmp/. -maxdepth 1 2>/dev/null | grep -v '\.runlxc-test' | grep -iE 'criu|runlxc|lxc|podman|probe' | sort)
cp "$BUILD/runlxc" /dev/shm/runlxc
ok "a check over layers" apart "$prepare true" -- env RUNLXC_LIBEXECDIR="$BUILD" /dev/shm/runlxc check
is "it writes no file" "$(for layer in "${layers[@]}"; do find "$SCRATCH/layers/$layer" -mindepth 1; done)" ""
is "nor does it leave links and files elsewhere" \
    "$(ip -o link; find /run /tmp/. -maxdepth 1 2>/dev/null | grep -v '\.runlxc-test' | grep -iE 'criu|runlxc|lxc|podman|probe' | sort)" "$before"
rm /dev/shm/runlxc

# From here on without the programs whose version takes them long to say.
: >"$SCRATCH/empty"
for program in dockerd containerd podman skopeo umoci criu; do
    command -v "$program" >/dev/null || continue
    mount --bind "$SCRATCH/empty" "$(readlink -f "$(command -v "$program")")"
done
is "engines that cannot be executed are not there" "$("$RUNLXC" check -f json | jq -r '.sections[] | select(.name == "engines") | .items[].detail' | uniq)" "not installed"

# ---- LXC and what is ours ----

verdict "lxc-start cannot be executed" lxc-start '^apt install lxc$' apart "mount --bind $SCRATCH/empty /usr/bin/lxc-start" --
printf '#!/bin/sh\necho 4.0.6\n' >"$SCRATCH/old" && chmod 755 "$SCRATCH/old"
is "an LXC that is too old" "$(apart "mount --bind $SCRATCH/old /usr/bin/lxc-start" -- "$RUNLXC" check -f json | jq -r '.sections[].items[] | select(.name == "LXC version") | .status + " " + .detail + ": " + .advice')" \
    "missing 4.0.6: LXC 5.0 or later"
printf '#!/bin/sh\nsleep 100\n' >"$SCRATCH/old"
begin=$SECONDS
status_is "one that does not answer" 1 apart "mount --bind $SCRATCH/old /usr/bin/lxc-start" -- "$RUNLXC" check -q
within "is not waited for" "$((SECONDS - begin))" 4 15
status_is "an empty PATH changes nothing" 0 env PATH= "$RUNLXC" check -q

copy=$SCRATCH/copy
mkdir "$copy"
cp "$BUILD"/runlxc "$BUILD"/lxc-launch "$BUILD"/runlxc-* "$copy"
cp -rL "$BUILD/lxc-templates" "$BUILD/configs" "$copy"
# spoilt DESC WHAT DETAIL COMMAND...: the verdict of a copy in which the command was run, which is undone.
spoilt() {
    local desc=$1 what=$2 detail=$3 RUNLXC=$copy/runlxc LXC_LAUNCH=$copy/lxc-launch

    shift 3
    cp -rp "$copy" "$copy.kept"
    (cd "$copy" && "$@")
    verdict "$desc" "$what" 'install' env
    like "$desc: what is found" "$(item "$json" "${what%%,*}" detail)" "$detail"
    rm -r "$copy" && mv "$copy.kept" "$copy"
}
status_is "a copy" 0 "$copy/runlxc" check -q
spoilt "a supervisor that is not there" runlxc-supervise 'no such file or directory' rm runlxc-supervise
spoilt "a shim that is cut off" runlxc-init 'is cut off' truncate -s 40000 runlxc-init
spoilt "a supervisor that is no program" runlxc-supervise 'is no program' cp configs/seccomp/default.json runlxc-supervise
spoilt "an empty shim" runlxc-init 'is empty' truncate -s 0 runlxc-init
spoilt "a template that is not there" templates 'base.conf: no such file' rm lxc-templates/base.conf
spoilt "a seccomp profile that is cut off" 'seccomp profile' 'default.json' truncate -s 1000 configs/seccomp/default.json
spoilt "no seccomp profile" 'seccomp profile' 'no such file' rm configs/seccomp/default.json
cp "$copy/configs/seccomp/default.json" "$copy/lxc-templates/net-none.conf"
is "a template that is none, which LXC passes over" \
    "$("$copy/runlxc" check -f json | jq -r '.sections[].items[] | select(.name == "templates") | .status + " " + .detail')" \
    "limited $copy/lxc-templates/net-none.conf: is no LXC configuration"
rm "$copy/runlxc-init"
is "without the shim they are looked for where they are installed" \
    "$("$copy/runlxc" check -f json | jq -r '.sections[].items[] | select(.name == "runlxc-init") | .detail')" \
    "/usr/local/libexec/runlxc/runlxc-init: no such file or directory"
cp "$BUILD/runlxc-init" "$copy"
chmod 757 "$copy/runlxc-supervise"
is "one that others can write" "$("$copy/runlxc" check -f json | jq -r '.sections[].items[] | select(.name == "runlxc-supervise") | .status, .advice')" \
    "limited
chown root $copy/runlxc-supervise; chmod 755 $copy/runlxc-supervise"

# etc FILE TEXT: for apart: an /etc with a file of this text.
etc() {
    printf 'mount -t overlay -o lowerdir=/etc,upperdir=%s,workdir=%s none /etc && mkdir -p %s && printf "%%s" %q >%s' \
        "$SCRATCH/layers/etc" "$SCRATCH/layers/etc.work" "$(dirname "$1")" "$2" "$1"
}
verdict "settings with an error" settings '^mend that' apart "$(etc /etc/runlxc/runlxc.conf 'colour = red')" --
like "which is named" "$(apart true -- true; apart "$(etc /etc/runlxc/runlxc.conf 'colour = red')" -- "$RUNLXC" check)" \
    'settings +missing +/etc/runlxc/runlxc.conf:1: unknown key "colour"'
verdict "settings with another lxc-start" lxc-start '^set lxc_start' apart "$(etc /etc/runlxc/runlxc.conf 'lxc_start = /opt/none')" --
verdict "a /run that cannot be written" "state directory" '^--root DIR' apart "mount -t tmpfs -o ro none /run" --
is "--root is looked at instead" "$(apart "mount -t tmpfs -o ro none /run" -- "$RUNLXC" --root "$SCRATCH/root/x" check -f json | jq -r '.sections[].items[] | select(.name == "state directory") | .status + " " + .detail')" \
    "ok $SCRATCH/root/x"
rm -rf "$SCRATCH/layers/etc/runlxc"
shared=(apart "mount -t tmpfs -o mode=1777 none /var/lib/runlxc" --)
json=$("${shared[@]}" "$RUNLXC" check -f json)
is "images where others can write" "$? $(item "$json" "image directory" status) $(item "$json" "image directory" detail)" \
    "0 limited /var/lib/runlxc: no images, for others can write it"
status_is "there are none, as it says" 125 "${shared[@]}" "$LXC_LAUNCH" --rm @busybox true
busybox_rootfs "$SCRATCH/fs"
prints "a directory can be run" up "${shared[@]}" "$LXC_LAUNCH" --rm "$SCRATCH/fs" echo up

# ---- the kernel: calls that are not there, one after the other ----

for call in openat2 mount_setattr close_range pidfd_open; do
    name=$call
    [ "$call" != pidfd_open ] || name=pidfd
    verdict "no $call" "$name" '^a kernel with Linux 5\.[0-9]+, not behind' "$SCRATCH/deny" $ENOSYS "$call"
done
verdict "no open_tree" "mount API,mount_setattr" 'Linux 5\.2' "$SCRATCH/deny" $ENOSYS open_tree
verdict "no fsopen" "tmpfs,devpts,mqueue" 'Linux 5\.2' "$SCRATCH/deny" $ENOSYS fsopen
verdict "seccomp filters are forbidden" "seccomp filters" CONFIG_SECCOMP_FILTER "$SCRATCH/deny" $EPERM seccomp
verdict "no namespaces" "mount namespaces,pid namespaces,ipc namespaces,uts namespaces,network namespaces,mount API,tmpfs,devpts,mqueue,mount_setattr" \
    CAP_SYS_ADMIN "$SCRATCH/deny" $EPERM unshare,clone3
# What is not required: the check says 0, and a container starts.
for call in clone3 bpf; do
    status_is "without $call containers can run" 0 "$SCRATCH/deny" $ENOSYS "$call" "$RUNLXC" check -q
    prints "and do" up "$SCRATCH/deny" $ENOSYS "$call" "$LXC_LAUNCH" --rm @busybox echo up
done
json=$("$SCRATCH/deny" $ENOSYS clone3 "$RUNLXC" check -f json)
[ "$(item "$json" CLONE_INTO_CGROUP status)" = off ] || is "without clone3" "$(item "$json" CLONE_INTO_CGROUP status)" limited

# ---- control groups ----

# The whole of it, with whatever is mounted in it.
# shellcheck disable=SC2016 # expanded in there
readonly_cgroups='for m in $(awk "\$5 ~ \"^/sys/fs/cgroup\" { print \$5 }" /proc/self/mountinfo | sort -u); do mount -o remount,ro,bind $m || exit 99; done; true'
json=$(apart "$readonly_cgroups" -- "$RUNLXC" check -f json)
is "cgroups that are read-only: 1" "$? $(item "$json" writable status)" "1 missing"
like "how it is mended" "$(item "$json" writable advice)" '^mount -o remount,rw /sys/fs/cgroup'
status_is "and lxc-launch starts no container" 125 apart "$readonly_cgroups" -- "$LXC_LAUNCH" --rm @busybox true
verdict "no cgroups at all" mode '^mount -t cgroup2' apart "umount -l /sys/fs/cgroup" --
if mountpoint -q /sys/fs/cgroup/devices; then
    verdict "no devices hierarchy" devices '^mkdir -p /sys/fs/cgroup/devices; mount -t cgroup -o devices' apart "umount /sys/fs/cgroup/devices" --
    verdict "a devices hierarchy that is read-only" devices '^mount -o remount,rw' apart "mount -o remount,ro,bind /sys/fs/cgroup/devices" --
    json=$(apart "mount -o remount,ro,bind /sys/fs/cgroup/memory" -- "$RUNLXC" check -f json)
    is "a memory hierarchy that is read-only: containers can run" "$? $(item "$json" memory status) $(item "$json" writable status)" "0 limited limited"
    # In a cgroup with others: the container has none there, and its end is not theirs.
    mkdir "/sys/fs/cgroup/memory/runlxc-test-$$"
    at_exit "rmdir /sys/fs/cgroup/memory/runlxc-test-$$"
    sh -c 'echo $$ >"/sys/fs/cgroup/memory/$0/cgroup.procs"; exec sleep 60' "runlxc-test-$$" &
    neighbour=$!
    # shellcheck disable=SC2016
    prints "and one does" up apart "mount -o remount,rw /sys/fs/cgroup/memory; echo \$\$ >/sys/fs/cgroup/memory/runlxc-test-$$/cgroup.procs
        mount -o remount,ro,bind /sys/fs/cgroup/memory" -- "$LXC_LAUNCH" --rm @busybox echo up
    ok "whose end is not that of the processes around its launcher" kill -0 "$neighbour"
    status_is "with a limit none does" 125 apart "mount -o remount,ro,bind /sys/fs/cgroup/memory" -- "$LXC_LAUNCH" --rm -m 30m @busybox true
    kill "$neighbour" && wait "$neighbour" 2>/dev/null
fi

# ---- ordinary users ----

json=$(as_user "$RUNLXC" check -f json)
is "an ordinary user can run containers" "$? $(jq -c '[.canRun, .uid, .rootless]' <<<"$json") $(missing "$json")" "0 [true,$TEST_UID,true] "
is "and has further ids" "$(item "$json" /etc/subuid detail)" "1 range for $TEST_USER"
prints "and does" up as_user "$LXC_LAUNCH" --rm @busybox echo up
hidden=(apart "mount --bind $SCRATCH/empty /usr/bin/newuidmap" --)
json=$("${hidden[@]}" setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --init-groups --inh-caps -all env HOME="$TEST_HOME" XDG_RUNTIME_DIR="$TEST_RUNTIME" "$RUNLXC" check -f json)
is "with ids and without newuidmap he cannot" "$? $(missing "$json") $(item "$json" /etc/subuid advice)" "1 /etc/subuid apt install uidmap"
status_is "and does not" 125 "${hidden[@]}" setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --init-groups --inh-caps -all env HOME="$TEST_HOME" XDG_RUNTIME_DIR="$TEST_RUNTIME" \
    "$LXC_LAUNCH" --rm @busybox true
nowhere() { setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --init-groups --inh-caps -all env -i HOME="$TEST_HOME" PATH="$PATH" "$@"; }
verdict "a user without a runtime directory" "runtime directory" '^set XDG_RUNTIME_DIR' nowhere

# limited KIND COMMAND...: by an ordinary user of a user namespace with every id, in which there may be no namespaces of this kind.
limited() {
    local kind=$1 fifo=$SCRATCH/limited.$RANDOM pid code

    shift
    mkfifo "$fifo"
    # Executed anew with ids, root has its capabilities.
    unshare --user sh -c 'read -r go <"$0" && exec sh -c "echo 0 >/proc/sys/user/max_$1_namespaces && shift && exec \"\$@\"" "$@"' "$fifo" "$kind" "$kind" \
        setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --init-groups --inh-caps -all env -i HOME="$TEST_HOME" XDG_RUNTIME_DIR="$TEST_RUNTIME" PATH="$PATH" "$@" &
    pid=$!
    until [ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
    echo 0 0 4294967295 >"/proc/$pid/uid_map" && echo 0 0 4294967295 >"/proc/$pid/gid_map" && echo go >"$fifo"
    wait "$pid"
    code=$?
    rm "$fifo"
    return "$code"
}
without_user_ns() { limited user "$@"; }
json=$(without_user_ns "$RUNLXC" check -f json)
is "user namespaces forbidden by their limit" "$? $(item "$json" "user namespaces" status) $(item "$json" "user namespaces" advice)" \
    "1 missing sysctl -w user.max_user_namespaces=15000"
status_is "and lxc-launch starts no container" 125 without_user_ns "$LXC_LAUNCH" --rm @busybox true
json=$(limited time "$RUNLXC" check -f json)
is "a limit that does not matter" "$? $(item "$json" "time namespaces" status) $(missing "$json")" "0 missing "
prints "does not matter" up limited time "$LXC_LAUNCH" --rm @busybox echo up
for kind in pid uts ipc net; do
    name=${kind/net/network}
    json=$(limited $kind "$RUNLXC" check -f json)
    is "a limit of no $kind namespaces" "$? $(item "$json" "$name namespaces" status) $(item "$json" "$name namespaces" advice)" \
        "1 missing raise /proc/sys/user/max_${kind}_namespaces"
    status_is "and lxc-launch starts no container with one" 125 limited $kind "$LXC_LAUNCH" --rm @busybox true
done

suite_end
