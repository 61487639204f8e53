#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/protocol.h"
#include "config/section.h"

/* The words that LXC applies, whole and in this spelling; it compares only as many bytes as the
 * words of its own table have. */
static const struct word {
    uint64_t bits;
    const char *name;
} flag_words[] = {
    {MS_RDONLY, "ro"},         {MS_NOSUID, "nosuid"},           {MS_NODEV, "nodev"},
    {MS_NOEXEC, "noexec"},     {MS_NOATIME, "noatime"},         {MS_NODIRATIME, "nodiratime"},
    {MS_RELATIME, "relatime"}, {MS_STRICTATIME, "strictatime"},
};

static const struct word propagation_words[] = {
    {MS_PRIVATE, "private"},
    {MS_SLAVE, "slave"},
    {MS_SHARED, "shared"},
    {MS_UNBINDABLE, "unbindable"},
};

/* LXC looks for these anywhere in the text of the options, inside a file system's own values too,
 * and takes them out. */
static const char *const lxc_words[] = {"create=dir", "create=file", "optional", "relative",
                                        "idmap="};

static void word(struct buf *out, const char *prefix, const char *text)
{
    buf_printf(out, "%s%s%s", out->len ? "," : "", prefix, text);
}

static void flags(const struct mount_spec *m, const struct mount_plan *plan, struct buf *out)
{
    /* A /dev of ours is filled first and made read-only by the shim. */
    uint64_t skip = str_eq(plan->path, "dev") && !plan->bind ? MS_RDONLY : 0;

    if (plan->bind)
        word(out, "", m->flags & MS_REC ? "rbind" : "bind");
    for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++)
        if (m->flags & flag_words[i].bits & ~skip)
            word(out, "", flag_words[i].name);
    for (size_t i = 0; i < ARRAY_SIZE(propagation_words); i++)
        if (m->propagation & propagation_words[i].bits)
            word(out, m->propagation & MS_REC ? "r" : "", propagation_words[i].name);
}

int mount_options(const struct mount_spec *m, const struct mount_plan *plan, const char *field,
                  struct buf *out, struct lxcdriver_error **err)
{
    flags(m, plan, out);
    for (size_t i = 0; i < m->data.n && !plan->bind; i++) {
        const char *item = m->data.items[i];

        if (!*item || strchr(item, ','))
            return err_set(err, "%s.options: \"%s\" has a comma in it or is empty", field, item);
        word(out, "", item);
    }
    if (plan->mode)
        word(out, "", plan->mode);
    if (!out->len)
        buf_puts(out, "defaults");
    if (out->failed)
        return err_nomem(err);
    for (size_t i = 0; i < ARRAY_SIZE(lxc_words); i++)
        if (strstr(out->data, lxc_words[i]))
            return err_set(
                err,
                "%s.options: \"%s\" has \"%s\" in it, which LXC takes for an option of its own",
                field, out->data, lxc_words[i]);
    return 0;
}

static const struct {
    uint64_t ms, attr;
} attributes[] = {
    {MS_RDONLY, MOUNT_ATTR_RDONLY},         {MS_NOSUID, MOUNT_ATTR_NOSUID},
    {MS_NODEV, MOUNT_ATTR_NODEV},           {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
};

#define MS_ATIME (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

static void translate(uint64_t set, uint64_t clear, struct wire_mount_attr *attr)
{
    for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
        if (set & attributes[i].ms)
            attr->set |= attributes[i].attr;
        if (clear & attributes[i].ms)
            attr->clear |= attributes[i].attr;
    }
    if ((set | clear) & MS_ATIME)
        attr->clear |= MOUNT_ATTR__ATIME;
    if (set & MS_NOATIME)
        attr->set |= MOUNT_ATTR_NOATIME;
    else if (set & MS_STRICTATIME)
        attr->set |= MOUNT_ATTR_STRICTATIME;
}

/* On a bind, LXC applies flags only together with "ro", and keeps those of the source that the
 * options clear. On other mounts mount(2) takes all of them, but LXC does not know "nosymfollow".
 */
void mount_attr_plain(const struct mount_spec *m, const struct mount_plan *plan,
                      struct wire_mount_attr *attr, bool *needed)
{
    *attr = (struct wire_mount_attr){0};
    *needed = false;
    if (plan->way == MOUNT_CGROUP || plan->way == MOUNT_DEVPTS)
        return;
    if (plan->way == MOUNT_ATTACH) {
        translate(m->flags, m->clear, attr);
        return;
    }
    if (plan->bind) {
        translate(m->flags, m->clear, attr);
        *needed = attr->clear || (attr->set & ~(uint64_t)MOUNT_ATTR_RDONLY) ||
                  (plan->way == MOUNT_ATTR && attr->set);
    } else if (m->flags & MS_NOSYMFOLLOW) {
        attr->set = MOUNT_ATTR_NOSYMFOLLOW;
        *needed = true;
    }
}

void mount_attr_recursive(const struct mount_spec *m, const struct mount_plan *plan,
                          struct wire_mount_attr *attr, bool *needed)
{
    *attr = (struct wire_mount_attr){.set = m->rec_set, .clear = m->rec_clear, .recursive = 1};
    if ((attr->set | attr->clear) & MOUNT_ATTR__ATIME)
        attr->clear |= MOUNT_ATTR__ATIME;
    *needed = plan->way != MOUNT_ATTACH && (attr->set || attr->clear);
}
