#include "run/check.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/rootless.h"

#define OS_RELEASE_MAX 65536

static const char *const words[] = {"ok", "limited", "off", "missing"};

/* ---- what the sections are made of ---- */

void check_section(struct check *c, const char *name, const char *title)
{
    json_t *section = json_pack("{s:s, s:s, s:[]}", "name", name, "title", title, "items");

    c->last = NULL;
    c->items = json_object_get(section, "items");
    if (!section || json_array_append_new(c->sections, section) < 0)
        c->failed = true;
}

/* What programs print and files say is not ours: bytes that are no UTF-8 would be refused. */
__attribute__((format(printf, 1, 0))) static json_t *text_value(const char *fmt, va_list ap)
{
    cleanup_buf struct buf text = {0};
    json_t *value;

    buf_vprintf(&text, fmt, ap);
    if (text.failed)
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 127)
            text.data[i] = ' ';
    value = json_string(text.data ? text.data : "");
    for (size_t i = 0; !value && i < text.len; i++)
        if ((unsigned char)text.data[i] > 127)
            text.data[i] = '?';
    return value ? value : json_string(text.data);
}

void check_add(struct check *c, const char *name, enum check_word word, enum check_need need,
               const char *detail, ...)
{
    json_t *text, *item;
    va_list ap;

    va_start(ap, detail);
    text = text_value(detail, ap);
    va_end(ap);
    item = json_pack("{s:s, s:s, s:b, s:o}", "name", name, "status", words[word], "required",
                     need == REQUIRED, "detail", text);
    if (!item || json_array_append_new(c->items, item) < 0)
        c->failed = true;
    c->last = word == CHECK_OK ? NULL : item;
    c->cannot = c->cannot || (need == REQUIRED && word == CHECK_MISSING);
}

void check_advise(struct check *c, const char *advice, ...)
{
    va_list ap;

    if (!c->last)
        return;
    va_start(ap, advice);
    if (json_object_set_new(c->last, "advice", text_value(advice, ap)) < 0)
        c->failed = true;
    va_end(ap);
}

void check_advise_package(struct check *c, const char *debian)
{
    if (c->package_manager)
        check_advise(c, "%s %s", c->package_manager,
                     check_package_name(c->package_manager, debian));
    else
        check_advise(c, "install the package %s", debian);
}

char *check_existing(const char *directory)
{
    char *path = directory ? strdup(directory) : NULL;
    char *slash;

    while (path && access(path, F_OK) < 0 && (slash = strrchr(path, '/')) && path[1])
        slash[slash == path] = '\0';
    return path;
}

/* ---- all of it ---- */

static void find_package_manager(struct check *c)
{
    cleanup_free char *text = NULL;
    const char *found;

    if (fs_read_at(AT_FDCWD, "/etc/os-release", OS_RELEASE_MAX, &text, NULL) < 0 &&
        fs_read_at(AT_FDCWD, "/usr/lib/os-release", OS_RELEASE_MAX, &text, NULL) < 0)
        return;
    found = check_package_manager(text);
    c->package_manager = found ? strdup(found) : NULL;
}

/* For a user whose own directories cannot be told either: what is looked at below. */
static int take_defaults(struct conf *conf)
{
    *conf = (struct conf){0};
    return str_set(&conf->root, "/run/runlxc") < 0 ||
                   str_set(&conf->lxc_start, "/usr/bin/lxc-start") < 0 ||
                   str_set(&conf->bridge, "lxcbr0") < 0 ||
                   str_set(&conf->template_override_dir, SYSCONFDIR "/runlxc/templates") < 0 ||
                   str_set(&conf->image_dir, "/var/lib/runlxc") < 0
               ? -1
               : 0;
}

/* Settings that cannot be read are an item like others, and the rest is judged by the defaults. */
static int prepare(struct check *c, const char *root, struct lxcdriver_error **err)
{
    if (conf_read(NULL, &c->drv.conf, NULL) < 0 && conf_read("", &c->drv.conf, NULL) < 0 &&
        take_defaults(&c->drv.conf) < 0)
        return err_nomem(err);
    c->drv.root = strdup(root ? root : c->drv.conf.root);
    c->user = geteuid() != 0;
    c->rootless = c->user || rootless();
    c->sections = json_array();
    find_package_manager(c);
    if (!c->drv.root || !c->sections)
        return err_nomem(err);
    return driver_find_files(&c->drv, err);
}

static char *write_out(struct check *c, struct lxcdriver_error **err)
{
    json_t *all = c->failed ? NULL
                            : json_pack("{s:s, s:b, s:i, s:b, s:O}", "version", lxcdriver_version(),
                                        "canRun", !c->cannot, "uid", (int)geteuid(), "rootless",
                                        c->rootless, "sections", c->sections);
    char *text = all ? json_dumps(all, JSON_INDENT(4)) : NULL;

    json_decref(all);
    if (!text)
        err_nomem(err);
    return text;
}

char *lxcdriver_check_json(const char *root, struct lxcdriver_error **err)
{
    struct check c = {0};
    char *text = NULL;

    if (prepare(&c, root, err) == 0) {
        check_kernel(&c);
        check_users(&c);
        check_cgroups(&c);
        check_confinement(&c);
        check_network(&c);
        check_files(&c);
        check_tools(&c);
        check_engines(&c);
        text = write_out(&c, err);
    }
    json_decref(c.sections);
    free(c.package_manager);
    driver_clear(&c.drv);
    return text;
}
