/* Documentation/admin-guide/cgroup-v1: cpuacct.rst, memory.rst, blkio-controller.rst. */
#include "host/cgroup_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup_file.h"

/* ---- cpu ---- */

/* Column `column` of every line but the first: "cpu user system". */
static void percpu_column(const char *text, const char *name, int column, struct json_writer *w)
{
    const char *line = text ? strchr(text, '\n') : NULL;

    if (!line || !line[1])
        return;
    json_open(w, name, '[');
    for (; line && line[1]; line = strchr(line + 1, '\n')) {
        const char *at = line + 1;

        for (int i = 0; i < column; i++)
            at += strcspn(at, " \n") + (at[strcspn(at, " \n")] == ' ');
        json_put_u64(w, NULL, strtoull(at, NULL, 10));
    }
    json_close(w, ']');
}

static void percpu(int dir, struct json_writer *w)
{
    cleanup_free char *text = cgroup_file_text(dir, "cpuacct.usage_percpu");
    cleanup_free char *all = cgroup_file_text(dir, "cpuacct.usage_all");
    char *rest = text;

    if (text) {
        json_open(w, "percpu", '[');
        for (char *word = strsep(&rest, " \n"); word; word = strsep(&rest, " \n"))
            if (*word)
                json_put_u64(w, NULL, strtoull(word, NULL, 10));
        json_close(w, ']');
    }
    percpu_column(all, "percpu_kernel", 2, w);
    percpu_column(all, "percpu_user", 1, w);
}

static void throttling(int dir, struct json_writer *w)
{
    cleanup_free char *stat = dir < 0 ? NULL : cgroup_file_text(dir, "cpu.stat");

    json_open(w, "throttling", '{');
    json_put_nonzero(w, "periods", report_keyed(stat, "nr_periods"));
    json_put_nonzero(w, "throttledPeriods", report_keyed(stat, "nr_throttled"));
    json_put_nonzero(w, "throttledTime", report_keyed(stat, "throttled_time"));
    json_close(w, '}');
}

void report_cpu_v1(int cpuacct, int cpu, struct json_writer *w)
{
    cleanup_free char *stat = cpuacct < 0 ? NULL : cgroup_file_text(cpuacct, "cpuacct.stat");

    json_open(w, "usage", '{');
    json_put_nonzero(w, "total", report_number(cpuacct, "cpuacct.usage"));
    if (cpuacct >= 0)
        percpu(cpuacct, w);
    json_put_u64(w, "kernel", cgroup_ticks_ns(report_keyed(stat, "system")));
    json_put_u64(w, "user", cgroup_ticks_ns(report_keyed(stat, "user")));
    json_close(w, '}');
    throttling(cpu, w);
}

/* ---- memory ---- */

static void entry(int dir, const char *name, const char *kind, struct json_writer *w)
{
    static const char *const files[] = {"limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes",
                                        "failcnt"};
    uint64_t values[ARRAY_SIZE(files)];

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        char file[64];

        snprintf(file, sizeof(file), "memory.%s%s", kind, files[i]);
        values[i] = report_number(dir, file);
    }
    report_memory_entry(w, name,
                        &(struct memory_entry){values[0], values[1], values[2], values[3]});
}

void report_memory_v1(int dir, struct json_writer *w)
{
    cleanup_free char *stat = dir < 0 ? NULL : cgroup_file_text(dir, "memory.stat");

    json_put_nonzero(w, "cache", report_keyed(stat, "cache"));
    entry(dir, "usage", "", w);
    entry(dir, "swap", "memsw.", w);
    entry(dir, "kernel", "kmem.", w);
    entry(dir, "kernelTCP", "kmem.tcp.", w);
    if (dir >= 0)
        report_raw(dir, w);
}

/* ---- blkio ---- */

/* Lines "8:0 Read 4096"; times and sectors have no operation: "8:0 4096". The sum over all devices,
 * "Total 4096", is none. Whether there was any. */
static bool blkio_list(const char *name, const char *text, struct json_writer *w)
{
    bool any = false;

    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        char op[32] = "";
        unsigned long long major, minor, value;

        line += *line == '\n';
        if (sscanf(line, "%llu:%llu %31[A-Za-z] %llu", &major, &minor, op, &value) != 4) {
            op[0] = '\0';
            if (sscanf(line, "%llu:%llu %llu", &major, &minor, &value) != 3)
                continue;
        }
        if (!any)
            json_open(w, name, '[');
        any = true;
        json_open(w, NULL, '{');
        json_put_nonzero(w, "major", major);
        json_put_nonzero(w, "minor", minor);
        if (*op)
            json_put_text(w, "op", op);
        json_put_nonzero(w, "value", value);
        json_close(w, '}');
    }
    if (any)
        json_close(w, ']');
    return any;
}

void report_blkio_v1(int dir, struct json_writer *w)
{
    /* BFQ counts what goes through it, throttling what goes through anything: the first that has
     * something to say. What is not recursive misses cgroups below, and old kernels have no other.
     */
    static const struct {
        const char *name, *files[4];
    } lists[] = {
        {"ioServiceBytesRecursive",
         {"blkio.bfq.io_service_bytes_recursive", "blkio.throttle.io_service_bytes_recursive",
          "blkio.throttle.io_service_bytes"}},
        {"ioServicedRecursive",
         {"blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced_recursive",
          "blkio.throttle.io_serviced"}},
        {"ioQueueRecursive", {"blkio.bfq.io_queued_recursive"}},
        {"ioServiceTimeRecursive", {"blkio.bfq.io_service_time_recursive"}},
        {"ioWaitTimeRecursive", {"blkio.bfq.io_wait_time_recursive"}},
        {"ioMergedRecursive", {"blkio.bfq.io_merged_recursive"}},
        {"ioTimeRecursive", {"blkio.bfq.time_recursive"}},
        {"sectorsRecursive", {"blkio.bfq.sectors_recursive"}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        for (const char *const *file = lists[i].files; *file; file++) {
            cleanup_free char *text = cgroup_file_text(dir, *file);

            if (blkio_list(lists[i].name, text, w))
                break;
        }
}
