#!/bin/bash
# lxc-launch: -v, --mount, --tmpfs: sources, destinations in roots that may be hostile, propagation, and what is left of them.
. "$(dirname "$0")/../lib.sh"
suite_begin private

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }

fs=$SCRATCH/fs
src=$SCRATCH/src
busybox_rootfs "$fs"
mkdir -p "$src/dir/sub"
echo file >"$src/file"
echo inner >"$src/dir/inner"
chmod 640 "$src/file"

# ---- -v ----

prints "-v of a directory" inner "$LXC_LAUNCH" --rm -v "$src/dir:/mnt" @busybox cat /mnt/inner
prints "-v of a file" "file 640" "$LXC_LAUNCH" --rm -v "$src/file:/mnt/file" @busybox sh -c 'echo $(cat /mnt/file; stat -c %a /mnt/file)'
run1 -v "$src/dir:/mnt" @busybox sh -c 'echo new >/mnt/new'
is "what is written is here" "$(cat "$src/dir/new")" new
run1 -v "$src/dir:/mnt:rw" @busybox rm /mnt/new
ok ":rw" test ! -e "$src/dir/new"
prints ":ro" "refused refused" "$LXC_LAUNCH" --rm -v "$src/dir:/mnt:ro" -v "$src/file:/etc/conf:ro" @busybox \
    sh -c '{ touch /mnt/x || echo refused; echo x >/etc/conf || echo refused; } 2>/dev/null | tr "\n" " " | sed "s/ $//"'
prints ":ro cannot be taken back" refused "$LXC_LAUNCH" --rm -v "$src/dir:/mnt:ro" @busybox \
    sh -c 'mount -o remount,rw,bind /mnt 2>/dev/null || echo refused'
run1 -v "$SCRATCH/made/here:/mnt" @busybox touch /mnt/x
is "a source that is missing is made" "$(stat -c '%F %a %u:%g' "$SCRATCH/made/here")" "directory 755 0:0"
prints "a relative source" inner sh -c "cd '$src' && '$LXC_LAUNCH' --rm -v ./dir:/mnt @busybox cat /mnt/inner"
prints "a source through a link" inner sh -c "ln -s dir '$src/link' && '$LXC_LAUNCH' --rm -v '$src/link:/mnt' @busybox cat /mnt/inner"
fails_with 125 '"/mnt" is a duplicate mount point' "$LXC_LAUNCH" --rm -v "$src/dir:/mnt" -v "$src:/mnt" @busybox cat /mnt/file
prints "one within another" "file inner" "$LXC_LAUNCH" --rm -v "$src:/mnt" -v "$src/dir:/mnt/dir/sub" @busybox \
    sh -c 'echo $(cat /mnt/file /mnt/dir/sub/inner)'
prints "over a file of the image" file "$LXC_LAUNCH" --rm -v "$src/file:/etc/passwd" @busybox cat /etc/passwd
prints "over /etc/hosts, which we would make" file "$LXC_LAUNCH" --rm -v "$src/file:/etc/hosts" @busybox cat /etc/hosts
prints "a device" 0 "$LXC_LAUNCH" --rm -v /dev/null:/mnt/null @busybox sh -c 'echo x >/mnt/null; wc -c </mnt/null'
(cd "$src" && socat UNIX-LISTEN:sock,fork /dev/null) &
socat=$!
wait_for 5 test -S "$src/sock"
prints "a socket" socket "$LXC_LAUNCH" --rm -v "$src/sock:/run/sock" @busybox stat -c %F /run/sock
kill "$socat"
rm -f "$src/sock"
twenty=()
for ((i = 0; i < 20; i++)); do twenty+=(-v "$src/dir:/v/$i"); done
prints "twenty of them" 20 "$LXC_LAUNCH" --rm "${twenty[@]}" @busybox sh -c 'ls /v/*/inner | wc -l'

# ---- odd names ----

odd=('sp ace' $'ta\tb' $'new\nline' '#hash' 'back\slash' "quo'te" 'quo"te' 'com,ma' '\040' 'é中😀' '$(x)`y`' '%s' 'a=b' '*' ' ' '-v' 'trail '
    $'\x01control' $'\xff\xfe')
