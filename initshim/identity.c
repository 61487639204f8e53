#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "descriptor.h"

bool identity_has_home(const struct bootstrap *b)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(b, WT_ENV, &pos, &r))
        if (strncmp(record_text(&r, 0), "HOME=", 5) == 0)
            return record_text(&r, 0)[5] != '\0';
    return false;
}

static int add_groups(struct shim *s, int group_fd)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_GROUP, &pos, &r))
        if (user_add_group(&s->user, record_text(&r, 0), group_fd, &s->failure) < 0)
            return -1;
    pos = 0;
    while (bootstrap_next_of(&s->boot, WT_ADDITIONAL_GID, &pos, &r)) {
        uint32_t gid;

        memcpy(&gid, r.data, sizeof(gid));
        if (user_add_gid(&s->user, gid, &s->failure) < 0)
            return -1;
    }
    return 0;
}

int identity_resolve(struct shim *s)
{
    const char *spec = bootstrap_string(&s->boot, WT_USER);
    cleanup_close int passwd = -1;
    cleanup_close int group = -1;
    uint32_t uid = 0, gid = 0;

    if (spec || !identity_has_home(&s->boot))
        passwd = account_open(s->root_fd, "/etc/passwd");
    if (spec || s->boot.count[WT_GROUP])
        group = account_open(s->root_fd, "/etc/group");
    if (spec) {
        if (user_lookup(&s->user, spec, passwd, group, &s->failure) < 0)
            return -1;
    } else {
        bootstrap_value(&s->boot, WT_UID, &uid, sizeof(uid));
        bootstrap_value(&s->boot, WT_GID, &gid, sizeof(gid));
        user_set(&s->user, uid, gid, passwd);
    }
    return add_groups(s, group);
}

/* setgroups(2) does not say which one the user namespace has no id for. */
static int fail_groups(struct shim *s)
{
    const struct user *u = &s->user;
    int code = errno;

    for (size_t i = 0; code == EINVAL && i < u->n_groups; i++)
        if (setgroups(1, &u->groups[i]) < 0 && errno == EINVAL)
            return fail_number(&s->failure, STAGE_USER, EINVAL, u->groups[i]);
    return fail(&s->failure, STAGE_USER, code, "groups");
}

int identity_assume(struct shim *s)
{
    const struct user *u = &s->user;

    if (setgroups(u->n_groups, u->groups) < 0) {
        /* A user namespace made without privilege denies setgroups(2); then its gid is all that a
         * process of it can have. */
        bool only_gid = u->n_groups == 0 || (u->n_groups == 1 && u->groups[0] == u->gid);

        if (errno != EPERM || !(s->boot.flags & WF_USERNS) || !only_gid)
            return fail_groups(s);
    }
    if (setresgid(u->gid, u->gid, u->gid) < 0)
        return fail_number(&s->failure, STAGE_USER, errno, u->gid);
    if (setresuid(u->uid, u->uid, u->uid) < 0)
        return fail_number(&s->failure, STAGE_USER, errno, u->uid);
    return 0;
}
