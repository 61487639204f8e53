/*
 * A strict reader of TOML 1.0 (toml.io/en/v1.0.0) for programs that edit a document as text: it
 * says where each table, key, value and comment stands, and takes nothing that the specification
 * forbids: what an engine's own parser may take all the same, or in another sense, is not for us
 * to change.
 */
#ifndef RUNLXC_TOML_H
#define RUNLXC_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define TOML_KEYS_MAX 4096 /* in one table */
#define TOML_DEPTH_MAX 32  /* of a key's parts, of arrays and inline tables in one another */

enum toml_kind {
    TOML_TABLE,    /* [a.b] */
    TOML_IMPLICIT, /* a of [a.b] */
    TOML_DOTTED,   /* a of a.b = 1 */
    TOML_INLINE,   /* {} */
    TOML_TABLES,   /* [[a]]; its children are tables without a name */
    TOML_ARRAY,    /* []; its children have no names */
    TOML_STRING,
    TOML_SCALAR, /* a number, a boolean or a time: `value` to `end` */
};

struct toml_node {
    enum toml_kind kind;
    char *name;   /* "" in arrays, and of the document */
    char *string; /* TOML_STRING: decoded; NULL: it has a NUL in it */
    /* Offsets. A table is where its (first) header is. */
    size_t line, line_end; /* all of its line or lines; 0, 0: it has none to itself */
    size_t value, end;     /* of a value */
    struct toml_node *child, *last, *next;
    unsigned n_children;
};

struct toml_comment {
    size_t at, end; /* from the '#', which begins a line, to before the newline */
};

struct toml {
    struct toml_node root;         /* a TOML_TABLE */
    struct toml_comment *comments; /* those with a line of their own, not indented */
    size_t n_comments;
};

/*
 * Read text[len], which is NUL-terminated. The error is "FILE:LINE: what". 0 or -1; *out is to be
 * cleared in both cases.
 */
int toml_read(const char *file, const char *text, size_t len, struct toml *out,
              struct lxcdriver_error **err);
void toml_clear(struct toml *doc);

/* The child of this name; of an array of tables, that of its last one. NULL: none. */
struct toml_node *toml_child(const struct toml_node *node, const char *name);
/* The one at this path, NULL-terminated; NULL: none. */
struct toml_node *toml_find(const struct toml *doc, const char *const *path);

/* Whether a header can put a table into this one. */
bool toml_is_open(const struct toml_node *table);

/* A string as TOML writes it, and a key as it stands in a header or before a '=': heap, or NULL
 * when memory ran out. Neither has control characters. */
char *toml_quote(const char *text);
char *toml_key(const char *name);

/* ---- between toml.c and toml_value.c ---- */

struct toml_reader {
    const char *file, *text;
    size_t len, at, line; /* `line`: where the one that we are in begins */
    struct toml *doc;
    struct toml_node *table; /* that of the header above */
    struct lxcdriver_error **err;
};

/* "FILE:LINE: what" for where the reader is. Returns -1. */
int toml_fail(const struct toml_reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void toml_skip_blank(struct toml_reader *r);
/* Over blanks, comments and newlines. 0 or -1. */
int toml_skip_lines(struct toml_reader *r);
/* A new child; NULL with an error. */
struct toml_node *toml_add(const struct toml_reader *r, struct toml_node *parent,
                           enum toml_kind kind, const char *name);
/* key = value, or a.b = value, into `table`. The node of the value, or NULL. */
struct toml_node *toml_read_pair(struct toml_reader *r, struct toml_node *table, unsigned depth);

/* ---- toml_value.c ---- */

/* A quoted string on one line; *out is NULL when it has a NUL in it. 0 or -1. */
int toml_read_quoted(struct toml_reader *r, char **out);
/* Whatever stands behind a '=': fills in the node. 0 or -1. */
int toml_read_value(struct toml_reader *r, struct toml_node *node, unsigned depth);

#endif
