#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_file.h"

#define FILE_MAX ((size_t)1 << 20)
#define NS_PER_S UINT64_C(1000000000)
/* v1 shows "no limit" as the greatest number of whole pages in a long: this is below it for any
 * page size. */
#define V1_UNLIMITED ((UINT64_C(1) << 63) - (UINT64_C(1) << 24))

static uint64_t v1_limit(int dir, const char *file)
{
    uint64_t limit = cgroup_file_number(dir, file);

    return limit >= V1_UNLIMITED ? LXCDRIVER_NO_VALUE : limit;
}

static uint64_t scaled(uint64_t value, uint64_t factor)
{
    return value == LXCDRIVER_NO_VALUE ? value : value * factor;
}

/* ---- cpu ---- */

static void v1_cpuacct(int dir, struct lxcdriver_stats *stats)
{
    cleanup_free char *text = NULL;

    stats->cpu_total_ns = cgroup_file_number(dir, "cpuacct.usage");
    if (fs_read_at(dir, "cpuacct.stat", FILE_MAX, &text, NULL) < 0)
        return;
    stats->cpu_user_ns = cgroup_ticks_ns(cgroup_text_number(text, "user"));
    stats->cpu_system_ns = cgroup_ticks_ns(cgroup_text_number(text, "system"));
}

static void v1_cpu(int dir, struct lxcdriver_stats *stats)
{
    cleanup_free char *text = NULL;

    if (fs_read_at(dir, "cpu.stat", FILE_MAX, &text, NULL) < 0)
        return;
    stats->cpu_periods = cgroup_text_number(text, "nr_periods");
    stats->cpu_throttled_periods = cgroup_text_number(text, "nr_throttled");
    stats->cpu_throttled_ns = cgroup_text_number(text, "throttled_time");
}

static void v2_cpu(int dir, struct lxcdriver_stats *stats)
{
    cleanup_free char *text = NULL;

    if (fs_read_at(dir, "cpu.stat", FILE_MAX, &text, NULL) < 0)
        return;
    stats->cpu_total_ns = scaled(cgroup_text_number(text, "usage_usec"), 1000);
    stats->cpu_user_ns = scaled(cgroup_text_number(text, "user_usec"), 1000);
    stats->cpu_system_ns = scaled(cgroup_text_number(text, "system_usec"), 1000);
    stats->cpu_periods = cgroup_text_number(text, "nr_periods");
    stats->cpu_throttled_periods = cgroup_text_number(text, "nr_throttled");
    stats->cpu_throttled_ns = scaled(cgroup_text_number(text, "throttled_usec"), 1000);
}

/* ---- memory ---- */

static void v1_memory(int dir, struct lxcdriver_stats *stats)
{
    cleanup_free char *text = NULL;
    uint64_t with_swap = cgroup_file_number(dir, "memory.memsw.usage_in_bytes");

    stats->memory_usage = cgroup_file_number(dir, "memory.usage_in_bytes");
    stats->memory_max_usage = cgroup_file_number(dir, "memory.max_usage_in_bytes");
    stats->memory_limit = v1_limit(dir, "memory.limit_in_bytes");
    stats->memory_failcnt = cgroup_file_number(dir, "memory.failcnt");
    if (fs_read_at(dir, "memory.stat", FILE_MAX, &text, NULL) == 0) {
        stats->memory_cache = cgroup_text_number(text, "total_cache");
        stats->memory_rss = cgroup_text_number(text, "total_rss");
        stats->memory_swap = cgroup_text_number(text, "total_swap");
    }
    if (stats->memory_swap == LXCDRIVER_NO_VALUE && with_swap != LXCDRIVER_NO_VALUE &&
        stats->memory_usage != LXCDRIVER_NO_VALUE)
        /* Two readings: the second may have grown in between. */
        stats->memory_swap = with_swap > stats->memory_usage ? with_swap - stats->memory_usage : 0;
}

static void v2_memory(int dir, struct lxcdriver_stats *stats)
{
    cleanup_free char *stat = NULL, *events = NULL;

    stats->memory_usage = cgroup_file_number(dir, "memory.current");
    stats->memory_max_usage = cgroup_file_number(dir, "memory.peak");
    stats->memory_limit = cgroup_file_number(dir, "memory.max");
    stats->memory_swap = cgroup_file_number(dir, "memory.swap.current");
    if (fs_read_at(dir, "memory.stat", FILE_MAX, &stat, NULL) == 0) {
        stats->memory_cache = cgroup_text_number(stat, "file");
        stats->memory_rss = cgroup_text_number(stat, "anon");
    }
    if (fs_read_at(dir, "memory.events", FILE_MAX, &events, NULL) == 0)
        stats->memory_failcnt = cgroup_text_number(events, "max");
}

/* ---- blkio ---- */

