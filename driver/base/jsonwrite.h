/*
 * JSON written as it comes: for what jansson cannot hold, which is whole numbers above INT64_MAX,
 * and for members in a given order.
 *
 *     struct json_writer w = {.out = &buf};
 *     json_open(&w, NULL, '{');
 *     json_put_u64(&w, "limit", UINT64_MAX);
 *     json_close(&w, '}');
 *
 * Memory running out is seen in the buffer.
 */
#ifndef RUNLXC_JSONWRITE_H
#define RUNLXC_JSONWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct json_writer {
    struct buf *out;
    bool more; /* the next value needs a comma before it */
};

/* Begin an object '{' or an array '['. In an array `name` is NULL, as for the document itself. */
void json_open(struct json_writer *w, const char *name, char bracket);
void json_close(struct json_writer *w, char bracket);
void json_put_u64(struct json_writer *w, const char *name, uint64_t value);
void json_put_i64(struct json_writer *w, const char *name, int64_t value);
/* Left out when it is 0, as Go's "omitempty" does. */
void json_put_nonzero(struct json_writer *w, const char *name, uint64_t value);
/* What is not ASCII in the text becomes '?'. */
void json_put_text(struct json_writer *w, const char *name, const char *text);

#endif
