# shellcheck shell=bash
# Volumes, mounts, links; cp, diff, commit: the container's files seen from both sides.

s_diff_untouched() {
    # A container leaves nothing of ours in its layer.
    up
    must dx true
    echo "$(docker diff "$C" | wc -l) changes"
    must docker kill "$C"
    until_state exited
    docker diff "$C"
}

s_diff_changes() {
    up
    must dx sh -c 'echo x >/data/new; rm /data/file; echo y >>/etc/os-release; mkdir /dir; ln -s a /link'
    docker diff "$C" | sort
}

s_diff_with_volumes() {
    mkdir src
    up -v "$C-v:/vol/deep" -v "$PWD/src:/bound" --tmpfs /scratch
    docker diff "$C" | sort
    must docker rm -f "$C"
    must docker volume rm "$C-v"
}

s_diff_of_tty() {
    up -it --init --user user -w /made/by/docker
    docker diff "$C" | sort
}

s_commit() {
    must dr -d "$IMAGE" sh -c 'echo committed >/data/new; rm /data/file'
    until_state exited
    must docker commit -c 'CMD ["cat", "/data/new"]' -c 'ENV A=b' "$C" "$C-image"
    t docker run --rm --network none --runtime "$RT" --name "$C-two" "$C-image"
    docker run --rm --network none --runtime "$RT" --name "$C-two" "$C-image" sh -c 'ls -A /data; echo "$A"; ls -A /'
    must docker rmi "$C-image"
}

s_commit_running() {
    up
    must dx sh -c 'echo live >/data/new'
    # Docker pauses it meanwhile.
    must docker commit "$C" "$C-image"
    field '{{.State.Status}}'
    t docker run --rm --network none --runtime "$RT" --name "$C-two" "$C-image" cat /data/new
    must docker rmi "$C-image"
}

s_export() {
    must dr -d "$IMAGE" sh -c 'echo x >/data/new'
    until_state exited
    docker export "$C" | tar -t | grep -vE '^bin/' | sort
}

s_root_listing() {
    drm "$IMAGE" sh -c 'ls -A /; ls -ld / /dev /proc /sys /etc /tmp | tr -s " " | cut -d" " -f1,3,4,9; ls -A /etc /run'
}

s_dev_listing() {
    drm "$IMAGE" sh -c 'ls -l /dev | tr -s " " | sed 1d | cut -d" " -f1,3,4,5,6,10-'
    drm -t "$IMAGE" sh -c 'ls /dev /dev/pts; stat -c "%t %T %a" /dev/ptmx /dev/tty' | tr -d '\r'
}

s_mounts_listing() {
    drm "$IMAGE" sh -c 'cut -d" " -f2,3 /proc/self/mounts | grep -v cgroup | sort'
}

s_mount_options() {
    # Options that are not the file systems' own. Over what is masked ours are stricter.
    drm "$IMAGE" sh -c 'while read -r _ _ _ _ at options rest; do echo "$at $options"; done </proc/self/mountinfo' | grep -vE '/sys/fs/cgroup|/proc/acpi|/sys/firmware' | sed 's/,relatime//' | sort
}

s_masked_paths() {
    drm "$IMAGE" sh -c 'for p in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug; do [ ! -e $p ] || { echo $p; wc -c <$p; }; done; ls -A /proc/scsi /sys/firmware /proc/acpi 2>&1'
}

s_readonly_paths() {
    drm "$IMAGE" sh -c 'for p in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/default_smp_affinity /proc/bus/x /proc/fs/x /sys/kernel/x; do (echo 1 >$p) 2>&1 | sed "s/.*: //"; done'
}

s_bind() {
    mkdir src
    echo host >src/file
    t drm -v "$PWD/src:/mnt" "$IMAGE" sh -c 'cat /mnt/file; echo container >/mnt/made'
    cat src/made
}

s_bind_read_only() {
    mkdir src
    echo host >src/file
    drm -v "$PWD/src:/mnt:ro" "$IMAGE" sh -c 'cat /mnt/file; (echo x >/mnt/made) 2>&1 | sed "s/.*: //"'
    ls src
}

s_bind_file() {
    echo host >file
    t drm -v "$PWD/file:/etc/os-release" -v "$PWD/file:/new/place:ro" "$IMAGE" cat /etc/os-release /new/place
    t drm -v "$PWD/file:/etc/os-release" "$IMAGE" sh -c 'echo container >/etc/os-release'
    cat file
}

