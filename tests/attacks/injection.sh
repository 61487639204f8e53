#!/bin/bash
# Injection into what is written for a container: every string of a config.json, of an execdriver command and of lxc-launch's options takes
# newlines, quotes, '#', backslashes, octal escapes, commas, colons and the like, and is refused with its name, or arrives as it is and
# adds nothing (injection.c, which starts nothing). Then containers are started with such values in all members that take them.
#
# It hangs on driver/config/escape.c (with check_value() letting control characters through, or config_mount_field() a newline, it fails),
# on the checks of driver/spec/validate*.c and on check_words() of driver/config/mount_plan.c.
. "$(dirname "$0")/../lib.sh"
suite_begin private

# ---- nothing is started ----

hostile=$SCRATCH/hostile.conf
echo 'lxc.environment = INCLUDED=1' >"$hostile"
mkdir "$SCRATCH/lxc"
# shellcheck disable=SC2046 # words of the compiler's
ok "the test's own program is built" "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -iquote "$TOP/driver" -iquote "$TOP/initshim" \
    -iquote "$TOP/tests/attacks" -o "$SCRATCH/injection" "$TOP"/tests/attacks/injection*.c "$BUILD/liblxcdriver.a" \
    $(pkg-config --cflags --libs jansson libseccomp libapparmor lxc)

# each KIND DOCUMENT: the program's tests are ours.
each() {
    local line tests=0

    run "$SCRATCH/injection" "$1" "$TOP/tests/attacks/injection-$2.json" "$TOP/lxc-templates" "$SCRATCH/lxc" "$hostile"
    while IFS= read -r line; do
        case $line in
            'ok '*) pass "${line#* - }" && tests=$((tests + 1)) ;;
            'not ok '*) fail "${line#* - }" && tests=$((tests + 1)) ;;
            1..*) is "injection-$2.json: each string was tried" "1..$tests" "$line" ;;
            *) diag "$line" ;;
        esac
    done <<<"$out"
    within "injection-$2.json: it ran to its end" "$status" 0 1
}

each oci oci
each oci oci-v2
each execdriver execdriver
each flags flags

# ---- a container that has them all ----

beside_runc
words=("a\"b'c" '#x' '\040\012' 'a,b:c=d' '$(id)`id`${PATH}' '%s%n' ' lead and trail ' $'new\nlxc.include = '"$hostile" $'tab\there')
odd="it's \"#1\" \\040,a:b \$(x)"
mkdir -p "$SCRATCH/$odd" "$bundle/rootfs/$odd" "$bundle/rootfs/at"
echo inside >"$SCRATCH/$odd/file"
# What the container is asked to say, each answer between brackets: a value's white space counts.
cat >"$bundle/rootfs/tell" <<'TELL'
#!/bin/sh
for word; do printf '[%s]\n' "$word"; done
printf '[%s]\n' "$ODD" "$(hostname)" "$(cat /proc/sys/kernel/domainname)" "$(pwd)"
cat "/at/$(basename "$(pwd)")/file" file
env | grep -c -e INCLUDED -e INJECTED
TELL
chmod 755 "$bundle/rootfs/tell"
document() {
    jq -n --arg odd "$odd" --arg source "$SCRATCH/$odd" --arg environment "ODD=${words[7]}" '
        {ociVersion: "1.2.0", root: {path: "rootfs"}, hostname: "a#b\"c\\040,d:e", domainname: "\u0027x\u0027,#\\012y",
         process: {args: (["/bin/sh", "/tell"] + $ARGS.positional), env: ["PATH=/bin", $environment], cwd: ("/" + $odd), user: {uid: 0, gid: 0}},
         annotations: {"a\nlxc.include": "b\nc"},
         mounts: [{destination: "/proc", type: "proc", source: "proc"},
                  {destination: ("/" + $odd), type: "bind", source: $source, options: ["bind", "ro"]},
                  {destination: ("/at/" + $odd), type: "bind", source: $source, options: ["bind"]}],
         linux: {cgroupsPath: ("/injection " + $odd),
                 namespaces: [{type: "mount"}, {type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "network"}]}}' --args "${words[@]}"
}
document >"$bundle/config.json"
want=$(printf '[%s]\n' "${words[@]}" "${words[7]}" 'a#b"c\040,d:e' "'x',#\\012y" "/$odd" && printf 'inside\ninside\n0')
run runlxc run -b "$bundle" injected
is "runlxc: each value arrives as it is" "$out" "$want"
[ "$status" -eq 1 ] || run_diag runlxc run
# runc 1.1 knows no domain name.
run runc run -b "$bundle" injected
is "runc: the same" "$(grep -v -Fx "[(none)]" <<<"$out")" "$(grep -v -e "#.012y" <<<"$want")"