for name in "${odd[@]}"; do
    mkdir -p "$src/odd/$name"
    printf '%s' "$name" >"$src/odd/$name/name"
    # shellcheck disable=SC2016
    is "-v $(printf %q "$name")" "$(run1 -v "$src/odd/$name:/odd/$name" @busybox sh -c 'cat "$0/name"; pwd' "/odd/$name")" "$name/"
    is "-v $(printf %q "$name") for a directory, a file" \
        "$(run1 -v "$src/odd/$name/name:/odd/$name.file:ro" "$fs" sh -c 'cat "$0.file"; pwd' "/odd/$name")" "$name/"
done
mkdir -p "$src/co:lon"
echo colon >"$src/co:lon/name"
fails_with 125 "too many ':'" "$LXC_LAUNCH" --rm -v "$src/co:lon:/co:lon" @busybox true
prints "--mount takes a colon" colon "$LXC_LAUNCH" --rm --mount "type=bind,src=$src/co:lon,dst=/co:lon" @busybox cat /co:lon/name
fails_with 125 'carriage return' "$LXC_LAUNCH" --rm -v "$src/dir:/a"$'\r' @busybox true
deep=$(printf '/%0200d' {1..9})
prints "a long destination" inner "$LXC_LAUNCH" --rm -v "$src/dir:$deep" @busybox cat "$deep/inner"
run "$LXC_LAUNCH" --rm -v "$src/dir:$deep$deep$deep" @busybox true
like "one that is longer than LXC takes" "$status $err" '^125 lxc-launch: [^'$'\n'']*$'
fails_with 125 'file name too long' "$LXC_LAUNCH" --rm -v "$src/dir:/$(head -c 256 /dev/zero | tr '\0' x)" @busybox true

# ---- destinations ----

ln -s etc "$fs/rel"
ln -s /etc "$fs/abs"
ln -s ../../../../../.. "$fs/up"
ln -s "../../../../../../$SCRATCH" "$fs/out"
ln -s "$SCRATCH" "$fs/host"
ln -s /not/there "$fs/dangling"
ln -s loop "$fs/loop"
ln -s dangling "$fs/chain"
ln -s /proc/1/root "$fs/magic"
rm -rf "$fs/var/run"
ln -s /run "$fs/var/run"
# where DST: the mount point inside, of a directory and of a file.
where() {
    run1 -v "$src/dir:$1" "$fs" awk '$4 ~ "/src/dir$" { print $5 }' /proc/self/mountinfo 2>&1
    run1 -v "$src/file:$1" "$fs" awk '$4 ~ "/src/file$" { print $5 }' /proc/self/mountinfo 2>&1
}
# goes DST PLACE: there, for both.
goes() {
    is "-v to $1" "$(where "$1")" "$2"$'\n'"$2"
}
goes /new/a/b /new/a/b
goes /rel/x /etc/x
goes /abs/x /etc/x
goes /up/x /x
goes /up/../../x /x
goes "/host/x" "$SCRATCH/x"
goes "/out/x" "$SCRATCH/x"
goes /dangling /not/there
goes /dangling/x /not/there/x
goes /chain/x /not/there/x
goes /var/run/x /run/x
goes /a/../b /b
goes //a/.//b/ /a/b
goes /dev/x /dev/x
goes /dev/sub/x /dev/sub/x
goes /dev/shm/x /dev/shm/x
goes /tmp/../../../etc/x /etc/x
ok "nothing of that is here" test ! -e "$SCRATCH/x"
ok "nor here" test ! -e /not/there
for dst in /loop /loop/x; do
    fails_with 125 'too many levels of symbolic links' "$LXC_LAUNCH" --rm -v "$src/dir:$dst" "$fs" true
done
for dst in /magic/x /proc/1/root/x /proc/self/cwd/x /proc/x /sys/x; do
    run "$LXC_LAUNCH" --rm -v "$src/dir:$dst" "$fs" true
    like "-v to $dst" "$status $err" "^125 lxc-launch: mount destination $dst: [^"$'\n'"]*$"
done
fails_with 125 'is a directory, but what is to be mounted there is none' "$LXC_LAUNCH" --rm -v "$src/file:/etc" "$fs" true
fails_with 125 'is no directory, but what is to be mounted there is one' "$LXC_LAUNCH" --rm -v "$src/dir:/etc/passwd" "$fs" true
fails_with 125 'not a directory' "$LXC_LAUNCH" --rm -v "$src/dir:/etc/passwd/x" "$fs" true
fails_with 125 'the destination cannot be "/"' "$LXC_LAUNCH" --rm -v "$src/dir:/" "$fs" true
fails_with 125 'root' "$LXC_LAUNCH" --rm -v "$src/dir:/up" "$fs" true
# A link in an earlier volume leads where the container will see it lead, not where it leads here.
ln -s /etc "$src/dir/to-etc"
ln -s "$SCRATCH/elsewhere" "$src/dir/to-here"
prints "a destination through a link in an earlier volume" "/etc/x" "$LXC_LAUNCH" --rm -v "$src/dir:/mnt" -v "$src/file:/mnt/to-etc/x" "$fs" \
    awk '$4 ~ "/src/file$" { print $5 }' /proc/self/mountinfo
