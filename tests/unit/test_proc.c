#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "host/cgroup.h"
#include "host/mountinfo.h"
#include "host/proc.h"

/* A child that sleeps under a name; it is named when this returns. */
static pid_t start_named(const char *name)
{
    int ready[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, name);
        (void)!write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void end(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void wait_state(pid_t child, char state, struct proc_stat *stat)
{
    for (int ms = 0; ms < 2000; ms++) {
        assert_int_equal(proc_stat_read(child, stat), 0);
        if (stat->state == state)
            return;
        usleep(1000);
    }
    fail_msg("expected state %c, got %c", state, stat->state);
}

static void test_stat_names(void **state)
{
    static const char *const names[] = {"plain", "(a) b) S 1", ") Z 1 (", "a\nb) R 7", ")", ""};
    struct proc_stat stat;
    uint64_t now;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        pid_t child = start_named(names[i]);
        struct timespec t;

        wait_state(child, 'S', &stat);
        clock_gettime(CLOCK_BOOTTIME, &t);
        now = (uint64_t)t.tv_sec * (uint64_t)sysconf(_SC_CLK_TCK);
        assert_int_equal(stat.ppid, getpid());
        assert_false(stat.exiting);
        assert_true(stat.start_time > 0);
        assert_true(stat.start_time + 60 * (uint64_t)sysconf(_SC_CLK_TCK) > now);
        assert_true(stat.start_time <= now + (uint64_t)sysconf(_SC_CLK_TCK));
        assert_true(proc_alive(child, stat.start_time));
        assert_false(proc_alive(child, stat.start_time + 1));
        assert_false(proc_alive(child, 0));
        end(child);
        assert_false(proc_alive(child, stat.start_time));
    }
}

static void test_stat_states(void **state)
{
    pid_t child = start_named("stopped");
    struct proc_stat stat;

    (void)state;
    assert_int_equal(kill(child, SIGSTOP), 0);
    wait_state(child, 'T', &stat);
    assert_true(proc_alive(child, stat.start_time));
    assert_int_equal(kill(child, SIGKILL), 0);
    wait_state(child, 'Z', &stat);
    assert_true(stat.exiting);
    assert_false(proc_alive(child, stat.start_time));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(proc_stat_read(child, &stat), -1);
    assert_true(errno == ENOENT || errno == ESRCH);
    assert_int_equal(proc_stat_read(0, &stat), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(proc_stat_read(-1, &stat), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_ns_inode(void **state)
{
    struct stat st;
    pid_t child;
    int status;
    uint64_t ours = proc_ns_inode(0, "net");

    (void)state;
    assert_int_equal(stat("/proc/self/ns/net", &st), 0);
    assert_int_equal(ours, st.st_ino);
    assert_int_equal(proc_ns_inode(getpid(), "net"), st.st_ino);
    assert_int_equal(proc_ns_inode(0, "nonsense"), 0);
    assert_int_equal(proc_ns_inode(0x7ffffff0, "net"), 0);
    child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWNET) == 0 && proc_ns_inode(0, "net") != ours &&
                      proc_ns_inode(0, "net") != 0 && proc_ns_inode(getppid(), "net") == ours
                  ? 0
                  : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_bounding_set(void **state)
{
    uint64_t expected = 0;

    (void)state;
    for (int cap = 0; cap < 64; cap++)
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            expected |= UINT64_C(1) << cap;
    assert_true(expected != 0);
    assert_int_equal(proc_bounding_set(), expected);
}

static void test_mountinfo_fields(void **state)
{
    char text[] = "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw,errors=x y\n"
                  "broken line\n"
                  "99999999999999999999999 1 0:1 / /x rw - t s o\n"
                  "37 35 0:1 / /e rw -  tmpfs rw\n"
                  "38 35 0:1 / /f rw shared:2 - tmpfs  rw";
    char *at = text;
    struct mountinfo m;

    (void)state;
    assert_true(mountinfo_next(&at, &m));
    assert_int_equal(m.id, 36);
    assert_int_equal(m.parent, 35);
    assert_string_equal(m.root, "/mnt1");
    assert_string_equal(m.target, "/mnt 2");
    assert_string_equal(m.type, "ext3");
    assert_string_equal(m.super, "rw,errors=x y");
    assert_false(m.shared);
    assert_true(mountinfo_next(&at, &m));
    assert_int_equal(m.id, 37);
    assert_string_equal(m.type, "");
    assert_true(mountinfo_next(&at, &m));
    assert_int_equal(m.id, 38);
    assert_string_equal(m.type, "tmpfs");
    assert_string_equal(m.super, "rw");
    assert_true(m.shared);
    assert_false(mountinfo_next(&at, &m));
    assert_false(mountinfo_next(&at, &m));
}

/* ---- whether / is shared ---- */

static void test_text_root_shared(void **state)
{
    static const struct {
        const char *text;
        bool shared;
    } cases[] = {
        {"27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n", true},
        {"27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n", false},
        {"27 1 8:1 / / rw,relatime master:1 - ext4 /dev/sda1 rw\n", false},
        {"27 1 8:1 / / rw,relatime master:1 shared:7 unbindable - ext4 /dev/sda1 rw", true},
        {"27 1 8:1 / /sub rw shared:1 - ext4 /dev/sda1 rw\n28 1 8:1 / / rw - ext4 x rw\n", false},
        {"1 1 0:2 / / rw shared:1 - rootfs rootfs rw\n27 1 8:1 / / rw - ext4 x rw\n", false},
        {"1 1 0:2 / / rw - rootfs rootfs rw\n27 1 8:1 / / rw shared:3 - ext4 x rw\n", true},
        {"27 1 8:1 /shared:1 / rw - shared:1 shared:2 shared:3\n", false},
        {"", false},
        {"nonsense\n\n", false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text =
            str_printf("30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n%s", cases[i].text);
        struct cgroup_layout got;

        assert_non_null(text);
        assert_int_equal(cgroup_layout_parse(text, "0::/\n", NULL, &got, NULL), 0);
        if (got.root_shared != cases[i].shared)
            fail_msg("expected %s for: %s", cases[i].shared ? "shared" : "not shared",
                     cases[i].text);
        cgroup_layout_clear(&got);
    }
}

static int shared_in_namespace(unsigned long propagation)
{
    struct cgroup_layout got;
    int shared;

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(NULL, "/", NULL, propagation, NULL) < 0)
        return 9;
    if (cgroup_layout_read(&got, NULL) < 0)
        return 8;
    shared = got.root_shared;
    cgroup_layout_clear(&got);
    return shared;
}

static void test_real_root_shared(void **state)
{
    static const struct {
        unsigned long propagation;
        int expected;
    } cases[] = {{MS_SHARED, 1}, {MS_PRIVATE, 0}, {MS_SLAVE, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        pid_t child = fork();
        int status;

        if (child == 0)
            _exit(shared_in_namespace(cases[i].propagation));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat_names),       cmocka_unit_test(test_stat_states),
        cmocka_unit_test(test_ns_inode),         cmocka_unit_test(test_bounding_set),
        cmocka_unit_test(test_mountinfo_fields), cmocka_unit_test(test_text_root_shared),
        cmocka_unit_test(test_real_root_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
