/* Cgroup layouts out of texts: the hosts are made up, or as Debian, CentOS 7, Docker and LXC show
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

struct expected {
    const char *controllers, *mount, *root, *base;
};

static void assert_hierarchies(const struct cgroup_layout *got, const struct expected *want,
                               size_t n)
{
    assert_int_equal(got->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(got->hierarchies[i].controllers, want[i].controllers);
        assert_string_equal(got->hierarchies[i].mount, want[i].mount);
        assert_string_equal(got->hierarchies[i].root, want[i].root);
        assert_string_equal(got->hierarchies[i].base, want[i].base);
        assert_int_equal(got->hierarchies[i].v2, !*want[i].controllers);
    }
}

static void assert_words(const struct strv *got, const char *want)
{
    cleanup_buf struct buf joined = {0};

    for (size_t i = 0; i < got->n; i++)
        buf_printf(&joined, "%s%s", i ? " " : "", got->items[i]);
    assert_string_equal(joined.data ? joined.data : "", want);
}

static void parse(const char *mountinfo, const char *cgroup, const char *controllers,
                  struct cgroup_layout *out)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    if (cgroup_layout_parse(mountinfo, cgroup, controllers, out, &err) < 0)
        fail_msg("expected a layout, got: %s", err_message(err));
}

#define cleanup_layout __attribute__((cleanup(cgroup_layout_clear)))
#define cleanup_dirs __attribute__((cleanup(cgroup_dirs_clear)))

/* ---- layouts ---- */

static const char debian_mountinfo[] =
    "22 27 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n"
    "27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

static void test_pure_v2(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {{"", "/sys/fs/cgroup", "/", ""}};

    (void)state;
    parse(debian_mountinfo, "0::/init.scope\n", "cpuset cpu io memory hugetlb pids\n", &got);
    assert_int_equal(got.mode, CGROUP_V2);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
    assert_words(&got.v1_controllers, "");
    assert_words(&got.v2_controllers, "cpuset cpu io memory hugetlb pids");
}

static void test_hybrid(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {
        {"name=systemd", "/sys/fs/cgroup/systemd", "/", ""},
        {"memory", "/sys/fs/cgroup/memory", "/", "user.slice"},
        {"", "/sys/fs/cgroup/unified", "/", ""},
    };

    (void)state;
    parse("27 1 254:0 / / rw - ext4 /dev/vda rw\n"
          "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
          "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
          "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
          "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
          "9:name=systemd:/init.scope\n8:pids:/not-mounted\n4:memory:/user.slice\n0::/init.scope\n",
          "hugetlb\n", &got);
    assert_int_equal(got.mode, CGROUP_HYBRID);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
    assert_words(&got.v1_controllers, "memory");
    assert_words(&got.v2_controllers, "hugetlb");
}

/* CentOS 7: two controllers in one hierarchy, in another order than the kernel shows them; v2 is
 * not mounted. */
static void test_v1_co_mounted(void **state)
{
    cleanup_layout struct cgroup_layout got;
    cleanup_dirs struct cgroup_dirs dirs;
    static const struct expected want[] = {
        {"cpuacct,cpu", "/sys/fs/cgroup/cpu,cpuacct", "/", ""},
        {"net_prio,net_cls", "/sys/fs/cgroup/net_cls,net_prio", "/", ""},
        {"cpuset", "/sys/fs/cgroup/cpuset", "/", ""},
    };

    (void)state;
    parse("27 1 8:1 / / rw - xfs /dev/sda1 rw\n"
          "30 25 0:25 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
          "31 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
          "32 25 0:27 / /sys/fs/cgroup/net_cls,net_prio rw - cgroup cgroup rw,net_cls,net_prio\n",
          "8:cpuacct,cpu:/\n3:net_prio,net_cls:/\n2:cpuset:/\n0::/\n", NULL, &got);
    assert_int_equal(got.mode, CGROUP_V1);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
    assert_words(&got.v1_controllers, "cpuacct cpu net_prio net_cls cpuset");
    assert_words(&got.v2_controllers, "");
    assert_int_equal(cgroup_dirs_of(&got, "runlxc/a", &dirs, NULL), 0);
    assert_string_equal(cgroup_dir_find(&dirs, "cpu")->path, "/sys/fs/cgroup/cpu,cpuacct/runlxc/a");
    assert_string_equal(cgroup_dir_find(&dirs, "cpuacct")->path,
                        "/sys/fs/cgroup/cpu,cpuacct/runlxc/a");
    assert_string_equal(cgroup_dir_find(&dirs, "cpuset")->path, "/sys/fs/cgroup/cpuset/runlxc/a");
    assert_null(cgroup_dir_find(&dirs, "net"));
    assert_null(cgroup_dir_find(&dirs, "memory"));
    assert_null(cgroup_dir_find(&dirs, ""));
}

