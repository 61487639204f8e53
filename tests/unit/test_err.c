#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void test_set(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(err_set(&err, "%s: %d is out of range", "resources.memory", -1), -1);
    assert_string_equal(err_message(err), "resources.memory: -1 is out of range");
    assert_int_equal(err->errno_code, 0);
    assert_int_equal(err->exit_code, 125);
}

static void test_set_replaces(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    err_sys(&err, EACCES, "open %s", "/a");
    err_set(&err, "second");
    assert_string_equal(err_message(err), "second");
    assert_int_equal(err->errno_code, 0);
}

/* The text of the error that is replaced may be an argument of the new one. */
static void test_set_from_itself(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    err_set(&err, "inner");
    err_set(&err, "outer (%s)", err_message(err));
    assert_string_equal(err_message(err), "outer (inner)");
}

static void test_sys(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(err_sys(&err, ENOENT, "open %s", "/nowhere"), -1);
    assert_string_equal(err_message(err), "open /nowhere: no such file or directory");
    assert_int_equal(err->errno_code, ENOENT);
    assert_int_equal(err->exit_code, 125);
}

static void test_exit(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(err_exit(&err, 127, "%s: not found", "frobnicate"), -1);
    assert_string_equal(err_message(err), "frobnicate: not found");
    assert_int_equal(err->exit_code, 127);
    assert_int_equal(err->errno_code, 0);
}

static void test_wrap(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    err_sys(&err, ENOENT, "source %s", "/srv/data");
    assert_int_equal(err_wrap(&err, "mount %s", "/data"), -1);
    assert_int_equal(err_wrap(&err, "create %s", "web"), -1);
    assert_string_equal(err_message(err),
                        "create web: mount /data: source /srv/data: no such file or directory");
    assert_int_equal(err->errno_code, ENOENT);
}

static void test_wrap_keeps_exit_code(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    err_exit(&err, 126, "cannot execute");
    err_wrap(&err, "start");
    assert_string_equal(err_message(err), "start: cannot execute");
    assert_int_equal(err->exit_code, 126);
}

static void test_wrap_of_nothing(void **state)
{
    struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(err_wrap(&err, "context"), -1);
    assert_null(err);
}

static void test_percent_is_text(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    err_set(&err, "%s", "100%s %n");
    err_wrap(&err, "%s", "a%d");
    assert_string_equal(err_message(err), "a%d: 100%s %n");
}

/* A value in a message, or in what is put before it, adds no line to a log. */
static void test_one_line(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    err_set(&err, "\"%s\" is no name", "a\nb\177");
    err_wrap(&err, "member %s", "c\nlxc.include = d\r");
    assert_string_equal(err_message(err),
                        "member c\\nlxc.include = d\\r: \"a\\nb\\x7f\" is no name");
}

/* The error without memory is shared: neither wrapping nor freeing it may touch its text. */
static void test_nomem(void **state)
{
    struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(err_nomem(&err), -1);
    assert_int_equal(err_wrap(&err, "create"), -1);
    assert_string_equal(err_message(err), "out of memory");
    assert_int_equal(err->errno_code, ENOMEM);
    assert_int_equal(err->exit_code, 125);
    err_nomem(&err);
    err_free(&err);
    assert_null(err);
    err_nomem(&err);
    err_set(&err, "later");
    assert_string_equal(err_message(err), "later");
    err_free(&err);
}

/* A caller that does not want the text gives NULL. */
static void test_null(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, "a"), -1);
    assert_int_equal(err_sys(NULL, EIO, "a"), -1);
    assert_int_equal(err_exit(NULL, 126, "a"), -1);
    assert_int_equal(err_wrap(NULL, "a"), -1);
    assert_int_equal(err_nomem(NULL), -1);
    err_free(NULL);
    assert_non_null(err_message(NULL));
}

/* What is long is the value; what is said about it is seen, and so is what is put before it. */
static void test_long_value(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    static char text[65001];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    err_set(&err, "hostname: \"%s\" is longer than %d", text, 64);
    assert_int_equal(strlen(err_message(err)), 512 + strlen("hostname: \"\" is longer than 64"));
    assert_memory_equal(err_message(err), "hostname: \"xxx", 14);
    assert_non_null(strstr(err_message(err), "xxx...xxx"));
    assert_non_null(strstr(err_message(err), "xxx\" is longer than 64"));
}

/* A chain is not cut: each of its values is, once. */
static void test_long_chain(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    char text[512] = "";

    (void)state;
    memset(text, 'y', sizeof(text) - 1);
    err_set(&err, "%s", text);
    for (int i = 0; i < 3; i++)
        err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err_message(err)), 4 * 511 + 3 * strlen(": "));
    assert_null(strstr(err_message(err), "..."));
}

static void test_within(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(err_within(&err, "mounts[%d].", 2), -1);
    assert_null(err);
    err_sys(&err, ENOENT, "source");
    assert_int_equal(err_within(&err, "mounts[%d].", 2), -1);
    assert_string_equal(err_message(err), "mounts[2].source: no such file or directory");
    assert_int_equal(err->errno_code, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_replaces),
        cmocka_unit_test(test_set_from_itself),
        cmocka_unit_test(test_sys),
        cmocka_unit_test(test_exit),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_wrap_keeps_exit_code),
        cmocka_unit_test(test_wrap_of_nothing),
        cmocka_unit_test(test_percent_is_text),
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_nomem),
        cmocka_unit_test(test_null),
        cmocka_unit_test(test_long_value),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
