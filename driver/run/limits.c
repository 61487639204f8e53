/* Resource limits that cannot be had: said before anything is made, and not by a start that fails.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/proc.h"
#include "spec/readers.h"

#define CAP_SYS_RESOURCE_BIT (UINT64_C(1) << 24)

/* fs.nr_open: what no process can have more of. UINT64_MAX when it cannot be read. */
static uint64_t most_files(void)
{
    cleanup_free char *text = NULL;
    uint64_t most;
    size_t len = 0;

    if (fs_read_at(AT_FDCWD, "/proc/sys/fs/nr_open", 64, &text, &len) < 0)
        return UINT64_MAX;
    if (len && text[len - 1] == '\n')
        text[len - 1] = '\0';
    return str_to_u64(text, 0, UINT64_MAX, &most) ? most : UINT64_MAX;
}

/*
 * setrlimit(2): only who has CAP_SYS_RESOURCE on the host may raise a hard limit, which the shim
 * has not in a user namespace. So what is above our own is raised for the supervisor, from whom the
 * container has it.
 */
static int raise_hard(const struct launch *l, int resource, const struct rlimit *own, rlim_t hard)
{
    const struct rlimit raised = {own->rlim_cur, hard};

    if (!(proc_bounding_set() & CAP_SYS_RESOURCE_BIT)) {
        errno = EPERM;
        return -1;
    }
    return l->supervisor > 0 ? prlimit(l->supervisor, resource, &raised, NULL) : 0;
}

int launch_check_limits(const struct launch *l, struct lxcdriver_error **err)
{
    const struct process_spec *p = &l->cmd->process;

    for (size_t i = 0; i < p->n_rlimits; i++) {
        const struct rlimit_entry *limit = &p->rlimits[i];
        struct rlimit own;
        int code = 0;

        if (getrlimit(limit->resource, &own) < 0)
            continue; /* a limit that this kernel does not have: the shim says so */
        if (limit->resource == RLIMIT_NOFILE && limit->hard > most_files())
            code = EPERM;
        else if (limit->hard > own.rlim_max &&
                 raise_hard(l, limit->resource, &own, limit->hard) < 0)
            code = errno;
        if (code)
            return err_sys(err, code, "process.rlimits: %s: %" PRIu64, rlimit_name(limit->resource),
                           limit->hard);
    }
    return 0;
}
