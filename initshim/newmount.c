#include "newmount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "attach.h"
#include "copyup.h"
#include "descriptor.h"
#include "rootdir.h"
#include "text.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

#define PROPAGATION (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)

struct new_mount {
    struct wire_mount wire;
    const char *path, *type, *source, *data;
    bool copyup;
};

/* Flags of mount(2) that belong to the filesystem: fsconfig(2) takes them by name. */
static const struct {
    uint64_t flag;
    const char *name;
} fs_flags[] = {
    {MS_RDONLY, "ro"},     {MS_SYNCHRONOUS, "sync"},  {MS_DIRSYNC, "dirsync"},
    {MS_MANDLOCK, "mand"}, {MS_LAZYTIME, "lazytime"},
};

/* Those that belong to the mount. */
static const struct {
    uint64_t flag;
    unsigned attr;
} mount_flags[] = {
    {MS_RDONLY, MOUNT_ATTR_RDONLY},         {MS_NOSUID, MOUNT_ATTR_NOSUID},
    {MS_NODEV, MOUNT_ATTR_NODEV},           {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static unsigned attributes(uint64_t flags)
{
    unsigned attr = 0;

    for (size_t i = 0; i < COUNT(mount_flags); i++)
        if (flags & mount_flags[i].flag)
            attr |= mount_flags[i].attr;
    if (flags & MS_NOATIME)
        attr |= MOUNT_ATTR_NOATIME;
    else if (flags & MS_STRICTATIME)
        attr |= MOUNT_ATTR_STRICTATIME;
    return attr;
}

/* One "key=value" or "flag". */
static int set_option(int fs, const char *option, size_t len)
{
    char word[PATH_MAX];
    struct text t;
    char *value;

    text_init(&t, word, sizeof(word));
    text_put_bytes(&t, option, len);
    if (t.cut) {
        errno = ENAMETOOLONG;
        return -1;
    }
    value = strchr(word, '=');
    if (!value)
        return fsconfig(fs, FSCONFIG_SET_FLAG, word, NULL, 0);
    *value++ = '\0';
    len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value[len - 1] = '\0';
        value++;
    }
    return fsconfig(fs, FSCONFIG_SET_STRING, word, value, 0);
}

/* "a=b,c": a comma inside quotes separates nothing, as SELinux labels have it. */
static int set_options(int fs, const char *data)
{
    while (*data) {
        size_t len = 0;
        bool quoted = false;

        while (data[len] && (quoted || data[len] != ',')) {
            quoted ^= data[len] == '"';
            len++;
        }
        if (len && set_option(fs, data, len) < 0)
            return -1;
        data += len + (data[len] == ',');
    }
    return 0;
}

/* The configured filesystem as a mount that is attached nowhere. */
static int prepare(const struct new_mount *m, uint64_t flags)
{
    cleanup_close int fs = fsopen(m->type, FSOPEN_CLOEXEC);

    if (fs < 0)
        return -1;
    if (*m->source && fsconfig(fs, FSCONFIG_SET_STRING, "source", m->source, 0) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(fs_flags); i++)
        if (flags & fs_flags[i].flag &&
            fsconfig(fs, FSCONFIG_SET_FLAG, fs_flags[i].name, NULL, 0) < 0)
            return -1;
    if (set_options(fs, m->data) < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(fs, FSMOUNT_CLOEXEC, attributes(flags));
}

static int change(int mount, uint64_t set, uint64_t propagation)
{
    struct mount_attr attr = {.attr_set = set, .propagation = propagation & PROPAGATION};

    return mount_setattr(mount, "", AT_EMPTY_PATH | (propagation & MS_REC ? AT_RECURSIVE : 0),
                         &attr, sizeof(attr));
}

static int create(int root_fd, const struct new_mount *m)
{
    cleanup_close int target = m->wire.create ? rootdir_make(root_fd, m->path, 0755)
                                              : rootdir_openat(root_fd, m->path, O_PATH);
    cleanup_close int mount = -1;
    /* What is to be filled cannot be read-only yet. */
    bool late = m->copyup && m->wire.flags & MS_RDONLY;

    if (target < 0)
        return -1;
    mount = prepare(m, late ? m->wire.flags & ~(uint64_t)MS_RDONLY : m->wire.flags);
    if (mount < 0 || (m->copyup && copyup(target, mount) < 0) ||
        (late && change(mount, MOUNT_ATTR_RDONLY, 0) < 0))
        return -1;
    if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return -1;
    return m->wire.propagation ? change(mount, 0, m->wire.propagation) : 0;
}

static int create_record(struct shim *s, const struct record *r, const char *copied)
{
    const size_t skip = sizeof(struct wire_mount);
    struct new_mount m = {
        .path = record_text_at(r, skip, 0),
        .type = record_text_at(r, skip, 1),
        .source = record_text_at(r, skip, 2),
        .data = record_text_at(r, skip, 3),
        .copyup = copied,
    };

    memcpy(&m.wire, r->data, sizeof(m.wire));
    if (copied && strcmp(copied, m.path) != 0)
        return fail(&s->failure, STAGE_MOUNT, EINVAL, copied);
    if (create(s->root_fd, &m) < 0)
        return fail(&s->failure, STAGE_MOUNT, errno, m.path);
    return 0;
}

int mounts_create(struct shim *s)
{
    const char *copied = NULL;
    struct record r;
    size_t pos = 0, attached = 0;

    if (!s->boot.count[WT_MOUNT] && !s->boot.count[WT_TMPCOPYUP] && !s->boot.count[WT_ATTACH])
        return 0;
    while (bootstrap_next(&s->boot, &pos, &r)) {
        if (r.tag == WT_TMPCOPYUP)
            copied = record_text(&r, 0);
        if (r.tag == WT_ATTACH && mount_attach(s, &r, &s->mounts[attached++]) < 0)
            return -1;
        if (r.tag != WT_MOUNT)
            continue;
        if (create_record(s, &r, copied) < 0)
            return -1;
        copied = NULL;
    }
    return copied ? fail(&s->failure, STAGE_MOUNT, EINVAL, copied) : 0;
}
