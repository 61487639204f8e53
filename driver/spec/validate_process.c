#include "spec/validate.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"

/* execve(2) takes no single string longer than MAX_ARG_STRLEN, 32 pages. */
#define ARG_STRING_MAX (32u * 4096u)

static int check_args(const struct process_spec *p, struct lxcdriver_error **err)
{
    if (!p->args.n)
        return err_set(err, "process.args: there is no command to run");
    if (!*p->args.items[0])
        return err_set(err, "process.args[0]: the command is empty");
    for (size_t i = 0; i < p->args.n; i++)
        if (strlen(p->args.items[i]) >= ARG_STRING_MAX)
            return err_set(err, "process.args[%zu]: %zu bytes are more than the kernel's %u", i,
                           strlen(p->args.items[i]), ARG_STRING_MAX - 1);
    return 0;
}

static int check_env(const struct process_spec *p, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < p->env.n; i++) {
        const char *text = p->env.items[i];
        size_t len = strcspn(text, "=");

        if (!text[len])
            return err_set(err, "process.env[%zu]: \"%s\" has no '='", i, text);
        if (!len)
            return err_set(err, "process.env[%zu]: \"%s\" has no variable name", i, text);
        if (strlen(text) >= ARG_STRING_MAX)
            return err_set(err, "process.env[%zu]: %.*s: %zu bytes are more than the kernel's %u",
                           i, (int)len, text, strlen(text), ARG_STRING_MAX - 1);
    }
    return 0;
}

static int check_ids(const struct user_spec *user, struct lxcdriver_error **err)
{
    if (user->name && check_user(user->name, err) < 0)
        return err_wrap(err, "process.user");
    if (user->uid == UINT32_MAX || user->gid == UINT32_MAX)
        return err_set(err, "process.user: %u is no id to the kernel", UINT32_MAX);
    for (size_t i = 0; i < user->groups.n; i++)
        if (check_group(user->groups.items[i], err) < 0)
            return err_wrap(err, "process.user.groups[%zu]", i);
    for (size_t i = 0; i < user->n_gids; i++)
        if (user->gids[i] == UINT32_MAX)
            return err_set(err, "process.user.additionalGids[%zu]: %u is no id to the kernel", i,
                           user->gids[i]);
    if (user->has_umask && user->umask > 0777)
        return err_set(err, "process.user.umask: %u (decimal) has other bits than permissions",
                       user->umask);
    return 0;
}

static int check_rlimits(const struct process_spec *p, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < p->n_rlimits; i++) {
        const struct rlimit_entry *limit = &p->rlimits[i];
        const char *name = rlimit_name(limit->resource);

        if (!name)
            return err_set(err, "process.rlimits[%zu]: %d is not a limit", i, limit->resource);
        if (limit->soft > limit->hard)
            return err_set(err,
                           "process.rlimits[%zu]: %s: the soft limit %" PRIu64
                           " is above the hard limit %" PRIu64,
                           i, name, limit->soft, limit->hard);
        for (size_t k = 0; k < i; k++)
            if (p->rlimits[k].resource == limit->resource)
                return err_set(err, "process.rlimits[%zu]: %s is said twice", i, name);
    }
    return 0;
}

static int check_caps(const struct capabilities *caps, struct lxcdriver_error **err)
{
    uint64_t all =
        caps->bounding | caps->effective | caps->inheritable | caps->permitted | caps->ambient;

    if (caps->set && all & ~CAP_MASK_ALL)
        return err_set(err, "process.capabilities: bit mask %" PRIx64 " has unknown capabilities",
                       all & ~CAP_MASK_ALL);
    return 0;
}

static int check_scheduling(const struct process_spec *p, struct lxcdriver_error **err)
{
    static const char *const policies[] = {"SCHED_OTHER",   "SCHED_FIFO", "SCHED_RR",
                                           "SCHED_BATCH",   "SCHED_ISO",  "SCHED_IDLE",
                                           "SCHED_DEADLINE"};
    bool known = !p->scheduler.set;

    for (size_t i = 0; i < ARRAY_SIZE(policies) && !known; i++)
        known = str_eq(p->scheduler.policy, policies[i]);
    if (!known)
        return err_set(err, "process.scheduler.policy: \"%s\" is not a policy",
                       p->scheduler.policy ? p->scheduler.policy : "");
    if (p->scheduler.set && (p->scheduler.nice < -20 || p->scheduler.nice > 19))
        return err_set(err, "process.scheduler.nice: %d is not between -20 and 19",
                       p->scheduler.nice);
    if (p->ioprio.set && (p->ioprio.class_ < 1 || p->ioprio.class_ > 3))
        return err_set(err, "process.ioPriority.class: %d is not between 1 and 3",
                       p->ioprio.class_);
    if (p->ioprio.set && (p->ioprio.priority < 0 || p->ioprio.priority > 7))
        return err_set(err, "process.ioPriority.priority: %d is not between 0 and 7",
                       p->ioprio.priority);
    if (p->cpu_affinity_initial && check_cpuset(p->cpu_affinity_initial, err) < 0)
        return err_wrap(err, "process.execCPUAffinity.initial");
    if (p->cpu_affinity_final && check_cpuset(p->cpu_affinity_final, err) < 0)
        return err_wrap(err, "process.execCPUAffinity.final");
    return 0;
}

static int check_label(const char *label, const char *member, struct lxcdriver_error **err)
{
    if (!label)
        return 0;
    if (!*label)
        return err_set(err, "%s: the value is empty", member);
    return check_text(label, err) < 0 ? err_wrap(err, "%s", member) : 0;
}

int validate_process(const struct command *cmd, struct lxcdriver_error **err)
{
    const struct process_spec *p = &cmd->process;

    if (cmd->stop_signal < 0 || cmd->stop_signal > SIGRTMAX)
        return err_set(err, "stop_signal: %d is not a signal", cmd->stop_signal);
    if (!cmd->has_process)
        return 0;
    if (check_args(p, err) < 0 || check_env(p, err) < 0 || check_ids(&p->user, err) < 0 ||
        check_rlimits(p, err) < 0 || check_caps(&p->caps, err) < 0 ||
        check_scheduling(p, err) < 0 ||
        check_label(p->apparmor_profile, "process.apparmorProfile", err) < 0 ||
        check_label(p->selinux_label, "process.selinuxLabel", err) < 0)
        return -1;
    if (p->cwd && check_absolute(p->cwd, err) < 0)
        return err_wrap(err, "process.cwd");
    if (p->has_oom_score_adj && (p->oom_score_adj < -1000 || p->oom_score_adj > 1000))
        return err_set(err, "process.oomScoreAdj: %d is not between -1000 and 1000",
                       p->oom_score_adj);
    return 0;
}
