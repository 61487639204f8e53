#!/bin/bash
# Mount propagation between the host and a container, with a shared and with a private /: what arrives where, what is left, compared
# with runc on an equivalent bundle.
# shellcheck disable=SC2317 # functions are called through others
. "$(dirname "$0")/../lib.sh"
suite_begin private

tree=$SCRATCH/tree
data=$SCRATCH/data
fs=$SCRATCH/bundle/rootfs
mkdir "$tree" "$data"
touch "$data/file"
busybox_rootfs "$fs"
mkfifo "$SCRATCH/fifo"

# A shared mount with a shared one and a private one in it, and places for what is mounted later.
tree_make() {
    mount -t tmpfs tree "$tree"
    mount --make-shared "$tree"
    mkdir "$tree"/{inner,lone,late,back,dir}
    touch "$tree/late/before"
    mount -t tmpfs inner "$tree/inner"
    mount -t tmpfs lone "$tree/lone"
    mount --make-private "$tree/lone"
}

# What is mounted in the tree and does not belong there.
tree_extra() {
    awk -v at="$tree/" 'index($5, at) == 1 { sub(at, "", $5); if ($5 != "inner" && $5 != "lone") print $5 }' /proc/self/mountinfo |
        sort | tr '\n' ' ' | sed 's/ $//'
}

tree_remove() {
    umount -R "$tree"
}

# ours PROPAGATION CMD: the container of this suite's bundle, by us and by runc.
ours() {
    "$LXC_LAUNCH" --rm -i --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$tree:/mnt:$1" "${more[@]}" "$fs" sh -c "$2"
}

# As engines ask for it: a shared or slave mount comes with a root that is tied to the host's.
theirs() {
    local root=''

    case $1 in *shared*) root=shared ;; *slave*) root=rslave ;; esac
    runc spec -b "$SCRATCH/bundle"
    jq --arg tree "$tree" --arg options "rbind,$1" --arg root "$root" --arg cmd "$2" --argjson more "$mounts" '
        .process.terminal = false | .process.args = ["sh", "-c", $cmd] | .root.readonly = false | del(.linux.seccomp) |
        (.process.capabilities[] |= . + ["CAP_SYS_ADMIN"]) |
        .mounts += [{destination: "/mnt", type: "bind", source: $tree, options: ($options | split(","))}] + $more |
        if $root != "" then .linux.rootfsPropagation = $root else . end' \
        "$SCRATCH/bundle/config.json" >"$SCRATCH/config.json"
    mv "$SCRATCH/config.json" "$SCRATCH/bundle/config.json"
    runc --root "$SCRATCH/runc" run -b "$SCRATCH/bundle" "runlxc-test-$$"
    rm "$SCRATCH/bundle/config.json"
}

# shellcheck disable=SC2016
script='mount -t tmpfs there /mnt/back
tags() { awk -v at="$1" "\$5 == at { t = \"-\"; for (i = 7; \$i != \"-\"; i++) { sub(\":.*\", \"\", \$i); t = t \$i } print t }" /proc/self/mountinfo; }
echo ready /mnt$(tags /mnt) inner$(tags /mnt/inner) lone$(tags /mnt/lone) back$(tags /mnt/back)
read x; [ -e /mnt/late/before ] || echo down; echo end'

# propagates WHO PROPAGATION: "down" when a mount made here later arrives there, "up" when one made there arrives here, "left" when it
# is here after the container's end; and how the mounts there are tied.
propagates() {
    local down=- up=- left=-

    tree_make
    "$1" "$2" "$script" <"$SCRATCH/fifo" >"$SCRATCH/seen" 2>&1 &
    exec 8>"$SCRATCH/fifo"
    wait_for 10 grep -q ready "$SCRATCH/seen"
    if mountpoint -q "$tree/back"; then up=up; fi
    mount -t tmpfs here "$tree/late"
    echo >&8
    wait $!
    exec 8>&-
    if grep -q down "$SCRATCH/seen" && grep -q end "$SCRATCH/seen"; then down=down; fi
    umount "$tree/late"
    if mountpoint -q "$tree/back"; then left=left; fi
    echo "$down $up $left $(sed -n 's/ready //p' "$SCRATCH/seen")"
    tree_remove
}

more=()
mounts='[]'
for root in shared private; do
    mount "--make-r$root" /
    for word in private rprivate slave rslave shared rshared; do
        case $word in
            *private) want='- - -' ;;
            *slave) want='down - -' ;;
            *) want='down up left' ;;
        esac
        got=$(propagates ours $word)
        is "/ $root, :$word" "$(cut -d ' ' -f 1-3 <<<"$got")" "$want"
        is "/ $root, :$word, as runc has it" "$got" "$(propagates theirs $word)"
    done
done

# ---- attributes are the container's own ----

for root in shared private; do
    mount "--make-r$root" /
    tree_make
    # shellcheck disable=SC2016
    like "/ $root: read-only, and shared" "$(ours rshared,ro 'touch /mnt/x 2>&1; mount -t tmpfs there /mnt/back && touch /mnt/back/x && echo mounted')" \
        'Read-only file system.mounted$'
    is "/ $root: the mount is here" "$(tree_extra)" back
    ok "/ $root: what is mounted here can still be written" touch "$tree/x" "$tree/back/y"
    tree_remove
