#!/bin/bash
# A first container: started from the build tree BUILD, it prints what it sees.
set -eu
build=${1:-build}

if [ "$(id -u)" -ne 0 ]; then
    echo "quickstart: LXC needs root here: sudo make quickstart" >&2
    exit 1
fi
echo "Starting a container: $build/lxc-launch --rm @busybox sh -c '...'"
# The single quotes are meant: the container's shell expands.
# shellcheck disable=SC2016
exec "$build/lxc-launch" --rm --hostname quickstart @busybox sh -c '
    echo "Hello from inside a container."
    echo "  kernel:    $(uname -sr)"
    echo "  host name: $(hostname)"
    echo "  user:      $(id)"
    echo "  root:      $(ls / | tr "\n" " ")"
    echo "  processes:"
    ps -o pid,user,comm | sed "s/^/    /"
    echo "Try: build/lxc-launch --rm -it @busybox sh"'
