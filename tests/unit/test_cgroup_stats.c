/* Numbers of real cgroups, of v1 or v2 as this host has them, and out of made-up v2 files. */
#include "cgroup_fixture.h"

#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#define MIB (UINT64_C(1) << 20)

/* Touches 8 MiB first: the kernel sums up small changes lazily. */
static void spin_in_memory(void)
{
    volatile char *data = malloc(8 * MIB);

    for (size_t i = 0; data && i < 8 * MIB; i += 4096)
        data[i] = 1;
    spin();
}

static void eat_memory(void)
{
    size_t size = 128 * MIB;
    char *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (size_t i = 0; i < size; i += 4096)
        data[i] = 1;
    _exit(3);
}

/* ---- numbers ---- */

static void read_stats(struct lxcdriver_stats *stats)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    memset(stats, 0x5a, sizeof(*stats));
    check(cgroup_stats(&dirs, stats, &err), &err);
    assert_int_equal(stats->net_rx_bytes, UINT64_C(0x5a5a5a5a5a5a5a5a));
}

static void assert_between(const char *what, uint64_t value, uint64_t low, uint64_t high)
{
    if (value < low || value > high)
        fail_msg("%s: expected %llu to %llu, got %llu", what, (unsigned long long)low,
                 (unsigned long long)high, (unsigned long long)value);
}

static void test_stats(void **state)
{
    struct lxcdriver_stats stats;
    uint64_t used_ns;
    pid_t child;
    struct rusage usage;

    (void)state;
    read_stats(&stats);
    assert_int_equal(stats.memory_limit, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.pids_limit, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.pids_current, 0);
    assert_true(write_in("memory", "memory.limit_in_bytes", "memory.max", "67108864"));
    assert_true(write_in("pids", "pids.max", "pids.max", "42"));
    child = start_in("", spin_in_memory);
    usleep(500000);
    read_stats(&stats);
    assert_int_equal(stats.memory_limit, 64 * MIB);
    assert_int_equal(stats.pids_limit, 42);
    assert_int_equal(stats.pids_current, 1);
    assert_int_equal(stats.memory_oom_kills, 0);
    assert_int_equal(stats.memory_failcnt, 0);
    assert_between("memory_usage", stats.memory_usage, 7 * MIB, 64 * MIB);
    assert_between("memory_max_usage", stats.memory_max_usage, stats.memory_usage, 64 * MIB);
    assert_between("memory_rss", stats.memory_rss, 7 * MIB, 20 * MIB);
    assert_between("memory_swap", stats.memory_swap, 0, 64 * MIB);
    assert_between("memory_cache", stats.memory_cache, 0, 64 * MIB);
    assert_between("blkio_read_bytes", stats.blkio_read_bytes, 0, 64 * MIB);
    assert_between("blkio_write_ops", stats.blkio_write_ops, 0, 10000);
    assert_between("read_ns", stats.read_ns, (uint64_t)(time(NULL) - 5) * 1000000000,
                   (uint64_t)(time(NULL) + 5) * 1000000000);
    kill(child, SIGKILL);
    assert_int_equal(wait4(child, NULL, 0, &usage), child);
    read_stats(&stats);
    /* The kernel's own account of the process says the same within a tenth, in nanoseconds. */
    used_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
              (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
    assert_between("cpu_total_ns", stats.cpu_total_ns, used_ns / 10 * 9 - 20000000,
                   used_ns / 10 * 11 + 20000000);
    assert_between("user + system", stats.cpu_user_ns + stats.cpu_system_ns,
                   used_ns / 10 * 7 - 50000000, used_ns / 10 * 13 + 50000000);
}

static void test_stats_throttled(void **state)
{
    struct lxcdriver_stats stats;

    (void)state;
    if (cgroup_dir_find(&dirs, "cpu")->v2)
        assert_true(write_in("cpu", "", "cpu.max", "10000 50000"));
    else
        assert_true(write_in("cpu", "cpu.cfs_period_us", "", "50000") &&
                    write_in("cpu", "cpu.cfs_quota_us", "", "10000"));
    start_in("", spin);
    usleep(600000);
    read_stats(&stats);
    assert_between("cpu_periods", stats.cpu_periods, 3, 100);
    assert_between("cpu_throttled_periods", stats.cpu_throttled_periods, 1, stats.cpu_periods);
    assert_between("cpu_throttled_ns", stats.cpu_throttled_ns, 20000000, 20000000000);
}

static void test_stats_of_nothing(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct lxcdriver_stats stats;
    struct cgroup_dir gone = {(char *)"memory", (char *)"/sys/fs/cgroup/no/such", false};
    struct cgroup_dirs missing = {&gone, 1}, none = {0};

    (void)state;
    assert_int_equal(cgroup_stats(&missing, &stats, &err), -1);
    assert_non_null(strstr(err_message(err), "/sys/fs/cgroup/no/such"));
    assert_int_equal(cgroup_stats(&none, &stats, &err), -1);
    assert_int_equal(cgroup_oom_kills(&none), -1);
    assert_int_equal(cgroup_oom_fd(&none, &err), -1);
}

/* ---- out of memory ---- */

static bool readable(int fd, int limit_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char drain[4096];

    return poll(&p, 1, limit_ms) == 1 && read(fd, drain, sizeof(drain)) > 0;
}

static void test_oom_kill(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_close int fd = cgroup_oom_fd(&dirs, &err);
    pid_t child;

    (void)state;
    check(fd, &err);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(cgroup_oom_kills(&dirs), 0);
    assert_false(readable(fd, 0));
    assert_true(write_in("memory", "memory.limit_in_bytes", "memory.max", "16777216"));
    (void)write_in("memory", "memory.memsw.limit_in_bytes", "memory.swap.max",
                   cgroup_dir_find(&dirs, "memory")->v2 ? "0" : "33554432");
    for (int i = 1; i <= 2; i++) {
        child = start_in("", eat_memory);
        assert_int_equal(wait_status(child), SIGKILL);
        assert_true(readable(fd, 5000));
        assert_int_equal(cgroup_oom_kills(&dirs), i);
        while (readable(fd, 50))
            ;
    }
}

/* v1 counts a kill in a nested cgroup there only; the sum has it. And the removal of the directory
 * wakes the watcher. */
static void test_oom_kill_below(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct lxcdriver_stats stats;

    (void)state;
    make_below("/sub");
    assert_true(write_in("memory", "memory.limit_in_bytes", "memory.max", "16777216"));
    (void)write_in("memory", "memory.memsw.limit_in_bytes", "memory.swap.max",
                   cgroup_dir_find(&dirs, "memory")->v2 ? "0" : "33554432");
    assert_int_equal(wait_status(start_in("/sub", eat_memory)), SIGKILL);
    assert_int_equal(cgroup_oom_kills(&dirs), 1);
    read_stats(&stats);
    assert_int_equal(stats.memory_oom_kills, 1);
    assert_true(stats.memory_failcnt > 0);
    check(cgroup_remove(&dirs, 0, &err), &err);
    assert_int_equal(cgroup_oom_kills(&dirs), -1);
}

static void test_oom_fd_at_removal(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_close int fd = cgroup_oom_fd(&dirs, &err);

    (void)state;
    check(fd, &err);
    check(cgroup_remove(&dirs, 0, &err), &err);
    if (!cgroup_dir_find(&dirs, "memory")->v2)
        assert_true(readable(fd, 5000));
    assert_int_equal(cgroup_oom_kills(&dirs), -1);
}

/* ---- v2 out of files ---- */

static char fake[] = "/tmp/test_cgroup.XXXXXX";

static void fake_file(const char *name, const char *text)
{
    cleanup_free char *path = str_printf("%s/%s", fake, name);

    assert_int_equal(fs_write_atomic(AT_FDCWD, path, text, strlen(text), 0644), 0);
}

static int make_fake(void **state)
{
    (void)state;
    strcpy(fake + strlen(fake) - 6, "XXXXXX");
    return mkdtemp(fake) ? 0 : -1;
}

static int remove_fake(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, fake);
}

