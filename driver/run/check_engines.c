/* Container engines: whether they are here, and whether they know us. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/probe.h"
#include "run/check.h"
#include "spec/engines.h"
#include "spec/readers.h"

#define LIMIT_MS 10000 /* large programs, which a slow disk takes long to read */
#define SETTINGS_MAX (4 << 20)
#define FILES_MAX 256
#define DEPTH_MAX 8

enum place_kind {
    PLACE_FILE,
    PLACE_CONF, /* a directory: the files in it whose names end in ".conf", by name */
    PLACE_TREE, /* every file in it and in directories of it, by name */
};

struct place {
    enum place_kind kind;
    const char *path; /* "~": an ordinary user's own */
};

struct engine {
    enum engine_kind kind;
    const char *name; /* for `runlxc install --engine` */
    const char *title;
    const char *program;
    const char *package; /* Debian's */
    const char *source;  /* where it comes from, for what Debian 12 does not have; else NULL */
    bool for_users;      /* a user's own settings may name us */
    struct place places[6];
};

static const struct engine engines[] = {
    {ENGINE_DOCKER,
     "docker",
     "Docker",
     "dockerd",
     "docker.io",
     NULL,
     true,
     {{PLACE_FILE, "/etc/docker/daemon.json"}, {PLACE_FILE, "~/docker/daemon.json"}}},
    {ENGINE_CONTAINERD,
     "containerd",
     "containerd",
     "containerd",
     "containerd",
     NULL,
     false,
     {{PLACE_FILE, "/etc/containerd/config.toml"}}},
    {ENGINE_PODMAN,
     "podman",
     "Podman",
     "podman",
     "podman",
     NULL,
     true,
     {{PLACE_FILE, "/usr/share/containers/containers.conf"},
      {PLACE_FILE, "/etc/containers/containers.conf"},
      {PLACE_CONF, "/etc/containers/containers.conf.d"},
      {PLACE_FILE, "~/containers/containers.conf"},
      {PLACE_CONF, "~/containers/containers.conf.d"}}},
    {ENGINE_CRIO,
     "crio",
     "CRI-O",
     "crio",
     "cri-o",
     "packages of cri-o.io",
     false,
     {{PLACE_FILE, "/etc/crio/crio.conf"}, {PLACE_TREE, "/etc/crio/crio.conf.d"}}},
};

/* ---- which files ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int list(struct strv *files, const char *dir, enum place_kind kind, int depth);

/* One entry of a directory. 0, or -1 with errno. */
static int list_entry(struct strv *files, const char *dir, const char *name, enum place_kind kind,
                      int depth)
{
    cleanup_free char *path = str_printf("%s/%s", dir, name);
    struct stat st;

    if (!path)
        return -1;
    if (str_eq(name, ".") || str_eq(name, "..") || files->n >= FILES_MAX)
        return 0;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return kind == PLACE_TREE && depth < DEPTH_MAX ? list(files, path, kind, depth + 1) : 0;
    return kind == PLACE_TREE || str_ends(name, ".conf") ? strv_add(files, path) : 0;
}

/* 0, or -1 with errno; a directory that is not there has none. */
static int list(struct strv *files, const char *dir, enum place_kind kind, int depth)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, NULL, by_name), code = 0;

    if (n < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    for (int i = 0; i < n; i++) {
        if (!code && list_entry(files, dir, entries[i]->d_name, kind, depth) < 0)
            code = errno;
        free(entries[i]);
    }
    free(entries);
    errno = code;
    return code ? -1 : 0;
}

/* "~" stands for where an ordinary user's own settings are; NULL where there are none. Heap. */
static char *expand(const struct check *c, const char *path)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (*path != '~')
        return strdup(path);
    if (!c->user)
        return NULL;
    if (base && *base == '/')
        return str_printf("%s%s", base, path + 1);
    return str_empty(home) ? NULL : str_printf("%s/.config%s", home, path + 1);
}

static int find_files(struct strv *files, const char *path, enum place_kind kind,
                      struct lxcdriver_error **err)
{
    if (kind == PLACE_FILE)
        return strv_add(files, path) < 0 ? err_nomem(err) : 0;
    return list(files, path, kind, 0) < 0 ? err_sys(err, errno, "%s", path) : 0;
}

/* ---- containerd's imports ---- */

/* One with a '*' is a pattern, whose answers are in order; leading dots are nothing special. */
static int add_matches(struct strv *files, const char *pattern)
{
    glob_t found = {0};
    int code = glob(pattern, GLOB_PERIOD, NULL, &found), failed = code == GLOB_NOSPACE ? -1 : 0;

    for (size_t i = 0; code == 0 && i < found.gl_pathc; i++)
        if (!str_ends(found.gl_pathv[i], "/.") && !str_ends(found.gl_pathv[i], "/..") &&
            !strv_contains(files, found.gl_pathv[i]))
            failed |= strv_add(files, found.gl_pathv[i]);
    globfree(&found);
    return failed;
}

/* What `file` imports goes behind all that is to be read, each once. */
static int add_imports(struct strv *files, const char *file, const struct strv *imports,
                       struct lxcdriver_error **err)
{
    const char *slash = strrchr(file, '/');

    for (size_t i = 0; i < imports->n && files->n < FILES_MAX; i++) {
        const char *import = imports->items[i];
        cleanup_free char *absolute =
            *import == '/' ? strdup(import)
                           : str_printf("%.*s/%s", (int)(slash - file), file, import);
        cleanup_free char *path = absolute ? path_normalise(absolute, err) : NULL;

        if (!path)
            return absolute ? -1 : err_nomem(err);
        if (strchr(path, '*') ? add_matches(files, path) < 0
                              : !strv_contains(files, path) && strv_add(files, path) < 0)
            return err_nomem(err);
    }
    return 0;
}

