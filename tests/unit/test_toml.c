/* The reader of TOML: what it takes, where it says that things stand, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/toml.h"

static void read_text(const char *text, struct toml *doc)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    if (toml_read("FILE", text, strlen(text), doc, &err) < 0)
        fail_msg("%s\n%s", err_message(err), text);
}

/* ---- what is taken ---- */

static const char *const good[] = {
    "",
    "\n\r\n \t\n",
    "# only this",
    "a = 1",
    "a=1#x\r\nb = 2",
    "\"a b\" = 1\n'c.d' = 2\n\"\" = 3\n1 = 4\n-_ = 5",
    "a.b.c = 1\na.b.d = 2\na . \"e\" = 3",
    "i = [+1, -0, 0, 1_000, 0xdead_BEEF, 0o755, 0b1_0, 9223372036854775807]",
    "f = [1.0, -1e5, 6.02E+23, 1_0.0_1, +inf, -nan, inf]",
    ("t = [1979-05-27T07:32:00Z, 1979-05-27 07:32:00.5+01:00, 1979-05-27, 07:32:00, "
     "1979-05-27t00:32:00]"),
    "b = [true, false]",
    "s = [\"\", '', \"\"\"\"\"\", '''''', \"\\b\\t\\n\\f\\r\\\"\\\\\\u00e9\\U0001F600\"]",
    "s = \"\"\"\nx\\\n   \n  y \"\" \"\"\"\"\"\nt = '''\\'''''",
    "a = [\n  1, # one\n  # none\n  [2,\n 3,],\n]\n",
    "p = {}\nq = { x = 1, y.z = 2, \"w\" = { v = [] } }",
    "[a]\n[b]\n[a.c]\n[b.d.e]\n[b.d]\nx = 1",
    "[ a . \"b.c\" . 'd' ] # x\n",
    "[[a]]\nx = 1\n[[a]]\n[a.b]\n[[a.c]]\n[[a.c]]\n[a.c.d]",
    "[a]\nb.c = 1\n[a.b.d]\n",
    "a = 1\n[b]\na = 1\n[c]\na.a = 1",
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct toml doc;

        read_text(good[i], &doc);
        toml_clear(&doc);
    }
}

/* ---- where things stand ---- */

static const struct toml_node *at(const struct toml *doc, const char *const *path)
{
    const struct toml_node *node = toml_find(doc, path);

    assert_non_null(node);
    return node;
}
#define AT(doc, ...) at(doc, (const char *const[]){__VA_ARGS__, NULL})

static void is_span(const char *text, size_t from, size_t to, const char *want)
{
    cleanup_free char *got = strndup(text + from, to - from);

    assert_string_equal(got, want);
}

static void test_places(void **state)
{
    static const char text[] = "# first\nv = 2 # two\n [a.\"b\"] # header\n  k.l = [ 1,\n 2 ]\n"
                               "s = \"\\u0061\\\"\"\n[[t]]\nx = 1\n[[t]]\nx = '''\ny'''\n# last";
    const struct toml_node *node;
    struct toml doc;

    (void)state;
    read_text(text, &doc);
    is_span(text, AT(&doc, "v")->line, AT(&doc, "v")->line_end, "v = 2 # two\n");
    is_span(text, AT(&doc, "v")->value, AT(&doc, "v")->end, "2");
    node = AT(&doc, "a", "b");
    assert_int_equal(node->kind, TOML_TABLE);
    is_span(text, node->line, node->line_end, " [a.\"b\"] # header\n");
    assert_int_equal(AT(&doc, "a")->kind, TOML_IMPLICIT);
    assert_int_equal(AT(&doc, "a", "b", "k")->kind, TOML_DOTTED);
    node = AT(&doc, "a", "b", "k", "l");
    assert_int_equal(node->kind, TOML_ARRAY);
    assert_int_equal(node->n_children, 2);
    is_span(text, node->line, node->line_end, "  k.l = [ 1,\n 2 ]\n");
    is_span(text, node->value, node->end, "[ 1,\n 2 ]");
    assert_string_equal(AT(&doc, "a", "b", "s")->string, "a\"");
    /* That of the last one. */
    assert_string_equal(AT(&doc, "t", "x")->string, "y");
    assert_null(toml_find(&doc, (const char *const[]){"a", "x", NULL}));
    assert_int_equal(doc.n_comments, 2);
    is_span(text, doc.comments[1].at, doc.comments[1].end, "# last");
    toml_clear(&doc);
}

