/* The format of passwd(5) and group(5), read by descriptor, entry by entry. */
#ifndef INITSHIM_ACCOUNT_H
#define INITSHIM_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#define ACCOUNT_FILE_MAX (16u << 20) /* bytes read of a file */
#define ACCOUNT_LINE_MAX (64u << 10) /* longer lines are skipped */

/* The strings are valid during the call only. */
struct passwd_entry {
    const char *name, *home;
    uint32_t uid, gid;
};

struct group_entry {
    const char *name;
    const char *members; /* "a,b,c" */
    uint32_t gid;
};

/* Called for each entry; true stops. */
typedef bool (*passwd_fn)(const struct passwd_entry *e, void *arg);
typedef bool (*group_fn)(const struct group_entry *e, void *arg);

/*
 * Go through a file from its beginning. A negative descriptor is an empty file, a read error ends
 * it. Skipped: lines that are too long, have a NUL, lack fields, have an empty name, a comment or
 * an NIS mark ('+', '-') there, or numbers that are none.
 */
void account_passwd(int fd, passwd_fn fn, void *arg);
void account_group(int fd, group_fn fn, void *arg);

/* Whether `name` is in the list "a,b,c". */
bool account_is_member(const char *members, const char *name);

/* Open "/etc/passwd" or "/etc/group" of the container: a regular file, or -1. Never blocks. */
int account_open(int root_fd, const char *path);

#endif
