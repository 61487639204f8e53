/* SOURCES: initshim/guard/peer.c */
/* Who may talk to lxc-start's command socket. */
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/peer.h"

static int listener;
static struct sockaddr_un name = {.sun_family = AF_UNIX};
static const socklen_t name_len = offsetof(struct sockaddr_un, sun_path) + 32;

static int setup(void **state)
{
    const struct timeval limit = {.tv_sec = 10};

    (void)state;
    snprintf(name.sun_path + 1, 31, "runlxc-guard-%d", (int)getpid());
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return listener >= 0 &&
                   setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
                   bind(listener, (struct sockaddr *)&name, name_len) == 0 &&
                   listen(listener, 4) == 0
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    return close(listener);
}

/* What the peer does before it connects. 0 or -1. */
typedef int (*change)(void);

/* Whether a child that did `change` is trusted; -1 when it could not. */
static int trusted_after(change make, bool ends)
{
    int connection, status, verdict, hold[2];
    pid_t child;

    assert_int_equal(pipe(hold), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        char byte;

        close(hold[1]);
        if (fd < 0 || (make && make() < 0) || connect(fd, (struct sockaddr *)&name, name_len) < 0)
            _exit(1);
        if (!ends)
            (void)!read(hold[0], &byte, 1);
        _exit(0);
    }
    close(hold[0]);
    connection = accept(listener, NULL, NULL);
    if (ends) {
        assert_int_equal(waitpid(child, &status, 0), child);
    }
    verdict = connection < 0 ? -1 : guard_peer_trusted(connection);
    close(hold[1]);
    if (!ends)
        assert_int_equal(waitpid(child, &status, 0), child);
    if (connection >= 0)
        close(connection);
    return verdict;
}

static int set_effective(unsigned cap, bool on)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    data[cap / 32].effective &= ~(1U << (cap % 32));
    data[cap / 32].effective |= (unsigned)on << (cap % 32);
    return (int)syscall(SYS_capset, &header, data);
}

static int without_sys_admin(void)
{
    return set_effective(CAP_SYS_ADMIN, false);
}

static int without_chown(void)
{
    return set_effective(CAP_CHOWN, false);
}

static int with_chown(void)
{
    return set_effective(CAP_CHOWN, true);
}

/* All capabilities, over nothing. */
static int in_user_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}

static int as_nobody(void)
{
    return setresuid(65534, 65534, 65534);
}

static void test_as_mighty(void **state)
{
    (void)state;
    assert_int_equal(trusted_after(NULL, false), 1);
}

static void test_less(void **state)
{
    (void)state;
    assert_int_equal(trusted_after(without_sys_admin, false), 0);
    assert_int_equal(trusted_after(without_chown, false), 0);
    assert_int_equal(trusted_after(in_user_namespace, false), 0);
    assert_int_equal(trusted_after(as_nobody, false), 0);
}

/* Its number may be another's by now. */
static void test_ended(void **state)
{
    (void)state;
    assert_int_equal(trusted_after(NULL, true), 0);
}

/* More than ours is as good. */
static void test_more(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0)
        _exit(without_chown() == 0 && trusted_after(with_chown, false) == 1 &&
                      trusted_after(without_sys_admin, false) == 0
                  ? 0
                  : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_no_socket(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_false(guard_peer_trusted(fds[0]));
    assert_false(guard_peer_trusted(-1));
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_mighty), cmocka_unit_test(test_less),
        cmocka_unit_test(test_ended),     cmocka_unit_test(test_more),
        cmocka_unit_test(test_no_socket),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
