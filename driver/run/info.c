/* Looking at containers. */
#include "run/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exitcode.h"

static int64_t integer(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static int copy_string(char **dst, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return str_set(dst, text ? text : "");
}

static int fill_info(const struct container *c, struct lxcdriver_info *info)
{
    json_t *wait_status = json_object_get(c->state, "waitStatus");

    info->state = container_state(c);
    info->pid = info->state == LXCDRIVER_STOPPED ? 0 : c->pid;
    info->supervisor_pid = c->supervisor;
    info->start_time = c->start_time;
    info->created_ns = integer(c->state, "created");
    info->started_ns = integer(c->state, "started");
    info->finished_ns = integer(c->state, "finished");
    info->oom_killed = json_is_true(json_object_get(c->state, "oom"));
    if (info->state == LXCDRIVER_STOPPED) {
        info->exited = true;
        /* No status was written: whoever would have was killed, and the container with it. */
        info->exit_status = json_integer_value(wait_status) >= 0 && json_is_integer(wait_status)
                                ? (int)json_integer_value(wait_status)
                                : 9;
    }
    return str_set(&info->id, c->id) < 0 || copy_string(&info->bundle, c->state, "bundle") < 0 ||
                   copy_string(&info->rootfs, c->state, "rootfs") < 0
               ? -1
               : 0;
}

int lxcdriver_get_info(struct lxcdriver *drv, const char *id, struct lxcdriver_info *info,
                       struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};

    *info = (struct lxcdriver_info){0};
    if (container_open(drv, id, &c, err) < 0)
        return -1;
    if (fill_info(&c, info) < 0) {
        lxcdriver_info_clear(info);
        return err_nomem(err);
    }
    return 0;
}

void lxcdriver_info_clear(struct lxcdriver_info *info)
{
    free(info->id);
    free(info->bundle);
    free(info->rootfs);
    *info = (struct lxcdriver_info){0};
}

/* RFC 3339 with nanoseconds, or null for a moment that has not come. */
static json_t *moment(int64_t ns)
{
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm tm;
    char text[64], full[96];

    if (ns == 0 || !gmtime_r(&seconds, &tm) ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return json_null();
    snprintf(full, sizeof(full), "%s.%09lldZ", text, (long long)(ns % 1000000000));
    return json_string(full);
}

/* The stored object with the state as it is now, times as text and the exit status as a shell would
 * give it. */
static json_t *present_object(const struct container *c, const struct lxcdriver_info *info)
{
    json_t *object = c->state ? json_deep_copy(c->state) : json_pack("{s:s}", "id", c->id);

    if (!object)
        return NULL;
    json_object_set_new(object, "status", json_string(state_name(info->state)));
    json_object_set_new(object, "pid", json_integer(info->pid));
    json_object_set_new(object, "created", moment(info->created_ns));
    json_object_set_new(object, "started", moment(info->started_ns));
    json_object_set_new(object, "finished", moment(info->finished_ns));
    json_object_del(object, "waitStatus");
    json_object_set_new(object, "exitStatus",
                        info->exited ? json_integer(exitcode_of(info->exit_status)) : json_null());
    return object;
}

char *lxcdriver_state_json(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    struct lxcdriver_info info = {0};
    json_t *object = NULL;
    char *text;

    if (container_open(drv, id, &c, err) < 0)
        return NULL;
    if (fill_info(&c, &info) == 0)
        object = present_object(&c, &info);
    text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    lxcdriver_info_clear(&info);
    if (!text)
        err_nomem(err);
    return text;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **lxcdriver_list(struct lxcdriver *drv, struct lxcdriver_error **err)
{
    cleanup_closedir DIR *dir = opendir(drv->root);
    struct strv ids = {0};
    struct dirent *entry;

    if (!dir && errno != ENOENT) {
        err_sys(err, errno, "open %s", drv->root);
        return NULL;
    }
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
            command_check_id(entry->d_name, NULL) < 0)
            continue;
        if (strv_add(&ids, entry->d_name) < 0) {
            strv_free(&ids);
            err_nomem(err);
            return NULL;
        }
    }
    if (ids.n == 0)
        ids.items = calloc(1, sizeof(*ids.items));
    else
        qsort(ids.items, ids.n, sizeof(*ids.items), compare);
    if (!ids.items)
        err_nomem(err);
    return ids.items;
}
