#!/bin/bash
# runlxc check: how engines know this runtime, out of their own settings: each state beside what the engine itself makes of these files,
# where it tells.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and status_is
. "$(dirname "$0")/../lib.sh"
suite_begin private
# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
user_make || exit 1

# Settings of the suite's own: an /etc with none.
for file in passwd group subuid subgid; do
    cp "/etc/$file" "$SCRATCH/$file" && umount "/etc/$file"
done
mkdir "$SCRATCH/layers" && mount -t tmpfs runlxc-test-layers "$SCRATCH/layers" && mkdir "$SCRATCH/layers"/{etc,work,bin,bin.work,containers,containers.work} || exit 1
mount -t overlay -o "lowerdir=/etc,upperdir=$SCRATCH/layers/etc,workdir=$SCRATCH/layers/work" none /etc || exit 1
cp "$SCRATCH"/{passwd,group,subuid,subgid} /etc/
usual=/usr/share/containers
mkdir -p "$usual"
mount -t overlay -o "lowerdir=$usual,upperdir=$SCRATCH/layers/containers,workdir=$SCRATCH/layers/containers.work" none "$usual" || exit 1
rm -rf /etc/{docker,containerd,crio} /etc/containers/containers.conf{,.d} "$usual/containers.conf"
mkdir -p /etc/docker /etc/containerd/conf.d /etc/containers/containers.conf.d /etc/crio/crio.conf.d
# What CRI-O's program says is all that is asked of it.
mount -t overlay -o "lowerdir=/usr/local/bin,upperdir=$SCRATCH/layers/bin,workdir=$SCRATCH/layers/bin.work" none /usr/local/bin || exit 1

# Without the programs whose version takes them long to say.
: >"$SCRATCH/empty"
for program in skopeo umoci criu; do
    mount --bind "$SCRATCH/empty" "$(readlink -f "$(command -v "$program")")" || exit 1
done

# item TITLE MEMBER [COMMAND...]
item() {
    local title=$1 member=$2

    shift 2
    "$@" "$RUNLXC" check -f json | jq -r --arg name "$title" --arg member "$member" '.sections[].items[] | select(.name == $name) | .[$member]'
}

# state_is DESC TITLE WANT [COMMAND...]: "STATUS: what comes after the version".
state_is() {
    local desc=$1 title=$2 want=$3 got

    shift 3
    got=$("$@" "$RUNLXC" check -f json | jq -r --arg name "$title" '.sections[].items[] | select(.name == $name) | .status + ": " + (.detail | sub("^[^;]*; "; ""))')
    is "$title: $desc" "$got" "$want"
}
NOT='off: does not know runlxc' KNOWN='ok: knows runlxc as a runtime' DEFAULT='ok: runlxc is its default runtime'

# ---- what runlxc install writes ----

