/* The lines of a TOML document: headers, keys, comments; and the tables that they make. */
#include "base/toml.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/message.h"
#include "base/str.h"

/* ---- where we are ---- */

int toml_fail(const struct toml_reader *r, const char *fmt, ...)
{
    cleanup_buf struct buf what = {0};
    va_list ap;

    va_start(ap, fmt);
    message_vprintf(&what, fmt, ap);
    va_end(ap);
    if (what.failed)
        return err_nomem(r->err);
    return err_set(r->err, "%s:%u: %s", r->file, str_line(r->text, r->at), what.data);
}

static size_t newline_length(const struct toml_reader *r)
{
    if (r->text[r->at] == '\n')
        return 1;
    return r->text[r->at] == '\r' && r->text[r->at + 1] == '\n' ? 2 : 0;
}

/* What was found instead of something else. */
static int unexpected(const struct toml_reader *r, const char *wanted)
{
    unsigned char c = (unsigned char)r->text[r->at];

    if (r->at >= r->len)
        return toml_fail(r, "expected %s, found the end of the file", wanted);
    if (newline_length(r))
        return toml_fail(r, "expected %s, found the end of the line", wanted);
    if (c < ' ' || c >= 0x7f)
        return toml_fail(r, "expected %s, found byte 0x%02x", wanted, c);
    return toml_fail(r, "expected %s, found '%c'", wanted, c);
}

void toml_skip_blank(struct toml_reader *r)
{
    r->at += strspn(r->text + r->at, " \t");
}

static int keep_comment(struct toml *doc, size_t at, size_t end)
{
    struct toml_comment *more =
        reallocarray(doc->comments, doc->n_comments + 1, sizeof(*doc->comments));

    if (!more)
        return -1;
    doc->comments = more;
    doc->comments[doc->n_comments++] = (struct toml_comment){at, end};
    return 0;
}

/* A comment, when there is one here. */
static int skip_comment(struct toml_reader *r)
{
    size_t from = r->at;

    if (r->text[r->at] != '#')
        return 0;
    for (; r->at < r->len && !newline_length(r); r->at++) {
        unsigned char c = (unsigned char)r->text[r->at];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return toml_fail(r, "a comment has the control character 0x%02x", c);
    }
    if ((from == 0 || r->text[from - 1] == '\n') && keep_comment(r->doc, from, r->at) < 0)
        return err_nomem(r->err);
    return 0;
}

int toml_skip_lines(struct toml_reader *r)
{
    for (;;) {
        toml_skip_blank(r);
        if (skip_comment(r) < 0)
            return -1;
        if (!newline_length(r))
            return 0;
        r->at += newline_length(r);
        r->line = r->at;
    }
}

static int end_line(struct toml_reader *r)
{
    toml_skip_blank(r);
    if (skip_comment(r) < 0)
        return -1;
    if (r->at < r->len && !newline_length(r))
        return unexpected(r, "the end of the line");
    r->at += newline_length(r);
    r->line = r->at;
    return 0;
}

/* ---- the tree ---- */

struct toml_node *toml_add(const struct toml_reader *r, struct toml_node *parent,
                           enum toml_kind kind, const char *name)
{
    struct toml_node *node = calloc(1, sizeof(*node));
    char *copy = strdup(name);

    if (*name && parent->n_children >= TOML_KEYS_MAX) {
        toml_fail(r, "more than %d keys in a table", TOML_KEYS_MAX);
    } else if (!node || !copy) {
        err_nomem(r->err);
    } else {
        *node = (struct toml_node){.kind = kind, .name = copy, .line = r->line};
        if (parent->last)
            parent->last->next = node;
        else
            parent->child = node;
        parent->last = node;
        parent->n_children++;
        return node;
    }
    free(node);
    free(copy);
    return NULL;
}

struct toml_node *toml_child(const struct toml_node *node, const char *name)
{
    if (node->kind == TOML_TABLES)
        node = node->last;
    for (struct toml_node *child = node->child; child; child = child->next)
        if (strcmp(child->name, name) == 0)
            return child;
    return NULL;
}

