/* SOURCES: driver/cli/runlxc/install_diff.c */
/* Differences as diff(1) -u writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/runlxc/install.h"

static void is_diff(const char *before, const char *after, const char *want)
{
    cleanup_free char *got = NULL;
    size_t size;
    FILE *out = open_memstream(&got, &size);

    assert_non_null(out);
    assert_int_equal(install_diff(out, "F", before, before ? strlen(before) : 0, after,
                                  after ? strlen(after) : 0),
                     0);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(got, want);
}

static void test_files(void **state)
{
    (void)state;
    is_diff(NULL, "a\nb\n", "--- /dev/null\n+++ F\n@@ -0,0 +1,2 @@\n+a\n+b\n");
    is_diff("a\n", NULL, "--- F\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n");
    is_diff("", "a", "--- F\n+++ F\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n");
}

static void test_hunks(void **state)
{
    (void)state;
    is_diff("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nx\n5\n6\n",
            "--- F\n+++ F\n@@ -2,5 +2,6 @@\n 2\n 3\n 4\n+x\n 5\n 6\n");
    /* Two that are near are one hunk, two that are not are two. */
    is_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
            "--- F\n+++ F\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    is_diff(
        "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
        "--- F\n+++ F\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void test_last_line(void **state)
{
    (void)state;
    is_diff("a\nb", "a\nb\nc",
            "--- F\n+++ F\n@@ -1,2 +1,3 @@\n a\n-b\n\\ No newline at end of file\n+b\n+c\n"
            "\\ No newline at end of file\n");
    is_diff("a\nb", "x\na\nb",
            "--- F\n+++ F\n@@ -1,2 +1,3 @@\n+x\n a\n b\n\\ No newline at end of file\n");
}

/* Too much for a table of all pairs: it goes and comes as a whole. */
static void test_large(void **state)
{
    cleanup_buf struct buf before = {0}, after = {0}, want = {0};

    (void)state;
    buf_puts(&want, "--- F\n+++ F\n@@ -1,3000 +1,3000 @@\n");
    for (int i = 0; i < 3000; i++) {
        buf_printf(&before, "a%d\n", i);
        buf_printf(&want, "-a%d\n", i);
    }
    for (int i = 0; i < 3000; i++) {
        buf_printf(&after, "b%d\n", i);
        buf_printf(&want, "+b%d\n", i);
    }
    is_diff(before.data, after.data, want.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_hunks),
        cmocka_unit_test(test_last_line),
        cmocka_unit_test(test_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
