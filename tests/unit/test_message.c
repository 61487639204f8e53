#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/message.h"
#include "base/utf8.h"

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {
        {"a", 1},
        {"\xc3\xa9", 2},         /* e with acute */
        {"\xe2\x82\xac", 3},     /* euro */
        {"\xf0\x9f\x90\xb3", 4}, /* whale */
        {"\xf4\x8f\xbf\xbf", 4}, /* U+10FFFF */
        {"\x80", 0},             /* a second byte first */
        {"\xc0\xaf", 0},         /* '/' in two */
        {"\xe0\x80\xaf", 0},     /* in three */
        {"\xed\xa0\x80", 0},     /* half of a surrogate pair */
        {"\xf4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xff", 0},
        {"\xe2\x82", 0}, /* cut off */
        {"\xe2\x82x", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (utf8_length(rows[i].text, strlen(rows[i].text)) != rows[i].length)
            fail_msg("row %zu: expected %zu, got %zu", i, rows[i].length,
                     utf8_length(rows[i].text, strlen(rows[i].text)));
}

static void check_escape(const char *text, const char *expected)
{
    cleanup_buf struct buf out = {0}, again = {0};

    message_escape(&out, text, strlen(text));
    assert_string_equal(out.data, expected);
    message_escape(&again, out.data, out.len);
    assert_string_equal(again.data, expected);
}

static void test_escape(void **state)
{
    (void)state;
    check_escape("", "");
    check_escape("plain \"words\" and C:\\n", "plain \"words\" and C:\\n");
    check_escape("a\nb\rc\td", "a\\nb\\rc\\td");
    check_escape("\x1b[31mred\x7f\x01", "\\x1b[31mred\\x7f\\x01");
    check_escape("d\xc3\xa9j\xc3\xa0", "d\xc3\xa9j\xc3\xa0");
    check_escape("\xff\xfe/\xc3", "\\xff\\xfe/\\xc3");
    check_escape("a\xc2\x9b\x33m\xc2\xa0z", "a\\xc2\\x9b3m\xc2\xa0z");
}

static void test_value_length(void **state)
{
    static char text[70000];
    cleanup_buf struct buf whole = {0}, cut = {0};

    (void)state;
    memset(text, 'a', sizeof(text));
    text[0] = 'A';
    text[MESSAGE_VALUE_MAX - 1] = 'Z';
    message_value(&whole, text, MESSAGE_VALUE_MAX);
    assert_int_equal(whole.len, MESSAGE_VALUE_MAX);
    assert_int_equal(whole.data[whole.len - 1], 'Z');
    text[sizeof(text) - 1] = 'E';
    message_value(&cut, text, sizeof(text));
    assert_int_equal(cut.len, MESSAGE_VALUE_MAX);
    assert_int_equal(cut.data[0], 'A');
    assert_memory_equal(cut.data + 384, "...a", 4);
    assert_int_equal(cut.data[cut.len - 1], 'E');
}

/* Wherever the cut falls, whole characters are left. */
static void test_value_characters(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        cleanup_buf struct buf text = {0}, out = {0};

        buf_append(&text, "xxx", shift);
        for (int i = 0; i < 300; i++)
            buf_puts(&text, "\xf0\x9f\x90\xb3");
        message_value(&out, text.data, text.len);
        assert_true(out.len > MESSAGE_VALUE_MAX - 8 && out.len <= MESSAGE_VALUE_MAX);
        assert_null(strchr(out.data, '\\'));
        for (size_t at = 0, n; at < out.len; at += n) {
            n = utf8_length(out.data + at, out.len - at);
            assert_true(n > 0);
        }
    }
}

static void test_value_no_text(void **state)
{
    char text[2000];
    cleanup_buf struct buf out = {0};

    (void)state;
    memset(text, 0x80, sizeof(text));
    message_value(&out, text, sizeof(text));
    assert_true(out.len <= 4 * (size_t)MESSAGE_VALUE_MAX);
    assert_memory_equal(out.data, "\\x80\\x80", 8);
}

/* Every conversion, beside the C library's own. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        cleanup_free char *ours = message_printf(__VA_ARGS__);                                     \
        char expected[256];                                                                        \
                                                                                                   \
        snprintf(expected, sizeof(expected), __VA_ARGS__);                                         \
        assert_non_null(ours);                                                                     \
        assert_string_equal(ours, expected);                                                       \
    } while (0)

static void test_numbers(void **state)
{
    (void)state;
    SAME("%d %i %5d|%05d|%03d", -7, 7, -42, -42, 1234);
    SAME("%u %4u|%04u|%hhu %hu", 4000000000u, 5u, 5u, (unsigned char)200, (unsigned short)60000);
    SAME("%o %04o %x %02x %08x %04X", 0755u, 07u, 0xbeefu, 0xau, 0xffffffffu, 0xabcu);
    SAME("%ld %lu %lld %llu", -1L, ~0UL, -1LL, ~0ULL);
    SAME("%zu %td %zx", SIZE_MAX, (ptrdiff_t)-3, SIZE_MAX);
    SAME("%" PRId64 " %" PRIu64 " %" PRIx64 " %" PRIu32, INT64_MIN, UINT64_MAX, UINT64_MAX,
         UINT32_MAX);
    SAME("%.0f %f %.2f", 2.5e9, 0.25, 1.0 / 3);
    SAME("%*d %c%c 100%%", 6, 12, 'a', 'z');
}

static void test_strings(void **state)
{
    const char unterminated[3] = {'a', 'b', 'c'};

    (void)state;
    SAME("%s=%s", "a", "b");
    SAME("%.2s|%.*s|%.40s", "abc", 3, unterminated, "short");
    SAME("%d %s %zu %s", 1, "x", (size_t)2, "%s %n");
}

/* What is not known ends the sentence, and no argument is taken for another. */
static void test_unknown(void **state)
{
    const char *volatile fmt = "%s %-5d %s";
    cleanup_free char *text = NULL;

    (void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text = message_printf(fmt, "a", 1, "b");
#pragma GCC diagnostic pop
    assert_string_equal(text, "a %-5d %s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),          cmocka_unit_test(test_escape),
        cmocka_unit_test(test_value_length),  cmocka_unit_test(test_value_characters),
        cmocka_unit_test(test_value_no_text), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),       cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
