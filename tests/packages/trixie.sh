#!/bin/bash
# The same sources on Debian 13, with LXC 6: built there, installed and used.
. "$(dirname "$0")/lib.sh"
if [ -z "$inside" ] && release_can_be_had trixie; then
    prepare_base trixie build-essential debhelper dh-apparmor libapparmor-dev libcmocka-dev libjansson-dev libseccomp-dev \
        libsystemd-dev lxc lxc-dev pkg-config busybox-static
fi
suite_begin private net

if [ -z "${BASE:-}" ]; then
    skip "Debian 13" "the packages of Debian 13 cannot be had"
    suite_end
fi
ok "a minimal Debian 13 by mmdebstrap" test -e "$BASE.made"
[ -e "$BASE.made" ] || { diag "$(tail -n 20 "$BASE.log")" && suite_end; }
ok "in a copy of it" root_begin "$BASE"
package_source "$R/root/runlxc"
ok "what debian/control names for a build" apt_in_root build-dep ./runlxc
like "with LXC 6" "$(in_root dpkg-query -W -f '${Version}' lxc)" '^1:6\.'
LIMIT=600
ok "is all that a build needs" in_root sh -c 'cd /root/runlxc && exec dpkg-buildpackage -us -uc -b'
LIMIT=300
in_root sh -c 'mv /root/*.deb /root/debs/'
ok "apt install ./*.deb" apt_in_root install ./debs/runlxc_"$VERSION"_"$arch".deb ./debs/liblxcdriver0_"$VERSION"_"$arch".deb \
    ./debs/liblxcdriver-dev_"$VERSION"_"$arch".deb
like "lxc-start is LXC 6's" "$(in_root lxc-start --version)" '^6\.'
table_row "Debian 13, a minimal root: LXC 6" "built there with gcc $(in_root gcc -dumpversion), \`apt install ./*.deb\`"
debian_tests
ran "$tests_ran of \`debian/tests\`"
ok "apt purge" apt_in_root purge runlxc liblxcdriver0 liblxcdriver-dev
is "leaves nothing" "$(ours)" ""
ran "after \`apt purge\` nothing is left"
table_row_end
root_end
suite_end
