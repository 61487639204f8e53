/*
 * From a struct seccomp_spec to the program that seccomp(2) takes, by libseccomp; and the cache
 * that spares a start the 11 to 16 ms which libseccomp needs for the default profile.
 */
#ifndef RUNLXC_RUN_SECCOMP_FILTER_H
#define RUNLXC_RUN_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/sha256.h"
#include "base/str.h"
#include "spec/command.h"
#include "spec/seccomp.h"

struct seccomp_filter {
    struct sock_filter *insns;
    size_t n;
    uint32_t flags;      /* SECCOMP_FILTER_FLAG_*, with NEW_LISTENER when a rule notifies */
    struct strv unknown; /* names of system calls that are not known here */
    /* Who is notified, of a specification or a profile; NULL without NEW_LISTENER. */
    char *listener_path, *listener_metadata;
};

void seccomp_filter_clear(struct seccomp_filter *filter);

/* ---- seccomp_compile.c ---- */

/*
 * Compile. What a system call gets, on each architecture:
 *
 * - What libseccomp makes of the rules, added as runc adds them: a rule without conditions decides,
 *   the first of them if there are several; else one whose conditions all hold; else the default.
 *   Rules with the default's action are left out. Several conditions on the same argument are
 *   alternatives, each a rule of its own. Of rules with the same conditions the first counts.
 *   Where socketcall(2) or ipc(2) carries a call, libseccomp rules that way as well; arguments that
 *   lie in memory there are not looked at.
 * - Of names that this libseccomp does not know, those of seccomp_numbers.c are decided by the
 * rules without conditions; the others are skipped and listed in out->unknown.
 * - When the default denies, a call beyond the last that the rules name (and is known here) for its
 *   architecture gets ENOSYS: the rules were written before it, and programs go on without what a
 *   kernel lacks, but take EPERM for a refusal (C libraries try new calls first).
 * - The machine's own architecture is always included; a call of one that is not kills the thread.
 *
 * A word that is unknown, a number for an action that has none, a notification of sendmsg(2), with
 * which the init shim hands the listener over, and a program of more than 4096 instructions are
 * errors. 0, or -1 with *out empty.
 */
int seccomp_compile(const struct seccomp_spec *spec, struct seccomp_filter *out,
                    struct lxcdriver_error **err);

/* ---- seccomp_numbers.c: calls that are younger than this libseccomp ---- */

#define SECCOMP_LATE_MAX 32

/* What the rules decide of one. */
struct seccomp_late {
    const char *name;
    uint32_t ret; /* SECCOMP_RET_* */
};

/* Whether libseccomp does not know the name and this program does. */
bool seccomp_is_late(const char *name);

/* Of such a name on an architecture (libseccomp's token): -1 when there is none there. */
int64_t seccomp_late_number(const char *name, uint32_t token);

/* Of any name: libseccomp's, or that of a late one. Negative: none there. */
int64_t seccomp_number(const char *name, uint32_t token);

/* ---- seccomp_newer.c ---- */

#define SECCOMP_ARCHES_MAX 8 /* MIPS, with six, has the most on one machine */

/* An architecture (libseccomp's token) and the highest number that is named there. */
struct seccomp_last {
    uint32_t token;
    int64_t number; /* -1: none */
};

/* What stands before libseccomp's program. */
struct seccomp_newer {
    struct seccomp_last arches[SECCOMP_ARCHES_MAX];
    size_t n_arches;
    struct seccomp_late late[SECCOMP_LATE_MAX];
    size_t n_late;
    bool hides; /* what is beyond the last number */
};

#define SECCOMP_NEWER_MAX (1 + SECCOMP_ARCHES_MAX * (12 + 2 * SECCOMP_LATE_MAX))

/* Find arches[].number of every token for the names of a specification's rules. */
void seccomp_find_lasts(const struct seccomp_spec *spec, struct seccomp_newer *newer);

/* Instructions to stand before a filter: a late call gets its answer, what is beyond the last
 * number of its architecture ENOSYS, everything else goes on behind. How many. */
size_t seccomp_put_newer(const struct seccomp_newer *newer,
                         struct sock_filter out[SECCOMP_NEWER_MAX]);

/* ---- seccomp_cache.c: <image_dir>/seccomp/<key> ---- */

/*
 * Keys are digests of all that a program is made from: the form of the cache, libseccomp's version,
 * kernel and machine; with these a profile's path, identity, size and times and the facts that its
 * conditions are judged by, or a whole specification. 0 or -1.
 */
int seccomp_key_profile(const char *path, const struct stat *st, const struct seccomp_host *host,
                        char key[SHA256_HEX + 1], struct lxcdriver_error **err);
int seccomp_key_spec(const struct seccomp_spec *spec, char key[SHA256_HEX + 1],
                     struct lxcdriver_error **err);

/* Whether a file of these times will change at least one of them when it is written to again: the
 * kernel's times go by ticks of up to 10 ms, so one that was changed just now may not. */
bool seccomp_is_settled(const struct stat *st);

/* true: *out is filled. What is missing, damaged or in a directory that others than root can write
 * to is not there. */
bool seccomp_cache_get(const char *image_dir, const char *key, struct seccomp_filter *out);

#define SECCOMP_CACHE_MAX 64 /* files; beyond it the oldest go */

/* Keep a filter. Failing is no error: the next start compiles again. */
void seccomp_cache_put(const char *image_dir, const char *key, const struct seccomp_filter *filter);

#endif
