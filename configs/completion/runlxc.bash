# bash completion for runlxc

# The words up to the cursor, read from the line itself: readline would cut them at every '=' and ':'.
_runlxc_words() {
    local line=${COMP_LINE:0:COMP_POINT}

    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=("")
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
}

_runlxc_choice() {
    local answer

    while IFS= read -r answer; do
        COMPREPLY+=("$answer")
    done < <(compgen -W "$*" -- "$cur")
}

_runlxc_files() {
    local answer

    compopt -o filenames 2>/dev/null
    while IFS= read -r answer; do
        COMPREPLY+=("$answer")
    done < <(compgen "$1" -- "$cur")
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

_runlxc_containers() {
    local dir

    [[ -n $root ]] || root=$(_runlxc_root)
    for dir in "$root"/*/; do
        dir=${dir%/}
        [ ! -f "$dir/state.json" ] || echo "${dir##*/}"
    done
}

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
    --root | --bundle | -b | --image-path | --work-path) _runlxc_files -d ;;
    --config | --path | --criu | --log | --process | --resources | -r | -p | --pid-file | --console-socket) _runlxc_files -f ;;
    --manage-cgroups-mode) _runlxc_choice soft full strict ;;
    --cpu-idle) _runlxc_choice 0 1 ;;
    --rootless) _runlxc_choice auto false true ;;
    --log-format) _runlxc_choice text json ;;
    --log-level) _runlxc_choice error warning info debug ;;
    --format | -f) _runlxc_choice table json ;;
    --signal | -s) _runlxc_choice "$(compgen -A signal SIG)" ;;
    --interval) _runlxc_choice 1s 5s 10s 1m ;;
    --cap | -c)
        _runlxc_choice CAP_{AUDIT_CONTROL,AUDIT_READ,AUDIT_WRITE,BLOCK_SUSPEND,BPF,CHECKPOINT_RESTORE,CHOWN} \
            CAP_{DAC_OVERRIDE,DAC_READ_SEARCH,FOWNER,FSETID,IPC_LOCK,IPC_OWNER,KILL,LEASE,LINUX_IMMUTABLE,MAC_ADMIN} \
            CAP_{MAC_OVERRIDE,MKNOD,NET_ADMIN,NET_BIND_SERVICE,NET_BROADCAST,NET_RAW,PERFMON,SETFCAP,SETGID,SETPCAP} \
            CAP_{SETUID,SYSLOG,SYS_ADMIN,SYS_BOOT,SYS_CHROOT,SYS_MODULE,SYS_NICE,SYS_PACCT,SYS_PTRACE,SYS_RAWIO} \
            CAP_{SYS_RESOURCE,SYS_TIME,SYS_TTY_CONFIG,WAKE_ALARM}
        ;;
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
    local verb='' root='' switches valued shorts cur cword word i n=0 value_of=''
    local -a words

    COMPREPLY=()
    _runlxc_words
    _runlxc_options ''
    for ((i = 1; i < cword; i++)); do
        word=${words[i]}
        [[ $word != --root=* ]] || root=${word#*=}
        if [[ -n $value_of ]]; then
            [[ $value_of != --root ]] || root=$word
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

complete -F _runlxc runlxc
