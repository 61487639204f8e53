# shellcheck shell=bash
# Images for the engines' suites, made on the spot; sourced after lib.sh.
#
#   busybox_tar FILE     a root file system of the host's static busybox, with users, an entry of /etc and links
#   debian_tar FILE      a minimal Debian with systemd, from the machine's own apt sources; made once, kept in the build tree
#
# Both are plain tar files, as `docker import` and `podman import` take them.

busybox_tar() {
    local dir=$WORK/busybox-root

    if [ ! -d "$dir" ]; then
        busybox_rootfs "$dir"
        # Directories that images have, a link where many have one, files whose owners and modes can be compared.
        mkdir -p "$dir"/{data,usr/bin,var/log,home/user,etc/init.d}
        ln -s /run "$dir/var/run"
        ln -s /data "$dir/linked"
        printf 'user:x:1000:1000:user:/home/user:/bin/sh\n' >>"$dir/etc/passwd"
        printf 'user:x:1000:\nextra:x:2000:user\nwheel:x:10:root\n' >>"$dir/etc/group"
        printf 'text in the image\n' >"$dir/data/file"
        printf 'NAME=busybox\n' >"$dir/etc/os-release"
        chown -R 1000:1000 "$dir/home/user"
        # Not executable, a script without interpreter, one with an interpreter that is missing.
        printf 'no program\n' >"$dir/bin/not-executable"
        printf '#!/no/such/interpreter\n' >"$dir/bin/bad-interpreter"
        printf 'not an executable format\n' >"$dir/bin/bad-format"
        chmod 755 "$dir/bin/bad-interpreter" "$dir/bin/bad-format"
    fi
    tar -C "$dir" --numeric-owner -cf "$1" .
}

# The archives that this machine's apt has from Debian, as mmdebstrap takes them.
debian_sources() {
    # shellcheck disable=SC2016 # apt's
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
        sed -n 's/ Debian$//p' | sort -u
}

debian_suite() {
    sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# Into $BUILD/tests/images, under a name that changes with what is asked for. About 30 seconds, once.
debian_tar() {
    local include=systemd,systemd-sysv,dbus,procps,iproute2 cache

    cache=$BUILD/tests/images/debian-$(debian_suite)-${include//,/-}.tar
    if [ ! -e "$cache" ]; then
        mkdir -p "${cache%/*}"
        debian_sources >"$WORK/sources.list"
        # Whatever a system container has no use for is left out: it would be unpacked for each test.
        # The suite's own network leads nowhere.
        if ! nsenter -t "$SUITE_OUTER" -n timeout -k 5 300 mmdebstrap --quiet --mode=root --variant=minbase --include="$include" \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
            --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/*' \
            --customize-hook='rm -f "$1"/etc/machine-id "$1"/etc/resolv.conf; : >"$1/etc/machine-id"' \
            "$(debian_suite)" "$WORK/made.tar" "$WORK/sources.list" >"$WORK/mmdebstrap.log" 2>&1; then
            diag "mmdebstrap failed:"
            diag "$(tail -n 20 "$WORK/mmdebstrap.log")"
            return 1
        fi
        # Two suites may have made one.
        mv "$WORK/made.tar" "$cache.$$" && mv "$cache.$$" "$cache" || return 1
    fi
    ln -sf "$cache" "$1"
}
