#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/wire.h"

#define DEFAULT_UMASK 022
#define IOPRIO_CLASS_SHIFT 13 /* linux/ioprio.h */

struct name {
    const char *name;
    uint32_t value;
};

/* linux/sched.h */
static const struct name policies[] = {
    {"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},
    {"SCHED_BATCH", 3}, {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
};

static const struct name sched_flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
    {"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
    {"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40},
};

static const struct name *find(const struct name *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].name, text))
            return &list[i];
    return NULL;
}

static void user(struct buf *out, const struct user_spec *u)
{
    if (u->name) {
        wire_string(out, WT_USER, u->name);
    } else {
        wire_u32(out, WT_UID, u->uid);
        wire_u32(out, WT_GID, u->gid);
    }
    wire_strings(out, WT_GROUP, &u->groups);
    for (size_t i = 0; i < u->n_gids; i++)
        wire_u32(out, WT_ADDITIONAL_GID, u->gids[i]);
    wire_u32(out, WT_UMASK, u->has_umask ? u->umask : DEFAULT_UMASK);
}

static int scheduler(struct buf *out, const struct scheduler_spec *s, struct lxcdriver_error **err)
{
    const struct name *policy = find(policies, ARRAY_SIZE(policies), s->policy);
    struct wire_sched sched = {
        .nice = s->nice,
        .priority = (uint32_t)s->priority,
        .runtime = s->runtime_ns,
        .deadline = s->deadline_ns,
        .period = s->period_ns,
    };

    if (!s->set)
        return 0;
    if (!policy)
        return err_set(err, "process.scheduler.policy: \"%s\" is not known",
                       s->policy ? s->policy : "");
    sched.policy = policy->value;
    for (size_t i = 0; i < s->flags.n; i++) {
        const struct name *flag = find(sched_flags, ARRAY_SIZE(sched_flags), s->flags.items[i]);

        if (!flag)
            return err_set(err, "process.scheduler.flags: \"%s\" is not known", s->flags.items[i]);
        sched.flags |= flag->value;
    }
    wire_bytes(out, WT_SCHED, &sched, sizeof(sched));
    return 0;
}

/* One "N" or "N-M" of a list of CPUs, as in cpuset(7). */
static int add_range(cpu_set_t *set, const char *item)
{
    cleanup_free char *first = strndup(item, strcspn(item, "-"));
    const char *dash = strchr(item, '-');
    uint64_t from, to;

    if (!first || !str_to_u64(first, 0, CPU_SETSIZE - 1, &from))
        return -1;
    to = from;
    if (dash && !str_to_u64(dash + 1, from, CPU_SETSIZE - 1, &to))
        return -1;
    for (uint64_t cpu = from; cpu <= to; cpu++)
        CPU_SET(cpu, set);
    return 0;
}

static int affinity(struct buf *out, const char *list, struct lxcdriver_error **err)
{
    cleanup_free char *copy = list ? strdup(list) : NULL;
    char *rest = copy;
    cpu_set_t set;

    if (str_empty(list))
        return 0;
    if (!copy)
        return err_nomem(err);
    CPU_ZERO(&set);
    for (char *item = strsep(&rest, ","); item; item = strsep(&rest, ","))
        if (add_range(&set, item) < 0)
            return err_set(err, "process.execCPUAffinity: \"%s\" is not a list of CPUs", list);
    wire_bytes(out, WT_AFFINITY, &set, sizeof(set));
    return 0;
}

static void limits(struct buf *out, const struct process_spec *p)
{
    for (size_t i = 0; i < p->n_rlimits; i++) {
        struct wire_rlimit limit = {
            .resource = (uint32_t)p->rlimits[i].resource,
            .soft = p->rlimits[i].soft,
            .hard = p->rlimits[i].hard,
        };

        wire_bytes(out, WT_RLIMIT, &limit, sizeof(limit));
    }
    if (p->has_oom_score_adj)
        wire_bytes(out, WT_OOM_SCORE_ADJ, &p->oom_score_adj, sizeof(p->oom_score_adj));
}

static void confinement(struct buf *out, const struct process_spec *p,
                        const struct bootstrap_facts *facts)
{
    struct wire_caps caps = {
        .bounding = p->caps.bounding,
        .effective = p->caps.effective,
        .inheritable = p->caps.inheritable,
        .permitted = p->caps.permitted,
        .ambient = p->caps.ambient,
    };

    if (p->caps.set)
        wire_bytes(out, WT_CAPS, &caps, sizeof(caps));
    if (!str_empty(p->apparmor_profile))
        wire_string(out, WT_APPARMOR, p->apparmor_profile);
    if (!str_empty(p->selinux_label))
        wire_string(out, WT_SELINUX, p->selinux_label);
    if (facts->seccomp) {
        wire_bytes(out, WT_SECCOMP, facts->seccomp, facts->seccomp_len);
        wire_u32(out, WT_SECCOMP_FLAGS, facts->seccomp_flags);
    }
}

int wire_process(struct buf *out, const struct process_spec *p, const struct bootstrap_facts *facts,
                 uint64_t flags, struct lxcdriver_error **err)
{
    struct wire_winsize size = {.rows = p->console_rows, .cols = p->console_cols};

    if (p->terminal)
        flags |= WF_TERMINAL;
    if (p->no_new_privs)
        flags |= WF_NO_NEW_PRIVS;
    if (p->create_cwd)
        flags |= WF_CREATE_CWD;
    wire_u64(out, WT_FLAGS, flags);
    wire_strings(out, WT_ARG, &p->args);
    wire_strings(out, WT_ENV, facts->env);
    wire_string(out, WT_CWD, str_empty(p->cwd) ? "/" : p->cwd);
    user(out, &p->user);
    limits(out, p);
    confinement(out, p, facts);
    if (scheduler(out, &p->scheduler, err) < 0)
        return -1;
    if (p->ioprio.set)
        wire_u32(out, WT_IOPRIO,
                 (uint32_t)(p->ioprio.class_ << IOPRIO_CLASS_SHIFT | p->ioprio.priority));
    if (affinity(out, p->cpu_affinity_final, err) < 0)
        return -1;
    if (p->terminal && p->has_console_size)
        wire_bytes(out, WT_CONSOLE_SIZE, &size, sizeof(size));
    return 0;
}
