#!/bin/bash
# From a Debian 12 with Docker to a container of runlxc in Docker: three commands, and how long they take.
. "$(dirname "$0")/lib.sh"
prepare_packages
prepare_base bookworm "${BOOKWORM[@]}"
suite_begin private net

ok "a minimal Debian 12 by mmdebstrap" test -e "$BASE.made"
[ -e "$BASE.made" ] || { diag "$(tail -n 20 "$BASE.log")" && suite_end; }
ok "in a copy of it" root_begin "$BASE"
ok "and our packages beside it" debs_into || suite_end
ok "it gets Docker" apt_in_root install docker.io
is "which is all: no LXC, nothing of ours" "$(in_root dpkg-query -W -f '${Package}\n' | grep lxc)" ""

# dockerd of the root, with its own containerd; without bridges and rules, which are not what is to be shown.
mkdir -p "$R/etc/docker"
cat >"$R/etc/docker/daemon.json" <<'END'
{
    "bridge": "none",
    "iptables": false
}
END
cp "$R/etc/docker/daemon.json" daemon.json.before
# Its cgroups are apart from all others, so that they can be looked at and taken away.
cgroup=/${SCRATCH##*/}
chroot "$R" "${CLEAN_ENV[@]}" dockerd --cgroup-parent "$cgroup" </dev/null >"$SCRATCH/dockerd.log" 2>&1 &
dockerd=$!
at_exit 'kill "$dockerd" 2>/dev/null; wait "$dockerd" 2>/dev/null'
at_exit 'in_root sh -c "docker ps -aq | xargs -r docker rm -f" >/dev/null 2>&1'
ok "dockerd runs" wait_for 60 in_root docker version
busybox_rootfs "$SCRATCH/busybox"
ok "and has an image" sh -c 'tar -C "$1" -c . | chroot "$2" docker import - busybox' sh "$SCRATCH/busybox" "$R"
status_is "it does not know the runtime" 125 in_root docker run --rm --network none --runtime runlxc busybox true

table_row "the same with Docker $(in_root docker version -f '{{.Server.Version}}' | grep -oE '^[0-9]+\.[0-9]+')" \
    '`apt install ./runlxc_*.deb`, `runlxc install --engine docker`, `docker run --runtime runlxc`'
# took FROM: milliseconds since then.
took() {
    echo $((($(date +%s%N) - $1) / 1000000))
}

begin=$(date +%s%N)
ok "1: apt install ./runlxc_$VERSION.deb" apt_in_root install ./debs/runlxc_"$VERSION"_"$arch".deb
first=$(took "$begin")
installed=$(date +%s%N)
ok "2: runlxc install --engine docker" in_root runlxc install --engine docker
like "which says how Docker is told" "$out$err" 'systemctl reload docker'
second=$(took "$installed")
kill -HUP "$dockerd"
ok "   Docker has read it" wait_for 20 in_root sh -c "docker info --format '{{json .Runtimes}}' | grep -q runlxc"
reloaded=$(date +%s%N)
prints "3: docker run --runtime runlxc" "hello from pid 1" \
    in_root docker run --rm --network none --runtime runlxc busybox sh -c 'echo "hello from pid $$"'
third=$(took "$reloaded")
total=$(took "$begin")
echo "# $(printf 'from packages to a container: %d.%d s (apt install %d ms, runlxc install %d ms, docker run %d ms)' \
    $((total / 1000)) $((total % 1000 / 100)) "$first" "$second" "$third")"
within "in less than a minute" "$total" 1 60000
ran "a container $((total / 1000)).$((total % 1000 / 100)) s after the first of these three, downloads apart, and always within a minute"

ok "the container is LXC's" in_root docker run -d --name seen --network none --runtime runlxc busybox sleep 600
is "and lxc-ls lists it" "$(in_root lxc-ls -P /var/run/docker/runtime-runc/moby -1 --running | tr -d ' ')" "$out"
ok "it ends" in_root docker rm -f seen
ok "what runs by default is as before" in_root sh -c "docker info --format '{{.DefaultRuntime}}' | grep -qx runc"

prints "a removal would tell of Docker" "" in_root sh /var/lib/dpkg/info/runlxc.prerm remove
is "and how that is changed back" "$err" \
    "runlxc: the configuration of docker still names it: runlxc install --engine docker --remove"
ok "runlxc install --engine docker --remove" in_root runlxc install --engine docker --remove
is "gives the file back" "$(<"$R/etc/docker/daemon.json")" "$(<daemon.json.before)"
ok "a removal has nothing more to tell" in_root sh /var/lib/dpkg/info/runlxc.prerm remove
is "not a word" "$out$err" ""
mkdir -p "$R/var/lib/runlxc" && mv "$R/var/lib/runlxc" "$R/srv/moved" && ln -s /srv/moved "$R/var/lib/runlxc"
ok "apt purge, what containers have left being elsewhere" apt_in_root purge --autoremove runlxc
like "which is said" "$out$err" 'runlxc: /var/lib/runlxc is a link to /srv/moved, which stays'
ok "and stays" test -d "$R/srv/moved"
is "nothing of ours is left" "$(ours)" ""
ran "the engine's file is given back, and nothing is left after \`apt purge\`"
table_row_end

kill "$dockerd"
wait "$dockerd"
find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} + 2>/dev/null
root_end
suite_end
