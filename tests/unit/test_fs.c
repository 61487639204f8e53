#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"

static char scratch[] = "/tmp/test_fs.XXXXXX";
static int dir = -1;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(scratch))
        return -1;
    dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    close(dir);
    return fs_remove_tree(AT_FDCWD, scratch);
}

static mode_t mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode & 07777;
}

static bool exists(int at, const char *name)
{
    return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void make_file(const char *name, const char *text)
{
    assert_int_equal(fs_write_atomic(dir, name, text, strlen(text), 0644), 0);
}

static void assert_contents(const char *name, const char *expected)
{
    cleanup_free char *text = NULL;

    assert_int_equal(fs_read_at(dir, name, 1 << 20, &text, NULL), 0);
    assert_string_equal(text, expected);
}

/* ---- reads ---- */

static void test_read_limits(void **state)
{
    static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 100000};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        cleanup_free char *data = malloc(sizes[i] + 1), *got = NULL, *none = NULL;
        size_t len = 99;

        memset(data, 'x', sizes[i] + 1);
        assert_int_equal(fs_write_atomic(dir, "sized", data, sizes[i], 0600), 0);
        assert_int_equal(fs_read_at(dir, "sized", sizes[i], &got, &len), 0);
        assert_int_equal(len, sizes[i]);
        assert_memory_equal(got, data, len);
        assert_int_equal(got[len], 0);
        if (sizes[i] == 0)
            continue;
        errno = 0;
        assert_int_equal(fs_read_at(dir, "sized", sizes[i] - 1, &none, NULL), -1);
        assert_int_equal(errno, EFBIG);
        assert_null(none);
    }
}

static void test_read_special(void **state)
{
    cleanup_free char *status = NULL, *none = NULL, *piped = NULL;
    size_t len;
    int ends[2];

    (void)state;
    assert_int_equal(fs_read_at(AT_FDCWD, "/proc/self/status", 1 << 20, &status, &len), 0);
    assert_non_null(strstr(status, "\nCapBnd:"));
    assert_int_equal(strlen(status), len);
    assert_int_equal(fs_read_at(dir, "missing", 10, &none, NULL), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fs_read_at(dir, ".", 10, &none, NULL), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fs_write_all(ends[1], "a\0b", 3), 0);
    close(ends[1]);
    assert_int_equal(fs_read_fd(ends[0], 10, &piped, &len), 0);
    close(ends[0]);
    assert_int_equal(len, 3);
    assert_memory_equal(piped, "a\0b", 4);
}

/* ---- writes ---- */

static int count_entries(int at)
{
    cleanup_closedir DIR *list = fdopendir(openat(at, ".", O_RDONLY | O_CLOEXEC));
    int n = 0;

    assert_non_null(list);
    while (readdir(list))
        n++;
    return n - 2;
}

