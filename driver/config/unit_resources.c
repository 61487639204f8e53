/* What goes into the files of a cgroup, as systemd.resource-control(5) has it. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/unit.h"

#define INFINITE UINT64_MAX
#define PERIOD_DEFAULT 100000 /* microseconds */
#define SECOND UINT64_C(1000000)
#define QUOTA_STEP 10000 /* systemd's quota is in hundredths of a CPU */
#define WEIGHT_DEFAULT 100
#define CPUS_MAX 8192 /* of the kernel's greatest configuration */

/* Versions from which on systemd has them, by its NEWS. */
#define HAS_QUOTA_PERIOD 242
#define HAS_CPUSET 244
#define HAS_IDLE_WEIGHT 252

struct resources_state {
    struct unit_properties *out;
    const struct unit_facts *facts;
    const struct cgroup_value *value;
    bool supervisor_inside;
    const struct cgroup_value *quota, *period; /* of v1, in files of their own */
    bool weight, idle, awake;
    struct lxcdriver_error **err;
};

static int bad_value(const struct resources_state *s)
{
    return err_set(s->err, "%s: \"%s\" is no value of %s", s->value->member, s->value->value,
                   s->value->file);
}

static int number(const struct resources_state *s, const char *text, uint64_t *out)
{
    if (str_eq(text, "max") || str_eq(text, "-1")) {
        *out = INFINITE;
        return 0;
    }
    return str_to_u64(text, 0, UINT64_MAX, out) ? 0 : bad_value(s);
}

static int put(const struct resources_state *s, const char *property, uint64_t value)
{
    return unit_add_u64(s->out, property, value) < 0 ? err_nomem(s->err) : 0;
}

static int limit(struct resources_state *s, const char *property)
{
    uint64_t value;

    return number(s, s->value->value, &value) < 0 ? -1 : put(s, property, value);
}

static int tasks(struct resources_state *s, const char *property)
{
    uint64_t value;

    if (number(s, s->value->value, &value) < 0)
        return -1;
    return put(s, property, value == INFINITE || s->supervisor_inside ? value : value + 1);
}

