# shellcheck shell=bash
# Volumes, mounts and what a container leaves in its layer.

s_files_bind()
{
    mkdir 'a dir' ro
    echo host >'a dir/file'
    r -v "$D/a dir:/data" -v "$D/ro:/ro:ro" "$I" sh -c 'cat /data/file; echo guest >/data/new; touch /ro/x 2>&1; stat -c %a /data'
    cat 'a dir/new'
    r -v "$D/a dir/file:/etc/one:ro" "$I" sh -c 'cat /etc/one; echo x >>/etc/one' 2>&1 | sed 's/sh: //'
    pe run --rm --network none -v "$D/none:/data" "$I" true
    r -v "$D/a dir:/deep/er/dir:rw,z" "$I" ls /deep/er/dir
}

s_files_mount_option()
{
    mkdir dir
    echo host >dir/file
    r --mount "type=bind,source=$D/dir,target=/data,readonly" "$I" sh -c 'cat /data/file; touch /data/x 2>&1'
    r --mount "type=bind,src=$D/dir,dst=/data,ro=false" "$I" touch /data/y
    r --mount type=tmpfs,destination=/scratch,tmpfs-size=2m,tmpfs-mode=1700 "$I" sh -c 'df -k /scratch | tail -n 1 | tr -s " " | cut -d " " -f 2; stat -c %a /scratch'
    r --mount "type=volume,source=$C-v,target=/vol" "$I" sh -c 'echo kept >/vol/file'
    r --mount "type=volume,source=$C-v,target=/vol,ro=true" "$I" sh -c 'cat /vol/file; touch /vol/x 2>&1'
    r --mount type=devpts,destination=/mnt "$I" ls /mnt
    must podman volume rm "$C-v"
    ls dir
}

s_files_tmpfs()
{
    r --tmpfs /a --tmpfs /b:size=1m,mode=711,ro,noexec "$I" sh -c 'stat -c "%a %u" /a /b; touch /a/x && touch /b/x 2>&1;
        awk "\$2 == \"/a\" || \$2 == \"/b\" { print \$2, \$3 }" /proc/self/mounts | sort;
        awk "\$2 == \"/b\" { print \$4 }" /proc/self/mounts | tr , "\n" | grep -E "^(noexec|nosuid|nodev|size|mode|ro)" | sort'
    # A tmpfs over what the image has starts with a copy of it, unless told.
    r --tmpfs /etc "$I" sh -c 'ls /etc/passwd; echo x >/etc/new'
    r --tmpfs /etc:notmpcopyup "$I" sh -c 'ls -A /etc | grep -c passwd'
}

s_files_propagation()
{
    local how

    mkdir dir
    for how in private rprivate slave rslave; do
        r -v "$D/dir:/data:$how" "$I" sh -c 'awk "\$5 == \"/data\" { print \$7 ~ /^(shared|master)/ ? substr(\$7, 1, 6) : \"private\" }" /proc/self/mountinfo'
    done
    mkdir shared
    mount --bind shared shared
    mount --make-shared shared
    mkdir shared/sub
    r -v "$D/shared:/data:rslave" "$I" sh -c 'awk "\$5 == \"/data\" { print substr(\$7, 1, 6) }" /proc/self/mountinfo'
    r -v "$D/shared:/data:rshared" --privileged "$I" sh -c 'mount -t tmpfs -o size=1m from-inside /data/sub && touch /data/sub/file'
    ls shared/sub
    d -v "$D/shared:/data:rslave" "$I" sleep 100
    [ ! -e shared/sub/file ] || umount shared/sub
    mount -t tmpfs -o size=1m from-outside shared/sub
    touch shared/sub/outside
    x ls /data/sub
    must podman rm -f -t 0 "$C"
    umount shared/sub
    umount shared
}

s_files_recursive()
{
    mkdir -p dir/sub
    mount -t tmpfs -o size=1m sub dir/sub
    echo in >dir/sub/file
    r -v "$D/dir:/data:ro" "$I" sh -c 'cat /data/sub/file; touch /data/x 2>&1'
    # The volume's own default is recursive; runc takes "bind" for what it says.
    r -v "$D/dir:/data" "$I" sh -c 'ls /data/sub | wc -l'
    r -v "$D/dir:/data:nosuid,nodev,noexec" "$I" sh -c 'awk "\$2 == \"/data\" { print \$4 }" /proc/self/mounts | tr , "\n" | grep ^no | sort'
    umount dir/sub
}

