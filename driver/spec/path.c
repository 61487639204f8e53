#include "spec/readers.h"

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"

/* Drop the last component of what was written so far. */
static void up(struct buf *out)
{
    while (out->len && out->data[--out->len] != '/')
        ;
    if (out->data)
        out->data[out->len] = '\0';
}

char *path_normalise(const char *path, struct lxcdriver_error **err)
{
    cleanup_buf struct buf out = {0};
    char *text;

    if (*path != '/') {
        err_set(err, "\"%s\" is not an absolute path", path);
        return NULL;
    }
    if (strlen(path) >= PATH_MAX) {
        err_set(err, "a path of %zu bytes is longer than %d", strlen(path), PATH_MAX - 1);
        return NULL;
    }
    for (const char *p = path; *p;) {
        size_t len;

        p += strspn(p, "/");
        len = strcspn(p, "/");
        if (len == 2 && p[0] == '.' && p[1] == '.') {
            up(&out);
        } else if (len && !(len == 1 && *p == '.')) {
            buf_putc(&out, '/');
            buf_append(&out, p, len);
        }
        p += len;
    }
    if (!out.len)
        buf_putc(&out, '/');
    text = buf_take(&out);
    if (!text)
        err_nomem(err);
    return text;
}
