/* Changing the resources of a container that lives. */
#include "run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "host/resctrl.h"
#include "spec/oci.h"
#include "spec/readers.h"
#include "spec/validate.h"
#include "spec/words.h"

#define CONFIG_MAX ((size_t)4 << 20)
/* v1 shows "no limit" as the greatest number of whole pages in a long. */
#define V1_UNLIMITED (INT64_MAX - (INT64_C(1) << 24))
/* Lines of the configuration that were in force last, once an update has changed them. */
#define DEVICES_FILE "devices"

struct update {
    struct container *c;
    struct command *cmd; /* only its resources */
    const char *unit;    /* systemd's around its cgroups; NULL: none */
    bool has_devices;
    struct cgroup_layout layout;
    struct config_facts facts;
};

static void update_clear(struct update *u)
{
    command_free(u->cmd);
    cgroup_layout_clear(&u->layout);
}

/* ---- reading ---- */

static int read_resources(struct update *u, const json_t *value, struct lxcdriver_error **err)
{
    struct json_at at = json_root(value), devices;

    snprintf(at.path, sizeof(at.path), "resources");
    devices = json_member(&at, "devices");
    u->has_devices = json_present(&devices);
    if (oci_resources_read(&at, &u->cmd->res, err) < 0)
        return -1;
    if (u->has_devices && device_rules_bundle(&u->cmd->res, err) < 0)
        return -1;
    return oci_rdt_read(&at, u->cmd, err);
}

static int read_json(struct update *u, const char *json, size_t len, struct lxcdriver_error **err)
{
    json_t *value = json_parse(json, len, "resources", err);
    int rc;

    if (!value)
        return -1;
    rc = read_resources(u, value, err);
    json_decref(value);
    return rc;
}

static int read_facts(struct update *u, struct lxcdriver_error **err)
{
    cleanup_free char *weight = NULL;
    bool v2;

    u->unit = json_string_value(json_object_get(u->c->state, "systemdUnit"));
    if ((u->unit ? cgroup_layout_read_units(&u->layout, err)
                 : cgroup_layout_read(&u->layout, err)) < 0)
        return -1;
    v2 = u->layout.mode == CGROUP_V2;
    u->facts = (struct config_facts){
        .cgroup_mode = u->layout.mode,
        .v1_controllers = &u->layout.v1_controllers,
        .v2_controllers = &u->layout.v2_controllers,
        .blkio_weight_file = v2 ? "io.weight" : "blkio.weight",
    };
    if (cgroup_read(&u->c->cgroups, u->facts.blkio_weight_file, &weight) < 0)
        u->facts.blkio_weight_file = v2 ? "io.bfq.weight" : "blkio.bfq.weight";
    u->cmd->rootless = rootless();
    u->cmd->supervisor_inside = json_is_true(json_object_get(u->c->state, "supervisorInside"));
    return 0;
}

/* ---- what is meant by what is said ---- */

/* A limit that is in force: -1 is none. False when there is no such file. */
static bool read_limit(const struct update *u, const char *file, int64_t *out)
{
    cleanup_free char *text = NULL;
    int64_t value;

    if (cgroup_read(&u->c->cgroups, file, &text) < 0)
        return false;
    *out = str_to_i64(text, 0, V1_UNLIMITED, &value) ? value : -1;
    return true;
}

/* No limit of memory means none with swap either; a limit with swap is judged beside that of
 * memory, which may have been set long ago. */
