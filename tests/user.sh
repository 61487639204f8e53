# shellcheck shell=bash
# An ordinary user for a suite, after suite_begin private: he is in an /etc that the suite alone sees, with a home, a runtime
# directory and, unless `user_make nosubids`, 65536 ids of his own. Nothing of him is on the machine.
#
#     user_make
#     as_user lxc-launch @busybox true
#
#   TEST_USER TEST_UID TEST_SUBID   his name, his id (and group), the first of his further ids
#   TEST_HOME TEST_RUNTIME          his home and XDG_RUNTIME_DIR, on a tmpfs

TEST_USER=runlxctest TEST_UID=4242 TEST_SUBID=2000000
TEST_HOME=${SCRATCH:-}/user/home TEST_RUNTIME=${SCRATCH:-}/user/run

user_make() {
    local etc=$SCRATCH/user/etc file

    chmod 711 "$SCRATCH"
    mkdir "$SCRATCH/user" && mount -t tmpfs -o mode=755,size=2g runlxc-test-user "$SCRATCH/user" || return 1
    mkdir "$etc" "$TEST_HOME" "$TEST_RUNTIME"
    chmod 700 "$TEST_RUNTIME"
    chown "$TEST_UID:$TEST_UID" "$TEST_HOME" "$TEST_RUNTIME"
    { cat /etc/passwd && echo "$TEST_USER:x:$TEST_UID:$TEST_UID::$TEST_HOME:/bin/bash"; } >"$etc/passwd"
    { cat /etc/group && echo "$TEST_USER:x:$TEST_UID:"; } >"$etc/group"
    if [ "${1:-}" = nosubids ]; then
        : >"$etc/subuid"
    else
        echo "$TEST_USER:$TEST_SUBID:65536" >"$etc/subuid"
    fi
    cp "$etc/subuid" "$etc/subgid"
    for file in passwd group subuid subgid; do
        [ -e "/etc/$file" ] || return 1
        mount --bind "$etc/$file" "/etc/$file" || return 1
    done
    # For what gives him a network.
    mkdir -p /dev/net
    [ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
}

# as_user CMD...: with nothing of root's in the environment, and no capability.
as_user() {
    bounded setpriv --reuid "$TEST_UID" --regid "$TEST_UID" --init-groups --inh-caps -all \
        env -i -C "$TEST_HOME" HOME="$TEST_HOME" USER="$TEST_USER" LOGNAME="$TEST_USER" XDG_RUNTIME_DIR="$TEST_RUNTIME" \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb ${USER_ENV[@]+"${USER_ENV[@]}"} "$@"
}
USER_ENV=()

# user_podman_conf RUNTIME [SETTING]: the user's Podman knows RUNTIME and runlxc; SETTING is one of its table [engine].
user_podman_conf() {
    local conf=$TEST_HOME/.config/containers

    mkdir -p "$conf"
    cat >"$conf/containers.conf" <<CONF
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[network]
network_backend = "netavark"
[engine]
${2:-}
events_logger = "file"
helper_binaries_dir = ["/usr/lib/podman", "/usr/libexec/podman", "/usr/bin"]
[engine.runtimes]
$1 = ["$(command -v "$1")"]
runlxc = ["$RUNLXC"]
CONF
    printf '[storage]\ndriver = "overlay"\n' >"$conf/storage.conf"
}
