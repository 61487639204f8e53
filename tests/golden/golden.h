/* A case under way, and what its directives do to it (directives.c). */
#ifndef RUNLXC_GOLDEN_H
#define RUNLXC_GOLDEN_H

#include "config/config.h"

#define MOUNTS_MAX 16

struct golden {
    struct command *cmd;
    struct config_facts facts;
    struct mount_target targets[MOUNTS_MAX];
    struct config_bind binds[MOUNTS_MAX];
    struct strv v1, v2, args;
    char *json, *bundle;
};

/* Print what is wrong with the case, and exit. */
void die(const char *what, const char *detail) __attribute__((noreturn));
char *keep(const char *s);
/* \s \t \n \r \\ in place. */
void unescape(char *s);
/* One line of a case; it is changed. */
void apply(struct golden *g, char *line);

#endif
