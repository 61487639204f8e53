#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json.h"

static json_t *parse(const char *text)
{
    struct lxcdriver_error *err = NULL;
    json_t *value = json_parse(text, strlen(text), "test", &err);

    if (!value)
        fail_msg("%s: %s", text, err_message(err));
    return value;
}

/* What a getter of a kind makes of member "m" of a document. */
enum getter { OBJECT, ARRAY, STRING, BOOL, INT, U64, STRV };

static int get(enum getter getter, const struct json_at *at, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    cleanup_strv struct strv list = {0};
    int64_t number;
    uint64_t big;
    size_t n;
    bool flag;

    switch (getter) {
    case OBJECT:
        return json_want_object(at, err);
    case ARRAY:
        return json_want_array(at, &n, err);
    case STRING:
        return json_get_string(at, &text, err);
    case BOOL:
        return json_get_bool(at, &flag, err);
    case INT:
        return json_get_int(at, -5, 10, &number, err);
    case U64:
        return json_get_u64(at, 2, UINT64_MAX - 1, &big, err);
    case STRV:
        return json_get_strv(at, &list, err);
    }
    return -1;
}

static void test_getters_refuse(void **state)
{
    static const struct {
        enum getter getter;
        const char *text, *message;
    } cases[] = {
        {OBJECT, "{}", "m: is missing"},
        {OBJECT, "{\"m\": null}", "m: is missing"},
        {OBJECT, "{\"m\": []}", "m: expected an object, found []"},
        {OBJECT, "{\"m\": \"x\"}", "m: expected an object, found \"x\""},
        {ARRAY, "{\"m\": {\"a\": 1}}", "m: expected an array, found {\"a\":1}"},
        {ARRAY, "{\"m\": 3}", "m: expected an array, found 3"},
        {STRING, "{\"m\": 3}", "m: expected a string, found 3"},
        {STRING, "{\"m\": true}", "m: expected a string, found true"},
        {STRING, "{\"m\": \"a\\u0000b\"}",
         "m: a NUL character cannot be used, found \"a\\u0000b\""},
        {STRING, "{\"m\": 18446744073709551615}",
         "m: expected a string, found 18446744073709551615"},
        {BOOL, "{\"m\": 1}", "m: expected true or false, found 1"},
        {BOOL, "{\"m\": \"true\"}", "m: expected true or false, found \"true\""},
        {INT, "{\"m\": \"7\"}", "m: expected a whole number, found \"7\""},
        {INT, "{\"m\": 1.0}", "m: expected a whole number, found 1.0"},
        {INT, "{\"m\": 1.5}", "m: expected a whole number, found 1.5"},
        {INT, "{\"m\": false}", "m: expected a whole number, found false"},
        {INT, "{\"m\": 11}", "m: 11 is not between -5 and 10"},
        {INT, "{\"m\": -6}", "m: -6 is not between -5 and 10"},
        {INT, "{\"m\": 9223372036854775808}", "m: 9223372036854775808 is not between -5 and 10"},
        {U64, "{\"m\": 1}", "m: 1 is not between 2 and 18446744073709551614"},
        {U64, "{\"m\": -1}", "m: -1 is not between 2 and 18446744073709551614"},
        {U64, "{\"m\": 18446744073709551615}",
         "m: 18446744073709551615 is not between 2 and 18446744073709551614"},
        {U64, "{\"m\": \"2\"}", "m: expected a whole number, found \"2\""},
        {STRV, "{\"m\": \"a\"}", "m: expected an array, found \"a\""},
        {STRV, "{\"m\": [\"a\", 1]}", "m[1]: expected a string, found 1"},
        {STRV, "{\"m\": [\"a\", null]}", "m[1]: is missing"},
        {STRV, "{\"m\": [\"a\\u0000\"]}",
         "m[0]: a NUL character cannot be used, found \"a\\u0000\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        json_t *value = parse(cases[i].text);
        struct json_at root = json_root(value), at = json_member(&root, "m");

        assert_int_equal(get(cases[i].getter, &at, &err), -1);
        assert_string_equal(err_message(err), cases[i].message);
        json_decref(value);
    }
}

static void test_getters_read(void **state)
{
    json_t *value = parse("{\"s\": \"t\\u00e9xt\", \"b\": true, \"i\": -5, \"v\": [\"x\", \"\"],"
                          " \"o\": {\"deep\": [{\"n\": 10}]}}");
    struct json_at root = json_root(value), at;
    cleanup_strv struct strv list = {0};
    char *text = strdup("before");
    int64_t number = 0;
    bool flag = false;
    size_t n;

    (void)state;
    assert_int_equal(json_opt_string(&root, "s", &text, NULL), 0);
    assert_string_equal(text, "t\xc3\xa9xt");
    free(text);
    assert_int_equal(json_opt_bool(&root, "b", &flag, NULL), 0);
    assert_true(flag);
    assert_int_equal(json_opt_int(&root, "i", -5, -5, &number, NULL), 0);
    assert_int_equal(number, -5);
    assert_int_equal(json_opt_strv(&root, "v", &list, NULL), 0);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.items[0], "x");
    assert_string_equal(list.items[1], "");
    at = json_member(&root, "o");
    assert_int_equal(json_want_object(&at, NULL), 0);
    at = json_member(&at, "deep");
    assert_int_equal(json_want_array(&at, &n, NULL), 0);
    assert_int_equal(n, 1);
    at = json_element(&at, 0);
    at = json_member(&at, "n");
    assert_string_equal(at.path, "o.deep[0].n");
    assert_int_equal(json_get_int(&at, 10, 10, &number, NULL), 0);
    assert_int_equal(number, 10);
    json_decref(value);
}

