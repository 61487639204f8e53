#!/bin/bash
# Process 1 of the second kernel, on the real root: what every kind of machine has, then the command, by itself or under systemd.
# /vm-out is the host's directory: kind, top, command (arguments, NUL after each), release; the status goes there.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Engines' garbage is collected where memory gets short, which it hardly does here, and not before: emulation is slow.
export GOGC=off GOMEMLIMIT=384MiB
kind=$(</vm-out/kind)
top=$(</vm-out/top)
release=$(</vm-out/release)

prepare() {
    local dir

    mkdir -p "/lib/modules/$release" /dev/pts /dev/shm
    mount --bind "$(</vm-out/modules)" "/lib/modules/$release"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts /dev/pts
    rm -f /dev/ptmx && ln -s pts/ptmx /dev/ptmx
    for dir in fd stdin stdout stderr; do rm -f "/dev/$dir"; done
    ln -s /proc/self/fd /dev/fd
    ln -s fd/0 /dev/stdin && ln -s fd/1 /dev/stdout && ln -s fd/2 /dev/stderr
    mount -t tmpfs -o mode=1777 shm /dev/shm
    mount -t securityfs securityfs /sys/kernel/security
    mount -t bpf bpf /sys/fs/bpf
    # The machine's state is not this one's. A source tree that lies below stays where it was.
    mkdir -p /run/top && mount --bind "$top" /run/top
    for dir in /var/lib/{runlxc,lxc,docker,containerd,containers} /tmp; do
        mkdir -p "$dir" && mount -t tmpfs -o mode=755 state "$dir"
    done
    mountpoint -q "$top" || { mkdir -p "$top" && mount --bind /run/top "$top"; }
    umount /run/top && rmdir /run/top
    modprobe -a virtio_blk ext4
    mount -t ext4 /dev/vda /var/tmp && rmdir /var/tmp/lost+found
    chmod 1777 /tmp /var/tmp
    chmod 711 /var/lib/runlxc
    mkdir -p /run/lock
    ip link set lo up
    hostname runlxc-vm
    ulimit -n 65536
    # A root whose propagation is shared is what systemd leaves and engines meet.
    mount --make-rshared /
}

plain() {
    mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
    "$top/tests/vm/guest-command.sh"
    poweroff_now
}

poweroff_now() {
    sync
    exec busybox poweroff -f
}

# Kernel parameters of systemd's, for the hierarchies that it mounts; passed to it as such, since where a file of this machine's says that
# it is a container it does not read the kernel's.
cgroup_parameters() {
    case $kind in
        systemd-hybrid) echo systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0 ;;
        systemd-v1) echo systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1 ;;
    esac
}

with_systemd() {
    local unit

    # What this machine has enabled is not for the guest: nothing but what the command's target asks for.
    mount -t tmpfs -o mode=755 units /etc/systemd/system
    for unit in systemd-udevd systemd-udev-trigger systemd-hwdb-update systemd-random-seed systemd-timesyncd systemd-networkd \
        systemd-resolved systemd-firstboot systemd-sysusers systemd-machine-id-commit systemd-remount-fs systemd-modules-load \
        systemd-binfmt systemd-pstore systemd-boot-system-token systemd-sysctl systemd-update-utmp e2scrub_reap getty@tty1 \
        systemd-tmpfiles-setup-dev systemd-journal-flush ldconfig kmod-static-nodes docker containerd lxc lxc-net lxcfs podman apparmor; do
        ln -s /dev/null "/etc/systemd/system/$unit.service"
    done
    for unit in systemd-udevd-control systemd-udevd-kernel docker podman; do
        ln -s /dev/null "/etc/systemd/system/$unit.socket"
    done
    cat >/etc/systemd/system/vm.target <<UNIT
[Unit]
Requires=dbus.service sysinit.target vm-command.service
After=dbus.service sysinit.target
AllowIsolate=yes
UNIT
    cat >/etc/systemd/system/vm-command.service <<UNIT
[Unit]
After=dbus.service sysinit.target
[Service]
Type=oneshot
ExecStart=$top/tests/vm/guest-command.sh
ExecStopPost=/bin/busybox poweroff -f
Environment=HOME=/root PATH=$PATH GOGC=$GOGC GOMEMLIMIT=$GOMEMLIMIT
Delegate=yes
KillMode=process
LimitNOFILE=65536
UNIT
    printf '%s' runlxcvm00000000000000000000test | md5sum | cut -c1-32 >/run/machine-id
    : >>/etc/machine-id
    mount --bind /run/machine-id /etc/machine-id
    : >/etc/fstab
    SYSTEMD_PROC_CMDLINE=$(cgroup_parameters) \
        exec /lib/systemd/systemd --unit=vm.target --show-status=false --log-target=kmsg --log-level=notice
}

prepare 2>&1
case $kind in
    plain) plain ;;
    systemd*) with_systemd ;;
esac
