#!/bin/bash
# Install the Debian packages that the build and the tests need. Does nothing when all are there.
#     tests/setup.sh                all of them
#     tests/setup.sh --quickstart   what building and a first container need
#     tests/setup.sh --deb          what building and Debian packages need
set -eu

build=(gcc libc6-dev make pkg-config libjansson-dev libapparmor-dev libseccomp-dev libsystemd-dev lxc lxc-dev busybox-static)
packaging=(build-essential dpkg-dev debhelper dh-apparmor libcmocka-dev)
tests=(clang libclang-rt-dev afl++ clang-tidy clang-format cppcheck shellcheck libcmocka-dev binutils git
    g++ iproute2 iputils-ping procps util-linux uidmap strace patch socat tmux jq python3 gdb
    lintian runc crun skopeo umoci mmdebstrap ca-certificates apparmor man-db mandoc bash-completion
    zsh fish rpm musl-tools)
# The engines that tests/engines starts, each in a place of its own.
engines=(docker.io containerd iptables bsdutils podman conmon netavark aardvark-dns catatonit slirp4netns fuse-overlayfs
    lxcfs golang-go golang-github-opencontainers-runtime-tools-dev golang-github-google-uuid-dev containernetworking-plugins
    protobuf-compiler golang-google-protobuf-dev golang-golang-x-net-dev golang-github-docker-spdystream-dev)
# The second kernel's machine; the kernel itself is only unpacked, by tests/vm/kernel.sh.
machine=(qemu-system-x86 cpio kmod systemd dbus libpam-systemd dbus-user-session criu)

packages=("${build[@]}")
case ${1:-} in
    '') packages+=("${packaging[@]}" "${tests[@]}" "${engines[@]}" "${machine[@]}") ;;
    --quickstart) packages+=(iproute2) ;;
    --deb) packages+=("${packaging[@]}") ;;
    *) echo "usage: tests/setup.sh [--quickstart|--deb]" >&2 && exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "tests/setup.sh: not a Debian system; install by hand what this script lists" >&2
    exit 0
fi

present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p')
missing=()
for package in "${packages[@]}"; do
    grep -qxF "$package" <<<"$present" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "tests/setup.sh: these packages are missing, and only root can install them: ${missing[*]}" >&2
    exit 1
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
trap 'rm -f "$log" ${made_policy:+"$made_policy"}' EXIT
# A package of an engine would start its daemon, with a bridge and rules of the machine's own.
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made_policy=$policy
fi
if ! { apt-get -q update && apt-get -q -y install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "tests/setup.sh: apt-get failed" >&2
    exit 1
fi
