/* Container engines: whether they are here, and whether they know us. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/probe.h"
#include "run/check.h"

#define LIMIT_MS 10000 /* large programs, which a slow disk takes long to read */
#define SETTINGS_MAX (4 << 20)

struct engine {
    const char *name; /* for `runlxc install --engine` */
    const char *title;
    const char *program;
    const char *package;     /* Debian's; NULL: it has none */
    const char *settings[5]; /* files, and directories of them; the later wins */
    const char *default_key; /* of TOML; NULL: the file is Docker's */
};

static const struct engine engines[] = {
    {"docker",
     "Docker",
     "dockerd",
     "docker.io",
     {"/etc/docker/daemon.json", "~/docker/daemon.json"},
     NULL},
    {"containerd",
     "containerd",
     "containerd",
     "containerd",
     {"/etc/containerd/config.toml", "/etc/containerd/conf.d"},
     "default_runtime_name"},
    {"podman",
     "Podman",
     "podman",
     "podman",
     {"/usr/share/containers/containers.conf", "/etc/containers/containers.conf",
      "/etc/containers/containers.conf.d", "~/containers/containers.conf",
      "~/containers/containers.conf.d"},
     "runtime"},
    {"crio",
     "CRI-O",
     "crio",
     "cri-o",
     {"/etc/crio/crio.conf", "/etc/crio/crio.conf.d"},
     "default_runtime"},
};

/* -1: it cannot be understood. */
static int read_settings(const struct engine *e, const char *path)
{
    cleanup_free char *text = NULL;
    size_t len;

    if (fs_read_at(AT_FDCWD, path, SETTINGS_MAX, &text, &len) < 0)
        return SWITCHED_NOT;
    return e->default_key ? (int)check_toml(text, e->default_key) : check_docker_json(text, len);
}

static int read_directory(const struct engine *e, const char *path)
{
    cleanup_closedir DIR *dir = opendir(path);
    int best = SWITCHED_NOT;

    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        cleanup_free char *file = str_printf("%s/%s", path, entry->d_name);
        int found = file && entry->d_name[0] != '.' ? read_settings(e, file) : SWITCHED_NOT;

        if (found > best)
            best = found;
    }
    return best;
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

/* *broken becomes the last file that cannot be understood; heap. */
static int switched(const struct check *c, const struct engine *e, char **broken)
{
    int best = SWITCHED_NOT;

    for (size_t i = 0; i < ARRAY_SIZE(e->settings) && e->settings[i]; i++) {
        cleanup_free char *path = expand(c, e->settings[i]);
        int found = SWITCHED_NOT;

        if (path)
            found = fs_is_dir(path) ? read_directory(e, path) : read_settings(e, path);
        if (found > best)
            best = found;
        if (found < 0) {
            free(*broken);
            *broken = steal_ptr(&path);
        }
    }
    return best;
}

static void check_engine(struct check *c, const struct engine *e)
{
    cleanup_free char *program = probe_find(e->program), *text = NULL, *broken = NULL;
    const char *argv[] = {program, "--version", NULL}, *version;

    if (!program) {
        check_add(c, e->title, CHECK_OFF, OPTIONAL, "not installed");
        check_advise_package(c, e->package);
        return;
    }
    version =
        probe_program(argv, LIMIT_MS, &text) == 0 ? check_version_word(text) : "unknown version";
    switch (switched(c, e, &broken)) {
    case SWITCHED_DEFAULT:
        check_add(c, e->title, CHECK_OK, OPTIONAL, "%s; runlxc is its default runtime", version);
        break;
    case SWITCHED_RUNTIME:
        check_add(c, e->title, CHECK_OK, OPTIONAL, "%s; knows runlxc as a runtime", version);
        break;
    default:
        check_add(c, e->title, CHECK_OFF, OPTIONAL,
                  broken ? "%s; %s is no JSON" : "%s; does not know runlxc%s", version,
                  broken ? broken : "");
    }
    if (broken)
        check_advise(c, "mend %s", broken);
    else
        check_advise(c, "runlxc install --engine %s", e->name);
}

void check_engines(struct check *c)
{
    check_section(c, "engines", "Engines");
    for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
        check_engine(c, &engines[i]);
}
