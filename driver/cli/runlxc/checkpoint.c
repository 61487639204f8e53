/* runlxc checkpoint: runc's options, of which liblxc has words for some. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "runlxc/verb.h"

#define IMAGE_DIR "checkpoint" /* below the working directory, as runc has it */
#define LOG_MAX (64 << 20)

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
    OPT_SWITCH(struct options, ext_unix_sk, "ext-unix-sk", 0, "refused: not for liblxc to say"),
    OPT_SWITCH(struct options, shell_job, "shell-job", 0, "refused: not for liblxc to say"),
    OPT_SWITCH(struct options, lazy_pages, "lazy-pages", 0, "refused: not for liblxc to say"),
    OPT_NUMBER(struct options, status_fd, "status-fd", 0, "N", -1, 1023, -1,
               "refused: not for liblxc to say"),
    OPT_LIST(struct options, empty_ns, "empty-ns", 0, "NAMESPACE",
             "refused: not for liblxc to say"),
    OPT_SWITCH(struct options, auto_dedup, "auto-dedup", 0, "refused: not for liblxc to say"),
};

/* What CRIU can do and liblxc cannot ask it for. */
static int check(const struct options *o, struct lxcdriver_error **err)
{
    const struct {
        bool given;
        const char *name;
    } missing[] = {
        {o->ext_unix_sk, "ext-unix-sk"}, {o->shell_job, "shell-job"},
        {o->lazy_pages, "lazy-pages"},   {o->status_fd >= 0, "status-fd"},
        {o->empty_ns.n > 0, "empty-ns"}, {o->auto_dedup, "auto-dedup"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
        if (missing[i].given)
            return err_set(err, "--%s: liblxc cannot ask CRIU for it", missing[i].name);
    if (o->cgroups_mode && strcmp(o->cgroups_mode, "soft") != 0 &&
        strcmp(o->cgroups_mode, "full") != 0 && strcmp(o->cgroups_mode, "strict") != 0)
        return err_set(err, "--manage-cgroups-mode: \"%s\" is not one of soft, full and strict",
                       o->cgroups_mode);
    return 0;
}

static char *absolute(const char *path)
{
    cleanup_free char *cwd = NULL;

    if (*path == '/')
        return strdup(path);
    cwd = getcwd(NULL, 0);
    return cwd ? str_printf("%s/%s", cwd, path) : NULL;
}

/* Engines read CRIU's log in the work directory, above all when it failed. */
static int copy_log(const char *from, const char *to, const char *name,
                    struct lxcdriver_error **err)
{
    cleanup_close int source = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC), target = -1;
    cleanup_free char *text = NULL;
    size_t len = 0;

    if (source < 0 || fs_read_at(source, name, LOG_MAX, &text, &len) < 0)
        return 0; /* it did not come so far */
    if (fs_mkdir_p(to, 0700) < 0)
        return err_sys(err, errno, "--work-path: make %s", to);
    target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target < 0 || fs_write_atomic(target, name, text, len, 0600) < 0)
        return err_sys(err, errno, "--work-path: write %s/%s", to, name);
    return 0;
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    cleanup_free char *dir = absolute(o->image_path ? o->image_path : IMAGE_DIR);
    cleanup_free char *work = absolute(o->work_path ? o->work_path : IMAGE_DIR);
    struct lxcdriver_checkpoint_options request = {.image_dir = dir,
                                                   .parent_dir = o->parent_path,
                                                   .page_server = o->page_server,
                                                   .pre_dump = o->pre_dump,
                                                   .leave_running = o->leave_running};
    int result;

    if (!dir || !work)
        return err_nomem(err);
    if (check(o, err) < 0)
        return -1;
    result = lxcdriver_checkpoint(ctx->drv, args[0], &request, err);
    if (o->work_path && strcmp(work, dir) != 0 &&
        copy_log(dir, work, o->pre_dump ? "pre-dump.log" : "dump.log", result < 0 ? NULL : err) < 0)
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
