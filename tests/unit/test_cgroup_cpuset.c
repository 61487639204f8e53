/* CPUs and memory nodes for the ancestors of a container's cgroup, in made-up trees. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"

static char top[] = "/tmp/test_cgroup_cpuset.XXXXXX";

static void put(const char *relative, const char *cpus, const char *mems)
{
    cleanup_free char *dir = str_printf("%s/%s", top, relative);
    cleanup_close int fd = -1;

    assert_int_equal(fs_mkdir_p(dir, 0755), 0);
    fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(fs_write_atomic(fd, "cpuset.cpus", cpus, strlen(cpus), 0644), 0);
    assert_int_equal(fs_write_atomic(fd, "cpuset.mems", mems, strlen(mems), 0644), 0);
    assert_int_equal(fs_write_atomic(fd, "cgroup.clone_children", "0", 1, 0644), 0);
}

static void assert_has(const char *relative, const char *file, const char *want)
{
    cleanup_free char *path = str_printf("%s/%s/%s", top, relative, file);
    cleanup_free char *text = NULL;

    assert_int_equal(fs_read_at(AT_FDCWD, path, 100, &text, NULL), 0);
    assert_string_equal(text, want);
}

static int inherit(const char *controllers, const char *relative, bool v2)
{
    cleanup_free char *path = str_printf("%s/%s", top, relative);
    cleanup_free char *name = strdup(controllers);
    struct cgroup_dir dir = {.controllers = name, .path = path, .v2 = v2};
    struct cgroup_dirs dirs = {.dirs = &dir, .n = 1};
    struct lxcdriver_error *err = NULL;
    int rc = cgroup_inherit_cpuset(&dirs, &err);

    assert_true(rc == 0 ? !err : !!err);
    lxcdriver_error_free(err);
    return rc;
}

static int setup(void **state)
{
    (void)state;
    memset(top + strlen(top) - 6, 'X', 6);
    return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, top);
}

static void test_empty_ancestors(void **state)
{
    (void)state;
    put("root", "0-3\n", "0\n");
    put("root/engine", "\n", "\n");
    put("root/engine/pod", "", "");
    assert_int_equal(inherit("cpuset", "root/engine/pod/container", false), 0);
    assert_has("root/engine", "cpuset.cpus", "0-3\n");
    assert_has("root/engine", "cpuset.mems", "0\n");
    assert_has("root/engine/pod", "cpuset.cpus", "0-3\n");
    assert_has("root/engine/pod", "cpuset.mems", "0\n");
    assert_has("root", "cpuset.cpus", "0-3\n");
    /* The container's own is LXC's to make. */
    assert_has("root/engine/pod", "cgroup.clone_children", "1");
    assert_has("root/engine", "cgroup.clone_children", "0");
}

static void test_what_is_there_stays(void **state)
{
    (void)state;
    put("root", "0-3\n", "0-1\n");
    put("root/engine", "2\n", "\n");
    put("root/engine/container", "\n", "1\n");
    assert_int_equal(inherit("cpu,cpuset", "root/engine/container", false), 0);
    assert_has("root/engine", "cpuset.cpus", "2\n");
    assert_has("root/engine", "cpuset.mems", "0-1\n");
    assert_has("root/engine/container", "cpuset.cpus", "2\n");
    assert_has("root/engine/container", "cpuset.mems", "1\n");
    assert_has("root/engine/container", "cgroup.clone_children", "0");
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    put("root", "0-3\n", "0\n");
    put("root/engine", "\n", "\n");
    assert_int_equal(inherit("memory", "root/engine/container", false), 0);
    assert_int_equal(inherit("cpuset", "root/engine/container", true), 0);
    assert_int_equal(inherit("cpuset", "no/such/directory", false), 0);
    assert_int_equal(inherit("cpuset", "root/container", false), 0);
    assert_has("root", "cgroup.clone_children", "0");
    assert_has("root/engine", "cpuset.cpus", "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty_ancestors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_there_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_to_do, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
