#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/message.h"
#include "base/rootless.h"

#define CONF_MAX (64u << 10)
#define PROPERTY "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*?"
#define NOBODY 65534 /* user_namespaces(7): who has no id in a user namespace */

struct place {
    const char *file;
    unsigned line;
    const char *key;
};

struct key {
    const char *name;
    int (*set)(const struct place *at, char *value, void *field, struct lxcdriver_error **err);
    size_t offset;
};

__attribute__((format(printf, 3, 4))) static int
bad(const struct place *at, struct lxcdriver_error **err, const char *fmt, ...)
{
    cleanup_buf struct buf why = {0};
    va_list ap;

    va_start(ap, fmt);
    message_vprintf(&why, fmt, ap);
    va_end(ap);
    if (why.failed)
        return err_nomem(err);
    return err_set(err, "%s:%u: %s: %s", at->file, at->line, at->key, why.data);
}

static int set_text(void *field, const char *value, struct lxcdriver_error **err)
{
    return str_set(field, value) < 0 ? err_nomem(err) : 0;
}

static int set_path(const struct place *at, char *value, void *field, struct lxcdriver_error **err)
{
    if (*value != '/')
        return bad(at, err, "\"%s\" is not an absolute path", value);
    return set_text(field, value, err);
}

static int set_bridge(const struct place *at, char *value, void *field,
                      struct lxcdriver_error **err)
{
    /* What the kernel accepts as the name of an interface (dev_valid_name in net/core/dev.c). */
    if (strlen(value) >= IF_NAMESIZE || strpbrk(value, "/: \t") || str_eq(value, ".") ||
        str_eq(value, ".."))
        return bad(at, err, "\"%s\" cannot be the name of a network interface", value);
    return set_text(field, value, err);
}

static int set_log_level(const struct place *at, char *value, void *field,
                         struct lxcdriver_error **err)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};

    for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
        if (str_eq(value, levels[i]))
            return set_text(field, value, err);
    return bad(at, err, "\"%s\" is none of debug, info, warning, error", value);
}

static int set_number(const struct place *at, const char *value, uint64_t min, uint64_t max,
                      uint64_t *out, struct lxcdriver_error **err)
{
    if (!str_to_u64(value, min, max, out))
        return bad(at, err, "\"%s\" is not a number from %llu to %llu", value,
                   (unsigned long long)min, (unsigned long long)max);
    return 0;
}

static int set_id(const struct place *at, char *value, void *field, struct lxcdriver_error **err)
{
    uint64_t number;

    /* 0 as the base would map the container's root to the host's; (uid_t)-1 means "no change" to
     * chown(2) and its kin. */
    if (set_number(at, value, 1, UINT32_MAX - 1, &number, err) < 0)
        return -1;
    *(uint32_t *)field = (uint32_t)number;
    return 0;
}

static int set_seconds(const struct place *at, char *value, void *field,
                       struct lxcdriver_error **err)
{
    uint64_t number;

    if (set_number(at, value, 1, 3600, &number, err) < 0)
        return -1;
    *(int64_t *)field = (int64_t)number;
    return 0;
}

static int set_pull(const struct place *at, char *value, void *field, struct lxcdriver_error **err)
{
    if (!str_eq(value, "missing") && !str_eq(value, "always"))
        return bad(at, err, "\"%s\" is neither missing nor always", value);
    *(bool *)field = str_eq(value, "always");
    return 0;
}

static int set_yes(const struct place *at, char *value, void *field, struct lxcdriver_error **err)
{
    if (!str_eq(value, "yes") && !str_eq(value, "no"))
        return bad(at, err, "\"%s\" is neither yes nor no", value);
    *(bool *)field = str_eq(value, "yes");
    return 0;
}

static int set_patterns(const struct place *at, char *value, void *field,
                        struct lxcdriver_error **err)
{
    struct strv *patterns = field;
    char *save = NULL;

    for (char *word = strtok_r(value, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        if (!str_starts(word, "lxc."))
            return bad(at, err, "\"%s\" does not begin with \"lxc.\"", word);
        if (strv_add(patterns, word) < 0)
            return err_nomem(err);
    }
    return 0;
}

/* Instead of the default's. */
static int set_properties(const struct place *at, char *value, void *field,
                          struct lxcdriver_error **err)
{
    struct strv *names = field;
    char *save = NULL;

    strv_free(names);
    for (char *word = strtok_r(value, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        if (word[strspn(word, PROPERTY)])
            return bad(at, err, "\"%s\" cannot be the name of a property", word);
        if (strv_add(names, word) < 0)
            return err_nomem(err);
    }
    return 0;
}

static const struct key keys[] = {
    {"root", set_path, offsetof(struct conf, root)},
    {"image_dir", set_path, offsetof(struct conf, image_dir)},
    {"image_pull", set_pull, offsetof(struct conf, image_pull_always)},
    {"bridge", set_bridge, offsetof(struct conf, bridge)},
    {"template_override_dir", set_path, offsetof(struct conf, template_override_dir)},
    {"lxc_start", set_path, offsetof(struct conf, lxc_start)},
    {"log_level", set_log_level, offsetof(struct conf, log_level)},
    {"userns_base", set_id, offsetof(struct conf, userns_base)},
    {"userns_size", set_id, offsetof(struct conf, userns_size)},
    {"start_timeout", set_seconds, offsetof(struct conf, start_timeout_s)},
    {"lxcfs", set_yes, offsetof(struct conf, lxcfs)},
    {"annotation_lxc_keys", set_patterns, offsetof(struct conf, annotation_lxc_keys)},
    {"annotation_systemd_properties", set_properties,
     offsetof(struct conf, annotation_systemd_properties)},
};

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    len = strlen(text);
    while (len && strchr(" \t\r", text[len - 1]))
        text[--len] = '\0';
    return text;
}

static int read_line(const char *file, unsigned number, char *line, unsigned *seen,
                     struct conf *out, struct lxcdriver_error **err)
{
    struct place at = {file, number, trim(line)};
    char *equals, *value;

