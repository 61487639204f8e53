/* The cgroups of one more process: the container's, or what the caller made below them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "run/exec.h"
#include "spec/readers.h"

#define CONTROL_MAX ((size_t)4096) /* cgroup.subtree_control: names of controllers */

/* Whether a comma-separated list has a word. */
static bool list_has(const char *list, size_t list_len, const char *word, size_t word_len)
{
    const char *end = list + list_len;

    for (const char *at = list; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma ? comma : end) - at);

        if (len == word_len && memcmp(at, word, len) == 0)
            return true;
        at += len + 1;
    }
    return false;
}

/* Whether `entry` ("[controllers:]path") is about a hierarchy; *path is then what it says. */
static bool concerns(const char *entry, const struct cgroup_dir *dir, const char **path)
{
    const char *colon = strchr(entry, ':'), *at = entry;

    *path = colon ? colon + 1 : entry;
    while (colon && at < colon) {
        size_t len = strcspn(at, ",:");

        if (list_has(dir->controllers, strlen(dir->controllers), at, len))
            return true;
        at += len + 1;
    }
    return !colon;
}

/* Every controller that is named has to be the container's. */
static int check_controllers(const struct exec *e, const char *entry, struct lxcdriver_error **err)
{
    const char *colon = strchr(entry, ':');

    for (const char *at = entry; colon && at <= colon;) {
        size_t len = strcspn(at, ",:");
        bool known = false;

        for (size_t i = 0; i < e->c->cgroups.n && !known; i++) {
            const char *list = e->c->cgroups.dirs[i].controllers;

            known = len > 0 && list_has(list, strlen(list), at, len);
        }
        if (!known)
            return err_set(err, "cgroup \"%s\": the container has no cgroup of controller \"%.*s\"",
                           entry, (int)len, at);
        at += len + 1;
    }
    return 0;
}

/* The path is below the container's cgroup and stays there. Heap. */
static char *sub_path(const struct cgroup_dir *dir, const char *entry, const char *path,
                      struct lxcdriver_error **err)
{
    cleanup_free char *full = str_printf("/%s", path), *clean = NULL;
    char *result;

    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");

        if (len == 2 && strncmp(at, "..", 2) == 0) {
            err_set(err, "cgroup \"%s\": not below the container's", entry);
            return NULL;
        }
        at += len + (at[len] == '/');
    }
    clean = full ? path_normalise(full, err) : NULL;
    if (!clean)
        return NULL;
    result = str_printf("%s%s", dir->path, clean[1] ? clean : "");
    if (!result)
        err_nomem(err);
    return result;
}

/* cgroup-v2.rst, "No Internal Process Constraint": once an init such as systemd has handed
 * controllers to cgroups of its own, none but those may have processes, and the one with the init
 * is one that may. *path is NULL where the container's own will do. */
static int leaf_path(const struct exec *e, const struct cgroup_dir *dir, char **path,
                     struct lxcdriver_error **err)
{
    cleanup_free char *file = str_printf("%s/cgroup.subtree_control", dir->path), *text = NULL;
    struct cgroup_layout layout;
    struct cgroup_dirs of_init;
    const struct cgroup_dir *found;
    size_t len = strlen(dir->path);
    int rc = 0;

    *path = NULL;
    if (!file)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, file, CONTROL_MAX, &text, NULL) < 0 || !text[strspn(text, " \n")])
        return 0;
    if (cgroup_layout_read(&layout, err) < 0)
        return -1;
    if (cgroup_dirs_of_pid(&layout, e->c->pid, &of_init, err) < 0) {
        cgroup_layout_clear(&layout);
        return -1;
    }
    found = cgroup_dir_find(&of_init, "");
    /* Nowhere but below: where it is, the container decides. */
    if (found && strncmp(found->path, dir->path, len) == 0 && found->path[len] == '/') {
        *path = strdup(found->path);
        rc = *path ? 0 : err_nomem(err);
    }
    cgroup_dirs_clear(&of_init);
    cgroup_layout_clear(&layout);
    return rc;
}

static int add_one(struct exec *e, const struct cgroup_dir *dir, struct lxcdriver_error **err)
{
    const char *said = NULL, *path;

    for (const char *const *sub = e->process->sub_cgroups; sub && *sub; sub++) {
        cleanup_free char *full = NULL;

        if (!concerns(*sub, dir, &path))
            continue;
        if (said)
            return err_set(err, "cgroup: both \"%s\" and \"%s\" are for %s", said, *sub,
                           *dir->controllers ? dir->controllers : "the unified hierarchy");
        said = *sub;
        full = sub_path(dir, *sub, path, err);
        if (!full)
            return -1;
        record_add_string(&e->bootstrap, WT_CGROUP, full);
    }
    if (!said) {
        cleanup_free char *leaf = NULL;

        if (dir->v2 && leaf_path(e, dir, &leaf, err) < 0)
            return -1;
        record_add_string(&e->bootstrap, WT_CGROUP, leaf ? leaf : dir->path);
    }
    return 0;
}

int exec_add_cgroups(struct exec *e, struct lxcdriver_error **err)
{
    for (const char *const *sub = e->process->sub_cgroups; sub && *sub; sub++)
        if (check_controllers(e, *sub, err) < 0)
            return err_wrap(err, "exec");
    for (size_t i = 0; i < e->c->cgroups.n; i++)
        if (add_one(e, &e->c->cgroups.dirs[i], err) < 0)
            return err_wrap(err, "exec");
    return 0;
}
