#!/bin/bash
# AppArmor's profiles, compiled without a kernel: as they are in the tree, as `make install` leaves them, with local rules.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin

profiles=$TOP/configs/apparmor
# compile DIR FILE: the policy as the kernel would get it; what is included is below DIR, or the machine's own.
compile() {
    apparmor_parser -Q -K -T -S --base /etc/apparmor.d -I "$@"
}
# names FILE: the profiles in it.
# shellcheck disable=SC2317 # called by prints
names() {
    apparmor_parser -Q -K -T -N --base /etc/apparmor.d -I "$profiles" "$1" 2>/dev/null
}

for name in runlxc-default runlxc-nesting runlxc; do
    compile "$profiles" "$profiles/$name" >"$SCRATCH/$name.bin" 2>"$SCRATCH/$name.err"
    is "$name compiles" "$?" 0
    is "$name: the parser has nothing to say" "$(grep -v 'interface file missing' "$SCRATCH/$name.err")" ""
    within "$name: the policy has a size" "$(stat -c %s "$SCRATCH/$name.bin")" 1000 1000000
    prints "$name is the name" "$name" names "$profiles/$name"
    like "$name says in a comment what it is for" "$(head -n 1 "$profiles/$name")" '^# [A-Z]'
    like "$name includes an administrator's own rules" "$(cat "$profiles/$name")" "include if exists <local/$name>"
done

# With rules of an administrator's: they are in what comes out.
cp -r "$profiles" "$SCRATCH/local"
mkdir "$SCRATCH/local/local"
echo '  deny /a-rule-of-mine rw,' >"$SCRATCH/local/local/runlxc-default"
compile "$SCRATCH/local" "$SCRATCH/local/runlxc-default" 2>/dev/null >"$SCRATCH/with.bin"
isnt "a local file changes the policy" "$(md5sum <"$SCRATCH/with.bin")" "$(md5sum <"$SCRATCH/runlxc-default.bin")"

# Installed below another prefix, found by themselves.
dest=$SCRATCH/dest
ok "they are installed below another prefix" make -s -C "$TOP" install-apparmor DESTDIR="$dest" prefix=/opt/other sysconfdir=/etc
prints "the commands' profile is for the commands there" "@{RUNLXC_BIN}=/opt/other/bin
@{RUNLXC_LIBEXEC}=/opt/other/libexec/runlxc" grep -E '^@\{RUNLXC_(BIN|LIBEXEC)\}=' "$dest/etc/apparmor.d/tunables/runlxc"
for name in runlxc-default runlxc-nesting runlxc; do
    ok "$name compiles where it is installed" compile "$dest/etc/apparmor.d" "$dest/etc/apparmor.d/$name"
done
isnt "and the policy is for that place" "$(compile "$dest/etc/apparmor.d" "$dest/etc/apparmor.d/runlxc" 2>/dev/null | md5sum)" \
    "$(md5sum <"$SCRATCH/runlxc.bin")"
suite_end
