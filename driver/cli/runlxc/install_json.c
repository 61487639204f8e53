/* dockerd's daemon.json: members are put in and cut out where they stand, all else stays as it is
 * written. */
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runlxc/install.h"
#include "runlxc/install_span.h"

#define RUNTIMES "runtimes"
#define DEFAULT "default-runtime"
#define FORMER "former-default-runtime"

/*
 * What stands between the '{' and the first member that is put into an object says, when it is
 * removed, what was there before. A person writes the first two.
 */
#define WAS_NOTHING "\n    " /* no file: it goes again */
#define WAS_NO_MEMBER ""     /* no "runtimes": (on a line of its own, or) directly behind the '{' */
#define WAS_EMPTY " "        /* an object without members */
#define WAS_BLANK "  "       /* a file without anything but white space */

struct editor {
    const struct install_wish *wish;
    const char *file;
    struct buf text;
    size_t open; /* of the document's object */
    struct install_edit *edit;
};

static void editor_clear(struct editor *e)
{
    buf_free(&e->text);
}
#define cleanup_editor __attribute__((cleanup(editor_clear)))

static int refuse(const struct editor *e, size_t at, struct lxcdriver_error **err, const char *what)
{
    return err_set(err, "%s:%u: %s", e->file, str_line(e->text.data, at), what);
}

/* A name or a path as a JSON string, heap. NULL when it is no UTF-8. */
static char *quoted(const char *text)
{
    json_t *value = json_string(text);
    char *out = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    json_decref(value);
    return out;
}

/* ---- cutting and putting ---- */

/* The white space before the last member of an object of several: how its members are set apart. */
static char *separator(const char *text, size_t open)
{
    struct json_span last;
    size_t from;

    if (!json_last(text, open, &last))
        return strdup(WAS_EMPTY);
    from = last.first ? last.before : json_skip_space(text, last.before) + 1;
    if (last.first && !memchr(text + from, '\n', last.key - from))
        return strdup(" ");
    return strndup(text + from, last.key - from);
}

/* Behind the last member, or behind the '{'. */
static void put(struct buf *text, size_t open, const char *sep, const char *member)
{
    struct json_span last;
    bool more = json_last(text->data, open, &last);
    cleanup_free char *with = str_printf("%s%s%s", more ? "," : "", sep, member);

    if (with)
        text_replace(text, more ? last.end : open + 1, 0, with);
    else
        text->failed = true;
}

static void cut(struct buf *text, const struct json_span *span)
{
    if (span->first && span->next)
        text_replace(text, span->key, span->next - span->key, "");
    else
        text_replace(text, span->before, span->end - span->before, "");
}

/* ---- reading ---- */

/* *there: whether the document has an object of this name; then its '{' is *open. */
static int find_object(const struct editor *e, size_t within, const char *name, bool *there,
                       struct json_span *span, struct lxcdriver_error **err)
{
    cleanup_free char *what = NULL;

    *there = json_find(e->text.data, within, name, span);
    if (!*there || e->text.data[span->value] == '{')
        return 0;
    what = str_printf("\"%s\" is not an object", name);
    return what ? refuse(e, span->value, err, what) : err_nomem(err);
}

static int load(struct editor *e, const char *text, size_t len, struct lxcdriver_error **err)
{
    json_t *value = json_parse(text, len, e->file, err);
    bool object = json_is_object(value);

    json_decref(value);
    if (!value)
        return -1;
    buf_append(&e->text, text, len);
    if (e->text.failed)
        return err_nomem(err);
    e->open = json_skip_space(e->text.data, 0);
    return object ? 0 : refuse(e, e->open, err, "the document is not an object");
}

/* The entry of our name, with the object that it stands in. */
struct entry {
    struct json_span runtimes, self;
    bool in_runtimes, there;
};

static int find_entry(const struct editor *e, struct entry *out, struct lxcdriver_error **err)
{
    *out = (struct entry){0};
    if (find_object(e, e->open, RUNTIMES, &out->in_runtimes, &out->runtimes, err) < 0)
        return -1;
    if (!out->in_runtimes)
        return 0;
    return find_object(e, out->runtimes.value, e->wish->name, &out->there, &out->self, err);
}

/* The value of the default's member, decoded into *name (heap); not there: NULL. */
static int find_default(const struct editor *e, struct json_span *span, char **name,
                        struct lxcdriver_error **err)
{
    *name = NULL;
    if (!json_find(e->text.data, e->open, DEFAULT, span))
        return 0;
    *name = json_string_at(e->text.data, span->value, span->end);
    return *name ? 0 : refuse(e, span->value, err, "\"" DEFAULT "\" is not a string");
}

/* ---- installing ---- */

