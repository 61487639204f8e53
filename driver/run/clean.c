/* Removing every trace of a container, however far it came and whatever was killed on the way. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/net.h"
#include "host/proc.h"
#include "run/hooks.h"
#include "shared/record.h"

#define KILL_WAIT_MS 10000

struct traces {
    struct cgroup_dirs payload, monitor;
    char *host_if, *upper, *unit;
    struct strv made;
};

static void traces_clear(struct traces *t)
{
    cgroup_dirs_clear(&t->payload);
    cgroup_dirs_clear(&t->monitor);
    free(t->host_if);
    free(t->upper);
    free(t->unit);
    strv_free(&t->made);
}

static int add_dir(struct cgroup_dirs *dirs, const char *path)
{
    struct cgroup_dir *dir = ARRAY_GROW(&dirs->dirs, &dirs->n);

    if (!dir)
        return -1;
    dir->controllers = strdup("");
    dir->path = strdup(path);
    return dir->controllers && dir->path ? 0 : -1;
}

static int take_trace(struct traces *t, const struct record *rec)
{
    const char *text = record_string(rec);

    if (!text)
        return 0;
    switch (rec->tag) {
    case SUPT_PAYLOAD_CGROUP:
        return add_dir(&t->payload, text);
    case SUPT_MONITOR_CGROUP:
        return add_dir(&t->monitor, text);
    case SUPT_HOST_IF:
        return str_set(&t->host_if, text);
    case SUPT_UPPER:
        return str_set(&t->upper, text);
    case SUPT_UNIT:
        return str_set(&t->unit, text);
    case SUPT_MADE:
        return strv_add(&t->made, text);
    default:
        return 0;
    }
}

/* The supervisor's record names what can be there. Without one nothing was started yet; one that
 * cannot be read has to stay, for what it names would be nobody's to remove. */
static int traces_read(int dir_fd, struct traces *out, struct lxcdriver_error **err)
{
    cleanup_free char *data = NULL;
    struct record_reader reader;
    struct record rec;
    size_t len = 0;

    if (fs_read_at(dir_fd, "supervise", WIRE_MAX, &data, &len) < 0)
        return errno == ENOENT || container_is_damage(errno)
                   ? 0
                   : err_sys(err, errno, "read the record of what there is to remove");
    if (record_open(&reader, data, len) < 0)
        return 0;
    while (record_next(&reader, &rec) > 0)
        if (take_trace(out, &rec) < 0)
            return err_nomem(err);
    return 0;
}

