/* Where things stand in a text: what an editor cuts out and puts in. */
#ifndef RUNLXC_CLI_INSTALL_SPAN_H
#define RUNLXC_CLI_INSTALL_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Replace text[at, at + len) by `with`. */
void text_replace(struct buf *text, size_t at, size_t len, const char *with);

/* A member of a JSON object. */
struct json_span {
    size_t before; /* behind the value of the member before it, or behind the '{' */
    size_t key;    /* its quote */
    size_t value, end;
    size_t next; /* the key of the next one; 0: it is the last */
    bool first;
};

/*
 * The members of the object whose '{' is text[open], in turn: span->next is where to go on. The
 * text is valid JSON, NUL-terminated: json_parse() has taken it. False when there is none (or no
 * more).
 */
bool json_first(const char *text, size_t open, struct json_span *span);
bool json_next(const char *text, struct json_span *span);
/* The member of this name, whose quoted form may have escapes. */
bool json_find(const char *text, size_t open, const char *name, struct json_span *span);
bool json_last(const char *text, size_t open, struct json_span *span);
/* Behind white space. */
size_t json_skip_space(const char *text, size_t at);

/* The text of a JSON string, decoded; heap. NULL when it is no string, or memory ran out. */
char *json_string_at(const char *text, size_t at, size_t end);

#endif