/* "runtimes": {...} with our entry in it, set as `sep` sets members of the document apart. */
static char *runtimes_member(const char *sep, const char *entry)
{
    const char *newline = strrchr(sep, '\n');
    const char *indent = newline ? newline + 1 : "";

    if (!newline)
        return str_printf("\"" RUNTIMES "\": {%s%s}", WAS_NO_MEMBER, entry);
    return str_printf("\"" RUNTIMES "\": {%s%s%s%s%s%s}", sep, *indent ? indent : "    ", entry,
                      newline > sep && newline[-1] == '\r' ? "\r" : "", "\n", indent);
}

static int add_entry(struct editor *e, const struct entry *entry, struct lxcdriver_error **err)
{
    cleanup_free char *name = quoted(e->wish->name), *path = quoted(e->wish->path);
    cleanup_free char *self = NULL, *sep = NULL, *member = NULL;
    size_t open = entry->in_runtimes ? entry->runtimes.value : e->open;

    if (!name || !path)
        return err_set(err, "--path: \"%s\" is not UTF-8, and has no place in JSON", e->wish->path);
    self = str_printf("%s: {\"path\": %s}", name, path);
    sep = separator(e->text.data, open);
    if (!self || !sep)
        return err_nomem(err);
    member = entry->in_runtimes ? strdup(self) : runtimes_member(sep, self);
    if (!member)
        return err_nomem(err);
    put(&e->text, open, sep, member);
    e->edit->of_runtime = true;
    return 0;
}

/* The entry that is there already has to be what would be put there. */
static int check_entry(const struct editor *e, const struct entry *entry,
                       struct lxcdriver_error **err)
{
    struct json_span span;
    cleanup_free char *path = NULL, *what = NULL;

    if (json_find(e->text.data, entry->self.value, "path", &span))
        path = json_string_at(e->text.data, span.value, span.end);
    if (str_eq(path, e->wish->path))
        return 0;
    what = str_printf("there is a runtime \"%s\" already, with %s%s: remove it first (--remove), "
                      "or choose another --name",
                      e->wish->name, path ? "the path " : "no path", path ? path : "");
    return what ? refuse(e, entry->self.key, err, what) : err_nomem(err);
}

/* Which one is the default gives way to ours, and is kept, as it is written, in our entry. */
static int replace_default(struct editor *e, const struct json_span *span,
                           struct lxcdriver_error **err)
{
    cleanup_free char *name = quoted(e->wish->name), *former = NULL, *member = NULL;
    struct json_span kept;
    struct entry entry;

    former = strndup(e->text.data + span->value, span->end - span->value);
    member = former ? str_printf("\"" FORMER "\": %s", former) : NULL;
    if (!name || !member)
        return err_nomem(err);
    text_replace(&e->text, span->value, span->end - span->value, name);
    if (e->text.failed)
        return err_nomem(err);
    if (find_entry(e, &entry, err) < 0)
        return -1;
    /* One from before, after which somebody has chosen another by hand. */
    if (json_find(e->text.data, entry.self.value, FORMER, &kept)) {
        cut(&e->text, &kept);
        if (e->text.failed || find_entry(e, &entry, err) < 0)
            return err_nomem(err);
    }
    put(&e->text, entry.self.value, " ", member);
    return 0;
}

static int make_default(struct editor *e, struct lxcdriver_error **err)
{
    cleanup_free char *former = NULL, *sep = NULL, *name = quoted(e->wish->name), *member = NULL;
    struct json_span span;

    if (find_default(e, &span, &former, err) < 0)
        return -1;
    if (str_eq(former, e->wish->name))
        return 0;
    e->edit->of_default = true;
    e->edit->former = steal_ptr(&former);
    if (e->edit->former)
        return replace_default(e, &span, err);
    sep = separator(e->text.data, e->open);
    member = name ? str_printf("\"" DEFAULT "\": %s", name) : NULL;
    if (!sep || !member)
        return err_nomem(err);
    put(&e->text, e->open, sep, member);
    return 0;
}

/* A file that is not there or blank becomes one with the entry alone. */
static int begin(struct editor *e, const char *blank, struct lxcdriver_error **err)
{
    cleanup_free char *name = quoted(e->wish->name), *path = quoted(e->wish->path);
    cleanup_free char *entry = NULL, *member = NULL;

    if (!name || !path)
        return err_set(err, "--path: \"%s\" is not UTF-8, and has no place in JSON", e->wish->path);
    entry = str_printf("%s: {\"path\": %s}", name, path);
    member = entry ? runtimes_member(blank ? "" : WAS_NOTHING, entry) : NULL;
    if (!member)
        return err_nomem(err);
    if (blank)
        buf_printf(&e->text, "{" WAS_BLANK "%s}%s", member, blank);
    else
        buf_printf(&e->text, "{" WAS_NOTHING "%s\n}\n", member);
    e->edit->of_runtime = true;
    return e->text.failed ? err_nomem(err) : 0;
}

