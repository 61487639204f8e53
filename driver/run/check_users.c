/* Who may have a user namespace, and with which ids: user_namespaces(7), subuid(5). */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "host/probe.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define SUBIDS_MAX (1 << 20)
#define IDS_FIRST 100000 /* SUB_UID_MIN, SUB_UID_COUNT of login.defs(5) */
#define IDS 65536
#define SETTING_MAX 64
#define SYSCTL "/proc/sys/"

/* A number of /proc/sys; -1 when there is none. */
static int64_t setting(const char *name)
{
    cleanup_free char *path = str_printf(SYSCTL "%s", name), *text = NULL;
    int64_t value;

    if (!path || fs_read_at(AT_FDCWD, path, SETTING_MAX, &text, NULL) < 0)
        return -1;
    text[strcspn(text, "\n")] = '\0';
    return str_to_i64(text, 0, INT64_MAX, &value) ? value : -1;
}

/* What forbids a namespace that was refused. */
static void advise(struct check *c, int code)
{
    if (setting("user/max_user_namespaces") == 0)
        check_advise(c, "sysctl -w user.max_user_namespaces=15000");
    else if (setting("kernel/unprivileged_userns_clone") == 0)
        check_advise(c, "sysctl -w kernel.unprivileged_userns_clone=1");
    else if (setting("kernel/apparmor_restrict_unprivileged_userns") == 1)
        check_advise(c, "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile "
                        "that allows userns");
    else if (code == ENOSPC)
        check_advise(c, "raise user.max_user_namespaces (sysctl)");
    else if (code == ENOSYS || code == EINVAL)
        check_advise(c, "a kernel with CONFIG_USER_NS");
    else
        check_advise(c, "a container or a seccomp filter around us forbids them: start it with "
                        "the right to make user namespaces");
}

static void try_namespace(struct check *c, const char *name, int (*probe)(void *arg),
                          const char *use, enum check_need need)
{
    static int flag = CLONE_NEWUSER;
    int64_t most = setting("user/max_user_namespaces");
    int code = probe_run(probe, &flag, LIMIT_MS, NULL);

    if (code < 0)
        code = errno;
    if (code == 0 && most >= 0)
        check_add(c, name, CHECK_OK, need, "%s; at most %lld", use, (long long)most);
    else if (code == 0)
        check_add(c, name, CHECK_OK, need, "%s", use);
    else
        check_add(c, name, CHECK_MISSING, need, "%s: %s", use, err_text(code));
    advise(c, code);
}

static void check_namespaces(struct check *c)
{
    if (c->user) {
        try_namespace(c, "user namespaces", probe_namespace, "containers without root", REQUIRED);
        return;
    }
    try_namespace(c, "user namespaces", probe_namespace, "--userns", OPTIONAL);
    if (!c->rootless)
        try_namespace(c, "user namespaces of users", probe_ordinary_userns,
                      "containers without root", OPTIONAL);
}

/* ---- ids ---- */

static bool is_privileged(const char *file)
{
    struct stat st;

    return (stat(file, &st) == 0 && st.st_uid == 0 && (st.st_mode & S_ISUID)) ||
           getxattr(file, "security.capability", NULL, 0) > 0;
}

static void check_mappers(struct check *c)
{
    static const char *const names[] = {"newuidmap", "newgidmap"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup_free char *file = probe_find(names[i]);

        if (!file) {
            check_add(c, names[i], CHECK_MISSING, OPTIONAL,
                      "gives ordinary users the ids of /etc/sub%cid", names[i][3]);
            check_advise_package(c, "uidmap");
        } else {
            bool ok = is_privileged(file);

            check_add(c, names[i], ok ? CHECK_OK : CHECK_MISSING, OPTIONAL, "%s%s", file,
                      ok ? "" : " has neither the set-user-ID bit nor a capability");
            check_advise(c, "chmod u+s %s", file);
        }
    }
}

