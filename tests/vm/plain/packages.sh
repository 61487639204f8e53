#!/bin/bash
# The Debian package where AppArmor enforces, by dpkg itself: installed, its profiles are loaded, and hold for the commands and for a
# container. A purge goes on past what runs under a profile and what is mounted, and names both; the next one leaves nothing.
# dpkg has a list of packages of its own: reading this machine's takes the guest a minute.
# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/../../packages/lib.sh"
suite_begin private
apparmor=/sys/kernel/security/apparmor
deb=${DEBS:-}/runlxc_${VERSION}_$arch.deb
package=(dpkg --admindir="$SCRATCH/dpkg" --force-depends --force-unsafe-io --force-confnew)

ok "there is a package" test -e "${DEBS:-}/done"
[ "$status" -eq 0 ] || suite_end
mkdir -p dpkg/{info,updates,triggers} && touch dpkg/{status,available}
dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -n 's,^\.\(/.*[^/]\)$,\1,p' >files
within "with files" "$(wc -l <files)" 30 999

# profiles: ours in the kernel. of COMMAND: the labels of the processes whose command line begins so.
profiles() { sed -n 's/^\(runlxc.*\)/\1/p' "$apparmor/profiles" | sort; }
of() {
    local pid

    for pid in $(pgrep -f "^$1"); do
        cat "/proc/$pid/attr/current"
    done
}
# places: what of the package and of its commands is there, but for documents, which another machine's dpkg may leave out.
places() {
    xargs -d '\n' -a files ls -d 2>/dev/null
    find /etc/runlxc /etc/apparmor.d /var/cache/apparmor /var/lib/runlxc /run/runlxc /run/lxc -name '*runlxc*' 2>/dev/null
}
# Suites before this one load some, and leave locks in the directories that are this suite's own.
for profile in runlxc runlxc-default runlxc-nesting; do
    ! grep -q "^$profile (" "$apparmor/profiles" || printf '%s' "$profile" >"$apparmor/.remove"
done
umount /run/runlxc && rm -rf /run/runlxc /var/cache/apparmor
places >before

table_row "Debian's kernel $(uname -r | grep -oE '^[0-9]+\.[0-9]+'), AppArmor enforcing" '`dpkg -i runlxc_*.deb`'

# ---- installed ----

ok "dpkg -i" "${package[@]}" -i "$deb"
is "the profiles are loaded" "$(profiles)" "runlxc (enforce)
runlxc-default (enforce)
runlxc-nesting (enforce)"
/usr/bin/lxc-launch --rm --name fore @busybox sleep 4716 </dev/null >fore.out 2>&1 &
launcher=$!
ok "lxc-launch starts a container" wait_for 60 pgrep -f '^sleep 4716'
is "which is confined" "$(of 'sleep 4716')" "runlxc-default (enforce)"
is "as is lxc-launch, by the commands' own profile" "$(of /usr/bin/lxc-launch)" "runlxc (enforce)"
/usr/bin/runlxc exec fore sleep 4717 </dev/null >exec.out 2>&1 &
ok "runlxc runs one more process in it" wait_for 60 pgrep -f '^sleep 4717'
is "which is confined likewise" "$(of 'sleep 4717')" "runlxc-default (enforce)"
is "as is runlxc" "$(of '/usr/bin/runlxc exec')" "runlxc (enforce)"
ran "the profiles are loaded: a container and one more process in it under \`runlxc-default\`, \`lxc-launch\` and \`runlxc\` under \`runlxc\`"

# ---- purged in spite of what runs and what is mounted ----

mkdir -p /var/lib/runlxc/other && mount -t tmpfs other /var/lib/runlxc/other && touch /var/lib/runlxc/other/file
find /var/lib/runlxc | sort >images
ok "/var/lib/runlxc is a mount point" mountpoint -q /var/lib/runlxc
ok "dpkg -P while the container runs" "${package[@]}" -P runlxc
is "names what stays" "$(grep '^runlxc: ' <<<"$err")" "runlxc: container fore stays as it is: runlxc delete --force fore
runlxc: AppArmor's profile runlxc is in use and stays loaded
runlxc: AppArmor's profile runlxc-default is in use and stays loaded
runlxc: /var/lib/runlxc is mounted and stays
runlxc: /var/lib/runlxc/other is mounted and stays
runlxc: /run/runlxc is not empty and stays"
is "the profile that nobody runs under is unloaded" "$(profiles)" "runlxc (enforce)
runlxc-default (enforce)"
is "the container keeps its own" "$(of 'sleep 471[67]')" "runlxc-default (enforce)
runlxc-default (enforce)"
is "what is mounted has lost nothing" "$(find /var/lib/runlxc | sort)" "$(<images)"
is "the package's files are gone" "$(xargs -d '\n' -a files ls -d 2>/dev/null)" "$(grep -xFf files before)"
kill -KILL "$(pgrep -f '^sleep 4716')"
wait "$launcher"
is "the container's end still arrives" "$? $(<fore.out)" "137 "
wait
ran "\`dpkg -P\` leaves, and names, the profiles of what runs and what is mounted"

# ---- and once more, with nothing in the way ----

umount /var/lib/runlxc/other
while mountpoint -q /var/lib/runlxc; do umount /var/lib/runlxc; done
ok "dpkg -i" "${package[@]}" -i "$deb"
# This root is a layer of overlayfs, which can be none of another.
fails_with 125 "root filesystem: mount the overlay: invalid argument" /usr/bin/lxc-launch --rm @busybox true
rm -rf /var/lib/runlxc/*
mount -t tmpfs -o mode=755 runlxc-test-state /var/lib
prints "a container" "runlxc-default (enforce)" /usr/bin/lxc-launch --rm @busybox cat /proc/self/attr/current
ok "which has left files" test -d /var/lib/runlxc
gone=runlxc-gone.0123456789abcdef
ok "a profile that was made for a container which nobody has deleted" sh -c "echo 'profile $gone {}' | apparmor_parser -K -r"
mkdir "$apparmor/policy/namespaces/$gone"
ok "dpkg -P" "${package[@]}" -P runlxc
is "has nothing to say" "$(grep '^runlxc: ' <<<"$err")" ""
is "no profile is left" "$(profiles)$(ls "$apparmor/policy/namespaces")" ""
is "nor a file" "$(places)" "$(grep -v '^/var/lib/' before)"
is "dpkg knows it no more" "$(<dpkg/status)" ""
ran "otherwise it unloads them all"
table_row_end
suite_end