static void test_write_atomic(void **state)
{
    cleanup_close int old = -1;
    cleanup_free char *text = NULL;
    mode_t mask = umask(0077);
    int before;

    (void)state;
    assert_int_equal(mkdirat(dir, "sub", 0700), 0);
    assert_int_equal(fs_write_atomic(dir, "sub/state", "one", 3, 0644), 0);
    assert_int_equal(mode_of("sub/state"), 0644);
    old = openat(dir, "sub/state", O_RDONLY | O_CLOEXEC);
    assert_int_equal(fs_write_atomic(dir, "sub/state", "second", 6, 0600), 0);
    assert_contents("sub/state", "second");
    assert_int_equal(mode_of("sub/state"), 0600);
    assert_int_equal(fs_read_fd(old, 10, &text, NULL), 0);
    assert_string_equal(text, "one");
    umask(mask);

    assert_int_equal(mkdirat(dir, "sub/taken", 0700), 0);
    assert_int_equal(mkdirat(dir, "sub/taken/x", 0700), 0);
    before = count_entries(dir);
    assert_int_equal(fs_write_atomic(dir, "sub/taken", "x", 1, 0600), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(count_entries(dir), before);
    assert_int_equal(fs_write_atomic(dir, "nowhere/x", "x", 1, 0600), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fs_remove_tree(dir, "sub"), 0);
}

static void test_write_atomic_replaces_link(void **state)
{
    (void)state;
    make_file("victim", "kept");
    assert_int_equal(symlinkat("victim", dir, "link"), 0);
    make_file("link", "new");
    assert_contents("victim", "kept");
    assert_contents("link", "new");
}

static void test_write_existing(void **state)
{
    (void)state;
    make_file("knob", "000");
    assert_int_equal(fs_write_existing(dir, "knob", "12"), 0);
    assert_contents("knob", "120");
    assert_int_equal(fs_write_existing(dir, "absent", "1"), -1);
    assert_int_equal(errno, ENOENT);
    assert_false(exists(dir, "absent"));
}

/* A pipe that is full takes part of it, then nothing until the child has read. */
static void test_write_all_waits(void **state)
{
    static char data[300000];
    int ends[2], status;
    pid_t child;

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i % 251);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        cleanup_free char *got = NULL;
        size_t len;

        close(ends[1]);
        usleep(20000);
        if (fs_read_fd(ends[0], sizeof(data), &got, &len) < 0 || len != sizeof(data))
            _exit(1);
        _exit(memcmp(got, data, len) ? 2 : 0);
    }
    close(ends[0]);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fs_write_all(ends[1], data, sizeof(data)), 0);
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- look-ups ---- */