s_files_links()
{
    mkdir dir root
    echo linked >dir/file
    # Destinations through links of the image: /var/run, and one that points out of the root.
    cp -a "$WORK/busybox-root/." root/
    ln -sfn /run root/var/run
    ln -s ../../../../../../tmp root/out
    ln -s etc root/config
    must podman run --rm --network none -v "$D/dir:/var/run/data" --rootfs "$D/root" test -e /run/data/file
    p run --rm --network none -v "$D/dir:/var/run/data" -v "$D/dir:/out/data" -v "$D/dir/file:/config/file" --rootfs "$D/root" \
        sh -c 'cat /run/data/file /tmp/data/file /etc/file; ls -ld /var/run /out /config | sed "s/.*\///"'
    ln -s dir dir-link
    r -v "$D/dir-link:/data" "$I" cat /data/file
}

s_files_volume()
{
    must podman volume create "$C-v"
    r -v "$C-v:/data" "$I" sh -c 'echo one >/data/file; chown 7:8 /data/file'
    r -v "$C-v:/data:ro" "$I" sh -c 'cat /data/file; stat -c %u:%g /data/file; touch /data/x 2>&1'
    # A new volume takes what the image has at its place.
    r -v "$C-w:/etc" "$I" sh -c 'grep -c root /etc/passwd; touch /etc/added'
    r -v "$C-w:/elsewhere" "$I" ls /elsewhere
    r -v /anonymous "$I" sh -c 'touch /anonymous/x && stat -c %U /anonymous'
    p volume rm "$C-v" "$C-w" | sed "s/$C/NAME/"
}

s_files_volume_overlay()
{
    mkdir dir
    echo lower >dir/file
    r -v "$D/dir:/data:O" "$I" sh -c 'cat /data/file; echo changed >/data/file; echo new >/data/new; ls /data'
    cat dir/file
    ls dir
}

s_files_volume_owner()
{
    mkdir dir
    touch dir/file
    r --user 1000:1001 -v "$D/dir:/data:U" "$I" sh -c 'stat -c %u:%g /data /data/file; touch /data/new'
    stat -c %u:%g dir/file dir/new
}

s_files_volumes_from()
{
    mkdir dir
    echo shared >dir/file
    must podman create --network none --name "$C-source" -v "$D/dir:/data" -v "$C-v:/vol" "$I" true
    r --volumes-from "$C-source" "$I" sh -c 'cat /data/file; echo x >/vol/y; ls /vol'
    r --volumes-from "$C-source:ro" "$I" sh -c 'cat /vol/y; touch /data/z 2>&1'
    must podman rm "$C-source"
    must podman volume rm "$C-v"
}

s_files_volume_of_image()
{
    printf 'FROM %s\nLABEL for=%s\nVOLUME /kept\n' "$I" "$C" >Containerfile
    must podman build -q -t "localhost/$C" .
    p run --rm --network none --name "$C" "localhost/$C" sh -c 'touch /kept/x && grep -c " /kept " /proc/self/mounts'
    p run --rm --network none --name "$C" --image-volume tmpfs "localhost/$C" sh -c 'awk "\$2 == \"/kept\" { print \$3 }" /proc/self/mounts'
    p run --rm --network none --name "$C" --image-volume ignore "localhost/$C" sh -c 'grep -c " /kept " /proc/self/mounts'
    must podman rmi "localhost/$C"
}

s_files_shm()
{
    r --shm-size 5m "$I" sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2; stat -c %a /dev/shm; touch /dev/shm/x'
    r "$I" sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2'
}

s_files_layer()
{
    mkdir dir
    must podman run --network none --name "$C" -v "$D/dir:/made/by/us" --tmpfs /scratch --device /dev/full --init --workdir /tmp "$I" \
        sh -c 'echo a >/tmp/added; echo b >>/etc/group; rm /etc/passwd; mkdir /d'
    # runc leaves its mount points there.
    podman diff "$C" | grep -vE '^A /(made|scratch)' | sort
    must podman rm "$C"
    must podman run --network none --name "$C" "$I" true
    podman diff "$C" | sort
    podman container diff --format json "$C" | jq -S -c .
}

