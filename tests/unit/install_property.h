/* What holds of every text that `runlxc install` edits: taken out again, it is what it was. */
#ifndef RUNLXC_INSTALL_PROPERTY_H
#define RUNLXC_INSTALL_PROPERTY_H

#include "base/err.h"
#include "cli/runlxc/install.h"
#include "spec/engines.h"

#define PROGRAM_PATH "/usr/bin/runlxc"

/* install_json(), or install_toml() with a plan. */
typedef int editor(const struct install_wish *wish, const char *text, size_t len,
                   struct install_edit *edit, struct lxcdriver_error **err);

/*
 * text[len] (NULL: no file) is installed into, with and without the default, in one step and in
 * two, a second time, and removed from; asserts each property. What came out has to say of us what
 * was asked for, to who reads it as the engine does. False when it was refused, which it was then
 * in each case with the file's name before the reason.
 */
bool install_holds(editor *edit, enum engine_kind kind, const char *text, size_t len);

/* The same for many variants of a text: pieces lost, doubled, exchanged, put in from `tokens`
 * (NULL-terminated). How many of them were not refused. */
size_t install_mutants(editor *edit, enum engine_kind kind, const char *text,
                       const char *const *tokens, size_t n);

#endif