/* A share of a CPU's second, rounded up: the container's own cgroup has the exact one. */
static int put_quota(struct resources_state *s, const char *quota_text, const char *period_text)
{
    uint64_t quota = INFINITE, period = PERIOD_DEFAULT;

    if ((quota_text && number(s, quota_text, &quota) < 0) ||
        (period_text && number(s, period_text, &period) < 0))
        return -1;
    if (period == 0 || (quota != INFINITE && quota > INFINITE / SECOND - QUOTA_STEP))
        return bad_value(s);
    if (quota != INFINITE) {
        quota = quota * SECOND / period;
        quota = (quota + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
    }
    if (period_text && s->facts->version >= HAS_QUOTA_PERIOD &&
        put(s, "CPUQuotaPeriodUSec", period) < 0)
        return -1;
    return put(s, "CPUQuotaPerSecUSec", quota);
}

/* "QUOTA [PERIOD]". */
static int quota_v2(struct resources_state *s, const char *unused)
{
    cleanup_free char *copy = strdup(s->value->value);
    char *period = copy ? strpbrk(copy, " \t") : NULL;

    (void)unused;
    if (!copy)
        return err_nomem(s->err);
    if (period)
        *period++ = '\0';
    return put_quota(s, copy, period);
}

static int quota_v1(struct resources_state *s, const char *unused)
{
    (void)unused;
    s->quota = s->value;
    return 0;
}

static int period_v1(struct resources_state *s, const char *unused)
{
    (void)unused;
    s->period = s->value;
    return 0;
}

static int both_v1(struct resources_state *s)
{
    if (!s->quota && !s->period)
        return 0;
    s->value = s->quota ? s->quota : s->period;
    return put_quota(s, s->quota ? s->quota->value : NULL, s->period ? s->period->value : NULL);
}

static int weight(struct resources_state *s, const char *property)
{
    s->weight = true;
    return limit(s, property);
}

static int idle(struct resources_state *s, const char *unused)
{
    (void)unused;
    s->idle = str_eq(s->value->value, "1");
    s->awake = !s->idle;
    return 0;
}

/* "default N", "8:0 N". The property goes to 10000 and io.bfq.weight to 1000, both with 100 in the
 * middle: of what is above that, systemd takes an eleventh for the file. */
static int io_weight(struct resources_state *s, const char *unused)
{
    const char *text = s->value->value, *space = strchr(text, ' ');
    cleanup_free char *device = NULL;
    struct unit_property *prop;
    uint64_t value;

    (void)unused;
    if (number(s, space ? space + 1 : text, &value) < 0)
        return -1;
    if (strcmp(s->value->file, "io.bfq.weight") == 0 && value > WEIGHT_DEFAULT)
        value = WEIGHT_DEFAULT + (value - WEIGHT_DEFAULT) * 11;
    if (!space || str_starts(text, "default "))
        return put(s, "IOWeight", value);
    device = str_printf("/dev/block/%.*s", (int)(space - text), text);
    prop = device ? unit_property_add(s->out, "IODeviceWeight", "a(st)") : NULL;
    return !prop || unit_step_add(prop, 'a', "(st)", 0) < 0 ||
                   unit_step_add(prop, '(', "st", 0) < 0 ||
                   unit_step_add(prop, 's', device, 0) < 0 ||
                   unit_step_add(prop, 't', NULL, value) < 0 ||
                   unit_step_add(prop, ')', NULL, 0) < 0 || unit_step_add(prop, ')', NULL, 0) < 0
               ? err_nomem(s->err)
               : 0;
}

/* ---- cpuset: a list as a set of bits, the lowest byte first ---- */

struct bits {
    uint8_t bytes[CPUS_MAX / 8];
    size_t n;
};

static bool read_number(const char **at, uint64_t *out)
{
    const char *start = *at;

    for (*out = 0; **at >= '0' && **at <= '9' && *out < CPUS_MAX; ++*at)
        *out = *out * 10 + (uint64_t)(**at - '0');
    return *at != start && *out < CPUS_MAX;
}

/* "0-2,7". */
static bool read_bits(const char *text, struct bits *out)
{
    for (const char *at = text; *at;) {
        uint64_t first, last;

        if (!read_number(&at, &first))
            return false;
        last = first;
        if (*at == '-' && (at++, !read_number(&at, &last)))
            return false;
        if (last < first || (*at && *at != ','))
            return false;
        at += *at == ',';
        for (uint64_t i = first; i <= last; i++)
            out->bytes[i / 8] |= (uint8_t)(1 << i % 8);
        if (last / 8 + 1 > out->n)
            out->n = last / 8 + 1;
    }
    return true;
}

static int cpuset(struct resources_state *s, const char *property)
{
    struct unit_property *prop;
    struct bits bits = {0};

    if (s->facts->version < HAS_CPUSET)
        return 0;
    if (!read_bits(s->value->value, &bits))
        return bad_value(s);
    prop = unit_property_add(s->out, property, "ay");
    if (!prop || unit_step_add(prop, 'a', "y", 0) < 0)
        return err_nomem(s->err);
    for (size_t i = 0; i < bits.n; i++)
        if (unit_step_add(prop, 'y', NULL, bits.bytes[i]) < 0)
            return err_nomem(s->err);
    return unit_step_add(prop, ')', NULL, 0) < 0 ? err_nomem(s->err) : 0;
}

/* ---- the files ---- */

struct file {
    const char *name;
    int (*add)(struct resources_state *s, const char *property);
    const char *property;
};

static const struct file files_v2[] = {
    {"memory.min", limit, "MemoryMin"},
    {"memory.low", limit, "MemoryLow"},
    {"memory.high", limit, "MemoryHigh"},
    {"memory.max", limit, "MemoryMax"},
    {"memory.swap.max", limit, "MemorySwapMax"},
    {"cpu.weight", weight, "CPUWeight"},
    {"cpu.max", quota_v2, NULL},
    {"cpu.idle", idle, NULL},
    {"cpuset.cpus", cpuset, "AllowedCPUs"},
    {"cpuset.mems", cpuset, "AllowedMemoryNodes"},
    {"io.weight", io_weight, NULL},
    {"io.bfq.weight", io_weight, NULL},
    {"pids.max", tasks, "TasksMax"},
};

static const struct file files_v1[] = {
    {"memory.limit_in_bytes", limit, "MemoryLimit"},
    {"cpu.shares", limit, "CPUShares"},
    {"cpu.cfs_quota_us", quota_v1, NULL},
    {"cpu.cfs_period_us", period_v1, NULL},
    {"cpuset.cpus", cpuset, "AllowedCPUs"},
    {"cpuset.mems", cpuset, "AllowedMemoryNodes"},
    {"blkio.weight", limit, "BlockIOWeight"},
    {"blkio.bfq.weight", limit, "BlockIOWeight"},
    {"pids.max", tasks, "TasksMax"},
};

static int one_value(struct resources_state *s, const struct file *files, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(files[i].name, s->value->file) == 0)
            return files[i].add(s, files[i].property);
    return 0;
}

/* Idle is a weight of its own, and the kernel gives a cgroup that is idle no longer the default
 * one. */
static int finish_weight(struct resources_state *s)
{
    if (s->idle)
        return s->facts->version >= HAS_IDLE_WEIGHT ? put(s, "CPUWeight", 0) : 0;
    return s->awake && !s->weight ? put(s, "CPUWeight", WEIGHT_DEFAULT) : 0;
}

int unit_resources(const struct cgroup_values *values, bool supervisor_inside,
                   const struct unit_facts *facts, struct unit_properties *out,
                   struct lxcdriver_error **err)
{
    const struct file *files = facts->v2 ? files_v2 : files_v1;
    size_t n = facts->v2 ? ARRAY_SIZE(files_v2) : ARRAY_SIZE(files_v1);
    struct resources_state s = {
        .out = out, .facts = facts, .supervisor_inside = supervisor_inside, .err = err};

    for (size_t i = 0; i < values->n; i++) {
        s.value = &values->items[i];
        if (one_value(&s, files, n) < 0)
            return -1;
    }
    return both_v1(&s) < 0 ? -1 : finish_weight(&s);
}
