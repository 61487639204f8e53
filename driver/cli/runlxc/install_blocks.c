#include "runlxc/install_blocks.h"

#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/message.h"
#include "runlxc/install_span.h"

#define MARK "runlxc install: "
#define BEGIN "# >>> " MARK
#define END "# <<< " MARK
#define MADE " (the file, too)"
#define STANDS " stands for: "
#define INSTEAD "# " MARK "%s" STANDS

int editor_reread(struct toml_editor *e, struct lxcdriver_error **err)
{
    toml_clear(&e->doc);
    if (e->text.failed)
        return err_nomem(err);
    return toml_read(e->file, e->text.data ? e->text.data : "", e->text.len, &e->doc, err);
}

int editor_refuse(const struct toml_editor *e, size_t at, struct lxcdriver_error **err,
                  const char *fmt, ...)
{
    cleanup_buf struct buf what = {0};
    va_list ap;

    va_start(ap, fmt);
    message_vprintf(&what, fmt, ap);
    va_end(ap);
    if (what.failed)
        return err_nomem(err);
    return err_set(err, "%s:%u: %s", e->file, str_line(e->text.data, at), what.data);
}

/* ---- comments ---- */

static bool comment_is(const struct toml_editor *e, const struct toml_comment *comment,
                       const char *text)
{
    size_t len = comment->end - comment->at;

    return len == strlen(text) && memcmp(e->text.data + comment->at, text, len) == 0;
}

/* Behind the newline of the line of text[at]. */
static size_t next_line(const struct toml_editor *e, size_t at)
{
    const char *newline = memchr(e->text.data + at, '\n', e->text.len - at);

    return newline ? (size_t)(newline - e->text.data) + 1 : e->text.len;
}

/* The first comment from number `i` on with this text, or the number of comments. */
static size_t find_comment(const struct toml_editor *e, size_t i, const char *text)
{
    while (i < e->doc.n_comments && !comment_is(e, &e->doc.comments[i], text))
        i++;
    return i;
}

int block_find(const struct toml_editor *e, const char *label, size_t *from, size_t *to,
               struct lxcdriver_error **err)
{
    cleanup_free char *begin = str_printf(BEGIN "%s", label), *end = str_printf(END "%s", label);
    cleanup_free char *made = str_printf(BEGIN "%s" MADE, label);
    size_t first, last;

    if (!begin || !end || !made)
        return err_nomem(err);
    first = find_comment(e, 0, begin);
    if (first == e->doc.n_comments)
        first = find_comment(e, 0, made);
    last = find_comment(e, first, end);
    if (first == e->doc.n_comments)
        return 0;
    *from = e->doc.comments[first].at;
    if (last == e->doc.n_comments)
        return editor_refuse(e, *from, err, "the comment that ends this, \"%s\", is not there",
                             end);
    *to = next_line(e, e->doc.comments[last].at);
    return 1;
}

/* The comment begins with the text, and that is a word's end. */
static bool comment_begins(const struct toml_editor *e, const struct toml_comment *comment,
                           const char *text)
{
    size_t after = comment->at + strlen(text);

    return str_starts(e->text.data + comment->at, text) &&
           (after == comment->end || e->text.data[after] == ' ');
}

int block_check_none(const struct toml_editor *e, const char *label, struct lxcdriver_error **err)
{
    cleanup_free char *begin = str_printf(BEGIN "%s", label), *end = str_printf(END "%s", label);
    cleanup_free char *instead = str_printf("# " MARK "%s", label);

    if (!begin || !end || !instead)
        return err_nomem(err);
    for (size_t i = 0; i < e->doc.n_comments; i++) {
        const struct toml_comment *comment = &e->doc.comments[i];

        if (comment_begins(e, comment, begin) || comment_begins(e, comment, end) ||
            comment_begins(e, comment, instead))
            return editor_refuse(e, comment->at, err,
                                 "this comment is of `runlxc install`, but there is no runtime "
                                 "\"%s\": remove it",
                                 label);
    }
    return 0;
}

/* ---- putting ---- */

static void put_header(struct buf *out, const char *const *path)
{
    for (size_t i = 0; path[i]; i++) {
        cleanup_free char *key = toml_key(path[i]);

        out->failed |= !key;
        buf_puts(out, i ? "." : "[");
        buf_puts(out, key ? key : "");
    }
    buf_puts(out, "]\n");
}

