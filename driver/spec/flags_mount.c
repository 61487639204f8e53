#include "spec/flags.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"

#define PROPAGATION_DEFAULT (MS_PRIVATE | MS_REC) /* docker run's */

/* Make SRC absolute; what looks like neither a path from the root nor one from here is a volume's
 * name, which nothing keeps here. */
static char *source_path(const char *source, struct lxcdriver_error **err)
{
    cleanup_free char *cwd = NULL;
    cleanup_free char *joined = NULL;

    if (*source == '/')
        return path_normalise(source, err);
    if (strcmp(source, ".") && strcmp(source, "..") && !str_starts(source, "./") &&
        !str_starts(source, "../")) {
        err_set(err,
                "\"%s\" is not a path: it has to begin with / or ./ (there are no named volumes)",
                source);
        return NULL;
    }
    cwd = getcwd(NULL, 0);
    if (!cwd) {
        err_sys(err, errno, "the current directory");
        return NULL;
    }
    joined = str_printf("%s/%s", cwd, source);
    if (!joined) {
        err_nomem(err);
        return NULL;
    }
    return path_normalise(joined, err);
}

static struct mount_spec *add_mount(struct command *cmd, const char *type,
                                    struct lxcdriver_error **err)
{
    struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

    if (m)
        m->type = strdup(type);
    if (m && m->type)
        return m;
    err_nomem(err);
    return NULL;
}

static int set_destination(struct mount_spec *m, const char *path, struct lxcdriver_error **err)
{
    free(m->destination);
    m->destination = path_normalise(path, err);
    if (!m->destination)
        return -1;
    if (strcmp(m->destination, "/") == 0)
        return err_set(err, "the destination cannot be \"/\"");
    return 0;
}

static const char *const propagations[] = {"private", "rprivate", "shared",
                                           "rshared", "slave",    "rslave"};

static bool is_propagation(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
        if (strcmp(word, propagations[i]) == 0)
            return true;
    return false;
}

/* The words that say nothing to us: SELinux relabelling, copying into named volumes, and caching
 * hints of other systems. */
static bool is_accepted_word(const char *word)
{
    static const char *const accepted[] = {"z", "Z", "nocopy", "consistent", "cached", "delegated"};

    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++)
        if (strcmp(word, accepted[i]) == 0)
            return true;
    return false;
}

/* What was said so far about one volume, to find contradictions. */
struct said {
    bool access, propagation;
};

static int volume_word(struct mount_spec *m, const char *word, struct said *said,
                       struct lxcdriver_error **err)
{
    bool access = strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0;
    bool propagation = is_propagation(word);

    if (is_accepted_word(word))
        return 0;
    if (strcmp(word, "idmap") == 0)
        return mountopt_apply(m, word, err);
    if (!access && !propagation)
        return err_set(err, "\"%s\" is not an option of a volume", word);
    if ((access && said->access) || (propagation && said->propagation))
        return err_set(err, "\"%s\" contradicts an option before it", word);
    said->access |= access;
    said->propagation |= propagation;
    return mountopt_apply(m, word, err);
}

static int volume_words(struct mount_spec *m, const char *options, struct lxcdriver_error **err)
{
    struct said said = {0};

    for (const char *rest = options; rest;) {
        cleanup_free char *word = NULL;

        rest = split_at(rest, ',', &word);
        if (!word)
            return err_nomem(err);
        if (volume_word(m, word, &said, err) < 0)
            return -1;
    }
    return 0;
}

/* SRC:DST[:OPTS] */
int flag_volume(struct flags_state *st, const struct flag *flag, const char *value,
                struct lxcdriver_error **err)
{
    cleanup_free char *source = NULL;
    cleanup_free char *destination = NULL;
    const char *rest = split_at(value, ':', &source);
    const char *options = rest ? split_at(rest, ':', &destination) : NULL;
    struct mount_spec *m;

    (void)flag;
    if (!source || (rest && !destination))
        return err_nomem(err);
    if (!rest || !*source || !*destination)
        return err_set(err, "\"%s\" needs a source and a destination: SRC:DST[:OPTS]", value);
    if (options && strchr(options, ':'))
        return err_set(err, "\"%s\" has too many ':'; --mount takes paths that have one", value);
    m = add_mount(st->cmd, "bind", err);
    if (!m)
        return -1;
    m->flags = MS_BIND | MS_REC;
    m->propagation = PROPAGATION_DEFAULT;
    m->create_source = true;
    m->source = source_path(source, err);
    if (!m->source || set_destination(m, destination, err) < 0)
        return -1;
    return options ? volume_words(m, options, err) : 0;
}

/* A number with a unit of tmpfs(5); a part of the memory only where that has a meaning. */
static bool is_tmpfs_number(const char *text, bool percent)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;

    return digits && (!*unit || (strchr(percent ? "kKmMgG%" : "kKmMgG", *unit) && !unit[1]));
}

