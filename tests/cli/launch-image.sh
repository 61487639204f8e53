#!/bin/bash
# lxc-launch's images: directories, @busybox, @host, oci:, docker-archive:, and a Debian made here.
. "$(dirname "$0")/../lib.sh"
suite_begin private

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }
store=/var/lib/runlxc
# Layers that containers write to: gone with them.
upper_is_empty() { is "$1: no throw-away layer is left" "$(ls -A "$store/upper" 2>/dev/null)" ""; }

# ---- directories ----

for name in plain 'with space' 'co:lon' 'dir:' 'oci:x' 'com,ma' 'quo"te' "it's" 'back\slash' 'é' ' lead' 'trail ' '#hash' '$x' 'a=b' '"q"'; do
    dir="$SCRATCH/dirs/$name"
    busybox_rootfs "$dir"
    echo "$name" >"$dir/name"
    is "a directory: $(printf %q "$name")" "$(run1 "$dir" cat /name && run1 "$dir" touch /written && ls "$dir/written")" "$name"$'\n'"$dir/written"
done
for name in $'ta\tb' $'new\nline' $'\x01' $'del\x7f'; do
    mkdir "$SCRATCH/dirs/$name"
    fails_with 125 'is a control character' "$LXC_LAUNCH" --rm "$SCRATCH/dirs/$name" true
done
cd "$SCRATCH/dirs" || exit 1
prints "a name without a slash" plain "$LXC_LAUNCH" --rm plain cat /name
prints "a relative path" "with space" "$LXC_LAUNCH" --rm "./with space" cat /name
ln -s plain link
prints "a link" plain "$LXC_LAUNCH" --rm link cat /name
prints "through .." plain "$LXC_LAUNCH" --rm plain/../plain/ cat /name
cd "$SCRATCH" || exit 1
fails_with 125 'no such directory; an image of a registry is written docker://debian' "$LXC_LAUNCH" --rm debian true
fails_with 125 'no such file or directory' "$LXC_LAUNCH" --rm ./debian true
fails_with 125 "$SCRATCH/dirs/plain/name is not a directory" "$LXC_LAUNCH" --rm dirs/plain/name true
fails_with 125 'use @host' "$LXC_LAUNCH" --rm / true
fails_with 125 'there is only @busybox and @host' "$LXC_LAUNCH" --rm @debian true
is "two containers of one directory share it" "$(run1 dirs/plain sh -c 'echo one >/shared'; run1 dirs/plain cat /shared)" one

# ---- @busybox and @host ----

prints "@busybox" "root /bin/busybox" "$LXC_LAUNCH" --rm @busybox sh -c 'echo $(whoami) $(readlink /proc/self/exe)'
prints "@busybox has all the links" 0 "$LXC_LAUNCH" --rm @busybox sh -c 'for t in $(busybox --list); do which $t >/dev/null || echo $t; done | wc -l'
is "what a container writes is not in the image" "$(run1 @busybox touch /etc/written /written; run1 @busybox ls /etc/written /written 2>&1 | wc -l)" 2
is "one image directory" "$(find "$store" -maxdepth 1 -name 'busybox-*' | wc -l)" 1
prints "@host is this system" "$(. /etc/os-release && echo "$ID $VERSION_ID")" "$LXC_LAUNCH" --rm @host sh -c '. /etc/os-release && echo $ID $VERSION_ID'
run1 @host sh -c 'echo x >/etc/runlxc-test && rm /etc/passwd /bin/sh'
ok "@host: what it writes is not here" test ! -e /etc/runlxc-test -a -e /bin/sh -a -e /etc/passwd
prints "@host: its own /etc/hosts" 1 "$LXC_LAUNCH" --rm --hostname athost @host sh -c 'grep -c "" /etc/hostname'
upper_is_empty "@busybox and @host"

# ---- oci: ----

layout=$SCRATCH/layout
busybox_rootfs "$SCRATCH/base"
echo 'app:x:1000:1001::/home/app:/bin/sh' >>"$SCRATCH/base/etc/passwd"
printf 'app:x:1001:\nextra:x:1002:app\n' >>"$SCRATCH/base/etc/group"
echo base >"$SCRATCH/base/from"
echo lower >"$SCRATCH/base/removed"
tar -C "$SCRATCH/base" -cf "$SCRATCH/base.tar" .
mkdir "$SCRATCH/second"
echo second >"$SCRATCH/second/from"
touch "$SCRATCH/second/.wh.removed"
install -d -o 1000 -g 1001 "$SCRATCH/second/srv"
tar -C "$SCRATCH/second" -cf "$SCRATCH/second.tar" ./from ./.wh.removed ./srv
umoci init --layout "$layout"
umoci new --image "$layout:app"
umoci raw add-layer --image "$layout:app" "$SCRATCH/base.tar"
umoci raw add-layer --image "$layout:app" "$SCRATCH/second.tar"
umoci config --image "$layout:app" --config.env 'FROM_IMAGE=a b=c' --config.env PATH=/bin --config.entrypoint /bin/sh --config.entrypoint -c \
    --config.cmd 'echo "$FROM_IMAGE $PATH $(id -un) $(pwd)"' --config.workingdir /srv --config.user app --config.stopsignal SIGUSR1
