# shellcheck shell=bash
# For the attacks on lxc-user-nic, sourced after attack_begin: LXC's helper, set-user-ID root, which other runtimes have nothing like.
#
#   helper             where it is
#   closed_directory   $SCRATCH/closed with a `file`, which nobody but root may look into

# shellcheck disable=SC2034 # the attacks'
helper=/usr/libexec/lxc/lxc-user-nic
for who in runc crun; do
    not_tried "$who" "has no such helper"
done

closed_directory() {
    chmod 711 "$SCRATCH"
    mkdir -m 700 "$SCRATCH/closed"
    echo secret >"$SCRATCH/closed/file"
}
