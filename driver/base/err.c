#include "base/err.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_OURS 125

static char nomem_text[] = "out of memory";
static struct lxcdriver_error nomem = {nomem_text, 12 /* ENOMEM */, EXIT_OURS};

/* One line, whatever value was quoted in it. */
static void make_line(char *message)
{
    for (char *c = message; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
}

static int replace(struct lxcdriver_error **err, char *message, int errno_code, int exit_code)
{
    struct lxcdriver_error *fresh;

    if (!message)
        return err_nomem(err);
    make_line(message);
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

__attribute__((format(printf, 1, 0))) static char *format(const char *fmt, va_list ap)
{
    char *text = NULL;

    return vasprintf(&text, fmt, ap) < 0 ? NULL : text;
}

__attribute__((format(printf, 3, 0))) static int
set_text(struct lxcdriver_error **err, int exit_code, const char *fmt, va_list ap)
{
    return err ? replace(err, format(fmt, ap), 0, exit_code) : -1;
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
    va_list ap;
    char *text, *full = NULL;

    if (!err)
        return -1;
    va_start(ap, fmt);
    text = format(fmt, ap);
    va_end(ap);
    if (!text)
        return err_nomem(err);
    if (asprintf(&full, "%s: %s", text, err_text(code)) < 0)
        full = NULL;
    free(text);
    return replace(err, full, code, EXIT_OURS);
}

int(err_wrap)(struct lxcdriver_error **err, const char *fmt, ...)
{
    va_list ap;
    char *text, *full = NULL;

    if (!err || !*err || *err == &nomem)
        return -1;
    va_start(ap, fmt);
    text = format(fmt, ap);
    va_end(ap);
    if (!text)
        return -1;
    if (asprintf(&full, "%s: %s", text, (*err)->message) >= 0) {
        make_line(full);
        free((*err)->message);
        (*err)->message = full;
    }
    free(text);
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
