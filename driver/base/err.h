/*
 * One error object, owned by the caller, to which every layer that knows something adds its
 * context:
 *
 *     struct lxcdriver_error *err = NULL;
 *     if (command_read(path, &cmd, &err) < 0)
 *         return err_wrap(&err, "read %s", path);
 *
 * gives "read /tmp/c.json: resources.memory: -1 is out of range".
 *
 * The values in a message are shown as base/message.h tells: cut when they are long, and what a
 * terminal or a JSON log would choke on escaped.
 *
 * All setters return -1 so that they can be returned directly. A NULL `err` is allowed: the text is
 * then dropped. Only one place prints: the command (driver/cli).
 */
#ifndef RUNLXC_ERR_H
#define RUNLXC_ERR_H

#include <stdarg.h>

struct lxcdriver_error {
    char *message;  /* never NULL; one line of UTF-8, without its newline; or a static text when
                       memory ran out */
    int errno_code; /* the errno behind it, 0 when there was none */
    int exit_code;  /* what a command exits with: 125 ours, 126 cannot execute, 127 not found */
};

/* Make a new error with exit code 125, replacing one that is there. Returns -1. */
int err_set(struct lxcdriver_error **err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with ": " and err_text(code) behind; records code. Returns -1. */
int err_sys(struct lxcdriver_error **err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with an explicit exit code. Returns -1. */
int err_exit(struct lxcdriver_error **err, int exit_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " in front of an error that is there; codes stay. Returns -1. */
int err_wrap(struct lxcdriver_error **err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Put the first part of a member's path right before an error that begins with the rest of it:
 * "mounts[2]." and "source: ...". Returns -1. */
int err_within(struct lxcdriver_error **err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Out of memory: an error that needs none. Returns -1. */
int err_nomem(struct lxcdriver_error **err);

/* strerror(3) with a small first letter, as Go writes it: engines look for "no such file or
 * directory" and "permission denied" in what we say. Valid until the thread's next call. */
const char *err_text(int code);

/* The text, never NULL; valid until the error is freed or changed. */
const char *err_message(const struct lxcdriver_error *err);

void err_free(struct lxcdriver_error **err);

#define cleanup_err __attribute__((cleanup(err_free)))

/* That a setter always returns -1 is seen at each call: without it, neither the compiler nor an
 * analyser can tell that what follows `return err_set(...)` in the caller runs only on success. */
static inline int err_failed(int ignored)
{
    (void)ignored;
    return -1;
}

#define err_set(...) err_failed(err_set(__VA_ARGS__))
#define err_sys(...) err_failed(err_sys(__VA_ARGS__))
#define err_exit(...) err_failed(err_exit(__VA_ARGS__))
#define err_wrap(...) err_failed(err_wrap(__VA_ARGS__))
#define err_within(...) err_failed(err_within(__VA_ARGS__))
#define err_nomem(err) err_failed(err_nomem(err))

#endif
