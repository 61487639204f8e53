#include "base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

#define EXIT_OURS 125

static char nomem_text[] = "out of memory";
static struct lxcdriver_error nomem = {nomem_text, 12 /* ENOMEM */, EXIT_OURS};

/* Takes the message. */
static int replace(struct lxcdriver_error **err, char *message, int errno_code, int exit_code)
{
    struct lxcdriver_error *fresh;

    if (!message)
        return err_nomem(err);
    fresh = malloc(sizeof(*fresh));
    if (!fresh) {
        free(message);
        return err_nomem(err);
    }
    *fresh = (struct lxcdriver_error){message, errno_code, exit_code};
    err_free(err);
    *err = fresh;
    return -1;
}

__attribute__((format(printf, 3, 0))) static int
set_text(struct lxcdriver_error **err, int exit_code, const char *fmt, va_list ap)
{
    struct buf text = {0};

    if (!err)
        return -1;
    message_vprintf(&text, fmt, ap);
    return replace(err, buf_take(&text), 0, exit_code);
}

int(err_set)(struct lxcdriver_error **err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_text(err, EXIT_OURS, fmt, ap);
    va_end(ap);
    return -1;
}

int(err_exit)(struct lxcdriver_error **err, int exit_code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    set_text(err, exit_code, fmt, ap);
    va_end(ap);
    return -1;
}

const char *err_text(int code)
{
    static _Thread_local char text[128];

    snprintf(text, sizeof(text), "%s", strerror(code));
    /* Not where the word is a name ("RPC ..."). */
    if (islower((unsigned char)text[1]))
        text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

int(err_sys)(struct lxcdriver_error **err, int code, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;

    if (!err)
        return -1;
    va_start(ap, fmt);
    message_vprintf(&text, fmt, ap);
    va_end(ap);
    buf_printf(&text, ": %s", err_text(code));
    return replace(err, buf_take(&text), code, EXIT_OURS);
}

/* Without memory an error keeps the text that it has. */
__attribute__((format(printf, 3, 0))) static int
put_before(struct lxcdriver_error **err, const char *between, const char *fmt, va_list ap)
{
    struct buf text = {0};
    char *full;

    if (!err || !*err || *err == &nomem)
        return -1;
    message_vprintf(&text, fmt, ap);
    buf_puts(&text, between);
    buf_puts(&text, (*err)->message);
    full = buf_take(&text);
    if (full) {
        free((*err)->message);
        (*err)->message = full;
    }
    return -1;
}

int(err_wrap)(struct lxcdriver_error **err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_before(err, ": ", fmt, ap);
    va_end(ap);
    return -1;
}

int(err_within)(struct lxcdriver_error **err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_before(err, "", fmt, ap);
    va_end(ap);
    return -1;
}

int(err_nomem)(struct lxcdriver_error **err)
{
    if (err) {
        err_free(err);
        *err = &nomem;
    }
    return -1;
}

const char *err_message(const struct lxcdriver_error *err)
{
    return err ? err->message : "no error";
}

void err_free(struct lxcdriver_error **err)
{
    if (!err || !*err)
        return;
    if (*err != &nomem) {
        free((*err)->message);
        free(*err);
    }
    *err = NULL;
}