/* A range that is nobody else's, as useradd(8) gives them out. */
static void advise_ids(struct check *c, const char *who)
{
    static const char *const files[] = {"/etc/subuid", "/etc/subgid"};
    cleanup_buf struct buf taken = {0};
    uint64_t first;

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        cleanup_free char *text = NULL;

        if (fs_read_at(AT_FDCWD, files[i], SUBIDS_MAX, &text, NULL) == 0)
            buf_printf(&taken, "%s\n", text);
    }
    first = taken.failed ? 0 : check_free_subids(taken.data ? taken.data : "", IDS_FIRST, IDS);
    if (first)
        check_advise(c, "usermod --add-subuids %llu-%llu --add-subgids %llu-%llu %s",
                     (unsigned long long)first, (unsigned long long)(first + IDS - 1),
                     (unsigned long long)first, (unsigned long long)(first + IDS - 1), who);
    else
        check_advise(c, "a line for %s in /etc/subuid and /etc/subgid, see subuid(5)", who);
}

/* With ids to be had, and nobody to give them, a start is refused (and not made with fewer). */
static void check_own_ids(struct check *c, const char *file, const char *mapper)
{
    const struct passwd *pw = getpwuid(getuid());
    cleanup_free char *name = pw ? strdup(pw->pw_name) : str_printf("%u", (unsigned)getuid());
    cleanup_free char *text = NULL, *program = probe_find(mapper);
    size_t n = 0;

    if (!name) {
        c->failed = true;
        return;
    }
    if (fs_read_at(AT_FDCWD, file, SUBIDS_MAX, &text, NULL) == 0)
        n = check_subids(text, name, getuid());
    if (n == 0) {
        check_add(c, file, CHECK_LIMITED, OPTIONAL, "no ids for %s: one user in a container only",
                  name);
        advise_ids(c, name);
    } else if (program) {
        check_add(c, file, CHECK_OK, OPTIONAL, "%zu range%s for %s", n, n > 1 ? "s" : "", name);
    } else {
        check_add(c, file, CHECK_MISSING, REQUIRED, "%zu range%s for %s, and no %s to map them", n,
                  n > 1 ? "s" : "", name, mapper);
        check_advise_package(c, "uidmap");
    }
}

static void check_all_ids(struct check *c, const char *file)
{
    cleanup_free char *text = NULL;
    size_t n = 0;

    if (fs_read_at(AT_FDCWD, file, SUBIDS_MAX, &text, NULL) == 0)
        n = check_subids(text, NULL, 0);
    check_add(c, file, n > 0 ? CHECK_OK : CHECK_OFF, OPTIONAL, "%zu range%s, for ordinary users", n,
              n == 1 ? "" : "s");
    if (n == 0)
        advise_ids(c, "USER");
}

static void check_runtime_directory(struct check *c)
{
    cleanup_free char *containers = NULL, *images = NULL;
    cleanup_err struct lxcdriver_error *err = NULL;

    if (rootless_dirs(&containers, &images, &err) < 0)
        check_add(c, "runtime directory", CHECK_MISSING, REQUIRED, "%s", err_message(err));
    else
        check_add(c, "runtime directory", CHECK_OK, REQUIRED, "%s",
                  containers ? containers : c->drv.root);
    check_advise(c, "set XDG_RUNTIME_DIR to a directory of your own, or log in with a session "
                    "(loginctl enable-linger)");
}

void check_users(struct check *c)
{
    check_section(c, "users", "Users and their namespaces");
    check_namespaces(c);
    check_mappers(c);
    if (c->user) {
        check_own_ids(c, "/etc/subuid", "newuidmap");
        check_own_ids(c, "/etc/subgid", "newgidmap");
        check_runtime_directory(c);
    } else if (!c->rootless) {
        check_all_ids(c, "/etc/subuid");
        check_all_ids(c, "/etc/subgid");
    }
}