static int remove_made(const char *made, struct lxcdriver_error **err)
{
    cleanup_free char *path = strdup(made);
    char *slash = path ? strrchr(path, '/') : NULL;
    cleanup_close int dir = -1;
    struct stat st;

    if (!path)
        return err_nomem(err);
    if (!slash)
        return 0;
    *slash = '\0';
    dir = open(*path ? path : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fstatat(dir, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(err, errno, "look at %s", made);
    if (!S_ISDIR(st.st_mode) && !(S_ISREG(st.st_mode) && st.st_size == 0))
        return 0;
    if (unlinkat(dir, slash + 1, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0)
        return 0;
    /* In use by now, or out of anybody's reach. */
    if (errno == ENOENT || errno == ENOTEMPTY || errno == EBUSY || errno == EROFS)
        return 0;
    return err_sys(err, errno, "remove %s", made);
}

/* A mount point that we made in the user's own root goes again, if it is as empty as it was. */
int clean_made(const struct strv *made, struct lxcdriver_error **err)
{
    struct lxcdriver_error *first = NULL;

    for (size_t i = made->n; i-- > 0;)
        remove_made(made->items[i], first ? NULL : &first);
    if (!first)
        return 0;
    if (err)
        *err = first;
    else
        err_free(&first);
    return -1;
}

static int remove_upper(const char *upper, struct lxcdriver_error **err)
{
    cleanup_free char *dir = strdup(upper);
    cleanup_close int fd = -1;
    char *slash = dir ? strrchr(dir, '/') : NULL;

    if (!slash)
        return err_nomem(err);
    *slash = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "remove %s", upper);
    if (fs_remove_tree(fd, slash + 1) < 0)
        return err_sys(err, errno, "remove %s", upper);
    return 0;
}

/* Remember the first of several failures, and go on. */
static void note(struct lxcdriver_error **first, struct lxcdriver_error **one)
{
    if (!*first)
        *first = steal_ptr(one);
    err_free(one);
}

static void remove_cgroups(struct traces *t, struct lxcdriver_error **first)
{
    struct lxcdriver_error *one = NULL;

    cgroup_signal(&t->payload, SIGKILL, 0, NULL);
    cgroup_signal(&t->monitor, SIGKILL, 0, NULL);
    if (cgroup_remove(&t->payload, 0, &one) < 0)
        note(first, &one);
    if (cgroup_remove(&t->monitor, 0, &one) < 0)
        note(first, &one);
}

static int remove_record(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    cleanup_close int root = open(drv->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "open %s", drv->root);
    if (fs_remove_tree(root, id) < 0)
        return err_sys(err, errno, "remove %s/%s", drv->root, id);
    return 0;
}

/* A supervisor that has become this command still has the root filesystem mounted in its own mount
 * namespace. In any other there is nothing to unmount. */
static void unmount_rootfs(const struct lxcdriver *drv, const char *id)
{
    cleanup_free char *path = str_printf("%s/%s/rootfs", drv->root, id);

    if (path)
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* A supervisor that has written this down is about to end with the container's status, which its
 * parent waits for. */
static bool recorded_as_stopped(const struct container *c)
{
    return str_eq(json_string_value(json_object_get(c->state, "status")), "stopped");
}

/*
 * Top down: the supervisor takes lxc-start with it, that the init; what lost its parent is killed
 * for itself. We may be what the supervisor became by exec: proc_end() spares ourselves.
 */
static void end_processes(const struct container *c)
{
    /* In engine mode the supervisor is frozen with its container, and what is frozen in v1 does not
     * end. */
    if (container_state(c) == LXCDRIVER_PAUSED)
        cgroup_freeze(&c->cgroups, false, NULL);
    proc_end(c->supervisor, c->supervisor_start, recorded_as_stopped(c) ? 0 : SIGKILL,
             KILL_WAIT_MS);
    /* By the cgroups first: what is frozen in v1 does not end before it is thawed, and the
     * supervisor's record does not say which directory is the freezer's. */
    if (c->cgroups.n > 0)
        cgroup_signal(&c->cgroups, SIGKILL, 0, NULL);
    proc_end(c->pid, c->start_time, SIGKILL, KILL_WAIT_MS);
}

static void clean_open(struct container *c, bool torn_down, struct lxcdriver_error **first)
{
    struct traces t = {0};
    struct lxcdriver_error *one = NULL;

    if (!torn_down)
        end_processes(c);
    if (traces_read(c->dir_fd, &t, &one) < 0)
        note(first, &one);
    if (!torn_down)
        remove_cgroups(&t, first);
    if (t.unit && unit_remove(t.unit, &t.payload, &one) < 0)
        note(first, &one);
    if (!torn_down && t.host_if && net_interface_delete(t.host_if, &one) < 0)
        note(first, &one);
    if (t.upper && remove_upper(t.upper, &one) < 0)
        note(first, &one);
    if (apparmor_remove_generated(c->drv, c->id, c->dir_fd, &one) < 0)
        note(first, &one);
    if (clean_made(&t.made, &one) < 0)
        note(first, &one);
    furnish_remove(c->state);
    traces_clear(&t);
}

/* What cannot be said to have failed: the container is gone without its hooks. */
static void warn_unclaimed(const struct lxcdriver *drv, const struct lxcdriver_error *why)
{
    cleanup_free char *text = str_printf("poststop hooks are not run: %s", err_message(why));

    if (text && drv->on_warning)
        drv->on_warning(drv->warning_opaque, text);
}

/* Nothing but the records is left: they go, and behind them the hooks are run. */
static void clean_records(struct lxcdriver *drv, const char *id, int dir_fd,
                          const struct hooks_claim *hooks, struct lxcdriver_error **first)
{
    struct lxcdriver_error *one = NULL;

    lease_release(drv->root, id);
    if (hooks->cmd && hooks_forget(dir_fd, &one) < 0) {
        note(first, &one);
        return;
    }
    if (remove_record(drv, id, &one) < 0)
        note(first, &one);
    hooks_poststop(hooks, drv->on_warning, drv->warning_opaque);
}

int clean_traces(struct lxcdriver *drv, const char *id, bool torn_down,
                 struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    cleanup_err struct lxcdriver_error *first = NULL;
    cleanup_free char *upper = rootfs_upper_path(drv, id);
    struct hooks_claim hooks = HOOKS_UNCLAIMED;
    struct lxcdriver_error *one = NULL;

    unmount_rootfs(drv, id);
    if (container_open_damaged(drv, id, &c, &one) == 0) {
        if (hooks_claim(c.dir_fd, &hooks, &one) < 0)
            warn_unclaimed(drv, one);
        err_free(&one);
        clean_open(&c, torn_down, &first);
    } else if (one && one->errno_code && one->errno_code != ENOENT) {
        note(&first, &one); /* there may be more of it than the records */
    }
    err_free(&one);
    if (upper && remove_upper(upper, &one) < 0)
        note(&first, &one);
    /* The record names what could not be removed: the next attempt needs it. */
    if (!first)
        clean_records(drv, id, c.dir_fd, &hooks, &first);
    hooks_unclaim(&hooks);
    if (first) {
        if (err)
            *err = steal_ptr(&first);
        return -1;
    }
    return 0;
}

/* Of what was created and never started nothing is lost. What has lost its supervisor, whose end an
 * engine takes for the container's, is about to end with it, or would if it were not frozen. */
static bool may_go(const struct container *c)
{
    enum lxcdriver_state state = container_state(c);

    return state == LXCDRIVER_STOPPED || state == LXCDRIVER_CREATED ||
           (c->supervisor > 0 && !container_supervisor(c));
}

int lxcdriver_clean(struct lxcdriver *drv, const char *id, bool force, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    struct lxcdriver_error *missing = NULL;

    if (command_check_id(id, err) < 0)
        return -1;
    if (container_open_damaged(drv, id, &c, &missing) < 0) {
        bool gone = missing && missing->errno_code == ENOENT;

        if (!gone || !force) {
            if (err)
                *err = missing;
            else
                err_free(&missing);
            return -1;
        }
        err_free(&missing);
    } else if (!force && !may_go(&c)) {
        return err_set(err, "container \"%s\" is %s: stop it first, or use force", id,
                       state_name(container_state(&c)));
    }
    return clean_traces(drv, id, false, err);
}