/* A table can be begun at the end of the document when nothing on its path is closed. */
static int check_path(const struct toml_editor *e, const char *const *path,
                      struct lxcdriver_error **err)
{
    const struct toml_node *node = &e->doc.root;

    for (size_t i = 0; path[i]; i++) {
        node = toml_child(node, path[i]);
        if (!node)
            return 0;
        if (!toml_is_open(node))
            return editor_refuse(e, node->line, err,
                                 "\"%s\" is written in a form that nothing can safely be added to; "
                                 "a table with a header, [...], would do",
                                 path[i]);
    }
    if (node->kind == TOML_DOTTED)
        return editor_refuse(e, node->line, err,
                             "this table is written as dotted keys, which nothing can safely be "
                             "added to; one with a header, [...], would do");
    return 0;
}

/*
 * Behind a line without a newline, which can be the last one only, the newline comes first and the
 * block has none at its end, so that the document still ends without one.
 */
static void insert(struct buf *text, size_t at, bool blank_line, struct buf *block)
{
    cleanup_buf struct buf with = {0};
    bool open_end = at > 0 && text->data[at - 1] != '\n';

    if (block->failed) {
        text->failed = true;
        return;
    }
    if (open_end) {
        buf_putc(&with, '\n');
        block->data[--block->len] = '\0';
    }
    if (blank_line && at > 0)
        buf_putc(&with, '\n');
    buf_append(&with, block->data, block->len);
    if (with.failed)
        text->failed = true;
    else
        text_replace(text, at, 0, with.data);
}

int block_put(struct toml_editor *e, const char *label, const char *head,
              const struct plan_table *tables, size_t n, struct lxcdriver_error **err)
{
    const struct toml_node *there = toml_find(&e->doc, tables[0].path);
    bool inside = n == 1 && there && there->kind == TOML_TABLE;
    cleanup_buf struct buf block = {0};

    buf_printf(&block, BEGIN "%s%s\n%s", label, e->made && !e->text.len ? MADE : "",
               head ? head : "");
    for (size_t i = 0; i < n; i++) {
        if (check_path(e, tables[i].path, err) < 0)
            return -1;
        if (!inside)
            put_header(&block, tables[i].path);
        buf_puts(&block, tables[i].lines);
    }
    buf_printf(&block, END "%s\n", label);
    insert(&e->text, inside ? there->line_end : e->text.len, !inside, &block);
    return editor_reread(e, err);
}

/* ---- cutting ---- */

/* A key outside the block, in a table whose header is in it, would fall to the table above. */
static int check_strays(const struct toml_editor *e, const struct toml_node *table, size_t from,
                        size_t to, struct lxcdriver_error **err)
{
    bool ours = table != &e->doc.root && table->kind == TOML_TABLE && table->line >= from &&
                table->line < to;

    for (const struct toml_node *node = table->child; node; node = node->next) {
        if (ours && node->line >= to && node->line_end && node->kind != TOML_TABLE)
            return editor_refuse(e, node->line, err,
                                 "\"%s\" is in a table that `runlxc install` has put there, but "
                                 "stands behind it: move it",
                                 node->name);
        if ((toml_is_open(node) || node->kind == TOML_TABLES) &&
            check_strays(e, node, from, to, err) < 0)
            return -1;
    }
    return 0;
}

static bool has_header(const struct toml_editor *e, size_t from, size_t to)
{
    for (size_t at = from; at < to; at = next_line(e, at))
        if (e->text.data[at + strspn(e->text.data + at, " \t")] == '[')
            return true;
    return false;
}

/* How many newlines before text[from, to) block_put() has put there: a blank line before headers,
 * and the newline of a last line that had none. Somebody may have taken them away since. */
static size_t put_before(const struct toml_editor *e, size_t from, size_t to)
{
    bool open_end = e->text.data[to - 1] != '\n';
    size_t there = 0;

    while (there < 2 && there < from && e->text.data[from - 1 - there] == '\n')
        there++;
    if (has_header(e, from, to) && there == (from == 1 ? 1 : 2))
        return 1 + (open_end && there == 2);
    return open_end && there > 0;
}

