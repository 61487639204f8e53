/* An OCI bundle as a command. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/systemd.h"
#include "spec/oci.h"
#include "spec/readers.h"

#define CONFIG_MAX (16 << 20)

static void warn_all(const struct strv *warnings, const struct lxcdriver_run_options *options)
{
    for (size_t i = 0; options && options->on_warning && i < warnings->n; i++)
        options->on_warning(options->opaque, warnings->items[i]);
}

static int read_config(struct command *cmd, const char *bundle,
                       const struct lxcdriver_run_options *options, struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("%s/config.json", bundle), *text = NULL;
    cleanup_strv struct strv warnings = {0};
    size_t len = 0;

    if (!path)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, path, CONFIG_MAX, &text, &len) < 0)
        return errno == ENOENT ? err_set(err, "bundle: there is no %s", path)
                               : err_sys(err, errno, "bundle: read %s", path);
    if (oci_config_read(text, len, bundle, cmd, &warnings, err) < 0)
        return err_wrap(err, "config.json");
    warn_all(&warnings, options);
    return 0;
}

/* The pid in LISTEN_PID is that of the workload in the container; like runc this says 1. */
static int tell_listen_fds(struct command *cmd, int n, struct lxcdriver_error **err)
{
    cleanup_free char *text = str_printf("LISTEN_FDS=%d", n);

    if (n == 0)
        return 0;
    return !text ? err_nomem(err)
                 : (env_set(&cmd->process.env, text, err) < 0 ||
                            env_set(&cmd->process.env, "LISTEN_PID=1", err) < 0
                        ? -1
                        : 0);
}

/* The cgroups that an engine means are units, which only systemd can make. */
static int check_systemd(const struct command *cmd, struct lxcdriver_error **err)
{
    return !cmd->systemd_cgroup || systemd_booted()
               ? 0
               : err_set(err, "--systemd-cgroup: systemd does not run on this host");
}

struct lxcdriver_command *
lxcdriver_bundle_read(struct lxcdriver *drv, const char *id, const char *bundle,
                      const struct lxcdriver_bundle_options *bundle_options,
                      const struct lxcdriver_run_options *options, struct lxcdriver_error **err)
{
    cleanup_free char *dir = realpath(bundle, NULL);
    cleanup_command struct command *cmd = command_new();
    struct lxcdriver_command *handle;

    if (!dir) {
        err_sys(err, errno, "bundle: %s", bundle);
        return NULL;
    }
    if (!cmd || str_set(&cmd->id, id) < 0 || str_set(&cmd->bundle, dir) < 0) {
        err_nomem(err);
        return NULL;
    }
    cmd->engine = true;
    cmd->systemd_cgroup = bundle_options->systemd_cgroup;
    cmd->no_new_keyring = bundle_options->no_new_keyring;
    if (check_systemd(cmd, err) < 0 || read_config(cmd, dir, options, err) < 0 ||
        tell_listen_fds(cmd, bundle_options->listen_fds, err) < 0 ||
        oci_annotations_apply(cmd, &drv->conf, err) < 0 || command_validate(cmd, err) < 0)
        return NULL;
    handle = command_wrap(steal_ptr(&cmd));
    if (!handle)
        err_nomem(err);
    return handle;
}
