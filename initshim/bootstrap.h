/*
 * The record file of base/protocol.h. Everything is checked once, when it is decoded, so that the
 * readers below need no checks: lengths, terminating NULs, which tags may repeat, which belong to a
 * start and which to an exec, absolute paths, the order of network records, ranges. Nothing is
 * copied: strings and structs stay in the buffer, which must outlive the bootstrap.
 */
#ifndef INITSHIM_BOOTSTRAP_H
#define INITSHIM_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/protocol.h"
#include "failure.h"
#include "shared/record.h"

struct bootstrap {
    const unsigned char *data;
    size_t len;
    uint64_t flags;          /* WF_* */
    uint32_t count[WT_TAGS]; /* how many records of each tag there are */
};

/* Decode and check data[len]. 0, or -1 with a failure of STAGE_BOOTSTRAP that says which record is
 * wrong and how. */
int bootstrap_decode(struct bootstrap *b, const void *data, size_t len, struct failure *f);

/* Read the file behind fd, at most WIRE_MAX bytes, into memory that lives until exec, and decode
 * it. */
int bootstrap_load(struct bootstrap *b, int fd, struct failure *f);

/*
 * Go through all records in order: start with *pos = 0; false after the last one.
 * bootstrap_next_of() goes through those of one tag only, and costs nothing when there are none.
 */
bool bootstrap_next(const struct bootstrap *b, size_t *pos, struct record *r);
bool bootstrap_next_of(const struct bootstrap *b, uint32_t tag, size_t *pos, struct record *r);

/* The first record of a tag; false when there is none. */
bool bootstrap_find(const struct bootstrap *b, uint32_t tag, struct record *r);
/* A string record, NULL when there is none. */
const char *bootstrap_string(const struct bootstrap *b, uint32_t tag);
/* A number or struct record, copied to out[size]; false and *out unchanged when there is none. */
bool bootstrap_value(const struct bootstrap *b, uint32_t tag, void *out, size_t size);
/* The string of a record, or the one that follows a struct of `skip` bytes; and the i-th of
 * several. */
const char *record_text(const struct record *r, size_t skip);
const char *record_text_at(const struct record *r, size_t skip, unsigned i);

/* All strings of a tag as a NULL-terminated vector; `out` has room for count[tag] + 1. Returns how
 * many. */
size_t bootstrap_vector(const struct bootstrap *b, uint32_t tag, char **out);

#endif
