/* Writing down a running container, by a helper that links liblxc, and CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/criu.h"
#include "run/run.h"

#define CONF_NAME "dump.conf"
#define CONFIG_MAX (4 << 20)

static int make_argv(const struct container *c, const struct lxcdriver_checkpoint_options *o,
                     struct strv *argv)
{
    cleanup_free char *helper = driver_helper(c->drv, "runlxc-lxc-checkpoint");

    if (!helper || strv_add(argv, helper) < 0 || strv_add(argv, c->drv->root) < 0 ||
        strv_add(argv, c->id) < 0 || strv_add(argv, o->image_dir) < 0 ||
        strv_printf(argv, "conf=%s/" CONF_NAME, o->image_dir) < 0 ||
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

/* A network namespace that was made elsewhere stays there, with what is in it; a new container
 * comes back into that of its bundle. */
static int external_network(const struct container *c, struct buf *conf,
                            struct lxcdriver_error **err)
{
    cleanup_free char *config = NULL;
    cleanup_free char *path = str_printf("/proc/%d/ns/net", (int)c->pid);
    struct stat st;

    if (!path)
        return err_nomem(err);
    if (fs_read_at(c->dir_fd, "config", CONFIG_MAX, &config, NULL) < 0)
        return err_sys(err, errno, "read the container's configuration");
    if (!strstr(config, "\nlxc.namespace.share.net = "))
        return 0;
    if (stat(path, &st) < 0)
        return err_sys(err, errno, "look at %s", path);
    buf_printf(conf, "external net[%" PRIu64 "]:" RESTORE_NET_NAME "\n", (uint64_t)st.st_ino);
    return 0;
}

/* What liblxc has no words for CRIU reads in a file. */
static int write_conf(const struct container *c, const struct lxcdriver_checkpoint_options *o,
                      int dir, struct lxcdriver_error **err)
{
    struct criu_streams streams cleanup_criu_streams = {{NULL}};
    cleanup_buf struct buf conf = {0};

    if (criu_streams_look(c->pid, &streams, err) < 0 || external_network(c, &conf, err) < 0)
        return -1;
    for (int i = 0; i < RESTORE_STREAMS; i++)
        if (criu_stream_is_file(streams.names[i]))
            buf_printf(&conf, "external %s\n", streams.names[i]);
    criu_conf_words(&conf, o->ext_unix_sk, o->shell_job, o->auto_dedup);
    if (criu_conf_write(dir, o->image_dir, CONF_NAME, &conf, err) < 0)
        return -1;
    return criu_streams_write(dir, &streams, err);
}

static int prepare(const struct container *c, const struct lxcdriver_checkpoint_options *o,
                   struct lxcdriver_error **err)
{
    cleanup_close int dir = -1;
    cleanup_free char *criu = NULL;

    if (container_want_running(c, false, err) < 0)
        return -1;
    criu = criu_find(err);
    if (!criu)
        return -1;
    if (fs_mkdir_p(o->image_dir, 0700) < 0)
        return err_sys(err, errno, "make %s", o->image_dir);
    dir = open(o->image_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(err, errno, "open %s", o->image_dir);
    return write_conf(c, o, dir, err);
}

int lxcdriver_checkpoint(struct lxcdriver *drv, const char *id,
                         const struct lxcdriver_checkpoint_options *options,
                         struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    cleanup_free char *hierarchy = criu_hierarchy_options();
    int status, result;

    if (container_open(drv, id, &c, err) < 0)
        return -1;
    if (prepare(&c, options, err) < 0)
        return err_wrap(err, "checkpoint");
    result = run_helper(&c, options, err);
    if (criu_hierarchy_mend(hierarchy, result < 0 ? NULL : err) < 0 || result < 0)
        return err_wrap(err, "checkpoint");
    if (options->pre_dump || options->leave_running)
        return 0;
    /* CRIU has killed it: what it was is now in the images. */
    if (lxcdriver_wait(drv, id, &status, err) < 0)
        return -1;
    return lxcdriver_clean(drv, id, true, err);
}
