#!/bin/bash
# lxc-launch: pipes and files, a terminal (in tmux), and signals.
. "$(dirname "$0")/../lib.sh"
suite_begin private

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }
sum() { sha256sum | cut -d ' ' -f 1; }

# ---- all bytes, in both directions ----

data=$SCRATCH/data
head -c 10485760 /dev/urandom >"$data"
want=$(sum <"$data")

is "10 MB, file to file" "$(run1 -i @busybox cat <"$data" >"$SCRATCH/got"; echo $? && sum <"$SCRATCH/got")" "0"$'\n'"$want"
# shellcheck disable=SC2002
is "10 MB, pipe to pipe" "$(cat "$data" | run1 -i @busybox cat | sum)" "$want"
is "10 MB, in only" "$(run1 -i @busybox sha256sum <"$data" | cut -d ' ' -f 1)" "$want"
is "10 MB, out only" "$(run1 -v "$data:/data" @busybox cat /data | sum)" "$want"
is "10 MB on standard error" "$(run1 -v "$data:/data" @busybox sh -c 'cat /data >&2' 2>&1 >/dev/null | sum)" "$want"
run1 -i @busybox tee /dev/stderr <"$data" >"$SCRATCH/got" 2>"$SCRATCH/got2"
is "10 MB on all three at once" "$(sum <"$SCRATCH/got") $(sum <"$SCRATCH/got2")" "$want $want"
is "10 MB to a file that is appended to" "$(echo first >"$SCRATCH/got"; run1 -i @busybox cat <"$data" >>"$SCRATCH/got"; tail -n +2 "$SCRATCH/got" | sum)" \
    "$want"
is "10 MB from a socket" "$(socat -u "OPEN:$data" SYSTEM:"'$LXC_LAUNCH' --rm -i @busybox sha256sum >'$SCRATCH/socket'"; cut -d ' ' -f 1 "$SCRATCH/socket")" \
    "$want"
is "10 MB to a socket" "$(socat -u SYSTEM:"'$LXC_LAUNCH' --rm -v '$data:/data' @busybox cat /data" - | sum)" "$want"
prints "what is endless here" 1000000 sh -c "'$LXC_LAUNCH' --rm -i @busybox head -c 1000000 </dev/zero | wc -c"
# Each line is answered before the next is sent.
conversation() {
    local i answer to from

    coproc { exec "$LXC_LAUNCH" --rm -i @busybox sh -c 'while read l; do echo "[$l]"; done; echo end'; }
    from=${COPROC[0]} to=${COPROC[1]}
    for i in 1 2 3 4 5; do
        echo "line $i" >&"$to"
        read -r -t 20 -u "$from" answer
        echo -n "$answer"
    done
    exec {to}>&-
    cat <&"$from"
}
is "a conversation" "$(conversation)" "[line 1][line 2][line 3][line 4][line 5]end"

# ---- the last byte, before the exit ----

late=0
for ((i = 0; i < 60; i++)); do
    [ "$(run1 @busybox echo "run $i"; echo $?)" = "run $i"$'\n'0 ] || late=$((late + 1))
done
is "60 short runs: the output is there" "$late" 0
late=0
for ((i = 0; i < 15; i++)); do
    [ "$(run1 @busybox sh -c 'head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 3' 2>&1 | wc -c)" = 600000 ] || late=$((late + 1))
done
is "15 runs that end with a full pipe" "$late" 0
is "a slow reader" "$(run1 @busybox sh -c 'head -c 3000000 /dev/zero' | { sleep 1; wc -c; })" 3000000
is "a slow writer" "$({ echo a; sleep 0.3; echo b; } | run1 -i @busybox cat)" $'a\nb'
is "a process that outlives the init" "$(run1 --init @busybox sh -c '(sleep 0.2; echo late) & echo early')" early
prints "no newline at the end" x "$LXC_LAUNCH" --rm @busybox printf x

# ---- ends of streams ----

