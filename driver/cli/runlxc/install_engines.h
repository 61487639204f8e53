/* How each engine is configured. */
#ifndef RUNLXC_CLI_INSTALL_ENGINES_H
#define RUNLXC_CLI_INSTALL_ENGINES_H

#include "runlxc/install_toml.h"

struct install_engine {
    const char *name;
    const char *file;      /* root's configuration; one that ends in '/' holds NAME.conf */
    const char *user_file; /* an ordinary user's, below his configuration directory; NULL: none */
    /* Commands after which it goes by its configuration; NULL: it does anyway. */
    const char *reload; /* root's, after an installation */
    const char *forget; /* root's, after a removal */
    const char *user_reload;
    bool kubernetes;          /* a RuntimeClass may name the runtime */
    install_planner *planner; /* NULL: Docker's JSON */
};

/* NULL with an error that lists those there are. */
const struct install_engine *install_engine_find(const char *name, struct lxcdriver_error **err);

#endif