state_is "not here" CRI-O "off: not installed"
is "what Debian does not have" "$(item CRI-O advice)" "packages of cri-o.io"
printf '#!/bin/sh\necho crio version 1.28.4\n' >/usr/local/bin/crio && chmod 755 /usr/local/bin/crio
for pair in docker:Docker containerd:containerd podman:Podman crio:CRI-O; do
    name=${pair%%:*} title=${pair#*:}
    state_is "before" "$title" "$NOT"
    is "$title: the command that mends it" "$(item "$title" advice)" "runlxc install --engine $name"
    ok "runlxc install --engine $name" "$RUNLXC" install --path "$RUNLXC" --engine "$name"
    state_is "known" "$title" "$KNOWN"
    ok "runlxc install --engine $name --default" "$RUNLXC" install --path "$RUNLXC" --engine "$name" --default
    state_is "the default" "$title" "$DEFAULT"
    ok "runlxc install --engine $name --remove" "$RUNLXC" install --engine "$name" --remove
    state_is "no more" "$title" "$NOT"
done

# ---- Docker ----

docker=/etc/docker/daemon.json
cat >"$docker" <<END
{ "runtimes": { "l\u0078c": { "path": "${RUNLXC//\//\\\/}" } }, "default\u002druntime": "lxc" }
END
state_is "escapes" Docker "$DEFAULT"
echo '{ "labels": ["runtimes: /usr/bin/runlxc"], "default-runtime": "runc" }' >"$docker"
state_is "a text that looks like it" Docker "$NOT"
echo '{ "runtimes": { "lxc": { "path": "/opt/gone/runlxc" } } }' >"$docker"
state_is "a program that is not there" Docker "limited: knows runlxc as a runtime, but /opt/gone/runlxc is no program"
printf '{\n  "debug": true\n  "runtimes": {}\n}\n' >"$docker"
state_is "a file that cannot be parsed" Docker "off: $docker: line 3, column 12: '}' expected near '\"runtimes\"'"
is "Docker: how that is mended" "$(item Docker advice)" "mend $docker"
rm "$docker" && mkfifo "$docker"
state_is "a FIFO is not waited at" Docker "$NOT"
rm "$docker"

# ---- containerd, and what it makes of it itself ----

main=/etc/containerd/config.toml
# What containerd itself has understood.
merged() {
    containerd --config "$main" config dump 2>"$SCRATCH/dump.err" | python3 -c '
import sys, tomllib
plugins = tomllib.load(sys.stdin.buffer).get("plugins", {})
cri = (plugins.get("io.containerd.grpc.v1.cri") or plugins.get("cri") or {}).get("containerd", {})
ours = [name for name, r in cri.get("runtimes", {}).items() if r.get("options", {}).get("BinaryName", "").endswith("/runlxc")]
name = cri.get("default_runtime_name", "runc")
print("ok: runlxc is its default runtime" if name in ours else "ok: knows runlxc as a runtime" if ours else "off: does not know runlxc")'
}
# both DESC WANT: so says the check, and so has containerd understood it.
both() {
    state_is "$1" containerd "$2"
    is "containerd itself: $1" "$(merged)" "$2"
}
cri='plugins."io.containerd.grpc.v1.cri".containerd'
ours="runtimes.lxc.options]
BinaryName = \"$RUNLXC\""
printf 'version = 2\n# [%s.%s\nx = """\n[%s.%s"""\n' "$cri" "${ours/$'\n'/$'\n# '}" "$cri" "${ours//\"/\'}" >"$main"
both "comments and a text of several lines" "$NOT"
cat >"$main" <<END
version = 2
[plugins.'io.containerd.grpc.v1.cri']
  containerd.default_runtime_name = "lxc" # dotted
  containerd.runtimes.lxc = { runtime_type = "io.containerd.runc.v2", "options" = { BinaryName = "$RUNLXC" } }
END
both "dotted and quoted keys, inline tables" "$DEFAULT"
printf 'version = 2\n[plugins.cri.containerd.%s\n' "$ours" >"$main"
both "a plug-in of another version's" "$NOT"
printf '[plugins.cri.containerd.%s\n' "$ours" >"$main"
state_is "version 1" containerd "$KNOWN"
printf 'version = 3\n[plugins."io.containerd.cri.v1.runtime".containerd.%s\n' "$ours" >"$main"
state_is "version 3" containerd "$KNOWN"
printf 'imports = [\n  # first\n  "/etc/containerd/conf.d/*.toml",\n  "more.toml", # relative\n]\nversion = 2\n[%s]\ndefault_runtime_name = "lxc"\n' "$cri" >"$main"
: >/etc/containerd/more.toml
printf 'version = 2\n[%s.%s\n' "$cri" "$ours" >/etc/containerd/conf.d/50-lxc.toml
both "an import takes the section's place" "$KNOWN"
printf 'version = 2\n[%s]\ndefault_runtime_name = "lxc"\n[%s.%s\n' "$cri" "$cri" "$ours" >/etc/containerd/conf.d/50-lxc.toml
both "an import with all of it" "$DEFAULT"
printf 'version = 2\n[%s.runtimes.lxc]\nruntime_type = "io.containerd.runc.v2"\n' "$cri" >/etc/containerd/conf.d/60-other.toml
both "a later one without it" "$NOT"
printf 'imports = ["config.toml"]\nversion = 2\n[%s.%s\n' "$cri" "$ours" >/etc/containerd/more.toml
both "the last one, and it imports the first again" "$KNOWN"
printf 'version = 2\n\n[plugins\n' >/etc/containerd/conf.d/70-bad.toml
state_is "an import that cannot be parsed" containerd "off: /etc/containerd/conf.d/70-bad.toml:3: expected ']', found the end of the line"
is "containerd: how that is mended" "$(item containerd advice)" "mend /etc/containerd/conf.d/70-bad.toml"
fails "containerd itself takes it as little" containerd --config "$main" config dump
rm /etc/containerd/conf.d/* /etc/containerd/more.toml
state_is "an import that is not there" containerd "off: /etc/containerd/more.toml: no such file or directory"
fails "containerd itself does not go on without it" containerd --config "$main" config dump
printf 'version = 2\n' >"$main"
printf 'version = 2\n[%s.%s\n' "$cri" "$ours" >/etc/containerd/conf.d/50-lxc.toml
both "a file that nothing imports" "$NOT"

# ---- Podman, and what it makes of it itself ----

# The program of its default runtime, by its own account.
podman_takes() {
    podman --root "$SCRATCH/podman/root" --runroot "$SCRATCH/podman/run" --tmpdir "$SCRATCH/podman/tmp" --storage-driver vfs info --format '{{.Host.OCIRuntime.Path}}' 2>&1
}
etc=/etc/containers/containers.conf
printf '[engine]\nruntime = "lxc"\n[engine.runtimes]\nlxc = [ # ours\n  "/opt/gone/runlxc",\n  "%s",\n]\n' "$RUNLXC" >"$usual/containers.conf"
state_is "the distribution's file, an array over lines" Podman "$DEFAULT"
is "Podman itself" "$(podman_takes)" "$RUNLXC"
printf '[engine]\nruntime = "crun" # "lxc"\n' >"$etc"
state_is "the administrator's wins" Podman "$KNOWN"
unlike "Podman itself" "$(podman_takes)" runlxc
printf 'engine.runtime = """\nlxc"""\n' >"$etc.d/20-b.conf"
printf '[engine]\n"runtime" = "crun"\n' >"$etc.d/10-a.conf"
printf 'engine = { runtime = "crun" }\n' >"$etc.d/90-not.conf.dpkg-old"
mkdir "$etc.d/95.conf" && printf 'engine = { runtime = "crun" }\n' >"$etc.d/95.conf/99.conf"
state_is "drop-ins in order, and those only" Podman "$DEFAULT"
is "Podman itself" "$(podman_takes)" "$RUNLXC"
printf '[engine.runtimes]\nlxc = ["/usr/bin/crun"]\n' >"$etc.d/30-c.conf"
state_is "a later one's runtime" Podman "$NOT"
printf '[engine]\nruntimes = 1\nhelper =\n' >"$etc.d/30-c.conf"
state_is "one that cannot be parsed" Podman "off: $etc.d/30-c.conf:3: a value is missing"
like "Podman itself takes it as little" "$(podman_takes)" 30-c.conf
rm -r "$etc" "$etc.d"/* "$usual/containers.conf"

# ---- CRI-O ----

crio=/etc/crio/crio.conf
printf '[crio.runtime.runtimes.lxc]\nruntime_path = "%s"\n' "$RUNLXC" >"$crio"
state_is "its file" CRI-O "$KNOWN"
mkdir "$crio.d/50-more"
printf '[crio]\nruntime.default_runtime = "lxc"\n' >"$crio.d/50-more/any-name"
printf '[crio.runtime]\ndefault_runtime = "crun"\n' >"$crio.d/40-first.conf"
state_is "drop-ins, in directories too" CRI-O "$DEFAULT"
printf 'crio.runtime.runtimes.lxc.runtime_path = "/usr/bin/crun"\n' >"$crio.d/60-last"
state_is "a later one's program" CRI-O "$NOT"
printf 'a = 1\na = 2\n' >"$crio.d/60-last"
state_is "a key twice" CRI-O "off: $crio.d/60-last:2: \"a\" is a value already, by line 1"
rm -r "$crio" "$crio.d"/*

# ---- ordinary users ----

is "containerd is root's to configure" "$(item containerd advice as_user)" "as root: runlxc install --engine containerd"
printf '{ "runtimes": { "lxc": { "path": "%s" } } }\n' "$RUNLXC" >"$docker"
state_is "a user's Docker is the host's" Docker "$KNOWN" as_user
chmod 600 "$docker"
state_is "settings that a user cannot read" Docker "off: $docker: permission denied" as_user
is "Docker: who can" "$(item Docker advice as_user)" "as root: runlxc check"
mkdir -p "$TEST_HOME/.config"/{docker,containers/containers.conf.d}
echo '{}' >"$TEST_HOME/.config/docker/daemon.json"
printf '[engine]\nruntime = "%s"\n' "$RUNLXC" >"$TEST_HOME/.config/containers/containers.conf.d/lxc.conf"
chown -R "$TEST_UID" "$TEST_HOME/.config"
state_is "with a daemon of his own, his settings count" Docker "$NOT" as_user
state_is "his own settings" Podman "$DEFAULT" as_user
state_is "which are nobody else's" Podman "$NOT"
suite_end
