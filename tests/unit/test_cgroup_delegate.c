/* What of the hierarchies is an ordinary user's: trees of plain files that look like cgroups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

#define cleanup_layout __attribute__((cleanup(cgroup_layout_clear)))
#define cleanup_dirs __attribute__((cleanup(cgroup_dirs_clear)))

static char top[] = "/tmp/runlxc-delegate.XXXXXX";

static int make_top(void **state)
{
    (void)state;
    strcpy(top + strlen(top) - 6, "XXXXXX"); /* one for each test */
    return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
    (void)state;
    return fs_remove_tree(-1, top);
}

static void put(const char *dir, const char *name, const char *text)
{
    cleanup_free char *path = str_printf("%s/%s/%s", top, dir, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A cgroup that may be written, with these processes. */
static void cgroup(const char *dir, const char *procs)
{
    cleanup_free char *path = str_printf("%s/%s", top, dir);

    assert_int_equal(fs_mkdir_p(path, 0755), 0);
    put(dir, "cgroup.procs", procs);
    put(dir, "cgroup.subtree_control", "");
    put(dir, "cgroup.controllers", "memory pids\n");
}

/* One hierarchy at `top`, whose base is nobody's. */
static void layout_of(struct cgroup_layout *out, const char *controllers)
{
    struct cgroup_hierarchy *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    *h = (struct cgroup_hierarchy){.controllers = strdup(controllers),
                                   .mount = strdup(top),
                                   .root = strdup("/"),
                                   .v2 = !*controllers,
                                   .base = strdup("not/there")};
    *out = (struct cgroup_layout){.mode = CGROUP_V2, .hierarchies = h, .n = 1};
}

static void delegate(struct cgroup_layout *layout, const char *own)
{
    cleanup_free char *text = strdup(own);
    cleanup_err struct lxcdriver_error *err = NULL;

    assert_int_equal(cgroup_layout_delegate(layout, text, &err), 0);
}

static void nearest_without_processes(void **state)
{
    struct cgroup_layout layout cleanup_layout = {0};

    (void)state;
    cgroup("user", "");
    cgroup("user/slice", "");
    cgroup("user/slice/scope", "12\n34\n");
    layout_of(&layout, "");
    delegate(&layout, "0::/user/slice/scope\n");
    assert_true(layout.own);
    assert_int_equal(layout.n, 1);
    assert_string_equal(layout.hierarchies[0].base, "user/slice");
}

static void own_of_v1_whoever_is_in_it(void **state)
{
    struct cgroup_layout layout cleanup_layout = {0};

    (void)state;
    cgroup("user", "7\n");
    layout_of(&layout, "memory");
    delegate(&layout, "5:pids:/elsewhere\n4:memory:/user\n");
    assert_int_equal(layout.n, 1);
    assert_string_equal(layout.hierarchies[0].base, "user");
    assert_int_equal(layout.v1_controllers.n, 1);
    assert_string_equal(layout.v1_controllers.items[0], "memory");
}

static void nothing_is_delegated(void **state)
{
    static const char *const own[] = {"0::/no/such\n", "0::/../outside\n", "", "0::/user/full\n"};

    (void)state;
    /* Up to the hierarchy's root there is one with processes only, and then none that is ours. */
    cgroup("user/full", "1\n");
    put("user", "cgroup.procs", "2\n");
    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        struct cgroup_layout layout cleanup_layout = {0};

        layout_of(&layout, "");
        delegate(&layout, own[i]);
        assert_true(layout.own);
        assert_int_equal(layout.n, 0);
    }
}

static void a_base_that_is_ours_is_left_to_lxc(void **state)
{
    struct cgroup_layout layout cleanup_layout = {0};

    (void)state;
    cgroup("not/there", "");
    layout_of(&layout, "");
    delegate(&layout, "0::/user\n");
    assert_false(layout.own);
    assert_int_equal(layout.n, 1);
    assert_string_equal(layout.hierarchies[0].base, "not/there");
}

static void directories_are_made_with_controllers(void **state)
{
    struct cgroup_layout layout cleanup_layout = {0};
    struct cgroup_dirs dirs cleanup_dirs = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *made = str_printf("%s/base/a/b", top), *control = NULL, *text = NULL;

    (void)state;
    cgroup("base", "");
    layout_of(&layout, "");
    delegate(&layout, "0::/base\n");
    assert_int_equal(cgroup_dirs_of(&layout, "a/b", &dirs, &err), 0);
    assert_int_equal(cgroup_dirs_make(&layout, &dirs, &err), 0);
    assert_true(fs_is_dir(made));
    control = str_printf("%s/base/cgroup.subtree_control", top);
    assert_int_equal(fs_read_at(-1, control, 4096, &text, NULL), 0);
    assert_non_null(strstr(text, "+pids"));
    /* What is there already is in use. */
    assert_int_equal(cgroup_dirs_make(&layout, &dirs, &err), -1);
    assert_non_null(strstr(err_message(err), made));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nearest_without_processes, make_top, remove_top),
        cmocka_unit_test_setup_teardown(own_of_v1_whoever_is_in_it, make_top, remove_top),
        cmocka_unit_test_setup_teardown(nothing_is_delegated, make_top, remove_top),
        cmocka_unit_test_setup_teardown(a_base_that_is_ours_is_left_to_lxc, make_top, remove_top),
        cmocka_unit_test_setup_teardown(directories_are_made_with_controllers, make_top,
                                        remove_top),
    };

    return cmocka_run_group_tests_name("cgroup_delegate", tests, NULL, NULL);
}
