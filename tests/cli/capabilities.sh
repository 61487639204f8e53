#!/bin/bash
# The five sets of capabilities that a container's process has, and one of exec, as /proc/self/status shows them: beside runc and
# crun on the same bundle, and by lxc-launch's own options. Inheritable ones are set only for who asks (CVE-2022-29162).
# shellcheck source=tests/attacks/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../attacks/lib.sh"
suite_begin private
bundle_new "$SCRATCH/bundle"
at_exit remove_all

# Inheritable, permitted, effective, bounding, ambient, no_new_privs.
show='grep -E "^(Cap|NoNewPrivs)" /proc/self/status | cut -f 2 | sed "s/^00000\([0-9a-f]\{11\}\)\$/\1/"'
two='["CAP_CHOWN", "CAP_KILL"]'
none=00000000000
fourteen=000a80425fb
bounding=$(awk '/^CapBnd/ { print substr($2, 6) }' /proc/self/status)

# said RUNTIME: the sets of a container with $bundle on one line, or that it failed.
said() {
    start "$1"
    if [ "$status" -eq 0 ]; then paste -sd ' ' <<<"$out"; else echo failed; fi
}

# alike DESC WANT FILTER: the same three times.
alike() {
    local desc=$1 want=$2 who

    config '.process.args = ["sh", "-c", $show] | '"$3" --arg show "$show" --argjson two "$two"
    for who in runlxc runc crun; do
        is "$desc: $who" "$(said "$who")" "$want"
    done
}

# ours DESC WANT WARNING FILTER: what the others refuse, or do without.
ours() {
    config '.process.args = ["sh", "-c", $show] | '"$4" --arg show "$show" --argjson two "$two"
    start runlxc
    is "$1" "$(paste -sd ' ' <<<"$out") ${err#runlxc: warning: }" "$2 $3"
}

# ---- run ----

user='.process.user = {uid: 1000, gid: 1000}'
alike "Docker's fourteen" "$none $fourteen $fourteen $fourteen $none 1" .
alike "inheritable for who asks" "00000000021 $fourteen $fourteen $fourteen $none 1" '.process.capabilities.inheritable = $two'
alike "another user has the bound" "$none $none $none $fourteen $none 1" "$user"
alike "and what is inheritable, of no use yet" "00000000021 $none $none $fourteen $none 1" \
    '.process.capabilities.inheritable = $two | '"$user"
alike "and what is ambient" "00000000021 00000000021 00000000021 $fourteen 00000000021 1" \
    '.process.capabilities.inheritable = $two | .process.capabilities.ambient = $two | '"$user"
alike "nothing ambient that is not inheritable" "$none $none $none $fourteen $none 1" '.process.capabilities.ambient = $two | '"$user"
alike "root with the ambient ones" "00000000021 $fourteen $fourteen $fourteen 00000000021 0" \
    '.process.capabilities.inheritable = $two | .process.capabilities.ambient = $two | .process.noNewPrivileges = false'
# exec(2) of root gains what is bounding: that nothing else is there is what keeps it.
alike "what is permitted and not in the bound" "$none 00000000021 00000000021 00000000021 $none 1" '.process.capabilities.bounding = $two'
alike "effective and not permitted" failed '.process.capabilities.permitted = $two'
alike "inheritable and not in the bound" failed '.process.capabilities |= (.bounding = [] | .inheritable = $two)'
alike "no capabilities" "$none $none $none $none $none 1" 'del(.process.capabilities)'
alike "empty sets" "$none $none $none $none $none 1" '.process.capabilities = {}'
alike "a name that nobody knows" "$none $fourteen $fourteen $fourteen $none 1" '.process.capabilities.bounding += ["CAP_NOPE", "CAP_64", "CAP_41"]'
ours "is a warning" "$none $fourteen $fourteen $fourteen $none 1" 'process.capabilities.effective: "CAP_NOPE" is not the name of a capability' \
    '.process.capabilities.effective += ["CAP_NOPE"]'
