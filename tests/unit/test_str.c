#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"

static void test_buf_appends(void **state)
{
    cleanup_buf struct buf b = {0};

    (void)state;
    buf_puts(&b, "a");
    buf_putc(&b, 'b');
    buf_append(&b, "cd", 1);
    buf_printf(&b, "-%03d-%s", 7, "x");
    assert_false(b.failed);
    assert_string_equal(b.data, "abc-007-x");
    assert_int_equal(b.len, strlen("abc-007-x"));
}

static void test_buf_keeps_nul_bytes(void **state)
{
    cleanup_buf struct buf b = {0};

    (void)state;
    buf_append(&b, "a\0b", 3);
    buf_putc(&b, '\0');
    assert_int_equal(b.len, 4);
    assert_memory_equal(b.data, "a\0b\0", 5);
}

static void test_buf_grows(void **state)
{
    cleanup_buf struct buf b = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%04d", i);
    assert_false(b.failed);
    assert_int_equal(b.len, 40000);
    assert_memory_equal(b.data, "000000010002", 12);
    assert_string_equal(b.data + b.len - 8, "99989999");
}

/* What cannot be held is a failure that stays, not an overflow of the sizes. */
static void test_buf_too_large(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_puts(&b, "kept");
    buf_append(&b, "x", SIZE_MAX - 2);
    assert_true(b.failed);
    buf_puts(&b, "dropped");
    assert_string_equal(b.data, "kept");
    assert_null(buf_take(&b));
    assert_null(b.data);
    assert_false(b.failed);
}

static void test_buf_take(void **state)
{
    struct buf b = {0};
    cleanup_free char *empty = buf_take(&b);
    cleanup_free char *text = NULL;

    (void)state;
    assert_string_equal(empty, "");
    buf_puts(&b, "text");
    text = buf_take(&b);
    assert_string_equal(text, "text");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
}

static void test_strv(void **state)
{
    cleanup_strv struct strv v = {0};
    cleanup_strv struct strv copy = {0};

    (void)state;
    assert_int_equal(strv_add(&v, "one"), 0);
    assert_int_equal(strv_take(&v, strdup("two")), 0);
    assert_int_equal(strv_printf(&v, "%d", 3), 0);
    assert_int_equal(v.n, 3);
    assert_string_equal(v.items[0], "one");
    assert_string_equal(v.items[1], "two");
    assert_string_equal(v.items[2], "3");
    assert_null(v.items[3]);
    assert_true(strv_contains(&v, "two"));
    assert_false(strv_contains(&v, "tw"));
    assert_false(strv_contains(&v, ""));

    assert_int_equal(strv_add(&copy, "zero"), 0);
    assert_int_equal(strv_copy(&copy, &v), 0);
    assert_int_equal(copy.n, 4);
    assert_string_equal(copy.items[3], "3");
    assert_ptr_not_equal(copy.items[1], v.items[0]);
    assert_null(copy.items[4]);
}

static void test_strv_empty(void **state)
{
    struct strv v = {0}, copy = {0};

    (void)state;
    assert_false(strv_contains(&v, "a"));
    assert_int_equal(strv_copy(&copy, &v), 0);
    assert_int_equal(copy.n, 0);
    assert_int_equal(strv_take(&v, NULL), -1);
    assert_int_equal(v.n, 0);
    strv_free(&v);
    strv_free(&v);
}

static void test_str_printf(void **state)
{
    cleanup_free char *text = str_printf("%s=%u", "k", 4000000000u);

    (void)state;
    assert_string_equal(text, "k=4000000000");
}

