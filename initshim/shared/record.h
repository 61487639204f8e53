/* Walk a record file (base/protocol.h) that lies in memory. No allocation; every access is checked
 * against the end. */
#ifndef RUNLXC_RECORD_H
#define RUNLXC_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_reader {
    const unsigned char *at, *end;
};

struct record {
    uint32_t tag;
    uint32_t len;     /* bytes of data */
    const void *data; /* 8-aligned when the file is */
};

/* Check the header and stand before the first record. 0, or -1 when it is no record file of this
 * version. */
int record_open(struct record_reader *r, const void *data, size_t len);

/* 1: *out is the next record; 0: the end; -1: malformed (runs past the end). */
int record_next(struct record_reader *r, struct record *out);

/* The record as a string: its data when it is NUL-terminated with no other NUL, else NULL. */
const char *record_string(const struct record *rec);

/* The record as a fixed-size value: 0, or -1 when its length is not `size`. */
int record_value(const struct record *rec, void *out, size_t size);

#endif
