#!/bin/bash
# The packages on a minimal Debian 12: installed, used, upgraded, removed and purged, and nothing is left.
. "$(dirname "$0")/lib.sh"
prepare_packages
prepare_base bookworm "${BOOKWORM[@]}"
suite_begin private net

package_names=(runlxc liblxcdriver0 liblxcdriver-dev)
ok "a minimal Debian 12 by mmdebstrap" test -e "$BASE.made"
[ -e "$BASE.made" ] || { diag "$(tail -n 20 "$BASE.log")" && suite_end; }
ok "in a copy of it" root_begin "$BASE"
ok "and our packages beside it" debs_into || suite_end

# What comes with the packages that they need is not theirs to remove: it is there before.
ok "lxc, apparmor and what a developer has" apt_in_root install lxc apparmor busybox-static libapparmor-dev libjansson-dev \
    libseccomp-dev gcc libc6-dev pkg-config

# files: every file of the root, with what an installation could change of it; not apt's, dpkg's and the logs' own, nor an empty
# directory that dh_apparmor's own lines remove.
files() {
    find "$R" -xdev \( -path "$R/var/lib/dpkg" -o -path "$R/var/lib/apt" -o -path "$R/var/cache/apt" -o -path "$R/var/log" \
        -o -path "$R/root" -o -path "$R/etc/apparmor.d/disable" -o -name aux-cache \) -prune -o -type f -printf '/%P %m %u %g %s\n' -o -printf '/%P %y %m %u %g %l\n' | sort
}
files >before
table_row "Debian 12, a minimal root: LXC $(in_root dpkg-query -W -f '${source:Upstream-Version}' lxc)" '`apt install ./*.deb`'

# ---- installed ----

ok "apt install ./*.deb" apt_in_root install ./debs/runlxc_"$VERSION"_"$arch".deb ./debs/liblxcdriver0_"$VERSION"_"$arch".deb \
    ./debs/liblxcdriver-dev_"$VERSION"_"$arch".deb
is "is all that apt installed" "$(sed -n 's/^Setting up \([^ :]*\).*/\1/p' <<<"$out" | sort)" "$(printf '%s\n' "${package_names[@]}" | sort)"
prints "runlxc is in the path" "runlxc version $VERSION" in_root sh -c 'runlxc --version | head -n 1'
prints "so is lxc-launch" "lxc-launch $VERSION" in_root sh -c 'lxc-launch --version | head -n 1'
prints "every file is as it was packed" "" in_root dpkg --verify "${package_names[@]}"
for profile in runlxc runlxc-default runlxc-nesting; do
    ok "AppArmor's parser takes $profile" in_root apparmor_parser --skip-kernel-load --skip-cache "/etc/apparmor.d/$profile"
    ok "an administrator's rules have a place" test -f "$R/etc/apparmor.d/local/$profile"
done
ok "and what the library needs at a start is found" in_root ldconfig -p
like "the linker knows it" "$out" 'liblxcdriver\.so\.0 '

# ---- used ----

debian_tests
ran "$tests_ran of \`debian/tests\`: a container by \`lxc-launch\`, one by \`runlxc\`, a program built on the library"

# ---- upgraded, while a container runs ----

sed -i '1i # Of the administrator.' "$R/etc/runlxc/runlxc.conf"
mkdir "$SCRATCH/next" && dpkg-deb -R "$R/root/debs/runlxc_${VERSION}_$arch.deb" "$SCRATCH/next" &&
    sed -i "s/^Version: .*/Version: $VERSION+next/" "$SCRATCH/next/DEBIAN/control"
ok "without the library, which wants its own version" apt_in_root remove liblxcdriver0 liblxcdriver-dev
ok "the next version, made by hand" dpkg-deb --root-owner-group -Znone -b "$SCRATCH/next" "$R/root/debs/next.deb"
ok "a container in the background" in_root lxc-launch -d --name over @busybox sleep 600
ok "apt install of the next version" apt_in_root install ./debs/next.deb
prints "the container has outlived it" "still" in_root runlxc exec over echo still
ok "and is deleted by the new one" in_root runlxc delete --force over
ran "an upgrade under a running container"
is "the administrator's settings stay" "$(head -n 1 "$R/etc/runlxc/runlxc.conf")" "# Of the administrator."
ok "the packages are at one version again" apt_in_root install --allow-downgrades ./debs/runlxc_"$VERSION"_"$arch".deb \
    ./debs/liblxcdriver0_"$VERSION"_"$arch".deb ./debs/liblxcdriver-dev_"$VERSION"_"$arch".deb

# ---- purged, with mounts in the way ----

# Of another file system and of the same: what is in them is somebody's.
mkdir -p "$R"/var/lib/runlxc/images/{other,same} "$R/srv/own"
mount -t tmpfs other "$R/var/lib/runlxc/images/other" && mount --bind "$R/srv/own" "$R/var/lib/runlxc/images/same"
touch "$R"/var/lib/runlxc/images/{other,same}/file
ok "apt purge with mounts below /var/lib/runlxc" apt_in_root purge "${package_names[@]}"
is "names them" "$(grep -h '^runlxc: ' <<<"$out"$'\n'"$err" | tr -d '\r')" "runlxc: /var/lib/runlxc/images/other is mounted and stays
runlxc: /var/lib/runlxc/images/same is mounted and stays"
is "leaves what is in them, and nothing else" "$(ours)" "/var/lib/runlxc
/var/lib/runlxc/images
/var/lib/runlxc/images/other
/var/lib/runlxc/images/same
/var/lib/runlxc/images/same/file"
ok "on the other file system too" test -f "$R/var/lib/runlxc/images/other/file"
prints "and is no failure" "" in_root dpkg --audit
umount "$R"/var/lib/runlxc/images/{other,same} && rm -r "$R/var/lib/runlxc" "$R/srv/own"
ran "\`apt purge\` leaves what is mounted in /var/lib/runlxc"

# ---- removed, purged ----

ok "the packages once more" apt_in_root install ./debs/runlxc_"$VERSION"_"$arch".deb ./debs/liblxcdriver0_"$VERSION"_"$arch".deb \
    ./debs/liblxcdriver-dev_"$VERSION"_"$arch".deb
ok "and a container" in_root lxc-launch --rm @busybox true
# An image is kept between containers, and so are compiled filters.
ok "containers have left images and filters" test -d "$R/var/lib/runlxc"
ok "apt remove" apt_in_root remove "${package_names[@]}"
is "leaves what an administrator may have written, and what was computed" \
    "$(ours ! -path './var/lib/dpkg/*' ! -path './var/lib/runlxc/*' ! -type d)" \
    "$( (cd "$TOP/configs/apparmor" && find . -type f -printf '/etc/apparmor.d/%P\n'
        printf '/etc/apparmor.d/local/%s\n' runlxc runlxc-default runlxc-nesting
        echo /etc/runlxc/runlxc.conf) | sort)"
ok "apt purge" apt_in_root purge runlxc
files >after
is "nothing is left, and nothing is missing" "$(diff before after)" ""
is "dpkg knows them no more" "$(in_root dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | grep -E 'runlxc|liblxcdriver')" ""
prints "and finds nothing half done" "" in_root dpkg --audit
is "nor has /run anything" "$(find "$R/run" -name '*runlxc*')" ""
ran "otherwise the root's files then are what they were"
table_row_end
root_end
suite_end
