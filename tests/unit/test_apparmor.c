#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
