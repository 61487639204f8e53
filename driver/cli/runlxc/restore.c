/* runlxc restore: runc's options, of which liblxc and CRIU can have some. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/exitcode.h"
#include "runlxc/bundle.h"
#include "runlxc/criulog.h"

#define IMAGE_DIR "checkpoint" /* below the working directory, as runc has it */

struct options {
    struct bundle_options bundle;
    const char *image_path, *work_path, *cgroups_mode, *lsm_profile, *lsm_mount_context;
    struct strv empty_ns;
    bool tcp_established, ext_unix_sk, shell_job, lazy_pages, file_locks, auto_dedup;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, image_path, "image-path", 0, "DIR", "where it lies (checkpoint)"),
    OPT_TEXT(struct options, work_path, "work-path", 0, "DIR", "where CRIU's log is copied to"),
    OPT_TEXT(struct options, bundle.bundle, "bundle", 'b', "DIR", "the bundle (.)"),
    OPT_SWITCH(struct options, bundle.detach, "detach", 'd', "do not wait for its end"),
    OPT_TEXT(struct options, bundle.pid_file, "pid-file", 0, "FILE",
             "write the pid of the container's supervisor there"),
    OPT_TEXT(struct options, bundle.console_socket, "console-socket", 0, "SOCKET",
             "refused: no terminal is brought back"),
    OPT_SWITCH(struct options, bundle.no_pivot, "no-pivot", 0, "accepted for runc's sake"),
    OPT_SWITCH(struct options, bundle.no_subreaper, "no-subreaper", 0,
               "accepted: it is the supervisor that reaps, not this command"),
    OPT_SWITCH(struct options, tcp_established, "tcp-established", 0,
               "TCP connections too (always so)"),
    OPT_SWITCH(struct options, file_locks, "file-locks", 0, "file locks too (always so)"),
    OPT_SWITCH(struct options, ext_unix_sk, "ext-unix-sk", 0, "external unix sockets too"),
    OPT_SWITCH(struct options, shell_job, "shell-job", 0, "what was started from a shell"),
    OPT_SWITCH(struct options, auto_dedup, "auto-dedup", 0,
               "drop pages from the images once they are read"),
    OPT_TEXT(struct options, cgroups_mode, "manage-cgroups-mode", 0, "MODE",
             "soft, full or strict: cgroups always come back in full"),
    OPT_SWITCH(struct options, lazy_pages, "lazy-pages", 0, "refused: not for liblxc to say"),
    OPT_LIST(struct options, empty_ns, "empty-ns", 0, "NAMESPACE",
             "refused: not for liblxc to say"),
    OPT_TEXT(struct options, lsm_profile, "lsm-profile", 0, "TYPE:NAME",
             "refused: the profile is the bundle's"),
    OPT_TEXT(struct options, lsm_mount_context, "lsm-mount-context", 0, "LABEL",
             "refused: not for liblxc to say"),
};

static int check(const struct options *o, struct lxcdriver_error **err)
{
    const struct {
        bool given;
        const char *text;
    } refused[] = {
        {o->lazy_pages, "--lazy-pages: liblxc cannot ask CRIU for it"},
        {o->empty_ns.n > 0, "--empty-ns: liblxc cannot ask CRIU for it"},
        {o->lsm_profile, "--lsm-profile: the profile is the bundle's, process.apparmorProfile"},
        {o->lsm_mount_context, "--lsm-mount-context: liblxc cannot ask CRIU for it"},
        {o->bundle.console_socket, "--console-socket: CRIU brings no terminal of a container back"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (refused[i].given)
            return err_set(err, "%s", refused[i].text);
    return criu_check_cgroups_mode(o->cgroups_mode, err);
}

static int restore(const struct context *ctx, const struct options *o, const char *id,
                   const char *dir, int *status, struct lxcdriver_error **err)
{
    const struct lxcdriver_restore_options request = {.image_dir = dir,
                                                      .ext_unix_sk = o->ext_unix_sk,
                                                      .shell_job = o->shell_job,
                                                      .auto_dedup = o->auto_dedup};
    struct bundle_job job;
    int result = bundle_open(&job, ctx, &o->bundle, id, !o->bundle.detach, err);

    if (result == 0) {
        job.run.remove = !o->bundle.detach;
        result = lxcdriver_restore(ctx->drv, job.cmd, &request, &job.run, status, err);
        result = bundle_result(&job, result, err);
    }
    bundle_close(&job);
    return result;
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    cleanup_free char *dir = criu_absolute(o->image_path ? o->image_path : IMAGE_DIR);
    cleanup_free char *work = criu_absolute(o->work_path ? o->work_path : IMAGE_DIR);
    int result, status = 0;

    if (!dir || !work)
        return err_nomem(err);
    if (check(o, err) < 0)
        return -1;
    result = restore(ctx, o, args[0], dir, &status, err);
    if (o->work_path && strcmp(work, dir) != 0 &&
        criu_copy_log(dir, work, "restore.log", result < 0 ? NULL : err) < 0)
        result = -1;
    if (result < 0)
        return -1;
    return o->bundle.detach ? 0 : exitcode_of(status);
}

const struct verb verb_restore = {
    .name = "restore",
    .usage = "ID",
    .summary = "bring back what checkpoint has written, by CRIU",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