s_bind_missing_source() {
    # -v makes a directory, --mount refuses.
    t drm -v "$PWD/made:/mnt" "$IMAGE" ls -A /mnt
    ls -d made
    drm --mount "type=bind,source=$PWD/missing,target=/mnt" "$IMAGE" true 2>&1 | grep -o 'bind source path does not exist'
}

s_bind_odd_names() {
    mkdir -p 'a b' 'c,d' 'e\f' 'ü"x'
    touch 'a b/1' 'c,d/2' 'e\f/3' 'ü"x/4'
    t drm -v "$PWD/a b:/x y" -v "$PWD/c,d:/c,d" -v "$PWD/e\\f:/e\\f" -v "$PWD/ü\"x:/ü\"" "$IMAGE" sh -c 'ls "/x y" /c,d "/e\f" "/ü\""'
}

s_bind_nested() {
    mkdir -p outer/inner other
    touch outer/inner/hidden other/seen outer/top
    t drm -v "$PWD/other:/mnt/inner" -v "$PWD/outer:/mnt" "$IMAGE" sh -c 'ls /mnt /mnt/inner'
}

s_bind_recursive() {
    mkdir -p src/sub
    must mount -t tmpfs inner src/sub
    touch src/sub/below
    t drm -v "$PWD/src:/mnt" "$IMAGE" ls /mnt/sub
    t drm -v "$PWD/src:/mnt:ro" "$IMAGE" sh -c 'ls /mnt/sub; touch /mnt/x 2>&1 | sed "s/.*: //"'
    t drm --mount "type=bind,source=$PWD/src,target=/mnt,bind-nonrecursive" "$IMAGE" ls -A /mnt/sub
    must umount src/sub
}

s_propagation_private() {
    mkdir src
    up -v "$PWD/src:/mnt:private"
    must mkdir src/late
    must mount -t tmpfs late src/late
    touch src/late/file
    echo "$(dx ls -A /mnt/late | wc -l) files of the later mount"
    must umount src/late
}

s_propagation_slave() {
    mkdir src
    must mount --bind src src
    must mount --make-shared src
    up -v "$PWD/src:/mnt:rslave"
    must mkdir src/late
    must mount -t tmpfs late src/late
    touch src/late/file
    dx ls -A /mnt/late
    must umount src/late
    dx ls -A /mnt/late
    must docker rm -f "$C"
    must umount src
}

s_propagation_shared() {
    mkdir src
    must mount --bind src src
    must mount --make-shared src
    up --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined -v "$PWD/src:/mnt:rshared"
    must dx sh -c 'mkdir /mnt/there && mount -t tmpfs there /mnt/there && touch /mnt/there/file'
    ls -A src/there
    mkdir src/here
    must mount -t tmpfs here src/here
    touch src/here/file
    dx ls -A /mnt/here
    must umount src/here
    must dx umount /mnt/there
    ls -A src/there
    must docker rm -f "$C"
    must umount src
}

s_propagation_needs_shared() {
    mkdir src
    must mount --bind src src
    must mount --make-private src
    drm -v "$PWD/src:/mnt:rshared" "$IMAGE" true 2>&1 | grep -o 'but it is not a shared mount'
    must umount src
}

s_mount_bind() {
    mkdir src
    touch src/file
    t drm --mount "type=bind,source=$PWD/src,target=/mnt,readonly" "$IMAGE" sh -c 'ls /mnt; touch /mnt/x 2>&1 | sed "s/.*: //"'
    t drm --mount "type=bind,source=$PWD/src,target=/mnt,bind-propagation=rslave" "$IMAGE" ls /mnt
}

s_mount_tmpfs() {
    t drm --mount type=tmpfs,target=/scratch,tmpfs-size=1048576,tmpfs-mode=1770 "$IMAGE" \
        sh -c 'stat -c %a /scratch; df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2; grep " /scratch " /proc/self/mounts | cut -d" " -f3'
}

s_mount_volume() {
    t drm --mount "type=volume,source=$C-v,target=/data" "$IMAGE" cat /data/file
    t drm --mount "type=volume,source=$C-v,target=/data,readonly" "$IMAGE" sh -c 'touch /data/x 2>&1 | sed "s/.*: //"'
    t drm --mount "type=volume,source=$C-v,target=/empty,volume-nocopy" "$IMAGE" ls /empty
    must docker volume rm "$C-v"
}

