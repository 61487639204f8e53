/* Documentation/admin-guide/cgroup-v2.rst. */
#include "host/cgroup_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup_file.h"

#define NS_PER_US 1000

void report_cpu_v2(int dir, struct json_writer *w)
{
    cleanup_free char *stat = cgroup_file_text(dir, "cpu.stat");

    json_open(w, "usage", '{');
    json_put_nonzero(w, "total", report_keyed(stat, "usage_usec") * NS_PER_US);
    json_put_u64(w, "kernel", report_keyed(stat, "system_usec") * NS_PER_US);
    json_put_u64(w, "user", report_keyed(stat, "user_usec") * NS_PER_US);
    json_close(w, '}');
    json_open(w, "throttling", '{');
    json_put_nonzero(w, "periods", report_keyed(stat, "nr_periods"));
    json_put_nonzero(w, "throttledPeriods", report_keyed(stat, "nr_throttled"));
    json_put_nonzero(w, "throttledTime", report_keyed(stat, "throttled_usec") * NS_PER_US);
    json_close(w, '}');
}

/* A limit that is not set is the greatest number. */
static uint64_t limit(int dir, const char *file)
{
    cleanup_free char *text = cgroup_file_text(dir, file);

    if (!text)
        return 0;
    return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* What counts as "swap" in v1 has the memory in it. */
void report_memory_v2(int dir, struct json_writer *w)
{
    cleanup_free char *stat = cgroup_file_text(dir, "memory.stat");
    cleanup_free char *events = cgroup_file_text(dir, "memory.events");
    struct memory_entry memory = {
        .limit = limit(dir, "memory.max"),
        .usage = report_number(dir, "memory.current"),
        .max = report_number(dir, "memory.peak"),
        .failcnt = report_keyed(events, "max"),
    };
    struct memory_entry swap = {
        .limit = sum(limit(dir, "memory.swap.max"), memory.limit),
        .usage = report_number(dir, "memory.swap.current") + memory.usage,
    };

    json_put_nonzero(w, "cache", report_keyed(stat, "file"));
    report_memory_entry(w, "usage", &memory);
    report_memory_entry(w, "swap", &swap);
    report_memory_entry(w, "kernel", &(struct memory_entry){.usage = report_keyed(stat, "kernel")});
    report_memory_entry(w, "kernelTCP",
                        &(struct memory_entry){.usage = report_keyed(stat, "sock")});
    report_raw(dir, w);
}

/* One list of "8:0 rbytes=1 wbytes=2 rios=3 wios=4": what `read` and `write` name. */
static void io_list(const char *name, const char *text, const char *read, const char *write,
                    struct json_writer *w)
{
    const struct {
        const char *key, *op;
    } kinds[] = {{read, "Read"}, {write, "Write"}};
    cleanup_free char *copy = strdup(text);
    char *rest = copy;
    bool any = false;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        unsigned long long major, minor;

        if (sscanf(line, "%llu:%llu ", &major, &minor) != 2)
            continue;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
            const char *at = strstr(line, kinds[i].key);

            if (!at)
                continue;
            if (!any)
                json_open(w, name, '[');
            any = true;
            json_open(w, NULL, '{');
            json_put_nonzero(w, "major", major);
            json_put_nonzero(w, "minor", minor);
            json_put_text(w, "op", kinds[i].op);
            json_put_nonzero(w, "value", strtoull(at + strlen(kinds[i].key), NULL, 10));
            json_close(w, '}');
        }
    }
    if (any)
        json_close(w, ']');
}

void report_blkio_v2(int dir, struct json_writer *w)
{
    cleanup_free char *text = cgroup_file_text(dir, "io.stat");

    if (!text)
        return;
    io_list("ioServiceBytesRecursive", text, " rbytes=", " wbytes=", w);
    io_list("ioServicedRecursive", text, " rios=", " wios=", w);
}
