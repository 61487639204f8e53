# shellcheck shell=bash
# What the package suites share, on top of tests/lib.sh. Before suite_begin, while the machine's network is there:
#
#     prepare_packages                       what dpkg-buildpackage makes of a clean clone: DEBS, a directory, which may be given from
#                                            outside; once for all suites
#     prepare_base bookworm docker.io ...    a minimal root of that release, made once a day, with these packages and what they need
#                                            downloaded: BASE, a directory
#
# and after it, in mounts and a network of the suite's own:
#
#     root_begin "$BASE"                     R: a copy of it, with /proc, /sys, /dev, /run and /tmp
#     debs_into                              our packages in its /root/debs
#     ok "..." in_root CMD...                in it
#     debian_tests                           debian/tests there, as its control file says; sets tests_ran, their names for README.md
#     debian_test NAME                       one of them, what it needs being installed
#     root_end                               nothing runs in it any more

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/packages/table.sh
. "$(dirname "${BASH_SOURCE[0]}")/table.sh"

PACKAGES=$BUILD/packages
VERSION=$(<"$TOP/VERSION")
LIMIT=300
# What an engine or a developer has set is not for a build.
CLEAN_ENV=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
# shellcheck disable=SC2034 # the suites'
arch=$(dpkg --print-architecture)
# What they install on Debian 12: downloaded once.
# shellcheck disable=SC2034
BOOKWORM=(docker.io lxc nftables apparmor busybox-static gcc libc6-dev pkg-config libapparmor-dev libjansson-dev libseccomp-dev)
# A private network later: what is outside is done before.
inside=${SUITE_OUTER:-}

# ---- before suite_begin ----

# package_source DIR: a clean clone; from a tarball, which has no history, what make dist makes.
package_source() {
    if [ -e "$TOP/.git" ]; then
        git clone -q "$TOP" "$1"
    else
        make -s --no-print-directory -C "$TOP" BUILD="$1.dist" dist >/dev/null && mkdir "$1" &&
            tar -C "$1" --strip-components=1 -xf "$1.dist/dist/runlxc-$VERSION.tar.gz" && rm -rf "$1.dist"
    fi
}

package_key() {
    if [ -e "$TOP/.git" ]; then
        git -C "$TOP" rev-parse 'HEAD^{tree}'
    else
        (cd "$TOP" && xargs -d '\n' -a MANIFEST sha1sum | sha1sum | cut -d ' ' -f 1)
    fi
}

prepare_packages() {
    local key work

    [ -z "$inside" ] && [ -z "${DEBS:-}" ] || return 0
    mkdir -p "$PACKAGES"
    exec 8>"$PACKAGES/debs.lock"
    flock 8
    key=$(package_key)
    export DEBS=$PACKAGES/debs-$key
    if ! [ -e "$DEBS/done" ]; then
        work=$PACKAGES/work
        rm -rf "$PACKAGES"/debs-* "$work"
        mkdir "$DEBS" "$work"
        (
            package_source "$work/clone" && cd "$work/clone" &&
                "${CLEAN_ENV[@]}" dpkg-buildpackage -us -uc && touch "$DEBS/done"
        ) >"$DEBS/build.log" 2>&1
        mv "$work"/runlxc[-_]* "$work"/lib*.deb "$DEBS/" 2>/dev/null
        rm -rf "$work"
    fi
    exec 8>&-
}

# machine_sources RELEASE: where this machine has Debian from, for another of its releases.
machine_sources() {
    local own

    own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
        grep -E " $own(-security|-updates)? main\$" | sed "s/ $own/ $1/; s/^/deb /" | sort -u
}

# release_can_be_had RELEASE: its main archive answers.
release_can_be_had() {
    local uri

    uri=$(machine_sources "$1" | awk -v release="$1" '$3 == release { print $2; exit }')
    [ -n "$uri" ] && timeout -k 5 60 /usr/lib/apt/apt-helper download-file "${uri%/}/dists/$1/InRelease" "$PACKAGES/InRelease.$1" >/dev/null 2>&1
}

