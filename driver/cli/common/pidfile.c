#include "common/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"

int pidfile_write(const char *path, pid_t pid, struct lxcdriver_error **err)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d", pid);
    cleanup_free char *dir = strdup(path);
    char *slash = dir ? strrchr(dir, '/') : NULL;
    cleanup_close int fd = -1;

    if (!dir)
        return err_nomem(err);
    if (slash)
        *slash = '\0';
    fd = open(!slash ? "." : slash == dir ? "/" : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 ||
        fs_write_atomic(fd, slash ? path + (slash - dir) + 1 : path, text, (size_t)len, 0644) < 0)
        return err_sys(err, errno, "--pid-file: write %s", path);
    return 0;
}
