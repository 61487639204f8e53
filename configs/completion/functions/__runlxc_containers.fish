# The containers under the root directory of the command line, else under the configured one.
function __runlxc_containers
    set -l root $argv[1]
    if test -z "$root"
        if test (id -u) -ne 0
            set root (test -n "$XDG_RUNTIME_DIR"; and echo $XDG_RUNTIME_DIR; or echo /run/user/(id -u))/runlxc
        else
            set root (sed -n 's/^[[:blank:]]*root[[:blank:]]*=[[:blank:]]*\(.*[^[:blank:]]\)[[:blank:]]*$/\1/p' \
                /etc/runlxc/runlxc.conf 2>/dev/null)
            test -n "$root"; or set root /run/runlxc
        end
    end
    for state in $root/*/state.json
        basename (dirname $state)
    end
end
