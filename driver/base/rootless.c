#include "base/rootless.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

#define MAP_MAX 65536
#define ALL_IDS UINT32_MAX

struct range {
    uint32_t inside, outside, size;
};

/* The first line of the map: of the ranges that newuidmap(1) and engines write the one of user 0
 * comes first. 0 or -1. */
static int first_range(struct range *out)
{
    cleanup_free char *text = NULL;

    if (fs_read_at(AT_FDCWD, "/proc/self/uid_map", MAP_MAX, &text, NULL) < 0)
        return -1;
    return sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32, &out->inside, &out->outside,
                  &out->size) == 3
               ? 0
               : -1;
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
