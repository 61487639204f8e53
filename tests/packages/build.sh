#!/bin/bash
# The Debian packages: built from a clean clone, as another user elsewhere to the same bytes; what is in them, and what lintian says.
. "$(dirname "$0")/lib.sh"
prepare_packages
suite_begin
LIMIT=600

ok "dpkg-buildpackage, from a clean clone" test -e "$DEBS/done"
[ -e "$DEBS/done" ] || { diag "$(tail -n 40 "$DEBS/build.log")" && suite_end; }

multiarch=$(dpkg-architecture -q DEB_HOST_MULTIARCH)
changes=$DEBS/runlxc_${VERSION}_$arch.changes

# ---- one version ----

is "debian/changelog has the version of the file VERSION" "$(dpkg-parsechangelog -l "$TOP/debian/changelog" -S Version)" "$VERSION"
package_source "$SCRATCH/other" || fail "a second clone"
cd "$SCRATCH/other" || exit 1
sed '1s/(.*)/(9.9)/' debian/changelog >changelog.new && cp debian/changelog changelog.old && cp changelog.new debian/changelog
fails "another version there is refused" debian/rules override_dh_auto_configure
like "by a sentence" "$err" "version 9.9; the file VERSION: $VERSION"
rm changelog.new && mv changelog.old debian/changelog

# ---- README.md's table of what was installed where ----

is "its rows are one suite's each" "$(table_rows | wc -l)" \
    "$(cat "$TOP"/tests/packages/*.sh "$TOP"/tests/vm/*/packages.sh "$TOP"/tests/build/specs.sh | grep -c '^table_row ')"

# ---- make dist, and a build of what it gives, by someone else, without a network ----

prints "make dist" "$SCRATCH/one/dist/runlxc-$VERSION.tar.gz" make -s --no-print-directory BUILD="$SCRATCH/one" dist
mkdir "$SCRATCH/elsewhere" && cd "$SCRATCH/elsewhere" && umask 077
tar -xf "$SCRATCH/one/dist/runlxc-$VERSION.tar.gz"
umask 022
cd "runlxc-$VERSION" || suite_end
is "has git's files, and their list" "$(find . ! -type d | sed 's,^\./,,' | LC_ALL=C sort)" \
    "$({ if [ -e "$TOP/.git" ]; then git -C "$SCRATCH/other" ls-files; else cat "$TOP/MANIFEST"; fi; echo MANIFEST; } | LC_ALL=C sort)"
ok "make dist of that" env TZ=Asia/Tokyo make -s --no-print-directory BUILD="$SCRATCH/two" dist
is "gives the same bytes, without git" "$(sha256sum <"$SCRATCH/two/dist/runlxc-$VERSION.tar.gz")" \
    "$(sha256sum <"$SCRATCH/one/dist/runlxc-$VERSION.tar.gz")"

chmod 755 "$SCRATCH" && chown -R nobody:nogroup "$SCRATCH/elsewhere"
ok "dpkg-buildpackage, of the tarball, as an ordinary user without a network" unshare -n \
    setpriv --reuid nobody --regid nogroup --clear-groups "${CLEAN_ENV[@]}" HOME=/nonexistent TZ=Asia/Tokyo LC_ALL=C \
    sh -c 'umask 002; exec dpkg-buildpackage -us -uc -b' </dev/null
for deb in "$DEBS"/*.deb; do
    is "${deb##*/} is the same, byte for byte" "$(sha256sum <"$SCRATCH/elsewhere/${deb##*/}")" "$(sha256sum <"$deb")"
done
is "it made no other" "$(cd "$SCRATCH/elsewhere" && ls ./*.deb)" "$(cd "$DEBS" && ls ./*.deb)"

# ---- what is in them ----

is "the packages" "$(cd "$DEBS" && ls -- *.deb)" "liblxcdriver-dev_${VERSION}_$arch.deb
liblxcdriver0-dbgsym_${VERSION}_$arch.deb
liblxcdriver0_${VERSION}_$arch.deb
runlxc-dbgsym_${VERSION}_$arch.deb
runlxc_${VERSION}_$arch.deb"
field() {
    dpkg-deb -f "$DEBS/$1_${VERSION}_$arch.deb" "$2"
}
for package in runlxc liblxcdriver0 liblxcdriver-dev; do
    dpkg-deb -R "$DEBS/${package}_${VERSION}_$arch.deb" "$SCRATCH/$package"
    (cd "$SCRATCH/$package" && find . \( -type f -o -type l \) ! -path './DEBIAN/*' ! -path './usr/share/doc/*' | sed 's,^\.,,' | sort) \
        >"$SCRATCH/$package.files"
    ok "$package says whose it is" test -s "$SCRATCH/$package/usr/share/doc/$package/copyright"
done
is "liblxcdriver0: the library" "$(<"$SCRATCH/liblxcdriver0.files")" "/usr/lib/$multiarch/liblxcdriver.so.0"
is "liblxcdriver-dev: header, libraries, pkg-config" "$(grep -v '/man/' "$SCRATCH/liblxcdriver-dev.files")" "/usr/include/lxcdriver.h
/usr/lib/$multiarch/liblxcdriver.a
/usr/lib/$multiarch/liblxcdriver.so
/usr/lib/$multiarch/pkgconfig/lxcdriver.pc"
is "runlxc: the commands and what they start" "$(grep -E '^/usr/(bin|libexec|s?bin)' "$SCRATCH/runlxc.files")" "$(
    make -s --no-print-directory -C "$TOP" products | sed 's,.*/,,' | sed -nE 's,^(lxc-launch|runlxc)$,/usr/bin/\1,p; s,^runlxc-.*,/usr/libexec/runlxc/&,p' | sort
)"
cd "$SCRATCH/other" || exit 1
is "every profile, its abstractions and tunables" "$(sed -n 's,^/etc/apparmor\.d/,,p' "$SCRATCH/runlxc.files")" \
    "$(cd configs/apparmor && find . -type f | sed 's,^\./,,' | sort)"
