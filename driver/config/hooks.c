/* Hooks (config.md, "POSIX-platform Hooks") as far as the configuration and the shim's bootstrap
 * have to do with them, and the state that they read (runtime.md, "State"). */
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/section.h"
#include "config/wire.h"
#include "spec/words.h"

/* JSON is UTF-8: a byte of a path that is not becomes U+FFFD. */
void config_json_string(struct buf *out, const char *text)
{
    buf_putc(out, '"');
    for (const char *s = text, *end = s ? s + strlen(s) : s; s != end;) {
        size_t len = utf8_length(s, (size_t)(end - s));

        if (len == 0)
            buf_puts(out, "\xef\xbf\xbd");
        else if (*s == '"' || *s == '\\')
            buf_printf(out, "\\%c", *s);
        else if ((unsigned char)*s < ' ')
            buf_printf(out, "\\u%04x", *s);
        else
            buf_append(out, s, len);
        s += len ? len : 1;
    }
    buf_putc(out, '"');
}

const char *config_oci_version(const struct command *cmd)
{
    return cmd->oci_version ? cmd->oci_version : OCI_VERSION_MAX;
}

void config_state_text(const struct command *cmd, struct buf *head, struct buf *tail)
{
    buf_puts(head, "{\"ociVersion\":");
    config_json_string(head, config_oci_version(cmd));
    buf_puts(head, ",\"id\":");
    config_json_string(head, cmd->id);
    buf_puts(head, ",\"status\":\"");
    buf_puts(tail, ",\"bundle\":");
    config_json_string(tail, cmd->bundle);
    for (size_t i = 0; i < cmd->n_annotations; i++) {
        buf_puts(tail, i ? "," : ",\"annotations\":{");
        config_json_string(tail, cmd->annotations[i].key);
        buf_putc(tail, ':');
        config_json_string(tail, cmd->annotations[i].value);
    }
    buf_puts(tail, cmd->n_annotations ? "}}" : "}");
}

bool config_hooks_before_pivot(const struct command *cmd)
{
    return cmd->n_hooks[HOOK_PRESTART] + cmd->n_hooks[HOOK_CREATE_RUNTIME] +
               cmd->n_hooks[HOOK_CREATE_CONTAINER] >
           0;
}

/*
 * LXC runs its hook "mount" when all is mounted and before the change of root, in the container's
 * namespaces, through a shell; the shim's executable and socket are open there as in the init.
 * Meanwhile the root filesystem with its mounts is to be found where the bundle says: hooks look
 * for it, and mount into it, by that path.
 */
int config_hooks(struct section *s)
{
    if (!config_hooks_before_pivot(s->cmd))
        return 0;
    if (section_set(s, "lxc.hook.mount", "hooks", "/proc/self/fd/%d %s", SHIM_EXE_FD,
                    SHIM_HOOK_ARG) < 0)
        return -1;
    return section_set(s, "lxc.rootfs.mount", "rootfs", "%s", s->facts->rootfs_path);
}

static void append_words(struct buf *out, const struct strv *words)
{
    for (size_t i = 0; i < words->n; i++)
        buf_append(out, words->items[i], strlen(words->items[i]) + 1);
    buf_append(out, "", 1);
}

static int records_of(struct buf *out, const struct command *cmd, enum hook_point from, uint32_t to,
                      struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_hooks[from]; i++) {
        const struct hook *h = &cmd->hooks[from][i];
        struct wire_hook wire = {.timeout_s = h->timeout_s == RES_UNSET ? 0 : h->timeout_s,
                                 .point = to};
        cleanup_buf struct buf record = {0};

        buf_append(&record, &wire, sizeof(wire));
        buf_append(&record, h->path, strlen(h->path) + 1);
        append_words(&record, &h->args);
        append_words(&record, &h->env);
        if (record.failed)
            return err_nomem(err);
        wire_bytes(out, WT_HOOK, record.data, record.len);
    }
    return 0;
}

int wire_hooks(struct buf *out, const struct command *cmd, struct lxcdriver_error **err)
{
    cleanup_buf struct buf head = {0}, tail = {0};

    if (cmd->n_hooks[HOOK_START_CONTAINER] + cmd->n_hooks[HOOK_CREATE_CONTAINER] == 0)
        return 0;
    config_state_text(cmd, &head, &tail);
    if (head.failed || tail.failed)
        return err_nomem(err);
    wire_string(out, WT_STATE, head.data);
    wire_string(out, WT_STATE, tail.data);
    if (records_of(out, cmd, HOOK_CREATE_CONTAINER, WIRE_HOOK_CREATE_CONTAINER, err) < 0)
        return -1;
    return records_of(out, cmd, HOOK_START_CONTAINER, WIRE_HOOK_START_CONTAINER, err);
}