/* systemd on a v2 host makes a v1 hierarchy without controllers for old containers. */
static void test_named_v1_beside_v2(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {
        {"name=systemd", "/sys/fs/cgroup/systemd", "/", ""},
        {"", "/sys/fs/cgroup", "/", ""},
    };

    (void)state;
    parse("29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
          "30 29 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
          "1:name=systemd:/\n0::/init.scope\n", "cpu memory\n", &got);
    assert_int_equal(got.mode, CGROUP_V2);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
    assert_words(&got.v1_controllers, "");
    assert_words(&got.v2_controllers, "cpu memory");
}

/* Docker without a cgroup namespace mounts only the container's own part, which the names are
 * longer than. */
static void test_mount_root_in_container(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {
        {"memory", "/sys/fs/cgroup/memory", "/docker/abc", ""},
        {"pids", "/sys/fs/cgroup/pids", "/docker/abc", "init"},
        {"cpu", "/sys/fs/cgroup/cpu", "/docker/ab", ""},
        {"", "/sys/fs/cgroup/unified", "/..", "inner"},
    };

    (void)state;
    parse("30 25 0:25 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
          "31 25 0:26 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
          "32 25 0:27 /docker/ab /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n"
          "33 25 0:28 /.. /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n",
          "4:memory:/docker/abc\n3:pids:/docker/abc/init\n2:cpu:/docker/abc\n0::/../inner\n", "",
          &got);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
}

/* Mounts of the same hierarchy elsewhere: a container's root, a bind mount of a part. The one LXC
 * uses is taken. */
static void test_mounts_elsewhere(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {
        {"memory", "/sys/fs/cgroup/memory", "/", ""},
        {"pids", "/other/pids", "/", ""},
    };

    (void)state;
    parse("30 25 0:25 / /srv/root/sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
          "31 25 0:25 /lxc/a /sys/fs/cgroup/memory-a ro - cgroup cgroup rw,memory\n"
          "32 25 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
          "33 25 0:26 / /other/pids rw - cgroup cgroup rw,pids\n"
          "34 25 0:25 / /sys/fs/cgroup/memory2 rw - cgroup cgroup rw,memory\n",
          "4:memory:/\n3:pids:/\n", NULL, &got);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
}

static void test_hidden_mounts(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {{"pids", "/sys/fs/cgroup/pids", "/", ""}};

    (void)state;
    /* The tmpfs over /sys/fs/cgroup hides memory and the first mount of pids; 20 was mounted first
     * and moved into it. */
    parse("20 40 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
          "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
          "30 25 0:20 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
          "31 30 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
          "32 30 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
          "40 30 0:40 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
          "41 25 0:41 / /sys/fs/cgro rw - tmpfs tmpfs rw\n",
          "4:memory:/\n3:pids:/\n", NULL, &got);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
}

static void test_odd_lines(void **state)
{
    cleanup_layout struct cgroup_layout got;
    static const struct expected want[] = {
        {"memory", "/mnt/a b\tc\\d#\n\\9", "/", "x:y/ä"},
    };

    (void)state;
    parse("\nnonsense\n1 2 3\n30 25 0:25 / /sys/fs/cgroup/pids rw - cgroup\n"
          "x 25 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
          "30 25 0:25 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,xpids,pidsx\n"
          "30 25 0:25 / /mnt/a\\040b\\011c\\134d\\043\\012\\9 rw shared:1 master:2 - cgroup  "
          "rw,memory",
          "junk\n3:pids\n2:pids:relative\n4:memory:/x:y/ä", NULL, &got);
    assert_hierarchies(&got, want, ARRAY_SIZE(want));
}