like "which name the places of the package" "$(<"$SCRATCH/runlxc/etc/apparmor.d/tunables/runlxc")" \
    $'\n@\\{RUNLXC_BIN\\}=/usr/bin\n@\\{RUNLXC_LIBEXEC\\}=/usr/libexec/runlxc\n'
is "every template" "$(sed -n 's,^/usr/share/runlxc/lxc-templates/,,p' "$SCRATCH/runlxc.files")" "$(ls lxc-templates)"
is "every page" "$(sed -nE 's,^/usr/share/man/man./(.*)\.gz$,\1,p' "$SCRATCH"/{runlxc,liblxcdriver-dev}.files |
    grep -v '^lxcdriver_' | sort)" "$(find man -type f -printf '%f\n' | sort)"
is "every completion" "$(grep -cE '^/usr/share/(bash-completion/completions|zsh/vendor-completions|fish/vendor_(completions|functions)\.d)/' \
    "$SCRATCH/runlxc.files")" "$(find configs/completion ! -type d | wc -l)"
is "every other file of configs" "$(sed -n 's,^/usr/share/runlxc/configs/,,p' "$SCRATCH/runlxc.files")" \
    "$(cd configs && find . -type f ! -path './apparmor/*' ! -path './completion/*' ! -name runlxc.conf | sed 's,^\./,,' | sort)"
is "what an administrator edits is kept through upgrades" "$(sort "$SCRATCH/runlxc/DEBIAN/conffiles")" \
    "$(grep '^/etc/' "$SCRATCH/runlxc.files")"
is "nothing lies anywhere else" "$(grep -vE '^/(etc/(apparmor\.d|runlxc)|usr/(bin|libexec/runlxc|share/(runlxc|man|bash-completion|zsh|fish|doc|lintian/overrides)))/' \
    "$SCRATCH/runlxc.files")" ""

for helper in runlxc-init runlxc-supervise; do
    file=$SCRATCH/runlxc/usr/libexec/runlxc/$helper
    like "$helper is static, as debian/runlxc.lintian-overrides says" "$(file "$file")" 'static-pie linked'
    is "$helper needs nothing" "$(readelf -dW "$file" | grep NEEDED; nm -Du "$file" 2>/dev/null)" ""
done
like "and the packages name whose code they hold" "$(field runlxc Built-Using)" '^glibc \(= [0-9].*\)$'

# ---- what they need ----

depends=$(field runlxc Depends)
for need in 'lxc \(>= 1:5\.0\)' libc6 libjansson4 libapparmor1 libseccomp2 liblxc1; do
    like "runlxc depends on $need" "$depends" "(^|, )$need"
done
is "and recommends" "$(field runlxc Recommends)" "apparmor, libsystemd0"
for need in skopeo umoci lxcfs criu; do
    like "and suggests $need" "$(field runlxc Suggests)" "(^|, )$need(,|\$)"
done
like "the library depends on its helpers" "$(field liblxcdriver0 Depends)" "(^|, )runlxc \\(= ${VERSION//./\\.}\\)"
like "its header on the library" "$(field liblxcdriver-dev Depends)" "(^|, )liblxcdriver0 \\(= ${VERSION//./\\.}\\)"

is "the symbols are those of lxcdriver.h, each under its version" \
    "$(sed -nE 's/^ (lxcdriver_[a-z0-9_]+)@LXCDRIVER_0 .*/\1/p' "$SCRATCH/liblxcdriver0/DEBIAN/symbols")" \
    "$(gcc -E -P driver/lxcdriver.h | grep -oE '\blxcdriver_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u)"
like "the linker's cache is told" "$(<"$SCRATCH/liblxcdriver0/DEBIAN/triggers")" 'activate-noawait ldconfig'

# ---- maintainer scripts ----

profiles=$(find configs/apparmor -maxdepth 1 -type f -printf '%f\n' | sort)
postinst=$(<"$SCRATCH/runlxc/DEBIAN/postinst")
postrm=$(<"$SCRATCH/runlxc/DEBIAN/postrm")
for profile in $profiles; do
    like "$profile is loaded on installation" "$postinst" "APP_PROFILE=\"/etc/apparmor.d/$profile\""
    like "and forgotten on purge" "$postrm" "rm -f \"/etc/apparmor.d/local/$profile\""
done
is "unloaded are all of them" "$(sed -n 's/^ *for profile in \(.*\); do/\1/p' <<<"$postrm" | tr ' ' '\n' | sort)" "$profiles"
for script in postinst prerm postrm; do
    ok "$script is of the shell's grammar" dash -n "$SCRATCH/runlxc/DEBIAN/$script"
done
ok "and clean, as are debian/tests" shellcheck debian/runlxc.{prerm,postrm} debian/tests/{launch,oci,library}

# ---- lintian ----

status_is "lintian --pedantic" 0 "${CLEAN_ENV[@]}" lintian --allow-root --no-cfg --display-info --pedantic \
    --fail-on error,warning,info,pedantic "$changes"
is "has nothing to say" "$(grep -v '^N: ' <<<"$out$err")" ""
is "passes over what is a fact, and nothing else" "$(grep -v '^ *#' debian/*.lintian-overrides)" \
    "runlxc: shared-library-lacks-prerequisites [usr/libexec/runlxc/runlxc-init]
runlxc: shared-library-lacks-prerequisites [usr/libexec/runlxc/runlxc-supervise]"
suite_end