static void complete_memory(struct update *u)
{
    struct resources *res = &u->cmd->res;
    bool v2 = u->layout.mode == CGROUP_V2;
    int64_t now;

    if (res->memory_limit == -1 && res->memory_swap == RES_UNSET &&
        read_limit(u, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", &now))
        res->memory_swap = -1;
    if (res->memory_swap > 0 && res->memory_limit == RES_UNSET &&
        read_limit(u, v2 ? "memory.max" : "memory.limit_in_bytes", &now))
        res->memory_limit = now;
}

/* systemd's quota is one of both: what was not said is what is. */
static void complete_cpu_v1(struct update *u)
{
    struct resources *res = &u->cmd->res;
    bool quota = res->cpu_quota_us == RES_UNSET;
    cleanup_free char *text = NULL;
    int64_t value;

    if (u->unit && quota != (res->cpu_period_us == RES_UNSET) &&
        cgroup_read(&u->c->cgroups, quota ? "cpu.cfs_quota_us" : "cpu.cfs_period_us", &text) == 0 &&
        str_to_i64(text, -1, INT64_MAX, &value))
        *(quota ? &res->cpu_quota_us : &res->cpu_period_us) = value;
}

/* cpu.max of v2 is quota and period in one: what was not said stays. */
static void complete_cpu(struct update *u)
{
    struct resources *res = &u->cmd->res;
    cleanup_free char *text = NULL;
    char *period;
    int64_t value;

    if (u->layout.mode != CGROUP_V2)
        complete_cpu_v1(u);
    if (u->layout.mode != CGROUP_V2 ||
        (res->cpu_quota_us == RES_UNSET) == (res->cpu_period_us == RES_UNSET) ||
        cgroup_read(&u->c->cgroups, "cpu.max", &text) < 0)
        return;
    period = text + strcspn(text, " ");
    if (*period)
        *period++ = '\0';
    if (res->cpu_quota_us == RES_UNSET)
        res->cpu_quota_us = str_to_i64(text, 1, INT64_MAX, &value) ? value : -1;
    else if (str_to_i64(period, 1, INT64_MAX, &value))
        res->cpu_period_us = value;
}

/* v2 takes a limit below what is in use, and kills for it. */
static int check_usage(const struct update *u, struct lxcdriver_error **err)
{
    const struct resources *res = &u->cmd->res;
    cleanup_free char *text = NULL;
    int64_t usage;

    if (!res->memory_check_before_update || res->memory_limit < 0)
        return 0;
    if (cgroup_read(&u->c->cgroups,
                    u->layout.mode == CGROUP_V2 ? "memory.current" : "memory.usage_in_bytes",
                    &text) < 0)
        return err_sys(err, errno, "resources.memory.checkBeforeUpdate: read what is in use");
    if (str_to_i64(text, 0, INT64_MAX, &usage) && usage > res->memory_limit)
        return err_set(err,
                       "resources.memory.limit: %" PRId64
                       " is less than the %s bytes that the container uses now",
                       res->memory_limit, text);
    return 0;
}

/* ---- devices ---- */

static void add_device_lines(const char *text, struct buf *out)
{
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");

        if (str_starts(line, "lxc.cgroup.devices.") || str_starts(line, "lxc.cgroup2.devices.")) {
            buf_append(out, line, len);
            buf_putc(out, '\n');
        }
        line += len + (line[len] == '\n');
    }
}

/* The lines in force: of the last update, or of the start. */
static int lines_in_force(const struct update *u, struct buf *out, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;

    if (fs_read_at(u->c->dir_fd, DEVICES_FILE, CONFIG_MAX, &text, NULL) < 0 &&
        fs_read_at(u->c->dir_fd, "config", CONFIG_MAX, &text, NULL) < 0)
        return err_sys(err, errno, "read the configuration of the container");
    buf_puts(out, "");
    add_device_lines(text, out);
    return out->failed ? err_nomem(err) : 0;
}

/* "lxc.cgroup.devices.allow = c 1:3 rwm" each. */
static int values_of(const char *lines, struct cgroup_values *out, struct lxcdriver_error **err)
{
    cleanup_free char *copy = strdup(lines);
    char *rest = copy;

    if (!copy)
        return err_nomem(err);
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *value = strstr(line, " = ");
        struct cgroup_value *slot = value ? ARRAY_GROW(&out->items, &out->n) : NULL;

        if (!value)
            continue;
        *value = '\0';
        if (!slot || !(slot->file = strdup(line + strlen("lxc.cgroup."))) ||
            !(slot->value = strdup(value + strlen(" = "))) ||
            !(slot->member = strdup("resources.devices")))
            return err_nomem(err);
    }
    return 0;
}