static void test_open_in_root(void **state)
{
    cleanup_close int root = -1;
    struct stat inside, found;
    static const char *const ways[] = {"f",      "/f",         "../f",      "a/abs",    "a/up",
                                       "a/../f", "../../../f", "loop/../f", "a/root/f", "a/far/f"};

    (void)state;
    assert_int_equal(mkdirat(dir, "root", 0755), 0);
    assert_int_equal(mkdirat(dir, "root/a", 0755), 0);
    assert_int_equal(mkdirat(dir, "root/loop", 0755), 0);
    make_file("f", "outside");
    make_file("root/f", "inside");
    assert_int_equal(symlinkat("/f", dir, "root/a/abs"), 0);
    assert_int_equal(symlinkat("../../../f", dir, "root/a/up"), 0);
    assert_int_equal(symlinkat("/", dir, "root/a/root"), 0);
    assert_int_equal(symlinkat("../../../../..", dir, "root/a/far"), 0);
    assert_int_equal(symlinkat("/proc/self/root", dir, "root/magic"), 0);
    root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(fstatat(dir, "root/f", &inside, 0), 0);
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        cleanup_close int fd = fs_open_in_root(root, ways[i], O_RDONLY, 0);

        if (fd < 0)
            fail_msg("%s: expected a descriptor, got %s", ways[i], strerror(errno));
        assert_int_equal(fstat(fd, &found), 0);
        if (found.st_ino != inside.st_ino)
            fail_msg("%s: expected inode %lu, got %lu", ways[i], (unsigned long)inside.st_ino,
                     (unsigned long)found.st_ino);
        assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    assert_int_equal(fs_open_in_root(root, "magic", O_RDONLY, 0), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(fs_remove_tree(dir, "root"), 0);
}

static void test_open_in_root_makes(void **state)
{
    cleanup_close int root = -1, made = -1, self = -1;
    struct stat st, of_root;

    (void)state;
    assert_int_equal(mkdirat(dir, "made", 0755), 0);
    assert_int_equal(symlinkat("/target", dir, "made/link"), 0);
    root = openat(dir, "made", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    made = fs_open_in_root(root, "link", O_WRONLY | O_CREAT, 0640);
    assert_true(made >= 0);
    assert_true(exists(dir, "made/target"));
    self = fs_open_in_root(root, "", O_PATH | O_DIRECTORY, 0755);
    assert_true(self >= 0);
    assert_int_equal(fstat(self, &st), 0);
    assert_int_equal(fstat(root, &of_root), 0);
    assert_int_equal(st.st_ino, of_root.st_ino);
    assert_int_equal(fs_remove_tree(dir, "made"), 0);
}

static void test_open_beneath(void **state)
{
    cleanup_close int fd = -1;

    (void)state;
    make_file("plain", "x");
    assert_int_equal(symlinkat("plain", dir, "alias"), 0);
    fd = fs_open_beneath(dir, "plain", O_RDONLY, 0);
    assert_true(fd >= 0);
    assert_int_equal(fs_open_beneath(dir, "alias", O_RDONLY, 0), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(fs_open_beneath(dir, "../passwd", O_RDONLY, 0), -1);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(fs_open_beneath(dir, "/etc/passwd", O_RDONLY, 0), -1);
    assert_int_equal(errno, EXDEV);
}

/* ---- directories ---- */

static void test_mkdir_p(void **state)
{
    cleanup_free char *deep = str_printf("%s/p//q/r/", scratch);
    cleanup_free char *below_file = str_printf("%s/file/x", scratch);
    cleanup_free char *file = str_printf("%s/file", scratch);
    mode_t mask = umask(0077);

    (void)state;
    assert_int_equal(fs_mkdir_p(deep, 0711), 0);
    assert_int_equal(fs_mkdir_p(deep, 0700), 0);
    umask(mask);
    assert_true(fs_is_dir(deep));
    assert_int_equal(mode_of("p"), 0711);
    assert_int_equal(mode_of("p/q/r"), 0711);
    make_file("file", "x");
    assert_int_equal(fs_mkdir_p(below_file, 0755), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(fs_mkdir_p(file, 0755), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(fs_mkdir_p("relative/x", 0755), -1);
    assert_int_equal(errno, EINVAL);
    assert_false(fs_is_dir(file));
    assert_int_equal(fs_mkdir_p("/", 0755), 0);
}

/* ---- trees ---- */

static int count_fds(void)
{
    cleanup_closedir DIR *list = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(list))
        n++;
    return n;
}

static void test_remove_simple(void **state)
{
    (void)state;
    make_file("one", "x");
    assert_int_equal(fs_remove_tree(dir, "one"), 0);
    assert_int_equal(fs_remove_tree(dir, "one"), 0);
    assert_int_equal(fs_remove_tree(dir, "none/such"), 0);
    assert_int_equal(mkdirat(dir, "keep", 0755), 0);
    make_file("keep/me", "x");
    assert_int_equal(symlinkat("keep", dir, "to-keep"), 0);
    assert_int_equal(fs_remove_tree(dir, "to-keep"), 0);
    assert_false(exists(dir, "to-keep"));
    assert_contents("keep/me", "x");
}

static void test_remove_wide_and_linked(void **state)
{
    int before = count_fds();

    (void)state;
    assert_int_equal(mkdirat(dir, "t", 0755), 0);
    assert_int_equal(mkdirat(dir, "stays", 0755), 0);
    make_file("stays/file", "x");
    for (int i = 0; i < 100; i++) {
        cleanup_free char *sub = str_printf("t/%d", i), *file = str_printf("t/%d/f", i);
        cleanup_free char *link = str_printf("t/%d/l", i), *fifo = str_printf("t/fifo%d", i);

        assert_int_equal(mkdirat(dir, sub, 0), 0);
        make_file(file, "x");
        assert_int_equal(symlinkat("../../stays", dir, link), 0);
        assert_int_equal(mkfifoat(dir, fifo, 0600), 0);
    }
    assert_int_equal(fs_remove_tree(dir, "t"), 0);
    assert_false(exists(dir, "t"));
    assert_contents("stays/file", "x");
    assert_int_equal(count_fds(), before);
}

/* Deeper than any path can say and than there are descriptors. */
static void test_remove_deep(void **state)
{
    enum { DEPTH = 2000 };
    int at = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    for (int i = 0; i < DEPTH; i++) {
        const char *name = i ? "d-which-has-a-long-name" : "deep";
        int next;

        assert_int_equal(mkdirat(at, name, 0755), 0);
        next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        close(at);
        at = next;
    }
    close(at);
    assert_int_equal(fs_remove_tree(dir, "deep"), 0);
    assert_false(exists(dir, "deep"));
}

/* In a child with its own mount namespace: a tmpfs and a bind mount of the same filesystem inside
 * the tree. */
static int remove_with_mounts(void)
{
    cleanup_free char *tmpfs = str_printf("%s/m/a/tmpfs", scratch);
    cleanup_free char *bind = str_printf("%s/m2/a/bind", scratch);
    cleanup_free char *source = str_printf("%s/source", scratch);

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 1;
    if (mount("tmpfs", tmpfs, "tmpfs", 0, NULL) < 0 || mount(source, bind, NULL, MS_BIND, NULL) < 0)
        return 2;
    if (mkdirat(dir, "m/a/tmpfs/inside", 0755) < 0)
        return 3;
    if (fs_remove_tree(dir, "m") == 0 || errno != EBUSY || !exists(dir, "m/a/tmpfs/inside"))
        return 4;
    if (fs_remove_tree(dir, "m2") == 0 || errno != EBUSY || !exists(dir, "source/file"))
        return 5;
    if (fs_remove_tree(dir, "m/a/tmpfs") == 0 || errno != EBUSY || !exists(dir, "m/a/tmpfs/inside"))
        return 6;
    return umount2(bind, MNT_DETACH) < 0 || umount2(tmpfs, MNT_DETACH) < 0 ? 7 : 0;
}

static void test_remove_crosses_no_mount(void **state)
{
    cleanup_free char *one = str_printf("%s/m/a/tmpfs", scratch);
    cleanup_free char *two = str_printf("%s/m2/a/bind", scratch);
    cleanup_free char *three = str_printf("%s/source", scratch);
    pid_t child;
    int status;

    (void)state;
    assert_int_equal(fs_mkdir_p(one, 0755), 0);
    assert_int_equal(fs_mkdir_p(two, 0755), 0);
    assert_int_equal(fs_mkdir_p(three, 0755), 0);
    make_file("source/file", "x");
    child = fork();
    if (child == 0)
        _exit(remove_with_mounts());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_contents("source/file", "x");
    assert_int_equal(fs_remove_tree(dir, "m"), 0);
    assert_int_equal(fs_remove_tree(dir, "m2"), 0);
}

/* Two at once: both succeed, nothing is left. */
static void test_remove_twice_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        pid_t child;
        int status;

        for (int i = 0; i < 60; i++) {
            cleanup_free char *sub = str_printf("%s/both/%d/x/y", scratch, i);

            assert_int_equal(fs_mkdir_p(sub, 0755), 0);
        }
        child = fork();
        if (child == 0)
            _exit(fs_remove_tree(dir, "both") < 0 ? errno : 0);
        assert_int_equal(fs_remove_tree(dir, "both"), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_false(exists(dir, "both"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_limits),
        cmocka_unit_test(test_read_special),
        cmocka_unit_test(test_write_atomic),
        cmocka_unit_test(test_write_atomic_replaces_link),
        cmocka_unit_test(test_write_existing),
        cmocka_unit_test(test_write_all_waits),
        cmocka_unit_test(test_open_in_root),
        cmocka_unit_test(test_open_in_root_makes),
        cmocka_unit_test(test_open_beneath),
        cmocka_unit_test(test_mkdir_p),
        cmocka_unit_test(test_remove_simple),
        cmocka_unit_test(test_remove_wide_and_linked),
        cmocka_unit_test(test_remove_deep),
        cmocka_unit_test(test_remove_crosses_no_mount),
        cmocka_unit_test(test_remove_twice_at_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
