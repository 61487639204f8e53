#include "failure.h"

#include "text.h"

static void failure_set(struct failure *f, enum shim_stage stage, int errnum)
{
    f->stage = stage;
    f->errnum = errnum;
    f->code = EXIT_SHIM;
    f->detail[0] = '\0';
}

int fail(struct failure *f, enum shim_stage stage, int errnum, const char *detail)
{
    struct text t;

    failure_set(f, stage, errnum);
    text_init(&t, f->detail, sizeof(f->detail));
    if (detail)
        text_put(&t, detail);
    return -1;
}

int fail_with(struct failure *f, enum shim_stage stage, int errnum, const char *what,
              const char *more)
{
    struct text t;

    failure_set(f, stage, errnum);
    text_init(&t, f->detail, sizeof(f->detail));
    text_put(&t, what);
    text_put(&t, ": ");
    text_put(&t, more);
    return -1;
}

int fail_number(struct failure *f, enum shim_stage stage, int errnum, uint64_t number)
{
    struct text t;

    failure_set(f, stage, errnum);
    text_init(&t, f->detail, sizeof(f->detail));
    text_put_number(&t, number);
    return -1;
}
