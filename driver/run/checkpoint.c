/* Writing down a running container, by a helper that links liblxc, and CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/run.h"

#define LOG_MAX (64 << 20)

/* Whether a program is in one of PATH's directories, as LXC will look for it. */
static bool in_path(const char *name)
{
    const char *path = getenv("PATH");

    for (const char *at = path ? path : ""; *at;) {
        size_t len = strcspn(at, ":");
        cleanup_free char *file = str_printf("%.*s/%s", (int)len, at, name);

        if (file && access(file, X_OK) == 0)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

/* The text of a line "... Error (file:line): text" of CRIU's log but of its conclusion, "Dumping
 * FAILED."; NULL for others. */
static const char *criu_error(const char *line)
{
    const char *at = strstr(line, "Error (");
    const char *end = at ? strstr(at, "): ") : NULL;

    return end && !strstr(end, "FAILED") ? end + 3 : NULL;
}

/* The last errors together say what happened and what for; earlier ones may be of something that
 * CRIU can do without. Heap, or NULL. */
static char *criu_reason(const char *dir, const char *log)
{
    cleanup_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    cleanup_buf struct buf reason = {0};
    const char *last[3] = {NULL};
    char *rest;

    if (fd < 0 || fs_read_at(fd, log, LOG_MAX, &text, NULL) < 0)
        return NULL;
    rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        const char *error = criu_error(line);

        if (!error)
            continue;
        last[0] = last[1];
        last[1] = last[2];
        last[2] = error;
    }
    for (size_t i = 0; i < ARRAY_SIZE(last); i++)
        if (last[i])
            buf_printf(&reason, "%s%s", reason.len ? "; " : "", last[i]);
    return reason.len && !reason.failed ? buf_take(&reason) : NULL;
}

static int make_argv(const struct container *c, const struct lxcdriver_checkpoint_options *o,
                     struct strv *argv)
{
    cleanup_free char *helper = driver_helper(c->drv, "runlxc-lxc-checkpoint");

    if (!helper || strv_add(argv, helper) < 0 || strv_add(argv, c->drv->root) < 0 ||
        strv_add(argv, c->id) < 0 || strv_add(argv, o->image_dir) < 0 ||
        (o->pre_dump && strv_add(argv, "pre-dump") < 0) ||
        (o->leave_running && strv_add(argv, "leave-running") < 0) ||
        (o->parent_dir && strv_printf(argv, "parent=%s", o->parent_dir) < 0) ||
        (o->page_server && strv_printf(argv, "page-server=%s", o->page_server) < 0))
        return -1;
    return 0;
}

static int run_helper(const struct container *c, const struct lxcdriver_checkpoint_options *o,
                      struct lxcdriver_error **err)
{
    const char *log = o->pre_dump ? "pre-dump.log" : "dump.log";
    cleanup_free char *why = NULL, *output = NULL;
    cleanup_strv struct strv argv = {0};
    int status;

    if (make_argv(c, o, &argv) < 0)
        return err_nomem(err);
    status = run_captured(argv.items, &output, err);
    if (status <= 0)
        return status;
    why = criu_reason(o->image_dir, log);
    if (why)
        return err_set(err, "CRIU: %s (%s/%s)", why, o->image_dir, log);
    if (output)
        output[strcspn(output, "\n")] = '\0';
    return err_set(err, "%s", output && *output ? output : "the helper ended without a word");
}

static int check(const struct container *c, const struct lxcdriver_checkpoint_options *o,
                 struct lxcdriver_error **err)
{
    if (container_want_running(c, false, err) < 0)
        return -1;
    if (!in_path("criu"))
        return err_set(err, "CRIU is not installed: there is no program \"criu\" in PATH "
                            "(Debian's package criu has it)");
    if (fs_mkdir_p(o->image_dir, 0700) < 0)
        return err_sys(err, errno, "make %s", o->image_dir);
    return 0;
}

int lxcdriver_checkpoint(struct lxcdriver *drv, const char *id,
                         const struct lxcdriver_checkpoint_options *options,
                         struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    int status;

    if (container_open(drv, id, &c, err) < 0)
        return -1;
    if (check(&c, options, err) < 0 || run_helper(&c, options, err) < 0)
        return err_wrap(err, "checkpoint");
    if (options->pre_dump || options->leave_running)
        return 0;
    /* CRIU has killed it: what it was is now in the images. */
    if (lxcdriver_wait(drv, id, &status, err) < 0)
        return -1;
    return lxcdriver_clean(drv, id, true, err);
}
