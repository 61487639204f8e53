#!/bin/bash
# Podman, as Debian packages it, on runlxc as on runc: each scenario of tests/engines/podman/ with both, compared.
#     tests/engines/podman.sh
#     ONLY='^exec' ENGINE_TIMES=1 LXC_RUNTIME=/usr/bin/crun tests/engines/podman.sh
# ENGINE_SAVE=DIR keeps what each scenario printed.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
engine_begin
. "$ENGINES/images.sh"
. "$ENGINES/podman/lib.sh"
ENGINE_LIBS=("$ENGINES/podman/lib.sh")

podman_conf || exit 1
# PODMAN_IMAGES=busybox: scenarios that need Debian's are then not for ONLY to name.
for name in ${PODMAN_IMAGES:-busybox debian}; do
    "${name}_tar" "$WORK/$name.tar" &&
        command podman import -q -c 'CMD ["sh"]' -c 'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin' "$WORK/$name.tar" "localhost/$name" >/dev/null || exit 1
    rm -f "$WORK/$name.tar"
done

files=()
for file in "$ENGINES"/podman/*.sh; do
    [ "${file##*/}" = lib.sh ] || files+=("$file")
done
scenarios_run podman "${files[@]}"
[ -z "${ENGINE_SAVE:-}" ] || cp -r "$WORK/s" "$ENGINE_SAVE"

left=$(command podman ps -aq)
is "podman.sh: no container is left" "$left" ""
[ -z "$left" ] || command podman rm -f -a -t 0 >/dev/null 2>&1
# Podman's own parent stays, on v1 what it makes for pods in two of the hierarchies, and on v2 what it looks for controllers with.
left=$(find /sys/fs/cgroup/libpod_parent /sys/fs/cgroup/*/libpod_parent -mindepth 1 -type d -name 'libpod-*' 2>/dev/null)
is "podman.sh: no cgroup of a container is left" "$left" ""
find /sys/fs/cgroup/libpod_parent /sys/fs/cgroup/podman_probe /sys/fs/cgroup/*/libpod_parent -depth -type d -exec rmdir {} + 2>/dev/null
# Its driver keeps the store's directory mounted on itself.
umount "$PODMAN/storage/overlay" 2>/dev/null
engine_end
