#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message.h"
#include "shared/capnames.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define CAPS_MAX 64

static int set_caps(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
    };

    return (int)syscall(SYS_capset, &header, data);
}

static int get_permitted(uint64_t *permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}

/* Which capabilities this kernel knows, and which of them are in our bounding set. Needs no procfs.
 * 0, or -1 with errno. */
static int get_bounding(uint64_t *known, uint64_t *bounding)
{
    *known = *bounding = 0;
    for (int cap = 0; cap < CAPS_MAX; cap++) {
        int in = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

        /* EINVAL is the end of the list; taken for it, any other would leave the rest undropped. */
        if (in < 0)
            return errno == EINVAL ? 0 : -1;
        *known |= BIT(cap);
        if (in)
            *bounding |= BIT(cap);
    }
    return 0;
}

static int drop_bounding(uint64_t keep)
{
    uint64_t known, bounding;

    if (get_bounding(&known, &bounding) < 0)
        return -1;
    for (int cap = 0; cap < CAPS_MAX; cap++)
        if (bounding & ~keep & BIT(cap) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return -1;
    return 0;
}

struct wire_caps caps_reduce(const struct wire_caps *want, uint64_t known, uint64_t available,
                             uint64_t *missing)
{
    uint64_t any =
        want->bounding | want->effective | want->inheritable | want->permitted | want->ambient;
    uint64_t can = known & available;

    *missing = any & known & ~available;
    return (struct wire_caps){
        .bounding = want->bounding & can,
        .effective = want->effective & can,
        .inheritable = want->inheritable & can,
        .permitted = want->permitted & can,
        /* The kernel keeps a capability ambient only while it is permitted and inheritable
         * (capabilities(7)). Engines ask for more, and other runtimes leave it out in silence. */
        .ambient = want->ambient & want->permitted & want->inheritable & can,
    };
}

int caps_check(struct shim *s)
{
    struct wire_caps want;
    uint64_t known, permitted, missing, bounding;

    if (!bootstrap_value(&s->boot, WT_CAPS, &want, sizeof(want)))
        return 0;
    if (get_permitted(&permitted) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "capget");
    if (get_bounding(&known, &bounding) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "bounding set");
    s->caps = caps_reduce(&want, known, permitted & bounding, &missing);
    for (unsigned cap = 0; cap < CAPS_MAX; cap++)
        if (missing & BIT(cap))
            message_warn(s->sock, STAGE_CAPS, capname(cap) ? capname(cap) : "unnamed");
    return 0;
}

int caps_limit(struct shim *s)
{
    if (!s->boot.count[WT_CAPS])
        return 0;
    if (drop_bounding(s->caps.bounding) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "bounding set");
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "keep");
    return 0;
}

int caps_apply(struct shim *s)
{
    const struct wire_caps *c = &s->caps;

    if (!s->boot.count[WT_CAPS])
        return 0;
    if (set_caps(c->permitted, c->effective, c->inheritable) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "capset");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "ambient set");
    for (unsigned cap = 0; cap < CAPS_MAX; cap++)
        if (c->ambient & BIT(cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            return fail_with(&s->failure, STAGE_CAPS, errno, "ambient set",
                             capname(cap) ? capname(cap) : "unnamed");
    return 0;
}

void caps_keep_kill(void)
{
    drop_bounding(BIT(CAP_KILL));
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    set_caps(BIT(CAP_KILL), BIT(CAP_KILL), 0);
}
