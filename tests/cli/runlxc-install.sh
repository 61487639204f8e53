#!/bin/bash
# runlxc install: what it prints and answers, where it writes and how; with the texts themselves the unit tests are busy, with the
# engines tests/engines/install.sh.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin
umask 022

program=$SCRATCH/bin/runlxc
mkdir "$SCRATCH/bin" "$SCRATCH/etc"
cp /bin/true "$program"
cd "$SCRATCH/etc" || exit 1

# inst ENGINE OPTION...
inst() {
    bounded "$RUNLXC" install --engine "$@"
}

# to FILE ENGINE OPTION...: the program is what is given by --path.
to() {
    inst "$2" --config "$1" --path "$program" "${@:3}"
}

# ---- what is asked for ----

fails_with 1 '--engine is missing: docker, containerd, podman or crio' "$RUNLXC" install
fails_with 1 '--engine: "rkt" is not one of docker, containerd, podman and crio' inst rkt
fails_with 1 '"x" is one argument too many' inst docker x
fails_with 1 'unknown option "--removed"; did you mean "--remove"?' inst docker --removed
for name in '' -x 'a b' a/b 'a"' "$(printf 'a%.0s' {1..64})" $'a\n'; do
    fails_with 1 'is not 1 to 63 letters, digits and characters of "-_.", a letter or digit first' inst docker --name "$name"
done
fails_with 1 '--name: "runc" is another runtime'"'s" inst docker --name runc
fails_with 1 '--path: "bin/runlxc" is not absolute' inst docker --path bin/runlxc
fails_with 1 '/nowhere: no such file or directory' inst docker --path /nowhere
fails_with 1 "$SCRATCH/etc: is not an executable file" inst docker --path "$SCRATCH/etc"
fails_with 1 '--path: control character 10 in the path' inst docker --path $'/a\nb'
chmod 757 "$program"
fails_with 1 'mode 0757: others than you could change it' to x.json docker
chmod 755 "$program"
is "none of these has made anything" "$(ls -A)" ""

# ---- a file of its own ----

want="$PWD/daemon.json: added the runtime \"runlxc\", $program
For docker to see it:  systemctl reload docker"
prints "docker: without a file there, one is made" "$want" to daemon.json docker
is "it is for all to read" "$(stat -c %a daemon.json)" 644
is "it is JSON" "$(jq -c . daemon.json)" "{\"runtimes\":{\"runlxc\":{\"path\":\"$program\"}}}"
before=$(stat -c '%i %Y %Z' daemon.json)
prints "a second time" "$PWD/daemon.json: the runtime \"runlxc\" is in place already" to daemon.json docker
is "the file is not written then" "$(stat -c '%i %Y %Z' daemon.json)" "$before"
prints "the default is added" "$PWD/daemon.json: changed the runtime \"runlxc\"
  the default runtime is \"runlxc\" now, and was the engine's own
For docker to see it:  systemctl reload docker" to daemon.json docker --default
prints "removed" "$PWD/daemon.json: removed, there was nothing in it but the runtime \"runlxc\"
  the default runtime is the engine's own again
For docker to see it:  systemctl restart docker" to daemon.json docker --remove
prints "removed again" "$PWD/daemon.json: the runtime \"runlxc\" is not there" to daemon.json docker --remove
is "the file is gone" "$(ls -A)" ""

# ---- every engine, byte for byte ----

cat >docker.conf <<'END'
{
    "debug": true,
    "default-runtime": "crun",
    "runtimes": {"crun": {"path": "/usr/bin/crun"}}
}
END
cat >containerd.conf <<'END'
version = 2
# what the node's own script has put here
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc" # as ever
END
printf '[engine]\nruntime = "crun" # fast' >podman.conf
cp podman.conf crio.conf
sed -i 's/engine/crio.runtime/; s/runtime =/default_runtime =/' crio.conf
for engine in docker containerd podman crio; do
    file=$engine.conf
    cp "$file" before
    run to "$file" "$engine" --default --dry-run
    is "$engine: a dry run changes nothing" "$(sha256sum <"$file")" "$(sha256sum <before)"
    printf '%s\n' "$out" >change
    cp before patched
    ok "$engine: what it prints is a patch" patch --quiet patched change
    ok "$engine: install --default" to "$file" "$engine" --default
    is "$engine: the patch is what was done" "$(cat "$file" && echo x)" "$(cat patched && echo x)"
    run to "$file" "$engine" --default
    is "$engine: a second time" "$status $out" "0 $PWD/$file: the runtime \"runlxc\" is in place already"
    run to "$file" "$engine" --default --dry-run
    like "$engine: a dry run of nothing" "$status $out" '^0 .*is in place already$'
    run to "$file" "$engine" --remove
    like "$engine: --remove" "$status $out" "^0 .*the default runtime is \"(crun|runc)\" again"
    ok "$engine: it is byte for byte what it was" cmp "$file" before
    run to none.conf "$engine" --dry-run
    like "$engine: a dry run of a new file" "$out" "^--- /dev/null"$'\n'"\\+\\+\\+ $PWD/none.conf"$'\n'"@@ -0,0 \\+1,"
    is "$engine: makes none" "$(ls none.conf 2>&1)" "ls: cannot access 'none.conf': No such file or directory"
    ok "$engine: a new file" to none.conf "$engine" --default
    ok "$engine: and none" to none.conf "$engine" --remove
    is "$engine: none is left" "$(ls none.conf 2>&1)" "ls: cannot access 'none.conf': No such file or directory"
