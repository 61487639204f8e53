/* A command to write a bootstrap for, and the bootstrap read back as the shim reads it: every
 * record is checked on the way to the one that is asked for. */
#ifndef RUNLXC_TEST_BOOTSTRAP_FIXTURE_H
#define RUNLXC_TEST_BOOTSTRAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/protocol.h"
#include "config/config.h"
#include "spec/readers.h"

struct fixture {
    struct command *cmd;
    struct bootstrap_facts facts;
    struct strv env;
    struct buf out;
    struct lxcdriver_error *err;
};

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->cmd = command_new();
    assert_non_null(f->cmd);
    f->facts.env = &f->env;
    f->facts.kcore = true;
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    command_free(f->cmd);
    strv_free(&f->env);
    buf_free(&f->out);
    err_free(&f->err);
    free(f);
    return 0;
}

static inline void write_ok(struct fixture *f)
{
    struct wire_header header;

    buf_free(&f->out);
    if (bootstrap_write(f->cmd, &f->facts, &f->out, &f->err) < 0)
        fail_msg("%s", err_message(f->err));
    assert_true(f->out.len % 8 == 0);
    memcpy(&header, f->out.data, sizeof(header));
    assert_int_equal(header.magic, WIRE_MAGIC);
    assert_int_equal(header.version, WIRE_VERSION);
}

static inline void write_refused(struct fixture *f, const char *want)
{
    buf_free(&f->out);
    err_free(&f->err);
    assert_int_equal(bootstrap_write(f->cmd, &f->facts, &f->out, &f->err), -1);
    assert_string_equal(err_message(f->err), want);
}

/* Record `skip` (from 0) of this tag, or NULL; checks every record on the way. */
static inline const char *find(const struct buf *out, uint32_t tag, size_t skip, size_t *len)
{
    size_t at = sizeof(struct wire_header);

    while (at < out->len) {
        struct wire_record record;
        size_t padded;

        assert_true(at + sizeof(record) <= out->len);
        memcpy(&record, out->data + at, sizeof(record));
        at += sizeof(record);
        padded = (record.len + 7u) / 8 * 8;
        assert_true(at + padded <= out->len);
        assert_true(record.tag > 0 && record.tag < WT_TAGS);
        for (size_t i = record.len; i < padded; i++)
            assert_int_equal(out->data[at + i], 0);
        if (record.tag == tag && skip-- == 0) {
            if (len)
                *len = record.len;
            return out->data + at;
        }
        at += padded;
    }
    return NULL;
}

static inline size_t count(const struct buf *out, uint32_t tag)
{
    size_t n = 0;

    while (find(out, tag, n, NULL))
        n++;
    return n;
}

static inline _Noreturn void fail_missing(uint32_t tag, size_t i, const char *what)
{
    fail_msg("record %u number %zu is missing; expected \"%s\"", tag, i, what);
    abort(); /* not reached: fail_msg() jumps, which its declaration does not say */
}

static inline void is_string(const struct fixture *f, uint32_t tag, size_t i, const char *want)
{
    size_t len = 0;
    const char *got = find(&f->out, tag, i, &len);

    if (!got)
        fail_missing(tag, i, want);
    assert_string_equal(got, want);
    assert_int_equal(len, strlen(want) + 1);
}

static inline uint64_t number(const struct fixture *f, uint32_t tag, size_t i)
{
    size_t len = 0;
    const char *got = find(&f->out, tag, i, &len);
    uint64_t wide;
    uint32_t narrow;

    assert_non_null(got);
    if (len == sizeof(wide)) {
        memcpy(&wide, got, sizeof(wide));
        return wide;
    }
    assert_int_equal(len, sizeof(narrow));
    memcpy(&narrow, got, sizeof(narrow));
    return narrow;
}

static inline void is_link(const struct fixture *f, size_t i, const char *target, const char *path)
{
    size_t len = 0;
    const char *got = find(&f->out, WT_SYMLINK, i, &len);

    assert_non_null(got);
    assert_string_equal(got, target);
    assert_string_equal(got + strlen(target) + 1, path);
    assert_int_equal(len, strlen(target) + strlen(path) + 2);
}

#endif
