#!/bin/bash
# Root file systems that are in the way: files where directories should be, directories where files should be, links that lead nowhere or in
# a circle, roots that cannot be written. An error names the place and the step; nothing is left, and the root is as it was.
# shellcheck source=tests/lib.sh disable=SC2317 # functions are called through the assertions
. "$(dirname "$0")/../lib.sh"
suite_begin private

bundle=$SCRATCH/bundle
mkdir "$bundle"

# config FILTER: the bundle's configuration, changed by a filter of jq's.
config() {
    jq -n '{ociVersion: "1.0.2", root: {path: "rootfs"}, hostname: "hostile",
        process: {args: ["sh", "-c", "exit 7"], cwd: "/", user: {uid: 0, gid: 0}, env: ["PATH=/bin"]},
        mounts: [{destination: "/proc", type: "proc", source: "proc"},
            {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"]},
            {destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]},
            {destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]}],
        linux: {namespaces: ["pid", "mount", "ipc", "uts", "network"] | map({type: .}),
            maskedPaths: ["/proc/keys"], readonlyPaths: ["/proc/sys"]}}' | jq "$1" >"$bundle/config.json"
}

rootfs() {
    rm -rf --one-file-system "$bundle/rootfs"
    busybox_rootfs "$bundle/rootfs"
}

listing() {
    find "$bundle/rootfs" -printf '%y %m %P %l\n' | sort
}

# hostile DESC WORDS CHANGE [FILTER]: with the root changed by a line of shell, a run is refused with WORDS (extended).
hostile() {
    local before left

    rootfs
    config "${4:-.}"
    (cd "$bundle/rootfs" && eval "$3") || echo "# $1: not set up"
    before=$(listing)
    run bounded "$RUNLXC" --root "$ROOT" run -b "$bundle" hostile </dev/null
    left=$(ls -A "$ROOT"; compgen -G '/sys/fs/cgroup/*/runlxc.*.hostile*')
    is "$1: refused" "$(if [ "$status" -eq 1 ] && [[ $err =~ ^runlxc:\ .*($2) ]]; then echo yes; else echo "$status $err"; fi)" yes
    is "$1: nothing is left" "$left$(listing | diff <(echo "$before") -)" ""
}

hostile "/proc is a file" '/proc' 'rmdir proc; : >proc'
hostile "/proc is a link to itself" '/proc' 'rmdir proc; ln -s proc proc'
hostile "/proc leads out" '/proc' 'rmdir proc; ln -s ../../../../nowhere/at/all proc; : >nowhere'
hostile "/dev is a file" '/dev' 'rmdir dev; : >dev'
hostile "/sys is a device" '/sys' 'rmdir sys; mknod sys c 1 3'
hostile "/sys is a FIFO" '/sys' 'rmdir sys; mkfifo sys'
hostile "a directory where a file is mounted" '/etc/passwd' 'rm etc/passwd; mkdir etc/passwd' \
    '.mounts += [{destination: "/etc/passwd", type: "bind", source: "/etc/passwd", options: ["bind", "ro"]}]'
hostile "a file where a directory is mounted" '/mnt/x' ': >mnt/x' \
    '.mounts += [{destination: "/mnt/x", type: "bind", source: "/etc", options: ["rbind", "ro"]}]'
hostile "a file on the way to a mount" '/mnt/x/y' ': >mnt/x' \
    '.mounts += [{destination: "/mnt/x/y", type: "tmpfs", source: "tmpfs"}]'
hostile "the working directory is a file" 'working directory "/mnt/x"' ': >mnt/x' '.process.cwd = "/mnt/x"'
hostile "the working directory is a circle" 'working directory "/mnt/x"' 'ln -s x mnt/x' '.process.cwd = "/mnt/x"'
hostile "the command is a directory" 'exec: "/mnt": permission denied' : '.process.args = ["/mnt"]'
hostile "the command is a circle" 'exec: "/mnt/x": too many' 'ln -s x mnt/x' '.process.args = ["/mnt/x"]'
hostile "the command is no program" 'exec: "/mnt/x": exec format error' 'printf garbage >mnt/x; chmod 755 mnt/x' '.process.args = ["/mnt/x"]'
hostile "the interpreter is missing" 'exec: "/mnt/x": no such file' 'printf "#!/no/such\n" >mnt/x; chmod 755 mnt/x' '.process.args = ["/mnt/x"]'
hostile "there is no command" 'executable file not found' 'rm -r bin'
hostile "a sysctl that is none" 'sysctl "?net.ipv4.no_such' : '.linux.sysctl = {"net.ipv4.no_such": "1"}'
hostile "a device where a directory is" '/dev/x' : \
    '.mounts += [{destination: "/dev/x", type: "tmpfs", source: "tmpfs"}] | .linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3}]'

# A root that cannot be written, and has not what is to be mounted on.
rootfs
config .
rmdir "$bundle/rootfs/sys"
mount --bind "$bundle/rootfs" "$bundle/rootfs"
mount -o remount,bind,ro "$bundle/rootfs"
at_exit 'umount "$bundle/rootfs" 2>/dev/null'
run bounded "$RUNLXC" --root "$ROOT" run -b "$bundle" hostile </dev/null
like "a root that is read-only" "$status $err" '^1 runlxc: .*/sys.*read-only file system'
is "nothing is left of it" "$(ls -A "$ROOT")" ""
umount "$bundle/rootfs"
suite_end
