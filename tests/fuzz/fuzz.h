/*
 * What the fuzz targets share. Each tests/fuzz/NAME.c is one target: LLVMFuzzerTestOneInput() gets
 * hostile bytes and gives them to one reader. A sanitizer's report is a finding, and so is whatever
 * FUZZ_CHECK() finds to be false of what the reader made of them. The same sources build for
 * libFuzzer (`make fuzz`) and for AFL++ (`make fuzz-afl`).
 */
#ifndef RUNLXC_FUZZ_H
#define RUNLXC_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/command.h"

/* The engine's entry: data[size] is valid during the call. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold. Prints the condition and aborts, which the engine records with the input. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
void fuzz_broken(const char *condition, const char *file, int line) __attribute__((noreturn));

/* An input that is cut into pieces: what a target has several texts of. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

#define FUZZ_SEPARATOR '\x1e' /* ASCII's own record separator: in no text that we read */

/* The next byte, 0 at the end. */
unsigned int fuzz_byte(struct fuzz_input *in);
/*
 * What comes before the next separator, or all that is left, as a heap text of its own, so that
 * reading beyond its end is seen. *len (may be NULL) counts its bytes without the NUL that is put
 * behind; it may have NULs inside. "" at the end. Never NULL: out of memory aborts.
 */
char *fuzz_text(struct fuzz_input *in, size_t *len);
/* A heap copy of data[size] with nothing behind it, aligned for every type. Never NULL. */
void *fuzz_copy(const void *data, size_t size);

/* A reader has failed: it must have said why, in one line that a terminal can take. */
void fuzz_refused(const struct lxcdriver_error *err);

/* A directory of the process's own in $TMPDIR, removed with what is in it when the process ends.
 * Made at the first call; never NULL. */
const char *fuzz_dir(void);
/* Make or replace a file in it; `name` may have directories that are there. */
void fuzz_write(const char *name, const void *data, size_t size);

/*
 * What a command that was accepted is for: the configuration on hosts with cgroup v1 and with v2,
 * and the bootstrap, which the shim's decoder must accept. May add to the command's mounts.
 * shared/generate.c.
 */
void fuzz_generate(struct command *cmd);

#endif