prints "end of file on standard input" "abc end" "$LXC_LAUNCH" --rm -i @busybox sh -c 'echo $(cat) end' <<<abc
prints "an empty standard input" "end" "$LXC_LAUNCH" --rm -i @busybox sh -c 'cat; echo end' </dev/null
prints "without -i nothing is read" "end mine" sh -c "echo mine | { '$LXC_LAUNCH' --rm @busybox sh -c 'cat; echo -n \"end \"'; cat; }"
# The container closes its output and goes on: who reads it must see the end of file, for only then the container gets its line.
mkfifo "$SCRATCH/in" "$SCRATCH/fifo"
timeout 20 cat "$SCRATCH/fifo" >"$SCRATCH/got" &
reader=$!
"$LXC_LAUNCH" --rm -i @busybox sh -c 'echo a; exec >&-; read x; echo "then $x" >&2' <"$SCRATCH/in" >"$SCRATCH/fifo" 2>"$SCRATCH/err" &
pid=$!
exec 7>"$SCRATCH/in"
wait "$reader"
is "standard output is closed while it goes on: the reader ends" $? 0
echo b >&7
exec 7>&-
wait "$pid"
is "and it goes on" "$? $(cat "$SCRATCH/got" "$SCRATCH/err" | tr '\n' ' ')" "0 a then b "
# It closes its input: who writes gets EPIPE.
timeout 20 yes >"$SCRATCH/in" 2>/dev/null &
writer=$!
"$LXC_LAUNCH" --rm -i @busybox sh -c 'exec <&-; sleep 60' <"$SCRATCH/in" &
pid=$!
wait "$writer"
unlike "standard input is closed while it goes on: the writer ends" $? '^(0|124)$'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
# The same when nothing is there to be written: no processor's time is spent on looking.
"$LXC_LAUNCH" --rm -i @busybox sh -c 'exec <&-; sleep 1; echo end' <>"$SCRATCH/in" >"$SCRATCH/got" &
pid=$!
wait_for 10 grep -q end "$SCRATCH/got" &
waiter=$!
sleep 0.9
within "an input that nobody reads: ticks of processor time" "$(awk '{ print $14 + $15 }' "/proc/$pid/stat")" 0 20
wait "$pid"
wait "$waiter"
is "the reader goes away" "$(run1 @busybox yes 2>/dev/null | head -n 1; [ "${PIPESTATUS[0]}" -lt 124 ] && echo ended)" $'y\nended'
status_is "standard output is /dev/full" 0 sh -c "'$LXC_LAUNCH' --rm @busybox echo x >/dev/full"
status_is "standard input is closed" 0 sh -c "'$LXC_LAUNCH' --rm -i @busybox cat <&-"
status_is "standard output is closed" 5 sh -c "'$LXC_LAUNCH' --rm @busybox sh -c 'echo x; exit 5' >&-"
status_is "all three are closed" 5 sh -c "'$LXC_LAUNCH' --rm -i @busybox sh -c 'echo x; exit 5' <&- >&- 2>&-"
prints "standard error is closed" x sh -c "'$LXC_LAUNCH' --rm @busybox sh -c 'echo y >&2; echo x' 2>&-"

# ---- /dev/stdout and its like, opened again ----

for user in root nobody 4242:4242; do
    is "/dev/stdin, stdout, stderr as $user" "$(run1 -u "$user" -i @busybox \
        sh -c 'read x </dev/stdin; echo "out $x" >/dev/stdout; echo "err $x" >/dev/stderr; echo self >/proc/self/fd/1' <<<in 2>&1 | sort)" \
        $'err in\nout in\nself'
    run1 -u "$user" -i @busybox sh -c 'read x </dev/stdin; echo "$x" >/dev/stdout' >"$SCRATCH/got" 2>&1 <<<file
    is "with files here, as $user" "$(cat "$SCRATCH/got")" file
done

# ---- signals ----

# signalled SIGNAL [OPTION...]: what the container says about a signal to lxc-launch, and its status.
signalled() {
    local signal=$1 pid

    shift
    : >"$SCRATCH/out" # the last one's "ready" would be taken for this one's
    "$LXC_LAUNCH" --rm "$@" @busybox sh -c "trap 'echo got $signal; exit 9' $signal; echo ready; while :; do sleep 0.05; done" \
        >"$SCRATCH/out" 2>&1 &
    pid=$!
    wait_for 10 grep -q ready "$SCRATCH/out"
    kill "-$signal" "$pid"
    wait_for 10 sh -c "! kill -0 $pid" || kill -KILL "$pid"
    wait "$pid"
    echo "$? $(grep got "$SCRATCH/out")"
}
for signal in TERM INT HUP QUIT USR1 USR2 ALRM CONT WINCH PWR VTALRM; do
    is "SIG$signal goes on" "$(signalled "$signal")" "9 got $signal"
