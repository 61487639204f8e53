# fish completion for runlxc
#
# A table of options, "COMMAND|SHORT|LONG|VALUE|DESCRIPTION" a row, from which completions are made, and by which the line is read:
# options with a value have to be told from switches to find the arguments. VALUE is empty for a switch, "any" for what cannot be
# guessed, dir, file, caps, signals, or the words themselves.
set -g __runlxc_options \
    '||root|dir|where containers are recorded' \
    '||log|file|append log lines to FILE, not to standard error' \
    '||log-format|text json|text (default) or json' \
    '||log-level|error warning info debug|error, warning, info (default), debug, or another word of runc\'s or crun\'s' \
    '||debug||the same as --log-level debug' \
    '||systemd-cgroup||cgroups are systemd\'s: cgroupsPath is slice:prefix:name' \
    '||rootless|true false auto|true, false or auto; accepted for runc\'s sake' \
    '||criu|file|accepted for runc\'s sake: LXC finds CRIU by itself' \
    '|v|version||print the version' \
    'check|f|format|table json|table (default) or json' \
    'check|q|quiet||print nothing: the exit code says it' \
    'checkpoint||image-path|dir|where to write it (checkpoint)' \
    'checkpoint||work-path|dir|where CRIU\'s log is copied to' \
    'checkpoint||parent-path|any|an earlier --pre-dump, relative to --image-path' \
    'checkpoint||leave-running||let it go on afterwards' \
    'checkpoint||tcp-established||TCP connections too (always so)' \
    'checkpoint||file-locks||file locks too (always so)' \
    'checkpoint||page-server|any|send memory to CRIU\'s page server there' \
    'checkpoint||pre-dump||memory only; it goes on' \
    'checkpoint||manage-cgroups-mode|soft full strict|soft, full or strict: cgroups are always written down in full' \
    'checkpoint||ext-unix-sk||external unix sockets too' \
    'checkpoint||shell-job||what was started from a shell too' \
    'checkpoint||lazy-pages||refused: not for liblxc to say' \
    'checkpoint||status-fd|any|refused: not for liblxc to say' \
    'checkpoint||empty-ns|any|refused: not for liblxc to say' \
    'checkpoint||auto-dedup||drop what this one replaces from the images of --parent-path' \
    'create|b|bundle|dir|the bundle (.)' \
    'create||console-socket|file|who is to get the terminal\'s master' \
    'create||pid-file|file|write the pid of the container\'s supervisor there' \
    'create||no-pivot||accepted: LXC itself does without pivot_root(2) on a ramdisk' \
    'create||no-new-keyring||keep the caller\'s session keyring' \
    'create||preserve-fds|any|pass on N descriptors from 3 up, and those of $LISTEN_FDS' \
    'delete|f|force||end it first if it runs; what is gone already is no error' \
    'events||stats||print the numbers of this moment, and end' \
    'events||interval|500ms 1s 5s 1m|between two prints of the numbers: 500ms, 5s (default), 1m30s' \
    'exec|p|process|file|the process as OCI\'s JSON, instead of COMMAND and the options for it' \
    'exec|t|tty||give it a terminal' \
    'exec|d|detach||do not wait for it' \
    'exec|e|env|any|add to the environment' \
    'exec|u|user|any|names or numbers' \
    'exec|g|additional-gids|any|one more group' \
    'exec||cwd|any|working directory in the container' \
    'exec|c|cap|caps|one more capability' \
    'exec||apparmor|any|AppArmor profile' \
    'exec||process-label|any|SELinux label' \
    'exec||no-new-privs||no gain of privileges by exec' \
    'exec||preserve-fds|any|pass on N descriptors from 3 up, and those of $LISTEN_FDS' \
    'exec||console-socket|file|who is to get the terminal, with --tty and --detach' \
    'exec||pid-file|file|write its pid there' \
    'exec||cgroup|any|begin in this cgroup, which is there, below the container\'s' \
    'exec||ignore-paused||in a paused container too: it begins when that is resumed' \
    'install||engine|docker containerd podman crio|docker, containerd, podman or crio' \
    'install||default||for containers that ask for no runtime, too' \
    'install||remove||take it out again; the former default comes back' \
    'install||dry-run||print what would change, and change nothing' \
    'install||config|file|the engine\'s configuration (its usual one)' \
    'install||name|any|what the engine calls the runtime (runlxc)' \
    'install||path|file|the program (/usr/local/bin/runlxc)' \
    'kill|a|all||every process of the container, not only its init' \
    'list|f|format|table json|table (default) or json' \
    'list|q|quiet||only the ids' \
    'ps|f|format|table json|table (default) or json' \
    'restore||image-path|dir|where it lies (checkpoint)' \
    'restore||work-path|dir|where CRIU\'s log is copied to' \
    'restore|b|bundle|dir|the bundle (.)' \
    'restore|d|detach||do not wait for its end' \
    'restore||pid-file|file|write the pid of the container\'s supervisor there' \
    'restore||console-socket|file|refused: no terminal is brought back' \
    'restore||no-pivot||accepted for runc\'s sake' \
    'restore||no-subreaper||accepted: it is the supervisor that reaps, not this command' \
    'restore||tcp-established||TCP connections too (always so)' \
    'restore||file-locks||file locks too (always so)' \
    'restore||ext-unix-sk||external unix sockets too' \
    'restore||shell-job||what was started from a shell' \
    'restore||lazy-pages||refused: not for liblxc to say' \
    'restore||auto-dedup||drop pages from the images once they are read' \
    'restore||manage-cgroups-mode|soft full strict|soft, full or strict: cgroups always come back in full' \
    'restore||empty-ns|any|refused: not for liblxc to say' \
    'restore||lsm-profile|any|refused: the profile is the bundle\'s' \
    'restore||lsm-mount-context|any|refused: not for liblxc to say' \
    'run|b|bundle|dir|the bundle (.)' \
    'run||console-socket|file|who is to get the terminal\'s master' \
    'run||pid-file|file|write the pid of the container\'s supervisor there' \
    'run||no-pivot||accepted: LXC itself does without pivot_root(2) on a ramdisk' \
    'run||no-new-keyring||keep the caller\'s session keyring' \
    'run||preserve-fds|any|pass on N descriptors from 3 up, and those of $LISTEN_FDS' \
    'run|d|detach||do not wait for its end' \
    'run||no-subreaper||accepted: it is the supervisor that reaps, not this command' \
    'run||keep||do not delete it when it has ended' \
    'spec|b|bundle|dir|where to write it (here)' \
    'spec||rootless||for a container whose root is the user that makes it' \
    'stop|t|time|any|how long it has before SIGKILL (10)' \
    'stop|s|signal|signals|what to begin with (the container\'s stop signal)' \
    'update|r|resources|file|read linux.resources of the OCI specification (JSON) and ignore all other options' \
    'update||blkio-weight|any|share of block I/O, 10 to 1000' \
    'update||cpu-period|any|over which --cpu-quota counts' \
    'update||cpu-quota|any|CPU time in a period; -1: any' \
    'update||cpu-burst|any|unused quota that may be saved up' \
    'update||cpu-rt-period|any|the same for realtime processes' \
    'update||cpu-rt-runtime|any|CPU time of realtime processes in a period' \
    'update||cpu-share|any|share of CPU time, 2 to 262144' \
    'update||cpu-idle|0 1|1: run only what time nobody else wants' \
    'update||cpuset-cpus|any|CPUs to run on: 0-3,5' \
    'update||cpuset-mems|any|memory nodes to use' \
    'update||memory|any|limit of memory; -1: none' \
    'update||memory-reservation|any|soft limit of memory' \
    'update||memory-swap|any|limit of memory and swap together; -1: none' \
    'update||kernel-memory|any|ignored: kernel memory counts as memory' \
    'update||kernel-memory-tcp|any|ignored likewise' \
    'update||pids-limit|any|number of tasks; -1: any' \
    'update||l3-cache-schema|any|Intel RDT: L3 cache' \
    'update||mem-bw-schema|any|Intel RDT: memory bandwidth'

