#!/bin/bash
# make install and make uninstall, and a program that is built against what was installed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin
LIMIT=300

dest=$SCRATCH/dest
export PKG_CONFIG_PATH=$dest/usr/local/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest
ok "make install" make -C "$TOP" install DESTDIR="$dest"

# installed MODE PATH...
installed() {
    local mode=$1 path

    shift
    for path in "$@"; do
        is "$path is installed with its mode" "$(find "$dest$path" -type f -printf '%m' 2>&1)" "$mode"
    done
}

for product in $(make -s --no-print-directory -C "$TOP" products); do
    case ${product##*/} in
        liblxcdriver*) installed 644 "/usr/local/lib/${product##*/}" ;;
        runlxc-*) installed 755 "/usr/local/libexec/runlxc/${product##*/}" ;;
        *) installed 755 "/usr/local/bin/${product##*/}" ;;
    esac
done
installed 644 /usr/local/lib/liblxcdriver.a /usr/local/include/lxcdriver.h /usr/local/lib/pkgconfig/lxcdriver.pc
is "the library's link" "$(readlink "$dest/usr/local/lib/liblxcdriver.so")" liblxcdriver.so.0
for file in "$TOP"/lxc-templates/*; do
    [ -e "$file" ] && installed 644 "/usr/local/share/runlxc/lxc-templates/${file##*/}"
done
for file in "$TOP"/man/*.[1-8]; do
    [ -e "$file" ] && installed 644 "/usr/local/share/man/man${file##*.}/${file##*/}"
done
for file in "$TOP"/configs/completion/{*.*,_*,functions/*}; do
    name=${file##*/}
    case ${file#"$TOP/configs/completion/"} in
        functions/*.fish) installed 644 "/usr/local/share/fish/vendor_functions.d/$name" ;;
        *.bash) installed 644 "/usr/local/share/bash-completion/completions/${name%.bash}" ;;
        *.fish) installed 644 "/usr/local/share/fish/vendor_completions.d/$name" ;;
        _*) installed 644 "/usr/local/share/zsh/site-functions/$name" ;;
        *) fail "$name has a place" ;;
    esac
done
for file in $(cd "$TOP/configs/apparmor" && find . -type f); do
    installed 644 "/etc/apparmor.d/${file#./}"
done
like "AppArmor's profiles name the places of the installation" "$(cat "$dest/etc/apparmor.d/tunables/runlxc")" \
    $'\n@\\{RUNLXC_BIN\\}=/usr/local/bin\n@\\{RUNLXC_LIBEXEC\\}=/usr/local/libexec/runlxc\n'
if [ -e "$TOP/configs/runlxc.conf" ]; then
    installed 644 /etc/runlxc/runlxc.conf
    echo changed >"$dest/etc/runlxc/runlxc.conf"
    ok "make install again" make -C "$TOP" install DESTDIR="$dest"
    is "an administrator's settings stay" "$(cat "$dest/etc/runlxc/runlxc.conf")" changed
fi

is "pkg-config knows the version" "$(pkg-config --modversion lxcdriver)" "$(cat "$TOP/VERSION")"
cat >engine.c <<'END'
#include <lxcdriver.h>
#include <stdio.h>

int main(void)
{
    puts(lxcdriver_version());
    return 0;
}
END
read -ra flags < <(pkg-config --cflags --libs lxcdriver)
ok "a program builds against it" gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -o engine engine.c "${flags[@]}"
prints "and runs" "$(cat "$TOP/VERSION")" env LD_LIBRARY_PATH="$dest/usr/local/lib" ./engine
# The libraries that the static one needs are the machine's own, so they are not looked for under $dest.
read -ra flags < <(PKG_CONFIG_SYSROOT_DIR='' pkg-config --libs jansson libapparmor libseccomp)
ok "and against the static library" gcc -o engine-static engine.c -I"$dest/usr/local/include" \
    "$dest/usr/local/lib/liblxcdriver.a" "${flags[@]}"
prints "which runs alone" "$(cat "$TOP/VERSION")" ./engine-static

rm -f "$dest/etc/runlxc/runlxc.conf"
ok "make uninstall" make -C "$TOP" uninstall DESTDIR="$dest"
is "nothing of it is left" "$(find "$dest" ! -type d)" ""
is "nor a directory of ours" "$(find "$dest" -name '*runlxc*' ! -path '*/etc/*')" ""
suite_end
