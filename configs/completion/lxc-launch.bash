# bash completion for lxc-launch

# Words are read from the line itself: readline would cut them at every ':' and '='. What it has cut off is taken from
# the front of the answers at the end.
_lxc_launch_words() {
    local line=${COMP_LINE:0:COMP_POINT}

    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
}

_lxc_launch_trim() {
    local head=

    # More is to be typed behind these: no blank.
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=/] ]] || compopt -o nospace 2>/dev/null
    [[ $cur != *[:=]* ]] || head=${cur%"${cur##*[:=]}"}
    COMPREPLY=("${COMPREPLY[@]#"$head"}")
}

# add PREFIX COMPGEN-ARGUMENT...: answers for what stands behind PREFIX in the current word.
_lxc_launch_add() {
    local prefix=$1 answer

    shift
    while IFS= read -r answer; do
        COMPREPLY+=("$prefix$answer")
    done < <(compgen "$@" -- "${cur#"$prefix"}")
}

_lxc_launch_files() {
    compopt -o filenames 2>/dev/null
    _lxc_launch_add "$1" "$2"
}

_lxc_launch_choice() {
    _lxc_launch_add "" -W "$*"
}

# The root directory where none is given: the configured one, or an ordinary user's own.
_lxc_launch_root() {
    local root

    if [[ $EUID -ne 0 ]]; then
        root=${XDG_RUNTIME_DIR:-/run/user/$EUID}/runlxc
    else
        root=$(sed -n 's/^[[:blank:]]*root[[:blank:]]*=[[:blank:]]*\(.*[^[:blank:]]\)[[:blank:]]*$/\1/p' \
            /etc/runlxc/runlxc.conf 2>/dev/null)
    fi
    echo "${root:-/run/runlxc}"
}

_lxc_launch_containers() {
    local root='' i dir

    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --root) root=${words[i + 1]} ;;
        --root=*) root=${words[i]#*=} ;;
        esac
    done
    [[ -n $root ]] || root=$(_lxc_launch_root)
    for dir in "$root"/*/; do
        dir=${dir%/}
        [ ! -f "$dir/state.json" ] || echo "${dir##*/}"
    done
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
        _lxc_launch_add "oci:$layout:" -W "$(_lxc_launch_refs "$layout")"
        ;;
    oci:*) _lxc_launch_files oci: -d ;;
    docker-archive:*) _lxc_launch_files docker-archive: -f ;;
    *)
        _lxc_launch_choice @busybox @host oci: docker-archive: docker://
        _lxc_launch_add "" -S / -d
        ;;
    esac
}

# The value of option $1.
_lxc_launch_value() {
    case $1 in
    --net | --network | --pid | --ipc)
        if [[ $cur == container:* ]]; then
            _lxc_launch_add container: -W "$(_lxc_launch_containers)"
        elif [[ $1 == --net* && $cur == ns:* ]]; then
            _lxc_launch_files ns: -f
        elif [[ $1 == --net* ]]; then
            _lxc_launch_choice none host bridge container: ns: "$(_lxc_launch_bridges)"
        else
            _lxc_launch_choice private host container:
        fi
        ;;
    --uts) _lxc_launch_choice private host ;;
    --userns) _lxc_launch_choice host auto ;;
    --bridge) _lxc_launch_choice "$(_lxc_launch_bridges)" ;;
    --log-level) _lxc_launch_choice debug info warning error ;;
    --cap-add | --cap-drop)
        _lxc_launch_choice ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN \
            DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN \
            MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP \
            SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO \
            SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM
        ;;
    --security-opt)
        _lxc_launch_choice no-new-privileges systempaths=unconfined seccomp=unconfined seccomp=builtin label=disable \
            apparmor={runlxc-default,runlxc-nesting,generated,generated-nesting,unconfined} \
            seccomp= apparmor= label={user,role,type,level}:
        [[ $cur != seccomp=* ]] || _lxc_launch_files seccomp= -f
        ;;
    --ulimit)
        _lxc_launch_choice core= cpu= data= fsize= locks= memlock= msgqueue= nice= nofile= nproc= rss= rtprio= \
            rttime= sigpending= stack=
        ;;
    --mount) _lxc_launch_choice type=bind,source= type=tmpfs,target= ;;
    --stop-signal) _lxc_launch_add "" -A signal ;;
    -e | --env) _lxc_launch_add "" -e ;;
    -u | --user) _lxc_launch_add "" -u ;;
    --group-add) _lxc_launch_add "" -g ;;
    --root) _lxc_launch_files "" -d ;;
    -v | --volume | --command | --env-file | --device | --blkio-weight-device | --device-*) _lxc_launch_files "" -f ;;
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
    _lxc_launch_words
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
        _lxc_launch_choice "$switches" "$valued"
    else
        _lxc_launch_image
    fi
    _lxc_launch_trim
}

complete -F _lxc_launch lxc-launch
