/* LXC, and the files that are ours: there, whole, and nobody else's to write. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"
#include "host/probe.h"
#include "host/seccomp.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define HEAD_MAX 4096
#define TEMPLATE_MAX 65536
#define PROFILE_MAX (4 << 20)
#define LXC_MAJOR 5

static const struct {
    const char *name, *use;
    enum check_need need;
} helpers[] = {
    {"runlxc-init", "the first process of a container", REQUIRED},
    {"runlxc-supervise", "what waits for a container", REQUIRED},
    {"runlxc-guard.so", "keeps containers from lxc-start's socket", REQUIRED},
    {"runlxc-lxc-check", "--lxc-conf", OPTIONAL},
    {"runlxc-lxc-checkpoint", "checkpoint", OPTIONAL},
};

/* Those that a container of some kind is made of; an administrator's own file may take the place of
 * each. */
static const char *const templates[] = {
    "base.conf",         "cgroup-host-rw.conf",    "cgroup-host.conf", "cgroup-rw.conf",
    "cgroup.conf",       "devpts-shield.conf",     "devpts.conf",      "mount-dev.conf",
    "mount-mqueue.conf", "mount-mqueue-host.conf", "mount-proc.conf",  "mount-proc-host.conf",
    "mount-shm.conf",    "mount-shm-host.conf",    "mount-sys.conf",   "mount-sys-host.conf",
    "mount-sys-rw.conf", "net-bridge.conf",        "net-none.conf",    "userns-dev.conf",
};

/* ---- LXC ---- */

static void check_lxc(struct check *c)
{
    const char *file = c->drv.conf.lxc_start, *argv[] = {file, "--version", NULL};
    cleanup_free char *text = NULL;
    unsigned major = 0, minor = 0;

    if (access(file, X_OK) < 0) {
        check_add(c, "lxc-start", CHECK_MISSING, REQUIRED, "%s: %s", file, err_text(errno));
        if (strcmp(file, "/usr/bin/lxc-start") == 0)
            check_advise_package(c, "lxc");
        else
            check_advise(c, "set lxc_start in runlxc.conf(5)");
        return;
    }
    check_add(c, "lxc-start", CHECK_OK, REQUIRED, "%s", file);
    if (probe_program(argv, LIMIT_MS, &text) != 0 || !check_version(text, &major, &minor)) {
        check_add(c, "LXC version", CHECK_MISSING, REQUIRED, "%s --version does not say it", file);
        check_advise_package(c, "lxc");
        return;
    }
    check_add(c, "LXC version", major < LXC_MAJOR ? CHECK_MISSING : CHECK_OK, REQUIRED, "%s",
              check_version_word(text));
    check_advise(c, "LXC %d.0 or later", LXC_MAJOR);
}

/* ---- settings and directories ---- */

static void check_settings(struct check *c)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct conf conf;

    if (conf_read(NULL, &conf, &err) == 0) {
        check_add(c, "settings", CHECK_OK, REQUIRED, "%s",
                  access(SYSCONFDIR "/runlxc/runlxc.conf", F_OK) == 0
                      ? SYSCONFDIR "/runlxc/runlxc.conf"
                      : "the defaults: there is no " SYSCONFDIR "/runlxc/runlxc.conf");
        conf_clear(&conf);
        return;
    }
    check_add(c, "settings", CHECK_MISSING, REQUIRED, "%s", err_message(err));
    check_advise(c, "mend that, see runlxc.conf(5)");
}

/* It is made by the first container: where, is what has to be writable. */
static void check_state(struct check *c)
{
    cleanup_free char *path = check_existing(c->drv.root);

    if (path && access(path, W_OK) == 0) {
        check_add(c, "state directory", CHECK_OK, REQUIRED, "%s", c->drv.root);
        return;
    }
    check_add(c, "state directory", CHECK_MISSING, REQUIRED, "%s: %s: %s", c->drv.root,
              path ? path : "", err_text(errno));
    check_advise(c, "--root DIR, or set root in runlxc.conf(5)");
}

/* ---- our files ---- */

/* What its programs run as root: nobody else may write them. NULL when that is so. */
static const char *writable_by_others(const struct check *c, const struct stat *st)
{
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return "others can write it";
    if (st->st_uid != 0 && st->st_uid != geteuid() && !c->rootless)
        return "it does not belong to root";
    return NULL;
}

