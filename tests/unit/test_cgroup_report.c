/* The document of "events" out of made-up files of both versions, byte for byte. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup_report.h"

struct file {
    const char *name, *text;
};

static char top[] = "/tmp/test_cgroup_report.XXXXXX";

static int make_top(void **state)
{
    (void)state;
    strcpy(top + strlen(top) - 6, "XXXXXX");
    return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, top);
}

static void write_files(const struct file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cleanup_free char *path = str_printf("%s/%s", top, files[i].name);
        cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(fs_write_all(fd, files[i].text, strlen(files[i].text)), 0);
    }
}

/* One directory for all controllers. */
static void report(bool v2, unsigned ours, const char *expected)
{
    char controllers[] = "cpuacct,cpu,cpuset,memory,pids,blkio,hugetlb", none[] = "";
    struct cgroup_dir dir = {v2 ? none : controllers, top, v2};
    struct cgroup_dirs dirs = {&dir, 1};
    cleanup_buf struct buf text = {0};
    struct json_writer w = {.out = &text};

    json_open(&w, NULL, '{');
    assert_int_equal(cgroup_report(&dirs, ours, &w, NULL), 0);
    json_close(&w, '}');
    assert_false(text.failed);
    assert_string_equal(text.data, expected);
}

#define CPUSET_REST                                                                                \
    "\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,"        \
    "\"memory_spread_slab\":0,\"memory_pressure\":0,"

static void writes_v1(void **state)
{
    static const struct file files[] = {
        {"cpuacct.usage", "300\n"},
        {"cpuacct.stat", "user 2\nsystem 3\n"},
        {"cpuacct.usage_percpu", "100 200 \n"},
        {"cpuacct.usage_all", "cpu user system\n0 60 40\n1 150 50\n"},
        {"cpu.stat", "nr_periods 5\nnr_throttled 0\nthrottled_time 7\n"},
        {"cpuset.cpus", "0-2,5\n"},
        {"cpuset.mems", "0\n"},
        {"cpuset.cpu_exclusive", "1\n"},
        {"cpuset.sched_load_balance", "1\n"},
        {"cpuset.sched_relax_domain_level", "-1\n"},
        {"memory.stat", "cache 11\nrss 12\ntotal_cache 13\n"},
        {"memory.limit_in_bytes", "9223372036854771712\n"},
        {"memory.usage_in_bytes", "100\n"},
        {"memory.max_usage_in_bytes", "200\n"},
        {"memory.failcnt", "1\n"},
        {"memory.memsw.limit_in_bytes", "50\n"},
        {"memory.kmem.usage_in_bytes", "9\n"},
        {"pids.current", "4\n"},
        {"pids.max", "31\n"},
        {"blkio.bfq.io_serviced_recursive", "Total 0\n"},
        {"blkio.throttle.io_serviced_recursive", "254:0 Read 1\n254:0 Total 1\nTotal 1\n"},
        {"blkio.throttle.io_service_bytes", "8:16 Write 4096\nTotal 4096\n"},
        {"blkio.bfq.time_recursive", "8:16 77\n"},
        {"hugetlb.2MB.usage_in_bytes", "2097152\n"},
        {"hugetlb.2MB.max_usage_in_bytes", "4194304\n"},
        {"hugetlb.2MB.failcnt", "3\n"},
        {"hugetlb.2MB.rsvd.usage_in_bytes", "1\n"},
    };

    (void)state;
    write_files(files, ARRAY_SIZE(files));
    report(false, 1,
           "{\"cpu\":{\"usage\":{\"total\":300,\"percpu\":[100,200],\"percpu_kernel\":[40,50],"
           "\"percpu_user\":[60,150],\"kernel\":30000000,\"user\":20000000},"
           "\"throttling\":{\"periods\":5,\"throttledTime\":7}},"
           "\"cpuset\":{\"cpus\":[0,1,2,5],\"cpu_exclusive\":1,\"mems\":[0]," CPUSET_REST
           "\"sched_load_balance\":1,\"sched_relax_domain_level\":-1},"
           "\"memory\":{\"cache\":11,\"usage\":{\"limit\":9223372036854771712,\"usage\":100,"
           "\"max\":200,\"failcnt\":1},\"swap\":{\"limit\":50,\"failcnt\":0},"
           "\"kernel\":{\"limit\":0,\"usage\":9,\"failcnt\":0},"
           "\"kernelTCP\":{\"limit\":0,\"failcnt\":0},"
           "\"raw\":{\"cache\":11,\"rss\":12,\"total_cache\":13}},"
           "\"pids\":{\"current\":3,\"limit\":30},"
           "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Write\","
           "\"value\":4096}],\"ioServicedRecursive\":[{\"major\":254,\"op\":\"Read\",\"value\":1},"
           "{\"major\":254,\"op\":\"Total\",\"value\":1}],"
           "\"ioTimeRecursive\":[{\"major\":8,\"minor\":16,\"value\":77}]},"
           "\"hugetlb\":{\"2MB\":{\"usage\":2097152,\"max\":4194304,\"failcnt\":3}}}");
}

