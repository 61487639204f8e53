#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/apparmor.h"

static const char profiles[] = "lxc-container-default (enforce)\n"
                               "lxc-container-default-cgns (complain)\n"
                               "/usr/bin/man (enforce)\n"
                               "with space (old) (enforce)\n"
                               "man_filter//null (kill)\n"
                               ":ns:inner (unconfined)\n"
                               "last (enforce)";

static void test_text(void **state)
{
    static const struct {
        const char *name;
        bool loaded;
    } cases[] = {
        {"lxc-container-default", true},
        {"lxc-container-default-cgns", true},
        {"lxc-container", false},
        {"lxc-container-default-", false},
        {"/usr/bin/man", true},
        {"with space (old)", true},
        {"with space", false},
        {"with", false},
        {"last", true},
        {"", false},
        {"enforce", false},
        {"last (enforce)", false},
        {":ns:inner", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (apparmor_text_has_profile(profiles, cases[i].name) != cases[i].loaded)
            fail_msg("\"%s\": expected %s", cases[i].name, cases[i].loaded ? "loaded" : "missing");
    assert_false(apparmor_text_has_profile("", "a"));
    assert_false(apparmor_text_has_profile("\n\n", ""));
}

/* What this host says agrees with its own files, whether it has AppArmor or not. */
static void test_host(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *label = NULL;
    bool enabled = apparmor_enabled();

    (void)state;
    if (access("/sys/module/apparmor/parameters/enabled", F_OK) < 0)
        assert_false(enabled);
    assert_int_equal(apparmor_current(&label, &err), 0);
    if (enabled)
        assert_non_null(label);
    if (access("/sys/module/apparmor/parameters/enabled", F_OK) < 0)
        assert_null(label);
    assert_int_equal(apparmor_profile_loaded("unconfined", &err), 0);
    assert_int_equal(apparmor_profile_loaded("no-such-profile", &err), -1);
    assert_string_equal(err_message(err),
                        enabled ? "AppArmor profile \"no-such-profile\" is not loaded"
                                : "AppArmor profile \"no-such-profile\": AppArmor is not enabled "
                                  "on this host");
}

/* What apparmorfs says of the policy namespace that we are in; NULL: there is no such file. */
static void put_namespace(const char *text)
{
    static const char file[] = "/sys/kernel/security/apparmor/.ns_name";

    unlink(file);
    if (text)
        assert_int_equal(fs_write_atomic(AT_FDCWD, file, text, strlen(text), 0644), 0);
}

/* Root of a user namespace loads profiles in a container that has a policy of its own, only. */
static void look_at_loading(void)
{
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    assert_int_equal(mount("test", "/sys/kernel", "tmpfs", 0, NULL), 0);
    assert_int_equal(mkdir("/sys/kernel/security", 0755), 0);
    assert_int_equal(mkdir("/sys/kernel/security/apparmor", 0755), 0);
    put_namespace(NULL);
    assert_true(apparmor_may_load(false));
    assert_false(apparmor_may_load(true));
    put_namespace("root\n");
    assert_true(apparmor_may_load(false));
    assert_false(apparmor_may_load(true));
    put_namespace("runlxc-web\n");
    assert_true(apparmor_may_load(false));
    assert_true(apparmor_may_load(true));
    assert_int_equal(seteuid(65534), 0);
    assert_false(apparmor_may_load(false));
    assert_false(apparmor_may_load(true));
}

/* In a process of its own, for the mounts. */
static void test_loading(void **state)
{
    pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        look_at_loading();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_loading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
