/*
 * What this host can do, item by item: the parts of lxcdriver_check_json(). Each part asks its own
 * questions and adds items to the sections that it begins.
 */
#ifndef RUNLXC_RUN_CHECK_H
#define RUNLXC_RUN_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "host/cgroup.h"
#include "run/run.h"

enum check_word {
    CHECK_OK,
    CHECK_LIMITED, /* works in part, or not for this user */
    CHECK_OFF,     /* could be had, and is not switched on */
    CHECK_MISSING, /* cannot be had as things are */
};

enum check_need { OPTIONAL, REQUIRED /* no container without it */ };

struct check {
    struct lxcdriver drv; /* settings and places; the settings' defaults when they cannot be read */
    bool user;            /* not root: everything is done in a user namespace of his own */
    bool rootless;        /* that, or root of a user namespace */
    char *package_manager; /* "apt install", or NULL: not known */
    json_t *sections;      /* owned */
    json_t *items, *last;  /* of the section that is being filled; borrowed */
    bool cannot;           /* something that is required is missing */
    bool failed;           /* memory ran out */
};

/* ---- check.c ---- */

/* Begin a section. `name` is for programs, `title` for people. */
void check_section(struct check *c, const char *name, const char *title);
/* Add an item to it. `detail` says what was found; printf(3)'s. */
void check_add(struct check *c, const char *name, enum check_word word, enum check_need need,
               const char *detail, ...) __attribute__((format(printf, 5, 6)));
/* The command or setting that mends the item that was added last; nothing when that is ok. */
void check_advise(struct check *c, const char *advice, ...) __attribute__((format(printf, 2, 3)));
/* The same: that a package be installed, by what Debian calls it. */
void check_advise_package(struct check *c, const char *debian);

/* Of a directory that may still have to be made, what it will be made in. Heap; NULL for NULL, or
 * when memory ran out. */
char *check_existing(const char *directory);

/* ---- the sections; in the order in which they are printed ---- */

void check_kernel(struct check *c);
void check_users(struct check *c);
void check_cgroups(struct check *c);
void check_confinement(struct check *c);
void check_network(struct check *c);
void check_files(struct check *c); /* LXC, and what is ours */
void check_tools(struct check *c); /* lxcfs, CRIU and others that some options need */
void check_engines(struct check *c);

/* ---- check_text.c: what needs no host ---- */

/* How packages are installed on a distribution, out of os-release(5): "apt install"; NULL when it
 * is not known. */
const char *check_package_manager(const char *os_release);
/* What a package of Debian's is called where `manager` is used. */
const char *check_package_name(const char *manager, const char *debian);
/* The first two numbers of the first version in a text ("lxc-start 5.0.2" gives 5 and 0). */
bool check_version(const char *text, unsigned *major, unsigned *minor);
/* The version itself, without what stands around it, cut out of the text; "" when there is none. */
char *check_version_word(char *text);
/* Why a file is no whole ELF executable or library of this machine; NULL when it is one. `len` of
 * its bytes are at `data`, `size` is that of the file. */
const char *check_elf(const void *data, size_t len, size_t size);
/* How many ranges of ids subuid(5)'s text gives to whom; any user for NULL. */
size_t check_subids(const char *text, const char *name, unsigned uid);
/* The first id from `first` on of `n` that nobody has of those in the text, a multiple of n away
 * from it. 0: there are none left. */
uint64_t check_free_subids(const char *text, uint64_t first, uint64_t n);

#endif
