#!/bin/bash
# The one command of this boot: its output to the second serial line, its status to the host's directory.
cd / || exit 1
export HOME=/root LC_ALL=C.UTF-8 RUNLXC_VM=1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mapfile -d '' command </vm-out/command
mapfile -d '' environment </vm-out/environment
# Bytes as they are.
stty -F /dev/ttyS1 raw -echo
cd "$(</vm-out/directory)" || exit 1
{ env "${environment[@]}" "${command[@]}" </dev/null 2>&1; echo "$?" >/vm-out/status; } | cat >/dev/ttyS1
sync
