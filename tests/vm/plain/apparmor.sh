#!/bin/bash
# AppArmor enforces: the table of README.md row by row, profiles by name, missing, stacked, made for one container; exec; lxc-start's
# profile and the commands' own; the same under Podman, with runc beside. Docker's are docker.sh's.
# shellcheck source-path=SCRIPTDIR/../../engines disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../../engines/lib.sh"
engine_begin
. "$ENGINES/images.sh"
LIMIT=100
apparmor=/sys/kernel/security/apparmor
label=(cat /proc/self/attr/current)

is "this kernel enforces AppArmor" "$(cat /sys/module/apparmor/parameters/enabled)" Y
ok "lxc-start's own profile loads" apparmor_parser -K -r /etc/apparmor.d/usr.bin.lxc-start

root=$WORK/root
busybox_rootfs "$root"
chmod 755 "$root"
launch() { bounded "$LXC_LAUNCH" --root "$ROOT" --net none "$@"; }
runlxc() { bounded "$RUNLXC" --root "$ROOT" "$@"; }
loaded() { sed 's/ (.*//' "$apparmor/profiles" | sort; }

# ---- by default ----

# A suite before this one may have had it loaded.
! loaded | grep -qx runlxc-default || printf runlxc-default >"$apparmor/.remove"
unlike "our default is not loaded" "$(loaded)" 'runlxc-default'
prints "the default profile is loaded by the first container, and holds" "runlxc-default (enforce)" launch --rm "$root" "${label[@]}"
prints "privileged is unconfined" "unconfined" launch --rm --privileged "$root" "${label[@]}"
fails_with 125 'AppArmor profile "no-such" is not loaded' launch --name none --security-opt apparmor=no-such "$root" true
is "nothing was made for it" "$(ls "$ROOT")" ""
apparmor_parser -K -r -I "$TOP/configs/apparmor" "$TOP/configs/apparmor/runlxc-nesting"
printf 'profile other flags=(attach_disconnected,mediate_deleted) {\n file,\n signal (receive) peer=unconfined,\n}\n' |
    apparmor_parser -K -r
prints "a stack" "other//&runlxc-default (enforce)" launch --rm --security-opt 'apparmor=runlxc-default//&other' "$root" "${label[@]}"
fails_with 125 'AppArmor profile "no-such" is not loaded' launch --security-opt 'apparmor=other//&no-such' "$root" true

# ---- one container, and what runs beside it ----

# of COMMAND: the labels of the processes whose command line begins so.
of() {
    local pid

    for pid in $(pgrep -f "^$1"); do
        cat "/proc/$pid/attr/current"
    done
}
gone() { ! pgrep -f "^($1)"; }
ok "a container in the background" launch -d --name web -v "$WORK:/mnt:ro" --tmpfs /run "$root" sleep 4711
is "its program is confined" "$(of 'sleep 4711')" "runlxc-default (enforce)"
is "lxc-start is, by its own profile" "$(of /usr/bin/lxc-start)" "/usr/bin/lxc-start (enforce)"
prints "exec is confined by the same" "runlxc-default (enforce)" runlxc exec web "${label[@]}"
fails "and cannot leave it" runlxc exec web sh -c 'echo changeprofile unconfined >/proc/self/attr/current'
prints "exec by another" "other (enforce)" runlxc exec --apparmor other web "${label[@]}"
status_is "exec by none that is there" 255 runlxc exec --apparmor no-such web true
is "which is named" "$err" 'runlxc: AppArmor profile "no-such" is not loaded'
jq -n '{args: ["cat", "/proc/self/attr/current"], cwd: "/", user: {uid: 0, gid: 0}}' >process.json
prints "exec of a whole process inherits it" "runlxc-default (enforce)" runlxc exec -p process.json web
# AppArmor forgets PR_SET_PDEATHSIG of what an exec takes under a profile.
kill -KILL "$(pgrep -o -f "^$BUILD/runlxc-supervise $ROOT web")"
ok "without its supervisor it ends, lxc-start with it" wait_for 30 gone 'sleep 4711|/usr/bin/lxc-start'
ok "and is deleted" runlxc delete --force web

