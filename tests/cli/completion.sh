#!/bin/bash
# What bash, zsh and fish offer for both commands: the same commands, options, values, and containers of the root that is meant.
. "$(dirname "$0")/../lib.sh"
suite_begin private

# Where an ordinary user can read them.
chmod 755 "$SCRATCH"
cp -r "$TOP/configs/completion" "$TOP/tests/helpers/complete.zsh" "$SCRATCH/"
cd "$SCRATCH" || exit 1

# ---- the shells: lines in, answers out, each line's sorted on one line ----

# The words are the line's own, as the functions read them; what is offered stands behind the last ':' or '=' of the word.
cat >complete.bash <<'END'
. completion/runlxc.bash
while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE}
    case $COMP_LINE in
        runlxc*) _runlxc ;;
        *) _lxc_launch ;;
    esac 2>/dev/null
    echo "${COMPREPLY[*]}"
done
END
cat >complete.fish <<'END'
set -p fish_function_path completion/functions
source completion/runlxc.fish
source completion/lxc-launch.fish
while read -l line
    set -l answers (complete -C $line | string replace -r '\t.*' '')
    printf '%s\n' "$answers"
end
END

# ask SHELL <LINES: in the same form for all: without the part of the word that is typed already and ends in ':' or '=', and
# without a directory's slash or the '=' behind which more is to be typed.
ask() {
    cat >lines
    case $1 in
        bash) "${as[@]}" bash --norc complete.bash <lines >got ;;
        zsh) "${as[@]}" zsh -f complete.zsh "$SCRATCH/completion" <lines >got ;;
        fish) "${as[@]}" fish --no-config complete.fish <lines >got ;;
    esac
    python3 -c '
import re
for line, answer in zip(open("lines"), open("got")):
    head = re.match("(.*[:=])?", line.rstrip("\n").split(" ")[-1]).group()
    words = (word[len(head):] if word.startswith(head) else word for word in answer.split())
    print(*sorted({re.sub("[/=]$", "", word) for word in words}))'
}

# offer FILE: of lines "LINE -> ANSWERS" each shell gives these.
offer() {
    local shell line want got

    for shell in bash zsh fish; do
        sed 's/ ->.*//' "$1" | ask "$shell" >answers
        while IFS= read -r line <&3 && IFS= read -r got <&4; do
            want=${line#*->}
            is "$shell: $2${line%% ->*}" "$got" "${want# }"
        done 3<"$1" 4<answers
        is "$shell: $2an answer for each line" "$(wc -l <answers)" "$(wc -l <"$1")"
    done
}
as=()

# ---- commands, options, values ----

options_of() {
    "$RUNLXC" "$@" --help | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\2/p' | sort | paste -s -d ' '
}
mapfile -t verbs < <("$RUNLXC" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
within "runlxc has commands" "${#verbs[@]}" 19 40
mkdir -p layout ldir run/web run/db run/.leases
touch file.tar run/{web,db}/state.json
echo '{"manifests":[{"annotations":{"org.opencontainers.image.ref.name":"v1"}},
    {"annotations":{"org.opencontainers.image.ref.name": "v2"}}]}' >layout/index.json

{
    echo "runlxc  -> $(printf '%s\n' "${verbs[@]}" help | sort | paste -s -d ' ')"
    echo "runlxc -- -> $(options_of)"
    for verb in "${verbs[@]}"; do
        echo "runlxc --root /nosuch $verb -- -> $(options_of "$verb")"
    done
    echo "lxc-launch -- -> $("$LXC_LAUNCH" --help | grep -oE -- '(^|[ ,])--[a-z0-9-]+' | tr -d ' ,' | sort | paste -s -d ' ')"
    cat <<'END'
runlxc sta -> start state
runlxc --debug --log-level error ki -> kill
runlxc help feat -> features
runlxc --log-format  -> json text
runlxc --log-format=j -> json
runlxc --log-level  -> debug error info warning
runlxc --rootless  -> auto false true
runlxc list -f  -> json table
runlxc ps --format=t -> table
runlxc checkpoint --manage-cgroups-mode  -> full soft strict
runlxc update --cpu-idle  -> 0 1
runlxc install --engine  -> containerd crio docker podman
runlxc exec -t -c CAP_NET_A -> CAP_NET_ADMIN
runlxc stop --signal SIGTER -> SIGTERM
runlxc kill web SIGUSR -> SIGUSR1 SIGUSR2
runlxc run --bundle l -> layout ldir
runlxc create  ->
runlxc --root run exec  -> db web
runlxc --root=run delete --force w -> web
runlxc --root run exec -td --env A=B d -> db
runlxc --root run exec -tu  ->
runlxc --root run exec web  ->
runlxc --root run exec web - ->
runlxc --root run state web  ->
runlxc --root /nosuch state  ->
lxc-launch --rm -it @ -> @busybox @host
lxc-launch -m 1g l -> layout ldir
lxc-launch -m1g --name=x l -> layout ldir
lxc-launch oci:l -> layout ldir
lxc-launch oci:layout: -> v1 v2
lxc-launch docker-archive:f -> file.tar
lxc-launch --cpu-p -> --cpu-period
lxc-launch @busybox --cpu- ->
lxc-launch --cap-add NET_A -> NET_ADMIN
lxc-launch --log-level=w -> warning
lxc-launch --root run --net container: -> db web
lxc-launch --root=run --pid container:w -> web
lxc-launch --userns  -> auto host
lxc-launch --uts  -> host private
lxc-launch --security-opt apparmor=gen -> generated generated-nesting
lxc-launch --security-opt seccomp=bu -> builtin
lxc-launch --ulimit no -> nofile
lxc-launch --mount type=b -> bind,source
lxc-launch --stop-signal SIGTER -> SIGTERM
lxc-launch -u www-d -> www-data
END
} >table
offer table ""

