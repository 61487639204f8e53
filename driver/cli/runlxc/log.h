/*
 * The log: lines on standard error, or in the file of --log, as text or as JSON objects with
 * "level", "msg" and "time" (RFC 3339), which engines read back: the last line of level error is
 * what they show to their users.
 */
#ifndef RUNLXC_CLI_LOG_H
#define RUNLXC_CLI_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log {
    int fd; /* of the file; -1: standard error */
    bool json;
    enum log_level level; /* the least important that is written */
};

/* path NULL: standard error. format "text" or "json", level "error", "warning", "info" or "debug"
 * (or a word of runc's or crun's for one of them); NULL: text, info. *out is usable in any case. 0
 * or -1. */
int log_open(struct log *out, const char *path, const char *format, const char *level,
             struct lxcdriver_error **err);
void log_close(struct log *log);
/* One line. An error goes to standard error as well when there is a file. */
void log_line(const struct log *log, enum log_level level, const char *message);
void log_printf(const struct log *log, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
