#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/capability.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static const uint64_t docker =
    BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FSETID) | BIT(CAP_FOWNER) | BIT(CAP_MKNOD) |
    BIT(CAP_NET_RAW) | BIT(CAP_SETGID) | BIT(CAP_SETUID) | BIT(CAP_SETFCAP) | BIT(CAP_SETPCAP) |
    BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_AUDIT_WRITE);

static void test_names(void **state)
{
    static const struct {
        const char *name;
        int cap;
    } cases[] = {
        {"CHOWN", CAP_CHOWN},
        {"cap_chown", CAP_CHOWN},
        {"CAP_NET_ADMIN", CAP_NET_ADMIN},
        {"net_admin", CAP_NET_ADMIN},
        {"Cap_Sys_Admin", CAP_SYS_ADMIN},
        {"CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE},
        {"PERFMON", CAP_PERFMON},
        {"BPF", CAP_BPF},
        {"MAC_OVERRIDE", CAP_MAC_OVERRIDE},
        {"WAKE_ALARM", CAP_WAKE_ALARM},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(caps_from_name(cases[i].name, NULL), cases[i].cap);
}

static void test_every_number_has_its_name(void **state)
{
    (void)state;
    assert_int_equal(CAP_LAST_KNOWN, CAP_LAST_CAP);
    for (int cap = 0; cap <= CAP_LAST_KNOWN; cap++) {
        assert_non_null(capname((unsigned)cap));
        assert_int_equal(caps_from_name(capname((unsigned)cap), NULL), cap);
    }
    assert_string_equal(capname(CAP_NET_ADMIN), "CAP_NET_ADMIN");
    assert_null(capname(UINT_MAX));
    assert_null(capname(CAP_LAST_KNOWN + 1));
}

static void test_unknown_names(void **state)
{
    static const char *const names[] = {"",           "CAP_", "NET ADMIN", "CAP_CAP_CHOWN",
                                        "SYS_ADMIN ", "ALL",  "0"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected =
            str_printf("\"%s\" is not the name of a capability", names[i]);

        assert_int_equal(caps_from_name(names[i], &err), -1);
        assert_string_equal(err_message(err), expected);
    }
}

static void test_compute(void **state)
{
    static const struct {
        const char *add, *drop;
        bool privileged;
        uint64_t keep, lose; /* beside the default; `only`: exactly keep */
        bool only;
    } cases[] = {
        {NULL, NULL, false, 0, 0, false},
        {"NET_ADMIN", NULL, false, BIT(CAP_NET_ADMIN), 0, false},
        {NULL, "CHOWN", false, 0, BIT(CAP_CHOWN), false},
        {"SYS_TIME", "KILL", false, BIT(CAP_SYS_TIME), BIT(CAP_KILL), false},
        {"CHOWN", "CHOWN", false, 0, 0, false},
        {"SYS_TIME", "SYS_TIME", false, BIT(CAP_SYS_TIME), 0, false},
        {NULL, "SYS_TIME", false, 0, 0, false},
        {NULL, "ALL", false, 0, 0, true},
        {"CHOWN", "all", false, BIT(CAP_CHOWN), 0, true},
        {"ALL", NULL, false, CAP_MASK_ALL, 0, true},
        {"cap_all", "SYS_ADMIN", false, CAP_MASK_ALL & ~BIT(CAP_SYS_ADMIN), 0, true},
        {NULL, NULL, true, CAP_MASK_ALL, 0, true},
        {NULL, "ALL", true, CAP_MASK_ALL, 0, true},
    };

    (void)state;
    assert_true(caps_default() == docker);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_strv struct strv add = {0};
        cleanup_strv struct strv drop = {0};
        struct capabilities caps = {.ambient = 1, .inheritable = 1};
        uint64_t expected =
            cases[i].only ? cases[i].keep : (docker & ~cases[i].lose) | cases[i].keep;

        assert_false(cases[i].add && strv_add(&add, cases[i].add) < 0);
        assert_false(cases[i].drop && strv_add(&drop, cases[i].drop) < 0);
        assert_int_equal(caps_compute(&add, &drop, cases[i].privileged, &caps, NULL), 0);
        assert_true(caps.set);
        if (caps.bounding != expected)
            fail_msg("case %zu: expected %jx, got %jx", i, (uintmax_t)expected,
                     (uintmax_t)caps.bounding);
        assert_true(caps.effective == expected && caps.permitted == expected);
        assert_true(caps.ambient == 0 && caps.inheritable == 0);
    }
}

static void test_compute_refuses(void **state)
{
    static const struct {
        const char *add, *drop, *message;
    } cases[] = {
        {"NO_SUCH", NULL, "cap_add: \"NO_SUCH\" is not the name of a capability"},
        {NULL, "", "cap_drop: \"\" is not the name of a capability"},
        {"ALL", "ALL", "cap_add and cap_drop both say ALL"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_strv struct strv add = {0};
        cleanup_strv struct strv drop = {0};
        struct capabilities caps = {0};

        assert_false(cases[i].add && strv_add(&add, cases[i].add) < 0);
        assert_false(cases[i].drop && strv_add(&drop, cases[i].drop) < 0);
        assert_int_equal(caps_compute(&add, &drop, false, &caps, &err), -1);
        assert_string_equal(err_message(err), cases[i].message);
        assert_false(caps.set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),           cmocka_unit_test(test_every_number_has_its_name),
        cmocka_unit_test(test_unknown_names),   cmocka_unit_test(test_compute),
        cmocka_unit_test(test_compute_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
