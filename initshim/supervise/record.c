#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "shared/record.h"
#include "supervise/supervisor.h"

static int add(const char **list, size_t *n, size_t max, const char *text)
{
    if (*n == max)
        return -1;
    list[(*n)++] = text;
    return 0;
}

static int take_string(struct sup_record *out, const struct record *rec)
{
    const char *text = record_string(rec);

    if (!text)
        return -1;
    switch (rec->tag) {
    case SUPT_LXC_START:
        out->lxc_start = text;
        return 0;
    case SUPT_GUARD:
        out->guard = text;
        return 0;
    case SUPT_LOG_FILE:
        out->log_file = text;
        return 0;
    case SUPT_LOG_LEVEL:
        out->log_level = text;
        return 0;
    case SUPT_TIME_NS:
        out->time_ns = text;
        return 0;
    case SUPT_LXC_NAME:
        out->lxc_name = text;
        return 0;
    case SUPT_LXC_CONFIG:
        out->lxc_config = text;
        return 0;
    case SUPT_OOM_FILE:
        out->oom_file = text;
        return 0;
    case SUPT_HOST_IF:
        out->host_if = text;
        return 0;
    case SUPT_PAYLOAD_CGROUP:
        return add(out->payload, &out->n_payload, MAX_CGROUPS, text);
    case SUPT_MONITOR_CGROUP:
        return add(out->monitor, &out->n_monitor, MAX_CGROUPS, text);
    case SUPT_HOME_CGROUP:
        return add(out->home, &out->n_home, MAX_CGROUPS, text);
    case SUPT_LISTENER:
        out->listener = text;
        return 0;
    case SUPT_LISTENER_STATE:
        return add(out->listener_parts, &out->n_listener_parts, LISTENER_PARTS, text);
    case SUPT_UPPER:
    case SUPT_MADE:
    case SUPT_UNIT:
        return 0; /* for the clean-up command */
    default:
        return -1;
    }
}

int sup_record_take(const void *data, size_t len, struct sup_record *out)
{
    struct record_reader reader;
    struct record rec;
    int more;

    if (record_open(&reader, data, len) < 0)
        return -1;
    while ((more = record_next(&reader, &rec)) > 0) {
        int bad;

        if (rec.tag == SUPT_FLAGS)
            bad = record_value(&rec, &out->flags, sizeof(out->flags));
        else if (rec.tag == SUPT_TIMEOUT_MS)
            bad = record_value(&rec, &out->timeout_ms, sizeof(out->timeout_ms));
        else
            bad = take_string(out, &rec);
        if (bad)
            return -1;
    }
    return more == 0 && out->lxc_start && out->guard && out->log_file && out->log_level &&
                   !out->lxc_name == !out->lxc_config
               ? 0
               : -1;
}

int sup_record_read(int fd, struct sup_record *out)
{
    struct stat st;
    void *data;

    if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > (off_t)WIRE_MAX)
        return -1;
    data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    return data == MAP_FAILED ? -1 : sup_record_take(data, (size_t)st.st_size, out);
}
