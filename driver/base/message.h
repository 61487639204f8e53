/*
 * Sentences for errors, warnings and logs. The values in them are whatever somebody wrote into a
 * specification or a command line, and the sentence goes to a terminal, into a JSON log and from
 * there to an engine's user: a value is shown so that it stays within its line and its encoding,
 * and so that what is said about it can be seen.
 *
 * Memory running out is seen in the buffer.
 */
#ifndef RUNLXC_MESSAGE_H
#define RUNLXC_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

/* A value of more bytes than this is shown as its beginning, "..." and its end: of a path the end
 * tells most. Paths of engines (overlay2, containerd's tasks, kubelet's volumes) are shorter. */
#define MESSAGE_VALUE_MAX 512

/* Append len bytes as valid UTF-8 without control characters: these, and bytes that are no UTF-8,
 * become \n, \r, \t or \xNN. Everything else, the backslash too, stays as it is, so that what has
 * gone through here once does not change the second time. */
void message_escape(struct buf *out, const char *text, size_t len);

/* The same for a value, of which not more than MESSAGE_VALUE_MAX bytes are shown. Characters are
 * not cut in two. */
void message_value(struct buf *out, const char *value, size_t len);

/* Append a sentence: printf(3) with every string (%s; a precision is obeyed) given to
 * message_value(). It knows d i u o x X with h, hh, l, ll, z and t, and c s f %, with '0', width
 * and precision; what begins with another conversion is appended as it stands, and reads no
 * argument. */
void message_vprintf(struct buf *out, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* The same into a heap string, NULL when memory ran out. */
char *message_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
