#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"

/* LXC reads each entry with getmntent_r(3) into PATH_MAX bytes, the newline and the NUL among them.
 */
#define ENTRY_MAX (PATH_MAX - 2)

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static int refuse(const char *field, const char *value, const char *why,
                  struct lxcdriver_error **err)
{
    return err_set(err, "%s: \"%s\" %s", field, value, why);
}

static int check_key(const char *key, const char *field, struct lxcdriver_error **err)
{
    if (strncmp(key, "lxc.", 4) != 0 || !key[4])
        return refuse(field, key, "is not an LXC key: it does not begin with \"lxc.\"", err);
    for (const char *p = key; *p; p++)
        if (isspace((unsigned char)*p) || is_control(*p) || *p == '=')
            return refuse(field, key, "has a character that an LXC key cannot have", err);
    return 0;
}

static int check_value(const char *value, const char *field, struct lxcdriver_error **err)
{
    size_t len = strlen(value);

    for (const char *p = value; *p; p++)
        if (is_control(*p) && *p != '\t')
            return refuse(field, value,
                          "has a control character, which an LXC configuration cannot say", err);
    if (!len)
        return 0;
    if (strchr(" \t", value[0]) || strchr(" \t", value[len - 1]))
        return refuse(field, value, "begins or ends with white space, which LXC would drop", err);
    if (len > 1 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0])
        return refuse(field, value, "is in quotes, which LXC would drop", err);
    return 0;
}

int config_set(struct buf *out, const char *key, const char *value, const char *field,
               struct lxcdriver_error **err)
{
    if (check_key(key, field, err) < 0 || check_value(value, field, err) < 0)
        return -1;
    buf_puts(out, key);
    buf_puts(out, *value ? " = " : " =");
    buf_puts(out, value);
    buf_putc(out, '\n');
    return out->failed ? err_nomem(err) : 0;
}

int config_mount_field(struct buf *out, const char *value, const char *field,
                       struct lxcdriver_error **err)
{
    if (!*value)
        return err_set(err, "%s: is empty", field);
    if (*value == '#')
        return refuse(field, value,
                      "begins with '#', which makes a line of a mount table a comment", err);
    for (const char *p = value; *p; p++) {
        switch (*p) {
        case ' ':
        case '\t':
        case '\n':
        case '\\':
            buf_printf(out, "\\%03o", (unsigned int)*p);
            break;
        case '\r':
            return refuse(field, value, "has a carriage return, which a mount table cannot say",
                          err);
        default:
            buf_putc(out, *p);
        }
    }
    return out->failed ? err_nomem(err) : 0;
}

int config_mount_entry(struct buf *out, const char *source, const char *destination,
                       const char *type, const char *options, const char *field,
                       struct lxcdriver_error **err)
{
    const char *fields[] = {source, destination, type, options};
    static const char *const names[] = {"source", "destination", "type", "options"};
    cleanup_buf struct buf entry = {0};

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        cleanup_free char *member = str_printf("%s.%s", field, names[i]);

        if (!member)
            return err_nomem(err);
        if (config_mount_field(&entry, fields[i], member, err) < 0)
            return -1;
        buf_putc(&entry, ' ');
    }
    buf_puts(&entry, "0 0");
    if (entry.failed)
        return err_nomem(err);
    if (entry.len > ENTRY_MAX)
        return err_set(
            err,
            "%s: the mount takes %zu bytes in LXC's mount table, more than the %d that LXC reads",
            field, entry.len, ENTRY_MAX);
    buf_printf(out, "lxc.mount.entry = %s\n", entry.data);
    return out->failed ? err_nomem(err) : 0;
}
