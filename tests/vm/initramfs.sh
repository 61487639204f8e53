#!/bin/busybox sh
# shellcheck shell=dash
# Process 1 of the second kernel until the real one: the host's root file system, read-only, under a layer that is thrown away, with
# the source tree and a directory for results.
b=/bin/busybox
$b --install -s /bin
export PATH=/bin
stop() {
    echo "vm: $*" >/dev/console
    poweroff -f
    sleep 60
}

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do
    insmod "/modules/$module" || stop "cannot load $module"
done </modules/order

# share TAG DIR OPTIONS
share() {
    mkdir -p "$2"
    mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,$3" "$1" "$2" || stop "cannot mount $1"
}
argument() {
    sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline
}

mkdir -p /lower /upper /root
share root /lower ro,cache=loose
mount -t tmpfs -o mode=755,size=75% upper /upper
mkdir /upper/upper /upper/work /upper/top /upper/topwork
mount -t overlay -o lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work root /root || stop "cannot mount the root"
top=$(argument vm.top)
share top /top ro,cache=loose
mkdir -p "/root$top"
mount -t overlay -o "lowerdir=/top,upperdir=/upper/top,workdir=/upper/topwork" top "/root$top" || stop "cannot mount the source tree"
share out /root/vm-out rw

for dir in dev proc sys; do
    mkdir -p "/root/$dir"
    mount --move "/$dir" "/root/$dir"
done
mount -t tmpfs -o mode=755 run /root/run
exec switch_root -c /dev/console /root "$top/tests/vm/guest.sh"
