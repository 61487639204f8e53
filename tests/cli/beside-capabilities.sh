# shellcheck shell=bash
# shellcheck disable=SC2016,SC2153,SC2154,SC2317 # programs of other languages; functions called by name; variables of beside.sh
# Probes of the first table, sourced by beside.sh: what the runtimes can do.

row verbs '`create start run state kill delete exec ps list pause resume update events spec`'
probe_verbs() {
    local who=$1 missing=() verb

    command_of "$who"

    works() { # VERB CMD...
        "${@:2}" >"$SCRATCH/.verb" 2>&1 </dev/null || missing+=("\`$1\`")
    }
    is_status() { [ "$(field "$who" status)" = "$1" ]; }
    mkdir "$SCRATCH/spec-$who"
    works spec sh -c 'cd "$1" && shift && "$@" spec && jq -e .process.args config.json' sh "$SCRATCH/spec-$who" "${command[@]}"
    config '.linux.resources.pids.limit = 50'
    works create create "$who"
    works state is_status created
    works start "$who" start "$id"
    is_status running || missing+=("\`start\`")
    works exec "$who" exec "$id" sh -c 'echo executed'
    grep -qx executed "$SCRATCH/.verb" || missing+=("\`exec\`")
    works ps "$who" ps "$id"
    works list sh -c '"$@" list -q | grep -qx '"$id" sh "${command[@]}"
    works pause "$who" pause "$id"
    works pause is_status paused
    works resume "$who" resume "$id"
    works resume is_status running
    works update "$who" update --pids-limit 60 "$id"
    works update grep -qxE '6[01]' "$(cgroup_dir "$(field "$who" pid)")/pids.max"
    works events "$who" events --stats "$id"
    works kill "$who" kill "$id" KILL
    works kill wait_for 10 is_status stopped
    works delete "$who" delete "$id"
    ! field "$who" status 2>/dev/null | grep -q . || missing+=("\`delete\`")
    config 'sh("exit 3")'
    once "$who"
    [ "$status" -eq 3 ] || missing+=("\`run\`")
    verb=${missing[*]}
    say "$([ -z "$verb" ] && echo yes || echo "all but $verb")"
}

row features '`features`'
probe_features() {
    run "$1" features
    if [ "$status" -eq 0 ]; then
        jq -e .ociVersionMin <<<"$out" >/dev/null && say yes
    else
        say no
    fi
}

# A criu that tells what it was asked for; whether a kernel can be checkpointed is another question.
asks_criu() { # CMD...
    mkdir -p "$SCRATCH/criu-bin" "$SCRATCH/images"
    printf '#!/bin/sh\necho "$*" >>"%s"\nexit 1\n' "$SCRATCH/.criu" >"$SCRATCH/criu-bin/criu"
    chmod 755 "$SCRATCH/criu-bin/criu"
    rm -f "$SCRATCH/.criu"
    PATH=$SCRATCH/criu-bin:$PATH run "$@" --image-path "$SCRATCH/images" --work-path "$SCRATCH/images" "$id" </dev/null
    [ -s "$SCRATCH/.criu" ]
}

row checkpoint '`checkpoint`'
probe_checkpoint() {
    up "$1" || unknown "$(<"$SCRATCH/.create")"
    if asks_criu "$1" checkpoint; then say yes; else say no; fi
}

elsewhere '`restore`' vm/plain/criu.sh 'for program in runlxc runc'
elsewhere "systemd's cgroup driver (\`--systemd-cgroup\`)" vm/systemd/cgroup-driver.sh 'start crun'
elsewhere 'what a `Type=notify` service says to systemd (`NOTIFY_SOCKET`)' cli/notify.sh 'what comes later reaches nobody'

# The bundle is the user's, his id is root's, and he has no other.
row rootless "an ordinary user's containers"
probe_rootless() {
    local who=$1 before=() home

    home=$TEST_HOME/$who
    cp -a "$SCRATCH/bundle" "$home" && chown -R "$TEST_UID:$TEST_UID" "$home"
    "$RUNC" spec --rootless -b "$home" && jq --argjson id "$TEST_UID" '.process.terminal = false | .root.readonly = false |
        .linux.uidMappings[0].hostID = $id | .linux.gidMappings[0].hostID = $id | .process.args = ["sh", "-c", "id -u; stat -c %u /; exit 4"]' \
        "$home/config.json" >"$home/config.new" && mv "$home/config.new" "$home/config.json"
    [ "$who" != crun ] || before=("${V1_ONLY[@]}")
    command_of "$who"
    # As as_user of tests/user.sh does, which crun could not be given its view of the machine by.
    run env ${before[@]+"${before[@]}"} setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --init-groups --inh-caps -all env -i -C "$TEST_HOME" \
        HOME="$TEST_HOME" USER="$TEST_USER" XDG_RUNTIME_DIR="$TEST_RUNTIME" PATH="$PATH" "${command[0]}" run -b "$home" "$id" </dev/null
    if [ "$status,$out" = "4,0"$'\n'0 ]; then say yes; else say no; fi
}