static void writes_v2(void **state)
{
    static const struct file files[] = {
        {"cpu.stat", "usage_usec 3\nuser_usec 1\nsystem_usec 2\nnr_periods 4\nnr_throttled 1\n"
                     "throttled_usec 6\n"},
        {"cpuset.cpus.effective", "1\n"},
        {"cpuset.mems.effective", "0-1\n"},
        {"memory.stat", "anon 5\nfile 6\nkernel 7\nsock 8\n"},
        {"memory.current", "100\n"},
        {"memory.max", "max\n"},
        {"memory.events", "low 0\nmax 9\n"},
        {"memory.swap.current", "10\n"},
        {"memory.swap.max", "20\n"},
        {"pids.current", "1\n"},
        {"pids.max", "max\n"},
        {"io.stat", "254:0 rbytes=1 wbytes=0 rios=3 wios=4 dbytes=0 dios=0\n7:0 \n"},
        {"hugetlb.1GB.current", "0\n"},
        {"hugetlb.1GB.events", "max 2\n"},
    };

    (void)state;
    write_files(files, ARRAY_SIZE(files));
    report(true, 0,
           "{\"cpu\":{\"usage\":{\"total\":3000,\"kernel\":2000,\"user\":1000},"
           "\"throttling\":{\"periods\":4,\"throttledPeriods\":1,\"throttledTime\":6000}},"
           "\"cpuset\":{\"cpus\":[1],\"cpu_exclusive\":0,\"mems\":[0,1]," CPUSET_REST
           "\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
           "\"memory\":{\"cache\":6,\"usage\":{\"limit\":18446744073709551615,\"usage\":100,"
           "\"failcnt\":9},\"swap\":{\"limit\":18446744073709551615,\"usage\":110,\"failcnt\":0},"
           "\"kernel\":{\"limit\":0,\"usage\":7,\"failcnt\":0},"
           "\"kernelTCP\":{\"limit\":0,\"usage\":8,\"failcnt\":0},"
           "\"raw\":{\"anon\":5,\"file\":6,\"kernel\":7,\"sock\":8}},\"pids\":{\"current\":1},"
           "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":254,\"op\":\"Read\",\"value\":1},"
           "{\"major\":254,\"op\":\"Write\"}],\"ioServicedRecursive\":[{\"major\":254,"
           "\"op\":\"Read\",\"value\":3},{\"major\":254,\"op\":\"Write\",\"value\":4}]},"
           "\"hugetlb\":{\"1GB\":{\"failcnt\":2}}}");
}

static void writes_nothing(void **state)
{
    (void)state;
    report(false, 1,
           "{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},"
           "\"cpuset\":{\"cpu_exclusive\":0," CPUSET_REST
           "\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
           "\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
           "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}},"
           "\"pids\":{},\"blkio\":{},\"hugetlb\":{}}");
}

static void refuses_what_is_gone(void **state)
{
    char memory[] = "memory", path[] = "/nosuch/cgroup";
    struct cgroup_dir dir = {memory, path, false};
    struct cgroup_dirs dirs = {&dir, 1};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_buf struct buf text = {0};
    struct json_writer w = {.out = &text};

    (void)state;
    assert_int_equal(cgroup_report(&dirs, 0, &w, &err), -1);
    assert_non_null(strstr(err_message(err), "/nosuch/cgroup"));
}

static void escapes(void **state)
{
    cleanup_buf struct buf text = {0};
    struct json_writer w = {.out = &text};

    (void)state;
    json_open(&w, NULL, '[');
    json_put_text(&w, NULL, "a\"b\\c\n\xff");
    json_put_i64(&w, NULL, INT64_MIN);
    json_open(&w, NULL, '{');
    json_put_nonzero(&w, "x", 0);
    json_close(&w, '}');
    json_close(&w, ']');
    assert_string_equal(text.data, "[\"a\\\"b\\\\c\\u000a?\",-9223372036854775808,{}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_v1, make_top, remove_top),
        cmocka_unit_test_setup_teardown(writes_v2, make_top, remove_top),
        cmocka_unit_test_setup_teardown(writes_nothing, make_top, remove_top),
        cmocka_unit_test(refuses_what_is_gone),
        cmocka_unit_test(escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
