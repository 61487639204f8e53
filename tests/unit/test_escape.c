/* Escaping: what a value may be, and that getmntent(3) gives back what was put in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <mntent.h>

#include "base/cleanup.h"
#include "config/config.h"

static void set_ok(const char *key, const char *value, const char *want)
{
    cleanup_buf struct buf out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(config_set(&out, key, value, "member", &err), 0);
    assert_string_equal(out.data, want);
    assert_null(err);
}

static void set_refused(const char *key, const char *value, const char *want)
{
    cleanup_buf struct buf out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(config_set(&out, key, value, "member", &err), -1);
    assert_string_equal(err_message(err), want);
    assert_int_equal(out.len, 0);
}

static void test_set(void **state)
{
    (void)state;
    set_ok("lxc.uts.name", "web", "lxc.uts.name = web\n");
    set_ok("lxc.group", "", "lxc.group =\n");
    set_ok("lxc.group", "a\tb = c # d", "lxc.group = a\tb = c # d\n");
    set_ok("lxc.group", "\"a\" 'b'", "lxc.group = \"a\" 'b'\n");
    set_ok("lxc.group", "\"", "lxc.group = \"\n");
    set_ok("lxc.group", "'a\"", "lxc.group = 'a\"\n");
    set_ok("lxc.uts.name", "b\xc3\xbc\xff", "lxc.uts.name = b\xc3\xbc\xff\n");
}

static void test_set_refused(void **state)
{
    (void)state;
    set_refused("lxc.group", "a\nlxc.hook = x",
                "member: \"a\\nlxc.hook = x\" has a control character, which an LXC configuration "
                "cannot say");
    set_refused("lxc.group", "a\r",
                "member: \"a\\r\" has a control character, which an LXC configuration cannot say");
    set_refused("lxc.group", "\x7f",
                "member: \"\\x7f\" has a control character, which an LXC configuration cannot say");
    set_refused("lxc.group", " a",
                "member: \" a\" begins or ends with white space, which LXC would drop");
    set_refused("lxc.group", "a\t",
                "member: \"a\\t\" begins or ends with white space, which LXC would drop");
    set_refused("lxc.group", "''", "member: \"''\" is in quotes, which LXC would drop");
    set_refused("lxc.group", "\"a\"", "member: \"\"a\"\" is in quotes, which LXC would drop");
    set_refused("group", "a",
                "member: \"group\" is not an LXC key: it does not begin with \"lxc.\"");
    set_refused("lxc.", "a", "member: \"lxc.\" is not an LXC key: it does not begin with \"lxc.\"");
    set_refused("lxc.a b", "a", "member: \"lxc.a b\" has a character that an LXC key cannot have");
    set_refused("lxc.a=b", "a", "member: \"lxc.a=b\" has a character that an LXC key cannot have");
    set_refused("lxc.a\nb", "a",
                "member: \"lxc.a\\nb\" has a character that an LXC key cannot have");
}

static void field_refused(const char *value, const char *want)
{
    cleanup_buf struct buf out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(config_mount_field(&out, value, "mounts[3].source", &err), -1);
    assert_string_equal(err_message(err), want);
}

static void test_field_refused(void **state)
{
    (void)state;
    field_refused("", "mounts[3].source: is empty");
    field_refused(
        "#a",
        "mounts[3].source: \"#a\" begins with '#', which makes a line of a mount table a comment");
    field_refused(
        "/a\rb",
        "mounts[3].source: \"/a\\rb\" has a carriage return, which a mount table cannot say");
}

/* Through an entry and the C library's reader, as LXC has it. */
static void round_trip(const char *source, const char *destination, const char *type,
                       const char *options)
{
    static const char prefix[] = "lxc.mount.entry = ";
    cleanup_buf struct buf out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    struct mntent entry;
    char line[4096];
    FILE *file;

    assert_int_equal(
        config_mount_entry(&out, source, destination, type, options, "mounts[0]", &err), 0);
    assert_memory_equal(out.data, prefix, strlen(prefix));
    assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
    file = fmemopen(out.data + strlen(prefix), out.len - strlen(prefix), "r");
    assert_non_null(file);
    assert_non_null(getmntent_r(file, &entry, line, sizeof(line)));
    assert_string_equal(entry.mnt_fsname, source);
    assert_string_equal(entry.mnt_dir, destination);
    assert_string_equal(entry.mnt_type, type);
    assert_string_equal(entry.mnt_opts, options);
    fclose(file);
}

static void test_round_trip(void **state)
{
    char every[256];
    size_t n = 0;

    (void)state;
    every[n++] = '/';
    for (int c = 1; c < 256; c++)
        if (c != '\r')
            every[n++] = (char)c;
    every[n] = '\0';
    round_trip("/a", "b", "none", "bind");
    round_trip("/a b\tc\nd\\e#f", "x\\040y", "none", "ro,a=\\");
    round_trip(every, every + 1, "none", "bind");
    round_trip("\"a\"", "'b'", "tmpfs", "size=1");
}

/* The reader's buffer is 4096 bytes: what just fits is read whole, one byte more is refused. */
static void test_length(void **state)
{
    cleanup_buf struct buf out = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    char source[4200];
    const size_t fixed = strlen(" b none bind 0 0");

    (void)state;
    memset(source, 'x', sizeof(source));
    source[0] = '/';
    source[4094 - fixed] = '\0';
    round_trip(source, "b", "none", "bind");
    source[4094 - fixed] = 'x';
    source[4095 - fixed] = '\0';
    assert_int_equal(config_mount_entry(&out, source, "b", "none", "bind", "mounts[7]", &err), -1);
    assert_string_equal(err_message(err),
                        "mounts[7]: the mount takes 4095 bytes in LXC's mount table, more than "
                        "the 4094 that LXC reads");
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),           cmocka_unit_test(test_set_refused),
        cmocka_unit_test(test_field_refused), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
