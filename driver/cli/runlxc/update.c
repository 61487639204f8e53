/* runlxc update: options or a file become one object of resources. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "runlxc/verb.h"
#include "spec/readers.h"

#define RESOURCES_MAX ((size_t)1 << 20)

struct options {
    const char *resources;
    const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_rt_period, *cpu_rt_runtime,
        *cpu_share, *cpu_idle, *cpuset_cpus, *cpuset_mems;
    const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
    const char *pids_limit, *l3_cache_schema, *mem_bw_schema;
};

#define TEXT(member, name, arg, help) OPT_TEXT(struct options, member, name, 0, arg, help)

static const struct option_def options[] = {
    OPT_TEXT(struct options, resources, "resources", 'r', "FILE|-",
             "read linux.resources of the OCI specification (JSON) and ignore all other options"),
    TEXT(blkio_weight, "blkio-weight", "N", "share of block I/O, 10 to 1000"),
    TEXT(cpu_period, "cpu-period", "USEC", "over which --cpu-quota counts"),
    TEXT(cpu_quota, "cpu-quota", "USEC", "CPU time in a period; -1: any"),
    TEXT(cpu_burst, "cpu-burst", "USEC", "unused quota that may be saved up"),
    TEXT(cpu_rt_period, "cpu-rt-period", "USEC", "the same for realtime processes"),
    TEXT(cpu_rt_runtime, "cpu-rt-runtime", "USEC", "CPU time of realtime processes in a period"),
    TEXT(cpu_share, "cpu-share", "N", "share of CPU time, 2 to 262144"),
    TEXT(cpu_idle, "cpu-idle", "0|1", "1: run only what time nobody else wants"),
    TEXT(cpuset_cpus, "cpuset-cpus", "LIST", "CPUs to run on: 0-3,5"),
    TEXT(cpuset_mems, "cpuset-mems", "LIST", "memory nodes to use"),
    TEXT(memory, "memory", "SIZE", "limit of memory; -1: none"),
    TEXT(memory_reservation, "memory-reservation", "SIZE", "soft limit of memory"),
    TEXT(memory_swap, "memory-swap", "SIZE", "limit of memory and swap together; -1: none"),
    TEXT(kernel_memory, "kernel-memory", "SIZE", "ignored: kernel memory counts as memory"),
    TEXT(kernel_memory_tcp, "kernel-memory-tcp", "SIZE", "ignored likewise"),
    TEXT(pids_limit, "pids-limit", "N", "number of tasks; -1: any"),
    TEXT(l3_cache_schema, "l3-cache-schema", "SCHEMA", "Intel RDT: L3 cache"),
    TEXT(mem_bw_schema, "mem-bw-schema", "SCHEMA", "Intel RDT: memory bandwidth"),
};

/* An option that is a number of the object. */
struct number {
    const char *option, *value, *section, *member;
    bool size; /* with a unit */
};

static int read_number(const struct number *n, int64_t *out, struct lxcdriver_error **err)
{
    if (!n->size || strcmp(n->value, "-1") == 0)
        return str_to_i64(n->value, INT64_MIN + 1, INT64_MAX, out)
                   ? 0
                   : err_set(err, "--%s: \"%s\" is not a whole number", n->option, n->value);
    return units_bytes(n->value, out, err) < 0 ? err_wrap(err, "--%s", n->option) : 0;
}

/* The member object `section` of *root, made when it is missing. */
static json_t *section_of(json_t *root, const char *section)
{
    json_t *object = json_object_get(root, section);

    if (!object)
        json_object_set_new(root, section, json_object());
    return json_object_get(root, section);
}

static int put_numbers(json_t *root, const struct options *o, struct lxcdriver_error **err)
{
    const struct number list[] = {
        {"blkio-weight", o->blkio_weight, "blockIO", "weight", false},
        {"cpu-period", o->cpu_period, "cpu", "period", false},
        {"cpu-quota", o->cpu_quota, "cpu", "quota", false},
        {"cpu-burst", o->cpu_burst, "cpu", "burst", false},
        {"cpu-rt-period", o->cpu_rt_period, "cpu", "realtimePeriod", false},
        {"cpu-rt-runtime", o->cpu_rt_runtime, "cpu", "realtimeRuntime", false},
        {"cpu-share", o->cpu_share, "cpu", "shares", false},
        {"cpu-idle", o->cpu_idle, "cpu", "idle", false},
        {"memory", o->memory, "memory", "limit", true},
        {"memory-reservation", o->memory_reservation, "memory", "reservation", true},
        {"memory-swap", o->memory_swap, "memory", "swap", true},
        {"pids-limit", o->pids_limit, "pids", "limit", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
        int64_t value;

        if (str_empty(list[i].value))
            continue;
        if (read_number(&list[i], &value, err) < 0)
            return -1;
        if (json_object_set_new(section_of(root, list[i].section), list[i].member,
                                json_integer(value)) < 0)
            return err_nomem(err);
    }
    return 0;
}

static int put_text(json_t *root, const char *section, const char *member, const char *value,
                    struct lxcdriver_error **err)
{
    if (str_empty(value))
        return 0;
    if (json_object_set_new(section_of(root, section), member, json_string(value)) < 0)
        return err_set(err, "\"%s\" is not UTF-8", value);
    return 0;
}

/* Heap text, or NULL. */
static char *text_of_options(const struct options *o, struct lxcdriver_error **err)
{
    json_t *root = json_object();
    char *text = NULL;

    if (put_numbers(root, o, err) == 0 && put_text(root, "cpu", "cpus", o->cpuset_cpus, err) == 0 &&
        put_text(root, "cpu", "mems", o->cpuset_mems, err) == 0 &&
        put_text(root, "intelRdt", "l3CacheSchema", o->l3_cache_schema, err) == 0 &&
        put_text(root, "intelRdt", "memBwSchema", o->mem_bw_schema, err) == 0) {
        text = json_dumps(root, JSON_COMPACT);
        if (!text)
            err_nomem(err);
    }
    json_decref(root);
    return text;
}

/* Heap text, or NULL. */
static char *text_of_file(const char *file, size_t *len, struct lxcdriver_error **err)
{
    cleanup_close int opened = -1;
    char *text = NULL;
    int fd;

    if (strcmp(file, "-") != 0)
        opened = open(file, O_RDONLY | O_CLOEXEC);
    fd = strcmp(file, "-") == 0 ? STDIN_FILENO : opened;
    if (fd < 0 || fs_read_fd(fd, RESOURCES_MAX, &text, len) < 0)
        err_sys(err, errno, "--resources: read %s", file);
    return text;
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    cleanup_free char *text = NULL;
    size_t len = 0;

    if (o->resources) {
        text = text_of_file(o->resources, &len, err);
    } else {
        if (o->kernel_memory || o->kernel_memory_tcp)
            log_line(ctx->log, LOG_WARNING,
                     "--kernel-memory is ignored: kernel memory counts as memory");
        text = text_of_options(o, err);
        len = text ? strlen(text) : 0;
    }
    return text ? lxcdriver_update(ctx->drv, args[0], text, len, err) : -1;
}

const struct verb verb_update = {
    .name = "update",
    .usage = "ID",
    .summary = "change the resources of a container",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