    if (!*at.key || *at.key == '#')
        return 0;
    equals = strchr(line, '=');
    if (!equals)
        return err_set(err, "%s:%u: \"%s\" is not \"key = value\"", file, number, at.key);
    *equals = '\0';
    at.key = trim(line);
    value = trim(equals + 1);
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\t')
            return bad(&at, err, "control character %d in the value", *c);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (!str_eq(at.key, keys[i].name))
            continue;
        if (seen[i])
            return bad(&at, err, "is already set in line %u", seen[i]);
        seen[i] = number;
        if (!*value && keys[i].set != set_patterns && keys[i].set != set_properties)
            return bad(&at, err, "has no value");
        return keys[i].set(&at, value, (char *)out + keys[i].offset, err);
    }
    return err_set(err, "%s:%u: unknown key \"%s\"", file, number, at.key);
}

static int read_text(const char *file, char *text, struct conf *out, struct lxcdriver_error **err)
{
    unsigned seen[ARRAY_SIZE(keys)] = {0}, number = 0;

    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (read_line(file, ++number, line, seen, out, err) < 0)
            return -1;
    }
    if ((uint64_t)out->userns_base + out->userns_size > UINT32_MAX)
        return err_set(err, "%s: userns_base %u and userns_size %u go beyond the last id, %u", file,
                       out->userns_base, out->userns_size, UINT32_MAX - 1);
    return 0;
}

/* The text of the file, or 0 with *text NULL when there is none. */
static int load(const char *file, char **text, struct lxcdriver_error **err)
{
    /* O_NONBLOCK: opening a FIFO would wait for its writer. */
    cleanup_close int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    size_t len;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", file);
    if (!S_ISREG(st.st_mode))
        return err_set(err, "%s: is not a regular file", file);
    /* Seen from a user namespace the host's root is nobody, as everybody else of the host is: the
     * directory above is his alone. */
    if (st.st_uid != 0 && !(st.st_uid == NOBODY && rootless()))
        return err_set(err, "%s: belongs to user %u, not to root", file, st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, "%s: mode %04o lets others than root write it", file,
                       st.st_mode & 07777u);
    if (fs_read_fd(fd, CONF_MAX, text, &len) < 0)
        return err_sys(err, errno, "%s", file);
    if (strlen(*text) != len)
        return err_set(err, "%s: contains a NUL byte", file);
    return 0;
}

/* How long a unit lives, what of it is kept, and where it stands in the order of others. Nothing
 * that starts or stops another unit or the machine, or lifts a limit. */
static const char *const safe_properties[] = {
    "After",         "Before",         "CollectMode",    "Description",    "Documentation",
    "RuntimeMaxSec", "RuntimeMaxUSec", "TimeoutStopSec", "TimeoutStopUSec"};

static int defaults(struct conf *out, struct lxcdriver_error **err)
{
    *out = (struct conf){.userns_base = 1000000, .userns_size = 65536, .start_timeout_s = 30};
    if (str_set(&out->root, "/run/runlxc") < 0 || str_set(&out->image_dir, "/var/lib/runlxc") < 0 ||
        str_set(&out->bridge, "lxcbr0") < 0 ||
        str_set(&out->template_override_dir, SYSCONFDIR "/runlxc/templates") < 0 ||
        str_set(&out->lxc_start, "/usr/bin/lxc-start") < 0 ||
        str_set(&out->log_level, "warning") < 0)
        return err_nomem(err);
    for (size_t i = 0; i < ARRAY_SIZE(safe_properties); i++)
        if (strv_add(&out->annotation_systemd_properties, safe_properties[i]) < 0)
            return err_nomem(err);
    return 0;
}

/* The administrator's directories are root's. */
static int use_own_dirs(struct conf *out, struct lxcdriver_error **err)
{
    char *containers, *images;

    if (rootless_dirs(&containers, &images, err) < 0)
        return -1;
    if (!containers)
        return 0;
    free(out->root);
    free(out->image_dir);
    out->root = containers;
    out->image_dir = images;
    return 0;
}

int conf_read(const char *path, struct conf *out, struct lxcdriver_error **err)
{
    const char *file = path ? path : SYSCONFDIR "/runlxc/runlxc.conf";
    cleanup_free char *text = NULL;

    if (defaults(out, err) < 0 || load(file, &text, err) < 0 ||
        (text && read_text(file, text, out, err) < 0) || use_own_dirs(out, err) < 0) {
        conf_clear(out);
        return -1;
    }
    return 0;
}

void conf_clear(struct conf *conf)
{
    free(conf->root);
    free(conf->image_dir);
    free(conf->bridge);
    free(conf->template_override_dir);
    free(conf->lxc_start);
    free(conf->log_level);
    strv_free(&conf->annotation_lxc_keys);
    strv_free(&conf->annotation_systemd_properties);
    *conf = (struct conf){0};
}