done

# ---- the files that come with it ----

# What is not a comment, with the program's path as it stands there.
says() {
    sed -e '/^#/d' -e '/^$/d' -e "s,$program,/usr/local/bin/runlxc," "$1"
}
for pair in docker:docker-daemon.json containerd:containerd-config.toml podman:podman-runlxc.conf crio:crio-runlxc.conf; do
    to made "${pair%%:*}" >/dev/null
    is "configs/engines/${pair#*:} says what install does" "$(says "$TOP/configs/engines/${pair#*:}")" "$(says made)"
    rm -f made
done
echo 'version = 3' >made
to made containerd >/dev/null
is "configs/engines/containerd-config-v3.toml says what install does" \
    "$(says "$TOP/configs/engines/containerd-config-v3.toml")" "$(says made)"
rm made
is "the handler of the RuntimeClass is the runtime's name" \
    "$(python3 -c 'import sys, yaml; print([d["kind"] + " " + d["handler"] for d in yaml.safe_load_all(open(sys.argv[1]))])' \
        "$TOP/configs/engines/kubernetes-runtimeclass.yaml" 2>/dev/null ||
        sed -n 's/^kind: \(.*\)/\1/p; s/^handler: \(.*\)/\1/p' "$TOP/configs/engines/kubernetes-runtimeclass.yaml" |
        paste -sd ' ' | sed "s/.*/['&']/")" "['RuntimeClass runlxc']"

# ---- what cannot be parsed ----

# untouched NAME TEXT ERROR ENGINE OPTION...
untouched() {
    printf '%s' "$2" >"$1"
    fails_with 1 "$PWD/$1:$3" to "$1" "${@:4}"
    is "$1 is left as it was" "$(cat "$1")" "$2"
    rm "$1"
}
untouched a.json '{"a": 1' ' line 1, column 7: ' docker
untouched a.json '{"a": 1,}' ' line 1, column 9: ' docker --remove
untouched a.json '[]' '1: the document is not an object' docker --dry-run
untouched a.toml $'a = 1\nb = yes' '2: "yes" is no value' containerd
untouched a.toml '[engine' "1: expected ']'" podman --remove
untouched a.toml 'version = 9' '1: version 9 of the configuration is not 1, 2 or 3' containerd
untouched a.toml $'[engine]\n[engine]' '2: "engine" is a table already, by line 1' podman
head -c 300000 /dev/zero | tr '\0' ' ' >big
fails_with 1 "read $PWD/big: file too large" to big docker
rm big

# ---- whose the file is ----

echo '{}' >own
chown 65534:1234 own
fails_with 1 "$PWD/own: belongs to user 65534" to own docker
chown 0:1234 own
chmod 640 own
python3 -c 'import os; os.setxattr("own", "user.mark", b"kept")'
inode=$(stat -c %i own)
ok "a file of root's" to own docker
is "owner, group and mode stay" "$(stat -c '%u %g %a' own)" "0 1234 640"
is "extended attributes stay" "$(python3 -c 'import os; print(os.getxattr("own", "user.mark").decode())')" kept
isnt "it was replaced, not written into" "$(stat -c %i own)" "$inode"
is "nothing is left beside it" "$(find . -name '.*' -type f)" ""
chmod 662 own
fails_with 1 "$PWD/own: mode 0662 lets others change it" to own docker --remove
rm own

