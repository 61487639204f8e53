#include "runlxc/criulog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"

#define LOG_MAX (64 << 20)

int criu_check_cgroups_mode(const char *mode, struct lxcdriver_error **err)
{
    if (mode && strcmp(mode, "soft") != 0 && strcmp(mode, "full") != 0 &&
        strcmp(mode, "strict") != 0)
        return err_set(err, "--manage-cgroups-mode: \"%s\" is not one of soft, full and strict",
                       mode);
    return 0;
}

char *criu_absolute(const char *path)
{
    cleanup_free char *cwd = NULL;

    if (*path == '/')
        return strdup(path);
    cwd = getcwd(NULL, 0);
    return cwd ? str_printf("%s/%s", cwd, path) : NULL;
}

int criu_copy_log(const char *from, const char *to, const char *name, struct lxcdriver_error **err)
{
    cleanup_close int source = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC), target = -1;
    cleanup_free char *text = NULL;
    size_t len = 0;

    if (source < 0 || fs_read_at(source, name, LOG_MAX, &text, &len) < 0)
        return 0; /* it did not come so far */
    if (fs_mkdir_p(to, 0700) < 0)
        return err_sys(err, errno, "--work-path: make %s", to);
    target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target < 0 || fs_write_atomic(target, name, text, len, 0600) < 0)
        return err_sys(err, errno, "--work-path: write %s/%s", to, name);
    return 0;
}