static int add(struct editor *e, const char *text, size_t len, struct lxcdriver_error **err)
{
    struct entry entry;

    if (!text || json_skip_space(text, 0) == len) {
        if (begin(e, text, err) < 0)
            return -1;
    } else {
        if (load(e, text, len, err) < 0 || find_entry(e, &entry, err) < 0)
            return -1;
        if (entry.there ? check_entry(e, &entry, err) < 0 : add_entry(e, &entry, err) < 0)
            return -1;
    }
    if (e->text.failed)
        return err_nomem(err);
    return e->wish->make_default ? make_default(e, err) : 0;
}

/* ---- removing ---- */

/* The default that ours took the place of, as it was written; "" when there was none. Heap. */
static char *kept_default(const struct editor *e, const struct entry *entry)
{
    struct json_span kept;

    if (!entry->there || !json_find(e->text.data, entry->self.value, FORMER, &kept))
        return strdup("");
    return strndup(e->text.data + kept.value, kept.end - kept.value);
}

static int restore_default(struct editor *e, struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL, *former = NULL;
    struct json_span span;
    struct entry entry;

    if (find_entry(e, &entry, err) < 0 || find_default(e, &span, &name, err) < 0)
        return -1;
    /* dockerd does not start with a default runtime that it does not know: it must not stay,
     * whoever has set it. */
    if (!str_eq(name, e->wish->name))
        return 0;
    former = kept_default(e, &entry);
    if (!former)
        return err_nomem(err);
    e->edit->of_default = true;
    e->edit->former = json_string_at(former, 0, strlen(former));
    if (*former)
        text_replace(&e->text, span.value, span.end - span.value, former);
    else
        cut(&e->text, &span);
    return e->text.failed ? err_nomem(err) : 0;
}

/* What was before the first member, when it is the entry and its object has no other. */
static bool stood_alone(const char *text, const struct json_span *span, const char *before)
{
    size_t len = span->key - span->before;

    return span->first && !span->next && len == strlen(before) &&
           memcmp(text + span->before, before, len) == 0;
}

/* `runtimes` goes when it holds nothing else and was not there, empty, before; and then the file
 * when that is all of it. */
static void remove_entry(struct editor *e, const struct entry *entry)
{
    const char *text = e->text.data;
    bool empty_before = stood_alone(text, &entry->self, WAS_EMPTY);
    bool alone = entry->self.first && !entry->self.next && !empty_before;
    bool blank_before = alone && stood_alone(text, &entry->runtimes, WAS_BLANK);
    bool no_file = alone && stood_alone(text, &entry->runtimes, WAS_NOTHING);

    cut(&e->text, alone ? &entry->runtimes : &entry->self);
    e->edit->of_runtime = true;
    if (blank_before && !e->text.failed)
        text_replace(&e->text, e->open, 2, "");
    if (no_file && str_eq(e->text.data, "{\n}\n"))
        buf_free(&e->text);
}

/* Another of ours that took our place as the default would give it back to a runtime that is no
 * more, and dockerd would not start. */
static int check_remembered(const struct editor *e, const struct entry *entry,
                            struct lxcdriver_error **err)
{
    const char *text = e->text.data;
    struct json_span other, kept;

    if (!entry->there)
        return 0;
    for (bool more = json_first(text, entry->runtimes.value, &other); more;
         more = json_next(text, &other)) {
        cleanup_free char *former = NULL;

        if (text[other.value] == '{' && json_find(text, other.value, FORMER, &kept))
            former = json_string_at(text, kept.value, kept.end);
        if (str_eq(former, e->wish->name))
            return refuse(e, other.key, err,
                          "this runtime gives the default back to the one that is to be removed: "
                          "remove it first");
    }
    return 0;
}

static int take_out(struct editor *e, const char *text, size_t len, struct lxcdriver_error **err)
{
    struct entry entry;

    if (!text || json_skip_space(text, 0) == len) {
        if (text)
            buf_append(&e->text, text, len);
        return 0;
    }
    if (load(e, text, len, err) < 0 || restore_default(e, err) < 0 ||
        find_entry(e, &entry, err) < 0 || check_remembered(e, &entry, err) < 0)
        return -1;
    if (entry.there)
        remove_entry(e, &entry);
    return 0;
}

int install_json(const struct install_wish *wish, const char *file, const char *text, size_t len,
                 struct install_edit *edit, struct lxcdriver_error **err)
{
    cleanup_editor struct editor e = {.wish = wish, .file = file, .edit = edit};

    *edit = (struct install_edit){0};
    if (wish->remove ? take_out(&e, text, len, err) < 0 : add(&e, text, len, err) < 0)
        return -1;
    if (e.text.failed)
        return err_nomem(err);
    edit->changed = edit->of_runtime || edit->of_default;
    edit->len = e.text.len;
    if (e.text.data)
        edit->text = buf_take(&e.text);
    return 0;
}

void install_edit_clear(struct install_edit *edit)
{
    free(edit->text);
    free(edit->former);
    free(edit->warning);
    *edit = (struct install_edit){0};
}
