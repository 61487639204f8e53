/* SOURCES: driver/cli/runlxc/install_json.c driver/cli/runlxc/install_span.c */
/* SOURCES: tests/unit/install_property.c */
/* Docker's daemon.json with this runtime in it, and without it again. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "install_property.h"

static int edit_json(const struct install_wish *wish, const char *text, size_t len,
                     struct install_edit *edit, struct lxcdriver_error **err)
{
    return install_json(wish, "FILE", text, len, edit, err);
}

static const char *const corpus[] = {
    "",
    " \n",
    "{}",
    "{}\n",
    "{ }",
    "{\n}\n",
    "\n{\n\n}",
    "{\"debug\": true}",
    "{\"debug\":true,\"hosts\":[\"fd://\"]}",
    "{ \"debug\" : true }\n",
    "{\n  \"debug\": true\n}\n",
    "{\n\t\"debug\": true,\n\t\"log-opts\": {\n\t\t\"max-size\": \"10m\"\n\t}\n}\n",
    "{\r\n  \"debug\": true,\r\n  \"live-restore\": false\r\n}\r\n",
    "{\n\"debug\": true\n}",
    "{\"runtimes\": {}}",
    "{\"runtimes\": { }}\n",
    "{\n    \"runtimes\": {\n    }\n}\n",
    "{\n    \"runtimes\": {\n        \"crun\": {\"path\": \"/usr/bin/crun\"}\n    }\n}\n",
    "{\"runtimes\":{\"crun\":{\"path\":\"/usr/bin/crun\"}},\"default-runtime\":\"crun\"}",
    ("{\n  \"default-runtime\": \"crun\",\n  \"runtimes\": {\n    \"crun\": {\n      \"path\": "
     "\"/usr/bin/crun\",\n      \"runtimeArgs\": [\"--debug\"]\n    }\n  },\n  \"bip\": "
     "\"10.0.0.1/24\"\n}\n"),
    "{\"default-runtime\": \"runc\", \"x\": \"}\\\"{\\\\\"}",
    "{\"default-runtime\": \"\\u0072unc\"}",
    "{\"\\u0072untimes\": {\"a\\\"}\": {\"path\": \"/a\"}}}",
    ("{\"log-opts\": {\"runtimes\": {\"runlxc\": {}}, \"default-runtime\": 1}, \"a\": "
     "[[{\"b\": \"]\"}], -1.5e3, null]}"),
    "{\"big\": 18446744073709551615, \"na\xc3\xafve\": \"\xe2\x82\xac\"}",
    "{\"a\": 1,\n \"b\": 2, \"c\": 3}",
};

static const char *const tokens[] = {"{",
                                     "}",
                                     "[",
                                     "]",
                                     ",",
                                     ":",
                                     "\"",
                                     "\\",
                                     "\n",
                                     " ",
                                     "\t",
                                     "\r\n",
                                     "\"a\": 1",
                                     "{}",
                                     "\"\"",
                                     "\"runtimes\"",
                                     "\"runtimes\": {}",
                                     "\"default-runtime\": \"crun\", ",
                                     ", \"x\": {}",
                                     "null",
                                     "1e3",
                                     "\xc3",
                                     NULL};

static void test_corpus(void **state)
{
    (void)state;
    assert_true(install_holds(edit_json, ENGINE_DOCKER, NULL, 0));
    for (size_t i = 0; i < ARRAY_SIZE(corpus); i++)
        if (!install_holds(edit_json, ENGINE_DOCKER, corpus[i], strlen(corpus[i])))
            fail_msg("refused: %s", corpus[i]);
}

static void test_mutants(void **state)
{
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(corpus); i++)
        taken += install_mutants(edit_json, ENGINE_DOCKER, corpus[i], tokens, 200);
    /* Enough of them are JSON for the properties to have been asked. */
    assert_in_range(taken, 400, 5200);
}

/* ---- what it looks like ---- */

static void becomes(bool make_default, const char *text, const char *want)
{
    const struct install_wish wish = {
        .name = "runlxc", .path = "/usr/bin/runlxc", .make_default = make_default};
    cleanup_edit struct install_edit edit = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(edit_json(&wish, text, text ? strlen(text) : 0, &edit, &err), 0);
    assert_string_equal(edit.text, want);
    assert_true(edit.changed);
}