umoci tag --image "$layout:app" other
umoci config --image "$layout:other" --config.workingdir /new/dir --config.user '' --clear config.entrypoint --config.cmd pwd

prints "Env, Entrypoint, Cmd, WorkingDir, User" "a b=c /bin app /srv" "$LXC_LAUNCH" --rm "oci:$layout:app"
prints "a command instead of Cmd" "mine app" "$LXC_LAUNCH" --rm "oci:$layout:app" 'echo mine $(whoami)'
prints "options win" "mine nobody /tmp" "$LXC_LAUNCH" --rm -u nobody -w /tmp -e FROM_IMAGE=mine "oci:$layout:app" 'echo $FROM_IMAGE $(whoami) $(pwd)'
prints "--entrypoint drops Cmd" "" "$LXC_LAUNCH" --rm --entrypoint echo "oci:$layout:app"
prints "--entrypoint with arguments" "a b" "$LXC_LAUNCH" --rm --entrypoint echo "oci:$layout:app" a b
prints "the user's groups" "uid=1000(app) gid=1001(app) groups=1001(app),1002(extra)" "$LXC_LAUNCH" --rm --entrypoint id "oci:$layout:app"
prints "layers, one over the other" "second 1000:1001" "$LXC_LAUNCH" --rm "oci:$layout:app" 'echo $(cat /from) $(stat -c %u:%g /srv); ls /removed 2>/dev/null || true'
prints "another image of the layout; its WorkingDir is made" /new/dir "$LXC_LAUNCH" --rm "oci:$layout:other"
run "$LXC_LAUNCH" --dry-run "oci:$layout:app"
like "StopSignal" "$out" 'lxc.signal.halt = (SIG)?(USR1|10)'
fails_with 125 'no image "latest" is in it; there is' "$LXC_LAUNCH" --rm "oci:$layout" true
fails_with 125 'no image "none" is in it; there is' "$LXC_LAUNCH" --rm "oci:$layout:none" true
fails_with 125 'is not an OCI image layout' "$LXC_LAUNCH" --rm "oci:$SCRATCH/base" true
mv "$layout" "$SCRATCH/lay:out x"
prints "a layout with a colon in its path, the image unpacked before" "second" "$LXC_LAUNCH" --rm "oci:$SCRATCH/lay:out x:app" 'cat /from'
mv "$SCRATCH/lay:out x" "$layout"

# unpacked: what is in the store, and when it was made.
unpacked() { find "$store/images" -mindepth 1 -maxdepth 2 -printf '%p %i %C@\n' | sort; }
before=$(unpacked)
is "two images are unpacked" "$(wc -l <<<"$before")" 6
run1 "oci:$layout:app" 'echo changed >/from; rm -rf /bin; touch /srv/mine'
prints "a container of the image does not see what another one wrote" "second" "$LXC_LAUNCH" --rm "oci:$layout:app" 'cat /from; ls /srv'
is "a second start does not unpack again" "$(unpacked)" "$before"
# Both at once: each says what it wrote and waits for the other to have written.
for i in 1 2; do
    mkfifo "$SCRATCH/fifo$i"
    run1 -i "oci:$layout:app" "echo $i >/srv/who; echo written; read x; cat /srv/who; ls /srv" <"$SCRATCH/fifo$i" >"$SCRATCH/out$i" 2>&1 &
done
exec 8>"$SCRATCH/fifo1" 9>"$SCRATCH/fifo2"
wait_for 10 grep -q written "$SCRATCH/out1"
wait_for 10 grep -q written "$SCRATCH/out2"
exec 8>&- 9>&-
wait
is "two at once do not see each other's changes" "$(cat "$SCRATCH/out1" "$SCRATCH/out2" | tr '\n' ' ')" "written 1 who written 2 who "
is "the image is as it was" "$(unpacked)" "$before"
upper_is_empty "oci:"

