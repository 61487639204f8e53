#!/bin/bash
# The validation programs of runtime-tools, each with runc and with runlxc: what passes with runc has to pass with runlxc.
#
# Their source is Debian's source package (or RUNTIME_TOOLS, a checkout); it and the programs are kept in the build tree. Debian's
# binary packages bring the libraries; that of the output format, which Debian has not, is conformance/tap.go.
# ONLY, a regular expression, chooses programs.
# shellcheck source=tests/engines/lib.sh
. "$(dirname "$0")/lib.sh"
engine_begin

package=golang-github-opencontainers-runtime-tools
place=$BUILD/tests/conformance
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# apt_outside RELEASE ARG...: apt-get in the machine's network, with lists and sources of its own.
apt_outside() {
    local release=$1 dir=$WORK/apt

    shift
    mkdir -p "$dir"/{lists/partial,cache/archives/partial}
    # shellcheck disable=SC2016 # apt's
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 'Component: main' |
        sed -n "s#^\([^ ]*\) Debian Debian\$#deb-src [signed-by=$keyring] \1 $release main#p" | sort -u >"$dir/sources.list"
    nsenter -t "$SUITE_OUTER" -n timeout -k 5 120 apt-get -q -o Dir::Etc::SourceList="$dir/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" \
        -o APT::Sandbox::User=root "$@"
}

# source_get DIR: of the first Debian from this one on whose source can be had.
source_get() {
    local release

    if [ -n "${RUNTIME_TOOLS:-}" ]; then
        cp -a "$RUNTIME_TOOLS" "$1"
        return
    fi
    mkdir "$1" "$WORK/source"
    for release in "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" trixie sid; do
        cd "$WORK/source" || return 1
        apt_outside "$release" update && apt_outside "$release" --download-only --only-source --tar-only source "$package" &&
            tar -C "$1" --strip-components=1 -xf "$package"_*.orig.tar.* && return 0
        rm -f "$WORK/source"/*
        rm -rf "$WORK/apt"
    done
    return 1
}

# Without modules: what Debian's packages bring lies where GOPATH says.
build() {
    local go=$place/gopath/src/github.com

    mkdir -p "$place/programs" "$go"/{opencontainers,mndrix/tap-go,blang/semver}
    if [ ! -d "$go/opencontainers/runtime-tools" ]; then
        source_get "$WORK/runtime-tools" && cp -a "$WORK/runtime-tools" "$go/opencontainers/" || return 1
    fi
    cp -u "$ENGINES/conformance/tap.go" "$go/mndrix/tap-go/"
    ln -sfn /usr/share/gocode/src/github.com/blang/semver "$go/blang/semver/v4"
    cd "$go/opencontainers/runtime-tools" || return 1
    export GO111MODULE=off GOPATH=$place/gopath:/usr/share/gocode GOCACHE=$place/cache GOFLAGS='' CGO_ENABLED=0
    go build -o "$place/runtimetest" ./cmd/runtimetest && go build -o "$place/programs/" ./validation/... &&
        cp rootfs-*.tar.gz "$place/"
}

# good DIR: the tests that went well, skipped ones left out.
good() {
    sed -nE '/# *SKIP/Id; s/^ok [0-9]+ *-? *//p' "$1/out" | LC_ALL=C sort
}

# judge DIR: how a program went: pass, fail, skip (nothing but skipped tests). One that ends without a test has failed.
judge() {
    if grep -q '^not ok' "$1/out" || [ "$(<"$1/status")" -ne 0 ]; then
        echo fail
    elif [ -n "$(good "$1")" ]; then
        echo pass
    elif grep -qi '^ok.*# *skip' "$1/out"; then
        echo skip
    else
        echo fail
    fi
}

# validate PROGRAM NAME RUNTIME: leaves $WORK/v/PROGRAM-NAME/{out,err,status}.
validate() {
    local dir=$WORK/v/$1-$2

    mkdir -p "$dir"
    (cd "$WORK/run" && RUNTIME=$3 timeout -k 5 60 "$place/programs/$1") >"$dir/out" 2>"$dir/err" </dev/null
    echo $? >"$dir/status"
}

if ! build >"$WORK/build.log" 2>&1; then
    diag "$(tail -n 20 "$WORK/build.log")"
    skip "conformance" "the source of runtime-tools cannot be had"
    engine_end
fi

