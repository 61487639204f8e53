/* SOURCES: initshim/user.c initshim/account.c initshim/failure.c initshim/text.c initshim/rootdir.c
 */
/* Users and groups from files that the image's author wrote to do harm. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "user.h"

#include <cmocka.h>

static struct user u;
static struct failure f;

static int file_of(const char *text, size_t len)
{
    int fd = memfd_create("account", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    return fd;
}

static int lookup_bytes(const char *spec, const char *passwd, size_t len, const char *group)
{
    int passwd_fd = passwd ? file_of(passwd, len) : -1;
    int group_fd = group ? file_of(group, strlen(group)) : -1;
    int rc = user_lookup(&u, spec, passwd_fd, group_fd, &f);

    if (passwd_fd >= 0)
        close(passwd_fd);
    if (group_fd >= 0)
        close(group_fd);
    return rc;
}

static int lookup(const char *spec, const char *passwd, const char *group)
{
    return lookup_bytes(spec, passwd, passwd ? strlen(passwd) : 0, group);
}

#define PASSWD "root:x:0:0:root:/root:/bin/sh\nu:x:1000:1001:U,,:/home/u:/bin/sh\nv:x:1002:7::\n"
#define GROUP "root:x:0:\ngu:x:1001:\ng2:x:2002:a,u\ng3:x:3003:u\nnone:x:5:uu,xu\n"

static void test_forms(void **state)
{
    static const struct {
        const char *spec;
        uint32_t uid, gid;
        const char *home;
        size_t n_groups;
    } cases[] = {
        {"u", 1000, 1001, "/home/u", 3},
        {"1000", 1000, 1001, "/home/u", 3},
        {"u:g2", 1000, 2002, "/home/u", 1},
        {"u:9", 1000, 9, "/home/u", 1},
        {"77", 77, 0, "/", 1},
        {"77:88", 77, 88, "/", 1},
        {"", 0, 0, "/root", 1},
        {":g3", 0, 3003, "/root", 1},
        {"u:", 1000, 1001, "/home/u", 3},
        {"v", 1002, 7, "/", 1},
        {"4294967294", 4294967294u, 0, "/", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(lookup(cases[i].spec, PASSWD, GROUP), 0);
        assert_int_equal(u.uid, cases[i].uid);
        assert_int_equal(u.gid, cases[i].gid);
        assert_string_equal(u.home, cases[i].home);
        assert_int_equal(u.n_groups, cases[i].n_groups);
        assert_int_equal(u.groups[0], u.gid);
    }
}

static void test_not_found(void **state)
{
    static const struct {
        const char *spec, *detail;
        int errnum;
    } cases[] = {
        {"nosuch", "nosuch", 0},
        {"u:nosuch", "nosuch", 0},
        {"-1", "-1", 0},
        {"4294967295", "4294967295", ERANGE},
        {"99999999999999999999999", "99999999999999999999999", ERANGE},
        {"0x10", "0x10", 0},
        {" 0", " 0", 0},
        {"u:4294967295", "4294967295", ERANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(lookup(cases[i].spec, PASSWD, GROUP), -1);
        assert_string_equal(f.detail, cases[i].detail);
        assert_int_equal(f.errnum, cases[i].errnum);
        assert_int_equal(f.stage, STAGE_USER);
    }
}

static void test_no_files(void **state)
{
    (void)state;
    assert_int_equal(lookup("12:13", NULL, NULL), 0);
    assert_int_equal(u.uid, 12);
    assert_int_equal(u.gid, 13);
    assert_string_equal(u.home, "/");
    assert_int_equal(lookup("root", NULL, NULL), -1);
    user_set(&u, 5, 6, -1);
    assert_int_equal(u.uid, 5);
    assert_int_equal(u.n_groups, 0);
    assert_string_equal(u.home, "/");
}

/* Lines that are no entries, with a good one after them. */
static void test_bad_lines(void **state)
{
    static const char *const bad[] = {
        "u\n",
        "u:x\n",
        "u:x:0\n",
        "u:x:0:0\n",
        "u:x:0:0:\n",
        "u:x::0::/:\n",
        "u:x:-1:0::/:\n",
        "u:x:4294967295:0::/:\n",
        "u:x:4294967296:0::/:\n",
        "u:x:0x0:0::/:\n",
        "u:x: 0:0::/:\n",
        "u:x:0:99999999999999999999::/:\n",
        ":x:0:0::/:\n",
        "\n",
        "#u:x:0:0::/:\n",
        "+u:x:0:0::/:\n",
        "::::::\n",
        "u:x:0 :0::/:\n",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "%su:x:42:43::/good:/bin/sh", bad[i]);
        assert_int_equal(lookup("u", text, NULL), 0);
        assert_int_equal(u.uid, 42);
        assert_string_equal(u.home, "/good");
    }
}

static void test_digits_are_numbers(void **state)
{
    (void)state;
    assert_int_equal(lookup("1000", "1000:x:0:0::/root:\n", NULL), 0);
    assert_int_equal(u.uid, 1000);
    assert_int_equal(lookup("5:6", NULL, "6:x:0:\n"), 0);
    assert_int_equal(u.gid, 6);
}

