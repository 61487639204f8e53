#include "base/rootless.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

#define MAP_MAX 65536
#define ALL_IDS UINT32_MAX
#define WORD_MAX 16

struct range {
    uint32_t inside, outside, size;
};

static int read_range(const char *line, struct range *out)
{
    return sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &out->inside, &out->outside,
                  &out->size) == 3
               ? 0
               : -1;
}

/* The first line of the map: of the ranges that newuidmap(1) and engines write the one of user 0
 * comes first. 0 or -1. */
static int first_range(struct range *out)
{
    cleanup_free char *text = NULL;

    if (fs_read_at(AT_FDCWD, "/proc/self/uid_map", MAP_MAX, &text, NULL) < 0)
        return -1;
    return read_range(text, out);
}

bool rootless(void)
{
    struct range first;

    return first_range(&first) == 0 && (first.inside != first.outside || first.size != ALL_IDS);
}

uid_t rootless_user(void)
{
    struct range first;

    return first_range(&first) == 0 && first.inside == 0 ? first.outside : 0;
}

/* Set once, before there are threads. */
static bool ids_are_outer;

void rootless_ids_are_outer(void)
{
    ids_are_outer = true;
}

/* The range in which `size` ids from `id` on are, as they are called inside or outside. */
static bool find_range(bool of_groups, bool inside, uint32_t id, uint32_t size, struct range *out)
{
    cleanup_free char *text = NULL;
    char *save = NULL;

    if (fs_read_at(AT_FDCWD, of_groups ? "/proc/self/gid_map" : "/proc/self/uid_map", MAP_MAX,
                   &text, NULL) < 0)
        return false;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        uint32_t first;

        if (read_range(line, out) < 0)
            continue;
        first = inside ? out->inside : out->outside;
        if (id >= first && size <= out->size && id - first <= out->size - size)
            return true;
    }
    return false;
}

bool rootless_inner(bool of_groups, uint32_t outer, uint32_t size, uint32_t *inner)
{
    struct range r;

    *inner = outer;
    if (!ids_are_outer)
        return true;
    if (!find_range(of_groups, false, outer, size, &r))
        return false;
    *inner = r.inside + (outer - r.outside);
    return true;
}

bool rootless_has(bool of_groups, uint32_t id)
{
    struct range r;

    return find_range(of_groups, true, id, 1, &r);
}

bool rootless_denies_groups(void)
{
    cleanup_free char *text = NULL;

    return fs_read_at(AT_FDCWD, "/proc/self/setgroups", WORD_MAX, &text, NULL) == 0 &&
           str_starts(text, "deny");
}

/* The specification has relative ones ignored. */
static const char *directory(const char *variable)
{
    const char *value = secure_getenv(variable);

    return value && *value == '/' ? value : NULL;
}

static char *runtime_dir(struct lxcdriver_error **err)
{
    const char *given = directory("XDG_RUNTIME_DIR");
    cleanup_free char *usual = str_printf("/run/user/%u", (unsigned)geteuid());
    char *dir;

    if (!given && usual && !fs_is_dir(usual)) {
        err_set(err,
                "XDG_RUNTIME_DIR is not set, and there is no %s: the containers of an ordinary "
                "user are recorded there",
                usual);
        return NULL;
    }
    dir = usual ? str_printf("%s/runlxc", given ? given : usual) : NULL;
    if (!dir)
        err_nomem(err);
    return dir;
}

/* Engines start a runtime with little in its environment; what they start needs no images. */
static char *data_dir(const char *containers, struct lxcdriver_error **err)
{
    const char *data = directory("XDG_DATA_HOME"), *home = directory("HOME");
    char *dir;

    if (data)
        dir = str_printf("%s/runlxc", data);
    else if (home)
        dir = str_printf("%s/.local/share/runlxc", home);
    else
        dir = str_printf("%s-images", containers);
    if (!dir)
        err_nomem(err);
    return dir;
}

int rootless_dirs(char **containers, char **images, struct lxcdriver_error **err)
{
    const char *user = secure_getenv("USER");

    *containers = *images = NULL;
    if (geteuid() == 0 && (!rootless() || str_eq(user, "root") || !directory("XDG_RUNTIME_DIR")))
        return 0;
    *containers = runtime_dir(err);
    *images = *containers ? data_dir(*containers, err) : NULL;
    if (*images)
        return 0;
    free(*containers);
    *containers = NULL;
    return -1;
}
