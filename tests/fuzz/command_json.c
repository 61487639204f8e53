/* SOURCES: tests/fuzz/shared/generate.c initshim/bootstrap.c initshim/failure.c initshim/text.c */
/* Docker's execdriver Command as JSON (`lxc-launch --command`). */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_copy(data, size);
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_command struct command *cmd = NULL;

    if (execdriver_read(text, size, &cmd, &err) < 0)
        fuzz_refused(err);
    else
        fuzz_generate(cmd);
    return 0;
}