prints "and one to a place of ours" "$SCRATCH/elsewhere" "$LXC_LAUNCH" --rm -v "$src/dir:/mnt" -v "$src/file:/mnt/to-here" "$fs" \
    awk '$4 ~ "/src/file$" { print $5 }' /proc/self/mountinfo
ok "which is not made" test ! -e "$SCRATCH/elsewhere"
rm "$src/dir/to-etc" "$src/dir/to-here"

# /dev, /proc and /.dockerenv are mounted over links of the image as well.
for name in dev proc sys .dockerenv; do
    trap_fs=$SCRATCH/trap-$name
    busybox_rootfs "$trap_fs"
    rm -rf "${trap_fs:?}/$name"
    mkdir -p "$SCRATCH/bait"
    ln -s "../../../../../../$SCRATCH/bait" "$trap_fs/$name"
    run "$LXC_LAUNCH" --rm "$trap_fs" true
    like "/$name is a link out of the root: an error of ours or a start" "$status" '^(0|125)$'
    is "/$name is a link out of the root: nothing is mounted or made here" "$(ls -A "$SCRATCH/bait")" ""
done

# ---- mount points in a directory ----

before=$(cd "$fs" && find . -printf '%p %y %m\n' | sort)
run1 -v "$src/dir:/x/y/z" -v "$src/file:/x/file" --tmpfs /t/u --device /dev/null:/dev/n -w /w/o/r/k "$fs" true
is "mount points that were made are gone" "$(cd "$fs" && find . -printf '%p %y %m\n' | sort | diff - <(echo "$before") |
    grep -v '^[0-9]' | sed 's/ [df] [0-9]*$//' | tr '\n' ' ')" "< ./w < ./w/o < ./w/o/r < ./w/o/r/k "
rm -rf "$fs/w"
run1 -v "$src/dir:/x/y/z" "$fs" touch /x/mine
is "those with something in them stay" "$(cd "$fs" && find x | sort | tr '\n' ' ')" "x x/mine "
rm -rf "$fs/x"
fails_with 125 'no such file' "$LXC_LAUNCH" --rm -v "$src/dir:/x/y" --mount "type=bind,src=$src/none,dst=/z" "$fs" true
is "also of a start that failed" "$(cd "$fs" && find . -printf '%p %y %m\n' | sort | diff - <(echo "$before"))" ""

# ---- --mount ----

prints "--mount type=bind" inner "$LXC_LAUNCH" --rm --mount "type=bind,source=$src/dir,target=/mnt" @busybox cat /mnt/inner
prints "--mount readonly" refused "$LXC_LAUNCH" --rm --mount "type=bind,src=$src/dir,dst=/mnt,readonly" @busybox \
    sh -c 'touch /mnt/x 2>/dev/null || echo refused'
prints "--mount readonly=false" ok "$LXC_LAUNCH" --rm --mount "type=bind,src=$src/dir,dst=/mnt,readonly=false" @busybox \
    sh -c 'touch /mnt/x && rm /mnt/x && echo ok'
fails_with 125 "source $SCRATCH/none: no such file or directory" "$LXC_LAUNCH" --rm --mount "type=bind,src=$SCRATCH/none,dst=/mnt" @busybox true
like "--mount type=tmpfs" "$(run1 --mount type=tmpfs,dst=/new/t,tmpfs-size=2m,tmpfs-mode=0711 @busybox \
    awk '$5 == "/new/t" { print $6, $9, $NF }' /proc/self/mountinfo)" 'rw,nosuid,nodev,noexec,relatime.* tmpfs .*size=2048k,mode=711'
like "--tmpfs" "$(run1 --tmpfs /run:size=1m,mode=700,exec @busybox awk '$5 == "/run" { print $6, $NF }' /proc/self/mountinfo)" \
    '^rw,nosuid,nodev,relatime rw,size=1024k,mode=700'
