#!/bin/bash
# liblxcdriver as an engine uses it: tests/helpers/engine.c, built against the installed tree and run.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through run
. "$(dirname "$0")/../lib.sh"
suite_begin private
LIMIT=300

# The tree and the place of tests/build/installed.sh: the path is compiled in, and the objects can be kept.
prefix=/opt/runlxc-test-prefix
mkdir -p /opt && mount -t tmpfs -o mode=755 runlxc-test-opt /opt
ok "make install PREFIX=" make -j"$(nproc)" -C "$TOP" BUILD="$BUILD/prefix" PREFIX="$prefix" install
LIMIT=60

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
source=("$TOP"/tests/helpers/{engine,unchanged}.c)
read -ra flags < <(pkg-config --cflags --libs lxcdriver)
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Werror)
ok "it builds as C" gcc -std=c11 -D_GNU_SOURCE "${warnings[@]}" -o engine "${source[@]}" "${flags[@]}"
# Without -Wshadow: there are functions with the name of a structure, which C++ allows and that warning does not.
ok "it builds as C++" g++ -std=c++11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -x c++ -o engine++ "${source[@]}" -x none "${flags[@]}"
for lang in c:-std=c99 c:-std=c17 c++:-std=c++98 c++:-std=c++20; do
    ok "the header by itself, ${lang#*:}" sh -c "printf '#include <lxcdriver.h>\n#include <lxcdriver.h>\n' |
        gcc -x ${lang%%:*} ${lang#*:} -Wall -Wextra -Wpedantic -Werror -Wno-long-long -fsyntax-only -I$prefix/include -"
done
like "it is linked with the shared library" "$(LD_LIBRARY_PATH=$prefix/lib ldd engine)" "liblxcdriver.so.0 => $prefix/lib"

busybox_rootfs fs
id=engine$$
# engine PROGRAM SCENARIO FILE-OR-ID
engine() { bounded env LD_LIBRARY_PATH="$prefix/lib" "./$1" "$SCRATCH/root" "${@:2}" 2>&1; }
# command NAME JQ-FILTER LINE: a command of execdriver's in $NAME.json, running LINE.
command() {
    jq -n --arg id "$id" --arg root "$SCRATCH/fs" --arg line "$3" '{id: $id, rootfs: $root, working_dir: "/", network: null,
        resources: {memory: 67108864, memory_swap: 67108864}, process_config: {privileged: false, user: "", tty: false,
        entrypoint: "sh", arguments: ["-c", $line], env: ["PATH=/bin", "A=given"]}} | '"$2" >"$1.json"
}
unchanged="changed: 0 handlers, mask same, directory same, umask same, 0 descriptors, 0 threads, no child"
missing="exit 125, No such file or directory: container \"$id\" does not exist"

command life . 'trap "exit 9" TERM; echo workload; while :; do sleep 0.05; done'
for program in engine engine++; do
    run engine $program life life.json
    # The workload's line and the waiter's come when they come.
    is "a container's life, $program" "$(grep -vx -e workload -e 'waiter: exit 9' <<<"$out")" "start: a process
started: running, that pid
exec says hello given
exec: exit 5
7 8 /tmp added
exec as 7:8: exit 0
exec of nothing: exit 127, No such file or directory: exec: \"nosuch\": executable file not found in PATH
exec detached: started
pids: two or more, the init's
stats: cpu, memory, limit 67108864, pids, pids limit 18446744073709551615, rx 0
state: running
pause: ok
paused: paused, that pid
unpause: ok
unpaused: running, that pid
exec detached: signal 9
kill: ok
run: exit 9
callbacks: 0 OOM
ended: stopped, that pid, exited
ended: exit 9
clean: ok
cleaned: $missing
clean again, by force: ok
$unchanged"
    is "its output, and a wait from another process, $program" "$(grep -cx -e workload -e 'waiter: exit 9' <<<"$out")" 2
done

command oom '.resources.memory = 20971520 | .resources.memory_swap = 20971520' 'exec tail /dev/zero'
is "OOM" "$(engine engine oom oom.json)" "run: signal 9
callbacks: OOM
ended: stopped, that pid, exited, OOM
ended: signal 9
clean: ok
cleaned: $missing
clean again, by force: ok
$unchanged"

