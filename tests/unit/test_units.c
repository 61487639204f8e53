/* The small words: sizes, limits, addresses, signals, paths, variables, device rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {
        {"0", 0},
        {"4096", 4096},
        {"1b", 1},
        {"1B", 1},
        {"32k", 32 * KIB},
        {"32K", 32 * KIB},
        {"32kb", 32 * KIB},
        {"32KiB", 32 * KIB},
        {"32ki", 32 * KIB},
        {"512m", 512 * MIB},
        {"512 MB", 512 * MIB},
        {"64MiB", 64 * MIB},
        {"1g", GIB},
        {"1.5g", GIB + 512 * MIB},
        {"0.5m", 512 * KIB},
        {"1.0001k", KIB},
        {"2t", 2048 * GIB},
        {"3p", 3072 * 1024 * GIB},
        {"9223372036854775807", INT64_MAX},
        {"8191p", 8191 * KIB * KIB * GIB},
        {"0.1g", 107374182},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        int64_t bytes = -7;

        if (units_bytes(cases[i].text, &bytes, &err) < 0)
            fail_msg("%s: %s", cases[i].text, err_message(err));
        if (bytes != cases[i].bytes)
            fail_msg("%s: expected %jd, got %jd", cases[i].text, (intmax_t)cases[i].bytes,
                     (intmax_t)bytes);
    }
}

static void test_no_sizes(void **state)
{
    static const char *const texts[] = {
        "",     " ",
        "k",    "-1",
        "-1m",  "+1m",
        "1x",   "1 ",
        "1  k", "1kk",
        "1mbb", "1bi",
        "1bb",  "1ib",
        ".5m",  "1.",
        "1.m",  "1,5m",
        "0x10", "1e3",
        " 1",   "18446744073709551616",
        "12q",  "1.5.2m",
        "m1",
    };
    static const char *const large[] = {"9223372036854775808", "8192p", "9007199254740992k"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected = str_printf(
            "\"%s\" is not a size: a number and b, k, m, g, t or p is expected", texts[i]);
        int64_t bytes = -7;

        assert_int_equal(units_bytes(texts[i], &bytes, &err), -1);
        assert_string_equal(err_message(err), expected);
        assert_int_equal(bytes, -7);
    }
    for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected = str_printf("\"%s\" is too large", large[i]);
        int64_t bytes;

        assert_int_equal(units_bytes(large[i], &bytes, &err), -1);
        assert_string_equal(err_message(err), expected);
    }
}

static void test_limit_names(void **state)
{
    (void)state;
    assert_int_equal(rlimit_from_name("nofile"), RLIMIT_NOFILE);
    assert_int_equal(rlimit_from_name("RLIMIT_NOFILE"), RLIMIT_NOFILE);
    assert_int_equal(rlimit_from_name("rlimit_as"), RLIMIT_AS);
    assert_int_equal(rlimit_from_name("Rttime"), RLIMIT_RTTIME);
    assert_int_equal(rlimit_from_name("files"), -1);
    assert_int_equal(rlimit_from_name(""), -1);
    assert_int_equal(rlimit_from_name("RLIMIT_"), -1);
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        assert_non_null(rlimit_name(i));
        assert_int_equal(rlimit_from_name(rlimit_name(i)), i);
    }
    assert_null(rlimit_name(RLIM_NLIMITS));
    assert_null(rlimit_name(-1));
}

static void test_a_limit_is_replaced(void **state)
{
    struct process_spec p;

    (void)state;
    process_init(&p);
    assert_int_equal(rlimit_set(&p, RLIMIT_CORE, 1, 2, NULL), 0);
    assert_int_equal(rlimit_set(&p, RLIMIT_CPU, 3, 4, NULL), 0);
    assert_int_equal(rlimit_set(&p, RLIMIT_CORE, 5, 6, NULL), 0);
    assert_int_equal(p.n_rlimits, 2);
    assert_int_equal(p.rlimits[0].resource, RLIMIT_CORE);
    assert_int_equal(p.rlimits[0].soft, 5);
    assert_int_equal(p.rlimits[0].hard, 6);
    process_clear(&p);
}

static void test_addresses(void **state)
{
    static const struct {
        const char *text, *printed;
        int family;
        uint32_t prefix;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7", AF_INET, 0},
        {"192.0.2.7/24", "192.0.2.7", AF_INET, 24},
        {"10.0.0.1/32", "10.0.0.1", AF_INET, 32},
        {"10.0.0.1/1", "10.0.0.1", AF_INET, 1},
        {"2001:db8::1", "2001:db8::1", AF_INET6, 0},
        {"2001:DB8:0:0::1/64", "2001:db8::1", AF_INET6, 64},
        {"::/128", "::", AF_INET6, 128},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", AF_INET6, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ip_address addr = {0};
        char text[64];

        assert_int_equal(address_read(cases[i].text, &addr, NULL), 0);
        assert_int_equal(addr.family, cases[i].family);
        assert_int_equal(addr.prefix, cases[i].prefix);
        assert_int_equal(address_print(&addr, text, sizeof(text)), 0);
        assert_string_equal(text, cases[i].printed);
    }
    assert_int_equal(address_print(&(struct ip_address){.family = AF_INET}, (char[4]){0}, 4), -1);
}

static void test_no_addresses(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "is not an IP address"},
        {"10.0.0", "is not an IP address"},
        {"10.0.0.256", "is not an IP address"},
        {"10.0.0.1.2", "is not an IP address"},
        {"010.0.0.1", "is not an IP address"},
        {" 10.0.0.1", "is not an IP address"},
        {"host", "is not an IP address"},
        {"2001:db8::1::2", "is not an IP address"},
        {"fe80::1%eth0", "is not an IP address"},
        {"/24", "is not an IP address"},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", "is not an IP address"},
    };
    static const struct {
        const char *text;
        int bits;
    } prefixes[] = {{"10.0.0.1/0", 32},   {"10.0.0.1/33", 32},       {"10.0.0.1/", 32},
                    {"10.0.0.1/x", 32},   {"10.0.0.1/-1", 32},       {"::1/129", 128},
                    {"10.0.0.1/8/8", 32}, {"10.0.0.1/255.0.0.0", 32}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected = str_printf("\"%s\" %s", cases[i].text, cases[i].why);
        struct ip_address addr;

        assert_int_equal(address_read(cases[i].text, &addr, &err), -1);
        assert_string_equal(err_message(err), expected);
    }
    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected =
            str_printf("\"%s\": the prefix length is not between 1 and %d", prefixes[i].text,
                       prefixes[i].bits);
        struct ip_address addr;

        assert_int_equal(address_read(prefixes[i].text, &addr, &err), -1);
        assert_string_equal(err_message(err), expected);
    }
}

static void test_signals(void **state)
{
    const struct {
        const char *name;
        int number;
    } cases[] = {
        {"TERM", SIGTERM},
        {"SIGTERM", SIGTERM},
        {"term", SIGTERM},
        {"sigkill", SIGKILL},
        {"15", 15},
        {"1", 1},
        {"64", 64},
        {"RTMIN", SIGRTMIN},
        {"SIGRTMIN", SIGRTMIN},
        {"RTMIN+3", SIGRTMIN + 3},
        {"RTMAX", SIGRTMAX},
        {"RTMAX-1", SIGRTMAX - 1},
        {"rtmin+0", SIGRTMIN},
        {"SIGRTMIN+30", SIGRTMAX},
        {"USR1", SIGUSR1},
        {"WINCH", SIGWINCH},
        {"CLD", SIGCHLD},
        {"POLL", SIGIO},
        {"IOT", SIGABRT},
        {"STKFLT", SIGSTKFLT},
        {"RTMAX-30", SIGRTMIN},
    };
    static const char *const wrong[] = {"",           "0",        "65",       "-1",      "SIG",
                                        "SIGSIGTERM", "TERMX",    "RTMIN-1",  "RTMAX+1", "RTMIN+31",
                                        "RTMIN+",     "RTMIN++1", "RTMIN+-1", "9 "};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (signal_from_name(cases[i].name, NULL) != cases[i].number)
            fail_msg("%s: expected %d, got %d", cases[i].name, cases[i].number,
                     signal_from_name(cases[i].name, NULL));
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected = str_printf("\"%s\" is not a signal", wrong[i]);

        assert_int_equal(signal_from_name(wrong[i], &err), -1);
        assert_string_equal(err_message(err), expected);
    }
}

static void test_paths(void **state)
{
    static const struct {
        const char *path, *normal;
    } cases[] = {
        {"/", "/"},
        {"//", "/"},
        {"/a", "/a"},
        {"/a/", "/a"},
        {"/a//b", "/a/b"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/..", "/"},
        {"/../../a", "/a"},
        {"/a/b/../..", "/"},
        {"/a/b/..", "/a"},
        {"/.", "/"},
        {"/...", "/..."},
        {"/a/..b/c", "/a/..b/c"},
        {"/a b/\n", "/a b/\n"},
    };
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *longest = malloc(5000);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *got = path_normalise(cases[i].path, NULL);

        assert_non_null(got);
        assert_string_equal(got, cases[i].normal);
    }
    assert_null(path_normalise("a/b", &err));
    assert_string_equal(err_message(err), "\"a/b\" is not an absolute path");
    assert_null(path_normalise("", &err));
    assert_string_equal(err_message(err), "\"\" is not an absolute path");
    memset(longest, 'x', 4999);
    longest[0] = '/';
    longest[4999] = '\0';
    assert_null(path_normalise(longest, &err));
    assert_string_equal(err_message(err), "a path of 4999 bytes is longer than 4095");
}

static void test_environment(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_strv struct strv env = {0};

    (void)state;
    setenv("RUNLXC_TEST_VARIABLE", "from here", 1);
    unsetenv("RUNLXC_TEST_NONE");
    assert_int_equal(env_set(&env, "A=1", &err), 0);
    assert_int_equal(env_set(&env, "AB=2", &err), 0);
    assert_int_equal(env_set(&env, "B=", &err), 0);
    assert_int_equal(env_set(&env, "A=x=y\nz", &err), 0);
    assert_int_equal(env_set(&env, "RUNLXC_TEST_VARIABLE", &err), 0);
    assert_int_equal(env_set(&env, "RUNLXC_TEST_NONE", &err), 0);
    assert_int_equal(env.n, 4);
    assert_string_equal(env.items[0], "A=x=y\nz");
    assert_string_equal(env.items[1], "AB=2");
    assert_string_equal(env.items[3], "RUNLXC_TEST_VARIABLE=from here");
    assert_string_equal(env_get(&env, "A"), "x=y\nz");
    assert_string_equal(env_get(&env, "B"), "");
    assert_null(env_get(&env, "C"));
    assert_null(env_get(&env, ""));
    assert_int_equal(env_set(&env, "=x", &err), -1);
    assert_string_equal(err_message(err), "\"=x\" has no variable name");
    assert_int_equal(env_set(&env, "", &err), -1);
    assert_string_equal(err_message(err), "\"\" has no variable name");
    unsetenv("RUNLXC_TEST_VARIABLE");
}

static bool allows(const struct resources *res, char type, int64_t major, int64_t minor,
                   char access)
{
    bool allowed = true;

    for (size_t i = 0; i < res->n_devices; i++) {
        const struct device_rule *r = &res->devices[i];

        if ((r->type == 'a' || r->type == type) && (r->major == -1 || r->major == major) &&
            (r->minor == -1 || r->minor == minor) &&
            (access == 'r'   ? r->read
             : access == 'w' ? r->write
                             : r->mknod))
            allowed = r->allow;
    }
    return allowed;
}

static void test_default_device_rules(void **state)
{
    struct resources res;

    (void)state;
    resources_init(&res);
    assert_int_equal(device_rules_default(&res, NULL), 0);
    assert_true(allows(&res, 'c', 1, 3, 'r') && allows(&res, 'c', 1, 3, 'w'));
    assert_true(allows(&res, 'c', 1, 5, 'r') && allows(&res, 'c', 1, 7, 'w'));
    assert_true(allows(&res, 'c', 1, 8, 'r') && allows(&res, 'c', 1, 9, 'r'));
    assert_true(allows(&res, 'c', 5, 0, 'r') && allows(&res, 'c', 5, 1, 'w') &&
                allows(&res, 'c', 5, 2, 'w'));
    assert_true(allows(&res, 'c', 136, 11, 'r'));
    assert_true(allows(&res, 'b', 8, 0, 'm') && allows(&res, 'c', 10, 229, 'm'));
    assert_false(allows(&res, 'b', 8, 0, 'r') || allows(&res, 'b', 8, 0, 'w'));
    assert_false(allows(&res, 'c', 1, 1, 'r') || allows(&res, 'c', 1, 1, 'w'));
    assert_false(allows(&res, 'c', 10, 229, 'r') || allows(&res, 'b', 1, 3, 'r'));
    assert_false(res.devices[0].allow);
    assert_int_equal(res.devices[0].type, 'a');
    assert_int_equal(device_rules_all(&res, NULL), 0);
    assert_true(allows(&res, 'b', 8, 0, 'w'));
    resources_clear(&res);
}

static void test_device_access(void **state)
{
    static const char *const wrong[] = {"", "x", "rr", "rwmr", "RWM", "r w", "-"};
    struct device_rule rule = {0};

    (void)state;
    assert_int_equal(device_rule_access("mr", &rule, NULL), 0);
    assert_true(rule.read && !rule.write && rule.mknod);
    assert_int_equal(device_rule_access("w", &rule, NULL), 0);
    assert_true(!rule.read && rule.write && !rule.mknod);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *expected = str_printf(
            "\"%s\" is not a device access: r, w and m, each once, are expected", wrong[i]);

        assert_int_equal(device_rule_access(wrong[i], &rule, &err), -1);
        assert_string_equal(err_message(err), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_no_sizes),
        cmocka_unit_test(test_limit_names),   cmocka_unit_test(test_a_limit_is_replaced),
        cmocka_unit_test(test_addresses),     cmocka_unit_test(test_no_addresses),
        cmocka_unit_test(test_signals),       cmocka_unit_test(test_paths),
        cmocka_unit_test(test_environment),   cmocka_unit_test(test_default_device_rules),
        cmocka_unit_test(test_device_access),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
