/* The records of one container, and what its state is now. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/proc.h"

static int64_t integer(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* "cgroups": {"memory": "/sys/fs/cgroup/memory/...", ...}; "" is v2. */
static int read_cgroups(const json_t *object, struct cgroup_dirs *out)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        const char *path = json_string_value(value);
        char *controllers = path ? strdup(name) : NULL, *copy = path ? strdup(path) : NULL;
        struct cgroup_dir *dir = controllers && copy ? ARRAY_GROW(&out->dirs, &out->n) : NULL;

        if (!dir) {
            free(controllers);
            free(copy);
            return -1;
        }
        *dir = (struct cgroup_dir){.controllers = controllers, .path = copy, .v2 = !*name};
    }
    return 0;
}

static int open_dir(struct lxcdriver *drv, const char *id, struct container *out,
                    struct lxcdriver_error **err)
{
    cleanup_free char *path = NULL;

    if (command_check_id(id, err) < 0)
        return -1;
    path = str_printf("%s/%s", drv->root, id);
    out->id = strdup(id);
    if (!path || !out->id)
        return err_nomem(err);
    out->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (out->dir_fd >= 0)
        return 0;
    if (errno != ENOENT)
        return err_sys(err, errno, "container \"%s\": open %s", id, path);
    err_set(err, "container \"%s\" does not exist", id);
    if (err && *err)
        (*err)->errno_code = ENOENT;
    return -1;
}

static int read_state(struct container *out, struct lxcdriver_error **err)
{
    struct lxcdriver_error *damage = NULL;

    out->state = state_read(out->dir_fd, &damage);
    if (damage) {
        err_wrap(&damage, "container \"%s\"", out->id);
        if (err)
            *err = steal_ptr(&damage);
        err_free(&damage);
        return -1;
    }
    out->pid = (pid_t)integer(out->state, "pid");
    out->start_time = (uint64_t)integer(out->state, "initStartTime");
    out->supervisor = (pid_t)integer(out->state, "supervisorPid");
    out->supervisor_start = (uint64_t)integer(out->state, "supervisorStartTime");
    if (read_cgroups(json_object_get(out->state, "cgroups"), &out->cgroups) < 0)
        return err_set(err, "container \"%s\": state.json: cgroups: not usable", out->id);
    return 0;
}

int container_open(struct lxcdriver *drv, const char *id, struct container *out,
                   struct lxcdriver_error **err)
{
    *out = (struct container){.drv = drv, .dir_fd = -1};
    if (open_dir(drv, id, out, err) == 0 && read_state(out, err) == 0)
        return 0;
    container_close(out);
    return -1;
}

bool container_is_damage(int errnum)
{
    return errnum == 0 || errnum == EISDIR || errnum == ELOOP || errnum == ENXIO ||
           errnum == EFBIG || errnum == EINVAL;
}

int container_open_damaged(struct lxcdriver *drv, const char *id, struct container *out,
                           struct lxcdriver_error **err)
{
    struct lxcdriver_error *why = NULL;

    *out = (struct container){.drv = drv, .dir_fd = -1};
    if (open_dir(drv, id, out, &why) == 0 &&
        (read_state(out, &why) == 0 || !why || container_is_damage(why->errno_code))) {
        err_free(&why);
        return 0;
    }
    container_close(out);
    if (err)
        *err = steal_ptr(&why);
    err_free(&why);
    return -1;
}

void container_close(struct container *c)
{
    free(c->id);
    json_decref(c->state);
    cgroup_dirs_clear(&c->cgroups);
    close_fd(&c->dir_fd);
    *c = (struct container){.dir_fd = -1};
}

const char *state_name(enum lxcdriver_state state)
{
    static const char *const names[] = {[LXCDRIVER_CREATING] = "creating",
                                        [LXCDRIVER_CREATED] = "created",
                                        [LXCDRIVER_RUNNING] = "running",
                                        [LXCDRIVER_PAUSED] = "paused",
                                        [LXCDRIVER_STOPPED] = "stopped"};

    return (size_t)state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

enum lxcdriver_state container_state(const struct container *c)
{
    const char *status;
    bool frozen = false;

    if (!c->state)
        return LXCDRIVER_CREATING;
    status = json_string_value(json_object_get(c->state, "status"));
    if (str_eq(status, "stopped") || !proc_alive(c->pid, c->start_time))
        return LXCDRIVER_STOPPED;
    if (cgroup_is_frozen(&c->cgroups, &frozen) == 0 && frozen)
        return LXCDRIVER_PAUSED;
    return str_eq(status, "created") ? LXCDRIVER_CREATED : LXCDRIVER_RUNNING;
}

/* containerd looks for "container not running" when a signal could not be sent. */
static int not_running(const struct container *c, const char *state, struct lxcdriver_error **err)
{
    err_set(err, "container not running: \"%s\" is %s", c->id, state);
    if (err && *err)
        (*err)->errno_code = ESRCH;
    return -1;
}

int container_want_running(const struct container *c, bool paused_too, struct lxcdriver_error **err)
{
    enum lxcdriver_state state = container_state(c);

    if (state == LXCDRIVER_RUNNING || state == LXCDRIVER_CREATED ||
        (paused_too && state == LXCDRIVER_PAUSED))
        return 0;
    return not_running(c, state_name(state), err);
}

pid_t container_supervisor(const struct container *c)
{
    return proc_alive(c->supervisor, c->supervisor_start) ? c->supervisor : 0;
}

int container_pidfd(const struct container *c, struct lxcdriver_error **err)
{
    int fd = c->pid > 0 ? (int)syscall(SYS_pidfd_open, c->pid, 0) : -1;

    /* Looked at after it was opened: the descriptor is then of the process that the start time
     * belongs to. */
    if (fd < 0 || !proc_alive(c->pid, c->start_time)) {
        close_fd(&fd);
        return not_running(c, state_name(container_state(c)), err);
    }
    return fd;
}

int container_want_cgroup(const struct container *c, struct lxcdriver_error **err)
{
    return c->cgroups.n ? 0
                        : err_set(err,
                                  "container \"%s\" has no cgroup: none is delegated to the user "
                                  "who started it",
                                  c->id);
}