static void test_nul(void **state)
{
    static const char text[] = "u:x:0:0::/\0:\nu:x:1:1::/ok:\nu2\0:x:0:0::/:\n";

    (void)state;
    assert_int_equal(lookup_bytes("u", text, sizeof(text) - 1, NULL), 0);
    assert_int_equal(u.uid, 1);
    assert_int_equal(lookup_bytes("u2", text, sizeof(text) - 1, NULL), -1);
    /* In the last line, which has no newline. */
    assert_int_equal(lookup_bytes("w", "w:x:0:0::/\0:", 12, NULL), -1);
}

static void test_long_lines(void **state)
{
    size_t sizes[] = {ACCOUNT_LINE_MAX - 1, ACCOUNT_LINE_MAX, ACCOUNT_LINE_MAX + 1,
                      3 * ACCOUNT_LINE_MAX + 17};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        static const char evil[] = ":u:x:0:0::/evil:", good[] = "\nu:x:42:43::/good:\n";
        char *text = malloc(sizes[i] + sizeof(good));

        /* The part that an unwary reader takes for a line of its own after the buffer is full. */
        memset(text, 'a', sizes[i]);
        memcpy(text + sizes[i] - strlen(evil), evil, sizeof(evil));
        memcpy(text + sizes[i], good, sizeof(good));
        assert_int_equal(lookup_bytes("u", text, sizes[i] + sizeof(good) - 1, NULL), 0);
        assert_int_equal(u.uid, 42);
        free(text);
    }
}

static void test_huge_file(void **state)
{
    int fd = memfd_create("huge", MFD_CLOEXEC);

    (void)state;
    assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
    assert_int_equal(pwrite(fd, "\nu:x:0:0::/:\n", 13, (off_t)1 << 39), 13);
    assert_int_equal(user_lookup(&u, "u", fd, fd, &f), -1);
    assert_int_equal(f.errnum, 0);
    close(fd);
}

static void test_long_names(void **state)
{
    char text[1024], name[400];

    (void)state;
    /* Found by number, with a name that would be cut to one that has groups. */
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    snprintf(text, sizeof(text), "%s:x:50:51::/h:\n", name);
    name[USER_NAME - 1] = '\0';
    {
        char group[1024];

        snprintf(group, sizeof(group), "g:x:1:%s\n", name);
        assert_int_equal(lookup("50", text, group), 0);
    }
    assert_int_equal(u.n_groups, 1);
    assert_int_equal(u.gid, 51);
    memset(name, 'n', sizeof(name) - 1);
    assert_int_equal(lookup(name, text, NULL), -1);
    assert_int_equal(f.errnum, 0);
}

static void test_long_home(void **state)
{
    size_t len = PATH_MAX + 100;
    char *text = malloc(len + 64);

    (void)state;
    strcpy(text, "u:x:1:1::/");
    memset(text + 10, 'h', len);
    strcpy(text + 10 + len, ":\n");
    assert_int_equal(lookup("u", text, NULL), 0);
    assert_int_equal(strlen(u.home), PATH_MAX - 1);
    free(text);
}

static void test_many_groups(void **state)
{
    size_t size = 5000 * 32;
    char *text = malloc(size);
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 5000; i++)
        len += (size_t)snprintf(text + len, size - len, "g%d:x:%d:u\n", i, i + 10);
    assert_int_equal(lookup("u", PASSWD, text), 0);
    assert_int_equal(u.n_groups, USER_GROUPS);
    assert_int_equal(user_add_gid(&u, 999999, &f), -1);
    assert_int_equal(f.errnum, E2BIG);
    free(text);
}

static void test_add_group(void **state)
{
    int fd = file_of(GROUP, strlen(GROUP));

    (void)state;
    user_set(&u, 1, 2, -1);
    assert_int_equal(user_add_group(&u, "g2", fd, &f), 0);
    assert_int_equal(user_add_group(&u, "g2", fd, &f), 0);
    assert_int_equal(user_add_group(&u, "17", fd, &f), 0);
    assert_int_equal(u.n_groups, 2);
    assert_int_equal(u.groups[0], 2002);
    assert_int_equal(u.groups[1], 17);
    assert_int_equal(user_add_group(&u, "nosuch", fd, &f), -1);
    assert_string_equal(f.detail, "nosuch");
    close(fd);
}

static void test_members(void **state)
{
    (void)state;
    assert_true(account_is_member("a,u", "u"));
    assert_true(account_is_member("u,a", "u"));
    assert_false(account_is_member("uu,xu", "u"));
    assert_false(account_is_member("", "u"));
    assert_false(account_is_member(",,", "u"));
    assert_false(account_is_member("a,b", ""));
}

static void test_open(void **state)
{
    char dir[] = "/tmp/shimuser.XXXXXX";
    char path[64];
    int root, fd;

    (void)state;
    assert_non_null(mkdtemp(dir));
    root = open(dir, O_PATH | O_DIRECTORY);
    assert_int_equal(account_open(root, "/etc/passwd"), -1);
    /* A FIFO must not block, a link must not lead out, a directory is no file. */
    snprintf(path, sizeof(path), "%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(account_open(root, "/fifo"), -1);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/link", dir);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(account_open(root, "/link"), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("../../../etc/passwd", path), 0);
    assert_int_equal(account_open(root, "/link"), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/proc/self/exe", path), 0);
    assert_int_equal(account_open(root, "/link"), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(account_open(root, "/"), -1);
    snprintf(path, sizeof(path), "%s/file", dir);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    fd = account_open(root, "/file");
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(unlink(path), 0);
    close(root);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_no_files),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_digits_are_numbers),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_huge_file),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_long_home),
        cmocka_unit_test(test_many_groups),
        cmocka_unit_test(test_add_group),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
