/* Marked blocks in a TOML document: what is put between two comments, and cut out again. */
#ifndef RUNLXC_CLI_INSTALL_BLOCKS_H
#define RUNLXC_CLI_INSTALL_BLOCKS_H

#include "runlxc/install_toml.h"

struct toml_editor {
    const struct install_wish *wish;
    const char *file;
    struct buf text;
    struct toml doc; /* of the text */
    struct install_plan plan;
    bool made; /* there was no file, or it says that it was made by us */
    struct install_edit *edit;
};

/* Read the text that was changed again. 0 or -1. */
int editor_reread(struct toml_editor *e, struct lxcdriver_error **err);
/* "FILE:LINE: what". Returns -1. */
int editor_refuse(const struct toml_editor *e, size_t at, struct lxcdriver_error **err,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Put tables (n of them) into the document as the block `label`: at its end, or, if it is one that
 * has a header already, right behind that. `head` goes before them. 0 or -1.
 */
int block_put(struct toml_editor *e, const char *label, const char *head,
              const struct plan_table *tables, size_t n, struct lxcdriver_error **err);
/* The block's place, from its first comment's line to behind its last's. 1, 0 when there is none,
 * or -1. */
int block_find(const struct toml_editor *e, const char *label, size_t *from, size_t *to,
               struct lxcdriver_error **err);
/* That no comment is left of what was put there and is no more, which would be taken for one of
 * what is going to be: of this label and of those that begin with it as a word. 0 or -1. */
int block_check_none(const struct toml_editor *e, const char *label, struct lxcdriver_error **err);
/* Cut it out, with what block_put() has put around it. 1, 0 when there is none, or -1. */
int block_cut(struct toml_editor *e, const char *label, struct lxcdriver_error **err);

/* Change the value of a pair, which has its lines to itself, to a string, and keep its line in a
 * comment above. 0 or -1. */
int line_change(struct toml_editor *e, const struct toml_node *node, const char *value,
                struct lxcdriver_error **err);
/*
 * Take that back, if `node` (may be NULL) is the pair below the comment: else the comment goes
 * alone. 1 when it was taken back, 0 when it was not, or -1.
 */
int line_restore(struct toml_editor *e, const struct toml_node *node, struct lxcdriver_error **err);
/* That no line is kept in a comment, for another of ours, whose value is `value`: it would be given
 * back when that is no more. 0 or -1. */
int line_check_kept(const struct toml_editor *e, const char *value, struct lxcdriver_error **err);

#endif
