# bash completion for lxc-launch: it stands, with what both share, in the file for runlxc, which has no suffix where it is installed
for _lxc_launch_file in "${BASH_SOURCE[0]%/*}"/runlxc{,.bash}; do
    # shellcheck source=/dev/null
    [ ! -f "$_lxc_launch_file" ] || . "$_lxc_launch_file"
done
unset _lxc_launch_file