/* The beginning of a file, at most `max` bytes, heap with a NUL behind. NULL, or what is wrong. */
static const char *read_beginning(const char *path, size_t max, char **data, size_t *len,
                                  struct stat *st)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got;

    *st = (struct stat){0};
    *len = 0;
    if (fd < 0 || fstat(fd, st) < 0)
        return err_text(errno);
    if (!S_ISREG(st->st_mode))
        return "is no file";
    if (st->st_size == 0)
        return "is empty";
    if ((size_t)st->st_size < max)
        max = (size_t)st->st_size;
    *data = calloc(1, max + 1);
    got = *data ? read(fd, *data, max) : -1;
    if (got < 0)
        return err_text(errno);
    *len = (size_t)got;
    return NULL;
}

/* The same; what is wrong becomes the item of that name, and false. */
static bool look_at(struct check *c, const char *name, const char *path, enum check_need need,
                    char **data, size_t *len, size_t max, struct stat *st)
{
    const char *why = read_beginning(path, max, data, len, st);

    if (!why)
        return true;
    check_add(c, name, CHECK_MISSING, need, "%s: %s", path, why);
    check_advise(c, "install runlxc anew");
    return false;
}

static void check_helper(struct check *c, size_t i)
{
    cleanup_free char *path = driver_helper(&c->drv, helpers[i].name), *data = NULL;
    const char *why;
    struct stat st;
    size_t len;

    if (!path || !look_at(c, helpers[i].name, path, helpers[i].need, &data, &len, HEAD_MAX, &st))
        return;
    why = check_elf(data, len, (size_t)st.st_size);
    if (!why && access(path, X_OK) < 0)
        why = "is not executable";
    if (why) {
        check_add(c, helpers[i].name, CHECK_MISSING, helpers[i].need, "%s: %s", path, why);
        check_advise(c, "install runlxc anew");
        return;
    }
    why = writable_by_others(c, &st);
    check_add(c, helpers[i].name, why ? CHECK_LIMITED : CHECK_OK, helpers[i].need, "%s%s%s",
              helpers[i].use, why ? ": " : "", why ? why : "");
    check_advise(c, "chown root %s; chmod 755 %s", path, path);
}

/* Each line is a comment or "key = value": the rest liblxc says when it reads it. */
static bool is_configuration(char *text)
{
    char *line;

    while ((line = strsep(&text, "\n"))) {
        line += strspn(line, " \t");
        if (*line && *line != '#' && (!str_starts(line, "lxc.") || !strchr(line, '=')))
            return false;
    }
    return true;
}

static void check_templates(struct check *c)
{
    size_t own = 0;

    for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
        const char *path = driver_template(&c->drv, templates[i]);
        cleanup_free char *text = NULL;
        struct stat st;
        size_t len;

        if (!look_at(c, "templates", path, REQUIRED, &text, &len, TEMPLATE_MAX, &st))
            return;
        if (!is_configuration(text)) {
            /* Lines that it does not know LXC passes over, and the policy in them. */
            check_add(c, "templates", CHECK_LIMITED, REQUIRED, "%s: is no LXC configuration", path);
            check_advise(c, "install runlxc anew, or mend that file");
            return;
        }
        own += str_starts(path, c->drv.template_dir) ? 0 : 1;
    }
    check_add(c, "templates", CHECK_OK, REQUIRED, "%s%s", c->drv.template_dir,
              own ? ", some replaced by the administrator's" : "");
}

static void check_profile(struct check *c)
{
    cleanup_free char *text = NULL;
    cleanup_err struct lxcdriver_error *err = NULL;
    struct seccomp_spec spec = {0};
    struct seccomp_host host;
    struct stat st;
    size_t len;

    if (!look_at(c, "seccomp profile", c->drv.seccomp_profile, REQUIRED, &text, &len, PROFILE_MAX,
                 &st))
        return;
    if (seccomp_host_read(0, &host, &err) == 0 &&
        seccomp_profile_read(text, len, &host, &spec, &err) == 0) {
        check_add(c, "seccomp profile", CHECK_OK, REQUIRED, "%s", c->drv.seccomp_profile);
        seccomp_spec_clear(&spec);
        return;
    }
    check_add(c, "seccomp profile", CHECK_MISSING, REQUIRED, "%s: %s", c->drv.seccomp_profile,
              err_message(err));
    check_advise(c, "install runlxc anew");
}

/* Who has no place for them is told so among what concerns users. */
static bool has_directories(void)
{
    char *containers = NULL, *images = NULL;
    int result = rootless_dirs(&containers, &images, NULL);

    free(containers);
    free(images);
    return result == 0;
}

void check_files(struct check *c)
{
    check_section(c, "files", "LXC and runlxc");
    check_lxc(c);
    if (has_directories()) {
        check_settings(c);
        check_state(c);
    }
    for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
        check_helper(c, i);
    check_templates(c);
    check_profile(c);
}
