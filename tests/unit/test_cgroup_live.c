/* Processes of real cgroups: lists, signals, the freezer, removal. */
#include "cgroup_fixture.h"

#include "host/cgroup_path.h"

/* ---- where a process is ---- */

static void test_layout_holds(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    pid_t inside;
    int before, in, out;

    (void)state;
    inside = start_in("", idle);
    before = cgroup_layout_holds(&layout, inside, &err);
    for (size_t i = 0; i < layout.n; i++) {
        struct cgroup_hierarchy *h = &layout.hierarchies[i];
        char *base = str_printf("%s%s%s", h->base, *h->base ? "/" : "", top);

        free(h->base);
        h->base = base;
    }
    in = cgroup_layout_holds(&layout, inside, &err);
    out = cgroup_layout_holds(&layout, getpid(), &err);
    cgroup_layout_clear(&layout);
    check(cgroup_layout_read(&layout, &err), &err);
    assert_int_equal(before, 1);
    assert_int_equal(in, 1);
    assert_int_equal(out, 0);
    assert_int_equal(cgroup_layout_holds(&layout, -1, &err), -1);
}

/* ---- pids and signals ---- */

static size_t count_pids(void)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free pid_t *pids = NULL;
    size_t n;

    check(cgroup_pids(&dirs, &pids, &n, &err), &err);
    for (size_t i = 1; i < n; i++)
        assert_true(pids[i - 1] < pids[i]);
    return n;
}

static void storm(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        ++*shared;
        if (fork() < 0)
            usleep(100);
    }
}

