/* What is read back of a checkpoint, which may come from elsewhere, and of CRIU's log; and what a
 * process' streams are called. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/criu.h"

static char dir[] = "/tmp/runlxc-criu-test.XXXXXX";
static int dir_fd = -1;

static void put(const char *name, const char *text)
{
    assert_int_equal(fs_write_atomic(dir_fd, name, text, strlen(text), 0600), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlinkat(dir_fd, "descriptors.json", 0);
    unlinkat(dir_fd, "dump.log", 0);
    close(dir_fd);
    return rmdir(dir);
}

static void test_streams(void **state)
{
    struct criu_streams written cleanup_criu_streams = {{NULL}};
    struct criu_streams read cleanup_criu_streams = {{NULL}};
    cleanup_err struct lxcdriver_error *err = NULL;
    int saved = dup(STDIN_FILENO), ends[2];

    (void)state;
    assert_true(saved >= 0);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    assert_int_equal(criu_streams_look(getpid(), &written, &err), 0);
    assert_true(dup2(saved, STDIN_FILENO) == STDIN_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_non_null(written.names[0]);
    assert_memory_equal(written.names[0], "pipe:[", 6);
    assert_false(criu_stream_is_file(written.names[0]));
    assert_int_equal(criu_streams_write(dir_fd, &written, &err), 0);
    assert_int_equal(criu_streams_read(dir_fd, dir, &read, &err), 0);
    assert_string_equal(read.names[0], written.names[0]);
}

static void assert_refused(const char *text, const char *want)
{
    struct criu_streams streams cleanup_criu_streams = {{NULL}};
    cleanup_err struct lxcdriver_error *err = NULL;

    put("descriptors.json", text);
    assert_int_equal(criu_streams_read(dir_fd, dir, &streams, &err), -1);
    assert_non_null(strstr(err_message(err), want));
}

static void test_streams_of_others(void **state)
{
    struct criu_streams streams cleanup_criu_streams = {{NULL}};
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    put("descriptors.json", "[null, \"file[1f:2a]\"]");
    assert_int_equal(criu_streams_read(dir_fd, dir, &streams, &err), 0);
    assert_null(streams.names[0]);
    assert_true(criu_stream_is_file(streams.names[1]));
    assert_null(streams.names[2]);
    /* A line of its own in CRIU's configuration. */
    assert_refused("[\"pipe:[1]\\naction-script /bin/sh\"]", "is no stream of a container's");
    assert_refused("[\"/etc/shadow\"]", "is no stream of a container's");
    assert_refused("[", dir);
}

static void test_reason(void **state)
{
    cleanup_free char *reason = NULL, *none = NULL;

    (void)state;
    put("dump.log",
        "(00.1) Warn  (a.c:1): odd\n(00.2) Error (a.c:2): first\n(00.3) Error (a.c:3): the cause\n"
        "(00.4) Error (a.c:4): of this\n(00.5) Error (a.c:5): and that\n(00.6) Error (a.c:6): "
        "Dumping FAILED.\n");
    reason = criu_reason(dir, "dump.log");
    assert_string_equal(reason, "the cause; of this; and that");
    none = criu_reason(dir, "restore.log");
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_streams_of_others),
        cmocka_unit_test(test_reason),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
