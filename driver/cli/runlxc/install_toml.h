/* What an engine that reads TOML is to be told: a plan, which an editor knows how to put into a
 * document and to take out of it. */
#ifndef RUNLXC_CLI_INSTALL_TOML_H
#define RUNLXC_CLI_INSTALL_TOML_H

#include "base/toml.h"
#include "runlxc/install.h"

#define PLAN_PATH_MAX 8 /* NULL at its end included */
#define PLAN_TABLES_MAX 2

/* Keys for one table. */
struct plan_table {
    const char *path[PLAN_PATH_MAX];
    char *lines; /* "key = value\n"...; heap */
};

struct install_plan {
    const char *head;                           /* for a document without keys; NULL: nothing */
    struct plan_table runtime[PLAN_TABLES_MAX]; /* a table without lines: no more */
    /* A runtime that has to be said, too, when there is no other (see plan_containerd()). */
    struct plan_table other;
    const char *entry[PLAN_PATH_MAX];    /* the runtime's table or key */
    const char *program[PLAN_PATH_MAX];  /* its program: a string, or an array of one */
    const char *runtimes[PLAN_PATH_MAX]; /* the table that all of them are in */
    const char *table[PLAN_PATH_MAX];    /* that of the default's key */
    const char *key;
    char *warning; /* heap; NULL: none */
};

void install_plan_clear(struct install_plan *plan);

/*
 * What the document `doc` of text is to be told; plans may differ with what it says already. The
 * paths borrow from `wish` and from static texts. 0 or -1; *plan is to be cleared in both cases.
 */
typedef int install_planner(const struct install_wish *wish, const char *file, const char *text,
                            const struct toml *doc, struct install_plan *plan,
                            struct lxcdriver_error **err);

install_planner plan_containerd, plan_podman, plan_crio;

/*
 * What install_json() is for Docker. All that is put in stands between two comments that name it,
 * and a line that was changed is kept in a comment above it: that is how it is found and taken out.
 * Nothing else is touched.
 */
int install_toml(install_planner *planner, const struct install_wish *wish, const char *file,
                 const char *text, size_t len, struct install_edit *edit,
                 struct lxcdriver_error **err);

#endif