if ((0x$bounding & 1 << 24)); then
    alike "what this host gives" "$none 000a90425fb 000a90425fb 000a90425fb $none 1" \
        '.process.capabilities |= map_values(. + ["CAP_SYS_RESOURCE"])'
else
    ours "what this host cannot give" "$none $fourteen $fourteen $fourteen $none 1" "capabilities: this host cannot give CAP_SYS_RESOURCE" \
        '.process.capabilities |= map_values(. + ["CAP_SYS_RESOURCE"])'
fi
# runc wants a root that the container's root may search.
config '.process.args = ["sh", "-c", $show] | .linux.namespaces += [{type: "user"}] |
    .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings |
    .process.capabilities.inheritable = $two' --arg show "$show" --argjson two "$two"
for who in runlxc crun; do
    is "in a user namespace: $who" "$(said "$who")" "00000000021 $fourteen $fourteen $fourteen $none 1"
done

# ---- exec ----

jq -n --arg show "$show" --argjson two "$two" '{terminal: false, user: {uid: 1000, gid: 1000}, cwd: "/", env: ["PATH=/bin"],
    args: ["sh", "-c", $show],
    capabilities: {bounding: $two, permitted: $two, effective: $two, inheritable: $two, ambient: ["CAP_KILL"]}}' >"$SCRATCH/process.json"

# inside RUNTIME ARG...: the five sets of one more process.
inside() {
    local who=$1

    shift
    run "$who" exec "$@" "$id" sh -c "$show" </dev/null
    paste -sd ' ' <<<"$out" | cut -d ' ' -f 1-5
}

# The container's own, which has an inheritable one. crun 1.8's --cap gives that capability alone.
for who in runlxc runc crun; do
    config '.process.args = ["sleep", "60"] | .process.capabilities.inheritable = ["CAP_KILL"]'
    ok "exec: a container of $who" background "$who" 5 true
    is "exec: the container's own: $who" "$(inside "$who")" "00000000020 $fourteen $fourteen $fourteen $none"
    is "exec: as another user: $who" "$(inside "$who" --user 1000)" "00000000020 $none $none $fourteen $none"
    run "$who" exec --process "$SCRATCH/process.json" "$id" </dev/null
    is "exec: as a process says: $who" "$(paste -sd ' ' <<<"$out") $err" "00000000021 00000000020 00000000020 00000000021 00000000020 0 "
    if [ "$who" != crun ]; then
        is "exec: --cap adds to three sets: $who" "$(inside "$who" --cap CAP_SYS_TIME)" "00000000020 000aa0425fb 000aa0425fb 000aa0425fb $none"
        is "exec: --cap as another user: $who" "$(inside "$who" --cap CAP_SYS_TIME --user 1000)" "00000000020 $none $none 000aa0425fb $none"
    fi
    remove "$who"
done

# ---- lxc-launch ----

# launched ARG...
launched() {
    run "$LXC_LAUNCH" --rm "$@" @busybox sh -c "$show" </dev/null
    paste -sd ' ' <<<"$out"
}

is "lxc-launch: nothing inheritable" "$(launched)" "$none $fourteen $fourteen $fourteen $none 0"
is "lxc-launch: nor with more" "$(launched --cap-add ALL)" "$none $bounding $bounding $bounding $none 0"
is "lxc-launch: nor with all privileges" "$(launched --privileged)" "$none $bounding $bounding $bounding $none 0"
is "lxc-launch: in a user namespace" "$(launched --userns auto)" "$none $fourteen $fourteen $fourteen $none 0"
# There the kernel gives all that it knows, also what this machine lacks.
all=$(printf '%011x' $(((1 << ($(cat /proc/sys/kernel/cap_last_cap) + 1)) - 1)))
is "lxc-launch: all of them in a user namespace" "$(launched --userns auto --cap-add ALL)" "$none $all $all $all $none 0"
is "lxc-launch: none in a user namespace" "$(launched --userns auto --cap-drop ALL)" "$none $none $none $none $none 0"

suite_end
