#include "sysctl.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"
#include "text.h"

#define SYSCTL_ROOT "sys/"

static bool component_is_plain(const char *s, size_t len)
{
    return len > 0 && !(len == 1 && s[0] == '.') && !(len == 2 && s[0] == '.' && s[1] == '.');
}

bool sysctl_path(const char *key, size_t len, char *out, size_t size)
{
    struct text t;
    size_t first = 0, start = 0;
    bool dots;

    while (first < len && key[first] != '.' && key[first] != '/')
        first++;
    dots = first < len && key[first] == '.';
    text_init(&t, out, size);
    text_put(&t, SYSCTL_ROOT);
    for (size_t i = 0; i < len; i++) {
        char c = key[i];

        if (dots && (c == '.' || c == '/'))
            c = c == '.' ? '/' : '.';
        text_put_bytes(&t, &c, 1);
    }
    if (t.cut)
        return false;
    /* A component ".." would make it a file of some process, not a parameter. */
    for (const char *p = out + strlen(SYSCTL_ROOT);; p += start + 1) {
        start = strcspn(p, "/");
        if (!component_is_plain(p, start))
            return false;
        if (!p[start])
            return true;
    }
}

int sysctl_apply(struct shim *s)
{
    struct record r;
    size_t pos = 0;

    while (bootstrap_next_of(&s->boot, WT_SYSCTL, &pos, &r)) {
        const char *setting = record_text(&r, 0), *value = strchr(setting, '=');
        char path[PATH_MAX];

        if (!value || !sysctl_path(setting, (size_t)(value - setting), path, sizeof(path)))
            return fail(&s->failure, STAGE_SYSCTL, EINVAL, setting);
        value++;
        if (procfs_write(s->root_fd, path, value, strlen(value)) < 0)
            return fail(&s->failure, STAGE_SYSCTL, errno, setting);
    }
    return 0;
}

int domainname_set(struct shim *s)
{
    const char *name = bootstrap_string(&s->boot, WT_DOMAINNAME);

    if (name && setdomainname(name, strlen(name)) < 0)
        return fail(&s->failure, STAGE_HOSTNAME, errno, name);
    return 0;
}
