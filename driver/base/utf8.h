/* UTF-8 (RFC 3629). */
#ifndef RUNLXC_UTF8_H
#define RUNLXC_UTF8_H

#include <stddef.h>

/* Length in bytes of the character that begins at s, of which len bytes are there: 1 to 4, or 0
 * when there is none, as with a byte of another encoding, a surrogate, a longer form than need be
 * or a character that is cut off. */
size_t utf8_length(const char *s, size_t len);

#endif
