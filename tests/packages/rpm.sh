#!/bin/bash
# Packages by the RPM spec: Debian's rpmbuild makes them of what `make dist` gives, they have what the Debian packages have, and rpm puts
# them into a minimal Debian, where they work, and takes them out. Requirements have another distribution's names, and are not looked at.
. "$(dirname "$0")/lib.sh"
prepare_packages
prepare_base bookworm "${BOOKWORM[@]}"
suite_begin private net
LIMIT=600

ok "the Debian packages, to compare with" test -e "$DEBS/done"
package_source "$SCRATCH/source" || fail "a clean clone"
ok "make dist" make -s --no-print-directory -C "$SCRATCH/source" BUILD="$SCRATCH/build" dist
table_row "[packaging/rpm](packaging/rpm), on no system of RPM's" "\`rpmbuild -tb --nodeps\` and \`rpm -i --nodeps\`, both Debian's, into a minimal Debian 12"

# ---- built ----

ok "rpmbuild" "${CLEAN_ENV[@]}" rpmbuild -tb --nodeps --quiet --define "_topdir $SCRATCH/top" --define "_tmppath $SCRATCH" \
    --define "_dbpath $SCRATCH/db" --define "_smp_mflags -j$(nproc)" --define 'debug_package %{nil}' "$SCRATCH/build/dist/runlxc-$VERSION.tar.gz"
[ "$status" -eq 0 ] || suite_end
mapfile -t rpms < <(find "$SCRATCH/top/RPMS" -name '*.rpm' | sort)
# asked FORMAT: of all.
asked() { rpm -qp --dbpath "$SCRATCH/db" --qf "$1" "${rpms[@]}"; }
is "makes these packages" "$(asked '%{name} %{version}\n' | sort)" "liblxcdriver-devel $VERSION
liblxcdriver0 $VERSION
runlxc $VERSION"

# As "PACKAGE MODE /PATH -> TARGET", but for documents and directories, with Debian's names of packages and directories.
rpm_files() {
    asked '[%{=name} %{filemodes:perms} %{filenames} -> %{filelinktos}\n]' |
        sed -E 's/^liblxcdriver-devel /liblxcdriver-dev /; s, /usr/lib64/, /usr/lib/LIBRARIES/,; s,/zsh/site-functions/,/zsh/vendor-completions/,; s/ -> $//' |
        grep -vE '^[^ ]+ d|^[^ ]+ [^ ]+ /usr/(share/(doc|licenses)|lib/\.build-id)/' | sort
}
deb_files() {
    local package

    for package in runlxc liblxcdriver0 liblxcdriver-dev; do
        dpkg-deb --fsys-tarfile "$DEBS/${package}_${VERSION}_$arch.deb" | tar -tv |
            sed -nE "s,^([-l][^ ]+) +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ \.,$package \1 ,p"
    done | sed -E "s,/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)/,/lib/LIBRARIES/,; /\/man\// s/\.gz//g" |
        grep -vE '^[^ ]+ [^ ]+ /usr/share/(doc|lintian)/' | sort
}
is "with what the Debian packages have, as these have it" "$(rpm_files)" "$(deb_files)"
is "all root's" "$(asked '[%{fileusername}:%{filegroupname}\n]' | sort -u)" "root:root"
like "and require what the programs are linked to, found by rpm itself" "$(asked '[%{requires}\n]' | sed -n 's/^lib\([a-z]*\)\.so\.[0-9]*()(64bit)$/\1/p' | sort -u | xargs)" \
    '^apparmor c jansson lxc seccomp$'
ran "the packages have the files of Debian's, in the same parts"

# ---- installed ----

ok "a minimal Debian 12 by mmdebstrap" test -e "$BASE.made"
ok "in a copy of it" root_begin "$BASE"
LIMIT=300
ok "LXC and what else the programs need" apt_in_root install lxc busybox-static libapparmor1 libjansson4 libseccomp2
# Debian's rpm says that it is not for this.
# shellcheck disable=SC2317 # called by prints
in_rpm() { bounded rpm --root "$R" --dbpath /var/lib/rpm "$@" 2>&1 | grep -vE '^rpm: (RPM should|However)'; return "${PIPESTATUS[0]}"; }
prints "rpm -i" "" in_rpm -i --nodeps "${rpms[@]}"
prints "every file is as it was packed" "" in_rpm -V --nodeps runlxc liblxcdriver0 liblxcdriver-devel
prints "runlxc is in the path" "runlxc version $VERSION" in_root sh -c 'runlxc --version | head -n 1'
debian_test launch
debian_test oci
ran "$tests_ran of \`debian/tests\`"
prints "rpm -e" "" in_rpm -e runlxc liblxcdriver0 liblxcdriver-devel
is "leaves what the commands have written" "$(ours ! -path './var/lib/runlxc/*')" /var/lib/runlxc
ran "after \`rpm -e\` only what the commands have written is left"
table_row_end
root_end
suite_end
