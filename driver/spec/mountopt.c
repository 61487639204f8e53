#include "spec/readers.h"

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/words.h"

/* mount_setattr(2) wants every bit of the access time field in attr_clr when any of it changes. */
#define ATIME MOUNT_ATTR__ATIME

enum kind {
    WORD_NOTHING,     /* accepted, says nothing */
    WORD_SET,         /* MS_* bits on */
    WORD_CLEAR,       /* MS_* bits off */
    WORD_PROPAGATION, /* MS_* propagation type */
    WORD_REC_SET,     /* MOUNT_ATTR_* bits on, for the whole tree */
    WORD_REC_CLEAR,   /* MOUNT_ATTR_* bits off, for the whole tree */
    WORD_REC_ATIME,   /* one value of the access time field, for the whole tree */
    WORD_IDMAP,
    WORD_RIDMAP,
    WORD_TMPCOPYUP,
};

/* The words of mount(8) and of the OCI runtime specification's table of mount options. */
static const struct word {
    const char *name;
    enum kind kind;
    uint64_t bits;
} words[] = {
    {"defaults", WORD_NOTHING, 0},
    {"acl", WORD_SET, MS_POSIXACL},
    {"async", WORD_CLEAR, MS_SYNCHRONOUS},
    {"atime", WORD_CLEAR, MS_NOATIME},
    {"bind", WORD_SET, MS_BIND},
    {"dev", WORD_CLEAR, MS_NODEV},
    {"diratime", WORD_CLEAR, MS_NODIRATIME},
    {"dirsync", WORD_SET, MS_DIRSYNC},
    {"exec", WORD_CLEAR, MS_NOEXEC},
    {"iversion", WORD_SET, MS_I_VERSION},
    {"lazytime", WORD_SET, MS_LAZYTIME},
    {"loud", WORD_CLEAR, MS_SILENT},
    {"mand", WORD_SET, MS_MANDLOCK},
    {"noacl", WORD_CLEAR, MS_POSIXACL},
    {"noatime", WORD_SET, MS_NOATIME},
    {"nodev", WORD_SET, MS_NODEV},
    {"nodiratime", WORD_SET, MS_NODIRATIME},
    {"noexec", WORD_SET, MS_NOEXEC},
    {"noiversion", WORD_CLEAR, MS_I_VERSION},
    {"nolazytime", WORD_CLEAR, MS_LAZYTIME},
    {"nomand", WORD_CLEAR, MS_MANDLOCK},
    {"norelatime", WORD_CLEAR, MS_RELATIME},
    {"nostrictatime", WORD_CLEAR, MS_STRICTATIME},
    {"nosuid", WORD_SET, MS_NOSUID},
    {"nosymfollow", WORD_SET, MS_NOSYMFOLLOW},
    {"rbind", WORD_SET, MS_BIND | MS_REC},
    {"relatime", WORD_SET, MS_RELATIME},
    {"remount", WORD_SET, MS_REMOUNT},
    {"ro", WORD_SET, MS_RDONLY},
    {"rw", WORD_CLEAR, MS_RDONLY},
    {"silent", WORD_SET, MS_SILENT},
    {"strictatime", WORD_SET, MS_STRICTATIME},
    {"suid", WORD_CLEAR, MS_NOSUID},
    {"symfollow", WORD_CLEAR, MS_NOSYMFOLLOW},
    {"sync", WORD_SET, MS_SYNCHRONOUS},

    {"private", WORD_PROPAGATION, MS_PRIVATE},
    {"rprivate", WORD_PROPAGATION, MS_PRIVATE | MS_REC},
    {"rshared", WORD_PROPAGATION, MS_SHARED | MS_REC},
    {"rslave", WORD_PROPAGATION, MS_SLAVE | MS_REC},
    {"runbindable", WORD_PROPAGATION, MS_UNBINDABLE | MS_REC},
    {"shared", WORD_PROPAGATION, MS_SHARED},
    {"slave", WORD_PROPAGATION, MS_SLAVE},
    {"unbindable", WORD_PROPAGATION, MS_UNBINDABLE},

    {"ratime", WORD_REC_ATIME, MOUNT_ATTR_RELATIME},
    {"rdev", WORD_REC_CLEAR, MOUNT_ATTR_NODEV},
    {"rdiratime", WORD_REC_CLEAR, MOUNT_ATTR_NODIRATIME},
    {"rexec", WORD_REC_CLEAR, MOUNT_ATTR_NOEXEC},
    {"rnoatime", WORD_REC_ATIME, MOUNT_ATTR_NOATIME},
    {"rnodev", WORD_REC_SET, MOUNT_ATTR_NODEV},
    {"rnodiratime", WORD_REC_SET, MOUNT_ATTR_NODIRATIME},
    {"rnoexec", WORD_REC_SET, MOUNT_ATTR_NOEXEC},
    {"rnorelatime", WORD_NOTHING, 0},
    {"rnostrictatime", WORD_REC_ATIME, MOUNT_ATTR_RELATIME},
    {"rnosuid", WORD_REC_SET, MOUNT_ATTR_NOSUID},
    {"rnosymfollow", WORD_REC_SET, MOUNT_ATTR_NOSYMFOLLOW},
    {"rrelatime", WORD_REC_ATIME, MOUNT_ATTR_RELATIME},
    {"rro", WORD_REC_SET, MOUNT_ATTR_RDONLY},
    {"rrw", WORD_REC_CLEAR, MOUNT_ATTR_RDONLY},
    {"rstrictatime", WORD_REC_ATIME, MOUNT_ATTR_STRICTATIME},
    {"rsuid", WORD_REC_CLEAR, MOUNT_ATTR_NOSUID},
    {"rsymfollow", WORD_REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW},

    {"idmap", WORD_IDMAP, 0},
    {"ridmap", WORD_RIDMAP, 0},
    {"tmpcopyup", WORD_TMPCOPYUP, 0},
};

static const struct word *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

const char *mountopt_word(size_t i)
{
    return i < ARRAY_SIZE(words) ? words[i].name : NULL;
}

static void set_bits(uint64_t *on, uint64_t *off, uint64_t bits)
{
    *on |= bits;
    *off &= ~bits;
}

static void apply(struct mount_spec *m, const struct word *word)
{
    switch (word->kind) {
    case WORD_NOTHING:
        break;
    case WORD_SET:
        set_bits(&m->flags, &m->clear, word->bits);
        break;
    case WORD_CLEAR:
        set_bits(&m->clear, &m->flags, word->bits);
        break;
    case WORD_PROPAGATION:
        m->propagation = word->bits;
        break;
    case WORD_REC_SET:
        set_bits(&m->rec_set, &m->rec_clear, word->bits);
        break;
    case WORD_REC_CLEAR:
        set_bits(&m->rec_clear, &m->rec_set, word->bits);
        break;
    case WORD_REC_ATIME:
        m->rec_set = (m->rec_set & ~(uint64_t)ATIME) | word->bits;
        m->rec_clear |= ATIME;
        break;
    case WORD_IDMAP:
    case WORD_RIDMAP:
        m->idmap = true;
        m->idmap_rec = word->kind == WORD_RIDMAP;
        break;
    case WORD_TMPCOPYUP:
        m->tmpcopyup = true;
        break;
    }
}

int mountopt_apply(struct mount_spec *m, const char *word, struct lxcdriver_error **err)
{
    const struct word *known = find(word);

    if (known) {
        apply(m, known);
        return 0;
    }
    if (!*word)
        return err_set(err, "a mount option is empty");
    return strv_add(&m->data, word) < 0 ? err_nomem(err) : 0;
}
