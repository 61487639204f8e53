#include "host/mountinfo.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"
#include "host/proc.h"

#define MOUNTINFO_MAX ((size_t)64 << 20)

static bool octal_digit(char c)
{
    return c >= '0' && c <= '7';
}

/* The kernel writes space, tab, newline, backslash and '#' as three octal digits: undo any such, in
 * place. */
static void unescape(char *s)
{
    char *to = s;

    while (*s) {
        if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && octal_digit(s[2]) && octal_digit(s[3])) {
            *to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
            s += 4;
        } else {
            *to++ = *s++;
        }
    }
    *to = '\0';
}

/* Fields end at exactly one space: a mount whose source is the empty string has two in a row. */
static bool parse_line(char *line, struct mountinfo *out)
{
    char *id = strsep(&line, " "), *parent = strsep(&line, " ");
    char *field;

    strsep(&line, " "); /* major:minor */
    out->root = strsep(&line, " ");
    out->target = strsep(&line, " ");
    strsep(&line, " "); /* the mount's own options */
    out->shared = false;
    while ((field = strsep(&line, " ")) && strcmp(field, "-") != 0)
        out->shared = out->shared || str_starts(field, "shared:");
    out->type = strsep(&line, " ");
    strsep(&line, " "); /* source */
    out->super = line;
    if (!out->super || !str_to_u64(id, 0, UINT64_MAX, &out->id) ||
        !str_to_u64(parent, 0, UINT64_MAX, &out->parent))
        return false;
    unescape(out->root);
    unescape(out->target);
    unescape(out->super);
    return true;
}

bool mountinfo_next(char **text, struct mountinfo *out)
{
    char *line;

    while ((line = strsep(text, "\n")))
        if (parse_line(line, out))
            return true;
    return false;
}

/* Cuts the text up. The last mount on "/" is the one that is seen: rootfs and an initial ramdisk
 * come before it. */
static bool root_is_shared(char *text)
{
    struct mountinfo m;
    bool shared = false;

    while (mountinfo_next(&text, &m))
        if (strcmp(m.target, "/") == 0)
            shared = m.shared;
    return shared;
}

bool mountinfo_text_root_is_shared(const char *mountinfo)
{
    cleanup_free char *copy = strdup(mountinfo);

    return copy && root_is_shared(copy);
}

int mountinfo_root_is_shared(struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;

    if (fs_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) < 0)
        return err_sys(err, errno, "read /proc/self/mountinfo");
    return root_is_shared(text);
}