# Two that start at once before the image is there: one unpacks, the other waits.
umoci tag --image "$layout:app" fresh
umoci config --image "$layout:fresh" --config.env FRESH=1
"$LXC_LAUNCH" --rm "oci:$layout:fresh" 'echo $FRESH' >"$SCRATCH/out1" 2>&1 &
"$LXC_LAUNCH" --rm "oci:$layout:fresh" 'echo $FRESH' >"$SCRATCH/out2" 2>&1 &
wait
is "two first starts at once" "$(cat "$SCRATCH/out1" "$SCRATCH/out2" | tr '\n' ' ')" "1 1 "
is "one more image" "$(unpacked | wc -l)" 9
is "nothing half unpacked" "$(find "$store" -name '*.partial')" ""

# ---- docker-archive: ----

skopeo copy -q "oci:$layout:app" "docker-archive:$SCRATCH/image.tar:example/app:v1"
prints "docker-archive:" "a b=c /bin app /srv" "$LXC_LAUNCH" --rm "docker-archive:$SCRATCH/image.tar"
before=$(unpacked)
prints "again" "second" "$LXC_LAUNCH" --rm "docker-archive:$SCRATCH/image.tar" 'cat /from'
is "a second start does not unpack again" "$(unpacked)" "$before"
cp "$SCRATCH/image.tar" "$SCRATCH/im age:x.tar"
prints "a file name with a blank and a colon" "second" "$LXC_LAUNCH" --rm "docker-archive:$SCRATCH/im age:x.tar" 'cat /from'
fails_with 125 'no such file or directory' "$LXC_LAUNCH" --rm "docker-archive:$SCRATCH/none.tar" true
run "$LXC_LAUNCH" --rm "docker-archive:$SCRATCH/base.tar" true
like "a tar file that is no image" "$status $err" '^125 lxc-launch: image docker-archive:.*skopeo'
run env PATH=/nowhere "$LXC_LAUNCH" --rm "docker-archive:$SCRATCH/second.tar" true
like "without skopeo" "$status $err" '^125 lxc-launch: .*skopeo'
upper_is_empty "docker-archive:"

# ---- a Debian ----

debian=$SCRATCH/debian
# shellcheck disable=SC2016
if LIMIT=300 bounded mmdebstrap --quiet --variant=minbase --include=python3-minimal --customize-hook='echo app:x:1000:1000::/srv:/bin/sh >>"$1/etc/passwd"' \
    --customize-hook='printf "app:x:1000:\ndata:x:2000:app\n" >>"$1/etc/group"' bookworm "$SCRATCH/debian.tar" >"$SCRATCH/mmdebstrap" 2>&1; then
    pass "mmdebstrap makes a Debian"
else
    fail "mmdebstrap makes a Debian"
    diag "$(tail -n 20 "$SCRATCH/mmdebstrap")"
fi
umoci init --layout "$debian"
umoci new --image "$debian:latest"
umoci raw add-layer --image "$debian:latest" "$SCRATCH/debian.tar"
rm "$SCRATCH/debian.tar"
umoci config --image "$debian:latest" --config.cmd /bin/bash --config.user app
LIMIT=120
run "$LXC_LAUNCH" --rm "oci:$debian" apt-get --version
like "apt-get --version as the image's user" "$status $out" '^0 apt 2\.'
python='import os, sys; print(sys.version_info.major, os.getuid(), os.getgid(), sorted(os.getgroups()), os.environ["HOME"], sum(range(10**6)))'
prints "python3 as a user with two groups" "3 1000 1000 [1000, 2000] /srv 499999500000" "$LXC_LAUNCH" --rm "oci:$debian:latest" python3 -c "$python"
prints "and with one more" "3 1000 1000 [50, 1000, 2000] /srv 499999500000" "$LXC_LAUNCH" --rm --group-add staff "oci:$debian" python3 -c "$python"
prints "dpkg as root" "install ok installed" "$LXC_LAUNCH" --rm -u root "oci:$debian" sh -c \
    'dpkg --remove --force-all python3-minimal >/dev/null 2>&1; dpkg-query -W -f "\${Status}" bash'
prints "the next one has it again" "install ok installed" "$LXC_LAUNCH" --rm "oci:$debian" dpkg-query -W -f "\${Status}" python3-minimal
is "bash on a terminal" "$(run1 -t "oci:$debian" bash -ic 'echo $BASH_VERSINFO; exit 3' </dev/null | tr -d '\r' | grep -v exit; echo "${PIPESTATUS[0]}")" $'5\n3'
prints "--read-only" "refused" "$LXC_LAUNCH" --rm -u root --read-only "oci:$debian" sh -c 'touch /x 2>/dev/null || echo refused'
upper_is_empty "a Debian"

is "nothing else is in the store" "$(cd "$store" && echo * | sed -E 's/busybox-[^ ]*/busybox/')" "busybox images refs seccomp upper"
suite_end
