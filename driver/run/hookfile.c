/*
 * hooks.json in a container's directory: what of the bundle is needed for poststart, which another
 * process runs than the one that created the container, and for poststop, when the bundle may be
 * gone. What was changed in config.json meanwhile has no effect (runtime.md, "Lifecycle").
 */
#include "run/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "config/config.h"
#include "spec/oci_parts.h"
#include "spec/words.h"

#define HOOKS_FILE "hooks.json"
#define HOOKS_MAX (16u << 20)

static const enum hook_point kept[] = {HOOK_POSTSTART, HOOK_POSTSTOP};

static void put_words(struct buf *out, const char *name, const struct strv *words)
{
    buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < words->n; i++) {
        if (i > 0)
            buf_putc(out, ',');
        config_json_string(out, words->items[i]);
    }
    buf_putc(out, ']');
}

static void put_point(struct buf *out, const struct command *cmd, enum hook_point point)
{
    config_json_string(out, hook_point_word(point));
    buf_puts(out, ":[");
    for (size_t i = 0; i < cmd->n_hooks[point]; i++) {
        const struct hook *h = &cmd->hooks[point][i];

        buf_puts(out, i ? ",{\"path\":" : "{\"path\":");
        config_json_string(out, h->path);
        put_words(out, "args", &h->args);
        put_words(out, "env", &h->env);
        if (h->timeout_s != RES_UNSET)
            buf_printf(out, ",\"timeout\":%lld", (long long)h->timeout_s);
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

/* The members of a bundle's config.json and of the state, so that their readers read it again. */
static void put_all(struct buf *out, const struct command *cmd)
{
    buf_puts(out, "{\"ociVersion\":");
    config_json_string(out, config_oci_version(cmd));
    buf_puts(out, ",\"id\":");
    config_json_string(out, cmd->id);
    buf_puts(out, ",\"bundle\":");
    config_json_string(out, cmd->bundle);
    buf_puts(out, ",\"annotations\":{");
    for (size_t i = 0; i < cmd->n_annotations; i++) {
        if (i > 0)
            buf_putc(out, ',');
        config_json_string(out, cmd->annotations[i].key);
        buf_putc(out, ':');
        config_json_string(out, cmd->annotations[i].value);
    }
    buf_puts(out, "},\"hooks\":{");
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        if (i > 0)
            buf_putc(out, ',');
        put_point(out, cmd, kept[i]);
    }
    buf_puts(out, "}}\n");
}

static bool has_any(const struct command *cmd)
{
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        if (cmd->n_hooks[kept[i]] > 0)
            return true;
    return false;
}

int hooks_save(int dir_fd, const struct command *cmd, struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};

    if (!has_any(cmd))
        return 0;
    put_all(&text, cmd);
    if (text.failed)
        return err_nomem(err);
    if (fs_write_atomic(dir_fd, HOOKS_FILE, text.data, text.len, 0600) < 0)
        return err_sys(err, errno, "write " HOOKS_FILE);
    return 0;
}

static int read_all(const json_t *value, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at root = json_root(value);

    if (json_opt_string(&root, "ociVersion", &cmd->oci_version, err) < 0 ||
        json_opt_string(&root, "id", &cmd->id, err) < 0 ||
        json_opt_string(&root, "bundle", &cmd->bundle, err) < 0 ||
        oci_pairs(&root, "annotations", &cmd->annotations, &cmd->n_annotations, err) < 0)
        return -1;
    return oci_hooks_read(&root, cmd, err);
}

static struct command *read_fd(int fd, struct lxcdriver_error **err)
{
    cleanup_command struct command *cmd = command_new();
    cleanup_free char *text = NULL;
    json_t *value;
    size_t len = 0;
    int result;

    if (!cmd) {
        err_nomem(err);
        return NULL;
    }
    if (fs_read_fd(fd, HOOKS_MAX, &text, &len) < 0) {
        err_sys(err, errno, "read " HOOKS_FILE);
        return NULL;
    }
    value = json_parse(text, len, HOOKS_FILE, err);
    if (!value)
        return NULL;
    result = read_all(value, cmd, err);
    json_decref(value);
    if (result < 0) {
        err_wrap(err, HOOKS_FILE);
        return NULL;
    }
    return steal_ptr(&cmd);
}

struct command *hooks_load(int dir_fd, struct lxcdriver_error **err)
{
    cleanup_close int fd = openat(dir_fd, HOOKS_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        if (errno != ENOENT)
            err_sys(err, errno, "open " HOOKS_FILE);
        return NULL;
    }
    return read_fd(fd, err);
}

int hooks_claim(int dir_fd, struct hooks_claim *out, struct lxcdriver_error **err)
{
    cleanup_close int fd = openat(dir_fd, HOOKS_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    *out = (struct hooks_claim)HOOKS_UNCLAIMED;
    if (fd < 0)
        return errno == ENOENT ? 0 : err_sys(err, errno, "open " HOOKS_FILE);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return err_sys(err, errno, "lock " HOOKS_FILE);
    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "look at " HOOKS_FILE);
    /* Who had it before us has removed the container, and run them. */
    if (st.st_nlink == 0)
        return 0;
    out->cmd = read_fd(fd, err);
    if (!out->cmd)
        return -1;
    out->fd = steal_fd(&fd);
    return 0;
}

int hooks_forget(int dir_fd, struct lxcdriver_error **err)
{
    if (unlinkat(dir_fd, HOOKS_FILE, 0) == 0 || errno == ENOENT)
        return 0;
    return err_sys(err, errno, "remove " HOOKS_FILE);
}

void hooks_unclaim(struct hooks_claim *claim)
{
    command_free(claim->cmd);
    close_fd(&claim->fd);
    *claim = (struct hooks_claim)HOOKS_UNCLAIMED;
}
