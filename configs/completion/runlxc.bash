# bash completion for runlxc and lxc-launch: bash-completion looks for a file by the command, and lxc-launch.bash reads this one

# ---- for both ----

# The words up to the cursor, read from the line itself: readline would cut them at every '=' and ':'.
_runlxc_words() {
    local line=${COMP_LINE:0:COMP_POINT}

    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
}

# add PREFIX COMPGEN-ARGUMENT...: answers for what stands behind PREFIX in the current word.
_runlxc_add() {
    local prefix=$1 answer

    shift
    while IFS= read -r answer; do
        COMPREPLY+=("$prefix$answer")
    done < <(compgen "$@" -- "${cur#"$prefix"}")
}

_runlxc_choice() {
    _runlxc_add "" -W "$*"
}

_runlxc_files() {
    compopt -o filenames 2>/dev/null
    _runlxc_add "$1" "$2"
}

# Every capability, behind $1.
_runlxc_caps() {
    printf "$1%s\n" AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE \
        DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD \
        NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN \
        SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME \
        SYS_TTY_CONFIG WAKE_ALARM
}

# The root directory where none is given: the configured one, or an ordinary user's own.
_runlxc_root() {
    local root

    if [[ $EUID -ne 0 ]]; then
        root=${XDG_RUNTIME_DIR:-/run/user/$EUID}/runlxc
    else
        root=$(sed -n 's/^[[:blank:]]*root[[:blank:]]*=[[:blank:]]*\(.*[^[:blank:]]\)[[:blank:]]*$/\1/p' \
            /etc/runlxc/runlxc.conf 2>/dev/null)
    fi
    echo "${root:-/run/runlxc}"
}

# The containers below the root directory of the words before the cursor.
_runlxc_containers() {
    local root='' home i dir

    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --root)
            root=${words[i + 1]}
            # "~" and "~NAME", which the shell has yet to expand; behind "--root=" it does not.
            home=${root%%/*}
            if [[ $home =~ ^~[[:alnum:]._-]*$ ]]; then
                eval "dir=$home"
                root=$dir${root#"$home"}
            fi
            ;;
        --root=*) root=${words[i]#*=} ;;
        esac
    done
    [[ -n $root ]] || root=$(_runlxc_root)
    for dir in "$root"/*/; do
        dir=${dir%/}
        [ ! -f "$dir/state.json" ] || echo "${dir##*/}"
    done
}

# ---- runlxc ----

# The options of command $1 ("": the global ones): switches, what takes a value, and the short forms of the latter.
_runlxc_options() {
    switches='' valued='' shorts=''
    case $1 in
    '') switches='--debug --systemd-cgroup --version' valued='--criu --log --log-format --log-level --root --rootless' ;;
    check) switches=--quiet valued=--format shorts=f ;;
    checkpoint)
        switches='--auto-dedup --ext-unix-sk --file-locks --lazy-pages --leave-running --pre-dump --shell-job --tcp-established'
        valued='--empty-ns --image-path --manage-cgroups-mode --page-server --parent-path --status-fd --work-path'
        ;;
    create)
        switches='--no-new-keyring --no-pivot' valued='--bundle --console-socket --pid-file --preserve-fds' shorts=b
        ;;
    delete) switches=--force ;;
    events) switches=--stats valued=--interval ;;
    exec)
        switches='--detach --ignore-paused --no-new-privs --tty' shorts=ceugp
        valued='--additional-gids --apparmor --cap --cgroup --console-socket --cwd --env --pid-file --preserve-fds
            --process --process-label --user'
        ;;
    install) switches='--default --dry-run --remove' valued='--config --engine --name --path' ;;
    kill) switches=--all ;;
    list) switches=--quiet valued=--format shorts=f ;;
    ps) valued=--format shorts=f ;;
    restore)
        switches='--auto-dedup --detach --ext-unix-sk --file-locks --lazy-pages --no-pivot --no-subreaper --shell-job
            --tcp-established'
        valued='--bundle --console-socket --empty-ns --image-path --lsm-mount-context --lsm-profile --manage-cgroups-mode
            --pid-file --work-path'
        shorts=b
        ;;
    run)
        switches='--detach --keep --no-new-keyring --no-pivot --no-subreaper' shorts=b
        valued='--bundle --console-socket --pid-file --preserve-fds'
        ;;
    spec) switches=--rootless valued=--bundle shorts=b ;;
    stop) valued='--signal --time' shorts=st ;;
    update)
        valued='--blkio-weight --cpu-burst --cpu-idle --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime --cpu-share
            --cpuset-cpus --cpuset-mems --kernel-memory --kernel-memory-tcp --l3-cache-schema --mem-bw-schema --memory
            --memory-reservation --memory-swap --pids-limit --resources'
        shorts=r
        ;;
    esac
}

