#include "install_property.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const struct install_wish plain = {.name = "runlxc", .path = PROGRAM_PATH};
static const struct install_wish preferred = {
    .name = "runlxc", .path = PROGRAM_PATH, .make_default = true};
static const struct install_wish removed = {.name = "runlxc", .remove = true};

/* ---- the properties ---- */

static void differs(const char *what, const char *text, const char *got)
{
    fail_msg("%s\n---- the text\n%s\n---- what came of it\n%s\n----", what,
             text ? text : "(no file)", got ? got : "(no file)");
}

static void same_text(const char *what, const char *text, size_t len, const char *got,
                      size_t got_len)
{
    if (!text != !got || (text && (len != got_len || memcmp(text, got, len) != 0)))
        differs(what, text, got);
}

/* An edit that must succeed, for one of the same text has. */
static void must(editor *edit, const struct install_wish *wish, const char *text, size_t len,
                 struct install_edit *out)
{
    cleanup_err struct lxcdriver_error *err = NULL;

    if (edit(wish, text, len, out, &err) < 0)
        differs(err_message(err), text, "(an error)");
}

static void check_removal(editor *edit, const char *text, size_t len,
                          const struct install_edit *installed)
{
    cleanup_edit struct install_edit back = {0}, again = {0};

    must(edit, &removed, installed->text, installed->len, &back);
    if (!back.changed)
        differs("nothing was removed from", installed->text, back.text);
    same_text("removing does not give back", text, len, back.text, back.len);
    must(edit, &removed, back.text, back.len, &again);
    if (again.changed)
        differs("removed twice from", back.text, again.text);
    same_text("a second removal changes", back.text, back.len, again.text, again.len);
}

/* Who reads it as the engine does. */
static void check_known(enum engine_kind kind, const char *text, const struct install_wish *wish,
                        const struct install_edit *installed)
{
    cleanup_engine_settings struct engine_settings s = {.kind = kind, .major = 1};
    cleanup_err struct lxcdriver_error *err = NULL;
    enum engine_switched known;

    if (!installed->text)
        differs("nothing came of", text, NULL);
    if (engine_read(&s, "FILE", installed->text, installed->len, NULL, &err) < 0)
        differs(err_message(err), text, installed->text);
    known = engine_switched(&s, NULL, NULL);
    if (wish->make_default ? known != SWITCHED_DEFAULT : known == SWITCHED_NOT)
        differs("the engine would not know us", text, installed->text);
}

static void check_installed(editor *edit, enum engine_kind kind, const char *text, size_t len,
                            const struct install_wish *wish, const struct install_edit *installed)
{
    cleanup_edit struct install_edit again = {0};

    check_known(kind, text, wish, installed);
    must(edit, wish, installed->text, installed->len, &again);
    if (again.changed)
        differs("installed twice into", installed->text, again.text);
    same_text("a second installation changes", installed->text, installed->len, again.text,
              again.len);
    check_removal(edit, text, len, installed);
}

static void check_two_steps(editor *edit, const struct install_edit *first,
                            const struct install_edit *both)
{
    cleanup_edit struct install_edit second = {0};

    must(edit, &preferred, first->text, first->len, &second);
    if (second.of_runtime || second.of_default != both->of_default)
        differs("the second step is not the default alone", first->text, second.text);
    same_text("two steps make something else than one", both->text, both->len, second.text,
              second.len);
}

bool install_holds(editor *edit, enum engine_kind kind, const char *text, size_t len)
{
    cleanup_edit struct install_edit first = {0}, both = {0};
    cleanup_err struct lxcdriver_error *err = NULL;

    if (edit(&plain, text, len, &first, &err) < 0) {
        if (!str_starts(err_message(err), "FILE:"))
            differs(err_message(err), text, "(an error that does not name the file)");
        return false;
    }
    /* Somebody's own runtime of this name and program is left to him. */
    if (!first.changed)
        return true;
    check_installed(edit, kind, text, len, &plain, &first);
    if (edit(&preferred, text, len, &both, &err) < 0)
        return false;
    check_installed(edit, kind, text, len, &preferred, &both);
    check_two_steps(edit, &first, &both);
    return true;
}

/* ---- variants ---- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void replace(struct buf *text, size_t at, size_t len, const char *with, size_t with_len)
{
    cleanup_buf struct buf out = {0};

    buf_append(&out, text->data, at);
    buf_append(&out, with, with_len);
    buf_append(&out, text->data + at + len, text->len - at - len);
    assert_false(out.failed);
    buf_free(text);
    *text = out;
    out = (struct buf){0};
}

static void mutate(struct buf *text, const char *const *tokens, size_t n_tokens, uint32_t *state)
{
    size_t at = next_random(state) % (text->len + 1);
    size_t len = next_random(state) % 24, kind = next_random(state) % 4;
    const char *token = tokens[next_random(state) % n_tokens];
    cleanup_free char *piece = NULL;

    if (len > text->len - at)
        len = text->len - at;
    piece = strndup(text->data + at, len);
    assert_non_null(piece);
    if (kind == 0)
        replace(text, at, len, "", 0);
    else if (kind == 1)
        replace(text, next_random(state) % (text->len + 1), 0, piece, strlen(piece));
    else if (kind == 2)
        replace(text, at, 0, token, strlen(token));
    else
        replace(text, at, len, token, strlen(token));
}

size_t install_mutants(editor *edit, enum engine_kind kind, const char *text,
                       const char *const *tokens, size_t n)
{
    uint32_t state = (uint32_t)strlen(text) * 2654435761u + 1;
    size_t taken = 0, n_tokens = 0;

    do
        n_tokens++;
    while (tokens[n_tokens]);
    for (size_t i = 0; i < n; i++) {
        cleanup_buf struct buf variant = {0};

        buf_puts(&variant, text);
        for (uint32_t changes = 1 + next_random(&state) % 3; changes; changes--)
            mutate(&variant, tokens, n_tokens, &state);
        taken += install_holds(edit, kind, variant.data, variant.len);
    }
    return taken;
}
