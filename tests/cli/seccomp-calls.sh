#!/bin/bash
# Every system call there is, and numbers beyond, by the three doors of x86 (64 bits, int $0x80, x32), in a container with the
# default profile: each that the profile forbids is tried and gets the filter's errno, each that it allows gets the kernel's answer.
# The same with each capability that opens something.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin private
# shellcheck source=tests/cli/seccomp-lib.sh
. "$TOP/tests/cli/seccomp-lib.sh"
sweep_begin

# ---- the default capabilities, all, none ----

sweep_beside "the default capabilities" "$DEFAULT_CAPS"
# As lxc-launch does it without a profile of ours: EPERM.
sweep "$SCRATCH/plain"
is "the same calls get EPERM from the profile as it is" \
    "$(grep -c "errno $SWEEP_MARK\$" "$SCRATCH/plain") $(join -j 1 <(sed 's/ /,/' "$SCRATCH/got" | sort) <(sed 's/ /,/' "$SCRATCH/plain" | sort) |
        awk -v mark="$SWEEP_MARK" '$3 == mark && $5 != 1')" "0 "
all_caps=$(jq -r '[.syscalls[] | .includes.caps // [] | .[]] | unique | join(" ")' "$profile")
sweep_beside "all capabilities" "$DEFAULT_CAPS $all_caps" --cap-add ALL
sweep_check "no capability" "" --cap-drop ALL

# ---- one by one ----

opens() { comm -13 <(verdicts "$1" | grep allow | sort) <(verdicts "$2" | grep allow | sort) | wc -l; }
for cap in $all_caps; do
    case " $DEFAULT_CAPS " in
        *" $cap "*) continue ;;
    esac
    within "$cap opens something" "$(opens "$DEFAULT_CAPS" "$DEFAULT_CAPS $cap")" 1 40
    sweep_check "$cap" "$DEFAULT_CAPS $cap" --cap-add "${cap#CAP_}"
done

# Those that no rule asks for open nothing.
others=()
for cap in $(capability_names); do
    case " $all_caps $DEFAULT_CAPS " in
        *" $cap "*) ;;
        *) others+=(--cap-add "${cap#CAP_}") ;;
    esac
done
within "the other capabilities" "${#others[@]}" 20 80
sweep_check "the other capabilities together" "$DEFAULT_CAPS" "${others[@]}"

suite_end