struct toml_node *toml_find(const struct toml *doc, const char *const *path)
{
    struct toml_node *node = (struct toml_node *)&doc->root;

    for (; node && *path; path++)
        node = toml_child(node, *path);
    return node;
}

static void clear_children(struct toml_node *node)
{
    /* Not deeper than arrays nest and keys have parts: both are bounded. */
    for (struct toml_node *child = node->child, *next; child; child = next) {
        next = child->next;
        clear_children(child);
        free(child->name);
        free(child->string);
        free(child);
    }
}

void toml_clear(struct toml *doc)
{
    clear_children(&doc->root);
    free(doc->comments);
    *doc = (struct toml){0};
}

/* ---- keys ---- */

static bool bare(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static int read_part(struct toml_reader *r, char **out)
{
    size_t from = r->at;

    if (r->text[r->at] == '"' || r->text[r->at] == '\'') {
        if (toml_read_quoted(r, out) < 0)
            return -1;
        return *out ? 0 : toml_fail(r, "a key has a NUL in it");
    }
    while (bare(r->text[r->at]))
        r->at++;
    if (r->at == from)
        return unexpected(r, "a key");
    *out = strndup(r->text + from, r->at - from);
    return *out ? 0 : err_nomem(r->err);
}

/* Parts with dots between them; what follows is the caller's. */
static int read_key(struct toml_reader *r, struct strv *parts)
{
    for (;;) {
        char *part = NULL;

        if (read_part(r, &part) < 0)
            return -1;
        if (strv_take(parts, part) < 0)
            return err_nomem(r->err);
        toml_skip_blank(r);
        if (r->text[r->at] != '.')
            return 0;
        if (parts->n == TOML_DEPTH_MAX)
            return toml_fail(r, "a key has more than %d parts", TOML_DEPTH_MAX);
        r->at++;
        toml_skip_blank(r);
    }
}

static int defined_twice(const struct toml_reader *r, const struct toml_node *there,
                         const char *name)
{
    static const char *const kinds[] = {
        [TOML_TABLE] = "a table",
        [TOML_IMPLICIT] = "a table",
        [TOML_DOTTED] = "a table of dotted keys",
        [TOML_INLINE] = "an inline table",
        [TOML_TABLES] = "an array of tables",
        [TOML_ARRAY] = "an array",
        [TOML_STRING] = "a value",
        [TOML_SCALAR] = "a value",
    };

    return toml_fail(r, "\"%s\" is %s already, by line %u", name, kinds[there->kind],
                     str_line(r->text, there->line));
}

/* The table that a dotted key's first parts name. Only dotted keys can add to it: one that has a
 * header is complete. */
static struct toml_node *enter_dotted(const struct toml_reader *r, struct toml_node *table,
                                      const struct strv *parts)
{
    for (size_t i = 0; i + 1 < parts->n && table; i++) {
        struct toml_node *there = toml_child(table, parts->items[i]);

        if (there && there->kind != TOML_DOTTED) {
            defined_twice(r, there, parts->items[i]);
            return NULL;
        }
        table = there ? there : toml_add(r, table, TOML_DOTTED, parts->items[i]);
    }
    return table;
}

struct toml_node *toml_read_pair(struct toml_reader *r, struct toml_node *table, unsigned depth)
{
    cleanup_strv struct strv parts = {0};
    struct toml_node *there, *node;
    const char *name;

    if (read_key(r, &parts) < 0)
        return NULL;
    if (r->text[r->at] != '=') {
        unexpected(r, "'='");
        return NULL;
    }
    name = parts.items[parts.n - 1];
    table = enter_dotted(r, table, &parts);
    if (!table)
        return NULL;
    there = toml_child(table, name);
    if (there) {
        defined_twice(r, there, name);
        return NULL;
    }
    node = toml_add(r, table, TOML_SCALAR, name);
    r->at++;
    toml_skip_blank(r);
    return node && toml_read_value(r, node, depth) == 0 ? node : NULL;
}

/* ---- headers ---- */

bool toml_is_open(const struct toml_node *table)
{
    return table->kind == TOML_TABLE || table->kind == TOML_IMPLICIT || table->kind == TOML_DOTTED;
}

/* The parents of what a header names. */
static struct toml_node *enter_header(const struct toml_reader *r, const struct strv *parts)
{
    struct toml_node *table = &r->doc->root;

    for (size_t i = 0; i + 1 < parts->n && table; i++) {
        struct toml_node *there = toml_child(table, parts->items[i]);

        if (table->kind == TOML_TABLES)
            table = table->last;
        if (there && !toml_is_open(there) && there->kind != TOML_TABLES) {
            defined_twice(r, there, parts->items[i]);
            return NULL;
        }
        table = there ? there : toml_add(r, table, TOML_IMPLICIT, parts->items[i]);
    }
    return table && table->kind == TOML_TABLES ? table->last : table;
}

static struct toml_node *open_table(const struct toml_reader *r, struct toml_node *parent,
                                    const char *name)
{
    struct toml_node *there = toml_child(parent, name);

    if (!there)
        return toml_add(r, parent, TOML_TABLE, name);
    if (there->kind != TOML_IMPLICIT) {
        defined_twice(r, there, name);
        return NULL;
    }
    there->kind = TOML_TABLE;
    there->line = r->line;
    return there;
}

static struct toml_node *open_tables(const struct toml_reader *r, struct toml_node *parent,
                                     const char *name)
{
    struct toml_node *there = toml_child(parent, name);

    if (there && there->kind != TOML_TABLES) {
        defined_twice(r, there, name);
        return NULL;
    }
    if (!there)
        there = toml_add(r, parent, TOML_TABLES, name);
    return there ? toml_add(r, there, TOML_TABLE, "") : NULL;
}

static int read_header(struct toml_reader *r)
{
    cleanup_strv struct strv parts = {0};
    bool array = r->text[r->at + 1] == '[';
    struct toml_node *parent;
    const char *name;

    r->at += 1 + array;
    toml_skip_blank(r);
    if (read_key(r, &parts) < 0)
        return -1;
    if (r->text[r->at] != ']' || (array && r->text[r->at + 1] != ']'))
        return unexpected(r, array ? "\"]]\"" : "']'");
    name = parts.items[parts.n - 1];
    parent = enter_header(r, &parts);
    if (!parent)
        return -1;
    r->table = array ? open_tables(r, parent, name) : open_table(r, parent, name);
    if (!r->table)
        return -1;
    r->at += 1 + array;
    if (end_line(r) < 0)
        return -1;
    r->table->line_end = r->at;
    return 0;
}

/* ---- the document ---- */

static int read_line(struct toml_reader *r)
{
    size_t from = r->line;
    struct toml_node *node;

    if (r->text[r->at] == '[')
        return read_header(r);
    node = toml_read_pair(r, r->table, 0);
    if (!node || end_line(r) < 0)
        return -1;
    node->line = from;
    node->line_end = r->at;
    return 0;
}

/* jansson knows what UTF-8 is. */
static int check_bytes(const struct toml_reader *r)
{
    json_t *text = json_stringn(r->text, r->len);

    json_decref(text);
    if (!text)
        return err_set(r->err, "%s: is not UTF-8", r->file);
    if (strlen(r->text) != r->len)
        return err_set(r->err, "%s: has a NUL in it", r->file);
    return 0;
}

int toml_read(const char *file, const char *text, size_t len, struct toml *out,
              struct lxcdriver_error **err)
{
    struct toml_reader r = {
        .file = file, .text = text, .len = len, .doc = out, .table = &out->root, .err = err};
    int result;

    *out = (struct toml){.root = {.kind = TOML_TABLE}};
    if (check_bytes(&r) < 0)
        return -1;
    do {
        result = toml_skip_lines(&r);
        if (result == 0 && r.at < r.len)
            result = read_line(&r);
    } while (result == 0 && r.at < r.len);
    return result;
}