/* ---- what they say ---- */

/* One that need not be there may be missing. */
static int read_file(struct engine_settings *s, const char *file, bool optional,
                     struct strv *imports, struct lxcdriver_error **err)
{
    /* Nobody writes into a FIFO that somebody left there. */
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    cleanup_free char *text = NULL;
    size_t len;

    if (fd < 0 && optional && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0 || fs_read_fd(fd, SETTINGS_MAX, &text, &len) < 0)
        return err_sys(err, errno, "%s", file);
    return engine_read(s, file, text, len, imports, err);
}

/* All files in order, with what they import. *bad is the one that could not be read, heap. */
static int read_files(struct engine_settings *s, struct strv *files, char **bad,
                      struct lxcdriver_error **err)
{
    size_t usual = files->n;

    for (size_t i = 0; i < files->n; i++) {
        cleanup_strv struct strv imports = {0};
        /* The list may move when it grows. */
        cleanup_free char *file = strdup(files->items[i]);

        if (!file)
            return err_nomem(err);
        if (read_file(s, file, i < usual, &imports, err) < 0 ||
            add_imports(files, file, &imports, err) < 0) {
            *bad = steal_ptr(&file);
            return -1;
        }
    }
    return 0;
}

static bool is_there(const char *program)
{
    cleanup_free char *found = *program == '/' ? NULL : probe_find(program);

    return found || (*program == '/' && access(program, X_OK) == 0);
}

struct verdict {
    enum engine_switched known;
    char *gone; /* the program, when it cannot be found */
    char *bad;  /* the file, when it cannot be read: then nothing else is known */
};

static void verdict_clear(struct verdict *v)
{
    free(v->gone);
    free(v->bad);
}

static int judge(struct engine_settings *s, struct strv *files, struct verdict *v,
                 struct lxcdriver_error **err)
{
    const char *gone;

    if (read_files(s, files, &v->bad, err) < 0)
        return -1;
    v->known = engine_switched(s, is_there, &gone);
    return gone && str_set(&v->gone, gone) < 0 ? err_nomem(err) : 0;
}

/* Later files win. An ordinary user's Docker daemon, which reads none but his, is one of its own:
 * where he has settings for it, they count. */
static int switched(const struct check *c, const struct engine *e, unsigned major,
                    struct verdict *v, struct lxcdriver_error **err)
{
    cleanup_engine_settings struct engine_settings s = {.kind = e->kind, .major = major};
    cleanup_strv struct strv files = {0};

    for (size_t i = 0; i < ARRAY_SIZE(e->places) && e->places[i].path; i++) {
        cleanup_free char *path = expand(c, e->places[i].path);

        if (!path)
            continue;
        if (e->kind == ENGINE_DOCKER && i > 0) {
            if (access(path, F_OK) < 0)
                continue;
            strv_free(&files);
        }
        if (find_files(&files, path, e->places[i].kind, err) < 0) {
            v->bad = steal_ptr(&path);
            return -1;
        }
    }
    return judge(&s, &files, v, err);
}

/* ---- the items ---- */

static void add_verdict(struct check *c, const struct engine *e, const char *version,
                        const struct verdict *v)
{
    const char *as_root = c->user && !e->for_users ? "as root: " : "";
    const char *how = v->known == SWITCHED_DEFAULT ? "runlxc is its default runtime"
                                                   : "knows runlxc as a runtime";

    if (v->known == SWITCHED_NOT) {
        check_add(c, e->title, CHECK_OFF, OPTIONAL, "%s; does not know runlxc", version);
        check_advise(c, "%srunlxc install --engine %s", as_root, e->name);
    } else if (v->gone) {
        check_add(c, e->title, CHECK_LIMITED, OPTIONAL, "%s; %s, but %s is no program", version,
                  how, v->gone);
        check_advise(c, "%sname the program's place in its settings", as_root);
    } else {
        check_add(c, e->title, CHECK_OK, OPTIONAL, "%s; %s", version, how);
    }
}

static void check_engine(struct check *c, const struct engine *e)
{
    cleanup_free char *program = probe_find(e->program), *text = NULL;
    cleanup_err struct lxcdriver_error *err = NULL;
    const char *argv[] = {program, "--version", NULL}, *version = "unknown version";
    __attribute__((cleanup(verdict_clear))) struct verdict v = {0};
    unsigned major = 2, minor;

    if (!program) {
        check_add(c, e->title, CHECK_OFF, OPTIONAL, "not installed");
        if (e->source && str_eq(c->package_manager, "apt install"))
            check_advise(c, "%s", e->source);
        else
            check_advise_package(c, e->package);
        return;
    }
    if (probe_program(argv, LIMIT_MS, &text) == 0) {
        (void)check_version(text, &major, &minor);
        version = check_version_word(text);
    }
    if (!*version)
        version = "unknown version";
    if (switched(c, e, major, &v, &err) == 0) {
        add_verdict(c, e, version, &v);
        return;
    }
    /* An engine does not start with settings like these. */
    check_add(c, e->title, CHECK_OFF, OPTIONAL, "%s; %s", version, err_message(err));
    if (!v.bad)
        c->failed = true;
    else if (access(v.bad, R_OK) < 0 && errno == EACCES)
        check_advise(c, "as root: runlxc check");
    else
        check_advise(c, "mend %s", v.bad);
}

void check_engines(struct check *c)
{
    check_section(c, "engines", "Engines");
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        check_engine(c, &engines[i]);
}
