/* config.json of a bundle, read from text: "#" in it is the whole of the members that every bundle
 * has to have, "'" a double quote. */
#ifndef RUNLXC_TEST_OCI_BUNDLE_H
#define RUNLXC_TEST_OCI_BUNDLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/oci.h"
#include "spec/readers.h"

#define BUNDLE "/srv/my bundle"
#define MOUNT_NS "'namespaces': [{'type': 'mount'}]"

struct bundle {
    struct command *cmd;
    struct strv warnings;
    struct lxcdriver_error *err;
    int result;
};

/* The text as JSON: quotes, and the shorthand for what is never missing. */
static inline char *bundle_text(const char *shorthand)
{
    static const char always[] = "\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}";
    struct buf out = {0};

    for (const char *p = shorthand; *p; p++)
        if (*p == '#')
            buf_puts(&out, always);
        else
            buf_putc(&out, *p == '\'' ? '"' : *p);
    return buf_take(&out);
}

/* Read, and if that goes well, check as the driver does. */
static inline void bundle_read(struct bundle *b, const char *shorthand)
{
    cleanup_free char *text = bundle_text(shorthand);

    *b = (struct bundle){.cmd = command_new()};
    assert_non_null(b->cmd);
    assert_non_null(text);
    b->result = oci_config_read(text, strlen(text), BUNDLE, b->cmd, &b->warnings, &b->err);
    if (b->result == 0)
        b->result = str_set(&b->cmd->id, "web") < 0 ? -1 : command_validate(b->cmd, &b->err);
}

static inline void bundle_end(struct bundle *b)
{
    command_free(b->cmd);
    strv_free(&b->warnings);
    err_free(&b->err);
}

/* The same for what has to be right. */
static inline void bundle_accept(struct bundle *b, const char *shorthand)
{
    bundle_read(b, shorthand);
    if (b->result != 0)
        fail_msg("%s: refused: %s", shorthand, err_message(b->err));
}

static inline bool bundle_same(const char *a, const char *b)
{
    while (*a && (*a == *b || (strchr("'\"", *a) && *b && strchr("'\"", *b)))) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The same for what has to be refused, with exactly that sentence (either quote is as good). */
static inline void bundle_refuse(const char *shorthand, const char *want)
{
    struct bundle b;

    bundle_read(&b, shorthand);
    if (b.result != -1 || !bundle_same(err_message(b.err), want))
        fail_msg("%s:\n expected %s\n got      %s", shorthand, want,
                 b.result ? err_message(b.err) : "no error");
    bundle_end(&b);
}

struct refusal {
    const char *text, *want;
};

static inline void bundle_refuse_all(const struct refusal *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bundle_refuse(cases[i].text, cases[i].want);
}

#endif