/* Sum of `8:0 Read 4096` over all devices. */
static void v1_blkio_sum(int dir, const char *file, uint64_t *reads, uint64_t *writes)
{
    cleanup_free char *text = NULL;
    char *cursor, *line;

    if (fs_read_at(dir, file, FILE_MAX, &text, NULL) < 0)
        return;
    *reads = *writes = 0;
    cursor = text;
    while ((line = strsep(&cursor, "\n"))) {
        char *operation;

        strsep(&line, " ");
        operation = strsep(&line, " ");
        if (line && str_eq(operation, "Read"))
            *reads += strtoull(line, NULL, 10);
        else if (line && str_eq(operation, "Write"))
            *writes += strtoull(line, NULL, 10);
    }
}

static void v1_blkio(int dir, struct lxcdriver_stats *stats)
{
    /* With cgroups below, the plain file counts the container's own directory only. */
    bool recursive = faccessat(dir, "blkio.throttle.io_serviced_recursive", F_OK, 0) == 0;

    v1_blkio_sum(dir,
                 recursive ? "blkio.throttle.io_service_bytes_recursive"
                           : "blkio.throttle.io_service_bytes",
                 &stats->blkio_read_bytes, &stats->blkio_write_bytes);
    v1_blkio_sum(dir,
                 recursive ? "blkio.throttle.io_serviced_recursive" : "blkio.throttle.io_serviced",
                 &stats->blkio_read_ops, &stats->blkio_write_ops);
}

static void v2_io(int dir, struct lxcdriver_stats *stats)
{
    static const char *const keys[] = {"rbytes=", "wbytes=", "rios=", "wios="};
    uint64_t *const sums[] = {&stats->blkio_read_bytes, &stats->blkio_write_bytes,
                              &stats->blkio_read_ops, &stats->blkio_write_ops};
    cleanup_free char *text = NULL;
    char *cursor, *word;

    if (fs_read_at(dir, "io.stat", FILE_MAX, &text, NULL) < 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
        *sums[i] = 0;
    cursor = text;
    while ((word = strsep(&cursor, " \n")))
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
            if (str_starts(word, keys[i]))
                *sums[i] += strtoull(word + strlen(keys[i]), NULL, 10);
}

static void any_pids(int dir, struct lxcdriver_stats *stats)
{
    stats->pids_current = cgroup_file_number(dir, "pids.current");
    stats->pids_limit = cgroup_file_number(dir, "pids.max");
}

/* ---- all of them ---- */

static const struct {
    const char *controller;
    void (*v1)(int dir, struct lxcdriver_stats *stats);
    void (*v2)(int dir, struct lxcdriver_stats *stats);
} readers[] = {
    {"cpuacct", v1_cpuacct, v2_cpu}, /* v2 has one file for both, and shows it without the
                                        controller */
    {"cpu", v1_cpu, NULL},           {"memory", v1_memory, v2_memory},
    {"blkio", v1_blkio, NULL},       {"io", NULL, v2_io}, /* what blkio is called there */
    {"pids", any_pids, any_pids},
};

static void set_none(struct lxcdriver_stats *stats)
{
    uint64_t *const members[] = {
        &stats->cpu_total_ns,          &stats->cpu_user_ns,      &stats->cpu_system_ns,
        &stats->cpu_periods,           &stats->cpu_throttled_ns, &stats->memory_usage,
        &stats->cpu_throttled_periods, &stats->memory_max_usage, &stats->memory_limit,
        &stats->memory_cache,          &stats->memory_rss,       &stats->memory_swap,
        &stats->memory_failcnt,        &stats->memory_oom_kills, &stats->blkio_read_bytes,
        &stats->blkio_write_bytes,     &stats->blkio_read_ops,   &stats->blkio_write_ops,
        &stats->pids_current,          &stats->pids_limit,
    };

    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        *members[i] = LXCDRIVER_NO_VALUE;
}

int cgroup_stats(const struct cgroup_dirs *dirs, struct lxcdriver_stats *stats,
                 struct lxcdriver_error **err)
{
    struct timespec now;
    size_t found = 0;
    int64_t kills;

    clock_gettime(CLOCK_REALTIME, &now);
    stats->read_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    set_none(stats);
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        const struct cgroup_dir *dir = cgroup_dir_find(dirs, readers[i].controller);
        cleanup_close int fd = -1;

        if (!dir || !(dir->v2 ? readers[i].v2 : readers[i].v1))
            continue;
        fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            continue;
        found++;
        (dir->v2 ? readers[i].v2 : readers[i].v1)(fd, stats);
    }
    if (found == 0)
        return err_sys(err, ENOENT, "read the statistics of %s",
                       dirs->n > 0 ? dirs->dirs[0].path : "no cgroup");
    kills = cgroup_oom_kills(dirs);
    if (kills >= 0)
        stats->memory_oom_kills = (uint64_t)kills;
    return 0;
}
