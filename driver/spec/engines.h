/*
 * Which runtimes a container engine's settings name: their texts in the order in which the engine
 * reads them go in, a verdict comes out. Nothing is looked up on the host.
 *
 * Sources: dockerd(8); containerd's docs/cri/config.md and man page containerd-config.toml(5);
 * containers.conf(5); crio.conf(5) and crio.conf.d(5).
 */
#ifndef RUNLXC_SPEC_ENGINES_H
#define RUNLXC_SPEC_ENGINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/toml.h"

enum engine_kind { ENGINE_DOCKER, ENGINE_CONTAINERD, ENGINE_PODMAN, ENGINE_CRIO };

/* How an engine knows a runtime. */
enum engine_switched {
    SWITCHED_NOT,     /* not at all */
    SWITCHED_RUNTIME, /* by a name */
    SWITCHED_DEFAULT, /* as that of all containers */
};

struct engine_runtime {
    char *name;
    struct strv programs; /* the first one that is there counts */
};

struct engine_runtimes {
    struct engine_runtime *items;
    size_t n;
    char *preset; /* the name of the default; NULL: not said */
};

#define ENGINE_PLUGINS 3 /* names that containerd's CRI plugin has had */

/* What was read so far. Begin with the first two members and zeroes. */
struct engine_settings {
    enum engine_kind kind;
    unsigned major;  /* of containerd: 1 takes a plugin's section of a later file instead of the
                        earlier one, 2 puts it over that */
    unsigned format; /* of containerd: `version` of the files so far */
    struct engine_runtimes of[ENGINE_PLUGINS]; /* by plugin; of the other engines the first */
};

void engine_settings_clear(struct engine_settings *s);
#define cleanup_engine_settings __attribute__((cleanup(engine_settings_clear)))

/*
 * Take one more file, text[len], NUL-terminated. `file` is for errors: what cannot be parsed is one
 * that names it and the line. `imports` (may be NULL) gets what containerd is to read after all
 * that was to be read before, as it is written. 0 or -1.
 */
int engine_read(struct engine_settings *s, const char *file, const char *text, size_t len,
                struct strv *imports, struct lxcdriver_error **err);

/*
 * How the engine knows us: a program counts that is called runlxc, wherever it lies. `there` tells
 * whether a program can be found, by its path or its name; NULL: all can. *gone (may be NULL)
 * becomes ours that cannot, borrowed from the settings, or NULL.
 */
enum engine_switched engine_switched(const struct engine_settings *s,
                                     bool (*there)(const char *program), const char **gone);

/* ---- what is written into them, too ---- */

/* The name of containerd's CRI plugin by its settings' format; one that says none is 1. */
const char *engine_cri_plugin(unsigned format);
/* `version` of containerd's settings: 0 when there is none, -1 when it is no number. */
int engine_cri_format(const char *text, const struct toml *doc);

#endif