static void test_absent_leaves_alone(void **state)
{
    json_t *value = parse("{\"n\": null}");
    struct json_at root = json_root(value);
    const char *const names[] = {"n", "none"};
    cleanup_strv struct strv list = {0};
    uint64_t big = 9;
    int64_t number = 8;
    bool flag = true;
    char *text = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_int_equal(json_opt_string(&root, names[i], &text, NULL), 0);
        assert_null(text);
        assert_int_equal(json_opt_bool(&root, names[i], &flag, NULL), 0);
        assert_true(flag);
        assert_int_equal(json_opt_int(&root, names[i], 0, 1, &number, NULL), 0);
        assert_int_equal(number, 8);
        assert_int_equal(json_opt_u64(&root, names[i], 0, 1, &big, NULL), 0);
        assert_int_equal(big, 9);
        assert_int_equal(json_opt_strv(&root, names[i], &list, NULL), 0);
        assert_int_equal(list.n, 0);
    }
    json_decref(value);
}

/* The numbers that need all 64 bits, beside texts that only look like them. */
static void test_numbers_of_64_bits(void **state)
{
    static const char text[] =
        "{\"a\": 18446744073709551615, \"b\":9223372036854775808,"
        "\"c\":9223372036854775807,\"d\":[18446744073709551614],"
        "\"e\":\"\\\"18446744073709551615\",\"f\":-9223372036854775808,\"g\":0}";
    json_t *value = parse(text);
    struct json_at root = json_root(value), at;
    char *copy = NULL;
    uint64_t big;
    int64_t number;

    (void)state;
    assert_int_equal(json_opt_u64(&root, "a", 0, UINT64_MAX, &big, NULL), 0);
    assert_true(big == UINT64_MAX);
    assert_int_equal(json_opt_u64(&root, "b", 0, UINT64_MAX, &big, NULL), 0);
    assert_true(big == UINT64_C(9223372036854775808));
    assert_int_equal(json_opt_u64(&root, "c", 0, UINT64_MAX, &big, NULL), 0);
    assert_true(big == INT64_MAX);
    at = json_member(&root, "d");
    at = json_element(&at, 0);
    assert_int_equal(json_get_u64(&at, 0, UINT64_MAX, &big, NULL), 0);
    assert_true(big == UINT64_MAX - 1);
    assert_int_equal(json_opt_string(&root, "e", &copy, NULL), 0);
    assert_string_equal(copy, "\"18446744073709551615");
    free(copy);
    assert_int_equal(json_opt_int(&root, "f", INT64_MIN, INT64_MAX, &number, NULL), 0);
    assert_true(number == INT64_MIN);
    assert_int_equal(json_opt_u64(&root, "g", 0, 0, &big, NULL), 0);
    assert_int_equal(big, 0);
    json_decref(value);
}