# ---- the table ----

rows() {
    sed -n '/<!-- apparmor-table -->/,/<!-- .apparmor-table -->/p' "$TOP/README.md" | sed -nE 's/^\| (.*) \|$/\1/p' | sed 1d
}
awk -F ' [|] ' '{ gsub(/^`|`$/, "", $2); print NR " " $2 }' < <(rows) >"$root/list"
# shellcheck disable=SC2016 # the container's
echo 'while read -r number command; do
    if sh -c "$command" >/dev/null 2>&1; then word=allowed; else word=denied; fi
    echo "$number $word"
    umount /mnt 2>/dev/null
done </list' >"$root/try"
within "operations in the table" "$(wc -l <"$root/list")" 30 99
sleep 4712 &
host=$!
column=3
for profile in unconfined runlxc-default runlxc-nesting; do
    launch --rm --privileged --pid host -e "HOST=$host" --security-opt "apparmor=$profile" "$root" sh /try >"$profile.got" 2>&1
    is "$profile: every operation is tried" "$(grep -cE '^[0-9]+ (allowed|denied)$' "$profile.got")" "$(wc -l <"$root/list")"
    while read -r number operation; do
        want=$(rows | awk -F ' [|] ' -v row="$number" -v column="$column" 'NR == row { print $column }')
        is "$profile: $operation" "$(sed -n "s/^$number //p" "$profile.got")" "$want"
    done < <(rows | awk -F ' [|] ' '{ print NR, $1 }')
    column=$((column + 1))
done
kill "$host"
rm -f "$root"/{list,try}

# ---- a profile of the container's own ----

fails_with 125 'lxc.apparmor.allow_nesting' launch --lxc-conf lxc.apparmor.allow_nesting=1 "$root" true
ok "a profile is made for a container" launch -d --name own --security-opt apparmor=generated \
    --lxc-conf 'lxc.apparmor.raw=deny /etc/passwd r,' "$root" sleep 4713
name=$(loaded | grep '^runlxc-own')
like "its name is the container's" "$name" '^runlxc-own\.[0-9a-f]{16}$'
is "with a policy namespace" "$(ls "$apparmor/policy/namespaces")" "$name"
is "both hold for its program" "$(of 'sleep 4713')" "$name//&:$name:unconfined (enforce)"
prints "inside it looks like none" unconfined runlxc exec own "${label[@]}"
fails "a line of the administrator's own denies" runlxc exec own cat /etc/passwd
fails "a mount is denied as by the default" runlxc exec --cap CAP_SYS_ADMIN own mount -t tmpfs x /mnt
ok "it ends" runlxc delete --force own
unlike "the profile has gone with it" "$(loaded)" 'runlxc-own'
is "so has the namespace" "$(ls "$apparmor/policy/namespaces")" ""

# ---- a container in a user namespace runs containers of its own, under profiles of its own ----

nest=$WORK/nest
mkdir -p "$nest"/{spec,b,bundle,root/{usr,etc,dev,proc,sys,run,tmp,var,work,inner}}
for dir in bin sbin lib lib64; do
    ln -s "usr/$dir" "$nest/root/$dir"