static void test_strings(void **state)
{
    static const char text[] = "a = \"\\u00e9\\u20ac\\U0001f600\"\nb = 'C:\\n'\n"
                               "c = \"\"\"\r\n x\\  \n\n  y\"\"\"\"\nd = \"\\u0000\"\n";
    struct toml doc;

    (void)state;
    read_text(text, &doc);
    assert_string_equal(AT(&doc, "a")->string, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_string_equal(AT(&doc, "b")->string, "C:\\n");
    assert_string_equal(AT(&doc, "c")->string, " xy\"");
    assert_null(AT(&doc, "d")->string);
    toml_clear(&doc);
}

/* ---- what is refused ---- */

static void bad(const char *text, size_t len, const char *want)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct toml doc;
    int result = toml_read("FILE", text, len, &doc, &err);

    toml_clear(&doc);
    if (result == 0)
        fail_msg("taken, not \"%s\":\n%s", want, text);
    assert_string_equal(err_message(err), want);
}
#define BAD(text, want) bad(text, sizeof(text) - 1, want)

static void test_bad_lines(void **state)
{
    (void)state;
    BAD("a", "FILE:1: expected '=', found the end of the file");
    BAD("\na\n= 1", "FILE:2: expected '=', found the end of the line");
    BAD("= 1", "FILE:1: expected a key, found '='");
    BAD("a. = 1", "FILE:1: expected a key, found '='");
    BAD("r\xc3\xa9 = 1", "FILE:1: expected '=', found byte 0xc3");
    BAD("\xef\xbb\xbf"
        "a = 1",
        "FILE:1: expected a key, found byte 0xef");
    BAD("a = 1 b = 2", "FILE:1: expected the end of the line, found 'b'");
    BAD("a = 1\rb = 2", "FILE:1: expected the end of the line, found byte 0x0d");
    BAD("[a", "FILE:1: expected ']', found the end of the file");
    BAD("[a] x", "FILE:1: expected the end of the line, found 'x'");
    BAD("[]", "FILE:1: expected a key, found ']'");
    BAD("[[a] ]", "FILE:1: expected \"]]\", found ']'");
    BAD("[ [a]]", "FILE:1: expected a key, found '['");
    BAD("# \x01", "FILE:1: a comment has the control character 0x01");
    BAD("\"a\nb\" = 1", "FILE:1: a string has no end");
    BAD("\"\"\"a\"\"\" = 1", "FILE:1: expected '=', found '\"'");
    BAD("a = 1\n\0", "FILE: has a NUL in it");
    BAD("a = \"\xff\"", "FILE: is not UTF-8");
}

static void test_bad_values(void **state)
{
    (void)state;
    BAD("a =", "FILE:1: a value is missing");
    BAD("a = # x", "FILE:1: a value is missing");
    BAD("a = yes", "FILE:1: \"yes\" is no value");
    BAD("a = 01", "FILE:1: \"01\" is no value");
    BAD("a = 1__0", "FILE:1: \"1__0\" is no value");
    BAD("a = 1.", "FILE:1: \"1.\" is no value");
    BAD("a = .5", "FILE:1: \".5\" is no value");
    BAD("a = 0xG", "FILE:1: \"0xG\" is no value");
    BAD("a = +0x1", "FILE:1: \"+0x1\" is no value");
    BAD("a = True", "FILE:1: \"True\" is no value");
    BAD("a = 1979-13-01", "FILE:1: \"1979-13-01\" is no value");
    BAD("a = 24:00:00", "FILE:1: \"24:00:00\" is no value");
    BAD("a = \"x", "FILE:1: a string has no end");
    BAD("a = 'x\n'", "FILE:1: a string has no end");
    BAD("a = \"\"\"x\n\"\"", "FILE:2: a string has no end");
    BAD("a = \"\\x\"", "FILE:1: '\\' stands before what needs none, or before nothing");
    BAD("a = \"\\ud800\"", "FILE:1: there is no character U+D800");
    BAD("a = \"\\u12\"", "FILE:1: an escaped character has 4 hexadecimal digits");
    BAD("a = \"\t\x02\"", "FILE:1: a string has the control character 0x02");
    BAD("a = [1 2]", "FILE:1: an array lacks ',' or ']'");
    BAD("a = [1,,2]", "FILE:1: a value is missing");
    BAD("a = [", "FILE:1: a value is missing");
    BAD("a = {b = 1,}", "FILE:1: expected a key, found '}'");
    BAD("a = {b = 1\n}", "FILE:1: an inline table lacks ',' or '}'");
    BAD("a = {b = 1, b = 2}", "FILE:1: \"b\" is a value already, by line 1");
}