static void test_style(void **state)
{
    (void)state;
    becomes(true, NULL,
            "{\n    \"runtimes\": {\n        \"runlxc\": {\"path\": \"/usr/bin/runlxc\"}\n    },\n"
            "    \"default-runtime\": \"runlxc\"\n}\n");
    becomes(true, "{}",
            "{ \"runtimes\": {\"runlxc\": {\"path\": \"/usr/bin/runlxc\"}}, \"default-runtime\": "
            "\"runlxc\"}");
    becomes(false, "{\r\n\t\"a\": 1\r\n}\r\n",
            "{\r\n\t\"a\": 1,\r\n\t\"runtimes\": {\r\n\t\t\"runlxc\": {\"path\": "
            "\"/usr/bin/runlxc\"}\r\n\t}\r\n}\r\n");
    becomes(
        true,
        "{\n  \"default-runtime\": \"\\u0063run\",\n  \"runtimes\": {\n    \"crun\": {\"path\": "
        "\"/c\"}\n  }\n}\n",
        "{\n  \"default-runtime\": \"runlxc\",\n  \"runtimes\": {\n    \"crun\": {\"path\": "
        "\"/c\"},\n    \"runlxc\": {\"path\": \"/usr/bin/runlxc\", "
        "\"former-default-runtime\": \"\\u0063run\"}\n  }\n}\n");
}

/* ---- what is not ours ---- */

static void left(const char *text, const char *want, const char *former)
{
    const struct install_wish wish = {.name = "runlxc", .remove = true};
    cleanup_edit struct install_edit edit = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(edit_json(&wish, text, strlen(text), &edit, &err), 0);
    assert_string_equal(edit.text, want);
    assert_true(str_eq(edit.former, former));
}

static void test_edited_since(void **state)
{
    (void)state;
    /* Another default was chosen by hand. */
    left("{\"runtimes\": {\"c\": {\"path\": \"/c\"}, \"runlxc\": {\"path\": \"/r\", "
         "\"former-default-runtime\": \"c\"}}, \"default-runtime\": \"runc\"}",
         "{\"runtimes\": {\"c\": {\"path\": \"/c\"}}, \"default-runtime\": \"runc\"}", NULL);
    /* It was made the default by hand: dockerd would not start with it. */
    left("{\"default-runtime\": \"runlxc\", \"runtimes\": {\"runlxc\": {\"path\": \"/r\"}}, \"a\": "
         "1}",
         "{\"a\": 1}", NULL);
    left("{\"runtimes\": {\"runlxc\": {\"path\": \"/r\", \"runtimeArgs\": []}, \"c\": {}}}",
         "{\"runtimes\": {\"c\": {}}}", NULL);
    left("{\"default-runtime\": \"runlxc\"}", "{}", NULL);
    left("{\"debug\": true}", "{\"debug\": true}", NULL);
}

static void refused(const struct install_wish *wish, const char *text, const char *want)
{
    cleanup_edit struct install_edit edit = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(edit_json(wish, text, strlen(text), &edit, &err), -1);
    assert_string_equal(err_message(err), want);
    assert_null(edit.text);
}

static void test_refused(void **state)
{
    const struct install_wish plain = {.name = "runlxc", .path = "/usr/bin/runlxc"};
    const struct install_wish preferred = {
        .name = "runlxc", .path = "/usr/bin/runlxc", .make_default = true};
    const struct install_wish removal = {.name = "runlxc", .remove = true};
    const struct install_wish odd = {.name = "runlxc", .path = "/\xff"};

    (void)state;
    refused(&removal,
            "{\"runtimes\": {\"runlxc\": {\"path\": \"/r\"},\n\"b\": {\"path\": \"/b\", "
            "\"former-default-runtime\": \"runlxc\"}}, \"default-runtime\": \"b\"}",
            "FILE:2: this runtime gives the default back to the one that is to be removed: remove "
            "it first");
    refused(&plain, "[]", "FILE:1: the document is not an object");
    refused(&plain, "\n{\"runtimes\":\n [1]}", "FILE:3: \"runtimes\" is not an object");
    refused(&plain, "{\"runtimes\": null}", "FILE:1: \"runtimes\" is not an object");
    refused(&plain, "{\"runtimes\": {\"runlxc\": 1}}", "FILE:1: \"runlxc\" is not an object");
    refused(&preferred, "{\n\"default-runtime\": 5}",
            "FILE:2: \"default-runtime\" is not a string");
    refused(&plain, "{\"runtimes\": {\n\"runlxc\": {\"path\": \"/opt/r\"}}}",
            "FILE:2: there is a runtime \"runlxc\" already, with the path /opt/r: remove it first "
            "(--remove), or choose another --name");
    refused(&plain, "{\"runtimes\": {\"runlxc\": {}}}",
            "FILE:1: there is a runtime \"runlxc\" already, with no path: remove it first "
            "(--remove), or choose another --name");
    refused(&odd, "{}", "--path: \"/\\xff\" is not UTF-8, and has no place in JSON");
    refused(&plain, "{\"a\": 1, \"a\": 2}",
            "FILE: line 1, column 12: duplicate object key near '\"a\"'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),  cmocka_unit_test(test_mutants),
        cmocka_unit_test(test_style),   cmocka_unit_test(test_edited_since),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