/* The rules are said anew from the first, which denies everything: nobody in the container may run
 * meanwhile. */
static int write_devices(const struct update *u, const char *lines, const char *old,
                         struct lxcdriver_error **err)
{
    cleanup_cgroup_values struct cgroup_values now = {0}, before = {0};
    bool frozen = false;
    int rc;

    if (values_of(lines, &now, err) < 0 || values_of(old, &before, err) < 0)
        return -1;
    (void)cgroup_is_frozen(&u->c->cgroups, &frozen);
    if (!frozen && cgroup_freeze(&u->c->cgroups, true, err) < 0)
        return -1;
    rc = cgroup_write(&u->c->cgroups, &now, err);
    if (rc < 0)
        (void)cgroup_write(&u->c->cgroups, &before, NULL);
    if (!frozen && cgroup_freeze(&u->c->cgroups, false, rc < 0 ? NULL : err) < 0)
        return -1;
    return rc;
}

/* Engines repeat the rules of the start with every update: then nothing is to be done. */
static int update_devices(const struct update *u, struct lxcdriver_error **err)
{
    cleanup_buf struct buf wanted = {0}, now = {0};

    if (!u->has_devices)
        return 0;
    if (config_write_devices(u->cmd, &u->facts, &wanted, err) < 0 ||
        lines_in_force(u, &now, err) < 0)
        return -1;
    if (!wanted.data || str_starts(now.data, wanted.data))
        return 0;
    if (u->layout.mode == CGROUP_V2)
        return err_set(err, "resources.devices: on cgroup v2 the devices of a container stay those "
                            "that it was made with");
    if (write_devices(u, wanted.data, now.data, err) < 0)
        return -1;
    if (fs_write_atomic(u->c->dir_fd, DEVICES_FILE, wanted.data, wanted.len, 0600) < 0)
        return err_sys(err, errno, "resources.devices: record the rules");
    return 0;
}

/* ---- Intel RDT: a member "intelRdt" beside the others ---- */

static int update_rdt(const struct update *u, struct lxcdriver_error **err)
{
    const json_t *group = json_object_get(u->c->state, "intelRdt");
    const char *dir = json_string_value(json_object_get(group, "dir"));

    if (!u->cmd->has_intel_rdt)
        return 0;
    if (resctrl_check(u->cmd, err) < 0)
        return -1;
    if (!dir)
        return err_set(err, "resources.intelRdt: the container was made without it");
    return resctrl_update(dir, u->cmd->rdt_l3_cache, u->cmd->rdt_mem_bw, err);
}

/* ---- all of it ---- */

static int update_values(struct update *u, struct lxcdriver_error **err)
{
    cleanup_cgroup_values struct cgroup_values values = {0};
    bool v2;

    complete_memory(u);
    complete_cpu(u);
    if (validate_resources(u->cmd, err) < 0 || check_usage(u, err) < 0 ||
        cgroup_values_make(u->cmd, &u->facts, &values, err) < 0)
        return -1;
    v2 = u->layout.mode == CGROUP_V2;
    return u->unit ? unit_write(u->unit, &u->c->cgroups, &values, u->cmd, v2, u->has_devices && !v2,
                                err)
                   : cgroup_write(&u->c->cgroups, &values, err);
}

int lxcdriver_update(struct lxcdriver *drv, const char *id, const char *json, size_t len,
                     struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    __attribute__((cleanup(update_clear))) struct update u = {.c = &c, .cmd = command_new()};

    /* A bundle's rules: no floor under what a container needs. */
    if (!u.cmd || str_set(&u.cmd->oci_version, OCI_VERSION_MAX) < 0)
        return err_nomem(err);
    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, true, err) < 0 ||
        container_want_cgroup(&c, err) < 0)
        return -1;
    if (read_json(&u, json, len, err) < 0 || read_facts(&u, err) < 0 ||
        update_values(&u, err) < 0 || update_devices(&u, err) < 0 || update_rdt(&u, err) < 0)
        return err_wrap(err, "container \"%s\": update", id);
    return 0;
}
