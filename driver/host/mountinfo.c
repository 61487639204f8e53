#include "host/mountinfo.h"

#include <string.h>

#include "base/str.h"

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
