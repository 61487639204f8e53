/* SOURCES: initshim/supervise/notice.c */
/* What of a container's notifications reaches the host's service manager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervise/notice.h"

#define NOW 1234567

static void expect_bytes(const char *in, size_t len, const char *want, bool want_ready)
{
    char *copy = malloc(len ? len : 1); /* exact, for the sanitizer */
    char out[NOTIFY_OUT_MAX + 1] = "";
    bool ready = !want_ready;
    size_t n;

    assert_non_null(copy);
    memcpy(copy, in, len);
    n = notice_filter(copy, len, NOW, out, &ready);
    free(copy);
    assert_in_range(n, 0, NOTIFY_OUT_MAX);
    out[n] = '\0';
    assert_string_equal(out, want);
    assert_int_equal(ready, want_ready);
}

static void expect(const char *in, const char *want, bool ready)
{
    expect_bytes(in, strlen(in), want, ready);
}

static void test_passes(void **state)
{
    (void)state;
    expect("READY=1", "READY=1", true);
    expect("READY=1\n", "READY=1", true);
    expect("STOPPING=1", "STOPPING=1", false);
    expect("WATCHDOG=1", "WATCHDOG=1", false);
    expect("STATUS=up and running", "STATUS=up and running", false);
    expect("STATUS=", "STATUS=", false);
    expect("STATUS=a=b", "STATUS=a=b", false);
    expect("\n\nSTATUS=x\nREADY=1\n\n", "READY=1\nSTATUS=x", true);
    expect("RELOADING=1\nMONOTONIC_USEC=99", "RELOADING=1\nMONOTONIC_USEC=1234567", false);
    expect("WATCHDOG=1\nSTOPPING=1\nRELOADING=1\nREADY=1\nSTATUS=s",
           "READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=1\nMONOTONIC_USEC=1234567\nSTATUS=s", true);
}

static void test_refused(void **state)
{
    static const char *const lines[] = {"",
                                        "\n",
                                        "READY=0",
                                        "READY=11",
                                        "READY=",
                                        "READY",
                                        " READY=1",
                                        "READY=1 ",
                                        "READY=1\r",
                                        "ready=1",
                                        "XREADY=1",
                                        "MAINPID=1",
                                        "MAINPIDFDID=1",
                                        "MONOTONIC_USEC=1",
                                        "NOTIFYACCESS=all",
                                        "EXTEND_TIMEOUT_USEC=99999999",
                                        "WATCHDOG=trigger",
                                        "WATCHDOG_USEC=0",
                                        "FDSTORE=1",
                                        "FDSTOREREMOVE=1",
                                        "FDNAME=x",
                                        "FDPOLL=0",
                                        "BARRIER=1",
                                        "ERRNO=2",
                                        "BUSERROR=x",
                                        "EXIT_STATUS=0",
                                        "X_SYSTEMD_UNIT_ACTIVE=1",
                                        "STATUS",
                                        "XSTATUS=1"};

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        expect(lines[i], "", false);
    expect("MAINPID=1\nREADY=1\nFDSTORE=1", "READY=1", true);
    expect_bytes("READY=1\0MAINPID=1", 17, "", false);
    expect_bytes("READY=1\0", 8, "", false);
}

static void test_repeated(void **state)
{
    (void)state;
    expect("READY=1\nREADY=1\nSTATUS=a\nSTATUS=b", "READY=1\nSTATUS=b", true);
}

static void test_status(void **state)
{
    (void)state;
    expect_bytes("STATUS=a\0b", 10, "STATUS=a?b", false);
    expect("STATUS=\x1b[31mred\x7f\t\r", "STATUS=?[31mred???", false);
    expect("STATUS=\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
           "STATUS=\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", false);
    expect("STATUS=\xc2\x9b"
           "1m",
           "STATUS=??1m", false);                                             /* C1 */
    expect("STATUS=\xc0\xaf \xe0\x80\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xff", /* no UTF-8 */
           "STATUS=?? ??? ??? ???? ?", false);
    expect("STATUS=\xe2\x82", "STATUS=??", false); /* cut */
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what must not pass. */
    expect("STATUS=\xe2\x80\xaeright to left\xe2\x80\xa8", "STATUS=???right to left???", false);
}

/* All that there is at once, as long as it can be: it has room, and is cut between characters. */
static void test_longest(void **state)
{
    static const char head[] = "READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=1\nSTATUS=";
    char in[NOTIFY_IN_MAX], out[NOTIFY_OUT_MAX];
    bool ready;
    size_t n;

    (void)state;
    memcpy(in, head, sizeof(head) - 1);
    for (size_t i = sizeof(head) - 1; i < sizeof(in); i += 3)
        memcpy(in + i, "\xe2\x82\xac", sizeof(in) - i < 3 ? sizeof(in) - i : 3);
    n = notice_filter(in, sizeof(in), INT64_MAX, out, &ready);
    n = notice_add_pid(out, n, INT32_MAX);
    assert_in_range(n, NOTIFY_STATUS_MAX, NOTIFY_OUT_MAX);
    assert_memory_equal(out + n - 22, "\xe2\x82\xac\nMAINPID=2147483647", 22);
    assert_true(ready);
}

static void test_pid(void **state)
{
    char out[NOTIFY_OUT_MAX] = "READY=1";
    size_t n = notice_add_pid(out, 7, 42);

    (void)state;
    assert_int_equal(n, 18);
    assert_memory_equal(out, "READY=1\nMAINPID=42", 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_status),
        cmocka_unit_test(test_longest),  cmocka_unit_test(test_pid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
