#include "spec/readers.h"

#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/cleanup.h"

static const struct {
    const char *name;
    int resource;
} limits[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

_Static_assert(ARRAY_SIZE(limits) == RLIMIT_NLIMITS, "a resource has no name");

#define PREFIX_LEN 7 /* "RLIMIT_" */

int rlimit_from_name(const char *name)
{
    const char *bare = strncasecmp(name, "RLIMIT_", PREFIX_LEN) == 0 ? name + PREFIX_LEN : name;

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (strcasecmp(bare, limits[i].name + PREFIX_LEN) == 0)
            return limits[i].resource;
    return -1;
}

const char *rlimit_name(int resource)
{
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (limits[i].resource == resource)
            return limits[i].name;
    return NULL;
}

int rlimit_set(struct process_spec *p, int resource, uint64_t soft, uint64_t hard,
               struct lxcdriver_error **err)
{
    struct rlimit_entry *entry = NULL;

    for (size_t i = 0; i < p->n_rlimits; i++)
        if (p->rlimits[i].resource == resource)
            entry = &p->rlimits[i];
    if (!entry)
        entry = ARRAY_GROW(&p->rlimits, &p->n_rlimits);
    if (!entry)
        return err_nomem(err);
    *entry = (struct rlimit_entry){resource, soft, hard};
    return 0;
}
