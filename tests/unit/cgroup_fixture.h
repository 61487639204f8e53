/* Real cgroups of this host, v1 or v2, for the tests that need them: made below "test_cgroup.PID"
 * and removed again. */
#ifndef RUNLXC_TEST_CGROUP_FIXTURE_H
#define RUNLXC_TEST_CGROUP_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"

static struct cgroup_layout layout;
static struct cgroup_dirs dirs;
static bool only_v2;
static char top[64];
/* What children tell: shared memory. */
static volatile uint64_t *shared;

static inline void check(int rc, struct lxcdriver_error **err)
{
    if (rc < 0)
        fail_msg("expected success, got: %s", err_message(*err));
}

/* A new v1 cpuset is empty and takes nobody. */
static inline void fill_cpuset(const char *path)
{
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        cleanup_free char *from = str_printf("%s/../%s", path, files[i]), *text = NULL;
        cleanup_free char *to = str_printf("%s/%s", path, files[i]);

        assert_int_equal(fs_read_at(AT_FDCWD, from, 4096, &text, NULL), 0);
        assert_int_equal(fs_write_existing(AT_FDCWD, to, text), 0);
    }
}

static inline void drop_v1(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < dirs.n; i++) {
        if (dirs.dirs[i].v2) {
            dirs.dirs[kept++] = dirs.dirs[i];
            continue;
        }
        rmdir(dirs.dirs[i].path);
        free(dirs.dirs[i].controllers);
        free(dirs.dirs[i].path);
    }
    dirs.n = kept;
}

/* Make the directories and, on v2, hand the controllers down to them. */
static inline void make_dirs(void)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    check(cgroup_dirs_of(&layout, top, &dirs, &err), &err);
    for (size_t i = 0; i < dirs.n; i++) {
        assert_int_equal(fs_mkdir_p(dirs.dirs[i].path, 0755), 0);
        if (dirs.dirs[i].v2) {
            cleanup_free char *control =
                str_printf("%s/../cgroup.subtree_control", dirs.dirs[i].path);
            static const char *const words[] = {"+cpu", "+memory", "+io", "+pids"};

            for (size_t w = 0; w < ARRAY_SIZE(words); w++)
                (void)fs_write_existing(AT_FDCWD, control, words[w]);
        }
        if (str_eq(dirs.dirs[i].controllers, "cpuset"))
            fill_cpuset(dirs.dirs[i].path);
    }
    if (only_v2)
        drop_v1();
}

static inline int set_up(void **state)
{
    (void)state;
    snprintf(top, sizeof(top), "test_cgroup.%d", (int)getpid());
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    /* Whatever goes wrong, nothing here runs for ever. */
    alarm(120);
    return shared == MAP_FAILED ? -1 : cgroup_layout_read(&layout, NULL);
}

static inline int tear_down(void **state)
{
    (void)state;
    cgroup_layout_clear(&layout);
    return 0;
}

static inline int before_each(void **state)
{
    (void)state;
    only_v2 = false;
    make_dirs();
    *shared = 0;
    return 0;
}

/* The same in the v2 hierarchy alone: on a hybrid host it has the core's files, without
 * controllers. */
static inline int before_each_v2(void **state)
{
    before_each(state);
    only_v2 = true;
    drop_v1();
    if (dirs.n == 0)
        skip();
    return 0;
}

static inline void reap(void)
{
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

static inline int after_each(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    int rc;

    (void)state;
    rc = cgroup_signal(&dirs, SIGKILL, 0, &err);
    reap();
    if (rc == 0)
        rc = cgroup_remove(&dirs, 0, &err);
    if (rc < 0)
        print_error("%s\n", err_message(err));
    cgroup_dirs_clear(&dirs);
    return rc;
}

/* ---- children ---- */

static inline void enter(const char *below)
{
    for (size_t i = 0; i < dirs.n; i++) {
        cleanup_free char *procs = str_printf("%s%s/cgroup.procs", dirs.dirs[i].path, below);

        /* ENOSPC: a cpuset below the top, empty. */
        if (fs_write_existing(AT_FDCWD, procs, "0") < 0 && errno != ENOSPC)
            _exit(99);
    }
}

/* A child in the cgroups that does `work`, seen there when this returns. */
static inline pid_t start_in(const char *below, void (*work)(void))
{
    int ready[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        enter(below);
        close(ready[0]);
        (void)!write(ready[1], "x", 1);
        close(ready[1]);
        work();
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static inline void idle(void)
{
    for (;;)
        pause();
}

static inline void spin(void)
{
    for (;;)
        ++*shared;
}

static inline bool write_in(const char *controller, const char *v1, const char *v2,
                            const char *text)
{
    const struct cgroup_dir *dir = cgroup_dir_find(&dirs, controller);
    cleanup_free char *file = dir ? str_printf("%s/%s", dir->path, dir->v2 ? v2 : v1) : NULL;

    return file && fs_write_existing(AT_FDCWD, file, text) == 0;
}

static inline void make_below(const char *below)
{
    for (size_t i = 0; i < dirs.n; i++) {
        cleanup_free char *path = str_printf("%s%s", dirs.dirs[i].path, below);

        assert_int_equal(fs_mkdir_p(path, 0755), 0);
    }
}

static inline int wait_status(pid_t pid)
{
    int status = -1;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#define live(test) cmocka_unit_test_setup_teardown(test, before_each, after_each)
#define live_v2(test)                                                                              \
    {                                                                                              \
#test "_v2", test, before_each_v2, after_each, NULL                                        \
    }

#endif
