#include "runlxc/install_span.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"

void text_replace(struct buf *text, size_t at, size_t len, const char *with)
{
    cleanup_free char *tail =
        text->data ? strndup(text->data + at + len, text->len - at - len) : strdup("");

    if (!tail || text->failed) {
        text->failed = true;
        return;
    }
    text->len = at;
    buf_puts(text, with);
    buf_puts(text, tail);
}

size_t json_skip_space(const char *text, size_t at)
{
    return at + strspn(text + at, " \t\r\n");
}

static size_t skip_string(const char *text, size_t at)
{
    for (at++; text[at] && text[at] != '"'; at++)
        if (text[at] == '\\' && text[at + 1])
            at++;
    return at + (text[at] != '\0');
}

/* Behind the value that begins here: the text is known to be valid, so brackets pair. */
static size_t skip_value(const char *text, size_t at)
{
    size_t depth = 0;

    do {
        if (text[at] == '"') {
            at = skip_string(text, at);
        } else if (text[at] == '{' || text[at] == '[') {
            depth++;
            at++;
        } else if (text[at] == '}' || text[at] == ']') {
            depth--;
            at++;
        } else if (depth) {
            at++;
        } else {
            at += strcspn(text + at, " \t\r\n,]}");
        }
    } while (depth && text[at]);
    return at;
}

/* The member whose key is at span->key. */
static void fill(const char *text, struct json_span *span)
{
    size_t at = json_skip_space(text, skip_string(text, span->key));

    span->value = json_skip_space(text, at + 1);
    span->end = skip_value(text, span->value);
    at = json_skip_space(text, span->end);
    span->next = text[at] == ',' ? json_skip_space(text, at + 1) : 0;
}

bool json_first(const char *text, size_t open, struct json_span *span)
{
    *span = (struct json_span){.before = open + 1, .first = true};
    span->key = json_skip_space(text, open + 1);
    if (text[span->key] != '"')
        return false;
    fill(text, span);
    return true;
}

bool json_next(const char *text, struct json_span *span)
{
    if (!span->next)
        return false;
    *span = (struct json_span){.before = span->end, .key = span->next};
    fill(text, span);
    return true;
}

bool json_find(const char *text, size_t open, const char *name, struct json_span *span)
{
    for (bool there = json_first(text, open, span); there; there = json_next(text, span)) {
        cleanup_free char *key = json_string_at(text, span->key, skip_string(text, span->key));

        if (str_eq(key, name))
            return true;
    }
    return false;
}

bool json_last(const char *text, size_t open, struct json_span *span)
{
    if (!json_first(text, open, span))
        return false;
    while (json_next(text, span))
        ;
    return true;
}

char *json_string_at(const char *text, size_t at, size_t end)
{
    json_t *value = text[at] == '"' ? json_loadb(text + at, end - at, JSON_DECODE_ANY, NULL) : NULL;
    char *copy = value ? strdup(json_string_value(value)) : NULL;

    json_decref(value);
    return copy;
}