done
cp "$BUILD"/{lxc-launch,runlxc*} "$nest/b/"
cp -r "$TOP"/{configs,lxc-templates} "$nest/b/"
cp -a "$root" "$nest/inner"
chown -hR 100000:100000 "$nest/root" "$nest/inner"
cat >"$nest/b/inner.sh" <<'SCRIPT'
mkdir /sys/fs/cgroup/init && echo 1 >/sys/fs/cgroup/init/cgroup.procs
cp -r /inner /tmp/inner && mkdir -p /var/lib
/work/lxc-launch --rm --net none /tmp/inner cat /proc/self/attr/current /proc/self/uid_map 2>/tmp/err || cat /tmp/err
echo "loaded: $(cat /sys/kernel/security/apparmor/profiles)"
SCRIPT
runc spec -b "$nest/spec"
# shellcheck disable=SC2016 # jq's
jq --arg nest "$nest" '.process.terminal = false | .process.args = ["sh", "/work/inner.sh"] | .process.noNewPrivileges = false |
    .process.apparmorProfile = "generated-nesting" | .root = {path: "\($nest)/root"} |
    ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FSETID FOWNER MKNOD NET_RAW NET_ADMIN SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE
      SYS_CHROOT KILL SYS_ADMIN MAC_ADMIN SYS_PTRACE SYS_RESOURCE AUDIT_WRITE" | [splits("\\s+")] | map("CAP_" + .)) as $caps |
    .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps} |
    del(.linux.maskedPaths, .linux.readonlyPaths) |
    .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
    .linux.gidMappings = .linux.uidMappings |
    .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end) |
    .mounts += ([["/usr", "/usr"], ["/etc", "/etc"], ["\($nest)/b", "/work"], ["\($nest)/inner", "/inner"]] |
        map({type: "bind", source: .[0], destination: .[1], options: ["rbind", "ro"]})) |
    .mounts += [{type: "bind", source: "/sys/kernel/security", destination: "/sys/kernel/security", options: ["rbind"]}] |
    .mounts += (["/run", "/tmp", "/var"] | map({type: "tmpfs", source: "tmpfs", destination: ., options: ["nosuid"]}))' \
    "$nest/spec/config.json" >"$nest/bundle/config.json"
run runlxc run -b "$nest/bundle" outer
like "a container of a container in a user namespace is confined, by a profile that this one has loaded" "$out" \
    $'^runlxc-default \\(enforce\\)\n +0 +100000 +65536\nloaded: runlxc-default \\(enforce\\)$'
[ -z "$err" ] || diag "$err"
unlike "which the host does not see" "$(loaded)" '^:|outer'

# ---- the commands' own profile ----

cp -r "$TOP/configs/apparmor" mine
sed -i -e "s|^@{RUNLXC_BIN}=.*|@{RUNLXC_BIN}=$BUILD|" -e "s|^@{RUNLXC_LIBEXEC}=.*|@{RUNLXC_LIBEXEC}=$BUILD|" mine/tunables/runlxc
ok "the commands' profile loads" apparmor_parser -K -r -I mine mine/runlxc
"$LXC_LAUNCH" --root "$ROOT" --net none --name fore --security-opt apparmor=other "$root" sleep 4714 &
foreground=$!
wait_for 60 pgrep -f '^sleep 4714'
is "lxc-launch is confined" "$(of "$LXC_LAUNCH")" "runlxc (enforce)"
is "lxc-start by its own" "$(of /usr/bin/lxc-start)" "/usr/bin/lxc-start (enforce)"
is "the container by the one that was asked for" "$(of 'sleep 4714')" "other (enforce)"
prints "exec works" "other (enforce)" runlxc exec fore "${label[@]}"
ok "it is killed though its profile takes no signal from the commands' label" runlxc kill fore KILL
wait "$foreground"
is "its status arrives" "$?" 137
ok "and it is deleted" runlxc delete --force fore
echo -n runlxc >"$apparmor/.remove"

# ---- Podman, in the long run ----

if [ "${VM_SUITES:-}" != all ]; then
    engine_end
fi
. "$ENGINES/podman/lib.sh"
podman_conf
busybox_tar "$WORK/busybox.tar"
podman=$(type -P podman)
ok "Podman: an image" "$podman" import -q "$WORK/busybox.tar" localhost/busybox
for RT in runc runlxc; do
    podman_run() { bounded "$podman" --runtime "$RT" run --rm --network none "$@"; }
    run podman_run localhost/busybox "${label[@]}"
    like "Podman, $RT: its default profile" "$out" '^containers-default-[0-9.]+ \(enforce\)$'
    prints "Podman, $RT: apparmor=runlxc-default" "runlxc-default (enforce)" \
        podman_run --security-opt apparmor=runlxc-default localhost/busybox "${label[@]}"
    status_is "Podman, $RT: a profile that is missing" 126 podman_run --security-opt apparmor=no-such localhost/busybox true
done
umount "$PODMAN/storage/overlay" 2>/dev/null
# Podman's own parent stays.
find /sys/fs/cgroup/libpod_parent -depth -type d -exec rmdir {} + 2>/dev/null
engine_end
