/* Changing the limits of a cgroup that is in use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"

#define FILE_MAX ((size_t)64 << 10)

/* One write, and what would take it back. */
struct change {
    const struct cgroup_value *value;
    const char *dir;
    char *old; /* NULL: cannot be told */
    int error; /* errno of the last try */
    bool done;
};

struct changes {
    struct change *items;
    size_t n;
};

static void changes_clear(struct changes *changes)
{
    for (size_t i = 0; i < changes->n; i++)
        free(changes->items[i].old);
    free(changes->items);
}

static int read_file(const char *dir, const char *file, char **out)
{
    cleanup_free char *path = str_printf("%s/%s", dir, file);

    return path ? fs_read_at(AT_FDCWD, path, FILE_MAX, out, NULL) : -1;
}

static int write_file(const char *dir, const char *file, const char *text)
{
    cleanup_free char *path = str_printf("%s/%s", dir, file);

    return path ? fs_write_existing(AT_FDCWD, path, text) : -1;
}

/* ---- what was there ---- */

/* What says "nothing" for one device, or for one key of a list. */
static const char *default_of(const char *file)
{
    if (strcmp(file, "io.max") == 0)
        return "rbps=max wbps=max riops=max wiops=max";
    if (strcmp(file, "rdma.max") == 0)
        return "hca_handle=max hca_object=max";
    return str_starts(file, "io.") ? "default" : "0";
}

/* The line of a list that begins with the first word of `value`, or one that says nothing. */
static char *old_line(const char *file, const char *text, const char *value)
{
    size_t key = strcspn(value, " ");

    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");

        if (strncmp(line, value, key) == 0 && line[key] == ' ')
            return strndup(line, len);
        line += len + (line[len] == '\n');
    }
    return str_printf("%.*s %s", (int)key, value, default_of(file));
}

static bool is_list(const char *file)
{
    return str_ends(file, "_device") || str_starts(file, "io.") || strcmp(file, "rdma.max") == 0 ||
           strcmp(file, "net_prio.ifpriomap") == 0;
}

/* The text that brings back what a file says now; NULL when it cannot be told. */
static char *old_value(const char *dir, const struct cgroup_value *v)
{
    cleanup_free char *text = NULL;
    size_t skip = 0;

    if (read_file(dir, v->file, &text) < 0)
        return NULL;
    if (is_list(v->file) && strchr(v->value, ' '))
        return old_line(v->file, text, v->value);
    /* It shows three lines with names and takes the number of the first. */
    if (strcmp(v->file, "memory.oom_control") == 0)
        skip = strcspn(text, " \n") + 1;
    if (skip > strlen(text))
        return NULL;
    return strndup(text + skip, strcspn(text + skip, "\n"));
}

/* ---- writing ---- */

static void take_back(const struct changes *changes)
{
    /* In two rounds for the same reason as in write_all(). */
    for (int round = 0; round < 2; round++)
        for (size_t i = changes->n; i-- > 0;)
            if (changes->items[i].done && changes->items[i].old)
                (void)write_file(changes->items[i].dir, changes->items[i].value->file,
                                 changes->items[i].old);
}

static int describe(const struct change *c, struct lxcdriver_error **err)
{
    cleanup_free char *usage = NULL, *peak = NULL;

    if (c->error == EBUSY && strcmp(c->value->file, "memory.limit_in_bytes") == 0 &&
        read_file(c->dir, "memory.usage_in_bytes", &usage) == 0 &&
        read_file(c->dir, "memory.max_usage_in_bytes", &peak) == 0)
        return err_sys(err, c->error,
                       "%s: %s is less than the container uses: %.*s bytes now, %.*s at most",
                       c->value->member, c->value->value, (int)strcspn(usage, "\n"), usage,
                       (int)strcspn(peak, "\n"), peak);
    return err_sys(err, c->error, "%s: write \"%s\" to %s/%s", c->value->member, c->value->value,
                   c->dir, c->value->file);
}

/*
 * Values that belong together (a limit of memory and one of memory with swap, a quota and its
 * period) are checked against one another at each write, so that the order that works depends on
 * which of them grow: what is refused is tried again after the rest, for as long as that gets
 * further. The first that stays refused, or NULL.
 */
static const struct change *write_all(struct changes *changes)
{
    const struct change *failed;
    bool further;

    do {
        failed = NULL;
        further = false;
        for (size_t i = 0; i < changes->n; i++) {
            struct change *c = &changes->items[i];

            if (c->done)
                continue;
            c->done = write_file(c->dir, c->value->file, c->value->value) == 0;
            c->error = c->done ? 0 : errno;
            further |= c->done;
            if (!c->done && !failed)
                failed = c;
            if (!c->done && c->error != EINVAL && c->error != EBUSY)
                return c;
        }
    } while (failed && further);
    return failed;
}

static int prepare(const struct cgroup_dirs *dirs, const struct cgroup_value *value,
                   struct changes *changes, struct lxcdriver_error **err)
{
    bool core = str_starts(value->file, "cgroup.");
    cleanup_free char *controller = strndup(value->file, strcspn(value->file, "."));
    const struct cgroup_dir *dir =
        controller ? cgroup_dir_find(dirs, core ? "" : controller) : NULL;
    struct change *c;

    if (!controller)
        return err_nomem(err);
    if (!dir || cgroup_path_is_root(dir->path))
        return err_set(err, "%s: the container has no cgroup of its own for \"%s\"", value->member,
                       controller);
    c = ARRAY_GROW(&changes->items, &changes->n);
    if (!c)
        return err_nomem(err);
    *c = (struct change){.value = value, .dir = dir->path};
    c->old = old_value(dir->path, value);
    return 0;
}

int cgroup_write(const struct cgroup_dirs *dirs, const struct cgroup_values *values,
                 struct lxcdriver_error **err)
{
    __attribute__((cleanup(changes_clear))) struct changes changes = {0};
    const struct change *failed;

    for (size_t i = 0; i < values->n; i++)
        if (prepare(dirs, &values->items[i], &changes, err) < 0)
            return -1;
    failed = write_all(&changes);
    if (!failed)
        return 0;
    take_back(&changes);
    return describe(failed, err);
}

int cgroup_read(const struct cgroup_dirs *dirs, const char *file, char **out)
{
    cleanup_free char *controller = strndup(file, strcspn(file, "."));
    const struct cgroup_dir *dir = controller ? cgroup_dir_find(dirs, controller) : NULL;

    if (!controller)
        return -1;
    if (!dir || cgroup_path_is_root(dir->path)) {
        errno = ENOENT;
        return -1;
    }
    if (read_file(dir->path, file, out) < 0)
        return -1;
    (*out)[strcspn(*out, "\n")] = '\0';
    return 0;
}
