#!/bin/bash
# Make what the second kernel is booted with, once: Debian's kernel package, unpacked, and an initramfs of busybox and a few modules.
#     tests/vm/kernel.sh        prints the directory: vmlinuz, initramfs, release, tree/lib/modules
# The package is downloaded and unpacked, not installed: it is no kernel for this machine.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
vm=$(mkdir -p "$build/vm" && cd "$build/vm" && pwd)
here=$PWD/tests/vm

# What it takes to reach the root file system; all others are loaded from there, by name.
modules='virtio_pci 9pnet_virtio 9p overlay'

exec 9>"$vm/lock"
flock 9

latest() {
    apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1
}

# download: the latest; the user as whom apt downloads may not write here.
download() {
    package=$(latest)
    [ -n "$package" ] && (cd "$vm/package" && apt-get -q -o APT::Sandbox::User=root download "$package") >"$vm/package/log" 2>&1
}

unpack_kernel() {
    local package release

    rm -rf "$vm/package" "$vm/tree" && mkdir -p "$vm/package" "$vm/tree/lib"
    # The archive has the newest only: once more with new lists.
    download || { apt-get -q update >&2 && download; } || {
        echo "tests/vm/kernel.sh: linux-image-amd64 cannot be had: $(tail -n 3 "$vm/package/log")" >&2
        return 1
    }
    dpkg-deb -x "$vm/package/$package"_*.deb "$vm/package"
    mv "$vm/package/lib/modules" "$vm/tree/lib/"
    mv "$vm/package/boot"/vmlinuz-* "$vm/vmlinuz"
    mv "$vm/package/boot"/config-* "$vm/config"
    rm -rf "$vm/package"
    release=${package#linux-image-}
    depmod -b "$vm/tree" "$release"
    echo "$release" >"$vm/release"
}

make_initramfs() {
    local tree=$vm/initramfs.d module

    rm -rf "$tree" && mkdir -p "$tree"/{bin,modules,dev,proc,sys}
    cp "$(command -v busybox)" "$tree/bin/busybox"
    # In the order in which they are to be loaded, "insmod FILE" a line.
    for module in $modules; do
        modprobe -d "$vm/tree" -S "$(<"$vm/release")" --show-depends "$module"
    done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' >"$tree/files"
    xargs -a "$tree/files" cp -t "$tree/modules"
    sed 's,.*/,,' "$tree/files" >"$tree/modules/order"
    install -m 755 "$here/initramfs.sh" "$tree/init"
    (cd "$tree" && find . | cpio -o -H newc --quiet) | gzip -1 >"$vm/initramfs"
    rm -rf "$tree"
}

if ! [ -s "$vm/release" ]; then
    unpack_kernel
fi
if ! [ -s "$vm/initramfs" ] || [ "$here/initramfs.sh" -nt "$vm/initramfs" ] || [ "$0" -nt "$vm/initramfs" ]; then
    make_initramfs
fi
echo "$vm"