# The value of option $1.
_runlxc_value() {
    case $1 in
    --engine) _runlxc_choice containerd crio docker podman ;;
    --root | --bundle | -b | --image-path | --work-path) _runlxc_files '' -d ;;
    --config | --path | --criu | --log | --process | --resources | -r | -p | --pid-file | --console-socket) _runlxc_files '' -f ;;
    --manage-cgroups-mode) _runlxc_choice soft full strict ;;
    --cpu-idle) _runlxc_choice 0 1 ;;
    --rootless) _runlxc_choice auto false true ;;
    --log-format) _runlxc_choice text json ;;
    --log-level) _runlxc_choice error warning info debug ;;
    --format | -f) _runlxc_choice table json ;;
    --signal | -s) _runlxc_choice "$(compgen -A signal SIG)" ;;
    --interval) _runlxc_choice 1s 5s 10s 1m ;;
    --cap | -c) _runlxc_choice "$(_runlxc_caps CAP_)" ;;
    esac
}

_runlxc_commands='check checkpoint create delete events exec features install kill list pause ps restore resume run spec start state
    stop update wait'

# The n-th argument of a command.
_runlxc_argument() {
    case $verb in
    '') _runlxc_choice help "$_runlxc_commands" ;;
    help) _runlxc_choice "$_runlxc_commands" ;;
    # No argument, or an id that nobody has yet.
    check | create | features | install | list | restore | run | spec) ;;
    *)
        if [[ $1 -eq 0 ]]; then
            _runlxc_choice "$(_runlxc_containers)"
        elif [[ $1 -eq 1 && $verb == kill ]]; then
            _runlxc_choice "$(compgen -A signal SIG)"
        fi
        ;;
    esac
}

_runlxc() {
    local verb='' switches valued shorts cur cword word i n=0 value_of=''
    local -a words

    COMPREPLY=()
    _runlxc_words
    _runlxc_options ''
    for ((i = 1; i < cword; i++)); do
        word=${words[i]}
        if [[ -n $value_of ]]; then
            value_of=''
        elif [[ " ${valued//[[:space:]]/ } " == *" $word "* || (-n $shorts && $word =~ ^-[adqt]*[$shorts]$) ]]; then
            value_of=$word
            [[ $word == --* ]] || value_of=-${word: -1}
        elif [[ $word != -?* ]]; then
            if [[ -z $verb ]]; then
                verb=$word
                _runlxc_options "$verb"
            else
                n=$((n + 1))
            fi
        fi
    done
    if [[ -n $value_of ]]; then
        _runlxc_value "$value_of"
    elif [[ $cur == --*=* ]]; then
        word=${cur%%=*}
        cur=${cur#*=}
        _runlxc_value "$word"
    elif [[ $cur == -* && ($n -eq 0 || $verb != exec) ]]; then
        _runlxc_choice "$switches" "$valued"
    else
        _runlxc_argument "$n"
    fi
}

# ---- lxc-launch ----

# What readline has cut off at a ':' or '=' is taken from the front of the answers.
_lxc_launch_trim() {
    local head=

    # More is to be typed behind these: no blank.
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=/] ]] || compopt -o nospace 2>/dev/null
    [[ $cur != *[:=]* ]] || head=${cur%"${cur##*[:=]}"}
    COMPREPLY=("${COMPREPLY[@]#"$head"}")
}

_lxc_launch_bridges() {
    local dir

    for dir in /sys/class/net/*/bridge; do
        dir=${dir%/bridge}
        [ ! -d "$dir/bridge" ] || echo "${dir##*/}"
    done
}

# The names of the images in layout $1.
_lxc_launch_refs() {
    sed 's/"org\.opencontainers\.image\.ref\.name": *"\([^"]*\)"/\n@\1\n/g' "$1/index.json" 2>/dev/null | sed -n 's/^@//p'
}