# "COMMAND|ARGUMENTS|DESCRIPTION": what each takes.
set -g __runlxc_commands \
    'check||tell what this host can do, what is missing, and how to mend it' \
    'checkpoint|container|write a running container down, by CRIU' \
    'create||create a container out of a bundle; its command waits for start' \
    'delete|container|remove all that is left of a container' \
    'events|container|print numbers and out-of-memory events until a container ends' \
    'exec|container|run one more process in a running container' \
    'features||print what this program can do, as the OCI runtime specification\'s JSON' \
    'install||tell a container engine of this runtime, or no more' \
    'kill|container signal|send a signal (TERM) to the init of a container' \
    'list||list the containers' \
    'pause|container|stop every process of a container where it is' \
    'ps|container|show the processes of a container, as ps(1) does' \
    'restore||bring back what checkpoint has written, by CRIU' \
    'resume|container|let a paused container go on' \
    'run||create a container out of a bundle and start it' \
    'spec||write a config.json to begin with' \
    'start|container|run the command of a created container' \
    'state|container|print what is known of a container, as JSON' \
    'stop|container|ask a container to end, and end it if it does not' \
    'update|container|change the resources of a container' \
    'wait|container|wait for the end of a container and print its exit code' \
    'help|command|tell about a command'

function __runlxc_caps
    __runlxc_capnames CAP_
