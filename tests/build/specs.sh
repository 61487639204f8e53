#!/bin/bash
# The RPM spec and the APKBUILD: both are read, their version is this one, they require what the programs are linked to, and the files that they
# name are those that `make install` puts in place. What builds and installs packages with them is not here.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2154 # variables of the APKBUILD
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/packages/table.sh
. "$(dirname "$0")/../packages/table.sh"
suite_begin private
LIMIT=600

spec=$TOP/packaging/rpm/runlxc.spec
apkbuild=$TOP/packaging/apk/APKBUILD
version=$(<"$TOP/VERSION")

# needed FILE...: the shared libraries that they are linked to, but for the C library.
needed() { readelf -dW "$@" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(lib[a-z]*\)\..*/\1/p' | grep -vx libc | sort -u; }

# The library behind each.
linked=$(needed "$BUILD"/runlxc "$BUILD"/lxc-launch "$BUILD"/liblxcdriver.so.0 "$BUILD"/runlxc-lxc-*)
is "what is linked" "$(xargs <<<"$linked")" "libapparmor libjansson liblxc libseccomp"

# ---- APKBUILD ----

table_row "[packaging/apk](packaging/apk), on no Alpine" "its functions called on Debian"

ok "APKBUILD: sh reads it" sh -n "$apkbuild"
# value NAME: of a variable.
value() { sh -euc '. "$1" && eval "printf \"%s\" \"\$$2\""' sh "$apkbuild" "$1" | xargs; }
is "APKBUILD: name and version" "$(value pkgname) $(value pkgver)" "runlxc $version"
is "APKBUILD: its source is what make dist makes" "$(value source)" "$(sed -n 's/^DIST := //p' "$TOP/Makefile" | sed "s/\$(VERSION)/$version/").tar.gz"
is "APKBUILD: its licence" "$(value license)" Apache-2.0
is "APKBUILD: at run time" "$(value depends)" "lxc>=5.0"
for library in $linked; do
    like "APKBUILD: to build, $library" " $(value makedepends) " " ($library|${library#lib})-dev[ >]"
done
like "APKBUILD: static programs need the kernel's headers" " $(value makedepends) " ' linux-headers '
is "APKBUILD: its functions" "$(sh -uc '. "$1"; type build package _apparmor' sh "$apkbuild" | grep -c function)" 3
# Called as abuild(1) does, but with the systemd of this machine.
pkgdir=$SCRATCH/apk
ok "APKBUILD: build" env BUILD="$BUILD/specs" sh -euc '. "$1" && cd "$2" && _options="$_options SDBUS=libsystemd" && build' sh "$apkbuild" "$TOP"
ok "APKBUILD: package" env BUILD="$BUILD/specs" pkgdir="$pkgdir" \
    sh -euc '. "$1" && cd "$2" && _options="$_options SDBUS=libsystemd" && package' sh "$apkbuild" "$TOP"
ok "what it has packed are programs" test -x "$pkgdir/usr/bin/runlxc" -a -x "$pkgdir/usr/libexec/runlxc/runlxc-init"
ok "and profiles, for a package of their own" test -e "$pkgdir/etc/apparmor.d/runlxc-default"
# abuild's own functions move the rest by where it lies.
is "nothing lies where no package of it takes it" "$(cd "$pkgdir" && find . ! -type d | grep -vE '^\./(usr/(bin|libexec/runlxc|share/runlxc)/|etc/runlxc/)' |
    grep -vE '^\./(usr/(lib|include|share/(man|bash-completion|fish|zsh))/|etc/apparmor\.d/)')" ""
ran "\`build\` and \`package\` give the files that its packages name, which were not made"

# ---- the RPM spec ----

run rpmspec -P "$spec"
is "spec: rpmspec reads it, without a word" "$status $err" "0 "
parsed=$out
# queried OPTION: what rpmspec says, without what belongs to its own packages and scripts.
queried() { rpmspec -q "$1" "$spec" 2>/dev/null | grep -vE '^(/|(lib)?(runlxc|lxcdriver)[a-z0-9]*[( ])|^liblxcdriver' | sort -u; }
is "spec: packages" "$(rpmspec -q --qf '%{name} %{version} %{license}\n' "$spec")" "runlxc $version Apache-2.0
liblxcdriver0 $version Apache-2.0
liblxcdriver-devel $version Apache-2.0"
is "spec: its source is what make dist makes" "$(rpmspec -q --srpm --qf '[%{source}]' "$spec")" "runlxc-$version.tar.gz"
like "spec: LXC at run time" "$(queried --requires)" '(^|'$'\n'')lxc >= 5\.0'
for library in $linked; do
    like "spec: to build, $library" "$(queried --buildrequires)" "pkgconfig\((${library#lib}|$library)\)"
done
is "spec: what the Makefile asks pkg-config for" \
    "$(for package in $(sed -n 's/^PACKAGES := //p' "$TOP/Makefile") lxc libsystemd; do queried --buildrequires | grep -qF "pkgconfig($package)" || echo "$package"; done)" ""
is "spec: what a program needs with the static library" "$(rpmspec -q --qf '[%{=name} %{requires}\n]' "$spec" | sed -n 's/^liblxcdriver-devel pkgconfig(\(.*\))/\1/p' | sort | xargs)" \
    "$(sed -n 's/^Requires[a-z.]*: *//p' "$TOP/lxcdriver.pc.in" | tr -d , | tr ' ' '\n' | sort | xargs)"

