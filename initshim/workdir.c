#include "workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"
#include "rootdir.h"

static const char *wanted(const struct shim *s)
{
    const char *cwd = bootstrap_string(&s->boot, WT_CWD);

    return cwd ? cwd : "/";
}

int workdir_create(struct shim *s)
{
    cleanup_close int dir = -1;

    if (!(s->boot.flags & WF_CREATE_CWD))
        return 0;
    dir = rootdir_make(s->root_fd, wanted(s), 0755);
    if (dir < 0 && errno != EACCES)
        return fail(&s->failure, STAGE_CWD, errno, wanted(s));
    return 0;
}

/* By descriptor, not chdir(2): a magic link such as /proc/self/fd/7 in the path is refused
 * (CVE-2024-21626). */
static int enter(struct shim *s)
{
    cleanup_close int dir = rootdir_openat(s->root_fd, wanted(s), O_PATH | O_DIRECTORY);

    return dir < 0 ? -1 : fchdir(dir);
}

int workdir_enter(struct shim *s)
{
    s->cwd_entered = enter(s) == 0;
    if (!s->cwd_entered && errno != EACCES && errno != EPERM)
        return fail(&s->failure, STAGE_CWD, errno, wanted(s));
    return 0;
}

int workdir_enter_as_user(struct shim *s)
{
    char path[PATH_MAX];

    if (!s->cwd_entered && enter(s) < 0)
        return fail(&s->failure, STAGE_CWD, errno, wanted(s));
    /* The system call itself: for a directory outside our root the kernel says "(unreachable)/...",
     * and the C library nothing. */
    if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
        return errno == ENAMETOOLONG || errno == ERANGE
                   ? 0
                   : fail(&s->failure, STAGE_CWD, errno, wanted(s));
    if (path[0] != '/')
        return fail(&s->failure, STAGE_CWD, EXDEV, wanted(s));
    return 0;
}
