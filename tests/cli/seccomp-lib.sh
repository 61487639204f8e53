# shellcheck shell=bash
# For the suites of the default filter: every system call, and what a profile says of it by itself.
#
#   sweep_begin               compiles the helper into $SCRATCH/bin, reads the numbers of the calls
#   sweep_check DESC CAPS OPTION...
#                             a container with these options of lxc-launch, whose capabilities are CAPS ("CAP_CHOWN CAP_..."), with
#                             the default profile and an errno of its own that no call gives: 999 is the filter
#   sweep_beside DESC CAPS OPTION...
#                             the same, and each call that is allowed does what it does without a filter

SWEEP_LAST=560 # x32 has numbers of its own up to 547
SWEEP_MARK=999
SWEEP_ABIS=(x86-64 i386 x32)
profile=$TOP/configs/seccomp/default.json

# shellcheck disable=SC2034 # for the suites
DEFAULT_CAPS="CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID CAP_SETUID CAP_SETFCAP CAP_SETPCAP \
CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE"

# What the kernel runs whatever a filter says (the way back from a probe of the host's administrator), where it has them.
BESIDE_FILTERS="x86-64 335 x86-64 336"

# Calls that are younger than the headers here may be; the same number on every machine.
YOUNGER="cachestat 451 fchmodat2 452 map_shadow_stack 453 futex_wake 454 futex_wait 455 futex_requeue 456 statmount 457 listmount 458 \
lsm_get_self_attr 459 lsm_set_self_attr 460 lsm_list_modules 461 mseal 462 setxattrat 463 getxattrat 464 listxattrat 465 \
removexattrat 466 open_tree_attr 467 file_getattr 468 file_setattr 469 listns 470"

# Lines "ABI NUMBER NAME".
call_numbers() {
    local abi header name number

    for abi in x86-64/64 i386/32 x32/x32; do
        header=asm/unistd_${abi#*/}.h
        abi=${abi%/*}
        # The x32 ones are "(__X32_SYSCALL_BIT + 0)".
        "${CC:-gcc}" -E -dM -include "$header" -x c /dev/null |
            sed -nE 's/^#define __NR_([a-z0-9_]+) (\(__X32_SYSCALL_BIT \+ )?([0-9]+)\)?$/'"$abi"' \3 \1/p'
        while read -r name number; do
            echo "$abi $number $name"
        done < <(xargs -n 2 <<<"$YOUNGER" | if [ "$abi" = x32 ]; then grep -v map_shadow_stack; else cat; fi)
    done | sort -u
}

# The names of the capabilities, in the order of their numbers.
capability_names() {
    "${CC:-gcc}" -E -dM -include linux/capability.h -x c /dev/null |
        sed -nE 's/^#define (CAP_[A-Z_]+)[[:space:]]+([0-9]+)$/\2 \1/p' | sort -n | cut -d ' ' -f 2
}

# verdicts CAPS: what the profile says here of each call that it names: "NAME allow", "NAME args" or "NAME ERRNO".
verdicts() {
    jq -r --arg caps "$1" '
        ($caps | split(" ")) as $caps |
        [.syscalls[] |
         select((.includes.arches // ["amd64"] | index("amd64")) and (.excludes.arches // [] | index("amd64") | not)) |
         select((.includes.caps // []) - $caps == []) |
         select((.excludes.caps // []) as $not | $not - $caps == $not)] |
        (map(select(.args == null and .action == "SCMP_ACT_ALLOW") | .names) | add) as $allowed |
        ($allowed[] | . + " allow"),
        (map(select(.args) | .names) | add | unique - $allowed | .[] | . + " args"),
        (.[] | select(.action == "SCMP_ACT_ERRNO") | .names[] + " \(.errnoRet)")' "$profile"
}

sweep_begin() {
    mkdir -p "$SCRATCH/bin"
    ok "the sweep compiles" "${CC:-gcc}" -std=gnu17 -O1 -static -Wall -Wextra -Werror -o "$SCRATCH/bin/sweep" \
        "$TOP/tests/helpers/sweep.c"
    call_numbers >"$SCRATCH/numbers"
    jq ".defaultErrnoRet = $SWEEP_MARK" "$profile" >"$SCRATCH/swept.json"
}

# sweep FILE OPTION...
sweep() {
    local file=$1

    shift
    bounded "$LXC_LAUNCH" --rm "$@" -v "$SCRATCH/bin:/t:ro" @busybox /t/sweep 0 "$SWEEP_LAST" "${SWEEP_ABIS[@]}" \
        >"$file" 2>"$SCRATCH/.warnings"
}

# sweep_judge CAPS FILE [CONTROL]: a line for each call that the filter answered otherwise than the profile says, then
# "N forbidden, N hidden, N allowed".
sweep_judge() {
    verdicts "$1" | awk -v mark="$SWEEP_MARK" -v control="${3:-}" -v numbers="$SCRATCH/numbers" -v beside="$BESIDE_FILTERS" '
        FILENAME == "-" { verdict[$1] = $2; next }
        FILENAME == numbers {
            name[$1, $2] = $3
            if (($3 in verdict) && $2 > last[$1]) last[$1] = $2
            next
        }
        FILENAME == control { without[$1, $2] = $3 " " $4; next }
        index(beside " ", $1 " " $2 " ") { next }
        {
            what = ($1, $2) in name ? name[$1, $2] : "?"
            says = what in verdict ? verdict[what] : $2 > last[$1] ? "hidden" : "forbidden"
            got = $3 " " $4
            if (says == "forbidden") want = "errno " mark
            else if (says == "hidden") want = "errno 38"
            else if (says == "args") want = got
            else if (says == "allow") want = control && got != "hang " ? without[$1, $2] : got
            else want = "errno " says
            if (got != want || (says == "allow" && got == "errno " mark)) print $1, $2, what " is " says ": " got ", not " want
            n[says]++
        }
        END { printf "%d forbidden, %d hidden, %d allowed\n", n["forbidden"], n["hidden"], n["allow"] }' \
        - "$SCRATCH/numbers" ${3:+"$3"} "$2"
}

# The counts say that all were tried: none of them is 0, and together with the few others they are as many as there are numbers.
sweep_verdict() {
    local desc=$1 said

    said=$(sweep_judge "${@:2}")
    like "$desc" "$said" '^[1-9][0-9]+ forbidden, [1-9][0-9]+ hidden, [1-9][0-9]+ allowed$'
    within "and every number was tried" "$(wc -l <"$3")" $((${#SWEEP_ABIS[@]} * (SWEEP_LAST + 1))) $((${#SWEEP_ABIS[@]} * (SWEEP_LAST + 1)))
}

sweep_check() {
    local desc=$1 caps=$2

    shift 2
    sweep "$SCRATCH/got" "$@" --security-opt "seccomp=$SCRATCH/swept.json"
    sweep_verdict "$desc" "$caps" "$SCRATCH/got"
}

sweep_beside() {
    local desc=$1 caps=$2

    shift 2
    sweep "$SCRATCH/without" "$@" --security-opt seccomp=unconfined
    is "$desc: without a filter nothing gives its errno" "$(grep -c "errno $SWEEP_MARK\$" "$SCRATCH/without")" 0
    sweep "$SCRATCH/got" "$@" --security-opt "seccomp=$SCRATCH/swept.json"
    sweep_verdict "$desc" "$caps" "$SCRATCH/got" "$SCRATCH/without"
}
