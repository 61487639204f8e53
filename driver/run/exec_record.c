/* What the shim is told of one more process. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/proc.h"
#include "run/exec.h"
#include "shared/record.h"
#include "spec/readers.h"

#define NEW_TIME 0x80 /* CLONE_NEWTIME, which sched.h hides behind the bits of an exit signal */

/* What is gathered from the container's own record before anything is written. */
struct inheritance {
    struct strv env;
    uint64_t flags;
    struct wire_caps caps;
    bool has_caps;
    const void *seccomp;
    size_t seccomp_len;
    uint32_t seccomp_flags;
};

static int damaged(const struct exec *e, struct lxcdriver_error **err)
{
    return err_set(err, "container \"%s\": its bootstrap record is damaged", e->c->id);
}

static int gather_one(struct inheritance *in, const struct record *rec)
{
    switch (rec->tag) {
    case WT_FLAGS:
        return record_value(rec, &in->flags, sizeof(in->flags));
    case WT_ENV:
        return record_string(rec) ? strv_add(&in->env, record_string(rec)) : -1;
    case WT_CAPS:
        in->has_caps = true;
        return record_value(rec, &in->caps, sizeof(in->caps));
    case WT_SECCOMP:
        in->seccomp = rec->data;
        in->seccomp_len = rec->len;
        return 0;
    case WT_SECCOMP_FLAGS:
        return record_value(rec, &in->seccomp_flags, sizeof(in->seccomp_flags));
    default:
        return 0;
    }
}

static int gather(const struct exec *e, const char *data, size_t len, struct inheritance *in,
                  struct lxcdriver_error **err)
{
    struct record_reader reader;
    struct record rec;
    int more;

    if (record_open(&reader, data, len) < 0)
        return damaged(e, err);
    while ((more = record_next(&reader, &rec)) > 0)
        if (gather_one(in, &rec) < 0)
            return damaged(e, err);
    if (in->flags & WF_NOTIFY)
        env_unset(&in->env, "NOTIFY_SOCKET");
    return more < 0 ? damaged(e, err) : 0;
}

/* Copy the records that `inherited` says are the container's. They were checked by gather(). */
static void copy_records(struct exec *e, const char *data, size_t len,
                         bool (*inherited)(const struct lxcdriver_process *, uint32_t))
{
    struct record_reader reader;
    struct record rec;

    record_open(&reader, data, len);
    while (record_next(&reader, &rec) > 0)
        if (inherited(e->process, rec.tag))
            record_add(&e->bootstrap, rec.tag, rec.data, rec.len);
}

/* An engine says of every process what it said of the container: "generated" is the one that was
 * made, and is inherited like none. */
static bool exec_names_apparmor(const char *profile)
{
    return !str_empty(profile) && !apparmor_is_generated(profile);
}

/* ---- a process given by its parts ---- */

static bool part_inherited(const struct lxcdriver_process *p, uint32_t tag)
{
    switch (tag) {
    case WT_APPARMOR:
        return !p->privileged && !exec_names_apparmor(p->apparmor_profile);
    case WT_SELINUX:
        return !p->privileged && !p->selinux_label;
    case WT_SECCOMP:
    case WT_SECCOMP_FLAGS:
        return !p->privileged;
    case WT_RLIMIT:
    case WT_OOM_SCORE_ADJ:
    case WT_UMASK:
    case WT_PERSONALITY:
    case WT_MEMPOLICY:
    case WT_SCHED:
    case WT_IOPRIO:
    case WT_AFFINITY:
        return true;
    case WT_CWD:
        return !p->cwd;
    case WT_USER:
    case WT_UID:
    case WT_GID:
    case WT_GROUP:
    case WT_ADDITIONAL_GID:
        return !p->user;
    default:
        return false;
    }
}

static int merge_env(struct exec *e, struct strv *env, struct lxcdriver_error **err)
{
    for (const char *const *v = e->process->env; v && *v; v++)
        if (env_set(env, *v, err) < 0)
            return -1;
    if (e->tty && !env_get(env, "TERM") && strv_add(env, "TERM=xterm") < 0)
        return err_nomem(err);
    for (size_t i = 0; i < env->n; i++)
        record_add_string(&e->bootstrap, WT_ENV, env->items[i]);
    return 0;
}

/* What nobody knows the number of cannot be given: no error, as for config.json. */
static uint64_t named_caps(const struct exec *e)
{
    uint64_t mask = 0;

    for (const char *const *name = e->process->caps; name && *name; name++) {
        struct lxcdriver_error *err = NULL;
        int cap = caps_from_name(*name, &err);

        if (cap >= 0)
            mask |= UINT64_C(1) << cap;
        else if (e->options->on_warning && err_wrap(&err, "exec: capability"))
            e->options->on_warning(e->options->opaque, err_message(err));
        err_free(&err);
    }
    return mask;
}

