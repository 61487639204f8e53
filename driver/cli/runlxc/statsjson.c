/* Numbers of a container in the shape that runc's "events" gives them (its types/events.go), which
 * containerd reads. */
#include <jansson.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"

struct number {
    const char *name;
    uint64_t value;
};

/* jansson's integers end at INT64_MAX, as the kernel's counters do in practice. */
static void put(json_t *object, const char *name, uint64_t value)
{
    if (value != LXCDRIVER_NO_VALUE)
        json_object_set_new(object, name,
                            json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

static json_t *numbers(const struct number *list, size_t n)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < n; i++)
        put(object, list[i].name, list[i].value);
    return object;
}

#define NUMBERS(...)                                                                               \
    numbers((const struct number[]){__VA_ARGS__},                                                  \
            sizeof((const struct number[]){__VA_ARGS__}) / sizeof(struct number))

static json_t *cpu(const struct lxcdriver_stats *s)
{
    return json_pack(
        "{s:o, s:o}", "usage",
        NUMBERS({"total", s->cpu_total_ns}, {"kernel", s->cpu_system_ns}, {"user", s->cpu_user_ns}),
        "throttling",
        NUMBERS({"periods", s->cpu_periods}, {"throttledPeriods", s->cpu_throttled_periods},
                {"throttledTime", s->cpu_throttled_ns}));
}

static json_t *memory(const struct lxcdriver_stats *s)
{
    json_t *object = NUMBERS({"cache", s->memory_cache});

    if (!object)
        return NULL;
    json_object_set_new(object, "usage",
                        NUMBERS({"limit", s->memory_limit}, {"usage", s->memory_usage},
                                {"max", s->memory_max_usage}, {"failcnt", s->memory_failcnt}));
    json_object_set_new(object, "swap", NUMBERS({"usage", s->memory_swap}));
    json_object_set_new(object, "raw",
                        NUMBERS({"cache", s->memory_cache}, {"rss", s->memory_rss},
                                {"swap", s->memory_swap}, {"oom_kill", s->memory_oom_kills}));
    return object;
}

/* The sums over all devices, which have no number: 0:0. */
static json_t *blkio_list(uint64_t reads, uint64_t writes)
{
    const struct number ops[] = {{"Read", reads}, {"Write", writes}};
    json_t *list = json_array();

    for (size_t i = 0; list && i < ARRAY_SIZE(ops); i++) {
        json_t *entry = NUMBERS({"major", 0}, {"minor", 0}, {"value", ops[i].value});

        json_object_set_new(entry, "op", json_string(ops[i].name));
        if (ops[i].value == LXCDRIVER_NO_VALUE)
            json_decref(entry);
        else
            json_array_append_new(list, entry);
    }
    return list;
}

static json_t *network(const struct lxcdriver_stats *s)
{
    json_t *list = json_array(), *all;

    if (!list || s->net_rx_bytes == LXCDRIVER_NO_VALUE)
        return list;
    all = NUMBERS({"RxBytes", s->net_rx_bytes}, {"RxPackets", s->net_rx_packets},
                  {"RxErrors", s->net_rx_errors}, {"RxDropped", s->net_rx_dropped},
                  {"TxBytes", s->net_tx_bytes}, {"TxPackets", s->net_tx_packets},
                  {"TxErrors", s->net_tx_errors}, {"TxDropped", s->net_tx_dropped});
    json_object_set_new(all, "Name", json_string("all"));
    json_array_append_new(list, all);
    return list;
}

json_t *stats_json(const struct lxcdriver_stats *s)
{
    json_t *blkio =
        json_pack("{s:o, s:o}", "ioServiceBytesRecursive",
                  blkio_list(s->blkio_read_bytes, s->blkio_write_bytes), "ioServicedRecursive",
                  blkio_list(s->blkio_read_ops, s->blkio_write_ops));

    return json_pack("{s:o, s:o, s:o, s:o, s:{}, s:{}, s:o}", "cpu", cpu(s), "memory", memory(s),
                     "pids", NUMBERS({"current", s->pids_current}, {"limit", s->pids_limit}),
                     "blkio", blkio, "hugetlb", "intel_rdt", "network_interfaces", network(s));
}
