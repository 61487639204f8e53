#include "spec/readers.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "shared/capnames.h"

static const char *const default_names[] = {
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
    "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
    "CAP_KILL",    "CAP_AUDIT_WRITE",
};

/* The number of a name that may lack its prefix, or -1. */
static int find(const char *name)
{
    const char *bare = strncasecmp(name, "CAP_", 4) == 0 ? name + 4 : name;

    for (int cap = 0; cap <= CAP_LAST_KNOWN; cap++)
        if (strcasecmp(bare, capname((unsigned)cap) + 4) == 0)
            return cap;
    return -1;
}

uint64_t caps_default(void)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < ARRAY_SIZE(default_names); i++)
        mask |= UINT64_C(1) << find(default_names[i]);
    return mask;
}

int caps_from_name(const char *name, struct lxcdriver_error **err)
{
    int cap = find(name);

    return cap >= 0 ? cap : err_set(err, "\"%s\" is not the name of a capability", name);
}

static bool is_all(const char *name)
{
    return strcasecmp(name, "ALL") == 0 || strcasecmp(name, "CAP_ALL") == 0;
}

/* The mask of a list; *all tells whether "ALL" is in it, which adds no bit. */
static int mask_of(const struct strv *names, uint64_t *mask, bool *all,
                   struct lxcdriver_error **err)
{
    *mask = 0;
    *all = false;
    for (size_t i = 0; i < names->n; i++) {
        int cap;

        if (is_all(names->items[i])) {
            *all = true;
            continue;
        }
        cap = caps_from_name(names->items[i], err);
        if (cap < 0)
            return -1;
        *mask |= UINT64_C(1) << cap;
    }
    return 0;
}

int caps_compute(const struct strv *add, const struct strv *drop, bool privileged,
                 struct capabilities *out, struct lxcdriver_error **err)
{
    uint64_t added, dropped, mask;
    bool add_all, drop_all;

    if (mask_of(add, &added, &add_all, err) < 0)
        return err_wrap(err, "cap_add");
    if (mask_of(drop, &dropped, &drop_all, err) < 0)
        return err_wrap(err, "cap_drop");
    if (add_all && drop_all)
        return err_set(err, "cap_add and cap_drop both say ALL");
    /* As Docker does it: a capability that is named in both lists stays, unless the list that adds
     * says ALL. */
    if (privileged)
        mask = CAP_MASK_ALL;
    else if (add_all)
        mask = CAP_MASK_ALL & ~dropped;
    else if (drop_all)
        mask = added;
    else
        mask = (caps_default() & ~dropped) | added;
    *out =
        (struct capabilities){.set = true, .bounding = mask, .effective = mask, .permitted = mask};
    return 0;
}