# The whole of what it is mounted with.
mounts_of() { # RUNTIME
    document | jq '.process.args = ["/bin/sleep", "60"]' >"$bundle/config.json"
    "$1" run -d -b "$bundle" "mounts-$1" </dev/null >/dev/null 2>&1
    "$1" exec "mounts-$1" cat /proc/self/mountinfo | awk '{ for (i = 7; $i != "-"; i++); print $5, $(i + 1) }' | sort
    "$1" delete -f "mounts-$1" >/dev/null 2>&1
}
is "runlxc: it has the mounts that it has with runc" "$(mounts_of runlxc)" "$(mounts_of runc)"

# ---- a state that is read again ----

document | jq '.process.args = ["/bin/sleep", "60"]' >"$bundle/config.json"
ok "it is created" runlxc create -b "$bundle" state </dev/null
prints "its annotations are what they were" $'b\nc' sh -c '"$1" --root "$2" state state | jq -r ".annotations[\"a\\nlxc.include\"]"' sh "$RUNLXC" "$ROOT"
ok "it is started" runlxc start state
jq -n --arg cwd "/$odd" '{args: ["/bin/sh", "/tell", "x\ny"], cwd: $cwd, env: ["PATH=/bin", "ODD=a\nlxc.include = b"], user: {uid: 0, gid: 0}}' \
    >"$SCRATCH/process.json"
run runlxc exec --process "$SCRATCH/process.json" state
is "exec: each value arrives as it is" "$out" "$(printf '[%s]\n' $'x\ny' $'a\nlxc.include = b' 'a#b"c\040,d:e' "'x',#\\012y" "/$odd" && printf 'inside\ninside\n0')"
ok "it is deleted" runlxc delete -f state

# ---- names that are refused before anything is made ----

for id in $'a\nlxc.include=b' 'a b' 'a#b' "a'b" 'a,b' 'a:b' 'a\040b' '..' '../x' 'a/b'; do
    LIMIT=20 fails_with 1 'is not an id' runlxc create -b "$bundle" "$id"
done
for name in 'image' 'image"'"'"',a:b#\040'; do
    busybox_rootfs "$SCRATCH/images/$name"
    prints "image $name" hello "$LXC_LAUNCH" --rm "$SCRATCH/images/$name" echo hello
done
jq -c '.process.env += ["A=\u0000B"]' "$bundle/config.json" >"$SCRATCH/nul" && cp "$SCRATCH/nul" "$bundle/config.json"
fails "a NUL in a string is refused" runlxc create -b "$bundle" nul
like "and named" "$err" '(u0000|NUL)'

# ---- files that are written for a network ----

for flag in '--dns-search=a b' $'--dns-search=a\nnameserver 192.0.2.66' $'--dns-option=a\nnameserver 192.0.2.66' $'--dns=192.0.2.1\nnameserver 192.0.2.66' \
    $'--add-host=a:192.0.2.1\n192.0.2.66 bank' '--add-host=a b:192.0.2.1' $'--hostname=a\n192.0.2.66 bank' '--hostname=a b'; do
    status_is "refused: $flag" 125 "$LXC_LAUNCH" --rm "$flag" "$SCRATCH/images/image" true
done
prints "resolv.conf is what was asked for" $'nameserver 192.0.2.1\nsearch example.com\noptions ndots:1' "$LXC_LAUNCH" --rm --dns 192.0.2.1 \
    --dns-search example.com --dns-option ndots:1 "$SCRATCH/images/image" cat /etc/resolv.conf

# Users' names come from the image: a line of /etc/passwd is one user, whatever the name is that was asked for.
printf 'root:x:0:0::/:/bin/sh\nweb:x:7:7::/:/bin/sh\n' >"$SCRATCH/images/image/etc/passwd"
for user in $'web:x:0:0\nroot' 'web:x' 'web:0:0' $'web\n' '-1' '+0' '4294967295' '0x0'; do
    status_is "no such user: ${user@Q}" 125 "$LXC_LAUNCH" --rm "--user=$user" "$SCRATCH/images/image" id -u
done
prints "user web is 7" 7 "$LXC_LAUNCH" --rm --user web "$SCRATCH/images/image" id -u
suite_end