end

# The row of command $argv[1] for option $argv[2], "--long" or "-s", or a cluster of switches before the latter.
function __runlxc_row
    set -l name
    if string match -q -- '--*' $argv[2]
        set name '[^|]*\|'(string sub -s 3 -- $argv[2])
    else
        set name (string sub -s -1 -- $argv[2])'\|[^|]*'
    end
    string match -r -- "^$argv[1]\|$name\|.*" $__runlxc_options
end

# Read the line up to the cursor. Prints the root directory, the command, how many arguments this has, and the option whose value is
# to come, if there is one.
function __runlxc_line
    set -l root ''
    set -l verb ''
    set -l count 0
    set -l before
    for word in (commandline -opc)[2..-1]
        if test -n "$before"
            test "$before" != --root; or set root (__runlxc_expand $word)
            set before
        else if string match -q -- '--*=*' $word
            string match -q -- '--root=*' $word; and set root (string sub -s 8 -- $word)
        else if string match -q -- '-?*' $word; and not contains -- "$verb $count" 'exec 1' 'ps 1'
            set -l row (string split '|' -- (__runlxc_row "$verb" $word))
            test -z "$row[4]"; or set before $word
        else if test -z "$verb"
            set verb $word
        else
            set count (math $count + 1)
            contains -- $verb exec ps; and break
        end
    end
    printf '%s\n' "$root" "$verb" $count $before
end

# Whether an option of command $argv[1] may stand here.
function __runlxc_may
    set -l line (__runlxc_line)
    test "$line[2]" = "$argv[1]"; and not contains -- "$line[2] $line[3]" 'exec 1' 'ps 1'
end

function __runlxc_arguments
    set -l line (__runlxc_line)
    set -q line[4]; and return
    if test -z "$line[2]"
        string replace -r '^(.*)\|.*\|(.*)$' '$1\t$2' -- $__runlxc_commands
        return
    end
    set -l row (string split '|' -- (string match -- "$line[2]|*" $__runlxc_commands))
    set -l takes (string split ' ' -- $row[2])
    set -l next (math $line[3] + 1)
    switch "$takes[$next]"
        case container
            __runlxc_containers $line[1]
        case signal
            __runlxc_signals
        case command
            string replace -r '^(.*)\|.*\|(.*)$' '$1\t$2' -- $__runlxc_commands
    end
end

complete -c runlxc -f
complete -c runlxc -a '(__runlxc_arguments)'
for row in $__runlxc_options
    set row (string split -m 4 '|' -- $row)
    set -l arguments -l $row[3] -d $row[5]
    test -z "$row[2]"; or set -a arguments -s $row[2]
    switch $row[4]
        case ''
        case any
            set -a arguments -x
        case dir
            set -a arguments -x -a '(__fish_complete_directories (commandline -ct))'
        case file
            set -a arguments -r -F
        case caps signals
            set -a arguments -x -a "(__runlxc_$row[4])"
        case '*'
            set -a arguments -x -a $row[4]
    end
    complete -c runlxc -n "__runlxc_may '$row[1]'" $arguments
end