/* What tmpfs(5) takes beside the flags of every mount. */
static bool is_tmpfs_option(const char *word)
{
    static const char *const others[] = {"mpol=", "huge="};
    static const char *const ids[] = {"uid=", "gid="};

    if (str_starts(word, "size="))
        return is_tmpfs_number(word + strlen("size="), true);
    if (str_starts(word, "nr_inodes=") || str_starts(word, "nr_blocks="))
        return is_tmpfs_number(strchr(word, '=') + 1, false);
    if (str_starts(word, "mode="))
        return word[5] && strlen(word + 5) <= 5 && !word[5 + strspn(word + 5, "01234567")];
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        if (str_starts(word, ids[i]))
            return word[4] && !word[4 + strspn(word + 4, "0123456789")];
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        if (str_starts(word, others[i]))
            return word[strlen(others[i])];
    return strcmp(word, "inode32") == 0 || strcmp(word, "inode64") == 0;
}

static int tmpfs_word(struct mount_spec *m, const char *word, struct lxcdriver_error **err)
{
    size_t data = m->data.n;

    if (mountopt_apply(m, word, err) < 0)
        return -1;
    if (m->data.n > data && !is_tmpfs_option(word))
        return err_set(err, "\"%s\" is not an option of tmpfs", word);
    if (m->flags & (MS_BIND | MS_REMOUNT) || m->idmap)
        return err_set(err, "\"%s\" cannot be said of a tmpfs", word);
    return 0;
}

static struct mount_spec *add_tmpfs(struct command *cmd, struct lxcdriver_error **err)
{
    struct mount_spec *m = add_mount(cmd, "tmpfs", err);

    if (!m)
        return NULL;
    m->flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (str_set(&m->source, "tmpfs") < 0) {
        err_nomem(err);
        return NULL;
    }
    return m;
}

/* DST[:OPTS] */
int flag_tmpfs(struct flags_state *st, const struct flag *flag, const char *value,
               struct lxcdriver_error **err)
{
    cleanup_free char *destination = NULL;
    const char *rest = split_at(value, ':', &destination);
    struct mount_spec *m = add_tmpfs(st->cmd, err);

    (void)flag;
    if (!destination)
        return err_nomem(err);
    if (!m || set_destination(m, destination, err) < 0)
        return -1;
    while (rest) {
        cleanup_free char *word = NULL;

        rest = split_at(rest, ',', &word);
        if (!word)
            return err_nomem(err);
        if (tmpfs_word(m, word, err) < 0)
            return -1;
    }
    return 0;
}

int flag_shm_size(struct flags_state *st, const struct flag *flag, const char *value,
                  struct lxcdriver_error **err)
{
    int64_t bytes;

    (void)flag;
    if (units_bytes(value, &bytes, err) < 0)
        return -1;
    if (!bytes)
        return err_set(err, "\"%s\" is not a size above 0", value);
    st->cmd->shm_size = bytes;
    return 0;
}

/* ---- --mount ---- */

/* The keys of one --mount, as texts that point into the caller's copy; NULL: not given. */
enum mount_key {
    KEY_TYPE,
    KEY_SOURCE,
    KEY_TARGET,
    KEY_READONLY,
    KEY_PROPAGATION,
    KEY_NONRECURSIVE,
    KEY_RECURSIVE,
    KEY_TMPFS_SIZE,
    KEY_TMPFS_MODE,
    KEY_CONSISTENCY,
    MOUNT_KEYS
};

static const struct {
    const char *name;
    enum mount_key key;
    bool alone; /* may stand without a value, which then is "true" */
} mount_keys[] = {
    {"type", KEY_TYPE, false},
    {"source", KEY_SOURCE, false},
    {"src", KEY_SOURCE, false},
    {"target", KEY_TARGET, false},
    {"destination", KEY_TARGET, false},
    {"dst", KEY_TARGET, false},
    {"readonly", KEY_READONLY, true},
    {"ro", KEY_READONLY, true},
    {"bind-propagation", KEY_PROPAGATION, false},
    {"bind-nonrecursive", KEY_NONRECURSIVE, true},
    {"bind-recursive", KEY_RECURSIVE, false},
    {"tmpfs-size", KEY_TMPFS_SIZE, false},
    {"tmpfs-mode", KEY_TMPFS_MODE, false},
    {"consistency", KEY_CONSISTENCY, false},
};

/* One key=value into values; field is cut at its '='. */
static int mount_field(const char *values[MOUNT_KEYS], char *field, struct lxcdriver_error **err)
{
    char *value = strchr(field, '=');

    if (value)
        *value++ = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(mount_keys); i++) {
        if (strcmp(field, mount_keys[i].name))
            continue;
        if (values[mount_keys[i].key])
            return err_set(err, "\"%s\" is said twice", field);
        if (value ? !*value : !mount_keys[i].alone)
            return err_set(err, "\"%s\" needs a value", field);
        values[mount_keys[i].key] = value ? value : "true";
        return 0;
    }
    return err_set(err, "\"%s\" is not a key of --mount", field);
}

static int mount_bool(const char *values[MOUNT_KEYS], enum mount_key key, const char *name,
                      bool *out, struct lxcdriver_error **err)
{
    *out = false;
    if (values[key] && !flag_bool_value(values[key], out))
        return err_set(err, "%s: \"%s\" is neither true nor false", name, values[key]);
    return 0;
}

