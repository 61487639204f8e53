/* SOURCES: initshim/caps.c initshim/sysctl.c initshim/network.c initshim/bootstrap.c */
/* SOURCES: initshim/failure.c initshim/text.c initshim/message.c initshim/procfs.c */
/* SOURCES: initshim/rootdir.c initshim/shared/packet.c initshim/shared/record.c */
/* The small parts of the init shim that decide something: text, capability sets, sysctl paths,
 * subnets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "caps.h"
#include "network.h"
#include "sysctl.h"
#include "text.h"

#include <cmocka.h>

static void test_text(void **state)
{
    char buf[8];
    struct text t;
    uint64_t n = 5;

    (void)state;
    text_init(&t, buf, sizeof(buf));
    text_put(&t, "ab");
    text_put_number(&t, 0);
    text_put_number(&t, 123);
    assert_string_equal(buf, "ab0123");
    assert_false(t.cut);
    text_put(&t, "xyz");
    assert_string_equal(buf, "ab0123x");
    assert_true(t.cut);
    assert_true(text_number("4294967294", 10, 4294967294u, &n));
    assert_int_equal(n, 4294967294u);
    assert_false(text_number("4294967295", 10, 4294967294u, &n));
    assert_true(text_number("18446744073709551615", 20, UINT64_MAX, &n));
    assert_true(n == UINT64_MAX);
    assert_false(text_number("18446744073709551616", 20, UINT64_MAX, &n));
    assert_false(text_number("", 0, 10, &n));
    assert_false(text_number("5", 1, 4, &n));
    assert_false(text_number("1a", 2, 100, &n));
}

static void test_caps(void **state)
{
    struct wire_caps want = {.bounding = 0x8000000000000007,
                             .effective = 3,
                             .inheritable = 0,
                             .permitted = 7,
                             .ambient = 4};
    uint64_t missing;
    struct wire_caps got = caps_reduce(&want, 0x1ffffffffff, 0x1fffffffffb, &missing);

    (void)state;
    assert_int_equal(missing, 4);
    assert_int_equal(got.bounding, 3);
    assert_int_equal(got.effective, 3);
    assert_int_equal(got.permitted, 3);
    assert_int_equal(got.ambient, 0);
}

static void test_sysctl_path(void **state)
{
    static const struct {
        const char *key, *path;
    } cases[] = {
        {"net.ipv4.ip_forward", "sys/net/ipv4/ip_forward"},
        {"kernel/shmmni", "sys/kernel/shmmni"},
        {"net.ipv4.conf.eth0/1.forwarding", "sys/net/ipv4/conf/eth0.1/forwarding"},
        {"net/ipv4/conf/eth0.1/forwarding", "sys/net/ipv4/conf/eth0.1/forwarding"},
        {"one", "sys/one"},
        {"", NULL},
        {".", NULL},
        {"..", NULL},
        {"a..b", NULL},
        {"../x", NULL},
        {"a/../../x", NULL},
        {"a.//.b", NULL},
        {"/a", NULL},
        {"a/", NULL},
        {"a/./b", NULL},
    };
    char path[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool ok = sysctl_path(cases[i].key, strlen(cases[i].key), path, sizeof(path));

        if (!cases[i].path && ok)
            print_error("'%s' gave '%s'\n", cases[i].key, path);
        assert_int_equal(ok, cases[i].path != NULL);
        if (ok)
            assert_string_equal(path, cases[i].path);
    }
    assert_false(sysctl_path("abc", 3, path, 6));
    assert_true(sysctl_path("abc", 3, path, 8));
}

static struct wire_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t prefix)
{
    return (struct wire_addr){.family = AF_INET, .prefix = prefix, .addr = {a, b, c, d}};
}

static void test_subnet(void **state)
{
    struct wire_addr addr = v4(172, 17, 0, 5, 12), gw = v4(172, 31, 255, 1, 0);
    struct wire_addr six = {.family = AF_INET6, .prefix = 128, .addr = {0xfd}};

    (void)state;
    assert_true(network_in_subnet(&addr, &gw));
    gw = v4(172, 32, 0, 1, 0);
    assert_false(network_in_subnet(&addr, &gw));
    addr = v4(10, 0, 0, 1, 32);
    gw = v4(10, 0, 0, 1, 0);
    assert_true(network_in_subnet(&addr, &gw));
    gw = v4(10, 0, 0, 2, 0);
    assert_false(network_in_subnet(&addr, &gw));
    addr.prefix = 0;
    assert_true(network_in_subnet(&addr, &gw));
    assert_false(network_in_subnet(&addr, &six));
    assert_true(network_in_subnet(&six, &six));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_sysctl_path),
        cmocka_unit_test(test_subnet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
