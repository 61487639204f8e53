/* What LXC writes over a parent of several containers is put back, in made-up trees. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"

static char top[] = "/tmp/test_cpuset_guard.XXXXXX";
static char memory[] = "memory", cpuset[] = "cpuset", base[] = "";
static struct cgroup_hierarchy hierarchies[] = {
    {.controllers = memory, .mount = top, .base = base},
    {.controllers = cpuset, .mount = top, .base = base}};
static const struct cgroup_layout layout = {.hierarchies = hierarchies, .n = 2};

static void put(const char *relative, const char *cpus, const char *mems, const char *clone)
{
    const char *const files[] = {"cpuset.cpus", "cpuset.mems", "cgroup.clone_children"};
    const char *const values[] = {cpus, mems, clone};
    cleanup_free char *dir = str_printf("%s/%s", top, relative);

    assert_int_equal(fs_mkdir_p(dir, 0755), 0);
    for (int i = 0; i < 3; i++) {
        cleanup_free char *path = str_printf("%s/%s", dir, files[i]);

        assert_int_equal(fs_write_atomic(AT_FDCWD, path, values[i], strlen(values[i]), 0644), 0);
    }
}

static void assert_has(const char *relative, const char *cpus, const char *mems, const char *clone)
{
    const char *const files[] = {"cpuset.cpus", "cpuset.mems", "cgroup.clone_children"};
    const char *const want[] = {cpus, mems, clone};

    for (int i = 0; i < 3; i++) {
        cleanup_free char *path = str_printf("%s/%s/%s", top, relative, files[i]);
        cleanup_free char *text = NULL;

        assert_int_equal(fs_read_at(AT_FDCWD, path, 100, &text, NULL), 0);
        assert_string_equal(text, want[i]);
    }
}

static int take(const char *relative, struct cpuset_guard *guard)
{
    struct lxcdriver_error *err = NULL;
    int rc = cpuset_guard_take(&layout, relative, guard, &err);

    assert_true(rc == 0 ? !err : !!err);
    lxcdriver_error_free(err);
    assert_int_equal(rc, 0);
    return guard->dir;
}

static void restore(struct cpuset_guard *guard, const char *cpus)
{
    cleanup_free char *given = cpus ? strdup(cpus) : NULL;
    const struct resources res = {.cpuset_cpus = given};
    struct lxcdriver_error *err = NULL;

    assert_int_equal(cpuset_guard_restore(guard, &res, &err), 0);
    assert_null(err);
    assert_int_equal(guard->dir, -1);
    cpuset_guard_clear(guard);
}

static int setup(void **state)
{
    (void)state;
    memset(top + strlen(top) - 6, 'X', 6);
    if (!mkdtemp(top))
        return -1;
    put(".", "0-3", "0-1", "0");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, top);
}

/* Nothing is noted, and nothing locked, where LXC's values are those that are there. */
static void test_nothing(void **state)
{
    static const char *const paths[] = {"new/c1", "/same/c1", "empty/c1",
                                        "/alone", "/alone/",  "//alone"};

    (void)state;
    put("same", "0-3", "0-1", "1");
    put("empty", "\n", "\n", "0");
    put("alone", "1-2", "0-1", "0");
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        struct cpuset_guard guard;

        assert_int_equal(take(paths[i], &guard), -1);
        cpuset_guard_clear(&guard);
    }
}

static void test_all_new(void **state)
{
    struct cpuset_guard guard;

    (void)state;
    put("lim", "1-2", "1-1", "0");
    assert_true(take("lim/a/b/c1", &guard) >= 0);
    put("lim", "0-3", "0-1", "1");
    put("lim/a", "0-3", "0-1", "1");
    put("lim/a/b", "0-3", "0-1", "1");
    put("lim/a/b/c1", "0-3", "0-1", "1");
    restore(&guard, NULL);
    assert_has("lim", "1-2", "1-1", "0");
    assert_has("lim/a", "1-2", "1-1", "1");
    assert_has("lim/a/b", "1-2", "1-1", "1");
    assert_has("lim/a/b/c1", "1-2", "1-1", "1");
}

static void test_asked_for(void **state)
{
    struct cpuset_guard guard;

    (void)state;
    put("lim", "1-2", "1-1", "0");
    assert_true(take("lim/c1", &guard) >= 0);
    put("lim/c1", "2-2", "0-1", "1");
    restore(&guard, "2-2");
    assert_has("lim/c1", "2-2", "1-1", "1");
}

/* What was there has values of its own. */
static void test_some_there(void **state)
{
    struct cpuset_guard guard;

    (void)state;
    put("lim", "1-2", "1-1", "0");
    put("lim/a", "2-2", "1-1", "0");
    assert_true(take("lim/a/c1", &guard) >= 0);
    put("lim", "0-3", "0-1", "1");
    put("lim/a/c1", "2-2", "1-1", "0");
    restore(&guard, NULL);
    assert_has("lim", "1-2", "1-1", "0");
    assert_has("lim/a", "2-2", "1-1", "0");
}

/* A start that failed: what LXC has left is narrowed, what it has removed is no matter. */
static void test_failed(void **state)
{
    struct cpuset_guard guard;

    (void)state;
    put("lim", "1-2", "1-1", "0");
    assert_true(take("lim/a/c1", &guard) >= 0);
    put("lim", "0-3", "0-1", "1");
    put("lim/a", "0-3", "0-1", "1");
    cpuset_guard_clear(&guard);
    assert_has("lim", "1-2", "1-1", "0");
    assert_has("lim/a", "1-2", "1-1", "1");
}

/* Another start would note what LXC has put there. */
static void test_lock(void **state)
{
    cleanup_free char *path = str_printf("%s/lim", top);
    struct cpuset_guard guard;
    cleanup_close int fd = -1;

    (void)state;
    put("lim", "1-2", "1-1", "0");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(take("lim/c1", &guard) >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    put("lim/c1", "0-3", "0-1", "1");
    restore(&guard, NULL);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_new, setup, teardown),
        cmocka_unit_test_setup_teardown(test_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_some_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lock, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