row hybrid 'cgroup v1 beside v2 (hybrid)'
probe_hybrid() {
    [ -e /sys/fs/cgroup/unified/cgroup.procs ] || { say "not here: no hybrid cgroups" && return; }
    config 'sh("echo up")'
    command_of "$1"
    run "${command[@]}" run -b "$bundle" "$id" </dev/null
    if [ "$out" = up ]; then say yes; else say no; fi
}

# What it says of itself, and what the younger one has: a clock of the container's own.
row specification 'OCI runtime specification'
probe_specification() {
    local own clock=no

    own=$("$1" --version | sed -nE 's/^spec: ([0-9]+\.[0-9]+).*/\1/p')
    [ "$1" != runlxc ] || own=$(runlxc features | jq -r '[.ociVersionMin, .ociVersionMax] | map(sub("^(?<n>[0-9]+[.][0-9]+).*"; "\(.n)")) | join(" to ")')
    config 'own("time") | .linux.timeOffsets.boottime = {secs: 86400000} | sh("cut -d . -f 1 /proc/uptime")'
    once "$1"
    [ "$status" -ne 0 ] || [ "$out" -lt 86400000 ] || clock=yes
    case $own,$clock in
        1.0,no | 1.0\ to\ *,yes) say "$own" ;;
        *) unknown "$own, time namespaces: $clock" ;;
    esac
}

row lxc 'containers of every engine in `lxc-ls`, `lxc-info`, `lxc-attach`, `lxc-top`, `lxc-freeze`, `lxc-stop`'
probe_lxc() {
    local who=$1 root

    command_of "$who"
    root=${command[2]}
    up "$who"
    lxc() { bounded "lxc-$1" -P "$root" -n "$id" "${@:2}" </dev/null; }
    if [ "$(bounded lxc-ls -P "$root" -1)" != "$id" ]; then
        say no
    elif [ "$(lxc info -sH) $(lxc attach -- echo attached)" = "RUNNING attached" ] &&
        (sleep 1 && printf q) | timeout 10 script -qefc "stty rows 40 cols 200; exec lxc-top -P '$root' -d 1" /dev/null | grep -qF "${id:0:12}" &&
        lxc freeze && [ "$(field "$who" status)" = paused ] && lxc unfreeze && lxc stop -k && [ "$(field "$who" status)" = stopped ]; then
        say yes
    else
        unknown "$(lxc info)"
    fi
}

elsewhere 'systemd in a container without `--privileged` and mounts by hand' engines/system.sh 'nor a filter less'
elsewhere 'lxcfs by an annotation' engines/lxcfs.sh '.annotations["org.linuxcontainers.lxcfs"]'

# The administrator has allowed it.
row raw 'raw LXC settings for one container'
probe_raw() {
    local got

    config '.annotations["org.linuxcontainers.lxc.proc.oom_score_adj"] = "321" | del(.process.oomScoreAdj) | sh("cat /proc/self/oom_score_adj")'
    once "$1"
    if [ "$status,$out" != 0,321 ]; then
        say no
    elif got=$(bounded "$LXC_LAUNCH" --root "$ROOT" --rm --lxc-conf lxc.proc.oom_score_adj=322 @busybox cat /proc/self/oom_score_adj) && [ "$got" = 322 ]; then
        say 'annotations, `--lxc-conf`'
    else
        unknown "$got"
    fi
}

row launcher "a launcher with \`docker run\`'s options and images"
probe_launcher() {
    local words=(--rm -v "$SCRATCH/source:/data:ro" -e A=b --memory 64m -w /data -h web @busybox sh -c 'echo "$A $PWD $(hostname)"')

    if [ "$("$1" run "${words[@]}")" = "b /data web" ]; then
        say yes
    elif [ "$1" = runlxc ] && [ "$(bounded "$LXC_LAUNCH" --root "$ROOT" "${words[@]}")" = "b /data web" ]; then
        say '`lxc-launch`'
    else
        say no
    fi
}

elsewhere 'what is left when any of its processes is killed at any moment' cli/kill-anywhere.sh 'the supervisor killed at'
