/* The driver object: settings, and where our own files are. */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "run/run.h"
#include "spec/readers.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/runlxc"
#endif
#ifndef TEMPLATEDIR
#define TEMPLATEDIR "/usr/local/share/runlxc/lxc-templates"
#endif
#ifndef CONFIGDIR
#define CONFIGDIR "/usr/local/share/runlxc/configs"
#endif
#ifndef BINDIR
#define BINDIR "/usr/local/bin"
#endif
#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define SECCOMP_DEFAULT "seccomp/default.json"
#ifndef VERSION
#define VERSION "0"
#endif

/* The directory of the running program, or NULL. */
static char *own_dir(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len <= 0)
        return NULL;
    path[len] = '\0';
    return strdup(dirname(path));
}

static int complete(const struct lxcdriver *drv)
{
    return drv->helper_dir && drv->template_dir && drv->seccomp_profile && drv->apparmor_dir &&
                   drv->cleanup
               ? 1
               : -1;
}

/* Use `dir` when the helpers lie in it: a build tree, or what RUNLXC_LIBEXECDIR names. */
static int try_build_tree(struct lxcdriver *drv, const char *dir)
{
    cleanup_free char *init = str_printf("%s/runlxc-init", dir);

    if (!init || access(init, X_OK) < 0)
        return 0;
    drv->helper_dir = strdup(dir);
    drv->template_dir = str_printf("%s/lxc-templates", dir);
    drv->seccomp_profile = str_printf("%s/configs/" SECCOMP_DEFAULT, dir);
    drv->apparmor_dir = str_printf("%s/configs/apparmor", dir);
    drv->cleanup = str_printf("%s/runlxc", dir);
    return complete(drv);
}

int driver_find_files(struct lxcdriver *drv, struct lxcdriver_error **err)
{
    cleanup_free char *own = own_dir();
    const char *told = secure_getenv("RUNLXC_LIBEXECDIR");
    int found = told ? try_build_tree(drv, told) : 0;

    if (found == 0 && own)
        found = try_build_tree(drv, own);
    if (found == 0) {
        drv->helper_dir = strdup(LIBEXECDIR);
        drv->template_dir = strdup(TEMPLATEDIR);
        drv->seccomp_profile = strdup(CONFIGDIR "/" SECCOMP_DEFAULT);
        drv->apparmor_dir = strdup(SYSCONFDIR "/apparmor.d");
        drv->cleanup = strdup(BINDIR "/runlxc");
        found = complete(drv);
    }
    return found < 0 ? err_nomem(err) : 0;
}

struct lxcdriver *lxcdriver_new(const char *root, struct lxcdriver_error **err)
{
    struct lxcdriver *drv = calloc(1, sizeof(*drv));

    if (!drv) {
        err_nomem(err);
        return NULL;
    }
    if (conf_read(NULL, &drv->conf, err) < 0) {
        free(drv);
        return NULL;
    }
    drv->root = path_normalise(root ? root : drv->conf.root, err);
    if (!drv->root || driver_find_files(drv, err) < 0) {
        err_wrap(err, "root directory");
        lxcdriver_free(drv);
        return NULL;
    }
    return drv;
}

void driver_clear(struct lxcdriver *drv)
{
    conf_clear(&drv->conf);
    free(drv->root);
    free(drv->helper_dir);
    free(drv->template_dir);
    free(drv->seccomp_profile);
    free(drv->apparmor_dir);
    free(drv->cleanup);
    strv_free(&drv->templates);
}

void lxcdriver_free(struct lxcdriver *drv)
{
    if (!drv)
        return;
    driver_clear(drv);
    free(drv);
}

int lxcdriver_set_log_level(struct lxcdriver *drv, const char *level, struct lxcdriver_error **err)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};

    for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
        if (str_eq(level, levels[i]))
            return str_set(&drv->conf.log_level, level) < 0 ? err_nomem(err) : 0;
    return err_set(err, "log level \"%s\" is none of debug, info, warning, error", level);
}

const char *lxcdriver_version(void)
{
    return VERSION;
}

void lxcdriver_on_warning(struct lxcdriver *drv, void (*warn)(void *opaque, const char *message),
                          void *opaque)
{
    drv->on_warning = warn;
    drv->warning_opaque = opaque;
}

const char *lxcdriver_name(void)
{
    return "runlxc " VERSION;
}

char *driver_helper(const struct lxcdriver *drv, const char *name)
{
    return str_printf("%s/%s", drv->helper_dir, name);
}

char *driver_short_name(const struct lxcdriver *drv, const char *id)
{
    cleanup_free char *key = str_printf("%s/%s", drv->root, id);
    char hash[SHA256_HEX + 1];

    if (!key)
        return NULL;
    sha256_hex(key, strlen(key), hash);
    return str_printf("%.64s.%.16s", id, hash);
}

const char *driver_template(struct lxcdriver *drv, const char *name)
{
    char *path = str_printf("%s/%s", drv->conf.template_override_dir, name);

    if (path && access(path, F_OK) < 0) {
        free(path);
        path = str_printf("%s/%s", drv->template_dir, name);
    }
    if (strv_take(&drv->templates, path) < 0)
        return "";
    return drv->templates.items[drv->templates.n - 1];
}

struct lxcdriver_command *command_wrap(struct command *cmd)
{
    struct lxcdriver_command *handle = cmd ? calloc(1, sizeof(*handle)) : NULL;

    if (handle)
        handle->cmd = cmd;
    else
        command_free(cmd);
    return handle;
}

struct lxcdriver_command *lxcdriver_command_read(const char *json, size_t len,
                                                 struct lxcdriver_error **err)
{
    struct command *cmd = NULL;
    struct lxcdriver_command *handle;

    if (execdriver_read(json, len, &cmd, err) < 0)
        return NULL;
    if (!cmd->privileged && str_set(&cmd->seccomp_profile, SECCOMP_BUILTIN) < 0) {
        command_free(cmd);
        err_nomem(err);
        return NULL;
    }
    handle = command_wrap(cmd);
    if (!handle)
        err_nomem(err);
    return handle;
}

int lxcdriver_command_lxc_conf(struct lxcdriver_command *cmd, const char *key, const char *value,
                               struct lxcdriver_error **err)
{
    if (pair_add(&cmd->cmd->lxc_conf, &cmd->cmd->n_lxc_conf, key, value) < 0)
        return err_nomem(err);
    return 0;
}

const char *lxcdriver_command_id(const struct lxcdriver_command *cmd)
{
    return cmd->cmd->id;
}

bool lxcdriver_command_terminal(const struct lxcdriver_command *cmd)
{
    return cmd->cmd->process.terminal;
}

void lxcdriver_command_free(struct lxcdriver_command *cmd)
{
    if (!cmd)
        return;
    command_free(cmd->cmd);
    free(cmd);
}

const char *lxcdriver_error_message(const struct lxcdriver_error *err)
{
    return err_message(err);
}

int lxcdriver_error_errno(const struct lxcdriver_error *err)
{
    return err ? err->errno_code : 0;
}

int lxcdriver_error_exit_code(const struct lxcdriver_error *err)
{
    return err ? err->exit_code : 0;
}

void lxcdriver_error_free(struct lxcdriver_error *err)
{
    err_free(&err);
}

void lxcdriver_strings_free(char **strings)
{
    for (size_t i = 0; strings && strings[i]; i++)
        free(strings[i]);
    free(strings);
}
