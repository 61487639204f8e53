#include "attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "procfs.h"
#include "text.h"

int keyring_join(struct shim *s)
{
    if (!(s->boot.flags & WF_NEW_SESSION_KEYRING))
        return 0;
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
        return fail(&s->failure, STAGE_LSM, errno, "session keyring");
    return 0;
}

/* The number asked for as text; false when none is. */
static bool oom_score_text(struct shim *s, char *value, struct text *t, size_t size)
{
    int32_t score;

    if (!bootstrap_value(&s->boot, WT_OOM_SCORE_ADJ, &score, sizeof(score)))
        return false;
    text_init(t, value, size);
    if (score < 0)
        text_put(t, "-");
    text_put_number(t, score < 0 ? -(uint64_t)score : (uint64_t)score);
    return true;
}

int oom_score_set(struct shim *s)
{
    char value[24];
    struct text t;

    if (s->exec || !oom_score_text(s, value, &t, sizeof(value)))
        return 0;
    if (procfs_write(s->root_fd, "self/oom_score_adj", value, t.len) < 0)
        return fail(&s->failure, STAGE_OOM_SCORE, errno, value);
    return 0;
}

int oom_score_set_outside(struct shim *s)
{
    char value[24];
    struct text t;
    int fd, code = 0;

    if (!oom_score_text(s, value, &t, sizeof(value)))
        return 0;
    fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, t.len) < 0)
        code = errno;
    if (fd >= 0)
        close(fd);
    return code ? fail(&s->failure, STAGE_OOM_SCORE, code, value) : 0;
}

static int set_policy(const struct wire_sched *w)
{
    struct sched_attr attr = {
        .size = sizeof(attr),
        .sched_policy = w->policy,
        .sched_flags = w->flags,
        .sched_nice = w->nice,
        .sched_priority = w->priority,
        .sched_runtime = w->runtime,
        .sched_deadline = w->deadline,
        .sched_period = w->period,
    };

    return (int)syscall(SYS_sched_setattr, 0, &attr, 0);
}

static int set_mempolicy_of(const struct wire_mempolicy *w)
{
    bool nodes = false;

    for (size_t i = 0; i < sizeof(w->nodes) / sizeof(w->nodes[0]); i++)
        nodes |= w->nodes[i] != 0;
    /* The kernel counts one bit less than it is told. */
    return (int)syscall(SYS_set_mempolicy, w->mode, nodes ? w->nodes : NULL,
                        nodes ? (unsigned long)WIRE_NODES + 1 : 0UL);
}

int scheduling_set(struct shim *s)
{
    struct wire_mempolicy policy;
    struct wire_sched sched;
    struct record r;
    uint64_t persona;
    uint32_t prio;

    if (bootstrap_value(&s->boot, WT_SCHED, &sched, sizeof(sched)) && set_policy(&sched) < 0)
        return fail(&s->failure, STAGE_SCHED, errno, "policy");
    if (bootstrap_value(&s->boot, WT_IOPRIO, &prio, sizeof(prio)) &&
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, prio) < 0)
        return fail(&s->failure, STAGE_SCHED, errno, "I/O priority");
    if (bootstrap_find(&s->boot, WT_AFFINITY, &r) &&
        syscall(SYS_sched_setaffinity, 0, (size_t)r.len, r.data) < 0)
        return fail(&s->failure, STAGE_SCHED, errno, "CPU affinity");
    if (bootstrap_value(&s->boot, WT_MEMPOLICY, &policy, sizeof(policy)) &&
        set_mempolicy_of(&policy) < 0)
        return fail(&s->failure, STAGE_SCHED, errno, "memory policy");
    if (bootstrap_value(&s->boot, WT_PERSONALITY, &persona, sizeof(persona)) &&
        personality((unsigned long)persona) < 0)
        return fail(&s->failure, STAGE_SCHED, errno, "personality");
    return 0;
}

int rlimits_set(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_RLIMIT, &pos, &r)) {
        struct wire_rlimit w;
        struct rlimit64 limit;

        memcpy(&w, r.data, sizeof(w));
        limit = (struct rlimit64){.rlim_cur = w.soft, .rlim_max = w.hard};
        if (syscall(SYS_prlimit64, 0, w.resource, &limit, NULL) < 0)
            return fail_number(&s->failure, STAGE_RLIMIT, errno, w.resource);
    }
    return 0;
}

int umask_set(struct shim *s)
{
    uint32_t mask = 022;

    bootstrap_value(&s->boot, WT_UMASK, &mask, sizeof(mask));
    umask(mask);
    return 0;
}