_lxc_launch_image() {
    local layout

    case $cur in
    oci:*:*)
        layout=${cur#oci:}
        layout=${layout%%:*}
        _runlxc_add "oci:$layout:" -W "$(_lxc_launch_refs "$layout")"
        ;;
    oci:*) _runlxc_files oci: -d ;;
    docker-archive:*) _runlxc_files docker-archive: -f ;;
    *)
        _runlxc_choice @busybox @host oci: docker-archive: docker://
        _runlxc_add "" -S / -d
        ;;
    esac
}

# The value of option $1.
_lxc_launch_value() {
    case $1 in
    --net | --network | --pid | --ipc)
        if [[ $cur == container:* ]]; then
            _runlxc_add container: -W "$(_runlxc_containers)"
        elif [[ $1 == --net* && $cur == ns:* ]]; then
            _runlxc_files ns: -f
        elif [[ $1 == --net* ]]; then
            _runlxc_choice none host bridge container: ns: "$(_lxc_launch_bridges)"
        else
            _runlxc_choice private host container:
        fi
        ;;
    --uts) _runlxc_choice private host ;;
    --userns) _runlxc_choice host auto ;;
    --bridge) _runlxc_choice "$(_lxc_launch_bridges)" ;;
    --log-level) _runlxc_choice debug info warning error ;;
    --cap-add | --cap-drop) _runlxc_choice ALL "$(_runlxc_caps '')" ;;
    --security-opt)
        _runlxc_choice no-new-privileges systempaths=unconfined seccomp=unconfined seccomp=builtin label=disable \
            apparmor={runlxc-default,runlxc-nesting,generated,generated-nesting,unconfined} \
            seccomp= apparmor= label={user,role,type,level}:
        [[ $cur != seccomp=* ]] || _runlxc_files seccomp= -f
        ;;
    --ulimit)
        _runlxc_choice core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= \
            rttime= sigpending= stack=
        ;;
    --mount) _runlxc_choice type=bind,source= type=tmpfs,target= ;;
    --stop-signal) _runlxc_add "" -A signal ;;
    -e | --env) _runlxc_add "" -e ;;
    -u | --user) _runlxc_add "" -u ;;
    --group-add) _runlxc_add "" -g ;;
    --root) _runlxc_files "" -d ;;
    -v | --volume | --command | --env-file | --device | --blkio-weight-device | --device-*) _runlxc_files "" -f ;;
    esac
}

_lxc_launch() {
    local switches='--detach --dry-run --help --init --interactive --oom-kill-disable --privileged --read-only --rm
        --systemd-cgroup --tty --version'
    local valued='--add-host --annotation --blkio-weight --blkio-weight-device --bridge --cap-add --cap-drop
        --cgroup-parent --command --cpu-period --cpu-quota --cpu-shares --cpus --cpuset-cpus --cpuset-mems
        --detach-keys --device --device-cgroup-rule --device-read-bps --device-read-iops --device-write-bps
        --device-write-iops --dns --dns-option --dns-search --entrypoint --env --env-file --group-add --hostname --ip
        --ip6 --ipc --kernel-memory --label --log-level --lxc-conf --mac-address --memory --memory-reservation
        --memory-swap --memory-swappiness --mount --mtu --name --net --network --oom-score-adj --pid --pids-limit
        --root --security-opt --shm-size --start-timeout --stop-signal --sysctl --tmpfs --ulimit --user --userns --uts
        --volume --workdir'
    local cur cword option i
    local -a words

    COMPREPLY=()
    _runlxc_words
    # Where options end, IMAGE stands; what follows is the container's.
    for ((i = 1; i < cword; i++)); do
        option=${words[i]}
        if [[ $option == -- ]]; then
            i=$((i + 1))
            break
        elif [[ $option != -?* ]]; then
            break
        elif [[ " ${valued//[[:space:]]/ } " == *" $option "* || $option =~ ^-[itd]*[cehlmuvw]$ ]]; then
            i=$((i + 1))
        fi
    done
    option=${words[cword - 1]}
    if ((i > cword)); then
        [[ $option == --* ]] || option=-${option: -1}
        _lxc_launch_value "$option"
    elif ((i < cword)); then
        compopt -o default 2>/dev/null
    elif [[ $cur == --*=* ]]; then
        option=${cur%%=*}
        cur=${cur#*=}
        _lxc_launch_value "$option"
    elif [[ $cur == -* && $option != -- ]]; then
        _runlxc_choice "$switches" "$valued"
    else
        _lxc_launch_image
    fi
    _lxc_launch_trim
}

complete -F _runlxc runlxc
complete -F _lxc_launch lxc-launch