static void add_caps(struct exec *e, const struct inheritance *in)
{
    struct wire_caps caps = in->caps;
    uint64_t more = named_caps(e);

    if (e->process->privileged) {
        more |= proc_bounding_set();
        caps = (struct wire_caps){0};
    } else if (!in->has_caps) {
        return; /* the container has all there are */
    }
    caps.bounding |= more;
    caps.effective |= more;
    caps.permitted |= more;
    record_add(&e->bootstrap, WT_CAPS, &caps, sizeof(caps));
}

static int write_parts(struct exec *e, const char *data, size_t len, struct inheritance *in,
                       struct lxcdriver_error **err)
{
    const struct lxcdriver_process *p = e->process;

    record_begin(&e->bootstrap);
    e->flags |= in->flags & (p->privileged ? 0 : WF_NO_NEW_PRIVS);
    if (p->no_new_privs)
        e->flags |= WF_NO_NEW_PRIVS;
    copy_records(e, data, len, part_inherited);
    if (merge_env(e, &in->env, err) < 0)
        return -1;
    add_caps(e, in);
    record_add_u64(&e->bootstrap, WT_FLAGS, e->flags);
    for (const char *const *arg = p->args; *arg; arg++)
        record_add_string(&e->bootstrap, WT_ARG, *arg);
    if (p->cwd)
        record_add_string(&e->bootstrap, WT_CWD, p->cwd);
    if (p->user)
        record_add_string(&e->bootstrap, WT_USER, p->user);
    for (size_t i = 0; i < p->n_additional_gids; i++)
        record_add(&e->bootstrap, WT_ADDITIONAL_GID, &p->additional_gids[i], sizeof(uint32_t));
    if (exec_names_apparmor(p->apparmor_profile))
        record_add_string(&e->bootstrap, WT_APPARMOR, p->apparmor_profile);
    if (p->selinux_label)
        record_add_string(&e->bootstrap, WT_SELINUX, p->selinux_label);
    return 0;
}

/* ---- a whole process ---- */

static bool spec_inherited(const struct lxcdriver_process *process, uint32_t tag)
{
    const struct process_spec *p = &process->spec->cmd->process;

    switch (tag) {
    case WT_CAPS:
        return !p->caps.set;
    case WT_APPARMOR:
        return !exec_names_apparmor(p->apparmor_profile);
    case WT_SELINUX:
        return str_empty(p->selinux_label);
    case WT_RLIMIT:
        return p->n_rlimits == 0;
    case WT_OOM_SCORE_ADJ:
        return !p->has_oom_score_adj;
    case WT_PERSONALITY:
    case WT_MEMPOLICY:
        return true;
    default:
        return false;
    }
}

static int write_spec(struct exec *e, const char *data, size_t len, const struct inheritance *in,
                      struct lxcdriver_error **err)
{
    struct process_spec p = e->process->spec->cmd->process; /* borrowed but for what is set here */
    char *profile = p.apparmor_profile;
    struct bootstrap_facts facts = {.flags = e->flags,
                                    .env = &p.env,
                                    .seccomp = in->seccomp,
                                    .seccomp_len = in->seccomp_len,
                                    .seccomp_flags = in->seccomp_flags};

    p.apparmor_profile = exec_names_apparmor(profile) ? profile : NULL;
    if (bootstrap_write_exec(&p, &facts, &e->bootstrap, err) < 0)
        return -1;
    copy_records(e, data, len, spec_inherited);
    return 0;
}

/* ---- both ---- */

/* The namespaces in which the init is and we are not. */
static uint64_t namespaces_to_join(pid_t init)
{
    static const struct {
        const char *file;
        uint64_t flag;
    } kinds[] = {{"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},
                 {"uts", CLONE_NEWUTS},   {"net", CLONE_NEWNET},       {"pid", CLONE_NEWPID},
                 {"mnt", CLONE_NEWNS},    {"time", NEW_TIME}};
    uint64_t flags = 0;

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        uint64_t theirs = proc_ns_inode(init, kinds[i].file);

        if (theirs && theirs != proc_ns_inode(0, kinds[i].file))
            flags |= kinds[i].flag;
    }
    return flags;
}

int exec_make_bootstrap(struct exec *e, struct lxcdriver_error **err)
{
    cleanup_free char *data = NULL;
    struct inheritance in = {0};
    size_t len = 0;
    int result;

    if (fs_read_at(e->c->dir_fd, "bootstrap", WIRE_MAX, &data, &len) < 0)
        return err_sys(err, errno, "container \"%s\": read its bootstrap record", e->c->id);
    result = gather(e, data, len, &in, err);
    if (result == 0) {
        e->flags = WF_EXEC | (e->tty ? WF_TERMINAL : WF_CHOWN_STDIO) | (in.flags & WF_USERNS);
        result = e->process->spec ? write_spec(e, data, len, &in, err)
                                  : write_parts(e, data, len, &in, err);
    }
    strv_free(&in.env);
    if (result < 0)
        return -1;
    record_add_u64(&e->bootstrap, WT_SETNS, namespaces_to_join(e->c->pid));
    if (exec_add_cgroups(e, err) < 0)
        return -1;
    return e->bootstrap.failed ? err_nomem(err) : 0;
}
