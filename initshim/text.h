/*
 * Text without stdio: the shim is loaded for every start of a container, and the printf family with
 * its locale code is most of what a small static program would otherwise weigh.
 */
#ifndef INITSHIM_TEXT_H
#define INITSHIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string put together in a buffer of fixed size. It is always NUL-terminated; what does not fit
 * is cut and `cut` set. */
struct text {
    char *data;
    size_t size, len;
    bool cut;
};

/* Start an empty string in data[size]; size is at least 1. */
void text_init(struct text *t, char *data, size_t size);
/* Append a string, its first `len` bytes, or a number in decimal. */
void text_put(struct text *t, const char *s);
void text_put_bytes(struct text *t, const char *s, size_t len);
void text_put_number(struct text *t, uint64_t n);

/* The decimal number that s[len] is, digits only, at most `max`. False for anything else; *out is
 * then unchanged. */
bool text_number(const char *s, size_t len, uint64_t max, uint64_t *out);

/* Whether s[len] is not empty and has digits only: it was meant as a number, even when it is too
 * large for one. */
bool text_is_digits(const char *s, size_t len);

#endif
