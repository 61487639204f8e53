/*
 * Who the workload is. The container's /etc/passwd and /etc/group are hostile input: no name
 * service, no allocation, bounded files and lines, and a line that is not exactly an entry is no
 * entry.
 */
#ifndef INITSHIM_USER_H
#define INITSHIM_USER_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "failure.h"

#define USER_GROUPS 1024
#define USER_NAME 256

struct user {
    uint32_t uid, gid;
    char name[USER_NAME]; /* empty when there is no entry */
    char home[PATH_MAX];  /* "/" when there is no entry or it says nothing */
    gid_t groups[USER_GROUPS];
    size_t n_groups;
};

/*
 * "name|uid[:group|gid]". passwd_fd and group_fd are the open files, or -1 where there is none.
 * Digits are always a number, as `docker run --user` has it: an image cannot give itself another
 * uid by an entry whose name is "1000". A uid without an entry has gid 0 and home "/". Without a
 * group, gid is the entry's and the groups are all that list its name; with one, there are no
 * others. The gid is always among the groups. -1 with STAGE_USER; errnum 0 means that the detail's
 * user or group does not exist.
 */
int user_lookup(struct user *u, const char *spec, int passwd_fd, int group_fd, struct failure *f);

/* Numbers given (WT_UID, WT_GID): only the home directory is looked up, and no group is added. */
void user_set(struct user *u, uint32_t uid, uint32_t gid, int passwd_fd);

/* One more supplementary group, by name or number. 0, or -1 with STAGE_USER. */
int user_add_group(struct user *u, const char *group, int group_fd, struct failure *f);
int user_add_gid(struct user *u, uint32_t gid, struct failure *f);

#endif
