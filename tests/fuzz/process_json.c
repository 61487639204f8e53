/* SOURCES: initshim/bootstrap.c initshim/failure.c initshim/text.c */
/* The process object that engines hand to exec, up to the bootstrap that the shim gets of it. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "bootstrap.h"
#include "config/config.h"
#include "fuzz.h"
#include "run/exec.h"

static void bootstrap(const struct process_spec *p)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_buf struct buf out = {0};
    const struct bootstrap_facts facts = {.env = &p->env};
    struct failure failure = {0};
    cleanup_free void *copy = NULL;
    struct bootstrap b;

    if (bootstrap_write_exec(p, &facts, &out, &err) < 0) {
        fuzz_refused(err);
        return;
    }
    copy = fuzz_copy(out.data, out.len);
    FUZZ_CHECK(bootstrap_decode(&b, copy, out.len, &failure) == 0);
    FUZZ_CHECK(b.count[WT_ARG] == p->args.n);
    FUZZ_CHECK(b.count[WT_ENV] == p->env.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_copy(data, size);
    cleanup_err struct lxcdriver_error *err = NULL;
    struct lxcdriver_process_spec *spec = lxcdriver_process_read(text, size, &err);

    if (spec)
        bootstrap(&spec->cmd->process);
    else
        fuzz_refused(err);
    lxcdriver_process_free(spec);
    return 0;
}