static void test_parse_refuses(void **state)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "test: line 1, column 0: "},
        {"{", "test: line 1, column 1: "},
        {"{\"a\": 1, \"a\": 2}", "duplicate object key"},
        {"{}\n{}", "test: line 2, column 1: "},
        {"[1,\n2,\n]", "test: line 3, column 1: "},
        {"{a: 1}", "test: line 1, column 2: "},
        {"\"\xff\"", "test: line 1, column 1: "},
        {"[18446744073709551616]", "too big integer"},
        {"[-9223372036854775809]", "too big negative integer"},
        {"[1e999]", "real number overflow"},
        {"[18446744073709551615, 1e999]", "real number overflow"},
        {"[18446744073709551615", "test: line 1, column "},
        {"[18446744073709551615, \"", "test: line 1, column "},
        {"{\"a\\u0000\": 1}", "NUL byte in object key"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;

        assert_null(json_parse(cases[i].text, strlen(cases[i].text), "test", &err));
        if (!strstr(err_message(err), cases[i].part))
            fail_msg("%s: got \"%s\", expected \"%s\" in it", cases[i].text, err_message(err),
                     cases[i].part);
    }
}

/* Wherever it stands, also where jansson passes over it. */
static void test_a_nul_is_refused(void **state)
{
    static const char texts[][16] = {"{\"a\":true\0}", "{\"a\":\n1\0 }", "[1]\0", "\0[1]",
                                     "[\"\0\"]"};
    static const size_t lens[] = {11, 11, 4, 4, 5};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;

        assert_null(json_parse(texts[i], lens[i], "test", &err));
        assert_string_equal(err_message(err),
                            i == 1 ? "test: line 2: a NUL byte, which JSON does not have"
                                   : "test: line 1: a NUL byte, which JSON does not have");
    }
}

static void test_long_values_are_cut(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    char text[300] = "{\"m\": \"";
    json_t *value;
    struct json_at root, at;

    (void)state;
    memset(text + 7, 'x', 200);
    strcpy(text + 207, "\"}");
    value = parse(text);
    root = json_root(value);
    at = json_member(&root, "m");
    assert_int_equal(json_want_array(&at, &(size_t){0}, &err), -1);
    assert_string_equal(err_message(err),
                        "m: expected an array, found \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...");
    json_decref(value);
}

static void test_long_paths_are_cut(void **state)
{
    struct json_at at = json_root(NULL);

    (void)state;
    for (size_t i = 0; i < 100; i++)
        at = json_member(&at, "twelve_bytes");
    assert_int_equal(strlen(at.path), JSON_PATH_MAX - 1);
    at = json_element(&at, 7);
    assert_int_equal(strlen(at.path), JSON_PATH_MAX - 1);
}

static void test_the_document_itself(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    json_t *value = parse("7");
    struct json_at root = json_root(value);

    (void)state;
    assert_int_equal(json_want_object(&root, &err), -1);
    assert_string_equal(err_message(err), "the document: expected an object, found 7");
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_getters_refuse),      cmocka_unit_test(test_getters_read),
        cmocka_unit_test(test_absent_leaves_alone), cmocka_unit_test(test_numbers_of_64_bits),
        cmocka_unit_test(test_parse_refuses),       cmocka_unit_test(test_a_nul_is_refused),
        cmocka_unit_test(test_long_values_are_cut), cmocka_unit_test(test_long_paths_are_cut),
        cmocka_unit_test(test_the_document_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