mapfile -t caps < <(sed -nE 's/^ *"CAP_([A-Z_]+)",$/\1/p' "$TOP/initshim/shared/capnames.c" | sort)
{
    echo "runlxc exec -c  -> ${caps[*]/#/CAP_}"
    echo "lxc-launch --cap-drop  -> ALL ${caps[*]}"
} >table
offer table "all capabilities: "

# Its own to expand, for the shell has not done it yet.
cat >table <<END
runlxc --root ~/run exec  -> db web
runlxc --debug --root ~/run delete --force w -> web
lxc-launch --root ~/run --net container: -> db web
lxc-launch --root ~/run --ipc container:w -> web
runlxc --root ~nobody/run state  ->
runlxc --root ~no-such-user/run state  ->
END
as=(env HOME="$SCRATCH")
offer table "a root below the home: "
as=()

# ---- found by the shells where they are installed ----

ok "they are installed" make -s -C "$TOP" install-docs DESTDIR="$SCRATCH/dest" PREFIX=/usr
export XDG_DATA_DIRS=$SCRATCH/dest/usr/share
mkdir home
# fish asks nothing about a command that is not there.
mkdir path && ln -s "$LXC_LAUNCH" path/lxc-launch && ln -s "$RUNLXC" path/runlxc
prints "by fish" "$(printf 'start state --cpu-period CAP_NET_ADMIN NET_ADMIN SIGTERM' | tr ' ' '\n')" env HOME="$SCRATCH/home" PATH="$SCRATCH/path:$PATH" \
    fish -c 'for line in "runlxc sta" "lxc-launch --cpu-p" "runlxc exec -c CAP_NET_A" "lxc-launch --cap-add NET_A" "lxc-launch --stop-signal SIGTER"; complete -C $line | string replace -r "\t.*" ""; end'
prints "by zsh" "start state" zsh -f complete.zsh "$XDG_DATA_DIRS/zsh/site-functions" < <(echo 'runlxc sta')
prints "by bash" $'complete -F _runlxc runlxc\ncomplete -F _lxc_launch lxc-launch' bash --norc -c '. /usr/share/bash-completion/bash_completion
    for name in runlxc lxc-launch; do _completion_loader "$name"; complete -p "$name"; done'
unset XDG_DATA_DIRS

# ---- containers that are there ----

ok "a container of the usual root" "$LXC_LAUNCH" -d --name usual --net none @busybox sleep 600
ok "a container of another" "$LXC_LAUNCH" --root "$ROOT" -d --name other --net none @busybox sleep 600
cat >table <<END
runlxc exec  -> usual
runlxc --root $ROOT exec -t  -> other
runlxc --root $ROOT pause o -> other
lxc-launch --ipc container: -> usual
END
offer table "running: "

mkdir etc-upper etc-work
ok "an /etc of the suite's own" mount -t overlay -o "lowerdir=/etc,upperdir=$SCRATCH/etc-upper,workdir=$SCRATCH/etc-work" overlay /etc
mkdir -p /etc/runlxc
printf '# root = /no\n\troot  = %s  \n' "$ROOT" >/etc/runlxc/runlxc.conf
cat >table <<END
runlxc wait  -> other
lxc-launch --net container: -> other
END
offer table "the configured root: "
umount /etc

mkdir -p user/runlxc/mine
touch user/runlxc/mine/state.json
as=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nosuch "XDG_RUNTIME_DIR=$SCRATCH/user")
chmod 666 lines got
echo 'runlxc state  -> mine' >table
offer table "an ordinary user: "

ok "they are deleted" "$RUNLXC" delete --force usual
ok "both" "$RUNLXC" --root "$ROOT" delete --force other
suite_end