static void test_pids(void **state)
{
    pid_t one, two;
    cleanup_free pid_t *pids = NULL;
    size_t n;

    (void)state;
    assert_int_equal(count_pids(), 0);
    make_below("/sub/deeper");
    one = start_in("/sub/deeper", idle);
    two = start_in("/sub", idle);
    assert_int_equal(cgroup_pids(&dirs, &pids, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_int_equal(pids[0], one < two ? one : two);
    assert_int_equal(pids[1], one < two ? two : one);
}

static void test_pids_of_missing_and_root(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_dir gone = {(char *)"memory", (char *)"/sys/fs/cgroup/no/such", false};
    struct cgroup_dir root = {(char *)"memory", layout.hierarchies[0].mount, false};
    struct cgroup_dirs missing = {&gone, 1}, roots = {&root, 1};
    cleanup_free pid_t *pids = NULL;
    size_t n = 7;

    (void)state;
    assert_int_equal(cgroup_pids(&missing, &pids, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(cgroup_signal(&missing, SIGKILL, 0, &err), 0);
    assert_int_equal(cgroup_remove(&missing, 3, &err), 0);
    assert_int_equal(cgroup_pids(&roots, &pids, &n, &err), -1);
    assert_non_null(strstr(err_message(err), root.path));
    assert_int_equal(cgroup_signal(&roots, SIGKILL, 0, &err), -1);
    assert_int_equal(cgroup_remove(&roots, 3, &err), -1);
    assert_int_equal(cgroup_freeze(&roots, true, &err), -1);
}

static void test_signal_spares(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    pid_t victim = start_in("", idle), spared = start_in("", idle);

    (void)state;
    check(cgroup_signal(&dirs, SIGTERM, spared, &err), &err);
    assert_int_equal(wait_status(victim), SIGTERM);
    victim = start_in("", idle);
    check(cgroup_signal(&dirs, SIGKILL, spared, &err), &err);
    assert_int_equal(wait_status(victim), SIGKILL);
    assert_int_equal(waitpid(spared, NULL, WNOHANG), 0);
    assert_int_equal(count_pids(), 1);
    check(cgroup_signal(&dirs, SIGKILL, 0, &err), &err);
    assert_int_equal(wait_status(spared), SIGKILL);
    assert_int_equal(count_pids(), 0);
}

static void test_signal_many(void **state)
{
    enum { MANY = 600 };
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    for (int i = 0; i < MANY; i++)
        start_in("", idle);
    assert_int_equal(count_pids(), MANY);
    check(cgroup_signal(&dirs, SIGUSR1, 0, &err), &err);
    for (int i = 0; i < MANY; i++) {
        int status;

        assert_true(waitpid(-1, &status, 0) > 0);
        assert_int_equal(status, SIGUSR1);
    }
}

static void test_kill_frozen(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    pid_t one = start_in("", spin), spared = start_in("", idle);

    (void)state;
    check(cgroup_freeze(&dirs, true, &err), &err);
    check(cgroup_signal(&dirs, SIGKILL, spared, &err), &err);
    assert_int_equal(wait_status(one), SIGKILL);
    /* The spared one can go on. */
    assert_int_equal(kill(spared, SIGTERM), 0);
    assert_int_equal(wait_status(spared), SIGTERM);
}

static void test_kill_fork_storm(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    pid_t spared;
    int64_t start;

    (void)state;
    if (!write_in("pids", "pids.max", "pids.max", "150"))
        fail_msg("a fork storm needs the pids controller to hold it");
    spared = start_in("", idle);
    start_in("", storm);
    while (*shared < 1000)
        usleep(1000);
    start = cgroup_now_ms();
    check(cgroup_signal(&dirs, SIGKILL, spared, &err), &err);
    print_message("fork storm of 150 ended in %d ms\n", (int)(cgroup_now_ms() - start));
    assert_int_equal(count_pids(), 1);
    assert_int_equal(waitpid(spared, NULL, WNOHANG), 0);
}

/* ---- the freezer ---- */

static bool frozen(void)
{
    bool answer;

    assert_int_equal(cgroup_is_frozen(&dirs, &answer), 0);
    return answer;
}

static void assert_stands_still(void)
{
    uint64_t before = *shared;

    usleep(30000);
    assert_int_equal(*shared, before);
}

static void test_freeze(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    check(cgroup_freeze(&dirs, true, &err), &err);
    assert_true(frozen());
    check(cgroup_freeze(&dirs, false, &err), &err);
    assert_false(frozen());
    start_in("", spin);
    for (int i = 0; i < 20; i++) {
        uint64_t before;

        check(cgroup_freeze(&dirs, true, &err), &err);
        assert_true(frozen());
        if (i == 0)
            assert_stands_still();
        check(cgroup_freeze(&dirs, true, &err), &err);
        before = *shared;
        check(cgroup_freeze(&dirs, false, &err), &err);
        check(cgroup_freeze(&dirs, false, &err), &err);
        assert_false(frozen());
        for (int ms = 0; *shared == before && ms < 2000; ms++)
            usleep(1000);
        assert_true(*shared > before);
    }
}

static void test_freeze_fork_storm(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    if (!write_in("pids", "pids.max", "pids.max", "60"))
        fail_msg("a fork storm needs the pids controller to hold it");
    start_in("", storm);
    while (*shared < 500)
        usleep(1000);
    check(cgroup_freeze(&dirs, true, &err), &err);
    assert_stands_still();
    check(cgroup_freeze(&dirs, false, &err), &err);
}

static void test_thaw_below_frozen(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *sub = str_printf("%s/sub", top);
    struct cgroup_dirs below;

    (void)state;
    if (cgroup_dir_find(&dirs, "freezer")->v2)
        return;
    make_below("/sub");
    check(cgroup_dirs_of(&layout, sub, &below, &err), &err);
    check(cgroup_freeze(&dirs, true, &err), &err);
    assert_int_equal(cgroup_freeze(&below, false, &err), -1);
    assert_non_null(strstr(err_message(err), "a cgroup above it is frozen"));
    check(cgroup_freeze(&dirs, false, &err), &err);
    cgroup_dirs_clear(&below);
}

/* ---- removal ---- */

static bool any_exists(const char *below)
{
    for (size_t i = 0; i < dirs.n; i++) {
        cleanup_free char *path = str_printf("%s%s", dirs.dirs[i].path, below);

        if (fs_is_dir(path))
            return true;
    }
    return false;
}

static void test_remove(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *leaf = str_printf("%s/a/b/leaf", top);
    struct cgroup_dirs leaves;

    (void)state;
    make_below("/a/b/leaf/x/y/z");
    make_below("/a/b/leaf/x/y2");
    make_below("/a/other");
    check(cgroup_dirs_of(&layout, leaf, &leaves, &err), &err);
    check(cgroup_remove(&leaves, 0, &err), &err);
    assert_false(any_exists("/a/b/leaf"));
    assert_true(any_exists("/a/b"));
    /* Gone already, its parents not: "a" is in use by "other". */
    check(cgroup_remove(&leaves, 5, &err), &err);
    assert_false(any_exists("/a/b"));
    assert_true(any_exists("/a/other"));
    cgroup_dirs_clear(&leaves);
}

static void test_remove_deep(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    const struct cgroup_dir *dir = cgroup_dir_find(&dirs, "pids");
    char name[200];
    int at = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    /* More than PATH_MAX. */
    for (int i = 0; i < 30; i++) {
        int next;

        assert_int_equal(mkdirat(at, name, 0755), 0);
        next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        close(at);
        at = next;
    }
    close(at);
    check(cgroup_remove(&dirs, 0, &err), &err);
    assert_false(any_exists(""));
}

static void test_remove_occupied(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *says = NULL;
    int64_t start = cgroup_now_ms();
    pid_t child;

    (void)state;
    make_below("/sub");
    child = start_in("/sub", idle);
    says = str_printf("/sub: process %d is in it", (int)child);
    assert_int_equal(cgroup_remove(&dirs, 0, &err), -1);
    if (!strstr(err_message(err), says))
        fail_msg("expected \"...%s\", got \"%s\"", says, err_message(err));
    assert_int_equal(err->errno_code, EBUSY);
    assert_true(cgroup_now_ms() - start < 2000);
}

/* Killed, not waited for: the removal comes while they exit, and while they are zombies. */
static void test_remove_while_exiting(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        pid_t children[20];

        for (size_t i = 0; i < ARRAY_SIZE(children); i++)
            children[i] = start_in("", idle);
        for (size_t i = 0; i < ARRAY_SIZE(children); i++)
            kill(children[i], SIGKILL);
        check(cgroup_remove(&dirs, 0, &err), &err);
        assert_false(any_exists(""));
        reap();
        cgroup_dirs_clear(&dirs);
        make_dirs();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        live(test_layout_holds),
        live(test_pids),
        live(test_pids_of_missing_and_root),
        live(test_signal_spares),
        live(test_signal_many),
        live(test_kill_frozen),
        live(test_kill_fork_storm),
        live(test_freeze),
        live(test_freeze_fork_storm),
        live(test_thaw_below_frozen),
        live(test_remove),
        live(test_remove_deep),
        live(test_remove_occupied),
        live(test_remove_while_exiting),
        live_v2(test_pids),
        live_v2(test_signal_spares),
        live_v2(test_signal_many),
        live_v2(test_kill_frozen),
        live_v2(test_freeze),
        live_v2(test_remove),
        live_v2(test_remove_occupied),
        live_v2(test_remove_while_exiting),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
