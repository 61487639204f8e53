#!/bin/bash
# --help, man page and completion of each command name the same options; what lxc-launch's completion answers. (That of runlxc is asked
# in tests/cli/runlxc.sh.)
. "$(dirname "$0")/../lib.sh"
suite_begin

page=$TOP/man/lxc-launch.1
completion=$TOP/configs/completion/lxc-launch.bash

# ---- the same options everywhere ----

help_options() {
    "$LXC_LAUNCH" --help | grep -oE -- '(^|[ ,])--[a-z0-9-]+' | tr -d ' ,' | sort -u
}

page_options() {
    sed -n '/^\.Sh OPTIONS/,/^\.Sh ENVIRONMENT/s/^\.It Fl \([^-]* , Fl \)\{0,1\}-\([a-z0-9-]*\).*/--\2/p' "$page" | sort -u
}

completed_options() {
    sed -n '/local switches=/,/local cur/p' "$completion" | grep -oE -- '--[a-z0-9-]+' | sort -u
}

short_options() {
    "$LXC_LAUNCH" --help | grep -oE -- '(^|[ ,])-[a-z] --[a-z-]+' | tr -d ' ,' | sed 's/^\(-.\)\(--.*\)/\1 \2/' | sort
}

page_short_options() {
    sed -n 's/^\.It Fl \([a-z]\) , Fl \(-[a-z-]*\).*/-\1 -\2/p' "$page" | sort
}

isnt "--help names options" "$(help_options)" ""
is "the man page has every option of --help and no other" "$(page_options)" "$(help_options)"
is "the completion has every option of --help and no other" "$(completed_options)" "$(help_options)"
is "the man page has every short form" "$(page_short_options)" "$(short_options)"
prints "the man pages are clean" "" mandoc -T lint -W warning "$TOP"/man/*.[1-8]

# ---- runlxc ----

# runlxc_help ARG...: "-s --long" or "--long" for each option.
runlxc_help() {
    "$RUNLXC" "$@" --help | sed -nE 's/^  (-.), (--[a-z0-9-]+).*/\1 \2/p; s/^      (--[a-z0-9-]+).*/\1/p' | sort
}

# runlxc_page SECTION: the same out of the part of the page below this heading (a pattern).
runlxc_page() {
    awk -v section="^\\.S[hs] $1( |\$)" '/^\.S[hs] / { inside = $0 ~ section } inside' "$TOP/man/runlxc.8" |
        sed -nE 's/^\.It Fl (.) , Fl (-[a-z0-9-]+).*/-\1 -\2/p; s/^\.It Fl (-[a-z0-9-]+).*/-\1/p' | sort
}

mapfile -t verbs < <("$RUNLXC" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort)
is "runlxc's man page has every command" "$(sed -n 's/^\.Ss \([a-z]*\).*/\1/p' "$TOP/man/runlxc.8")" "$(printf '%s\n' "${verbs[@]}")"
is "its global options" "$(runlxc_page 'GLOBAL OPTIONS')" "$(runlxc_help)"
for verb in "${verbs[@]}"; do
    is "the options of $verb" "$(runlxc_page "$verb")" "$(runlxc_help "$verb")"
done

# ---- the completion ----

# answers LINE: what is offered at the end of the line, sorted, on one line.
answers() (
    # shellcheck source=/dev/null
    . "$completion"
    COMP_LINE=$1
    COMP_POINT=${#COMP_LINE}
    _lxc_launch
    printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
)

mkdir -p "$SCRATCH/w/layout" "$SCRATCH/w/ldir" "$SCRATCH/w/run/web" "$SCRATCH/w/run/.leases"
touch "$SCRATCH/w/file.tar" "$SCRATCH/w/run/web/state.json"
cat >"$SCRATCH/w/layout/index.json" <<'END'
{"manifests":[{"annotations":{"org.opencontainers.image.ref.name":"v1"}},{"annotations":{"org.opencontainers.image.ref.name": "v2"}}]}
END
cd "$SCRATCH/w" || exit 1

is "images" "$(answers "lxc-launch --rm -it @")" "@busybox @host "
is "directories are images" "$(answers "lxc-launch -m 1g l")" "layout/ ldir/ "
is "an option's value is not the image" "$(answers "lxc-launch -itm l")" " "
is "an attached value leaves the image to come" "$(answers "lxc-launch -m1g --name=x l")" "layout/ ldir/ "
is "layouts" "$(answers "lxc-launch oci:l")" "layout ldir "
is "names of a layout" "$(answers "lxc-launch oci:layout:")" "v1 v2 "
is "archives" "$(answers "lxc-launch docker-archive:f")" "file.tar "
is "options" "$(answers "lxc-launch --cpu-")" "--cpu-period --cpu-quota --cpu-shares "
is "no options behind the image" "$(answers "lxc-launch @busybox --cpu-")" " "
is "no options behind --" "$(answers "lxc-launch -- --cpu-")" " "
is "capabilities" "$(answers "lxc-launch --cap-add NET_A")" "NET_ADMIN "
is "a value behind =" "$(answers "lxc-launch --log-level=w")" "warning "
is "containers of --root" "$(answers "lxc-launch --root $SCRATCH/w/run --net container:")" "web "
is "containers of --root=" "$(answers "lxc-launch --root=$SCRATCH/w/run --pid c")" "container: "
is "networks" "$(answers "lxc-launch --net n")" "none ns: "
is "users" "$(answers "lxc-launch -u www-d")" "www-data "
cd / || exit 1

suite_end