int block_cut(struct toml_editor *e, const char *label, struct lxcdriver_error **err)
{
    cleanup_free char *made = str_printf(BEGIN "%s" MADE, label);
    size_t from = 0, to = 0;
    int there = block_find(e, label, &from, &to, err);

    if (there <= 0)
        return there;
    if (!made)
        return err_nomem(err);
    if (check_strays(e, &e->doc.root, from, to, err) < 0)
        return -1;
    e->made |= find_comment(e, 0, made) < e->doc.n_comments;
    from -= put_before(e, from, to);
    text_replace(&e->text, from, to - from, "");
    return editor_reread(e, err) < 0 ? -1 : 1;
}

/* ---- a line that is changed ---- */

int line_change(struct toml_editor *e, const struct toml_node *node, const char *value,
                struct lxcdriver_error **err)
{
    cleanup_free char *quoted = toml_quote(value);
    cleanup_buf struct buf comment = {0};
    size_t line = node->line, end = node->line_end;

    if (!node->line_end || memchr(e->text.data + node->value, '\n', node->end - node->value))
        return editor_refuse(e, node->line, err,
                             "\"%s\" is written in a form that cannot safely be changed; a string "
                             "on a line of its own would do",
                             node->name);
    buf_printf(&comment, INSTEAD, e->wish->name);
    buf_append(&comment, e->text.data + line, end - line);
    if (e->text.data[end - 1] != '\n')
        buf_putc(&comment, '\n');
    if (!quoted || comment.failed)
        return err_nomem(err);
    text_replace(&e->text, node->value, node->end - node->value, quoted);
    text_replace(&e->text, line, 0, comment.data);
    return editor_reread(e, err);
}

int line_restore(struct toml_editor *e, const struct toml_node *node, struct lxcdriver_error **err)
{
    cleanup_free char *prefix = str_printf(INSTEAD, e->wish->name), *line = NULL;
    const struct toml_comment *comment = NULL;
    size_t below, end;

    if (!prefix)
        return err_nomem(err);
    for (size_t i = 0; i < e->doc.n_comments && !comment; i++)
        if (str_starts(e->text.data + e->doc.comments[i].at, prefix))
            comment = &e->doc.comments[i];
    if (!comment)
        return 0;
    below = next_line(e, comment->at);
    if (!node || node->line != below || !node->line_end) {
        text_replace(&e->text, comment->at, below - comment->at, "");
        return editor_reread(e, err);
    }
    end = below;
    /* The last line of the document may have no newline. */
    if (e->text.data[node->line_end - 1] != '\n')
        end -= e->text.data[end - 2] == '\r' ? 2 : 1;
    line = strndup(e->text.data + comment->at + strlen(prefix), end - comment->at - strlen(prefix));
    if (!line)
        return err_nomem(err);
    text_replace(&e->text, comment->at, node->line_end - comment->at, line);
    return editor_reread(e, err) < 0 ? -1 : 1;
}

/* Whether the line, a pair, has this string for its value. */
static bool has_value(const char *line, size_t len, const char *value)
{
    cleanup_free char *copy = strndup(line, len);
    const struct toml_node *node;
    struct toml doc;
    bool has = false;

    if (copy && toml_read("", copy, len, &doc, NULL) == 0) {
        for (node = doc.root.child; node && node->kind == TOML_DOTTED;)
            node = node->child;
        has = node && str_eq(node->string, value);
    }
    if (copy)
        toml_clear(&doc);
    return has;
}

int line_check_kept(const struct toml_editor *e, const char *value, struct lxcdriver_error **err)
{
    cleanup_free char *own = str_printf(INSTEAD, e->wish->name);

    if (!own)
        return err_nomem(err);
    for (size_t i = 0; i < e->doc.n_comments; i++) {
        const struct toml_comment *comment = &e->doc.comments[i];
        const char *text = e->text.data + comment->at;
        const char *stands = memmem(text, comment->end - comment->at, STANDS, strlen(STANDS));
        const char *line = stands ? stands + strlen(STANDS) : NULL;

        if (line && str_starts(text, "# " MARK) && !str_starts(text, own) &&
            has_value(line, (size_t)(e->text.data + comment->end - line), value))
            return editor_refuse(e, comment->at, err,
                                 "the runtime of this comment gives the default back to the one "
                                 "that is to be removed: remove it first");
    }
    return 0;
}
