#include "user.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "account.h"
#include "text.h"

#define ID_MAX (UINT32_MAX - 1)

/* What is looked for: a number, or else a name. */
struct wanted {
    bool by_id;
    uint32_t id;
    const char *name;
    bool found;
    struct user *user;
};

static void copy_cut(char *dst, size_t size, const char *src)
{
    struct text t;

    text_init(&t, dst, size);
    text_put(&t, src);
}

static void set_home(struct user *u, const char *home)
{
    copy_cut(u->home, sizeof(u->home), *home ? home : "/");
}

static bool match_user(const struct passwd_entry *e, void *arg)
{
    struct wanted *w = arg;

    if (w->by_id ? e->uid != w->id : strcmp(e->name, w->name) != 0)
        return false;
    w->found = true;
    w->user->uid = e->uid;
    w->user->gid = e->gid;
    set_home(w->user, e->home);
    /* A name that does not fit stays unknown: its beginning may be the name of somebody else. */
    if (strlen(e->name) < sizeof(w->user->name))
        copy_cut(w->user->name, sizeof(w->user->name), e->name);
    return true;
}

static bool match_group(const struct group_entry *e, void *arg)
{
    struct wanted *w = arg;

    if (w->by_id ? e->gid != w->id : strcmp(e->name, w->name) != 0)
        return false;
    w->found = true;
    w->id = e->gid;
    return true;
}

static bool collect_group(const struct group_entry *e, void *arg)
{
    struct user *u = arg;

    if (e->gid != u->gid && account_is_member(e->members, u->name))
        u->groups[u->n_groups++] = e->gid;
    /* More than that many memberships are the image's own doing; it gets no more rights by naming
     * more. */
    return u->n_groups == USER_GROUPS;
}

/* Fill `w` from text. False, and a failure, when it is a number out of range. */
static int parse_wanted(struct wanted *w, const char *name, struct failure *f)
{
    size_t len = strlen(name);
    uint64_t id;

    w->name = name;
    if (!text_is_digits(name, len))
        return 0;
    if (!text_number(name, len, ID_MAX, &id))
        return fail(f, STAGE_USER, ERANGE, name);
    w->by_id = true;
    w->id = (uint32_t)id;
    return 0;
}

static int find_group(const char *name, int group_fd, uint32_t *gid, struct failure *f)
{
    struct wanted w = {0};

    if (parse_wanted(&w, name, f) < 0)
        return -1;
    if (!w.by_id)
        account_group(group_fd, match_group, &w);
    if (!w.by_id && !w.found)
        return fail(f, STAGE_USER, 0, name);
    *gid = w.id;
    return 0;
}

/* An empty name stands for uid 0, as in ":group". */
static int find_user(struct user *u, const char *name, int passwd_fd, struct failure *f)
{
    struct wanted w = {.user = u};

    if (parse_wanted(&w, *name ? name : "0", f) < 0)
        return -1;
    account_passwd(passwd_fd, match_user, &w);
    if (!w.found && !w.by_id)
        return fail(f, STAGE_USER, 0, name);
    if (!w.found)
        u->uid = w.id;
    return 0;
}

static void reset(struct user *u)
{
    u->uid = 0;
    u->gid = 0;
    u->name[0] = '\0';
    u->n_groups = 0;
    set_home(u, "/");
}

int user_lookup(struct user *u, const char *spec, int passwd_fd, int group_fd, struct failure *f)
{
    const char *colon = strchr(spec, ':');
    size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
    char name[USER_NAME];

    reset(u);
    if (len >= sizeof(name))
        return fail(f, STAGE_USER, 0, spec);
    memcpy(name, spec, len);
    name[len] = '\0';
    if (find_user(u, name, passwd_fd, f) < 0)
        return -1;
    if (colon && colon[1]) {
        if (find_group(colon + 1, group_fd, &u->gid, f) < 0)
            return -1;
        u->groups[u->n_groups++] = u->gid;
        return 0;
    }
    /* With the gid among the groups, a file mode that denies the group cannot be got round by
     * giving the gid up. */
    u->groups[u->n_groups++] = u->gid;
    if (u->name[0])
        account_group(group_fd, collect_group, u);
    return 0;
}

void user_set(struct user *u, uint32_t uid, uint32_t gid, int passwd_fd)
{
    struct wanted w = {.by_id = true, .id = uid, .user = u};

    reset(u);
    account_passwd(passwd_fd, match_user, &w);
    u->uid = uid;
    u->gid = gid;
}

int user_add_gid(struct user *u, uint32_t gid, struct failure *f)
{
    for (size_t i = 0; i < u->n_groups; i++)
        if (u->groups[i] == gid)
            return 0;
    if (u->n_groups == USER_GROUPS)
        return fail_number(f, STAGE_USER, E2BIG, gid);
    u->groups[u->n_groups++] = gid;
    return 0;
}

int user_add_group(struct user *u, const char *group, int group_fd, struct failure *f)
{
    uint32_t gid = 0;

    if (find_group(group, group_fd, &gid, f) < 0)
        return -1;
    return user_add_gid(u, gid, f);
}