s_tmpfs() {
    drm --tmpfs /scratch "$IMAGE" sh -c 'grep " /scratch " /proc/self/mounts | cut -d" " -f2-4; stat -c "%a %u" /scratch'
    drm --tmpfs /scratch:size=64k,mode=700,uid=1000,exec "$IMAGE" sh -c 'stat -c "%a %u" /scratch; df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2; cp /bin/busybox /scratch 2>&1 | grep -o "No space.*"'
}

s_tmpfs_over_files() {
    # A tmpfs is empty, its mode is that of the directory below.
    t drm --tmpfs /data "$IMAGE" sh -c 'ls -A /data; stat -c %a /data'
    t drm --tmpfs /tmp "$IMAGE" stat -c %a /tmp
    t drm --tmpfs /run "$IMAGE" sh -c 'touch /run/x; ls /var/run/'
}

s_volume_named() {
    t drm -v "$C-v:/data" "$IMAGE" sh -c 'cat /data/file; echo kept >/data/new'
    t drm -v "$C-v:/data" "$IMAGE" cat /data/new
    must docker volume rm "$C-v"
}

s_volume_anonymous() {
    must dr -d -v /data "$IMAGE" sleep 600
    dx cat /data/file
    field '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{end}}'
    docker inspect -f '{{(index .Mounts 0).Name}}' "$C" >volume
    must docker rm -fv "$C"
    docker volume inspect "$(cat volume)" >/dev/null 2>&1 || echo "removed"
}

s_volume_nocopy() {
    t drm -v "$C-v:/data:nocopy" "$IMAGE" ls -A /data
    must docker volume rm "$C-v"
}

s_volumes_from() {
    up -v "$C-v:/vol"
    must dx sh -c 'echo shared >/vol/file'
    t docker run --rm --network none --runtime "$RT" --name "$C-two" --volumes-from "$C" "$IMAGE" cat /vol/file
    docker run --rm --network none --runtime "$RT" --name "$C-two" --volumes-from "$C:ro" "$IMAGE" sh -c 'echo x >/vol/file' 2>&1 | sed 's/.*: //'
    must docker rm -f "$C"
    must docker volume rm "$C-v"
}

s_volume_driver() {
    t drm --volume-driver local -v "$C-v:/vol" "$IMAGE" sh -c 'touch /vol/x; ls /vol'
    must docker volume rm "$C-v"
}

s_volume_options() {
    must docker volume create -d local -o type=tmpfs -o device=tmpfs -o o=size=256k,mode=750 "$C-v"
    t drm -v "$C-v:/vol" "$IMAGE" sh -c 'stat -c %a /vol; df -k /vol | tail -n 1 | tr -s " " | cut -d" " -f2'
    must docker volume rm "$C-v"
}

s_link_as_destination() {
    # /var/run leads to /run: the mount is seen by both names, the link stays a link.
    mkdir src
    touch src/socket
    t drm -v "$PWD/src:/var/run/app" "$IMAGE" sh -c 'ls /run/app /var/run/app; readlink /var/run'
    t drm -v "$PWD/src/socket:/var/run/app.sock" "$IMAGE" sh -c 'ls /run'
}

s_link_as_destination_itself() {
    mkdir src
    touch src/file
    t drm -v "$PWD/src:/linked" "$IMAGE" sh -c 'ls /linked /data; readlink /linked'
    t drm --tmpfs /var/run "$IMAGE" sh -c 'touch /run/x; ls /var/run/; grep -c " /run " /proc/self/mounts'
}

s_link_out_of_root() {
    # Links in the image lead into the image, whatever they say.
    mkdir src
    touch src/file
    up
    must dx sh -c 'ln -s ../../../../../../outside /up; ln -s /absolute /abs; mkdir /outside /absolute'
    must docker commit "$C" "$C-image"
    t docker run --rm --network none --runtime "$RT" --name "$C-two" -v "$PWD/src:/up/x" -v "$PWD/src:/abs/y" "$C-image" sh -c 'ls /outside/x /absolute/y'
    ls -d /outside /absolute 2>/dev/null
    must docker rmi "$C-image"
}