# prepare_base RELEASE PACKAGE...
prepare_base() {
    local release=$1

    shift
    [ -z "$inside" ] || return 0
    mkdir -p "$PACKAGES"
    exec 8>"$PACKAGES/$release.lock"
    flock 8
    # Nothing is known of a machine's archives before the first update.
    [ -n "$(machine_sources "$release")" ] || apt-get -q update >/dev/null 2>&1
    export BASE
    BASE=$PACKAGES/$release-$(date +%Y%m%d)
    if [ "$(cat "$BASE.made" 2>/dev/null)" != "$*" ]; then
        rm -rf --one-file-system "$PACKAGES/$release"-*
        machine_sources "$release" >"$PACKAGES/$release.list"
        # The packages are downloaded by the root's own apt, and installed by whoever wants them.
        unshare -m --propagation private mmdebstrap --quiet --variant=apt --dpkgopt=force-unsafe-io \
            --skip=cleanup/apt/lists,cleanup/apt/cache \
            --customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod 755 "$1/usr/sbin/policy-rc.d"' \
            --customize-hook="chroot \"\$1\" apt-get -q -y --no-install-recommends --download-only install $*" \
            "$release" "$BASE" "$PACKAGES/$release.list" >"$BASE.log" 2>&1 && echo "$*" >"$BASE.made"
    fi
    exec 8>&-
}

# ---- after it ----

# root_begin BASE
# A copy in memory, not a layer of overlayfs: Docker and lxc-launch have layers of their own there, for which another is no place.
root_begin() {
    R=$SCRATCH/r
    mkdir "$R" && mount -t tmpfs -o mode=755,size=8g runlxc-test-root "$R" && cp -a "$1/." "$R" &&
        mount -t proc proc "$R/proc" && mount --rbind /sys "$R/sys" && mount --rbind /dev "$R/dev" &&
        mount -t tmpfs -o mode=755 run "$R/run" && mount -t tmpfs -o mode=1777 tmp "$R/tmp" && mkdir "$R/root/debs"
}

# Every file of ours in the root, but those in /root.
ours() {
    (cd "$R" && find . -xdev -path '*runlxc*' ! -path './root/*' "$@" -printf '/%P\n' | sort)
}

debs_into() {
    cp "$DEBS"/*.deb "$R/root/debs/"
}

in_root() {
    timeout -k 5 "$LIMIT" chroot "$R" "${CLEAN_ENV[@]}" "$@"
}

apt_in_root() {
    # shellcheck disable=SC2016 # the root's shell
    in_root sh -c 'cd /root && exec apt-get -q -y --no-install-recommends "$@"' sh "$@"
}

# debian_test NAME
debian_test() {
    cp -r "$TOP/debian/tests" "$R/root/"
    ok "debian/tests: $1" in_root sh -c 'mkdir "/tmp/$1" && AUTOPKGTEST_TMP=/tmp/$1 "/root/tests/$1" 2>"/tmp/$1.err" &&
        { ! [ -s "/tmp/$1.err" ] || { cat "/tmp/$1.err" >&2; exit 1; }; }' sh "$1"
    [ "$status" -eq 0 ] || diag "$(cat "$R/tmp/$1.err")"
    tests_ran+="${tests_ran:+, }\`$1\`"
}

# debian_tests: one result for each test that debian/tests/control names, with what it needs installed before.
debian_tests() {
    local names depends test

    tests_ran=
    # By a descriptor of its own: what runs in the root may read standard input.
    while IFS='|' read -r -u 7 names depends; do
        # shellcheck disable=SC2086 # words
        ok "debian/tests: what $names needs is installed" apt_in_root install ${depends//,/ }
        for test in $names; do
            debian_test "$test"
        done
    done 7< <(awk -v RS= -v FS='\n' '{ names = depends = ""
        for (i = 1; i <= NF; i++) {
            if (sub(/^Tests: */, "", $i)) names = $i
            if (sub(/^Depends: */, "", $i)) depends = $i
        }
        print names "|" depends }' "$TOP/debian/tests/control")
}

root_end() {
    local pid left=

    for pid in /proc/[0-9]*; do
        [ "$(readlink "$pid/root")" != "$R" ] || left+="${pid#/proc/} $(tr '\0' ' ' <"$pid/cmdline") "
    done
    is "nothing runs there any more" "$left" ""
    umount -R "$R" || diag "$(fuser -vm "$R" 2>&1)"
}
