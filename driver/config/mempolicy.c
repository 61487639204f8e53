/* memoryPolicy as the shim is told of it: set_mempolicy(2). */
#include <string.h>

#include "base/cleanup.h"
#include "config/wire.h"

struct word {
    const char *name;
    uint32_t value;
};

/* linux/mempolicy.h; the kernel refuses what it does not know. */
static const struct word modes[] = {
    {"MPOL_DEFAULT", 0},
    {"MPOL_PREFERRED", 1},
    {"MPOL_BIND", 2},
    {"MPOL_INTERLEAVE", 3},
    {"MPOL_LOCAL", 4},
    {"MPOL_PREFERRED_MANY", 5},
    {"MPOL_WEIGHTED_INTERLEAVE", 6},
};

static const struct word flags[] = {
    {"MPOL_F_NUMA_BALANCING", 1 << 13},
    {"MPOL_F_RELATIVE_NODES", 1 << 14},
    {"MPOL_F_STATIC_NODES", 1 << 15},
};

static const struct word *find(const struct word *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].name, name))
            return &list[i];
    return NULL;
}

/* "N" or "N-M". */
static int add_nodes(struct wire_mempolicy *policy, const char *item)
{
    cleanup_free char *first = strndup(item, strcspn(item, "-"));
    const char *dash = strchr(item, '-');
    uint64_t from, to;

    if (!first || !str_to_u64(first, 0, WIRE_NODES - 1, &from))
        return -1;
    to = from;
    if (dash && !str_to_u64(dash + 1, from, WIRE_NODES - 1, &to))
        return -1;
    for (uint64_t node = from; node <= to; node++)
        policy->nodes[node / 64] |= UINT64_C(1) << node % 64;
    return 0;
}

static int nodes(struct wire_mempolicy *policy, const char *list, struct lxcdriver_error **err)
{
    cleanup_free char *copy = list ? strdup(list) : NULL;
    char *rest = copy;

    if (!list)
        return 0;
    if (!copy)
        return err_nomem(err);
    for (char *item = strsep(&rest, ","); item; item = strsep(&rest, ","))
        if (add_nodes(policy, item) < 0)
            return err_set(err, "linux.memoryPolicy.nodes: \"%s\" is not a list of nodes below %d",
                           list, WIRE_NODES);
    return 0;
}

int wire_mempolicy(struct buf *out, const struct command *cmd, struct lxcdriver_error **err)
{
    const struct word *mode = find(modes, ARRAY_SIZE(modes), cmd->memory_policy_mode);
    struct wire_mempolicy policy = {0};

    if (!cmd->memory_policy_mode)
        return 0;
    if (!mode)
        return err_set(err, "linux.memoryPolicy.mode: \"%s\" is not known",
                       cmd->memory_policy_mode);
    policy.mode = mode->value;
    for (size_t i = 0; i < cmd->memory_policy_flags.n; i++) {
        const struct word *flag = find(flags, ARRAY_SIZE(flags), cmd->memory_policy_flags.items[i]);

        if (!flag)
            return err_set(err, "linux.memoryPolicy.flags: \"%s\" is not known",
                           cmd->memory_policy_flags.items[i]);
        policy.mode |= flag->value;
    }
    if (nodes(&policy, cmd->memory_policy_nodes, err) < 0)
        return -1;
    wire_bytes(out, WT_MEMPOLICY, &policy, sizeof(policy));
    return 0;
}