done
is "SIGTERM with --init" "$(signalled TERM --init)" "9 got TERM"
is "SIGUSR1 with --pid host" "$(signalled USR1 --pid host)" "9 got USR1"
is "without a trap process 1 lives on" "$("$LXC_LAUNCH" --rm --init @busybox sleep 60 & pid=$!
    wait_for 10 pgrep -P "$pid" runlxc-supervi; sleep 0.3; kill -TERM "$pid"; wait "$pid"; echo $?)" 143
"$LXC_LAUNCH" --rm --start-timeout 20 @busybox true &
pid=$!
kill -INT "$pid"
wait "$pid"
status=$?
ok "a signal before the start ends it, or comes too late" test "$status" -eq 0 -o "$status" -eq 125 -o "$status" -ge 128

# ---- -t without a terminal here ----

is "-t: lines end as on a terminal" "$(run1 -t @busybox sh -c 'echo a; echo b >&2' </dev/null | od -An -c | tr -d ' ')" 'a\r\nb\r\n'
is "-t: a terminal on all three" "$(run1 -t @busybox sh -c 'test -t 0 && test -t 1 && test -t 2 && tty' </dev/null | tr -d '\r')" /dev/pts/0
is "-t: which is /dev/console" "$(run1 -t @busybox sh -c 'echo x >/dev/console; stat -c %t:%T /dev/console /dev/pts/0' </dev/null | tr -d '\r' | uniq)" \
    $'x\n88:0'
is "-t: the controlling one" "$(run1 -t @busybox sh -c 'echo x >/dev/tty; cut -d " " -f 7 /proc/self/stat' </dev/null | tr -d '\r')" x$'\n'34816
is "-t: its owner is the user" "$(run1 -t -u nobody @busybox stat -c %u:%g /dev/console </dev/null | tr -d '\r')" 65534:5
# Ticks of CPU time (fields 14 and 15 of proc(5) stat) that a launcher took whose input has ended, while its container sleeps.
idle_ticks() {
    local launch

    "$LXC_LAUNCH" --rm -i -t --name ioidle @busybox sleep 1.5 </dev/null >/dev/null &
    launch=$!
    wait_for 10 jq -e '.status == "running"' /run/runlxc/ioidle/state.json
    sleep 1
    awk '{n = $14 + $15; print (n > 20 ? "busy: " n " ticks" : "idle")}' "/proc/$launch/stat"
    wait "$launch"
}

is "-i -t: an input that has ended is not looked at again and again" "$(idle_ticks)" idle
is "-t: 100000 lines" "$(run1 -t @busybox seq 1 100000 </dev/null | tr -d '\r' | sum)" "$(seq 1 100000 | sum)"
is "-it: input that is no terminal" "$(printf 'abc\n\004' | run1 -it @busybox sh -c 'read x; echo "[$x]"' | tr -d '\r' | tail -n 1)" '[abc]'

# ---- a real terminal: tmux ----

tmux=(tmux -S "$SCRATCH/tmux" -f /dev/null)
at_exit '"${tmux[@]}" kill-server 2>/dev/null'
"${tmux[@]}" new-session -d -x 80 -y 24 "env PS1='here> ' bash --norc --noprofile"
"${tmux[@]}" set -g status off
"${tmux[@]}" resize-window -x 80 -y 24
screen() { "${tmux[@]}" capture-pane -p -J -S - | sed 's/ *$//'; }
keys() { "${tmux[@]}" send-keys "$@"; }
# shellcheck disable=SC2317 # called through wait_for
shows() { screen | grep -qE -- "$1"; }
# sees DESC REGEX: a whole line of the screen, soon.
sees() {
    if wait_for 10 shows "^$2\$"; then
        pass "$1"
    else
        fail "$1"
        diag "no line like $2 on the screen:"
        diag "$(screen | tail -n 24)"
    fi
}
clear() {
    wait_for 5 shows '^(here>|/ #)'
    "${tmux[@]}" send-keys -R
    "${tmux[@]}" clear-history
}
export LXC_LAUNCH

