/* Writing records of base/protocol.h into a buffer. Private to driver/config. */
#ifndef RUNLXC_CONFIG_WIRE_H
#define RUNLXC_CONFIG_WIRE_H

#include <stddef.h>

#include "base/protocol.h"
#include "config/config.h"

void wire_header(struct buf *out);
void wire_bytes(struct buf *out, enum wire_tag tag, const void *data, size_t len);
/* A fixed part with strings behind it, each with its NUL; `n` of them. */
void wire_struct(struct buf *out, enum wire_tag tag, const void *data, size_t len,
                 const char *const *strings, size_t n);
void wire_string(struct buf *out, enum wire_tag tag, const char *text); /* NULL: nothing */
void wire_strings(struct buf *out, enum wire_tag tag, const struct strv *list);
void wire_u32(struct buf *out, enum wire_tag tag, uint32_t value);
void wire_u64(struct buf *out, enum wire_tag tag, uint64_t value);

/* Hooks that the shim runs, and the state that they read. 0 or -1. */
int wire_hooks(struct buf *out, const struct command *cmd, struct lxcdriver_error **err);

/* Out of memory and WIRE_MAX, once at the end. 0 or -1. */
int wire_check(const struct buf *out, struct lxcdriver_error **err);

/* Everything about one process, for init and exec alike; `flags` are the WF_* so far, and are
 * written. 0 or -1. */
int wire_process(struct buf *out, const struct process_spec *p, const struct bootstrap_facts *facts,
                 uint64_t flags, struct lxcdriver_error **err);

/* The command's memory policy, if it has one. 0 or -1. */
int wire_mempolicy(struct buf *out, const struct command *cmd, struct lxcdriver_error **err);

#endif