static void test_str_compare(void **state)
{
    char copy[] = "abc";

    (void)state;
    assert_true(str_eq("abc", copy));
    assert_false(str_eq("abc", "abd"));
    assert_false(str_eq("abc", NULL));
    assert_false(str_eq(NULL, ""));
    assert_true(str_eq(NULL, NULL));
    assert_true(str_starts("abc", "ab"));
    assert_true(str_starts("abc", ""));
    assert_false(str_starts("ab", "abc"));
    assert_true(str_ends("abc", "bc"));
    assert_true(str_ends("abc", ""));
    assert_false(str_ends("bc", "abc"));
    assert_false(str_ends("abc", "ab"));
    assert_true(str_empty(NULL));
    assert_true(str_empty(""));
    assert_false(str_empty(" "));
}

static void test_str_set(void **state)
{
    char *s = NULL;

    (void)state;
    assert_int_equal(str_set(&s, "one"), 0);
    assert_string_equal(s, "one");
    assert_int_equal(str_set(&s, s + 1), 0);
    assert_string_equal(s, "ne");
    assert_int_equal(str_set(&s, NULL), 0);
    assert_null(s);
}

static void test_to_u64(void **state)
{
    static const char *const bad[] = {"",    "-1",  "+1",  " 1",  "1 ",
                                      "0x1", "1.0", "1e3", "abc", "18446744073709551616"};
    uint64_t value = 42;

    (void)state;
    assert_true(str_to_u64("0", 0, UINT64_MAX, &value));
    assert_int_equal(value, 0);
    assert_true(str_to_u64("18446744073709551615", 0, UINT64_MAX, &value));
    assert_int_equal(value, UINT64_MAX);
    assert_true(str_to_u64("010", 0, 100, &value));
    assert_int_equal(value, 10);
    value = 42;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (str_to_u64(bad[i], 0, UINT64_MAX, &value))
            fail_msg("\"%s\" was taken for %llu", bad[i], (unsigned long long)value);
    assert_false(str_to_u64(NULL, 0, UINT64_MAX, &value));
    assert_false(str_to_u64("4", 5, 9, &value));
    assert_false(str_to_u64("10", 5, 9, &value));
    assert_int_equal(value, 42);
}

static void test_to_i64(void **state)
{
    static const char *const bad[] = {"",
                                      "-",
                                      "--1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1-",
                                      "9223372036854775808",
                                      "-9223372036854775809"};
    int64_t value = 42;

    (void)state;
    assert_true(str_to_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MIN);
    assert_true(str_to_i64("9223372036854775807", INT64_MIN, INT64_MAX, &value));
    assert_true(value == INT64_MAX);
    assert_true(str_to_i64("-0", -1, 1, &value));
    assert_int_equal(value, 0);
    value = 42;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (str_to_i64(bad[i], INT64_MIN, INT64_MAX, &value))
            fail_msg("\"%s\" was taken for %lld", bad[i], (long long)value);
    assert_false(str_to_i64(NULL, INT64_MIN, INT64_MAX, &value));
    assert_false(str_to_i64("-6", -5, 5, &value));
    assert_false(str_to_i64("6", -5, 5, &value));
    assert_int_equal(value, 42);
}

static void distances(void **state)
{
    (void)state;
    assert_int_equal(str_distance("kill", 4, "kill", 4), 0);
    assert_int_equal(str_distance("klil", 4, "kill", 4), 1);
    assert_int_equal(str_distance("kil", 3, "kill", 4), 1);
    assert_int_equal(str_distance("", 0, "kill", 4), 4);
    assert_int_equal(str_distance("exec", 4, "list", 4), 4);
    assert_int_equal(str_distance("a", STR_NAME_MAX + 1, "a", 1), SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(test_buf_appends),
        cmocka_unit_test(test_buf_keeps_nul_bytes),
        cmocka_unit_test(test_buf_grows),
        cmocka_unit_test(test_buf_too_large),
        cmocka_unit_test(test_buf_take),
        cmocka_unit_test(test_strv),
        cmocka_unit_test(test_strv_empty),
        cmocka_unit_test(test_str_printf),
        cmocka_unit_test(test_str_compare),
        cmocka_unit_test(test_str_set),
        cmocka_unit_test(test_to_u64),
        cmocka_unit_test(test_to_i64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
