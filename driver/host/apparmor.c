#include "host/apparmor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/apparmor.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

#define ENABLED_FILE "/sys/module/apparmor/parameters/enabled"
#define APPARMORFS "/sys/kernel/security/apparmor"
#define PROFILES_MAX ((size_t)64 << 20)
#define PROFILE_NAME_MAX 8192
#define STACKED "//&"
#define NAMESPACES APPARMORFS "/policy/namespaces"

/* Looked at before libapparmor is asked, which reads through /proc/mounts. */
static bool module_enabled(void)
{
    cleanup_close int fd = open(ENABLED_FILE, O_RDONLY | O_CLOEXEC);
    char answer = 'N';

    return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

bool apparmor_enabled(void)
{
    return module_enabled() && aa_is_enabled() == 1;
}

static bool in_policy_namespace(void)
{
    cleanup_free char *name = NULL;

    return fs_read_at(AT_FDCWD, APPARMORFS "/.ns_name", PROFILES_MAX, &name, NULL) == 0 &&
           name[0] && !str_eq(name, "root\n");
}

bool apparmor_may_load(bool user_namespace)
{
    return geteuid() == 0 && (!user_namespace || in_policy_namespace());
}

/* The name may hold spaces and parentheses: the mode is what follows the last " (". */
static bool names_profile(const char *line, size_t line_len, const char *name, size_t len)
{
    return line_len > len + 2 && memcmp(line, name, len) == 0 && line[len] == ' ' &&
           line[len + 1] == '(' && !memmem(line + len + 2, line_len - len - 2, " (", 2);
}

static bool text_has(const char *profiles, const char *name, size_t len)
{
    while (*profiles) {
        size_t line_len = strcspn(profiles, "\n");

        if (names_profile(profiles, line_len, name, len))
            return true;
        profiles += line_len + (profiles[line_len] == '\n');
    }
    return false;
}

bool apparmor_text_has_profile(const char *profiles, const char *name)
{
    return text_has(profiles, name, strlen(name));
}

/* Who may not read the list may look at the directory of each profile: "NAME.NUMBER", and the whole
 * name in a file of it, for there a '/' is a '.'. */
static int list_profiles(char **text)
{
    cleanup_closedir DIR *dir = opendir(APPARMORFS "/policy/profiles");
    struct buf all = {0};
    struct dirent *entry;

    if (!dir)
        return -1;
    while ((entry = readdir(dir))) {
        cleanup_free char *path = str_printf("%s/name", entry->d_name), *name = NULL;

        if (entry->d_name[0] == '.' || !path ||
            fs_read_at(dirfd(dir), path, PROFILE_NAME_MAX, &name, NULL) < 0)
            continue;
        name[strcspn(name, "\n")] = '\0';
        buf_printf(&all, "%s (enforce)\n", name);
    }
    *text = buf_take(&all);
    return *text ? 0 : -1;
}

static int read_profiles(char **text, struct lxcdriver_error **err)
{
    cleanup_free char *mount = NULL, *file = NULL;

    if (fs_read_at(AT_FDCWD, APPARMORFS "/profiles", PROFILES_MAX, text, NULL) == 0)
        return 0;
    if (errno == EACCES && list_profiles(text) == 0)
        return 0;
    if (errno != ENOENT || aa_find_mountpoint(&mount) < 0)
        return err_sys(err, errno, "read " APPARMORFS "/profiles");
    file = str_printf("%s/profiles", mount);
    if (!file)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, file, PROFILES_MAX, text, NULL) < 0)
        return err_sys(err, errno, "read %s", file);
    return 0;
}

/* Each profile of a stack is loaded. */
static int check_stack(const char *profiles, const char *name, struct lxcdriver_error **err)
{
    const char *part = name;

    for (;;) {
        const char *end = strstr(part, STACKED);
        size_t len = end ? (size_t)(end - part) : strlen(part);
        bool unconfined = len == strlen("unconfined") && memcmp(part, "unconfined", len) == 0;

        if (!unconfined && !text_has(profiles, part, len))
            return err_set(err, "AppArmor profile \"%.*s\" is not loaded", (int)len, part);
        if (!end)
            return 0;
        part = end + strlen(STACKED);
    }
}

int apparmor_profile_loaded(const char *name, struct lxcdriver_error **err)
{
    cleanup_free char *profiles = NULL;

    if (str_eq(name, "unconfined"))
        return 0;
    if (!apparmor_enabled())
        return err_set(err, "AppArmor profile \"%s\": AppArmor is not enabled on this host", name);
    if (read_profiles(&profiles, err) < 0)
        return err_wrap(err, "AppArmor profile \"%s\"", name);
    return check_stack(profiles, name, err);
}

int apparmor_current(char **label, struct lxcdriver_error **err)
{
    cleanup_free char *con = NULL;
    char *mode;

    *label = NULL;
    if (!module_enabled())
        return 0;
    /* One allocation holds both: only the label is freed. */
    if (aa_getcon(&con, &mode) < 0)
        return err_sys(err, errno, "read our AppArmor label");
    *label = strdup(con);
    return *label ? 0 : err_nomem(err);
}

int apparmor_namespace_make(const char *name, struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf(NAMESPACES "/%s", name);

    if (!path)
        return err_nomem(err);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return err_sys(err, errno, "make the AppArmor policy namespace \"%s\"", name);
    return 0;
}

int apparmor_profile_remove(const char *name, struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf(NAMESPACES "/%s", name);
    int result = 0;

    if (!path)
        return err_nomem(err);
    if (rmdir(path) < 0 && errno != ENOENT)
        result = err_sys(err, errno, "remove the AppArmor policy namespace \"%s\"", name);
    if (fs_write_existing(AT_FDCWD, APPARMORFS "/.remove", name) < 0 && errno != ENOENT)
        result =
            err_sys(result < 0 ? NULL : err, errno, "remove the AppArmor profile \"%s\"", name);
    return result;
}

bool apparmor_leave(void)
{
    return module_enabled() && aa_change_profile("unconfined") == 0;
}
