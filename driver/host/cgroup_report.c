#include "host/cgroup_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup_file.h"

uint64_t report_number(int dir, const char *file)
{
    uint64_t value = dir < 0 ? LXCDRIVER_NO_VALUE : cgroup_file_number(dir, file);

    return value == LXCDRIVER_NO_VALUE ? 0 : value;
}

uint64_t report_keyed(const char *text, const char *key)
{
    uint64_t value = text ? cgroup_text_number(text, key) : LXCDRIVER_NO_VALUE;

    return value == LXCDRIVER_NO_VALUE ? 0 : value;
}

/* The directory of a controller, -1 when there is none of the version asked for. */
static int open_dir(const struct cgroup_dirs *dirs, const char *controller, bool v2)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, controller);

    return dir && dir->v2 == v2 ? open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* ---- cpu ---- */

static void cpu(const struct cgroup_dirs *dirs, struct json_writer *w)
{
    cleanup_close int acct = open_dir(dirs, "cpuacct", false);
    cleanup_close int v1 = open_dir(dirs, "cpu", false);
    cleanup_close int v2 = open_dir(dirs, "cpu", true);

    json_open(w, "cpu", '{');
    if (acct < 0 && v1 < 0 && v2 >= 0)
        report_cpu_v2(v2, w);
    else
        report_cpu_v1(acct, v1, w);
    json_close(w, '}');
}

/* ---- cpuset ---- */

/* "0-3,5" as [0,1,2,3,5]. The kernel has at most 8192 CPUs. */
static void number_list(int dir, const char *name, const char *file, struct json_writer *w)
{
    cleanup_free char *text = dir < 0 ? NULL : cgroup_file_text(dir, file);
    char *rest = text;

    if (!text || !strchr("0123456789", *text))
        return;
    text[strcspn(text, "\n")] = '\0';
    json_open(w, name, '[');
    for (char *item = strsep(&rest, ","); item; item = strsep(&rest, ",")) {
        unsigned long first = strtoul(item, &item, 10);
        unsigned long last = *item == '-' ? strtoul(item + 1, NULL, 10) : first;

        for (unsigned long i = first; i <= last && i < 65536; i++)
            json_put_u64(w, NULL, i);
    }
    json_close(w, ']');
}

void report_cpuset(int dir, bool v2, struct json_writer *w)
{
    cleanup_free char *level =
        dir < 0 ? NULL : cgroup_file_text(dir, "cpuset.sched_relax_domain_level");

    json_open(w, "cpuset", '{');
    number_list(dir, "cpus", v2 ? "cpuset.cpus.effective" : "cpuset.cpus", w);
    json_put_u64(w, "cpu_exclusive", report_number(dir, "cpuset.cpu_exclusive"));
    number_list(dir, "mems", v2 ? "cpuset.mems.effective" : "cpuset.mems", w);
    json_put_u64(w, "mem_hardwall", report_number(dir, "cpuset.mem_hardwall"));
    json_put_u64(w, "mem_exclusive", report_number(dir, "cpuset.mem_exclusive"));
    json_put_u64(w, "memory_migrate", report_number(dir, "cpuset.memory_migrate"));
    json_put_u64(w, "memory_spread_page", report_number(dir, "cpuset.memory_spread_page"));
    json_put_u64(w, "memory_spread_slab", report_number(dir, "cpuset.memory_spread_slab"));
    json_put_u64(w, "memory_pressure", report_number(dir, "cpuset.memory_pressure"));
    json_put_u64(w, "sched_load_balance", report_number(dir, "cpuset.sched_load_balance"));
    json_put_i64(w, "sched_relax_domain_level", level ? strtol(level, NULL, 10) : 0);
    json_close(w, '}');
}

/* ---- memory ---- */

void report_memory_entry(struct json_writer *w, const char *name, const struct memory_entry *entry)
{
    json_open(w, name, '{');
    json_put_u64(w, "limit", entry->limit);
    json_put_nonzero(w, "usage", entry->usage);
    json_put_nonzero(w, "max", entry->max);
    json_put_u64(w, "failcnt", entry->failcnt);
    json_close(w, '}');
}

void report_raw(int dir, struct json_writer *w)
{
    cleanup_free char *text = cgroup_file_text(dir, "memory.stat");
    char *rest = text;

    if (!text)
        return;
    json_open(w, "raw", '{');
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *number = strchr(line, ' ');

        if (!number)
            continue;
        *number++ = '\0';
        json_put_u64(w, line, strtoull(number, NULL, 10));
    }
    json_close(w, '}');
}