static int bind_recursion(struct mount_spec *m, const char *values[MOUNT_KEYS], bool readonly,
                          struct lxcdriver_error **err)
{
    const char *how = values[KEY_RECURSIVE] ? values[KEY_RECURSIVE] : "enabled";
    bool flat;

    if (mount_bool(values, KEY_NONRECURSIVE, "bind-nonrecursive", &flat, err) < 0)
        return -1;
    m->flags = MS_BIND;
    m->propagation = PROPAGATION_DEFAULT;
    if (!flat && strcmp(how, "disabled"))
        m->flags |= MS_REC;
    if (strcmp(how, "readonly") == 0) {
        if (!readonly || flat)
            return err_set(err,
                           "bind-recursive: \"readonly\" needs a recursive mount that is readonly");
        m->rec_set |= MOUNT_ATTR_RDONLY;
    } else if (strcmp(how, "enabled") && strcmp(how, "disabled") && strcmp(how, "writable")) {
        return err_set(
            err, "bind-recursive: \"%s\" is none of enabled, disabled, writable, readonly", how);
    }
    return 0;
}

static int mount_bind(struct command *cmd, const char *values[MOUNT_KEYS], bool readonly,
                      struct lxcdriver_error **err)
{
    struct mount_spec *m;

    if (values[KEY_TMPFS_SIZE] || values[KEY_TMPFS_MODE])
        return err_set(err, "tmpfs-size and tmpfs-mode belong to type=tmpfs");
    if (!values[KEY_SOURCE])
        return err_set(err, "source is missing");
    m = add_mount(cmd, "bind", err);
    if (!m || bind_recursion(m, values, readonly, err) < 0)
        return -1;
    m->source = source_path(values[KEY_SOURCE], err);
    if (!m->source)
        return err_wrap(err, "source");
    if (set_destination(m, values[KEY_TARGET], err) < 0)
        return err_wrap(err, "target");
    if (readonly)
        m->flags |= MS_RDONLY;
    if (!values[KEY_PROPAGATION])
        return 0;
    if (!is_propagation(values[KEY_PROPAGATION]))
        return err_set(err, "bind-propagation: \"%s\" is none of [r]private, [r]shared, [r]slave",
                       values[KEY_PROPAGATION]);
    return mountopt_apply(m, values[KEY_PROPAGATION], err);
}

static int mount_tmpfs(struct command *cmd, const char *values[MOUNT_KEYS], bool readonly,
                       struct lxcdriver_error **err)
{
    const char *mode = values[KEY_TMPFS_MODE];
    struct mount_spec *m;
    int64_t size;

    if (values[KEY_PROPAGATION] || values[KEY_NONRECURSIVE] || values[KEY_RECURSIVE])
        return err_set(
            err, "bind-propagation, bind-nonrecursive and bind-recursive belong to type=bind");
    if (values[KEY_SOURCE])
        return err_set(err, "source: \"%s\": a tmpfs has none", values[KEY_SOURCE]);
    m = add_tmpfs(cmd, err);
    if (!m)
        return -1;
    if (set_destination(m, values[KEY_TARGET], err) < 0)
        return err_wrap(err, "target");
    if (readonly)
        m->flags |= MS_RDONLY;
    if (values[KEY_TMPFS_SIZE]) {
        if (units_bytes(values[KEY_TMPFS_SIZE], &size, err) < 0)
            return err_wrap(err, "tmpfs-size");
        if (strv_printf(&m->data, "size=%lld", (long long)size) < 0)
            return err_nomem(err);
    }
    if (!mode)
        return 0;
    if (strlen(mode) > 5 || strspn(mode, "01234567") != strlen(mode))
        return err_set(err, "tmpfs-mode: \"%s\" is not an octal mode", mode);
    return strv_printf(&m->data, "mode=%s", mode) < 0 ? err_nomem(err) : 0;
}

int flag_mount(struct flags_state *st, const struct flag *flag, const char *value,
               struct lxcdriver_error **err)
{
    cleanup_free char *copy = strdup(value);
    const char *values[MOUNT_KEYS] = {0};
    bool readonly;

    (void)flag;
    if (!copy)
        return err_nomem(err);
    for (char *field = copy, *next; field; field = next) {
        next = strchr(field, ',');
        if (next)
            *next++ = '\0';
        if (mount_field(values, field, err) < 0)
            return -1;
    }
    if (!values[KEY_TYPE])
        return err_set(err, "type is missing: type=bind or type=tmpfs");
    if (!values[KEY_TARGET])
        return err_set(err, "target is missing");
    if (mount_bool(values, KEY_READONLY, "readonly", &readonly, err) < 0)
        return -1;
    if (strcmp(values[KEY_TYPE], "bind") == 0)
        return mount_bind(st->cmd, values, readonly, err);
    if (strcmp(values[KEY_TYPE], "tmpfs") == 0)
        return mount_tmpfs(st->cmd, values, readonly, err);
    return err_set(err, "type: \"%s\" is neither bind nor tmpfs", values[KEY_TYPE]);
}