mkdir -p hostile real/deep
echo '{}' >real/file
chmod 777 hostile
fails_with 1 "$PWD/hostile: mode 0777 lets others change it" to hostile/file docker
is "nothing was made there" "$(ls -A hostile)" ""
chmod 1777 hostile
ok "a sticky directory" to hostile/file docker
chown 65534 hostile/file
fails_with 1 "$PWD/hostile/file: belongs to user 65534" to hostile/file docker --remove
rm -f hostile/file
ln -s ../real/file hostile/link
chown -h 65534 hostile/link
fails_with 1 "$PWD/hostile/link: belongs to user 65534" to hostile/link docker
is "what it points to is untouched" "$(cat real/file)" "{}"
chown 65534 real/deep
fails_with 1 "$PWD/real/deep: belongs to user 65534" to real/deep/../file docker

ln -s real way
ln -s "$PWD/way/file" link
run to link docker
is "of a link it is the target that is named" "${out%%:*}" "$PWD/real/file"
is "and changed" "$(jq -r '.runtimes | keys[]' real/file)" runlxc
is "the link stays" "$(readlink link)" "$PWD/way/file"
ok "back through the link" to link docker --remove
is "the target is what it was" "$(cat real/file)" "{}"
ln -s loop loop
fails_with 1 "$PWD/loop: too many levels of symbolic links" to loop docker
ln real/file real/second
fails_with 1 "$PWD/real/file: has 2 names (hard links), and would be left with one" to real/file docker
mkfifo fifo
fails_with 1 "$PWD/fifo: is not a regular file" to fifo docker
fails_with 1 "real: is a directory" to real docker
fails_with 1 "$PWD/real/second: not a directory" to real/second/x docker
ln -s real/new dangling
ok "a link to what is not there yet" to dangling docker
ok "makes it" test -f real/new
ok "directories that are missing" to "$PWD/more/and/more/file" docker
is "are made for all to read" "$(stat -c %a more more/and/more | paste -sd ' ')" "755 755"
ok "and the file in them goes again" to more/and/more/file docker --remove

# Two at once: the second one is told.
exec 9<real
flock 9
fails_with 1 "$PWD/real/new: another process is changing it" to real/new docker
exec 9<&-

# ---- where files are ----

export XDG_CONFIG_HOME=/ignored
for pair in docker:/etc/docker/daemon.json containerd:/etc/containerd/config.toml \
    podman:/etc/containers/containers.conf.d/runlxc.conf crio:/etc/crio/crio.conf.d/runlxc.conf; do
    run inst "${pair%%:*}" --path "$program" --dry-run
    like "${pair%%:*}: ${pair#*:}" "$out" $'\n'"\\+\\+\\+ ${pair#*:}"$'\n'
done
run inst podman --path "$program" --name other --dry-run
like "a file for each name" "$out" '/etc/containers/containers.conf.d/other.conf'
unset XDG_CONFIG_HOME
if [ -x /usr/local/bin/runlxc ]; then
    run inst docker --config x --dry-run
    like "the program is where it is installed" "$out" '"/usr/local/bin/runlxc"'
else
    fails_with 1 '(where `make install` puts this program; --path names another)' inst docker --config x
fi

# An ordinary user's: no user namespace, no container directory of his.
mkdir -m 755 home && chown 65534:65534 home
# shellcheck disable=SC2317 # called by ok
as_user() {
    bounded setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_CONFIG_HOME -u XDG_RUNTIME_DIR HOME="$PWD/home" \
        "$RUNLXC" install --path "$program" "$@"
}
chmod 755 "$SCRATCH" "$SCRATCH/etc"
ok "a user's Podman" as_user --engine podman
is "below his home" "$(cd home && find . -type f)" ./.config/containers/containers.conf.d/runlxc.conf
run as_user --engine docker
is "a user's Docker" "$status ${out#*$'\n'}" "0 For docker to see it:  systemctl --user restart docker"
fails_with 1 'containerd: only root may configure it; --config names another file' as_user --engine containerd
fails_with 1 "make a file beside $PWD/real/x: permission denied" as_user --engine podman --config "$PWD/real/x"
ok "he removes his own" as_user --engine podman --remove
is "and it is gone" "$(cd home && find . -name '*.conf')" ""

# A warning goes where warnings go, and the edit is made.
printf 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n' >imports.toml
run to imports.toml containerd
like "imports are warned of" "$err" 'imports.toml:2: if a file that is imported has a section'
is "but it is done" "$status" 0
suite_end
