#include "config/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/seccomp_parts.h"

/* config-linux.md: what ERRNO and TRACE return when nothing is said. */
#define DEFAULT_ERRNO EPERM

#define ARCHES_MAX 8 /* MIPS, with six, has the most on one machine */

struct compiler {
    const struct seccomp_spec *spec;
    struct syscall_arch arches[ARCHES_MAX];
    size_t n_arches;
    uint32_t fallback;        /* SECCOMP_RET_* of the default action */
    uint32_t too_young;       /* of calls beyond the last that is named */
    struct seccomp_way *ways; /* of the architecture in work, by number and order */
    size_t n_ways, cap_ways;
    struct seccomp_segment *segments;
    size_t n_segments, cap_segments;
    struct bpf_program prog;
    struct strv *unknown;
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

static int check_rule(struct compiler *c, const struct seccomp_rule *rule, uint32_t *flags,
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
    if (ret != SECCOMP_RET_USER_NOTIF || ret == c->fallback)
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

static int add_arch(struct compiler *c, uint32_t token, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < c->n_arches; i++)
        if (c->arches[i].token == token)
            return 0;
    if (c->n_arches == ARCHES_MAX)
        return err_set(err, "linux.seccomp.architectures: more than %d", ARCHES_MAX);
    syscall_arch_init(&c->arches[c->n_arches++], token);
    return 0;
}

/* The machine's own first: its calls are the most. */
static int read_arches(struct compiler *c, struct lxcdriver_error **err)
{
    const struct strv *words = &c->spec->architectures;

    if (add_arch(c, seccomp_arch_native(), err) < 0)
        return -1;
    for (size_t i = 0; i < words->n; i++) {
        uint32_t token = seccomp_arch_token(words->items[i]);

        if (token == 0)
            return err_set(err, "linux.seccomp.architectures: \"%s\" is not an architecture",
                           words->items[i]);
        if (add_arch(c, token, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the ways of one architecture ---- */

/* Room for one more; NULL when out of memory. */
static void *push(void **array, size_t *n, size_t *cap, size_t size)
{
    if (*n == *cap) {
        size_t grown_cap = *cap ? *cap * 2 : 512;
        void *grown = reallocarray(*array, grown_cap, size);

        if (!grown)
            return NULL;
        *array = grown;
        *cap = grown_cap;
    }
    return (char *)*array + (*n)++ * size;
}

static int add_way(struct compiler *c, const struct seccomp_way *way)
{
    struct seccomp_way *slot = push((void **)&c->ways, &c->n_ways, &c->cap_ways, sizeof(*c->ways));

    if (!slot)
        return -1;
    *slot = *way;
    slot->order = (uint32_t)c->n_ways;
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

static int add_place(struct compiler *c, const struct seccomp_rule *rule, uint32_t ret,
                     const struct syscall_place *place)
{
    struct seccomp_way way = {.ret = ret, .mux_call = -1};

    if (place->mux >= 0 && (rule->n_args == 0 || denies(ret))) {
        way.number = (uint32_t)place->mux;
        way.mux_call = place->mux_call;
        if (add_way(c, &way) < 0)
            return -1;
        way.mux_call = -1;
    }
    if (place->number < 0)
        return 0;
    way.number = (uint32_t)place->number;
    way.args = rule->args;
    way.n_args = (uint32_t)rule->n_args;
    if (!repeats_index(rule))
        return add_way(c, &way);
    way.n_args = 1;
    for (size_t i = 0; i < rule->n_args; i++, way.args++)
        if (add_way(c, &way) < 0)
            return -1;
    return 0;
}

/* All architectures know the same names: noted once, with the first. */
static int note_unknown(struct compiler *c, const struct syscall_arch *arch, const char *name)
{
    if (arch != &c->arches[0] || strv_contains(c->unknown, name))
        return 0;
    return strv_add(c->unknown, name);
}

/* Add the architecture's; *last becomes the highest number that is named, -1 for none. */
static int collect_ways(struct compiler *c, struct syscall_arch *arch, int64_t *last,
                        struct lxcdriver_error **err)
{
    *last = -1;
    for (size_t i = 0; i < c->spec->n_rules; i++) {
        const struct seccomp_rule *rule = &c->spec->rules[i];
        uint32_t ret;

        if (rule_action(rule, &ret, err) < 0)
            return -1;
        for (size_t k = 0; k < rule->names.n; k++) {
            struct syscall_place place;

            if (!syscall_find(arch, rule->names.items[k], &place) &&
                note_unknown(c, arch, rule->names.items[k]) < 0)
                return err_nomem(err);
            if (place.number > *last)
                *last = place.number;
            if (ret != c->fallback && add_place(c, rule, ret, &place) < 0)
                return err_nomem(err);
        }
    }
    return 0;
}

static int compare_ways(const void *left, const void *right)
{
    const struct seccomp_way *a = left, *b = right;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* ---- segments ---- */

/* What gets the same as the segment before needs none of its own. */
static int add_segment(struct compiler *c, const struct seccomp_segment *segment)
{
    const struct seccomp_segment *before = c->n_segments ? &c->segments[c->n_segments - 1] : NULL;
    struct seccomp_segment *slot;

    if (before && before->n == 0 && segment->n == 0 && before->ret == segment->ret)
        return 0;
    slot = push((void **)&c->segments, &c->n_segments, &c->cap_segments, sizeof(*c->segments));
    if (!slot)
        return -1;
    *slot = *segment;
    return 0;
}

static int add_plain(struct compiler *c, uint32_t start, uint32_t ret)
{
    return add_segment(c, &(struct seccomp_segment){.start = start, .ret = ret});
}

/* The n ways of one call: one without conditions decides alone. */
static int add_call(struct compiler *c, const struct seccomp_way *ways, size_t n, bool narrow)
{
    for (size_t i = 0; i < n; i++)
        if (ways[i].n_args == 0 && ways[i].mux_call < 0)
            return add_plain(c, ways->number, ways[i].ret);
    return add_segment(
        c, &(struct seccomp_segment){
               .start = ways->number, .ret = c->fallback, .ways = ways, .n = n, .narrow = narrow});
}

/* On s390 a number that does not fit its instruction, or that the kernel does not know, is seen as
 * 0: setup(2), which is long gone. */
static bool is_s390(const struct syscall_arch *arch)
{
    return arch->token == SCMP_ARCH_S390 || arch->token == SCMP_ARCH_S390X;
}

/* Segments for the numbers from `start` to the end of what the architecture may have, out of n ways
 * from `first` on. */
static int add_segments(struct compiler *c, const struct syscall_arch *arch, uint32_t start,
                        size_t first, size_t n, int64_t last)
{
    const struct seccomp_way *ways = n > 0 ? &c->ways[first] : NULL;
    uint32_t next = start;
    bool first_is_free = n == 0 || ways->number > start;

    if (is_s390(arch) && first_is_free && last >= 0 && add_plain(c, next++, c->too_young) < 0)
        return -1;
    for (size_t i = 0, same; i < n; i += same) {
        uint32_t number = ways[i].number;

        for (same = 1; i + same < n && ways[i + same].number == number; same++)
            ;
        if ((number > next && add_plain(c, next, c->fallback) < 0) ||
            add_call(c, &ways[i], same, arch->narrow) < 0)
            return -1;
        next = number + 1;
    }
    if (last >= 0 && next <= (uint64_t)last) {
        if (add_plain(c, next, c->fallback) < 0)
            return -1;
        next = (uint32_t)last + 1;
    }
    return add_plain(c, next, last >= 0 ? c->too_young : c->fallback);
}

/* ---- the program ---- */

/* x32 has x86-64's architecture, and numbers behind all of its. `x32` NULL: it is not included. */
static int put_arch(struct compiler *c, struct syscall_arch *arch, struct syscall_arch *x32,
                    struct lxcdriver_error **err)
{
    int64_t last, x32_last = -1;
    size_t n;

    c->n_ways = c->n_segments = 0;
    if (collect_ways(c, arch, &last, err) < 0)
        return -1;
    n = c->n_ways;
    if (x32 && collect_ways(c, x32, &x32_last, err) < 0)
        return -1;
    if (c->n_ways > 0)
        qsort(c->ways, c->n_ways, sizeof(*c->ways), compare_ways);
    if (add_segments(c, arch, 0, 0, n, last) < 0)
        return err_nomem(err);
    if (arch->token == SCMP_ARCH_X86_64) {
        int result = x32 ? add_segments(c, x32, X32_BIT, n, c->n_ways - n, x32_last)
                         : add_plain(c, X32_BIT, SECCOMP_RET_KILL_THREAD);

        /* -1 is what a tracer sets to have a call skipped, on either. */
        if (result < 0 || add_plain(c, UINT32_MAX, last >= 0 ? c->too_young : c->fallback) < 0)
            return err_nomem(err);
    }
    bpf_put_arch(&c->prog, arch->audit, c->segments, c->n_segments);
    return 0;
}

static struct syscall_arch *find_arch(struct compiler *c, uint32_t token)
{
    for (size_t i = 0; i < c->n_arches; i++)
        if (c->arches[i].token == token)
            return &c->arches[i];
    return NULL;
}

static int put_program(struct compiler *c, struct lxcdriver_error **err)
{
    struct syscall_arch *x32 = find_arch(c, SCMP_ARCH_X32);

    bpf_put(&c->prog, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0,
            0);
    for (size_t i = 0; i < c->n_arches; i++)
        if (&c->arches[i] != x32 &&
            put_arch(c, &c->arches[i], c->arches[i].token == SCMP_ARCH_X86_64 ? x32 : NULL, err) <
                0)
            return -1;
    bpf_put(&c->prog, BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD, 0, 0);
    if (c->prog.failed)
        return err_nomem(err);
    if (c->prog.n > BPF_MAXINSNS)
        return err_set(err, "linux.seccomp: the filter has %zu instructions, the kernel takes %d",
                       c->prog.n, BPF_MAXINSNS);
    return 0;
}

static int compile(struct compiler *c, struct seccomp_filter *out, struct lxcdriver_error **err)
{
    const struct seccomp_spec *spec = c->spec;

    if (action_of(spec->default_action, spec->has_default_errno, spec->default_errno,
                  "defaultAction", &c->fallback, err) < 0)
        return -1;
    c->too_young = denies(c->fallback) ? SECCOMP_RET_ERRNO | ENOSYS : c->fallback;
    for (size_t i = 0; i < spec->n_rules; i++)
        if (check_rule(c, &spec->rules[i], &out->flags, err) < 0)
            return -1;
    if (read_flags(spec, &out->flags, err) < 0 || read_arches(c, err) < 0)
        return -1;
    return put_program(c, err);
}

int seccomp_compile(const struct seccomp_spec *spec, struct seccomp_filter *out,
                    struct lxcdriver_error **err)
{
    struct compiler c = {.spec = spec, .unknown = &out->unknown};
    int result;

    *out = (struct seccomp_filter){0};
    result = compile(&c, out, err);
    free(c.ways);
    free(c.segments);
    out->insns = c.prog.insns;
    out->n = c.prog.n;
    if (result < 0)
        seccomp_filter_clear(out);
    return result;
}

void seccomp_filter_clear(struct seccomp_filter *filter)
{
    free(filter->insns);
    strv_free(&filter->unknown);
    *filter = (struct seccomp_filter){0};
}