done

tree_make
prints "--mount, alone without what is mounted in it" "/mnt shared" "$LXC_LAUNCH" --rm \
    --mount "type=bind,src=$tree,dst=/mnt,bind-propagation=rshared,bind-nonrecursive" "$fs" \
    sh -c 'awk "\$5 ~ \"^/mnt\" { sub(\":.*\", \"\", \$7); print \$5, \$7 }" /proc/self/mountinfo'
is "no other mount of the container is shared" "$(ours rshared 'grep shared: /proc/self/mountinfo | cut -d " " -f 5')" \
    "$(printf '/mnt\n/mnt/inner\n/mnt/lone')"
is "a container that does not start leaves nothing" "$("$LXC_LAUNCH" --rm -v "$tree:/mnt:rshared" "$fs" /nosuch 2>&1 | wc -l; tree_extra)" 1
is "unmounting there unmounts here" "$(ours shared 'mount -t tmpfs x /mnt/back && umount /mnt/back && umount /mnt/inner && echo done'; tree_extra
    mountpoint -q "$tree/inner" || echo gone)" $'done\ngone'
tree_remove

# ---- a file, places that are made, other mounts in it ----

tree_make
mount --bind "$data/file" "$data/file"
mount --make-shared "$data/file"
more=(-v "$data/file:/dev/new/file:shared" -v "$data:/dev/new/dir")
is "a file, in a new directory of /dev" "$(ours rshared 'ls /dev/new /dev/new/dir; awk "\$5 == \"/dev/new/file\"" /proc/self/mountinfo | grep -c shared:')" \
    "$(printf '/dev/new:\ndir\nfile\n\n/dev/new/dir:\nfile\n1')"
umount "$data/file"
tree_remove

# What else the command mounts in a shared mount is mounted here as well.
more=(-v "$data:/mnt/dir:rprivate" --tmpfs /mnt/back)
mounts=$(jq -n --arg data "$data" '[{destination: "/mnt/dir", type: "bind", source: $data, options: ["rbind", "rprivate"]},
    {destination: "/mnt/back", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev"]}]')
# within WHO
within_it() {
    tree_make
    "$1" rshared 'ls /mnt/dir; stat -f -c %T /mnt/back' 2>&1
    tree_extra
    tree_remove
}
is "mounts in a shared one are seen" "$(within_it ours)" $'file\ntmpfs\nback dir'
is "as runc has it" "$(within_it ours)" "$(within_it theirs)"
more=()

# The image's /etc/hosts would be this host's.
mkdir "$SCRATCH/etc"
cp -r "$fs/etc/." "$SCRATCH/etc"
mount --bind "$SCRATCH/etc" "$SCRATCH/etc"
mount --make-shared "$SCRATCH/etc"
ok "a shared /etc" "$LXC_LAUNCH" --rm -v "$SCRATCH/etc:/etc:rshared" "$fs" true
is "gets nothing of ours" "$(grep -c "$SCRATCH/etc/" /proc/self/mountinfo)" 0
is "nor a file" "$(cd "$SCRATCH/etc" && echo *)" "group passwd"
umount "$SCRATCH/etc"

# ---- user namespaces ----

for root in shared private; do
    mount "--make-r$root" /
    tree_make
    chmod 777 "$tree"
    is "/ $root: a user namespace" "$("$LXC_LAUNCH" --rm --userns auto --cap-add SYS_ADMIN --security-opt seccomp=unconfined -v "$tree:/mnt:rshared,ro" \
        "$fs" sh -c 'mount -t tmpfs there /mnt/back && mount -o remount,bind,rw /mnt && touch /mnt/x; echo end' 2>&1 | tail -n 1; tree_extra)" $'end\nback'
    tree_remove
done

# ---- what cannot be ----

mount --make-rprivate /
fails_with 125 "lies in the mount on $SCRATCH/lone, which is not a shared mount" sh -c "mkdir -p $SCRATCH/lone && mount -t tmpfs lone $SCRATCH/lone &&
    mkdir $SCRATCH/lone/in && exec $LXC_LAUNCH --rm -v $SCRATCH/lone/in:/mnt:rshared $fs true"
fails_with 125 'which is not a shared mount' "$LXC_LAUNCH" --rm --mount "type=bind,src=$SCRATCH/lone,dst=/mnt,bind-propagation=shared" "$fs" true
mount --make-slave "$SCRATCH/lone"
fails_with 125 'which is not a shared mount' "$LXC_LAUNCH" --rm -v "$SCRATCH/lone:/mnt:shared" "$fs" true
umount "$SCRATCH/lone"
fails_with 125 'a mount on /proc cannot be shared with the host' "$LXC_LAUNCH" --rm -v /proc:/proc:rshared "$fs" true
many=()
for ((i = 0; i < 129; i++)); do many+=(-v "$tree:/many/$i:shared"); done
tree_make
prints "128 of them" 128 "$LXC_LAUNCH" --rm "${many[@]:2}" "$fs" sh -c 'ls -d /many/*/late | wc -l'
fails_with 125 '129 of them' "$LXC_LAUNCH" --rm "${many[@]}" "$fs" true
tree_remove

suite_end
