/* SHA-256 (FIPS 180-4), for the digests by which OCI images name their parts. */
#ifndef RUNLXC_SHA256_H
#define RUNLXC_SHA256_H

#include <stddef.h>

#define SHA256_HEX 64

/* The digest of `len` bytes as lower-case hexadecimal, NUL-terminated. */
void sha256_hex(const void *data, size_t len, char hex[SHA256_HEX + 1]);

#endif