static void test_no_hierarchy(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_layout got;

    (void)state;
    assert_int_equal(
        cgroup_layout_parse("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "0::/\n", NULL, &got, &err),
        -1);
    assert_string_equal(err_message(err), "no cgroup hierarchy is mounted under /sys/fs/cgroup");
    assert_int_equal(got.n, 0);
    assert_int_equal(cgroup_layout_parse("", "", NULL, &got, NULL), -1);
}

static void test_init_scope(void **state)
{
    static const struct {
        const char *cgroup, *base;
    } cases[] = {
        {"0::/", ""},
        {"0::/init.scope", ""},
        {"0::/lxc.payload.a/init.scope", "lxc.payload.a"},
        {"0::/xinit.scope", "xinit.scope"},
        {"0::/init.scope/sub", "init.scope/sub"},
        {"0::/../elsewhere", ""},
        {"0::/a..b", "a..b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_layout struct cgroup_layout got;

        parse(debian_mountinfo, cases[i].cgroup, NULL, &got);
        assert_string_equal(got.hierarchies[0].base, cases[i].base);
    }
}

/* ---- directories ---- */

static void test_dirs(void **state)
{
    cleanup_layout struct cgroup_layout layout;
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_dirs dirs;
    static const char *const bad[] = {"..", "a/../b", "a/.", "/./a", "a/.."};

    (void)state;
    parse(debian_mountinfo, "0::/lxc/outer/init.scope", "cpu memory", &layout);
    assert_int_equal(cgroup_dirs_of(&layout, "/runlxc/web", &dirs, &err), 0);
    assert_int_equal(dirs.n, 1);
    assert_string_equal(dirs.dirs[0].path, "/sys/fs/cgroup/lxc/outer/runlxc/web");
    assert_ptr_equal(cgroup_dir_find(&dirs, ""), &dirs.dirs[0]);
    assert_ptr_equal(cgroup_dir_find(&dirs, "memory"), &dirs.dirs[0]);
    assert_null(cgroup_dir_find(&dirs, "name=systemd"));
    cgroup_dirs_clear(&dirs);
    assert_int_equal(cgroup_dirs_of(&layout, "", &dirs, &err), 0);
    assert_string_equal(dirs.dirs[0].path, "/sys/fs/cgroup/lxc/outer");
    cgroup_dirs_clear(&dirs);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(cgroup_dirs_of(&layout, bad[i], &dirs, &err), -1);
        assert_non_null(strstr(err_message(err), bad[i] + (bad[i][0] == '/')));
        assert_int_equal(dirs.n, 0);
    }
    assert_int_equal(cgroup_dirs_of(&layout, "a..b/...", &dirs, &err), 0);
    assert_string_equal(dirs.dirs[0].path, "/sys/fs/cgroup/lxc/outer/a..b/...");
    cgroup_dirs_clear(&dirs);
}

static void relative_is(const char *mountinfo, const char *init, const char *unit, const char *want)
{
    cleanup_layout struct cgroup_layout layout;
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *got = NULL;

    parse(mountinfo, init, "cpu memory", &layout);
    got = cgroup_relative(&layout, unit, &err);
    assert_string_equal(got ? got : err_message(err), want);
}

/* Where systemd says that a unit is, as a path that is made directories of. */
static void test_relative(void **state)
{
    static const char hybrid[] =
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";
    static const char no_systemd[] =
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

    (void)state;
    relative_is(debian_mountinfo, "0::/init.scope", "/a.slice/b.scope", "a.slice/b.scope");
    relative_is(debian_mountinfo, "0::/lxc/x/init.scope", "/lxc/x/a.slice/b.scope",
                "a.slice/b.scope");
    relative_is(debian_mountinfo, "0::/lxc/x/init.scope", "/a.slice/b.scope",
                "the cgroup /a.slice/b.scope is not one that is mounted here");
    relative_is(debian_mountinfo, "0::/init.scope", "",
                "the cgroup  is not one that is mounted here");
    relative_is(hybrid, "4:memory:/user.slice\n9:name=systemd:/x/init.scope\n", "/x/b.scope",
                "b.scope");
    relative_is(no_systemd, "4:memory:/\n", "/b.scope",
                "the cgroup /b.scope is not one that is mounted here");
}

static void test_below(void **state)
{
    static const struct {
        const char *path, *top, *rest;
    } cases[] = {
        {"/a/b", "/", "/a/b"}, {"/a/b", "/a", "/b"},     {"/a", "/a", ""},
        {"/ab", "/a", NULL},   {"/", "/", "/"},          {"/a", "/b", NULL},
        {"/../x", "/", NULL},  {"/../x", "/..", "/x"},   {"/../../x", "/..", NULL},
        {"/a/..", "/a", NULL}, {"/a/..b", "/a", "/..b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *rest = cgroup_path_below(cases[i].path, cases[i].top);

        if (!str_eq(rest, cases[i].rest))
            fail_msg("%s below %s: expected %s, got %s", cases[i].path, cases[i].top,
                     cases[i].rest ? cases[i].rest : "none", rest ? rest : "none");
    }
}

/* ---- this host ---- */

static void test_read_this_host(void **state)
{
    cleanup_layout struct cgroup_layout layout;
    cleanup_dirs struct cgroup_dirs dirs = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    if (cgroup_layout_read(&layout, &err) < 0)
        fail_msg("%s", err_message(err));
    assert_true(layout.n > 0);
    for (size_t i = 0; i < layout.n; i++) {
        assert_true(str_starts(layout.hierarchies[i].mount, "/sys/fs/cgroup"));
        assert_true(cgroup_path_is_root(layout.hierarchies[i].mount));
    }
    assert_int_equal(cgroup_dirs_of_pid(&layout, getpid(), &dirs, &err), 0);
    assert_int_equal(dirs.n, layout.n);
    for (size_t i = 0; i < dirs.n; i++) {
        cleanup_free char *procs = str_printf("%s/cgroup.procs", dirs.dirs[i].path);

        assert_int_equal(access(procs, R_OK), 0);
    }
    cgroup_dirs_clear(&dirs);
    assert_int_equal(cgroup_dirs_of_pid(&layout, 0x7ffffff0, &dirs, &err), -1);
    assert_non_null(strstr(err_message(err), "/proc/2147483632/cgroup"));
}

/* On the path of every start. The limit is wide: what it is for is a look-up that grows, not a slow
 * machine. */
static void test_read_is_fast(void **state)
{
    enum { ROUNDS = 200 };
    struct timespec start, end;
    double us;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < ROUNDS; i++) {
        cleanup_layout struct cgroup_layout layout;

        assert_int_equal(cgroup_layout_read(&layout, NULL), 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    us = ((double)(end.tv_sec - start.tv_sec) * 1e6 + (double)(end.tv_nsec - start.tv_nsec) / 1e3) /
         ROUNDS;
    print_message("cgroup_layout_read: %.1f us\n", us);
    assert_true(us < 5000);
}

static void test_subtract(void **state)
{
    struct cgroup_dir listed[] = {{strdup("memory"), strdup("/sys/fs/cgroup/memory/mine/c"), false},
                                  {strdup("pids"), strdup("/sys/fs/cgroup/pids/mine"), false},
                                  {strdup(""), strdup("/"), true}};
    struct cgroup_dir ours[] = {{(char *)"pids", (char *)"/sys/fs/cgroup/pids/mine", false},
                                {(char *)"memory", (char *)"/sys/fs/cgroup/memory/mine", false}};
    struct cgroup_dirs others = {ours, ARRAY_SIZE(ours)}, dirs = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(listed); i++) {
        struct cgroup_dir *dir = ARRAY_GROW(&dirs.dirs, &dirs.n);

        assert_non_null(dir);
        *dir = listed[i];
    }
    cgroup_dirs_subtract(&dirs, &others);
    assert_int_equal(dirs.n, 2);
    assert_string_equal(dirs.dirs[0].path, "/sys/fs/cgroup/memory/mine/c");
    assert_string_equal(dirs.dirs[1].path, "/");
    cgroup_dirs_clear(&dirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pure_v2),
        cmocka_unit_test(test_hybrid),
        cmocka_unit_test(test_v1_co_mounted),
        cmocka_unit_test(test_named_v1_beside_v2),
        cmocka_unit_test(test_mount_root_in_container),
        cmocka_unit_test(test_mounts_elsewhere),
        cmocka_unit_test(test_hidden_mounts),
        cmocka_unit_test(test_odd_lines),
        cmocka_unit_test(test_no_hierarchy),
        cmocka_unit_test(test_init_scope),
        cmocka_unit_test(test_dirs),
        cmocka_unit_test(test_relative),
        cmocka_unit_test(test_subtract),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_read_this_host),
        cmocka_unit_test(test_read_is_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