s_files_copy()
{
    mkdir -p dir/sub
    echo one >dir/file
    echo two >dir/sub/file
    d "$I" sh -c 'mkdir /from; echo inside >/from/file; chown 5:6 /from/file; chmod 640 /from/file; ln -s file /from/link; sleep 100'
    until_true 5 podman exec "$C" test -L /from/link
    p cp dir "$C:/to"
    x sh -c 'find /to -type f | sort | xargs cat'
    p cp dir/file "$C:/tmp/renamed"
    x cat /tmp/renamed
    p cp "$C:/from" out
    ls out
    cat out/file
    stat -c '%a' out/file
    p cp "$C:/from/file" - | tar -t
    tar -C dir -c . | p cp - "$C:/home"
    x ls /home
    exit_code cp "$C:/no/such" .
    must podman stop -t 0 "$C"
    p cp dir/sub/file "$C:/tmp/stopped"
    p cp "$C:/tmp/stopped" back
    cat back
    must podman start "$C"
    x cat /tmp/stopped
}

s_files_copy_running_mounts()
{
    mkdir dir
    d -v "$D/dir:/data" --tmpfs /scratch "$I" sleep 100
    echo x >file
    p cp file "$C:/data/file"
    cat dir/file
    p cp file "$C:/scratch/file"
    x cat /scratch/file
    x sh -c 'echo y >/scratch/new'
    p cp "$C:/scratch/new" new
    cat new
}

s_files_commit()
{
    d "$I" sh -c 'echo kept >/file; chown 3:4 /file; touch /ready; sleep 100'
    until_true 5 podman exec "$C" test -e /ready
    must podman commit -q --change 'CMD cat /file' --change 'ENV ADDED=1' "$C" "localhost/$C"
    state
    p run --rm --network none "localhost/$C"
    p run --rm --network none "localhost/$C" sh -c 'stat -c %u:%g /file; echo $ADDED; ls /'
    must podman rm -f -t 0 "$C"
    must podman rmi "localhost/$C"
}

s_files_export()
{
    d --tmpfs /scratch "$I" sh -c 'echo kept >/file; touch /scratch/unseen /ready; sleep 100'
    until_true 5 podman exec "$C" test -e /ready
    podman export "$C" | tar -t | grep -E '^(file|scratch|etc/passwd|dev|proc|sys|run)' | sort
}

s_files_mount_command()
{
    d "$I" sh -c 'echo seen >/file; touch /ready; sleep 100'
    until_true 5 podman exec "$C" test -e /ready
    at=$(podman mount "$C")
    cat "$at/file"
    echo 'from outside' >"$at/other"
    x cat /other
    must podman umount "$C"
    state
}

s_files_build()
{
    # Not twice the same image.
    printf 'FROM %s\nLABEL for=%s\nRUN echo built >/file && id -u && mkdir /made\nWORKDIR /made\nRUN pwd >where\nUSER nobody\nRUN id -un >/tmp/who\nCMD cat /file where /tmp/who\n' "$I" "$C" >Containerfile
    must podman build -q --network none -t "localhost/$C" .
    p run --rm --network none "localhost/$C"
    must podman rmi "localhost/$C"
    printf 'FROM %s\nLABEL for=%s\nRUN exit 7\n' "$I" "$C" >Containerfile
    exit_code build -q --network none -t "localhost/$C" .
}

s_files_healthcheck()
{
    d --health-cmd 'test -e /tmp/healthy' --health-interval disable --health-retries 1 "$I" sleep 100
    exit_code healthcheck run "$C"
    podman inspect --format '{{.State.Health.Status}} {{.State.Health.FailingStreak}}' "$C"
    x touch /tmp/healthy
    exit_code healthcheck run "$C"
    podman inspect --format '{{.State.Health.Status}} {{.State.Health.FailingStreak}} {{len .State.Health.Log}}' "$C"
}

s_files_on_kernel_mounts()
{
    # What runc refuses to mount below /proc, crun and we leave to who asks for it.
    mkdir dir
    r -v "$D/dir:/sys/fs/cgroup" "$I" sh -c 'ls /sys/fs/cgroup | wc -l'
}

s_files_image_mount()
{
    r --mount "type=image,source=$I,destination=/image" "$I" sh -c 'ls /image | tr "\n" " "; touch /image/x 2>&1'
    r --mount "type=image,source=$I,destination=/image,rw=true" "$I" sh -c 'touch /image/x && ls /image/x'
}

s_files_chrootdirs()
{
    r --chrootdirs /home/jail "$I" sh -c 'ls /home/jail/etc'
}

s_as_crun_idmap()
{
    mkdir dir
    touch dir/root
    touch dir/other
    chown 7:8 dir/other
    r --uidmap 0:100000:1000 --gidmap 0:100000:1000 -v "$D/dir:/data:idmap" "$I" sh -c 'stat -c "%n %u:%g" /data/*; touch /data/new'
    stat -c '%n %u:%g' dir/*
}
