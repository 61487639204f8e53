/* state.json that is not what we wrote: nothing is taken for a container, and it can be removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/run.h"

static char root[] = "/tmp/runlxc-state-test.XXXXXX";

static struct lxcdriver *driver_with(const char *state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct lxcdriver *drv = lxcdriver_new(root, &err);
    cleanup_free char *dir = str_printf("%s/web", root), *path = str_printf("%s/state.json", dir);
    FILE *file;

    assert_non_null(drv);
    assert_non_null(path);
    assert_return_code(mkdir(dir, 0700), errno);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(state, file);
    fclose(file);
    return drv;
}

static void assert_refused(const char *state, const char *want)
{
    struct lxcdriver *drv = driver_with(state);
    cleanup_err struct lxcdriver_error *err = NULL, *none = NULL;
    struct container c cleanup_container = {.dir_fd = -1};
    struct lxcdriver_info info;

    assert_null(lxcdriver_state_json(drv, "web", &err));
    assert_string_equal(err_message(err), want);
    err_free(&err);
    assert_int_equal(lxcdriver_get_info(drv, "web", &info, &err), -1);
    assert_string_equal(err_message(err), want);
    assert_int_equal(container_open_damaged(drv, "web", &c, &none), 0);
    assert_int_equal(lxcdriver_clean(drv, "web", true, &none), 0);
    assert_null(none);
    err_free(&err);
    assert_null(lxcdriver_state_json(drv, "web", &err));
    assert_string_equal(err_message(err), "container \"web\" does not exist");
    lxcdriver_free(drv);
}

static void test_damaged(void **unused)
{
    (void)unused;
    assert_refused("", "container \"web\": state.json:1: '[' or '{' expected near end of file");
    assert_refused("[1]", "container \"web\": state.json: is not an object");
    assert_refused("{\"id\": \"web\",",
                   "container \"web\": state.json:1: string or '}' expected near end of file");
    assert_refused("{\"cgroups\": {\"memory\": 7}}",
                   "container \"web\": state.json: cgroups: not usable");
}

/* An init that has no such start time is another process. */
static void test_pid_of_another(void **unused)
{
    cleanup_free char *state =
        str_printf("{\"pid\": %d, \"initStartTime\": 1, \"supervisorPid\": -1}", (int)getpid());
    struct lxcdriver *drv = driver_with(state);
    cleanup_err struct lxcdriver_error *err = NULL;
    struct container c cleanup_container = {.dir_fd = -1};

    (void)unused;
    assert_int_equal(container_open(drv, "web", &c, &err), 0);
    assert_int_equal(container_state(&c), LXCDRIVER_STOPPED);
    assert_int_equal(container_supervisor(&c), 0);
    assert_int_equal(lxcdriver_clean(drv, "web", false, &err), 0);
    lxcdriver_free(drv);
}

static int setup(void **unused)
{
    (void)unused;
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **unused)
{
    (void)unused;
    return rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_pid_of_another),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
