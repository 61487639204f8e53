#!/bin/bash
# Id maps: any that an engine gives, without a word in /etc/subuid; id-mapped mounts, of a volume and of the whole root; a container whose
# root owns nothing outside.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private
beside_runc
chmod 711 "$SCRATCH"
# What newuidmap would go by knows nobody.
: >"$SCRATCH/none"
for file in /etc/subuid /etc/subgid; do
    mount --bind "$SCRATCH/none" "$file" || exit 1
done

"$RUNLXC" spec --bundle "$bundle"
cp "$bundle/config.json" "$SCRATCH/spec.json"
MAP() { printf '[{containerID: 0, hostID: %s, size: %s}]' "$1" "$2"; }
# bundle_run COMMAND FILTER SCRIPT: a container of runlxc or runc (COMMAND) with the bundle changed by FILTER.
bundle_run() {
    jq --arg script "$3" --arg vol "$SCRATCH/volume" '.process.terminal = false | .root.readonly = false |
        .linux.namespaces += [{type: "user"}] | .process.args = ["sh", "-c", $script] |
        .process.capabilities[] += ["CAP_CHOWN", "CAP_FOWNER"] | '"$2" "$SCRATCH/spec.json" >"$bundle/config.json"
    "$1" run --bundle "$bundle" "map-$1" </dev/null 2>&1
}
maps_of() { bundle_run runlxc ".linux.uidMappings = $1 | .linux.gidMappings = $2" 'tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map'; }

# ---- maps ----

is "one range" "$(maps_of "$(MAP 100000 65536)" "$(MAP 200000 1000)")" " 0 100000 65536
 0 200000 1000"
is "several, with gaps, in any order, out of order outside" \
    "$(maps_of '[{containerID: 1000, hostID: 1000, size: 1}, {containerID: 0, hostID: 300000, size: 1000}, {containerID: 5000, hostID: 7, size: 3}]' \
        '[{containerID: 0, hostID: 300000, size: 5}, {containerID: 5, hostID: 12, size: 1}]' | sort)" " 0 300000 1000
 0 300000 5
 1000 1000 1
 5 12 1
 5000 7 3"
is "the host's own ids" "$(maps_of "$(MAP 0 4294967295)" "$(MAP 0 4294967295)")" " 0 0 4294967295
 0 0 4294967295"
is "one single id" "$(maps_of "$(MAP 4000000000 1)" "$(MAP 4000000000 1) | (.mounts[] | select(.type == \"devpts\").options) -= [\"gid=5\"]")" " 0 4000000000 1
 0 4000000000 1"
many=$(jq -nc '[range(100) | {containerID: (. * 10), hostID: (1000000 + . * 100), size: 10}]')
is "a hundred ranges" "$(maps_of "$many" "$many" | wc -l)" 200
like "two that overlap are refused" "$(maps_of '[{containerID: 0, hostID: 1000, size: 10}, {containerID: 5, hostID: 5000, size: 10}]' "$(MAP 1000 10)")" uidMappings

# ---- what a container makes, seen from here ----

mkdir volume && chown 100000:100000 volume && chown -R 100000:100000 "$bundle/rootfs"
owners() { (cd "$1" && find . -mindepth 1 -printf '%P %U:%G\n' | sort); }
make='cd /data; echo x >of-root; mkdir dir; ln -s x link; mkfifo fifo; touch of-user; chown 33:44 of-user; cd /; touch /made'
bind='.mounts += [{destination: "/data", type: "bind", source: $vol, options: ["bind"'
both="$(MAP 100000 65536) | .linux.gidMappings = $(MAP 100000 65536)"
for rt in runlxc runc; do
    bundle_run $rt ".linux.uidMappings = $both | $bind]}]" "$make"
    owners volume >"$SCRATCH/owners.$rt"
    stat -c '%u:%g' "$bundle/rootfs/made" >>"$SCRATCH/owners.$rt"
    find volume -mindepth 1 -delete
    rm "$bundle/rootfs/made"
done
is "on a volume and in the root: ids of the map, none of the host's own" "$(cat "$SCRATCH/owners.runlxc")" "dir 100000:100000
fifo 100000:100000
link 100000:100000
of-root 100000:100000
of-user 100033:100044
100000:100000"
is "as with runc" "$(cat "$SCRATCH/owners.runlxc")" "$(cat "$SCRATCH/owners.runc")"

chown 0:0 volume
bundle_run runlxc ".linux.uidMappings = $both | $bind, \"idmap\"]}]" "$make; stat -c %u:%g /data /data/of-user" >"$SCRATCH/seen"
is "on an id-mapped one the container's own" "$(cat "$SCRATCH/seen")" "0:0
33:44"
is "and on the disk the same numbers" "$(owners volume)" "dir 0:0
fifo 0:0
link 0:0
of-root 0:0
of-user 33:44"
find volume -mindepth 1 -delete
chown 5000:5000 volume
bundle_run runlxc ".linux.uidMappings = $both | $bind, \"idmap\"], uidMappings: $(MAP 105000 1000 | sed 's/containerID: 0/containerID: 5000/'), gidMappings: $(MAP 105000 1000 | sed 's/containerID: 0/containerID: 5000/')}]" \
    'stat -c %u:%g /data' >"$SCRATCH/seen"
is "one with a map of its own" "$(cat "$SCRATCH/seen")" 5000:5000

# ---- the launcher: the whole root ----

busybox_rootfs "$SCRATCH/fs"
rm -rf "$SCRATCH/volume" && mkdir "$SCRATCH/volume"
launch() { bounded "$LXC_LAUNCH" --rm --userns 700000:65536 "$@"; }
launch "$SCRATCH/fs" sh -c 'mkdir -p /srv/a; echo x >/srv/a/f; chown 33:44 /srv/a/f; cp /bin/busybox /srv/b; chmod 4755 /srv/b'
is "a directory as root is not shifted on the disk" "$(owners fs/srv)" "a 0:0
a/f 33:44
b 0:0"
is "the rest of it is as it was" "$(find fs -path fs/srv -prune -o ! -user 0 -print)" ""
is "a volume shows the ids of the map, the same one with :idmap its own" \
    "$(launch -v "$SCRATCH/volume:/plain" -v "$SCRATCH/volume:/mapped:idmap" "$SCRATCH/fs" sh -c 'stat -c %u:%g /plain /mapped; touch /mapped/x; chown 33:44 /mapped/x; touch /plain/y 2>/dev/null || echo refused')" \
    "65534:65534
0:0
refused"
is "on the disk" "$(owners volume)" "x 33:44"

# ---- a container whose root owns nothing outside ----

"$LXC_LAUNCH" -d --name nothing --userns 700000:65536 -v "$SCRATCH/volume:/data" @busybox sleep 100 >/dev/null
pid=$(jq .pid /run/runlxc/nothing/state.json)
is "its processes are not the host's root's" "$(stat -c %u:%g "/proc/$pid") $(awk '/^(Uid|Gid):/ { print $2, $3, $4, $5 }' "/proc/$pid/status" | paste -sd ' ')" \
    "700000:700000 700000 700000 700000 700000 700000 700000 700000 700000"
is "no file outside its own is its root's" "$(find "$SCRATCH" /run/runlxc /run/lxc /tmp -xdev -user 700000 -newer "$SCRATCH/spec.json" ! -path '/run/runlxc/nothing/*' 2>/dev/null)" ""
is "of its records only what is shown to it" "$(find /run/runlxc/nothing -user 700000 -printf '%P\n' | sort | paste -sd ' ')" "config.env hostname hosts"
ok "its end" "$RUNLXC" --root /run/runlxc delete --force nothing
suite_end
