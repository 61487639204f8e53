#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static bool buf_grow(struct buf *b, size_t more)
{
    size_t need, cap;
    char *data;

    if (b->failed || more > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) {
        b->failed = true;
        return false;
    }
    need = b->len + more + 1;
    if (need <= b->cap)
        return true;
    cap = b->cap ? b->cap : 128;
    while (cap < need)
        cap *= 2;
    data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    if (!buf_grow(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
    buf_append(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    cleanup_free char *text = NULL;
    int len = vasprintf(&text, fmt, ap);

    if (len < 0) {
        text = NULL;
        b->failed = true;
        return;
    }
    buf_append(b, text, (size_t)len);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

char *buf_take(struct buf *b)
{
    char *data;

    buf_append(b, "", 0);
    if (b->failed) {
        buf_free(b);
        return NULL;
    }
    data = b->data;
    *b = (struct buf){0};
    return data;
}

int strv_take(struct strv *v, char *s)
{
    char **items;

    if (!s)
        return -1;
    items = reallocarray(v->items, v->n + 2, sizeof(*items));
    if (!items) {
        free(s);
        return -1;
    }
    v->items = items;
    v->items[v->n++] = s;
    v->items[v->n] = NULL;
    return 0;
}

int strv_add(struct strv *v, const char *s)
{
    return strv_take(v, strdup(s));
}

int strv_printf(struct strv *v, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    int len;

    va_start(ap, fmt);
    len = vasprintf(&text, fmt, ap);
    va_end(ap);
    return len < 0 ? -1 : strv_take(v, text);
}

bool strv_contains(const struct strv *v, const char *s)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->items[i], s) == 0)
            return true;
    return false;
}

int strv_copy(struct strv *dst, const struct strv *src)
{
    for (size_t i = 0; i < src->n; i++)
        if (strv_add(dst, src->items[i]) < 0)
            return -1;
    return 0;
}

void strv_free(struct strv *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->items[i]);
    free(v->items);
    *v = (struct strv){0};
}

char *str_printf(const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    int len;

    va_start(ap, fmt);
    len = vasprintf(&text, fmt, ap);
    va_end(ap);
    return len < 0 ? NULL : text;
}

bool str_eq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t len = strlen(s), end = strlen(suffix);

    return len >= end && strcmp(s + len - end, suffix) == 0;
}

bool str_empty(const char *s)
{
    return !s || !*s;
}

unsigned str_line(const char *text, size_t at)
{
    unsigned line = 1;

    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

int str_set(char **dst, const char *s)
{
    char *copy = NULL;

    if (s) {
        copy = strdup(s);
        if (!copy)
            return -1;
    }
    free(*dst);
    *dst = copy;
    return 0;
}

bool str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    unsigned long long value;

    if (!s || *s < '0' || *s > '9')
        return false;
    errno = 0;
    value = strtoull(s, &end, 10);
    if (errno || *end || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool str_to_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    long long value;
    const char *digits = s && *s == '-' ? s + 1 : s;

    if (!digits || *digits < '0' || *digits > '9')
        return false;
    errno = 0;
    value = strtoll(s, &end, 10);
    if (errno || *end || value < min || value > max)
        return false;
    *out = value;
    return true;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t two = a < b ? a : b;

    return two < c ? two : c;
}

/* Three rows of the matrix of distances between the beginnings of both. */
size_t str_distance(const char *a, size_t alen, const char *b, size_t blen)
{
    size_t rows[3][STR_NAME_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    if (alen > STR_NAME_MAX || blen > STR_NAME_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= blen; j++)
        last[j] = j;
    memcpy(before, last, sizeof(rows[0]));
    for (size_t i = 1; i <= alen; i++) {
        size_t *recycled = before;

        now[0] = i;
        for (size_t j = 1; j <= blen; j++) {
            now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1, SIZE_MAX);
        }
        before = last;
        last = now;
        now = recycled;
    }
    return last[blen];
}
