#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/seccomp_filter.h"

/* config-linux.md: what ERRNO and TRACE return when nothing is said. */
#define DEFAULT_ERRNO EPERM

/* libseccomp's numbers of actions are the kernel's SECCOMP_RET_*. */
_Static_assert(SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW && SCMP_ACT_LOG == SECCOMP_RET_LOG &&
                   SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS &&
                   SCMP_ACT_KILL_THREAD == SECCOMP_RET_KILL_THREAD &&
                   SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF && SCMP_ACT_TRAP == SECCOMP_RET_TRAP &&
                   SCMP_ACT_ERRNO(1) == (SECCOMP_RET_ERRNO | 1) &&
                   SCMP_ACT_TRACE(1) == (SECCOMP_RET_TRACE | 1),
               "actions");

/* A program may not be longer than BPF_MAXINSNS; this is room to say how much longer it is. */
#define PROGRAM_MAX (1u << 20)

struct compiler {
    const struct seccomp_spec *spec;
    scmp_filter_ctx ctx;
    struct seccomp_newer newer;
    uint32_t fallback; /* SECCOMP_RET_* of the default action */
    struct seccomp_filter *out;
};

/* ---- words ---- */

static int action_of(const char *word, bool has_number, uint32_t number, const char *member,
                     uint32_t *ret, struct lxcdriver_error **err)
{
    bool has_data;

    if (seccomp_action(word, has_number ? number : DEFAULT_ERRNO, ret, &has_data) < 0)
        return err_set(err, "linux.seccomp.%s: \"%s\" is not an action", member, word ? word : "");
    if (has_number && !has_data)
        return err_set(err, "linux.seccomp.%s: %s takes no number", member, word);
    return 0;
}

static int rule_action(const struct seccomp_rule *rule, uint32_t *ret, struct lxcdriver_error **err)
{
    return action_of(rule->action, rule->has_errno, rule->errno_ret, "syscalls.action", ret, err);
}

static bool denies(uint32_t ret)
{
    uint32_t action = ret & SECCOMP_RET_ACTION_FULL;

    return action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG && action != SECCOMP_RET_TRACE;
}

static int check_rule(const struct seccomp_rule *rule, uint32_t fallback, uint32_t *flags,
                      struct lxcdriver_error **err)
{
    enum seccomp_operator op;
    uint32_t ret;

    if (rule_action(rule, &ret, err) < 0)
        return -1;
    for (size_t i = 0; i < rule->n_args; i++) {
        const struct seccomp_arg *arg = &rule->args[i];

        if (seccomp_operator(arg->op, &op) < 0)
            return err_set(err, "linux.seccomp.syscalls.args.op: \"%s\" is not an operator",
                           arg->op ? arg->op : "");
        if (arg->index >= SECCOMP_ARGS)
            return err_set(err, "linux.seccomp.syscalls.args.index: %u is not below %u", arg->index,
                           SECCOMP_ARGS);
    }
    if (ret != SECCOMP_RET_USER_NOTIF || ret == fallback)
        return 0;
    *flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
    /* The shim is under the filter when it sends the listener's descriptor: it would wait for
     * itself. */
    if (strv_contains(&rule->names, "sendmsg"))
        return err_set(err, "linux.seccomp.syscalls.names: \"sendmsg\" cannot have %s",
                       rule->action);
    return 0;
}

/* The flags for the kernel. The shim has one thread when it loads the filter, so there is nothing
 * to synchronise (and the kernel refuses that beside a listener); waiting killably says nothing
 * without a listener, and the kernel refuses it then. */
static int read_flags(const struct seccomp_spec *spec, uint32_t *flags,
                      struct lxcdriver_error **err)
{
    uint32_t killable = seccomp_flag("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");

