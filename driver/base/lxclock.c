#include "base/lxclock.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"

#define LOCK_DIR "/run/lxc/lock" /* of root's containers */

void lxclock_remove(const char *lxcpath, const char *name)
{
    cleanup_free char *path = str_printf(LOCK_DIR "%s/.%s", lxcpath, name);

    if (!path || unlink(path) < 0)
        return;
    for (char *slash = strrchr(path, '/'); slash && slash - path >= (long)strlen(LOCK_DIR);
         slash = strrchr(path, '/')) {
        *slash = '\0';
        if (rmdir(path) < 0)
            return;
    }
}
