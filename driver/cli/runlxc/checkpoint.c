/* runlxc checkpoint: runc's options, of which liblxc has words for some. */
#include <string.h>

#include "base/cleanup.h"
#include "runlxc/criulog.h"
#include "runlxc/verb.h"

#define IMAGE_DIR "checkpoint" /* below the working directory, as runc has it */

struct options {
    const char *image_path, *work_path, *parent_path, *page_server, *cgroups_mode;
    struct strv empty_ns;
    bool leave_running, tcp_established, ext_unix_sk, shell_job, lazy_pages, file_locks, pre_dump,
        auto_dedup;
    int64_t status_fd;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, image_path, "image-path", 0, "DIR", "where to write it (checkpoint)"),
    OPT_TEXT(struct options, work_path, "work-path", 0, "DIR", "where CRIU's log is copied to"),
    OPT_TEXT(struct options, parent_path, "parent-path", 0, "DIR",
             "an earlier --pre-dump, relative to --image-path"),
    OPT_SWITCH(struct options, leave_running, "leave-running", 0, "let it go on afterwards"),
    OPT_SWITCH(struct options, tcp_established, "tcp-established", 0,
               "TCP connections too (always so)"),
    OPT_SWITCH(struct options, file_locks, "file-locks", 0, "file locks too (always so)"),
    OPT_TEXT(struct options, page_server, "page-server", 0, "ADDRESS:PORT",
             "send memory to CRIU's page server there"),
    OPT_SWITCH(struct options, pre_dump, "pre-dump", 0, "memory only; it goes on"),
    OPT_TEXT(struct options, cgroups_mode, "manage-cgroups-mode", 0, "MODE",
             "soft, full or strict: cgroups are always written down in full"),
    OPT_SWITCH(struct options, ext_unix_sk, "ext-unix-sk", 0, "external unix sockets too"),
    OPT_SWITCH(struct options, shell_job, "shell-job", 0, "what was started from a shell too"),
    OPT_SWITCH(struct options, auto_dedup, "auto-dedup", 0,
               "drop what this one replaces from the images of --parent-path"),
    OPT_SWITCH(struct options, lazy_pages, "lazy-pages", 0, "refused: not for liblxc to say"),
    OPT_NUMBER(struct options, status_fd, "status-fd", 0, "N", -1, 1023, -1,
               "refused: not for liblxc to say"),
    OPT_LIST(struct options, empty_ns, "empty-ns", 0, "NAMESPACE",
             "refused: not for liblxc to say"),
};

/* What CRIU can do and liblxc cannot ask it for. */
static int check(const struct options *o, struct lxcdriver_error **err)
{
    const struct {
        bool given;
        const char *name;
    } missing[] = {
        {o->lazy_pages, "lazy-pages"},
        {o->status_fd >= 0, "status-fd"},
        {o->empty_ns.n > 0, "empty-ns"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
        if (missing[i].given)
            return err_set(err, "--%s: liblxc cannot ask CRIU for it", missing[i].name);
    return criu_check_cgroups_mode(o->cgroups_mode, err);
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    cleanup_free char *dir = criu_absolute(o->image_path ? o->image_path : IMAGE_DIR);
    cleanup_free char *work = criu_absolute(o->work_path ? o->work_path : IMAGE_DIR);
    struct lxcdriver_checkpoint_options request = {.image_dir = dir,
                                                   .parent_dir = o->parent_path,
                                                   .page_server = o->page_server,
                                                   .pre_dump = o->pre_dump,
                                                   .leave_running = o->leave_running,
                                                   .ext_unix_sk = o->ext_unix_sk,
                                                   .shell_job = o->shell_job,
                                                   .auto_dedup = o->auto_dedup};
    int result;

    if (!dir || !work)
        return err_nomem(err);
    if (check(o, err) < 0)
        return -1;
    result = lxcdriver_checkpoint(ctx->drv, args[0], &request, err);
    if (o->work_path && strcmp(work, dir) != 0 &&
        criu_copy_log(dir, work, o->pre_dump ? "pre-dump.log" : "dump.log",
                      result < 0 ? NULL : err) < 0)
        result = -1;
    return result;
}

const struct verb verb_checkpoint = {
    .name = "checkpoint",
    .usage = "ID",
    .summary = "write a running container down, by CRIU",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
