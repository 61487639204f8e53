/* Growable text and lists of strings. All allocation failures are reported by the return value,
 * never by abort(). */
#ifndef RUNLXC_STR_H
#define RUNLXC_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growable byte buffer; data is always NUL-terminated when not NULL. Zero-initialise. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed; /* an allocation failed: later appends do nothing; check once at the end */
};

void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_free(struct buf *b);
/* Take the bytes out (NULL when an allocation failed; "" when empty); the buffer is empty
 * afterwards. */
char *buf_take(struct buf *b);

#define cleanup_buf __attribute__((cleanup(buf_free)))

/* A list of owned strings, NULL-terminated so that `items` can be an argv. Zero-initialise; items
 * may be NULL when n is 0. */
struct strv {
    char **items;
    size_t n;
};

/* 0, or -1 when out of memory. */
int strv_add(struct strv *v, const char *s);
/* The same, but takes ownership of s, also on failure; s NULL is a failure. */
int strv_take(struct strv *v, char *s);
int strv_printf(struct strv *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool strv_contains(const struct strv *v, const char *s);
int strv_copy(struct strv *dst, const struct strv *src);
void strv_free(struct strv *v);

#define cleanup_strv __attribute__((cleanup(strv_free)))

/* A heap string, or NULL when out of memory. */
char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_empty(const char *s); /* NULL or "" */
/* The line that text[at] is in, from 1. */
unsigned str_line(const char *text, size_t at);

/* How many insertions, deletions, replacements and swaps of neighbours turn a into b. Names only:
 * what is longer than STR_NAME_MAX is SIZE_MAX away from everything. */
#define STR_NAME_MAX 63
size_t str_distance(const char *a, size_t alen, const char *b, size_t blen);
/* A mistyped name is nearer than this to what was meant: about one slip in three letters. */
#define STR_SLIPS(len) (((len) + 1) / 3 + 1)

/* strdup(s) into *dst, freeing what was there; NULL s stores NULL. 0 or -1. */
int str_set(char **dst, const char *s);

/* The whole of s as a decimal number within [min, max]: true, or false and *out untouched. No sign
 * for unsigned, no white space. */
bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out);
bool str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);

#endif
