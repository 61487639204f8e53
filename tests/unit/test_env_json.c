/* config.env: what is written is what jansson reads back, and what JSON cannot say is refused by
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/cleanup.h"
#include "config/config.h"

static void written(const char *const *env, size_t n, const char *want)
{
    cleanup_buf struct buf out = {0};
    cleanup_strv struct strv list = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    json_t *array;

    for (size_t i = 0; i < n; i++)
        assert_int_equal(strv_add(&list, env[i]), 0);
    assert_int_equal(config_write_env(&list, &out, &err), 0);
    if (want)
        assert_string_equal(out.data, want);
    assert_int_equal(out.data[out.len - 1], '\n');
    array = json_loads(out.data, 0, NULL);
    assert_true(json_is_array(array));
    assert_int_equal(json_array_size(array), n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(json_string_value(json_array_get(array, i)), env[i]);
    json_decref(array);
}

static void test_written(void **state)
{
    (void)state;
    written(NULL, 0, "[]\n");
    written((const char *const[]){"A=1", "B="}, 2, "[\"A=1\",\"B=\"]\n");
    written((const char *const[]){"Q=\"\\/"}, 1, "[\"Q=\\\"\\\\/\"]\n");
    written((const char *const[]){"N=a\nb\tc\r\x01\x7f"}, 1, "[\"N=a\\nb\\tc\\r\\u0001\x7f\"]\n");
    /* UTF-8 of two, three and four bytes stays as it is */
    written((const char *const[]){"U=\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xb3"}, 1,
            "[\"U=\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\xb3\"]\n");
    written((const char *const[]){"U\xc3\xbc=1", "A=1", "A=2"}, 3, NULL);
}

static void refused(const char *assignment, const char *want)
{
    cleanup_buf struct buf out = {0};
    cleanup_strv struct strv list = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(strv_add(&list, "FIRST=1"), 0);
    assert_int_equal(strv_add(&list, assignment), 0);
    assert_int_equal(config_write_env(&list, &out, &err), -1);
    assert_string_equal(err_message(err), want);
    assert_int_equal(out.len, 0);
}

#define NOT_UTF8 ": its bytes are not UTF-8, which config.env cannot say"

static void test_refused(void **state)
{
    (void)state;
    refused("LATIN=\xfc", "environment variable LATIN" NOT_UTF8);
    refused("OVERLONG=\xc0\x80", "environment variable OVERLONG" NOT_UTF8);
    refused("SURROGATE=\xed\xa0\x80", "environment variable SURROGATE" NOT_UTF8);
    refused("CUT=\xe2\x82", "environment variable CUT" NOT_UTF8);
    refused("BEYOND=\xf4\x90\x80\x80", "environment variable BEYOND" NOT_UTF8);
    refused("N\xfc\nM=1", "environment variable N\\xfc\\nM" NOT_UTF8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
