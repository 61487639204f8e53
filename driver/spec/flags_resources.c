#include "spec/flags.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

#define CPU_PERIOD_US 100000 /* the kernel's default, and what --cpus is counted in */
#define QUOTA_MIN_US 1000    /* the scheduler's smallest slice */

int flag_memory_swap(struct flags_state *st, const struct flag *flag, const char *value,
                     struct lxcdriver_error **err)
{
    if (strcmp(value, "-1") == 0) {
        st->cmd->res.memory_swap = -1;
        return 0;
    }
    return flag_bytes(st, flag, value, err);
}

/* -1 is "not given", as with docker run. */
int flag_swappiness(struct flags_state *st, const struct flag *flag, const char *value,
                    struct lxcdriver_error **err)
{
    if (flag_number(st, flag, value, err) < 0)
        return -1;
    if (st->cmd->res.memory_swappiness == -1)
        st->cmd->res.memory_swappiness = RES_UNSET;
    return 0;
}

/* A decimal number of processors, in microseconds of every CPU_PERIOD_US: "1.5" is 150000. */
int flag_cpus(struct flags_state *st, const struct flag *flag, const char *value,
              struct lxcdriver_error **err)
{
    size_t whole_len = strspn(value, "0123456789");
    const char *fraction = value[whole_len] == '.' ? value + whole_len + 1 : "";
    cleanup_free char *whole_text = strndup(value, whole_len);
    uint64_t whole, quota, scale = CPU_PERIOD_US / 10;

    (void)flag;
    if (!whole_text)
        return err_nomem(err);
    if (!str_to_u64(whole_len ? whole_text : "0", 0, 100000, &whole) ||
        (value[whole_len] && value[whole_len] != '.') || (!whole_len && !*fraction) ||
        strspn(fraction, "0123456789") != strlen(fraction))
        return err_set(err, "\"%s\" is not a number of processors such as 1.5", value);
    quota = whole * CPU_PERIOD_US;
    for (const char *p = fraction; *p; p++, scale /= 10)
        quota += (uint64_t)(*p - '0') * scale;
    if (quota && quota < QUOTA_MIN_US)
        return err_set(err, "\"%s\" is less than the 0.01 that the scheduler can give", value);
    st->cpus_quota_us = (int64_t)quota;
    return 0;
}

int flag_pids_limit(struct flags_state *st, const struct flag *flag, const char *value,
                    struct lxcdriver_error **err)
{
    int64_t limit;

    (void)flag;
    if (!str_to_i64(value, -1, INT64_MAX, &limit))
        return err_set(err, "\"%s\" is neither a number of tasks nor -1", value);
    st->cmd->res.pids_limit = limit > 0 ? limit : -1;
    return 0;
}

/* DEV:VALUE, DEV being a block device of the host: its numbers, and a copy of its path. Returns
 * VALUE, or NULL. */
static const char *block_device(const char *text, char **path, int64_t *major_out,
                                int64_t *minor_out, struct lxcdriver_error **err)
{
    const char *colon = strrchr(text, ':');
    struct stat st;

    if (!colon || colon == text || !colon[1]) {
        err_set(err, "\"%s\" is not a device and a number: DEV:N", text);
        return NULL;
    }
    *path = strndup(text, (size_t)(colon - text));
    if (!*path) {
        err_nomem(err);
        return NULL;
    }
    if (stat(*path, &st) < 0) {
        err_sys(err, errno, "\"%s\"", *path);
        return NULL;
    }
    if (!S_ISBLK(st.st_mode)) {
        err_set(err, "\"%s\" is not a block device", *path);
        return NULL;
    }
    *major_out = major(st.st_rdev);
    *minor_out = minor(st.st_rdev);
    return colon + 1;
}

/* flag->min is the kind of throttle. */
int flag_throttle(struct flags_state *st, const struct flag *flag, const char *value,
                  struct lxcdriver_error **err)
{
    enum throttle_kind kind = (enum throttle_kind)flag->min;
    bool bytes = kind == THROTTLE_READ_BPS || kind == THROTTLE_WRITE_BPS;
    struct throttle_device *device =
        ARRAY_GROW(&st->cmd->res.throttle[kind], &st->cmd->res.n_throttle[kind]);
    const char *rate;
    int64_t number;

    if (!device)
        return err_nomem(err);
    rate = block_device(value, &device->path, &device->major, &device->minor, err);
    if (!rate)
        return -1;
    if (bytes && units_bytes(rate, &number, err) < 0)
        return -1;
    if (!bytes && !str_to_i64(rate, 0, INT64_MAX, &number))
        return err_set(err, "\"%s\" is not a number of operations", rate);
    if (number < 1)
        return err_set(err, "\"%s\": the rate has to be above 0", value);
    device->rate = (uint64_t)number;
    return 0;
}

int flag_weight_device(struct flags_state *st, const struct flag *flag, const char *value,
                       struct lxcdriver_error **err)
{
    cleanup_free char *path = NULL;
    struct resources *res = &st->cmd->res;
    struct weight_device *device =
        ARRAY_GROW(&res->blkio_weight_devices, &res->n_blkio_weight_devices);
    const char *weight;

    if (!device)
        return err_nomem(err);
    device->leaf_weight = RES_UNSET;
    weight = block_device(value, &path, &device->major, &device->minor, err);
    if (!weight)
        return -1;
    if (!str_to_i64(weight, flag->min, flag->max, &device->weight))
        return err_set(err, "\"%s\" is not a weight between %" PRId64 " and %" PRId64, weight,
                       flag->min, flag->max);
    return 0;
}

/* docker run's rules: swap counts memory too, needs a limit of it, and is twice that when it is not
 * given. */
static int finish_memory(struct resources *res, struct lxcdriver_error **err)
{
    if (res->memory_swap > 0 && res->memory_limit == RES_UNSET)
        return err_set(err, "--memory-swap %" PRId64 " needs --memory", res->memory_swap);
    if (res->memory_swap > 0 && res->memory_swap < res->memory_limit)
        return err_set(err, "--memory-swap %" PRId64 " is less than --memory %" PRId64,
                       res->memory_swap, res->memory_limit);
    if (res->memory_limit > 0 && res->memory_reservation > res->memory_limit)
        return err_set(err, "--memory-reservation %" PRId64 " is more than --memory %" PRId64,
                       res->memory_reservation, res->memory_limit);
    if (res->memory_limit > 0 && res->memory_swap == RES_UNSET)
        res->memory_swap = res->memory_limit > INT64_MAX / 2 ? -1 : res->memory_limit * 2;
    return 0;
}

int flags_finish_resources(struct flags_state *st, struct lxcdriver_error **err)
{
    struct resources *res = &st->cmd->res;

    if (st->oom_kill_disable)
        res->has_oom_kill_disable = res->oom_kill_disable = true;
    if (st->cpus_quota_us) {
        if (res->cpu_quota_us != RES_UNSET || res->cpu_period_us != RES_UNSET)
            return err_set(err, "--cpus cannot be used with --cpu-quota or --cpu-period");
        res->cpu_quota_us = st->cpus_quota_us;
        res->cpu_period_us = CPU_PERIOD_US;
    }
    if (res->cpu_quota_us != RES_UNSET && res->cpu_quota_us != -1 &&
        res->cpu_quota_us < QUOTA_MIN_US)
        return err_set(err, "--cpu-quota: %" PRId64 " is less than %d microseconds",
                       res->cpu_quota_us, QUOTA_MIN_US);
    return finish_memory(res, err);
}