static void test_v2_files(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_dir dir = {(char *)"", fake, true};
    struct cgroup_dirs of_fake = {&dir, 1};
    struct lxcdriver_stats stats;

    (void)state;
    fake_file("cpu.stat", "usage_usec 3000\nuser_usec 2000\nsystem_usec 1000\nnice_usec 5\n"
                          "nr_periods 7\nnr_throttled 3\nthrottled_usec 11\n");
    fake_file("memory.current", "1048576\n");
    fake_file("memory.peak", "2097152\n");
    fake_file("memory.max", "max\n");
    fake_file("memory.swap.current", "4096\n");
    fake_file("memory.stat", "anon 100\nfile 200\nkernel 300\nanon_thp 999\nfile_mapped 998\n");
    fake_file("memory.events", "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 9\n");
    fake_file("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=99 dios=99\n"
                         "8:16 rbytes=100 wbytes=200 rios=10 wios=20 dbytes=0 dios=0\n254:0 \n");
    fake_file("pids.current", "5\n");
    fake_file("pids.max", "max\n");
    check(cgroup_stats(&of_fake, &stats, &err), &err);
    assert_int_equal(stats.cpu_total_ns, 3000000);
    assert_int_equal(stats.cpu_user_ns, 2000000);
    assert_int_equal(stats.cpu_system_ns, 1000000);
    assert_int_equal(stats.cpu_periods, 7);
    assert_int_equal(stats.cpu_throttled_periods, 3);
    assert_int_equal(stats.cpu_throttled_ns, 11000);
    assert_int_equal(stats.memory_usage, 1048576);
    assert_int_equal(stats.memory_max_usage, 2097152);
    assert_int_equal(stats.memory_limit, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.memory_swap, 4096);
    assert_int_equal(stats.memory_rss, 100);
    assert_int_equal(stats.memory_cache, 200);
    assert_int_equal(stats.memory_failcnt, 12);
    assert_int_equal(stats.memory_oom_kills, 1);
    assert_int_equal(stats.blkio_read_bytes, 110);
    assert_int_equal(stats.blkio_write_bytes, 220);
    assert_int_equal(stats.blkio_read_ops, 11);
    assert_int_equal(stats.blkio_write_ops, 22);
    assert_int_equal(stats.pids_current, 5);
    assert_int_equal(stats.pids_limit, LXCDRIVER_NO_VALUE);
}

