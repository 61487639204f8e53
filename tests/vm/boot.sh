#!/bin/bash
# Boot Debian's own kernel under qemu's TCG and run one command there as root.
#     tests/vm/boot.sh [-t SECONDS] [-m MIB] [-o DIR] plain|systemd|systemd-hybrid|systemd-v1 COMMAND [ARGUMENT...]
# Its output is the command's, both streams as one, and its status too; 125 when there is none, with the end of the guest's console.
# The guest has this machine's files, read-only under a layer that is thrown away, at the same paths, and pure cgroup v2, AppArmor, and
# a shared root. plain: nothing else runs. systemd: it is process 1, with D-Bus; with -v1 it has mounted the v1 hierarchies in place of
# v2, with -hybrid an empty v2 beside them. /vm-out in the guest is DIR on the host.
set -u
limit=280
memory=3072
out=
while getopts t:m:o: option; do
    case $option in
        t) limit=$OPTARG ;;
        m) memory=$OPTARG ;;
        o) out=$OPTARG ;;
        *) exit 125 ;;
    esac
done
shift $((OPTIND - 1))
kind=${1:-}
case $kind in
    plain | systemd | systemd-hybrid | systemd-v1) ;;
    *) echo "usage: $0 [-t SECONDS] [-m MIB] [-o DIR] plain|systemd|systemd-hybrid|systemd-v1 COMMAND..." >&2 && exit 125 ;;
esac
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
vm=$("$top/tests/vm/kernel.sh") || exit 125

# The root is exported without what is mounted on it: a bind of it, in a mount namespace that ends with us.
if [ -z "${VM_SCRATCH:-}" ]; then
    VM_SCRATCH=$(mktemp -d /tmp/second-kernel.XXXXXX) || exit 125
    trap 'rm -rf --one-file-system "$VM_SCRATCH"' EXIT
    mkdir "$VM_SCRATCH/root" "$VM_SCRATCH/out"
    export VM_SCRATCH
    unshare -m --propagation private bash "$0" -t "$limit" -m "$memory" ${out:+-o "$out"} "$kind" "$@"
    exit
fi
mount --bind / "$VM_SCRATCH/root" || exit 125
out=${out:-$VM_SCRATCH/out}
rm -f "$out/status"
echo "$kind" >"$out/kind"
echo "$top" >"$out/top"
cp "$vm/release" "$out/release"
echo "$vm/tree/lib/modules/$(<"$vm/release")" >"$out/modules"
printf '%s\0' "$@" >"$out/command"
pwd >"$out/directory"
for name in BUILD ONLY ENGINE_TIMES RUNLXC LXC_LAUNCH LXC_RUNTIME ONLY_OURS VM_SUITES DEBS; do
    [ -z "${!name+set}" ] || printf '%s\0' "$name=${!name}"
done >"$out/environment"

# A disk, since there are limits that only a block device has.
truncate -s 2G "$VM_SCRATCH/disk" && mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1 "$VM_SCRATCH/disk" || exit 125

share() {
    printf '%s\n' -virtfs "local,path=$2,mount_tag=$1,security_model=none,multidevs=remap${3:+,$3}"
}
mapfile -t shares < <(share root "$VM_SCRATCH/root" readonly=on && share top "$top" readonly=on && share out "$out")
# One processor, for which emulation needs no atomic operations: two machines side by side do more than one of two. A clock that is read
# without leaving the emulation, no pages cleared for nothing, no waiting for grace periods.
fast='no_timer_check mitigations=off nokaslr audit=0 tsc=reliable clocksource=tsc init_on_alloc=0 rcupdate.rcu_expedited=1 hardened_usercopy=off
    randomize_kstack_offset=off nowatchdog psi=0 norandmaps'
timeout -k 5 "$limit" qemu-system-x86_64 -accel tcg,thread=single,tb-size=512 -cpu qemu64,+rdrand -smp 1 -no-hpet -m "$memory" \
    -kernel "$vm/vmlinuz" -initrd "$vm/initramfs" -nodefaults -no-user-config -display none -no-reboot \
    -append "console=ttyS0 quiet panic=-1 ${fast//$'\n'/ } lsm=yama,apparmor vm.top=$top " \
    -drive "file=$VM_SCRATCH/disk,format=raw,if=virtio,cache=unsafe" -serial "file:$VM_SCRATCH/console" -serial stdio "${shares[@]}" </dev/null 2>"$VM_SCRATCH/qemu"
code=$?
if [ -s "$out/status" ]; then
    exit "$(<"$out/status")"
fi
{
    echo "the guest gave no status within $limit s (qemu: $code); the end of its console:"
    tail -n 30 "$VM_SCRATCH/console" "$VM_SCRATCH/qemu"
} >&2
exit 125
