# shellcheck shell=bash
# The user of tests/user.sh with a manager of systemd's, user@UID.service, in the guest itself: sourced after tests/lib.sh, and before
# suite_begin, since what is mounted outside later is not seen inside. He stays for the suites after this one.
#
#   as_user      reaches his manager; is outside of it himself, as a session by ssh is
#   as_inside    the same from a scope of the manager's
#   user_cgroup  the manager's cgroup

# shellcheck source=tests/user.sh
. "$TOP/tests/user.sh"
TEST_HOME=/var/tmp/$TEST_USER TEST_RUNTIME=/run/user/$TEST_UID
USER_ENV=(DBUS_SESSION_BUS_ADDRESS="unix:path=$TEST_RUNTIME/bus")
# shellcheck disable=SC2034 # for those who source it
user_cgroup=/user.slice/user-$TEST_UID.slice/user@$TEST_UID.service
as_inside() { as_user systemd-run --user --scope -q -- "$@"; }

if ! [ -S "$TEST_RUNTIME/bus" ]; then
    echo "$TEST_USER:x:$TEST_UID:$TEST_UID::$TEST_HOME:/bin/bash" >>/etc/passwd
    echo "$TEST_USER:*:19000:0:99999:7:::" >>/etc/shadow
    echo "$TEST_USER:x:$TEST_UID:" >>/etc/group
    echo "$TEST_USER:$TEST_SUBID:65536" | tee -a /etc/subuid >>/etc/subgid
    mkdir -p "$TEST_HOME" && chown "$TEST_UID:$TEST_UID" "$TEST_HOME"
    systemctl start "user@$TEST_UID.service" || exit 1
fi
