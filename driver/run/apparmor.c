/*
 * The AppArmor profile of a container: which it is, that it is loaded, and one that is made for it
 * alone, with a policy namespace of its own (apparmor.d(5); Documentation/admin-guide/LSM/apparmor
 * and security/apparmor/policy_ns.c of Linux).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/apparmor.h"
#include "run/run.h"

#define DEFAULT_PROFILE "runlxc-default"
#define OWN_PROFILE "runlxc" /* of the commands themselves */
#define RAW_KEY "lxc.apparmor."
#define PROFILE_FILE                                                                               \
    "apparmor" /* in the container's directory, for as long as it may be loaded                    \
                */

/* ---- loading ---- */

static const char *find_parser(void)
{
    static const char *const places[] = {"/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

/* Compile a file of profiles into the kernel, in place of those of the same names. -K: what the
 * parser would cache is found by file name, and these change. */
static int load_file(const struct lxcdriver *drv, const char *file, struct lxcdriver_error **err)
{
    const char *parser = find_parser();
    char *const argv[] = {(char *)parser,    (char *)"-K", (char *)"-r", (char *)"-I",
                          drv->apparmor_dir, (char *)file, NULL};
    cleanup_free char *output = NULL;
    int status;

    if (!parser)
        return err_set(err, "there is no apparmor_parser to load it with");
    status = run_captured(argv, &output, err);
    if (status < 0)
        return -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (output)
        output[strcspn(output, "\n")] = '\0';
    return err_set(err, "apparmor_parser: %s", str_empty(output) ? "failed" : output);
}

/* ---- the default ---- */

static void warn(const struct launch *l, const char *text)
{
    if (l->options->on_warning)
        l->options->on_warning(l->options->opaque, text);
}

/*
 * Like an engine that loads its own at its start, except that there is no daemon here: the first
 * container does it. An ordinary user can load nothing, and has the user namespace.
 */
static int take_default(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    cleanup_free char *file = str_printf("%s/" DEFAULT_PROFILE, l->drv->apparmor_dir);
    cleanup_err struct lxcdriver_error *missing = NULL;

    if (!file)
        return err_nomem(err);
    if (apparmor_profile_loaded(DEFAULT_PROFILE, &missing) < 0) {
        if (!apparmor_may_load(l->cmd->rootless)) {
            warn(l, "AppArmor profile \"" DEFAULT_PROFILE "\" is not loaded, and only root can "
                    "load it: the container starts without");
            return 0;
        }
        if (!look_only && load_file(l->drv, file, err) < 0)
            return err_wrap(err,
                            "AppArmor profile \"" DEFAULT_PROFILE "\" is not loaded, and cannot be "
                            "loaded from %s (apparmor=unconfined starts without)",
                            file);
    }
    return str_set(&l->cmd->process.apparmor_profile, DEFAULT_PROFILE) < 0 ? err_nomem(err) : 0;
}

/* ---- what LXC's own keys say of it ---- */

static const char *const taken_keys[] = {RAW_KEY "profile", RAW_KEY "allow_nesting", RAW_KEY "raw"};

static bool is_taken(const char *key)
{
    for (size_t i = 0; i < ARRAY_SIZE(taken_keys); i++)
        if (str_eq(key, taken_keys[i]))
            return true;
    return false;
}

static int read_key(struct launch *l, const char *key, const char *value,
                    struct lxcdriver_error **err)
{
    if (strpbrk(value, "\r\n"))
        return err_set(err, "%s: the value has more than one line", key);
    if (str_eq(key, RAW_KEY "profile"))
        return str_set(&l->cmd->process.apparmor_profile, *value ? value : NULL) < 0
                   ? err_nomem(err)
                   : 0;
    if (str_eq(key, RAW_KEY "raw"))
        return strv_add(&l->apparmor.raw, value) < 0 ? err_nomem(err) : 0;
    if (!str_eq(value, "0") && !str_eq(value, "1"))
        return err_set(err, "%s: \"%s\" is neither 0 nor 1", key, value);
    l->apparmor.nesting = *value == '1';
    return 0;
}

/* LXC would take the profile before the shim has done what it needs privilege for: so the keys are
 * honoured here, and taken out of what goes to LXC. */
static int take_keys(struct launch *l, struct lxcdriver_error **err)
{
    struct command *cmd = l->cmd;
    size_t kept = 0;

    for (size_t i = 0; i < cmd->n_lxc_conf; i++) {
        const struct string_pair *pair = &cmd->lxc_conf[i];

        if (is_taken(pair->key) && read_key(l, pair->key, pair->value ? pair->value : "", err) < 0)
            return -1;
    }
    for (size_t i = 0; i < cmd->n_lxc_conf; i++) {
        struct string_pair pair = cmd->lxc_conf[i];

        if (is_taken(pair.key)) {
            free(pair.key);
            free(pair.value);
        } else {
            cmd->lxc_conf[kept++] = pair;
        }
    }
    cmd->n_lxc_conf = kept;
    return 0;
}

/* ---- a profile of the container's own ---- */

char *apparmor_generated_name(const struct lxcdriver *drv, const char *id)
{
    cleanup_free char *name = driver_short_name(drv, id);

    return name ? str_printf("runlxc-%s", name) : NULL;
}

bool apparmor_is_generated(const char *profile)
{
    return str_eq(profile, APPARMOR_GENERATED) || str_eq(profile, APPARMOR_GENERATED_NESTING);
}

/*
 * Confined by the profile in the namespace of whoever starts it, and by none in a namespace of its
 * own, where its root loads profiles for containers of its own.
 */
static int name_generated(struct launch *l, struct lxcdriver_error **err)
{
    char **profile = &l->cmd->process.apparmor_profile;
    cleanup_free char *name = apparmor_generated_name(l->drv, l->cmd->id);
    char *label = name ? str_printf("%s//&:%s:unconfined", name, name) : NULL;

    if (!label)
        return err_nomem(err);
    if (str_eq(*profile, APPARMOR_GENERATED_NESTING))
        l->apparmor.nesting = true;
    l->apparmor.generated = true;
    free(*profile);
    *profile = label;
    return 0;
}

static int write_text(const struct launch *l, const char *name, struct buf *text)
{
    buf_printf(text,
               "abi <abi/3.0>,\n"
               "include <tunables/global>\n"
               "include <tunables/runlxc>\n"
               "profile \"%s\" flags=(attach_disconnected, mediate_deleted) {\n"
               "  include <abstractions/runlxc/container-base>\n"
               "  include <abstractions/runlxc/container-%s>\n",
               name, l->apparmor.nesting ? "nesting" : "strict");
    if (l->apparmor.nesting)
        buf_printf(text, "  change_profile -> \":%s:**\",\n", name);
    buf_puts(text, "  include if exists <local/runlxc-generated>\n");
    for (size_t i = 0; i < l->apparmor.raw.n; i++)
        buf_printf(text, "  %s\n", l->apparmor.raw.items[i]);
    buf_puts(text, "}\n");
    return text->failed ? -1 : 0;
}

int launch_load_apparmor(const struct launch *l, struct lxcdriver_error **err)
{
    cleanup_free char *name = apparmor_generated_name(l->drv, l->cmd->id);
    cleanup_free char *file = str_printf("%s/" PROFILE_FILE, l->dir);
    cleanup_buf struct buf text = {0};

    if (!l->apparmor.generated)
        return 0;
    if (!name || !file || write_text(l, name, &text) < 0)
        return err_nomem(err);
    /* The file first: what finds it removes what it names. */
    if (fs_write_atomic(l->dir_fd, PROFILE_FILE, text.data, text.len, 0600) < 0)
        return err_sys(err, errno, "write %s", file);
    if (load_file(l->drv, file, err) < 0 || apparmor_namespace_make(name, err) < 0)
        return err_wrap(err, "AppArmor profile \"%s\"", name);
    return 0;
}

int apparmor_remove_generated(const struct lxcdriver *drv, const char *id, int dir_fd,
                              struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL;

    if (faccessat(dir_fd, PROFILE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    name = apparmor_generated_name(drv, id);
    if (!name)
        return err_nomem(err);
    return apparmor_profile_remove(name, err);
}

/* ---- all of it ---- */

static int check_given(struct launch *l, struct lxcdriver_error **err)
{
    const char *profile = l->cmd->process.apparmor_profile;

    if (!l->apparmor.enabled) {
        if (!str_eq(profile, "unconfined"))
            return err_set(err, "AppArmor profile \"%s\": this host has no AppArmor", profile);
        str_set(&l->cmd->process.apparmor_profile, NULL);
        return 0;
    }
    if (!apparmor_is_generated(profile))
        return apparmor_profile_loaded(profile, err);
    if (!apparmor_may_load(l->cmd->rootless))
        return err_set(err, "AppArmor profile \"%s\": only root can load one", profile);
    return name_generated(l, err);
}

static int choose(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    const struct command *cmd = l->cmd;

    if (str_eq(cmd->process.apparmor_profile, "unchanged"))
        str_set(&l->cmd->process.apparmor_profile, NULL);
    else if (!str_empty(cmd->process.apparmor_profile))
        return check_given(l, err);
    else if (l->apparmor.enabled && !cmd->engine && !cmd->privileged && !l->apparmor.confined)
        return take_default(l, look_only, err);
    return 0;
}

int launch_choose_apparmor(struct launch *l, bool look_only, struct lxcdriver_error **err)
{
    cleanup_free char *label = NULL;

    l->apparmor.enabled = apparmor_enabled();
    if (take_keys(l, err) < 0 || apparmor_current(&label, err) < 0)
        return -1;
    /* In a container that has a profile and no policy namespace there is no way out of it, for
     * lxc-start neither. */
    l->apparmor.present = label != NULL;
    l->apparmor.confined = label && !str_eq(label, "unconfined") && !str_eq(label, OWN_PROFILE);
    if (choose(l, look_only, err) < 0)
        return -1;
    if ((l->apparmor.nesting || l->apparmor.raw.n > 0) && !l->apparmor.generated)
        return err_set(err, "lxc.apparmor.%s is for the profile \"" APPARMOR_GENERATED "\" only",
                       l->apparmor.nesting ? "allow_nesting" : "raw");
    return 0;
}