static void memory(const struct cgroup_dirs *dirs, struct json_writer *w)
{
    cleanup_close int v1 = open_dir(dirs, "memory", false);
    cleanup_close int v2 = open_dir(dirs, "memory", true);

    json_open(w, "memory", '{');
    if (v1 < 0 && v2 >= 0)
        report_memory_v2(v2, w);
    else
        report_memory_v1(v1, w);
    json_close(w, '}');
}

/* ---- pids ---- */

static void pids(const struct cgroup_dirs *dirs, unsigned ours, struct json_writer *w)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "pids");
    cleanup_close int fd = dir ? open_dir(dirs, "pids", dir->v2) : -1;
    uint64_t current = report_number(fd, "pids.current"), limit = report_number(fd, "pids.max");

    json_open(w, "pids", '{');
    json_put_nonzero(w, "current", current > ours ? current - ours : current);
    json_put_nonzero(w, "limit", limit > ours ? limit - ours : limit);
    json_close(w, '}');
}

/* ---- the rest ---- */

static void blkio(const struct cgroup_dirs *dirs, struct json_writer *w)
{
    cleanup_close int v1 = open_dir(dirs, "blkio", false);
    cleanup_close int v2 = open_dir(dirs, "io", true);

    json_open(w, "blkio", '{');
    if (v1 >= 0)
        report_blkio_v1(v1, w);
    else if (v2 >= 0)
        report_blkio_v2(v2, w);
    json_close(w, '}');
}

/* "hugetlb.2MB.usage_in_bytes", "hugetlb.2MB.current". */
static void hugetlb_size(int dir, bool v2, const char *size, struct json_writer *w)
{
    cleanup_free char *usage = str_printf("hugetlb.%s.%s", size, v2 ? "current" : "usage_in_bytes");
    cleanup_free char *max = str_printf("hugetlb.%s.max_usage_in_bytes", size);
    cleanup_free char *failures = str_printf("hugetlb.%s.%s", size, v2 ? "events" : "failcnt");
    cleanup_free char *events = NULL;

    if (!usage || !max || !failures) {
        w->out->failed = true;
        return;
    }
    if (v2)
        events = cgroup_file_text(dir, failures);
    json_open(w, size, '{');
    json_put_nonzero(w, "usage", report_number(dir, usage));
    json_put_nonzero(w, "max", v2 ? 0 : report_number(dir, max));
    json_put_u64(w, "failcnt", v2 ? report_keyed(events, "max") : report_number(dir, failures));
    json_close(w, '}');
}

void report_hugetlb(int dir, bool v2, struct json_writer *w)
{
    cleanup_closedir DIR *list = fs_opendir(dir);
    const char *end = v2 ? ".current" : ".usage_in_bytes";
    struct dirent *e;

    while (list && (e = readdir(list))) {
        const char *size = e->d_name + strlen("hugetlb.");
        cleanup_free char *name = NULL;

        if (!str_starts(e->d_name, "hugetlb.") || !str_ends(size, end) ||
            strcspn(size, ".") + strlen(end) != strlen(size))
            continue;
        name = strndup(size, strcspn(size, "."));
        if (name)
            hugetlb_size(dir, v2, name, w);
    }
}

static void hugetlb(const struct cgroup_dirs *dirs, struct json_writer *w)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "hugetlb");
    cleanup_close int fd = dir ? open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    json_open(w, "hugetlb", '{');
    if (fd >= 0)
        report_hugetlb(fd, dir->v2, w);
    json_close(w, '}');
}

static void cpuset(const struct cgroup_dirs *dirs, struct json_writer *w)
{
    const struct cgroup_dir *dir = cgroup_dir_find(dirs, "cpuset");
    cleanup_close int fd = dir ? open_dir(dirs, "cpuset", dir->v2) : -1;

    report_cpuset(fd, dir && dir->v2, w);
}

static bool any_exists(const struct cgroup_dirs *dirs)
{
    for (size_t i = 0; i < dirs->n; i++)
        if (fs_is_dir(dirs->dirs[i].path))
            return true;
    return false;
}

int cgroup_report(const struct cgroup_dirs *dirs, unsigned ours, struct json_writer *w,
                  struct lxcdriver_error **err)
{
    if (!any_exists(dirs))
        return err_sys(err, ENOENT, "read the numbers of %s",
                       dirs->n > 0 ? dirs->dirs[0].path : "no cgroup");
    cpu(dirs, w);
    cpuset(dirs, w);
    memory(dirs, w);
    pids(dirs, ours, w);
    blkio(dirs, w);
    hugetlb(dirs, w);
    return w->out->failed ? err_nomem(err) : 0;
}