static void test_bad_tables(void **state)
{
    (void)state;
    BAD("a = 1\na = 2", "FILE:2: \"a\" is a value already, by line 1");
    BAD("a = 1\n\"\\u0061\" = 2", "FILE:2: \"a\" is a value already, by line 1");
    BAD("[a]\n[b]\n[a]", "FILE:3: \"a\" is a table already, by line 1");
    BAD("[a]\nb = 1\n[a.b]", "FILE:3: \"b\" is a value already, by line 2");
    BAD("a.b = 1\n[a]", "FILE:2: \"a\" is a table of dotted keys already, by line 1");
    BAD("[a.b.c]\n[a]\nb.c.d = 1", "FILE:3: \"b\" is a table already, by line 1");
    BAD("[a.b]\n[a]\nb.d = 1", "FILE:3: \"b\" is a table already, by line 1");
    BAD("a = {}\n[a.b]", "FILE:2: \"a\" is an inline table already, by line 1");
    BAD("a = {}\na.b = 1", "FILE:2: \"a\" is an inline table already, by line 1");
    BAD("a = []\n[[a]]", "FILE:2: \"a\" is an array already, by line 1");
    BAD("[[a]]\n[a]", "FILE:2: \"a\" is an array of tables already, by line 1");
    BAD("[a]\n[[a]]", "FILE:2: \"a\" is a table already, by line 1");
    BAD("[[a.b]]\n[a]\nb.c = 1", "FILE:3: \"b\" is an array of tables already, by line 1");
}

/* ---- bounds ---- */

static void test_bounds(void **state)
{
    cleanup_buf struct buf deep = {0}, parts = {0}, many = {0};

    (void)state;
    buf_puts(&deep, "a = ");
    buf_puts(&parts, "a");
    for (int i = 0; i < TOML_DEPTH_MAX + 1; i++) {
        buf_putc(&deep, '[');
        buf_puts(&parts, ".a");
    }
    bad(deep.data, deep.len, "FILE:1: more than 32 arrays and tables in one another");
    bad(parts.data, parts.len, "FILE:1: a key has more than 32 parts");
    for (int i = 0; i < TOML_KEYS_MAX + 1; i++)
        buf_printf(&many, "k%d = 1\n", i);
    bad(many.data, many.len, "FILE:4097: more than 4096 keys in a table");
}

/* An array on one line, of as much as a file may hold, takes no more than its length. */
static void test_long(void **state)
{
    cleanup_buf struct buf text = {0};
    struct toml doc;

    (void)state;
    buf_puts(&text, "a = [");
    for (int i = 0; i < 100000; i++)
        buf_puts(&text, "{},");
    buf_puts(&text, "]");
    read_text(text.data, &doc);
    assert_int_equal(AT(&doc, "a")->n_children, 100000);
    toml_clear(&doc);
}

static void test_writing(void **state)
{
    cleanup_free char *quoted = toml_quote("a\"b\\c"), *bare = toml_key("a-B_1");
    cleanup_free char *key = toml_key("a.b"), *empty = toml_key("");

    (void)state;
    assert_string_equal(quoted, "\"a\\\"b\\\\c\"");
    assert_string_equal(bare, "a-B_1");
    assert_string_equal(key, "\"a.b\"");
    assert_string_equal(empty, "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_places),
        cmocka_unit_test(test_strings),    cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_bad_values), cmocka_unit_test(test_bad_tables),
        cmocka_unit_test(test_bounds),     cmocka_unit_test(test_long),
        cmocka_unit_test(test_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