static void test_v2_files_missing(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_dir dir = {(char *)"", fake, true};
    struct cgroup_dirs of_fake = {&dir, 1};
    struct lxcdriver_stats stats;

    (void)state;
    fake_file("memory.max", "65536\n");
    fake_file("pids.max", "nonsense\n");
    check(cgroup_stats(&of_fake, &stats, &err), &err);
    assert_int_equal(stats.memory_limit, 65536);
    assert_int_equal(stats.pids_limit, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.cpu_total_ns, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.cpu_throttled_ns, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.memory_max_usage, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.memory_oom_kills, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.blkio_read_bytes, LXCDRIVER_NO_VALUE);
}

static void test_v1_files(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_dir dir = {(char *)"cpu,cpuacct,memory,blkio", fake, false};
    struct cgroup_dirs of_fake = {&dir, 1};
    struct lxcdriver_stats stats;
    uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);

    (void)state;
    fake_file("cpuacct.usage", "123456789\n");
    fake_file("cpuacct.stat", "user 7\nsystem 5\n");
    fake_file("memory.limit_in_bytes", "9223372036854771712\n");
    fake_file("memory.usage_in_bytes", "1000\n");
    fake_file("memory.memsw.usage_in_bytes", "1500\n");
    fake_file("memory.stat", "cache 1\nrss 2\ntotal_cache 30\ntotal_rss 40\n");
    fake_file("blkio.throttle.io_service_bytes",
              "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\n8:16 Read 10\nTotal 13\n");
    fake_file("blkio.throttle.io_serviced", "8:0 Read 4\n8:0 Write 5\nTotal 9\n");
    check(cgroup_stats(&of_fake, &stats, &err), &err);
    assert_int_equal(stats.cpu_total_ns, 123456789);
    assert_int_equal(stats.cpu_user_ns, 7 * tick);
    assert_int_equal(stats.cpu_system_ns, 5 * tick);
    assert_int_equal(stats.memory_limit, LXCDRIVER_NO_VALUE);
    assert_int_equal(stats.memory_usage, 1000);
    assert_int_equal(stats.memory_swap, 500);
    assert_int_equal(stats.memory_cache, 30);
    assert_int_equal(stats.memory_rss, 40);
    assert_int_equal(stats.blkio_read_bytes, 11);
    assert_int_equal(stats.blkio_write_bytes, 2);
    assert_int_equal(stats.blkio_read_ops, 4);
    assert_int_equal(stats.blkio_write_ops, 5);
    fake_file("blkio.throttle.io_service_bytes_recursive", "8:0 Read 70\n8:0 Write 80\n");
    fake_file("blkio.throttle.io_serviced_recursive", "8:0 Read 7\n8:0 Write 8\n");
    check(cgroup_stats(&of_fake, &stats, &err), &err);
    assert_int_equal(stats.blkio_read_bytes, 70);
    assert_int_equal(stats.blkio_write_ops, 8);
}

/* What the kernel does with memory.events, done by a write. */
static void test_v2_oom_fd(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_dir dir = {(char *)"", fake, true};
    struct cgroup_dirs of_fake = {&dir, 1};
    cleanup_free char *path = str_printf("%s/memory.events", fake);
    cleanup_close int fd = -1;

    (void)state;
    assert_int_equal(cgroup_oom_fd(&of_fake, &err), -1);
    assert_non_null(strstr(err_message(err), "memory.events"));
    fake_file("memory.events", "oom_kill 0\n");
    fd = cgroup_oom_fd(&of_fake, &err);
    check(fd, &err);
    assert_false(readable(fd, 0));
    assert_int_equal(fs_write_existing(AT_FDCWD, path, "oom_kill 1\n"), 0);
    assert_true(readable(fd, 1000));
    assert_false(readable(fd, 0));
    assert_int_equal(cgroup_oom_kills(&of_fake), 1);
}

#define faked(test) cmocka_unit_test_setup_teardown(test, make_fake, remove_fake)

int main(void)
{
    const struct CMUnitTest tests[] = {
        live(test_stats),      live(test_stats_throttled),   live(test_stats_of_nothing),
        live(test_oom_kill),   live(test_oom_kill_below),    live(test_oom_fd_at_removal),
        faked(test_v2_files),  faked(test_v2_files_missing), faked(test_v1_files),
        faked(test_v2_oom_fd),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