prints "--tmpfs without options" 1777 "$LXC_LAUNCH" --rm --tmpfs /t @busybox stat -c %a /t
prints "--tmpfs ro" refused "$LXC_LAUNCH" --rm --tmpfs /t:ro @busybox sh -c 'touch /t/x 2>/dev/null || echo refused'
prints "--tmpfs holds its size" full "$LXC_LAUNCH" --rm --tmpfs /t:size=64k @busybox \
    sh -c 'head -c 100000 /dev/zero >/t/x 2>/dev/null || echo full'
prints "--tmpfs and a volume in it" inner "$LXC_LAUNCH" --rm --tmpfs /t -v "$src/dir:/t/a/b" @busybox cat /t/a/b/inner

# ---- recursion ----

mkdir "$SCRATCH/tree"
mount -t tmpfs outer "$SCRATCH/tree"
mkdir "$SCRATCH/tree/sub"
mount -t tmpfs inner "$SCRATCH/tree/sub"
touch "$SCRATCH/tree/sub/in"
# What is mounted at and below /mnt: place and read-only or not.
# shellcheck disable=SC2016
show='$5 ~ "^/mnt" { printf "%s%s %s", sep, $5, substr($6, 1, 2); sep = ", " }'
prints "-v takes the mounts below" "/mnt rw, /mnt/sub rw" "$LXC_LAUNCH" --rm -v "$SCRATCH/tree:/mnt" @busybox awk "$show" /proc/self/mountinfo
prints "bind-nonrecursive" "/mnt rw" "$LXC_LAUNCH" --rm --mount "type=bind,src=$SCRATCH/tree,dst=/mnt,bind-nonrecursive" @busybox \
    awk "$show" /proc/self/mountinfo
prints "bind-recursive=disabled" "/mnt ro" "$LXC_LAUNCH" --rm --mount "type=bind,src=$SCRATCH/tree,dst=/mnt,ro,bind-recursive=disabled" \
    @busybox awk "$show" /proc/self/mountinfo
prints "bind-recursive=writable" "/mnt ro, /mnt/sub rw" "$LXC_LAUNCH" --rm \
    --mount "type=bind,src=$SCRATCH/tree,dst=/mnt,ro,bind-recursive=writable" @busybox awk "$show" /proc/self/mountinfo
prints "bind-recursive=readonly" "/mnt ro, /mnt/sub ro" "$LXC_LAUNCH" --rm \
    --mount "type=bind,src=$SCRATCH/tree,dst=/mnt,ro,bind-recursive=readonly" @busybox awk "$show" /proc/self/mountinfo
umount -R "$SCRATCH/tree"

# ---- propagation ----

mount -t tmpfs shared "$SCRATCH/tree"
mount --make-shared "$SCRATCH/tree"
mkdir "$SCRATCH/tree/late" "$SCRATCH/tree/back"
touch "$SCRATCH/tree/late/before"
# propagates OPTIONS: whether a mount made here arrives there, and one made there arrives here: "down up", "- up" ...
propagates() {
    local options=$1 down=- up=-

    # shellcheck disable=SC2016
    "$LXC_LAUNCH" --rm --cap-add SYS_ADMIN --security-opt seccomp=unconfined -i -v "$SCRATCH/tree:/mnt$options" @busybox sh -c '
        mount -t tmpfs there /mnt/back; echo ready; read x; ls /mnt/late; echo end' <"$SCRATCH/fifo" >"$SCRATCH/seen" 2>&1 &
    exec 8>"$SCRATCH/fifo"
    wait_for 30 grep -q ready "$SCRATCH/seen"
    if mountpoint -q "$SCRATCH/tree/back"; then up=up; fi
    mount -t tmpfs here "$SCRATCH/tree/late"
    echo >&8
    wait $!
    exec 8>&-
    if ! grep -q before "$SCRATCH/seen" && grep -q end "$SCRATCH/seen"; then down=down; fi
    umount "$SCRATCH/tree/late"
    umount "$SCRATCH/tree/back" 2>/dev/null
    echo "$down $up"
}
mkfifo "$SCRATCH/fifo"
is "without an option, as :rprivate" "$(propagates '')" "- -"
is ":private" "$(propagates :private)" "- -"
is ":rprivate" "$(propagates :rprivate)" "- -"
is ":slave" "$(propagates :slave)" "down -"
is ":rslave" "$(propagates :rslave)" "down -"
is ":shared" "$(propagates :shared)" "down up"
is ":rshared" "$(propagates :rshared)" "down up"
umount -R "$SCRATCH/tree"
is "nothing that the container mounted stays here" "$(grep -c "$SCRATCH/tree" /proc/self/mountinfo)" 0

suite_end