wait_for 10 shows '^here>'
keys "cd $SCRATCH; stty -g >stty.1" Enter
keys "\$LXC_LAUNCH --rm -it --name iotty @busybox sh" Enter
sees "a shell's prompt, with job control" '/ #'
keys 'stty size; tty; echo $TERM' Enter
sees "the window's size" '24 80'
sees "the terminal's name" '/dev/pts/0'
sees "TERM" 'xterm'
"${tmux[@]}" resize-window -x 100 -y 30
keys 'clear; stty size' Enter
sees "the size after a resize" '30 100'
keys "sh -c 'trap \"stty size; exit\" WINCH; echo trapped; while :; do sleep 0.05; done'" Enter
sees "a trap for SIGWINCH" 'trapped'
"${tmux[@]}" resize-window -x 90 -y 20
sees "SIGWINCH at a resize" '20 90'
clear
keys 'sleep 100; echo "after $?"' Enter
wait_for 5 shows sleep
sleep 0.3
keys C-c
sees "^C reaches the command in front" '/ #'
keys 'echo "status $?"' Enter
sees "and only that" 'status 130'
keys 'cat -v; echo "cat $?"' Enter
sleep 0.2
keys 'typed' Enter
keys C-d
sees "^D is the end of file" 'cat 0'
keys "stty raw -echo; dd bs=1 count=3 2>/dev/null | od -An -tx1; stty sane" Enter
sleep 0.3
keys C-p x C-q
sees "the first detach key alone is passed on" ' 10 78 11'
clear
keys 'exit 7' Enter
wait_for 10 shows '^here>'
keys 'echo "status $?"; stty -g >stty.2' Enter
sees "the status" 'status 7'
ok "the terminal's settings are written" wait_for 5 test -s stty.2
is "the terminal is as it was" "$(cat stty.2)" "$(cat stty.1)"

keys "\$LXC_LAUNCH --rm -it --name iotty @busybox sh -c 'trap \"exit 9\" TERM; echo up; while :; do sleep 0.05; done'; echo status \$?; stty -g >stty.3" Enter
sees "a command on a terminal" 'up'
pkill -TERM -f -- "^$LXC_LAUNCH --rm -it --name iotty "
sees "kill -TERM goes on" 'status 9'
wait_for 5 test -s stty.3
is "the terminal is as it was after it" "$(cat stty.3)" "$(cat stty.1)"

keys "\$LXC_LAUNCH --rm -it @busybox nosuch; echo status \$?; stty -g >stty.4" Enter
sees "a command that is not found" 'status 127'
wait_for 5 test -s stty.4
is "the terminal is as it was after that" "$(cat stty.4)" "$(cat stty.1)"

clear
keys "\$LXC_LAUNCH -it --name iodetach @busybox sh -c 'i=0; while [ \$i -lt 400 ]; do echo tick \$i; i=\$((i + 1)); sleep 0.05; done'; echo status \$?; stty -g >stty.5" Enter
sees "a clock" 'tick 5'
keys C-p C-q
sees "the detach keys lead back" 'status 0'
wait_for 5 test -s stty.5
is "the terminal is as it was after detaching" "$(cat stty.5)" "$(cat stty.1)"
is "the container runs" "$(jq -r .status /run/runlxc/iodetach/state.json)" running
last=$(screen | sed -n 's/^tick //p' | tail -n 1)
ok "its output goes to the log" wait_for 5 grep -q "tick $((last + 10))" /run/runlxc/iodetach/log
is "from where the screen ends" "$(sed -n '1s/\r//p' /run/runlxc/iodetach/log)" "tick $((last + 1))"
kill -KILL "$(jq .pid /run/runlxc/iodetach/state.json)"
ok "and it ends" wait_for 5 jq -e '.status == "stopped"' /run/runlxc/iodetach/state.json
ok "its records" "$RUNLXC" delete iodetach

clear
keys "\$LXC_LAUNCH -d -t --name iologged @busybox sh -c 'tty; echo done'" Enter
ok "-d -t" wait_for 10 jq -e '.status == "stopped"' /run/runlxc/iologged/state.json
is "-d -t: the terminal's output is in the log" "$(tr -d '\r' </run/runlxc/iologged/log)" $'/dev/pts/0\ndone'
ok "its records" "$RUNLXC" delete iologged

clear
keys "\$LXC_LAUNCH --rm -it --detach-keys ctrl-x,x --name iokeys @busybox sh; echo status \$?" Enter
sees "a shell with other detach keys" '/ #'
keys C-p C-q C-x x
sees "--detach-keys" '(/ # )?status 0'
is "it runs" "$(jq -r .status /run/runlxc/iokeys/state.json)" running
kill -KILL "$(jq .pid /run/runlxc/iokeys/state.json)"
ok "and its records go with it" wait_for 10 test ! -e /run/runlxc/iokeys
clear
keys "\$LXC_LAUNCH --rm -t @busybox sh -c 'sleep 0.5; echo done'; echo status \$?" Enter
sleep 0.2
keys "echo typed" Enter
sees "-t without -i leaves what is typed to us" 'typed'

suite_end