# Its own words for make, with the objects of above.
line=$(grep -E '^[^ ]*make install ' <<<"$parsed")
read -ra words <<<"$(sed -E 's/^[^ ]* install //; s/DESTDIR=[^ ]*//; s/INSTALL="[^"]*"//' <<<"$line")"
root=$SCRATCH/rpm
ok "spec: its make install" make -C "$TOP" BUILD="$BUILD/specs" INSTALL=install "${words[@]}" DESTDIR="$root" install
# Each pattern of the lists, without what is said of it; a directory stands for all in it.
sed -n '/^%files/,/^%changelog/p' <<<"$parsed" | sed -E '/^%(files|changelog|license|doc)/d; /^%dir /d; s/^%config(\([a-z]*\))? //; /^$/d' >patterns
# A page is compressed by rpm: "runlxc.8*".
unmatched=() matched=()
while read -r pattern; do
    shopt -s nullglob
    # shellcheck disable=SC2206 # patterns
    files=("$root"$pattern)
    shopt -u nullglob
    # One without a wildcard stays as it is.
    [ "${#files[@]}" -gt 0 ] && [ -n "$(find "${files[0]}" -prune 2>/dev/null)" ] || unmatched+=("$pattern")
    for file in ${files[@]+"${files[@]}"}; do
        while IFS= read -r one; do matched+=("${one#"$root"}"); done < <(find "$file" ! -type d 2>/dev/null)
    done
done <patterns
is "spec: each of its patterns is a file's" "${unmatched[*]-}" ""
is "spec: each file that is installed is in one of its packages" "$(printf '%s\n' "${matched[@]}" | sort)" "$(find "$root" ! -type d -printf '/%P\n' | sort)"
is "spec: in one only" "$(printf '%s\n' "${matched[@]}" | sort | uniq -d)" ""
is "spec: directories of ours are owned" "$(sed -n '/^%files/,$p' <<<"$parsed" | sed -n 's/^%dir //p' | sort | xargs)" "/etc/runlxc /usr/libexec/runlxc"
# shellcheck disable=SC2046 # words
ok "spec: licence and texts are there" ls $(sed -n 's/^%\(license\|doc\) //p' <<<"$parsed" | sed "s|[^ ]*|$TOP/&|g")

# ---- both say that they are untested ----

like "spec: it says what was not tried" "$(head -n 3 "$spec")" 'Not tested'
like "APKBUILD: it says so too" "$(head -n 3 "$apkbuild")" 'Not tested'

# ---- musl, Alpine's C library ----

# What is static is compiled with musl's own headers and linked to it; a container starts with it.
static=$SCRATCH/musl
mkdir "$static"
musl=(musl-gcc -std=gnu17 -O1 -Wall -Wextra -Wshadow -Werror -D_GNU_SOURCE -include "$TOP/initshim/shared/musl.h"
    -idirafter "/usr/include/$(gcc -dumpmachine)" -idirafter /usr/include -iquote "$TOP/driver" -iquote "$TOP/initshim" -idirafter "$TOP/initshim" -static)
ok "musl: the shim" "${musl[@]}" -o "$static/runlxc-init" "$TOP"/initshim/*.c "$TOP"/initshim/shared/*.c
ok "musl: the supervisor" "${musl[@]}" -o "$static/runlxc-supervise" "$TOP"/initshim/supervise/*.c "$TOP"/initshim/shared/*.c
cp -n "$BUILD"/runlxc "$BUILD"/lxc-launch "$BUILD"/runlxc-* "$static"
cp -rL "$BUILD/lxc-templates" "$BUILD/configs" "$static"
unlike "musl: neither holds the GNU library" "$(strings "$static/runlxc-init" "$static/runlxc-supervise")" 'GNU C Library'
status_is "musl: a container with its limits, and its exit code" 7 "$static/lxc-launch" --rm -m 50m -v "$SCRATCH:/data" @busybox sh -c 'id -u && exit 7'
prints "musl: one more process in one" "$(printf 'one\ntwo')" bash -c '"$0/lxc-launch" -d --name one @busybox sh -c "echo one; sleep 60" && "$0/runlxc" exec one echo two &&
    "$0/runlxc" delete --force one' "$static"
ran "shim and supervisor linked to musl run containers"
# The rest needs libraries that are not here for musl: its sources are only compiled.
read -ra defines < <(sed -n "s/.*\(-D_GNU_SOURCE.*\)/\1/p" "$BUILD/flags.stamp" | grep -oE -- '-D[A-Z_]+=?[^ ]*' | grep -v FORTIFY | xargs)
for directory in base spec config host run cli/common cli/launch cli/runlxc; do
    mkdir -p "$static/$directory"
    # shellcheck disable=SC2016 # expanded there
    ok "musl: driver/$directory compiles" bash -c 'cd "$1" && shift && "$@"' compile "$static/$directory" "${musl[@]}" "${defines[@]}" \
        -iquote "$TOP/driver/cli" -fsyntax-only "$TOP/driver/$directory"/*.c
done
ran "all else compiles with its headers"
table_row_end
suite_end