s_link_as_source() {
    mkdir src
    touch src/file
    ln -s src link
    t drm -v "$PWD/link:/mnt" "$IMAGE" ls /mnt
}

s_workdir_in_volume() {
    t drm -v "$C-v:/vol" -w /vol/sub "$IMAGE" sh -c 'pwd; touch x; ls /vol'
    must docker volume rm "$C-v"
}

s_read_only() {
    drm --read-only "$IMAGE" sh -c 'exec 2>&1; touch /x; touch /etc/x; touch /dev/shm/ok && echo "shm is not"; touch /dev/x && echo "dev is not"' | sed 's/touch: //'
    t drm --read-only --tmpfs /tmp -v "$C-v:/vol" "$IMAGE" sh -c 'touch /tmp/x /vol/x; echo fine'
    must docker volume rm "$C-v"
}

s_read_only_workdir() {
    t drm --read-only -w /data "$IMAGE" sh -c 'pwd; touch x 2>&1 | sed "s/.*: //"'
    t drm --read-only -v "$C-v:/brand/new" "$IMAGE" sh -c 'ls -d /brand/new; touch /brand/new/x && echo written'
    must docker volume rm "$C-v"
}

s_shm_size() {
    t drm --shm-size 2m "$IMAGE" sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2; stat -c %a /dev/shm'
    t drm "$IMAGE" sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
}

s_storage_opt() {
    drm --storage-opt size=10M "$IMAGE" true 2>&1 | grep -o 'storage-opt is supported only for overlay over xfs'
}

s_cp_out() {
    up
    must dx sh -c 'mkdir /out; echo one >/out/1; ln -s 1 /out/link; chmod 640 /out/1; chown 1000:1000 /out/1'
    must docker cp "$C:/out" .
    ls -A out
    readlink out/link
    must docker cp -a "$C:/out/1" single
    stat -c '%a %u:%g' single
    docker cp "$C:/out/1" - | tar -t
}

s_cp_in() {
    up
    mkdir dir
    echo host >dir/file
    must docker cp dir "$C:/tmp/"
    dx cat /tmp/dir/file
    must docker cp dir/file "$C:/tmp/renamed"
    dx cat /tmp/renamed
    tar -C dir -c file | docker cp - "$C:/data"
    dx cat /data/file
}

s_cp_into_volume() {
    up -v "$C-v:/vol" --tmpfs /scratch
    echo host >file
    must docker cp file "$C:/vol/file"
    dx cat /vol/file
    # A tmpfs exists only in the container: Docker copies beside it.
    must docker cp file "$C:/etc/copied"
    dx cat /etc/copied
    must docker rm -f "$C"
    must docker volume rm "$C-v"
}

s_cp_stopped() {
    must docker create --network none --runtime "$RT" --name "$C" "$IMAGE" cat /data/in
    echo before >file
    must docker cp file "$C:/data/in"
    t docker start -a "$C"
    must docker cp "$C:/data/in" back
    cat back
}

s_cp_through_link() {
    up
    echo host >file
    must docker cp file "$C:/linked/through"
    dx cat /data/through
    must docker cp -L "$C:/linked/through" back
    cat back
}

s_cp_missing() {
    up
    errs docker cp "$C:/no/such" .
    errs docker cp nothing-here "$C:/tmp"
}

s_files_owner_and_mode() {
    drm -u user "$IMAGE" sh -c 'cd; touch mine; mkdir dir; stat -c "%n %u:%g %a" . mine dir; touch /root/x 2>&1 | sed "s/.*: //"'
}

s_special_files() {
    t drm "$IMAGE" sh -c 'mkfifo /p; mknod /n c 1 3; ln /data/file /hard; stat -c "%F %h" /p /n /hard; cat /n; echo x >/n'
}

s_disk_in_use() {
    up
    must dx sh -c 'head -c 500000 /dev/zero >/data/big'
    docker ps -s --filter "name=^$C\$" --format '{{.Size}}' | sed 's/ (.*//'
}

s_etc_files_are_mounts() {
    drm "$IMAGE" sh -c 'for f in /etc/hosts /etc/hostname /etc/resolv.conf; do grep -c " $f " /proc/self/mountinfo; done'
    t drm "$IMAGE" sh -c 'echo "10.0.0.1 more" >>/etc/hosts; grep more /etc/hosts'
}
