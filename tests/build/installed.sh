#!/bin/bash
# What is installed works without the source tree: a build for another PREFIX, installed there, starts a container.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin private
LIMIT=600

# The same place in every run: the path is compiled in, and the objects can be kept.
prefix=/opt/runlxc-test-prefix
mkdir -p "$SCRATCH/opt"
mount -t tmpfs -o mode=755 runlxc-test-opt /opt
ok "make install PREFIX=" make -C "$TOP" -j"$(nproc)" BUILD="$BUILD/prefix" PREFIX="$prefix" install
ok "the templates are in its share" test -d "$prefix/share/runlxc/lxc-templates"
ok "its settings are its own" test ! -e /etc/runlxc/runlxc.conf -o -d "$prefix/etc"
prints "the installed lxc-launch starts a container" "inside 0" \
    "$prefix/bin/lxc-launch" --rm @busybox sh -c 'echo inside $(id -u)'
unlike "and names nothing of the build tree" \
    "$("$prefix/bin/lxc-launch" --dry-run @busybox true 2>&1)" "$BUILD"
suite_end