# Where the programs look for the root file system and for what they run in it; they copy it as it is, a link as a link.
mkdir "$WORK/run" && cp "$place"/runtimetest "$place"/rootfs-*.tar.gz "$WORK/run/"
running=0
for program in "$place"/programs/*; do
    program=${program##*/}
    [[ $program =~ ${ONLY:-.} ]] || continue
    for pair in runc=runc "lxc=$LXC_RUNTIME"; do
        case $program in
            # These all use the same cgroup.
            linux_cgroups_* | *_resources)
                validate "$program" "${pair%%=*}" "${pair#*=}"
                continue
                ;;
        esac
        if [ "$running" -ge "$ENGINE_JOBS" ]; then
            wait -n
            running=$((running - 1))
        fi
        validate "$program" "${pair%%=*}" "${pair#*=}" &
        running=$((running + 1))
    done
done
wait

# What passes with runc and is meant to be otherwise (README, "Differences").
known() {
    case $1 in
        # It holds the supervisor's pid, state the init's.
        pidfile) echo "create with '--pid-file' option works" ;;
        # One more than was asked for, for the supervisor.
        delete_resources | linux_cgroups_pids | linux_cgroups_relative_pids) echo 'pids limit is set correctly' ;;
        # LXC gives every container a mount namespace of its own. The first of these programs ends when that is refused.
        linux_ns_itype) printf 'inherit namespace %s without type\n' cgroup ipc mnt net pid user uts ;;
        linux_ns_path) echo 'set mnt namespace by path' ;;
    esac
}

# validate_again PROGRAM: what goes otherwise beside others than with runc is run once more by itself, with both, five programs at most:
# some send a signal to a shell that may not have set its trap yet (killsig), or wait for a second. It says so.
again=0
validate_again() {
    local dir=$WORK/v/$1

    if [ "$again" -ge 5 ] || [ -n "$(known "$1")" ] || [ "$(judge "$dir-runc")" != pass ] || [ "$(judge "$dir-lxc")" != fail ]; then
        return
    fi
    again=$((again + 1))
    diag "$1 failed beside others, once more alone:"
    diag "$(grep -A 6 '^not ok' "$dir-lxc/out" | head -n 20)"
    rm -rf --one-file-system "$dir-runc" "$dir-lxc"
    validate "$1" runc runc
    validate "$1" lxc "$LXC_RUNTIME"
}

# What a program finds out is compared test by test: many of them fail somewhere with runc.
count=0 same=0 programs_count=0 programs_same=0
for dir in "$WORK"/v/*-runc; do
    program=${dir##*/}
    program=${program%-runc}
    other=$WORK/v/$program-lxc
    validate_again "$program"
    with_runc=$(judge "$dir")
    with_lxc=$(judge "$other")
    missing=$(LC_ALL=C comm -23 <(good "$dir") <(good "$other"))
    different=$(grep -cFx "$(known "$program")" <<<"$missing")
    [ -z "$(known "$program")" ] && different=0
    missing=$(grep -vFx "$(known "$program")" <<<"$missing")
    diag "$(printf '%-36s runc %-5s runlxc %s' "$program" "$with_runc" "$with_lxc")"
    tests=$(good "$dir" | wc -l)
    count=$((count + tests))
    same=$((same + tests - different - $(grep -c . <<<"$missing")))
    if [ "$with_runc" = pass ]; then
        programs_count=$((programs_count + 1))
        [ "$with_lxc" != pass ] || programs_same=$((programs_same + 1))
    fi
    if [ -z "$missing" ] && { [ "$with_runc" != pass ] || [ "$with_lxc" = pass ] || [ "$different" -gt 0 ]; }; then
        [ "$tests" -eq 0 ] || pass "conformance: $program: $((tests - different)) tests, $different different"
    else
        fail "conformance: $program: what passes with runc passes"
        diag "missing: ${missing:-(status $(<"$other/status"))}"
        diag "$(tail -n 30 "$other/out" "$other/err")"
    fi
done
printf 'conformance programs same=%d/%d tests same=%d/%d\n' "$programs_same" "$programs_count" "$same" "$count"
# Some programs remove nothing, or mount in the suite's own namespace.
for runtime in runc "$LXC_RUNTIME"; do
    for id in $("$runtime" list -q); do
        "$runtime" delete --force "$id"
    done
done
for _ in 1 2 3; do
    awk -v work="$WORK/tmp/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | tac | xargs -r umount -l
done
find /sys/fs/cgroup -mindepth 2 -depth -type d \( -path '*/cgrouptest*' -o -path '*/testdir*' \) -exec rmdir {} + 2>/dev/null
[ -z "${KEEP:-}" ] || cp -a "$WORK/v" "$KEEP"
engine_end
