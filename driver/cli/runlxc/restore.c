/* runlxc restore: runc's options, and what stands in the way. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runlxc/verb.h"

#define IMAGE_DIR "checkpoint"

struct options {
    const char *image_path, *work_path, *bundle, *pid_file, *console_socket, *cgroups_mode,
        *lsm_profile, *lsm_mount_context;
    struct strv empty_ns;
    bool detach, no_pivot, no_subreaper, tcp_established, ext_unix_sk, shell_job, lazy_pages,
        file_locks, auto_dedup;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, image_path, "image-path", 0, "DIR", "where it lies (checkpoint)"),
    OPT_TEXT(struct options, work_path, "work-path", 0, "DIR", "where CRIU's log goes"),
    OPT_TEXT(struct options, bundle, "bundle", 'b', "DIR", "directory of the bundle (here)"),
    OPT_SWITCH(struct options, detach, "detach", 'd', "do not wait for its end"),
    OPT_TEXT(struct options, pid_file, "pid-file", 0, "FILE", "write its pid there"),
    OPT_TEXT(struct options, console_socket, "console-socket", 0, "SOCKET",
             "who is to get the terminal"),
    OPT_SWITCH(struct options, no_pivot, "no-pivot", 0, "accepted for runc's sake"),
    OPT_SWITCH(struct options, no_subreaper, "no-subreaper", 0, "accepted for runc's sake"),
    OPT_SWITCH(struct options, tcp_established, "tcp-established", 0, "TCP connections too"),
    OPT_SWITCH(struct options, file_locks, "file-locks", 0, "file locks too"),
    OPT_SWITCH(struct options, ext_unix_sk, "ext-unix-sk", 0, "external unix sockets too"),
    OPT_SWITCH(struct options, shell_job, "shell-job", 0, "what was started from a shell"),
    OPT_SWITCH(struct options, lazy_pages, "lazy-pages", 0, "memory when it is needed"),
    OPT_SWITCH(struct options, auto_dedup, "auto-dedup", 0, "one copy of each page"),
    OPT_TEXT(struct options, cgroups_mode, "manage-cgroups-mode", 0, "MODE",
             "soft, full or strict"),
    OPT_LIST(struct options, empty_ns, "empty-ns", 0, "NAMESPACE", "do not fill a namespace"),
    OPT_TEXT(struct options, lsm_profile, "lsm-profile", 0, "TYPE:NAME", "security profile"),
    OPT_TEXT(struct options, lsm_mount_context, "lsm-mount-context", 0, "LABEL",
             "security label of mounts"),
};

/*
 * liblxc's restore is its monitor itself: it forks CRIU, becomes the parent of what that brings
 * back, and hands it no descriptor but a console's. Of our containers the supervisor is the parent
 * of lxc-start, and streams are the engine's pipes.
 */
static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    const char *dir = o->image_path ? o->image_path : IMAGE_DIR;
    cleanup_free char *inventory = str_printf("%s/inventory.img", dir);

    (void)ctx;
    if (!inventory)
        return err_nomem(err);
    if (access(inventory, R_OK) < 0)
        return err_sys(err, errno, "restore: %s is not what CRIU has written: %s", dir, inventory);
    return err_set(err,
                   "restore of \"%s\" from %s: liblxc cannot give a restored container its "
                   "streams and supervisor back; `criu restore` brings its processes back without",
                   args[0], dir);
}

const struct verb verb_restore = {
    .name = "restore",
    .usage = "ID",
    .summary = "bring back what checkpoint has written: says why it cannot be done",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .act = act,
};
