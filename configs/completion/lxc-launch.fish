# fish completion for lxc-launch
#
# A table of options, "SHORT|LONG|VALUE|DESCRIPTION" a row, from which completions are made, and by which the line is read: options
# with a value have to be told from switches to find the image. VALUE is empty for a switch, "any" for what cannot be guessed, dir,
# file, path (a file with more behind it), the words themselves, or what a function of the name below gives.
set -g __lxc_launch_options \
    'i|interactive||pass standard input on' \
    't|tty||give the command a terminal' \
    'd|detach||print the name and return when it runs' \
    '|rm||remove the records when it has ended' \
    '|name|any|its name' \
    'l|label|any|what is said about it' \
    '|annotation|any|what is said about it' \
    '|command|file|read the container as Docker\'s execdriver Command, JSON' \
    '|root|dir|where containers are recorded' \
    '|log-level|debug info warning error|how much LXC logs' \
    '|dry-run||print the LXC configuration and start nothing' \
    '|start-timeout|any|give up when it has not started by then' \
    '|detach-keys|any|what leaves a terminal (ctrl-p,ctrl-q)' \
    'e|env|vars|a variable of the environment' \
    '|env-file|file|read variables from a file' \
    'u|user|users|who runs the command' \
    '|group-add|groups|one more group' \
    'w|workdir|any|where the command starts' \
    '|entrypoint|any|run this instead of the image\'s' \
    '|init||an init that passes signals on and collects orphans' \
    '|stop-signal|signals|what ends the container' \
    '|ulimit|ulimits|a limit of setrlimit(2)' \
    '|oom-score-adj|any|how likely it is killed when memory runs out' \
    'v|volume|path|mount a directory or file' \
    '|tmpfs|any|mount an empty tmpfs' \
    '|mount|mounts|a mount, key by key' \
    '|read-only||the root filesystem read-only' \
    '|shm-size|any|the size of /dev/shm' \
    '|device|path|make and allow a device' \
    '|device-cgroup-rule|any|allow devices' \
    '|net|nets|the network' \
    '|network|nets|the network' \
    '|ip|any|the interface\'s IPv4 address' \
    '|ip6|any|the interface\'s IPv6 address' \
    '|mac-address|any|the interface\'s hardware address' \
    '|mtu|any|the interface\'s largest packet' \
    '|bridge|bridges|the bridge to use' \
    '|dns|any|a name server' \
    '|dns-search|any|a search domain' \
    '|dns-option|any|an option of resolv.conf(5)' \
    'h|hostname|any|the host name' \
    '|add-host|any|a line of /etc/hosts' \
    '|cap-add|caps|one more capability' \
    '|cap-drop|caps|one capability less' \
    '|privileged||all capabilities and devices, nothing masked' \
    '|security-opt|security|filter, profile, label' \
    '|userns|userns|the user namespace' \
    '|sysctl|any|a kernel parameter of its namespaces' \
    '|pid|ns|the pid namespace' \
    '|ipc|ns|the IPC namespace' \
    '|uts|private host|the UTS namespace' \
    'm|memory|any|limit of memory' \
    '|memory-swap|any|limit of memory and swap together' \
    '|memory-reservation|any|soft limit of memory' \
    '|memory-swappiness|any|how readily it is swapped out' \
    '|kernel-memory|any|limit of the kernel\'s memory for it' \
    '|oom-kill-disable||let processes wait for memory' \
    '|cpus|any|so many processors\' time' \
    'c|cpu-shares|any|its weight when processors are busy' \
    '|cpuset-cpus|any|the processors to use' \
    '|cpuset-mems|any|the memory nodes to use' \
    '|cpu-period|any|what --cpu-quota counts over' \
    '|cpu-quota|any|processor time in each period' \
    '|pids-limit|any|the most tasks' \
    '|blkio-weight|any|its weight when disks are busy' \
    '|blkio-weight-device|path|the same for one disk' \
    '|device-read-bps|path|bytes a second from a disk' \
    '|device-write-bps|path|bytes a second to a disk' \
    '|device-read-iops|path|operations a second from a disk' \
    '|device-write-iops|path|operations a second to a disk' \
    '|cgroup-parent|any|the cgroup to stand in' \
    '|systemd-cgroup||the cgroup is a scope of systemd\'s' \
    '|lxc-conf|any|any LXC key' \
    '|help||print all options in short' \
    '|version||print the version'

function __lxc_launch_caps
    echo ALL
    __runlxc_capnames
end

function __lxc_launch_signals
    __runlxc_signals
end

function __lxc_launch_ulimits
    printf '%s=\n' core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack
end

