#!/bin/bash
# Podman, as Debian packages it, on runlxc as on runc: each scenario of tests/engines/podman/ with both, compared.
#     tests/engines/podman.sh
#     ONLY='^exec' ENGINE_TIMES=1 LXC_RUNTIME=/usr/bin/crun tests/engines/podman.sh
# ENGINE_SAVE=DIR keeps what each scenario printed.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
engine_begin
. "$ENGINES/podman/lib.sh"
ENGINE_LIBS=("$ENGINES/podman/lib.sh")

# The machine's directories that only Podman uses.
podman_conf || exit 1
busybox_rootfs "$PODMAN/busybox"
tar -C "$PODMAN/busybox" -c . | command podman import -q -c 'CMD ["sh"]' - "$I" >/dev/null || exit 1

files=()
for file in "$ENGINES"/podman/*.sh; do
    [ "${file##*/}" = lib.sh ] || files+=("$file")
done
scenarios_run podman "${files[@]}"
[ -z "${ENGINE_SAVE:-}" ] || cp -r "$WORK/s" "$ENGINE_SAVE"
# Podman's driver keeps its directory mounted on itself.
umount "$PODMAN/storage/overlay"
engine_end
