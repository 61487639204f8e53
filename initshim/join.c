#include "join.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"
#include "text.h"

static int enter_cgroup(const char *dir)
{
    char path[PATH_MAX];
    cleanup_close int fd = -1;
    struct text t;

    text_init(&t, path, sizeof(path));
    text_put(&t, dir);
    text_put(&t, "/cgroup.procs");
    if (t.cut) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = open(path, O_WRONLY | O_CLOEXEC);
    /* "0" is whoever writes. */
    return fd < 0 || write(fd, "0", 1) < 0 ? -1 : 0;
}

int join_cgroups(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_CGROUP, &pos, &r))
        if (enter_cgroup(record_text(&r, 0)) < 0)
            return fail(&s->failure, STAGE_CGROUP, errno, record_text(&r, 0));
    return 0;
}

/* LXC gives the container a cgroup namespace of its own whenever it joins another of some kind. */
int join_cgroup_namespace(struct shim *s)
{
    int *fd = s->n_mounts ? &s->mounts[s->n_mounts - 1] : NULL;

    if (!(s->boot.flags & WF_CGROUP_NS))
        return 0;
    if (!fd || setns(*fd, CLONE_NEWCGROUP) < 0)
        return fail(&s->failure, STAGE_NAMESPACE, fd ? errno : EPROTO, "cgroup");
    close(*fd);
    *fd = -1;
    s->n_mounts--;
    return 0;
}

static int become_root(struct shim *s)
{
    /* EPERM: denied in that user namespace. EINVAL: it has no id 0; the workload's own follow, and
     * they have to exist. */
    if (setgroups(0, NULL) < 0 && errno != EPERM)
        return fail(&s->failure, STAGE_NAMESPACE, errno, "groups");
    if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
        return fail(&s->failure, STAGE_NAMESPACE, errno, "gid");
    if (setresuid(0, 0, 0) < 0 && errno != EINVAL)
        return fail(&s->failure, STAGE_NAMESPACE, errno, "uid");
    return 0;
}

int join_namespaces(struct shim *s)
{
    uint64_t flags = 0;

    /* One call for all: each is checked against what we are now, so the order between user and
     * others does not matter. */
    if (bootstrap_value(&s->boot, WT_SETNS, &flags, sizeof(flags)) && flags) {
        if (flags > INT_MAX)
            return fail(&s->failure, STAGE_NAMESPACE, EINVAL, "flags");
        if (setns(s->pidfd, (int)flags) < 0)
            return fail(&s->failure, STAGE_NAMESPACE, errno, "setns");
    }
    close(s->pidfd);
    s->pidfd = -1;
    if (flags & CLONE_NEWUSER && become_root(s) < 0)
        return -1;
    /* Joining a user namespace and the changes of id make a process dumpable by
     * kernel.suid_dumpable again. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_NAMESPACE, errno, "dumpable");
    return 0;
}

int join_fork(struct shim *s)
{
    /* Not fork(): the workload has to be the child of whoever started us, so that its exit status
     * arrives there. */
    long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid < 0)
        return fail(&s->failure, STAGE_NAMESPACE, errno, "fork");
    if (pid > 0)
        _exit(0);
    return 0;
}
