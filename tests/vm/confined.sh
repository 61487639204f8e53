# shellcheck shell=bash
# shellcheck disable=SC2154 # what tests/attacks/lib.sh sets
# For the attacks on AppArmor, sourced after tests/attacks/lib.sh: a profile that shows whether it holds.
#
#   confined_begin         load it, put the file that it hides into the bundle's root, bind /sys/kernel/security for runtimes
#   run_confined RUNTIME   run the bundle: 0 when its program could not read the file, or was not started at all
#   exec_confined RUNTIME  the same for one more process in the container that background() made

CONFINED=runlxc-test-confined
TRY='cat /witness; echo tried'
FILTER='.process.apparmorProfile = $profile | .process.args = ["sh", "-c", $script]'

confined_begin() {
    printf 'profile %s flags=(attach_disconnected,mediate_deleted) {\n%s\n deny /witness r,\n}\n' "$CONFINED" \
        ' file, capability, network, signal, ptrace, mount, umount, pivot_root,' | apparmor_parser -K -r || return 1
    at_exit "echo -n $CONFINED >/sys/kernel/security/apparmor/.remove"
    echo readable >"$bundle/rootfs/witness"
}

# confined_config FILTER [SCRIPT]: the bundle runs SCRIPT, or the program that tries, under the profile, and is what FILTER makes of
# it; there $fake is a directory of the attacker's, $SCRATCH/fake.
confined_config() {
    config "$FILTER | $1" --arg profile "$CONFINED" --arg script "${2:-$TRY}" --arg fake "$SCRATCH/fake"
}

# judge RUNTIME WHAT: of $status, $out and $err.
judge() {
    echo "$1: $2: status $status, ${out//$'\n'/ }, ${err:0:200}"
    [[ $out != *readable* ]] || return 1
    # Started, and it tried; or refused with a word, 124 and 137 being the time limit's.
    [ "$out" = tried ] || { [ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [ "$status" -ne 137 ] && [ -n "$err" ]; }
}

run_confined() {
    start "$1"
    judge "$1" run
}

exec_confined() {
    run "$1" exec "$id" sh -c "$TRY" </dev/null
    judge "$1" exec
}
