#include "host/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/mountinfo.h"

#define MOUNTINFO_MAX ((size_t)16 << 20)
#define SCHEMATA_MAX ((size_t)64 << 10)

/* Where resctrl is mounted, heap; NULL with err. */
static char *mount_point(struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    struct mountinfo m;
    char *cursor;

    if (fs_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) < 0) {
        err_sys(err, errno, "read /proc/self/mountinfo");
        return NULL;
    }
    cursor = text;
    while (mountinfo_next(&cursor, &m))
        if (str_eq(m.type, "resctrl")) {
            char *target = strdup(m.target);

            if (!target)
                err_nomem(err);
            return target;
        }
    err_set(err, "linux.intelRdt: no resctrl filesystem is mounted on this host");
    return NULL;
}

static bool has_schemata(const struct command *cmd)
{
    return cmd->rdt_l3_cache || cmd->rdt_mem_bw || cmd->rdt_schemata.n > 0;
}

int resctrl_check(const struct command *cmd, struct lxcdriver_error **err)
{
    cleanup_free char *mount = NULL;

    if (!cmd->has_intel_rdt)
        return 0;
    mount = mount_point(err);
    return mount ? 0 : -1;
}

static int write_line(const char *dir, const char *file, const char *line,
                      struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("%s/%s", dir, file);
    cleanup_free char *text = str_printf("%s\n", line);

    if (!path || !text)
        return err_nomem(err);
    if (fs_write_existing(AT_FDCWD, path, text) < 0)
        return err_sys(err, errno, "linux.intelRdt: write \"%s\" to %s", line, path);
    return 0;
}

/* The order is the specification's. */
static int write_schemata(const struct command *cmd, const char *dir, struct lxcdriver_error **err)
{
    if (resctrl_update(dir, cmd->rdt_l3_cache, cmd->rdt_mem_bw, err) < 0)
        return -1;
    for (size_t i = 0; i < cmd->rdt_schemata.n; i++)
        if (write_line(dir, "schemata", cmd->rdt_schemata.items[i], err) < 0)
            return -1;
    return 0;
}

/* Every "ID=VALUE" of a line "L3:0=f;1=f" in the line of the same resource in `text`, in which the
 * kernel pads the name on the left. */
static bool schema_holds(const char *text, const char *line)
{
    size_t name = strcspn(line, ":");
    cleanup_free char *wanted = strdup(line[name] ? line + name + 1 : "");
    char *rest = wanted;

    if (!wanted)
        return false;
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        text += strspn(text, " ");
        if (strncmp(text, line, name) == 0 && text[name] == ':')
            break;
    }
    if (!*text)
        return false;
    for (char *item = strsep(&rest, ";"); item; item = strsep(&rest, ";")) {
        const char *end = text + strcspn(text, "\n"), *at = text + name + 1;
        size_t len = strlen(item);

        while (at < end && !(strncmp(at, item, len) == 0 && strchr(";\n", at[len])))
            at += strcspn(at, ";\n") + 1;
        if (at >= end)
            return false;
    }
    return true;
}

/* A class of service that is there already is somebody else's, too: it is not changed. */
static int compare_schemata(const struct command *cmd, const char *dir,
                            struct lxcdriver_error **err)
{
    const char *const lines[] = {cmd->rdt_l3_cache, cmd->rdt_mem_bw};
    cleanup_free char *path = str_printf("%s/schemata", dir);
    cleanup_free char *text = NULL;

    if (!path)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, path, SCHEMATA_MAX, &text, NULL) < 0)
        return err_sys(err, errno, "linux.intelRdt: read %s", path);
    for (size_t i = 0; i < ARRAY_SIZE(lines) + cmd->rdt_schemata.n; i++) {
        const char *line =
            i < ARRAY_SIZE(lines) ? lines[i] : cmd->rdt_schemata.items[i - ARRAY_SIZE(lines)];

        if (line && !schema_holds(text, line))
            return err_set(err, "linux.intelRdt: \"%s\" is not what %s has", line, path);
    }
    return 0;
}

static int make_group(const struct command *cmd, struct resctrl_group *out,
                      struct lxcdriver_error **err)
{
    bool theirs = cmd->rdt_clos_id != NULL;

    if (theirs && (str_eq(cmd->rdt_clos_id, "/") || !has_schemata(cmd))) {
        if (!fs_is_dir(out->dir))
            return err_set(err, "linux.intelRdt.closID: there is no %s", out->dir);
        return compare_schemata(cmd, out->dir, err);
    }
    if (mkdir(out->dir, 0755) == 0) {
        out->made = !theirs;
        return write_schemata(cmd, out->dir, err);
    }
    if (errno != EEXIST)
        return err_sys(err, errno, "linux.intelRdt: make %s", out->dir);
    return theirs ? compare_schemata(cmd, out->dir, err) : write_schemata(cmd, out->dir, err);
}

static int make_monitor(const struct command *cmd, struct resctrl_group *out,
                        struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("%s/mon_groups/%s", out->dir, cmd->id);

    if (!path)
        return err_nomem(err);
    if (mkdir(path, 0755) < 0)
        return err_sys(err, errno, "linux.intelRdt.enableMonitoring: make %s", path);
    out->monitor = steal_ptr(&path);
    return 0;
}

int resctrl_enter(const struct command *cmd, pid_t pid, struct resctrl_group *out,
                  struct lxcdriver_error **err)
{
    cleanup_free char *mount = NULL, *task = str_printf("%d", (int)pid);
    const char *name = cmd->rdt_clos_id ? cmd->rdt_clos_id : cmd->id;

    *out = (struct resctrl_group){0};
    if (!cmd->has_intel_rdt)
        return 0;
    mount = mount_point(err);
    if (!mount)
        return -1;
    out->dir = str_eq(name, "/") ? strdup(mount) : str_printf("%s/%s", mount, name);
    if (!out->dir || !task)
        return err_nomem(err);
    if (make_group(cmd, out, err) < 0 || write_line(out->dir, "tasks", task, err) < 0)
        return -1;
    if (!cmd->rdt_enable_monitoring)
        return 0;
    return make_monitor(cmd, out, err) < 0 ? -1 : write_line(out->monitor, "tasks", task, err);
}

int resctrl_update(const char *dir, const char *l3_cache, const char *mem_bw,
                   struct lxcdriver_error **err)
{
    if (l3_cache && write_line(dir, "schemata", l3_cache, err) < 0)
        return -1;
    return mem_bw ? write_line(dir, "schemata", mem_bw, err) : 0;
}

void resctrl_remove(const struct resctrl_group *group)
{
    if (group->monitor)
        (void)rmdir(group->monitor);
    if (group->dir && group->made)
        (void)rmdir(group->dir);
}

void resctrl_group_clear(struct resctrl_group *group)
{
    free(group->dir);
    free(group->monitor);
    *group = (struct resctrl_group){0};
}