function __lxc_launch_mounts
    printf '%s\n' type=bind,source= type=tmpfs,target=
end

function __lxc_launch_userns
    printf '%s\n' host auto
end

function __lxc_launch_vars
    printf '%s\n' (set -nx)
    printf '%s=\n' (set -nx)
end

function __lxc_launch_users
    __fish_complete_users
end

function __lxc_launch_groups
    __fish_complete_groups
end

function __lxc_launch_path
    __fish_complete_path (commandline -ct)
end

function __lxc_launch_bridges
    for bridge in /sys/class/net/*/bridge
        basename (dirname $bridge)
    end
end

function __lxc_launch_ns
    printf '%s\n' private host container:(__runlxc_containers (__lxc_launch_line)[1])
end

function __lxc_launch_nets
    printf '%s\n' none host bridge ns: container:(__runlxc_containers (__lxc_launch_line)[1])
    __lxc_launch_bridges
end

function __lxc_launch_security
    printf '%s\n' no-new-privileges systempaths=unconfined seccomp=builtin seccomp=unconfined label=disable \
        apparmor={runlxc-default,runlxc-nesting,generated,generated-nesting,unconfined} label={user,role,type,level}:
    __lxc_launch_behind seccomp=
end

# The files for what stands behind $argv[1] in the word: behind the "=" of a long option too.
function __lxc_launch_behind
    set -l word (string replace -r '^--[a-z-]*=' '' -- (commandline -ct))
    string match -q -- "$argv[1]*" $word
    and string replace -r '^' $argv[1] -- (__fish_complete_path (string replace -- $argv[1] '' $word))
end

function __lxc_launch_image
    set -l word (commandline -ct)

    printf '%s\t%s\n' @busybox "this machine's busybox" @host "this machine's root" \
        oci: 'image layout' docker-archive: 'what docker save writes' docker:// registry
    string match -q -- '*:*' $word; or __fish_complete_directories $word
    __lxc_launch_behind docker-archive:
    if set -l layout (string match -r '^oci:([^:]*):' -- $word)[2]
        for ref in (string match -rag '"org\.opencontainers\.image\.ref\.name": *"([^"]*)"' <$layout/index.json 2>/dev/null)
            echo oci:$layout:$ref
        end
    else if string match -q -- 'oci:*' $word
        string replace -r '^' oci: -- (__fish_complete_directories (string sub -s 5 -- $word))
    end
end

# The row of option $argv[1], "--long" or "-s", or a cluster of switches before the latter.
function __lxc_launch_row
    if string match -q -- '--*' $argv[1]
        string match -r -- '^[^|]*\|'(string sub -s 3 -- $argv[1])'\|.*' $__lxc_launch_options
    else
        string match -r -- '^'(string sub -s -1 -- $argv[1])'\|.*' $__lxc_launch_options
    end
end

# Read the line up to the cursor. Prints the root directory, how many arguments there are (after the image all is the container's), and
# the option whose value is to come, if there is one.
function __lxc_launch_line
    set -l root ''
    set -l count 0
    set -l before
    for word in (commandline -opc)[2..-1]
        if test -n "$before"
            test "$before" != --root; or set root (__runlxc_expand $word)
            set before
        else if string match -q -- '--*=*' $word
            string match -q -- '--root=*' $word; and set root (string sub -s 8 -- $word)
        else if string match -q -- '-?*' $word
            set -l row (string split '|' -- (__lxc_launch_row $word))
            test -z "$row[3]"; or set before $word
        else
            set count 1
            break
        end
    end
    printf '%s\n' "$root" $count $before
end

# Whether an option may stand here.
function __lxc_launch_may
    test (__lxc_launch_line)[2] -eq 0
end

function __lxc_launch_argument
    set -l line (__lxc_launch_line)
    set -q line[3]; and return
    if test $line[2] -eq 0
        __lxc_launch_image
    else
        __fish_complete_path (commandline -ct)
    end
end

complete -c lxc-launch -f
complete -c lxc-launch -a '(__lxc_launch_argument)'
for row in $__lxc_launch_options
    set row (string split -m 3 '|' -- $row)
    set -l arguments -l $row[2] -d $row[4]
    test -z "$row[1]"; or set -a arguments -s $row[1]
    switch $row[3]
        case ''
        case any
            set -a arguments -x
        case dir
            set -a arguments -x -a '(__fish_complete_directories (commandline -ct))'
        case file
            set -a arguments -r -F
        case '* *'
            set -a arguments -x -a $row[3]
        case '*'
            set -a arguments -x -a "(__lxc_launch_$row[3])"
    end
    complete -c lxc-launch -n __lxc_launch_may $arguments
end