    for (size_t i = 0; i < spec->flags.n; i++) {
        uint32_t bit = seccomp_flag(spec->flags.items[i]);

        if (bit == 0)
            return err_set(err, "linux.seccomp.flags: \"%s\" is not a flag", spec->flags.items[i]);
        if (bit != SECCOMP_FILTER_FLAG_TSYNC &&
            (bit != killable || *flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
            *flags |= bit;
    }
    return 0;
}

static int check(struct compiler *c, struct lxcdriver_error **err)
{
    const struct seccomp_spec *spec = c->spec;

    if (action_of(spec->default_action, spec->has_default_errno, spec->default_errno,
                  "defaultAction", &c->fallback, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_rules; i++)
        if (check_rule(&spec->rules[i], c->fallback, &c->out->flags, err) < 0)
            return -1;
    return read_flags(spec, &c->out->flags, err);
}

/* ---- libseccomp ---- */

static const enum scmp_compare operators[] = {
    [SECCOMP_NE] = SCMP_CMP_NE,
    [SECCOMP_LT] = SCMP_CMP_LT,
    [SECCOMP_LE] = SCMP_CMP_LE,
    [SECCOMP_EQ] = SCMP_CMP_EQ,
    [SECCOMP_GE] = SCMP_CMP_GE,
    [SECCOMP_GT] = SCMP_CMP_GT,
    [SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static int add_arch(struct compiler *c, uint32_t token, const char *word,
                    struct lxcdriver_error **err)
{
    struct seccomp_newer *newer = &c->newer;
    int rc;

    for (size_t i = 0; i < newer->n_arches; i++)
        if (newer->arches[i].token == token)
            return 0;
    if (newer->n_arches == SECCOMP_ARCHES_MAX)
        return err_set(err, "linux.seccomp.architectures: more than %d", SECCOMP_ARCHES_MAX);
    rc = seccomp_arch_add(c->ctx, token);
    /* EDOM: of the other byte order. */
    if (rc < 0 && rc != -EEXIST)
        return err_sys(err, -rc, "linux.seccomp.architectures: %s", word);
    newer->arches[newer->n_arches++] = (struct seccomp_last){.token = token};
    return 0;
}

/* The machine's own is in every context of libseccomp. */
static int add_arches(struct compiler *c, struct lxcdriver_error **err)
{
    const struct strv *words = &c->spec->architectures;

    if (add_arch(c, seccomp_arch_native(), "the machine's own", err) < 0)
        return -1;
    for (size_t i = 0; i < words->n; i++) {
        uint32_t token = seccomp_arch_token(words->items[i]);

        if (token == 0)
            return err_set(err, "linux.seccomp.architectures: \"%s\" is not an architecture",
                           words->items[i]);
        if (add_arch(c, token, words->items[i], err) < 0)
            return -1;
    }
    return 0;
}

static bool repeats_index(const struct seccomp_rule *rule)
{
    uint32_t seen = 0;

    for (size_t i = 0; i < rule->n_args; i++) {
        if (seen & 1u << rule->args[i].index)
            return true;
        seen |= 1u << rule->args[i].index;
    }
    return false;
}

/* EEXIST: an earlier rule has the same conditions. */
static int add_ways(struct compiler *c, uint32_t ret, const char *name, unsigned n,
                    const struct scmp_arg_cmp *args, struct lxcdriver_error **err)
{
    int rc = seccomp_rule_add_array(c->ctx, ret, seccomp_syscall_resolve_name(name), n, args);

    return rc < 0 && rc != -EEXIST ? err_sys(err, -rc, "linux.seccomp.syscalls: %s", name) : 0;
}

/* libseccomp takes an argument once only. */
static int add_call(struct compiler *c, const struct seccomp_rule *rule, uint32_t ret,
                    const char *name, const struct scmp_arg_cmp *args, struct lxcdriver_error **err)
{
    if (!repeats_index(rule))
        return add_ways(c, ret, name, (unsigned)rule->n_args, args, err);
    for (size_t i = 0; i < rule->n_args; i++)
        if (add_ways(c, ret, name, 1, &args[i], err) < 0)
            return -1;
    return 0;
}

/* A name that libseccomp does not know. Conditions on the arguments of such calls are for a
 * libseccomp that does: until then the default decides of them. */
static int add_stranger(struct compiler *c, const struct seccomp_rule *rule, uint32_t ret,
                        const char *name, struct lxcdriver_error **err)
{
    struct seccomp_newer *newer = &c->newer;

    if (rule->n_args > 0 || !seccomp_is_late(name)) {
        if (!strv_contains(&c->out->unknown, name) && strv_add(&c->out->unknown, name) < 0)
            return err_nomem(err);
        return 0;
    }
    for (size_t i = 0; i < newer->n_late; i++)
        if (str_eq(newer->late[i].name, name))
            return 0;
    if (ret != c->fallback && newer->n_late < SECCOMP_LATE_MAX)
        newer->late[newer->n_late++] = (struct seccomp_late){name, ret};
    return 0;
}

static int add_rule(struct compiler *c, const struct seccomp_rule *rule,
                    struct lxcdriver_error **err)
{
    cleanup_free struct scmp_arg_cmp *args = calloc(rule->n_args + 1, sizeof(*args));
    uint32_t ret;

    if (!args)
        return err_nomem(err);
    if (rule_action(rule, &ret, err) < 0)
        return -1;
    for (size_t i = 0; i < rule->n_args; i++) {
        const struct seccomp_arg *arg = &rule->args[i];
        enum seccomp_operator op = SECCOMP_EQ;

        seccomp_operator(arg->op, &op);
        args[i] = (struct scmp_arg_cmp){.arg = arg->index,
                                        .op = operators[op],
                                        .datum_a = arg->value,
                                        .datum_b = arg->value_two};
    }
    for (size_t i = 0; i < rule->names.n; i++) {
        const char *name = rule->names.items[i];

        if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR) {
            if (add_stranger(c, rule, ret, name, err) < 0)
                return -1;
        } else if (ret != c->fallback && add_call(c, rule, ret, name, args, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the program ---- */

/* libseccomp's program as bytes: its 2.5 writes to descriptors only. */
static int export(const struct compiler *c, char **data, size_t *len, struct lxcdriver_error **err)
{
    cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
    int rc;

    if (fd < 0)
        return err_sys(err, errno, "memfd_create");
    rc = seccomp_export_bpf(c->ctx, fd);
    if (rc < 0)
        return err_sys(err, -rc, "linux.seccomp: libseccomp makes no filter of it");
    if (lseek(fd, 0, SEEK_SET) < 0 || fs_read_fd(fd, PROGRAM_MAX, data, len) < 0)
        return err_sys(err, errno, "linux.seccomp: libseccomp's filter");
    return 0;
}

static int put_program(struct compiler *c, struct lxcdriver_error **err)
{
    struct sock_filter newer[SECCOMP_NEWER_MAX];
    cleanup_free char *data = NULL;
    size_t n_newer, len = 0, n;

    if (export(c, &data, &len, err) < 0)
        return -1;
    c->newer.hides = denies(c->fallback);
    seccomp_find_lasts(c->spec, &c->newer);
    n_newer = seccomp_put_newer(&c->newer, newer);
    n = n_newer + len / sizeof(*newer);
    if (n > BPF_MAXINSNS)
        return err_set(err, "linux.seccomp: the filter has %zu instructions, the kernel takes %d",
                       n, BPF_MAXINSNS);
    c->out->insns = calloc(n, sizeof(*newer));
    if (!c->out->insns)
        return err_nomem(err);
    memcpy(c->out->insns, newer, n_newer * sizeof(*newer));
    memcpy(c->out->insns + n_newer, data, (n - n_newer) * sizeof(*newer));
    c->out->n = n;
    return 0;
}

/* libseccomp's attributes for the flags matter only to a filter that it loads itself. */
static int compile(struct compiler *c, struct lxcdriver_error **err)
{
    const struct seccomp_spec *spec = c->spec;
    int rc;

    c->ctx = seccomp_init(c->fallback);
    if (!c->ctx)
        return err_set(err, "linux.seccomp: libseccomp refuses %s as the default",
                       spec->default_action);
    /* 2: a balanced tree by number, not a comparison for every call. */
    rc = seccomp_attr_set(c->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (rc < 0)
        return err_sys(err, -rc, "linux.seccomp: libseccomp's optimisation");
    if (add_arches(c, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_rules; i++)
        if (add_rule(c, &spec->rules[i], err) < 0)
            return -1;
    return put_program(c, err);
}

int seccomp_compile(const struct seccomp_spec *spec, struct seccomp_filter *out,
                    struct lxcdriver_error **err)
{
    struct compiler c = {.spec = spec, .out = out};
    int result;

    *out = (struct seccomp_filter){0};
    result = check(&c, err) < 0 ? -1 : compile(&c, err);
    if (c.ctx)
        seccomp_release(c.ctx);
    if (result < 0)
        seccomp_filter_clear(out);
    return result;
}

void seccomp_filter_clear(struct seccomp_filter *filter)
{
    free(filter->insns);
    strv_free(&filter->unknown);
    free(filter->listener_path);
    free(filter->listener_metadata);
    *filter = (struct seccomp_filter){0};
}