command detached . 'echo ready; sleep 60'
is "detached, ended by SIGKILL as it ignores SIGTERM" "$(engine engine detached detached.json)" "run: detached
log: written
list: it
clean of a running one: exit 125, no errno: container \"$id\" is running: stop it first, or use force
terminate: ok
terminated: signal 9
wait afterwards: signal 9
clean: ok
cleaned: $missing
clean again, by force: ok
reaped: 1
$unchanged"
command detached . 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
like "detached, ended by SIGTERM" "$(engine engine detached detached.json)" 'terminated: exit 3'

is "ended by an event of the caller's" "$(engine engine event detached.json)" "event: a byte
run: exit 125, no errno: ended by its launcher
clean: $missing
cleaned: $missing
clean again, by force: ok
$unchanged"

command terminal '.process_config.tty = true' 'test -t 0 && test -t 1 && echo on a terminal, $TERM'
is "a terminal" "$(engine engine terminal terminal.json)" "run: exit 0
console: on a terminal, xterm
clean: ok
cleaned: $missing
clean again, by force: ok
$unchanged"

# ---- errors ----

is "a container that is not there" "$(engine engine errors "$id")" "without an object: -1 -1 -1
wait: $missing
kill: $missing
pause: $missing
unpause: $missing
terminate: $missing
exec: $missing
stats: $missing
pids: $missing
clean: $missing
clean by force: ok
a relative root: refused
no error: no error, 0
$unchanged"

# refused NAME EXPECTED: of a command, nothing left.
refused() {
    is "$1" "$(engine engine plain "$1.json")" "$2
$unchanged"
}
echo '{"id": "x"' >"no JSON.json"
like "no JSON" "$(engine engine plain "no JSON.json")" '^command: exit 125, no errno: .*line 2'
command "no id" 'del(.id)' true
refused "no id" 'command: exit 125, no errno: id: is missing'
command "a wrong type" '.resources.memory = "64m"' true
like "a wrong type" "$(engine engine plain "a wrong type.json")" '^command: exit 125, no errno: resources.memory: .*"64m"'
command "no root" '.rootfs = "/nosuch/root"' true
refused "no root" 'run: exit 125, No such file or directory: root filesystem /nosuch/root: no such file or directory'
command "not found" '.process_config.entrypoint = "nosuch"' true
refused "not found" 'run: exit 127, No such file or directory: exec: "nosuch": executable file not found in PATH'
command "no program" '.process_config.entrypoint = "/etc"' true
refused "no program" 'run: exit 126, Is a directory: exec: "/etc": permission denied: a directory cannot be executed'
command "a key that LXC does not know" '.lxc_config = ["lxc.nosuch = 1"]' true
like "a key that LXC does not know" "$(engine engine plain "a key that LXC does not know.json")" '^run: exit 125, .*lxc\.nosuch'
command plain . 'echo hi; exit 4'
refused plain "hi
run: exit 4"
is "nothing is left of them" "$(ls -A root)" ""

# ---- uninstalled ----

read -ra flags < <(PKG_CONFIG_PATH='' pkg-config --libs jansson libapparmor libseccomp)
ok "it builds against the build tree" gcc -std=c11 -D_GNU_SOURCE -o engine-tree "${source[@]}" -I"$TOP/driver" -L"$BUILD" -llxcdriver
ok "and against the static library" gcc -std=c11 -D_GNU_SOURCE -o engine-static "${source[@]}" -I"$TOP/driver" "$BUILD/liblxcdriver.a" "${flags[@]}"
umount /opt
is "RUNLXC_LIBEXECDIR names the helpers of a library that is not installed" \
    "$(bounded env LD_LIBRARY_PATH="$BUILD" RUNLXC_LIBEXECDIR="$BUILD" ./engine-tree "$SCRATCH/root" plain plain.json 2>&1)" "hi
run: exit 4
$unchanged"
is "also for the static one" "$(bounded env RUNLXC_LIBEXECDIR="$BUILD" ./engine-static "$SCRATCH/root" plain plain.json 2>&1 | head -n 2)" "hi
run: exit 4"
like "without it the error names what is missing" "$(RUNLXC_LIBEXECDIR='' LD_LIBRARY_PATH=$prefix/lib:$BUILD ./engine-tree "$SCRATCH/root" plain plain.json 2>&1)" \
    '^run: exit 125, .*(runlxc-supervise|runlxc-init|lxc-templates|seccomp)'
suite_end
