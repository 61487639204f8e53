/* What the suites of whole containers have in common. Behind <cmocka.h>. */
#ifndef RUNLXC_SHIM_EXPECT_H
#define RUNLXC_SHIM_EXPECT_H

#include "shim_rig.h"

/* Run and expect a workload that was ready, ran and ended with `code`; what it printed must be
 * `text`. */
static inline void rig_expect(struct rig_run *r, const struct wire *w, const struct rig_options *o,
                              int code, const char *text)
{
    rig_run(r, w, o);
    if (r->failed)
        print_error("failed: stage %u errno %d detail '%s'\n", r->fail.stage, r->fail.errnum,
                    r->fail.detail);
    assert_false(r->failed);
    assert_true(r->ready);
    assert_string_equal(r->text, text);
    assert_int_equal(r->code, code);
}

/* Run and expect that it failed at `stage` and ended with `code`, which is what it reported. */
static inline void rig_expect_fail(struct rig_run *r, const struct wire *w,
                                   const struct rig_options *o, unsigned stage, int errnum,
                                   int code, const char *detail)
{
    rig_run(r, w, o);
    assert_true(r->failed);
    assert_string_equal(r->fail.detail, detail);
    assert_int_equal(r->fail.stage, stage);
    assert_int_equal(r->fail.errnum, errnum);
    assert_int_equal(r->fail.value, code);
    assert_int_equal(r->code, code);
}

#endif
